package main

import (
	"errors"

	"elt/compiler"
	"elt/runner"

	"github.com/urfave/cli/v2"
)

func runOperationCommand(in *invocation) *cli.Command {
	return &cli.Command{
		Name:      "run-operation",
		Usage:     "call a macro that acts on the database, in one transaction",
		ArgsUsage: "MACRO",
		Action:    in.runOperation,
		Flags: join([]cli.Flag{
			&cli.StringFlag{Name: "args", Category: groupRun, Usage: "the macro's arguments as `YAML`: '{days: 30}'"},
			&cli.StringFlag{Name: "sql", Category: groupRun, Usage: "run `SQL`, which may be a template, in place of a macro"},
			waitFlag(),
		}, projectFlags(), outputFlags("text")),
	}
}

// operationError is what went wrong in a macro that was called, or in its SQL.
type operationError struct{ err error }

// Error returns the message.
func (e *operationError) Error() string { return e.err.Error() }

// Unwrap returns the error itself.
func (e *operationError) Unwrap() error { return e.err }

func (in *invocation) runOperation(c *cli.Context) error {
	in.begin(c)
	opts := runner.OperationOptions{Macro: c.Args().First(), SQL: c.String("sql"), Wait: c.Duration("wait")}
	switch {
	case opts.SQL != "" && (c.NArg() > 0 || c.String("args") != ""):
		return usagef("--sql takes the place of a macro and its arguments")
	case opts.SQL == "" && c.NArg() != 1:
		return usagef("elt run-operation needs the name of one macro").withHint("for example: elt run-operation clean_up --args '{days: 30}'")
	}
	var err error
	if opts.Args, err = parseMapping("--args", c.String("args"), "{days: 30}"); err != nil {
		return err
	}
	plan, err := in.parse(c)
	if err != nil {
		return err
	}
	_, err = runner.Operation(in.ctx, plan, opts)
	if err == nil || errors.Is(err, compiler.ErrNoMacro) {
		return err
	}
	return &operationError{err}
}
