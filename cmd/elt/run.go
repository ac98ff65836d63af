package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"
)

// run carries one command line out and returns the exit code. It is all of elt but
// the process: it reads no globals, so that it can be called many times.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, env func(string) (string, bool)) int {
	return newInvocation(ctx, stdin, stdout, stderr, env).run(args)
}

// run carries one command line out, the only one of this invocation.
func (in *invocation) run(args []string) int {
	in.asDBT = isCalledDBT(args[0])
	err := in.guarded(args[1:])
	if list := in.spoken.take(); len(list) > 0 {
		in.reporter.Diagnostics(list)
	}
	if err == nil && in.raised {
		err = errFailed // a warning was an error, which has been told
	}
	in.close(untold(err))
	if fault := in.unwritten(); fault != nil && !errors.Is(err, fault) {
		fmt.Fprintf(in.stderr, "error: a part of the output is lost: %v\n", fault)
		err = fault
	}
	if in.asDBT {
		return dbtExitCode(err, exitCode(err))
	}
	return exitCode(err)
}

// guarded turns a panic, which is a mistake of elt's and not of its user, into an
// error that says so.
func (in *invocation) guarded(words []string) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = &bugError{cause: cause, stack: debug.Stack()}
		}
	}()
	return in.dispatch(words)
}

// dispatch answers what needs no command and hands the rest to urfave/cli.
func (in *invocation) dispatch(words []string) error {
	in.words = words
	app := newApp(in)
	if len(words) == 0 {
		return in.print(usageText)
	}
	switch words[0] {
	case "help":
		return in.help(app, words[1:])
	case "-h", "--help":
		return in.print(usageText)
	}
	if amongFlags(words, "--help", "-h") {
		return in.help(app, words)
	}
	if amongFlags(words, "--version", "-v", "-V") {
		if in.asDBT {
			return in.print(dbtVersionText())
		}
		return in.print(versionLine())
	}
	arranged, err := arrange(app, words, in.env)
	if err != nil {
		return err
	}
	onlyOne(app, arranged[1])
	return app.RunContext(in.ctx, arranged)
}

// amongFlags reports whether one of a few flags stands among the words.
func amongFlags(words []string, flags ...string) bool {
	if i := slices.Index(words, "--"); i >= 0 {
		words = words[:i]
	}
	return slices.ContainsFunc(words, func(word string) bool { return slices.Contains(flags, word) })
}

// print writes a text to standard output.
func (in *invocation) print(text string) error {
	_, err := io.WriteString(in.stdout, strings.TrimRight(text, "\n")+"\n")
	return err
}
