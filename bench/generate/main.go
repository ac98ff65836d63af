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
	"path/filepath"
	"strings"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(2)
	}
}

// shape says how large the project is.
type shape struct {
	models, tests, seeds int
	materialized         string
}

func run(args []string) error {
	flags := flag.NewFlagSet("generate", flag.ContinueOnError)
	var s shape
	flags.IntVar(&s.models, "models", 1000, "how many models")
	flags.IntVar(&s.tests, "tests", 1000, "how many generic tests")
	flags.IntVar(&s.seeds, "seeds", 20, "how many seeds")
	flags.StringVar(&s.materialized, "materialized", "table", "how models are materialized")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 || s.seeds < 1 {
		return errors.New("want one folder to write to, and at least one seed")
	}
	for path, text := range s.files() {
		full := filepath.Join(flags.Arg(0), path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// layer is how many models make a layer and share a folder and a property file.
const layer = 100

// files returns the content of every file by its path.
func (s shape) files() map[string]string {
	files := map[string]string{
		"dbt_project.yml": "name: generated\nversion: '1.0'\nprofile: generated\n" +
			"models:\n  generated:\n    +materialized: " + s.materialized + "\n",
		"profiles.yml": "generated:\n  target: dev\n  outputs:\n    dev:\n      type: duckdb\n      path: generated.duckdb\n      threads: 2\n",
	}
	for i := range s.seeds {
		files[fmt.Sprintf("seeds/seed_%d.csv", i)] = seed(i)
	}
	properties := map[int]*strings.Builder{}
	for i := range s.models {
		n := i / layer
		files[fmt.Sprintf("models/layer_%03d/model_%05d.sql", n, i)] = s.model(i)
		if properties[n] == nil {
			properties[n] = &strings.Builder{}
			properties[n].WriteString("version: 2\nmodels:\n")
		}
		properties[n].WriteString(s.properties(i))
	}
	for n, text := range properties {
		files[fmt.Sprintf("models/layer_%03d/schema.yml", n)] = text.String()
	}
	return files
}

func seed(i int) string {
	var b strings.Builder
	b.WriteString("id,amount,label\n")
	for row := range 100 {
		fmt.Fprintf(&b, "%d,%d,label %d\n", row, (row*7+i)%1000, row%10)
	}
	return b.String()
}

func (s shape) model(i int) string {
	below := func(step int) string {
		if i < layer {
			return fmt.Sprintf("seed_%d", (i+step)%s.seeds)
		}
		return fmt.Sprintf("model_%05d", (i/layer-1)*layer+(i*step+step)%layer)
	}
	if i%2 == 0 {
		return fmt.Sprintf("select id, amount + 1 as amount, label\nfrom {{ ref('%s') }}\n", below(1))
	}
	return fmt.Sprintf("with a as (select * from {{ ref('%s') }}),\nb as (select * from {{ ref('%s') }})\n"+
		"select a.id, a.amount + b.amount as amount, a.label\nfrom a join b on a.id = b.id\n", below(1), below(3))
}

// properties is the entry of one model: its share of the tests, on id and amount.
func (s shape) properties(i int) string {
	share := (i+1)*s.tests/s.models - i*s.tests/s.models
	text := fmt.Sprintf("  - name: model_%05d\n    columns:\n      - name: id\n", i)
	for t, test := range []string{"unique", "not_null"} {
		if t == 0 && share > 0 {
			text += "        data_tests:\n"
		}
		if t < share {
			text += "          - " + test + "\n"
		}
	}
	if share > 2 {
		text += "      - name: amount\n        data_tests:\n          - not_null\n"
	}
	return text
}
