package main

import (
	"context"
	"errors"
	"fmt"

	"elt/compiler/diag"
	"elt/runner"
)

// The exit codes. They are documented in `elt --help` and docs/reference/cli.md.
const (
	exitOK          = 0   // success, warnings included
	exitFailed      = 1   // something in the project or its data failed
	exitUsage       = 2   // wrong usage or environment
	exitInterrupted = 130 // interrupted by Ctrl-C or SIGTERM
)

// usageError is a mistake on the command line.
type usageError struct {
	message string
	hint    string
}

// Error returns the message without the hint.
func (e *usageError) Error() string { return e.message }

func usagef(format string, args ...any) *usageError {
	return &usageError{message: fmt.Sprintf(format, args...)}
}

// withHint sets the hint and returns the error.
func (e *usageError) withHint(format string, args ...any) *usageError {
	e.hint = fmt.Sprintf(format, args...)
	return e
}

// bugError is a mistake in elt itself.
type bugError struct {
	cause any
	stack []byte
}

// Error says that it is elt's fault, with what is needed to find it.
func (e *bugError) Error() string {
	return fmt.Sprintf("this is a bug in %s: %v\n%s", versionLine(), e.cause, e.stack)
}

// errFailed ends a command whose failures have been reported already.
var errFailed = errors.New("failed")

// environmental are the kinds of mistakes that are not in the project's files but in
// how and where elt was called.
var environmental = map[diag.Code]bool{
	diag.NoProject: true, diag.UnknownProfile: true, diag.Database: true, diag.BadSelector: true,
}

// exitCode is the one place where an error becomes an exit code.
func exitCode(err error) int {
	var usage *usageError
	var list diag.List
	var one *diag.Diagnostic
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, runner.ErrInterrupted), errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.Is(err, errFailed):
		return exitFailed
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &list):
		return exitCodeOf(list.Errors())
	case errors.As(err, &one):
		return exitCodeOf(diag.List{one})
	}
	return exitUsage
}

func exitCodeOf(list diag.List) int {
	for _, d := range list {
		if !environmental[d.Code] {
			return exitFailed
		}
	}
	return exitUsage
}

// untold returns what of an error has to be shown still: nothing of an interrupt and
// of failures that were reported as they happened.
func untold(err error) error {
	var usage *usageError
	var bug *bugError
	switch {
	case errors.As(err, &bug):
		return &diag.Diagnostic{Message: bug.Error(), Hint: "nothing was published; please report this with the text above", Err: err}
	case err == nil, errors.Is(err, errFailed), errors.Is(err, runner.ErrInterrupted), errors.Is(err, context.Canceled):
		return nil
	case errors.As(err, &usage):
		return &diag.Diagnostic{Message: usage.message, Hint: usage.hint, Err: err}
	}
	return err
}
