package main

import "github.com/urfave/cli/v2"

// newApp returns the tree of commands. Help, versions and errors are elt's own: see
// run.go, usage.go and arguments.go.
func newApp(in *invocation) *cli.App {
	app := &cli.App{
		Name:                      "elt",
		HideHelp:                  true,
		HideVersion:               true,
		DisableSliceFlagSeparator: true,
		Reader:                    in.stdin,
		Writer:                    in.stdout,
		ErrWriter:                 in.stderr,
		ExitErrHandler:            func(*cli.Context, error) {}, // run decides the exit code
		OnUsageError:              func(_ *cli.Context, err error, _ bool) error { return usagef("%v", err) },
		Commands: []*cli.Command{
			buildCommand(in), runCommand(in), testCommand(in), seedCommand(in), snapshotCommand(in), cloneCommand(in), retryCommand(in), runOperationCommand(in),
			lsCommand(in), parseCommand(in), compileCommand(in), showCommand(in), lineageCommand(in), historyCommand(in), docsGenerateCommand(in),
			sourceFreshnessCommand(in), sourceFilesCommand(in), sourceRejectsCommand(in), sourceForgetCommand(in), compactCommand(in),
			initCommand(in), depsCommand(in), debugCommand(in), cleanCommand(in), completionCommand(in), versionCommand(in),
		},
	}
	for _, c := range app.Commands {
		c.Before = in.prepare
		c.HideHelp = true // elt prints help itself; the library's flag is one variable for all
	}
	return app
}
