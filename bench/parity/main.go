// Command parity runs dbt and elt over copies of one project and says, node by node and
// summed up, where they differ: unique_id, fqn, depends_on, config, compiled SQL, relation,
// columns and types, rows, status, message. It also prints what each of them took.
//
// It needs dbt-core with dbt-duckdb (pip) and a built elt; it changes nothing in the
// project. Exit code 0 means no difference. Start reading at main, then compare.go.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	code, err := run(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "parity: "+err.Error())
		code = 2
	}
	os.Exit(code)
}

// options are the flags.
type options struct {
	project, dbt, elt, command, work string
	before                           string // a command that both run first; may be empty
	all, deps                        bool
	twice                            bool     // dbt runs a second time, to see what differs from itself
	asDBT                            bool     // the copies say "compat: dbt"
	args                             []string // handed to both programs
}

func run(ctx context.Context) (int, error) {
	o := options{}
	flag.StringVar(&o.dbt, "dbt", "dbt", "the dbt `program`")
	flag.StringVar(&o.elt, "elt", "elt", "the elt `program`")
	flag.StringVar(&o.command, "command", "build", "the `command` to run")
	flag.StringVar(&o.before, "before", "", "a `command` to run before it, with the same arguments: seed, where sources are seeds")
	flag.StringVar(&o.work, "work", "", "`folder` for the two copies, which are then kept (default: a temporary one)")
	flag.BoolVar(&o.all, "v", false, "print every difference, not just the first few of a kind")
	flag.BoolVar(&o.twice, "twice", false, "run dbt a second time, and leave out in what it differs from itself")
	flag.BoolVar(&o.asDBT, "compat", false, "set compat: dbt")
	flag.BoolVar(&o.deps, "deps", false, "let each program install the packages itself")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: parity [flags] PROJECT [-- ARGUMENTS FOR BOTH]")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() == 0 {
		flag.Usage()
		return 2, nil
	}
	o.project, o.args = flag.Arg(0), flag.Args()[1:]
	if len(o.args) > 0 && o.args[0] == "--" {
		o.args = o.args[1:]
	}
	if o.work == "" {
		dir, err := os.MkdirTemp("", "parity")
		if err != nil {
			return 2, err
		}
		defer os.RemoveAll(dir)
		o.work = dir
	}
	return o.compare(ctx)
}

// compare does the whole of it.
func (o *options) compare(ctx context.Context) (int, error) {
	project, err := filepath.Abs(o.project)
	if err != nil {
		return 2, err
	}
	if o.work, err = filepath.Abs(o.work); err != nil {
		return 2, err
	}
	for _, program := range []*string{&o.dbt, &o.elt} { // they run in other folders
		if strings.ContainsRune(*program, filepath.Separator) {
			if *program, err = filepath.Abs(*program); err != nil {
				return 2, err
			}
		}
	}
	name := filepath.Base(project)
	dbt := &side{name: "dbt", program: o.dbt, dir: filepath.Join(o.work, "dbt", name)}
	elt := &side{name: "elt", program: o.elt, dir: filepath.Join(o.work, "elt", name)}
	again := &side{name: "dbt", program: o.dbt, dir: filepath.Join(o.work, "again", name)}
	sides := []*side{dbt, elt}
	if o.twice {
		sides = append(sides, again)
	}
	for _, s := range sides {
		if err := s.prepare(project); err != nil {
			return 2, err
		}
		if o.asDBT { // in all copies, since it is part of what nodes of that file say
			if err := s.setCompat(); err != nil {
				return 2, err
			}
		}
		if err := s.run(ctx, o); err != nil {
			return 2, err
		}
	}
	r := &report{all: o.all}
	if o.twice {
		itself := &report{}
		if err := itself.compare(ctx, dbt, again); err != nil {
			return 2, err
		}
		r.unsteady = itself.found
	}
	if err := r.compare(ctx, dbt, elt); err != nil {
		return 2, err
	}
	r.print(os.Stdout, name, dbt, elt)
	if r.differences() > 0 {
		return 1, nil
	}
	return 0, nil
}

// hidden replaces the folder of a copy in a text, so that the copies can be compared.
func (s *side) hidden(text string) string { return strings.ReplaceAll(text, s.dir, "PROJECT") }
