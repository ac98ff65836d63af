package main

import "github.com/urfave/cli/v2"

// quickFlag is a flag as the library needs it to run a command. The library's own flags compile
// their names with a regular expression each time they are asked, which it does for each flag as
// often as there are flags, and write their help ahead, of all commands: 3 ms of each command.
type quickFlag struct {
	cli.Flag
	names []string
}

func (f *quickFlag) Names() []string { return f.names }

// RunAction is what the library calls of a flag that was given.
func (f *quickFlag) RunAction(c *cli.Context) error {
	if own, ok := f.Flag.(cli.ActionableFlag); ok {
		return own.RunAction(c)
	}
	return nil
}

// onlyOne leaves an app one command, with quick flags. Nothing but to run it comes after.
func onlyOne(app *cli.App, name string) {
	command := app.Command(name)
	app.Commands = []*cli.Command{command}
	for i, f := range command.Flags {
		if _, list := f.(*cli.StringSliceFlag); !list { // which the library tells how it is separated
			command.Flags[i] = &quickFlag{f, namesOf(f)}
		}
	}
}
