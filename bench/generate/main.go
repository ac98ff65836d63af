// Command generate writes a project of many small models, tests and seeds, for
// benchmarks. dbt and elt both read it: it has dbt_project.yml and profiles.yml.
//
//	go run ./bench/generate -models 10000 -tests 10000 -seeds 20 DIR
//
// The models form layers of a hundred: each reads one or two of the layer below,
// the lowest reads the seeds. The same flags give the same files.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"

	"elt/bench/internal/project"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(2)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("generate", flag.ContinueOnError)
	g := project.Generated{Connection: project.Connection{Threads: 2}}
	flags.IntVar(&g.Models, "models", 1000, "how many models")
	flags.IntVar(&g.Tests, "tests", 1000, "how many generic tests")
	flags.IntVar(&g.Seeds, "seeds", 20, "how many seeds")
	flags.StringVar(&g.Materialized, "materialized", "table", "how models are materialized")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 || g.Seeds < 1 {
		return errors.New("want one folder to write to, and at least one seed")
	}
	return g.Files().Write(flags.Arg(0))
}
