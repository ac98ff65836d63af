// Command elt turns raw lake files into trusted tables with nothing but SQL files.
//
// It is thin: each command reads its flags, makes one library call and reports what
// came of it. main.go starts it, run.go holds the commands together, arguments.go
// reads the command line, invocation.go opens the project; a file cmd_*.go is a
// command. What a person sees is made in internal/report.
package main

import "os"

func main() {
	heedFileSize()
	os.Exit(profiled(func() int {
		return run(interruptible(os.Exit, os.Stderr, stopTime), os.Args, os.Stdin, os.Stdout, os.Stderr, os.LookupEnv)
	}))
}
