// Command cmd is what bench/run and bench/profile start: it measures elt beside other
// tools at the same work, or profiles elt at it.
//
//	bench/run [flags] [case...]
//	bench/profile [flags] CASE
//
// It knows elt only as a program, as its users do. docs/benchmarks.md says what the cases
// are and how to read the results.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"elt/bench/internal/cases"
	"elt/bench/internal/peers"
	"elt/bench/internal/process"
	"elt/bench/internal/report"
	"elt/bench/internal/suite"
)

func main() {
	process.Launch()
	cases.Arrive()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(0)
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	quick, readme, only, list bool
	dir, out, jaffle, flights string
	limit                     time.Duration
	names                     []string // of cases
	line                      string   // the command as somebody else would give it
}

const usage = `usage: bench/run [flags] [case...]     measures; all cases if none is named
       bench/profile [flags] CASE      profiles elt at the works of one case

flags:
`

func parseOptions(words []string) (command string, o options, err error) {
	if len(words) == 0 {
		return "", o, errors.New("want run or profile, as bench/run and bench/profile say it")
	}
	command = words[0]
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	flags := flag.NewFlagSet("bench/"+command, flag.ContinueOnError)
	flags.BoolVar(&o.quick, "quick", false, "small sizes and few runs: shows that all works, in a quarter of an hour")
	flags.BoolVar(&o.readme, "readme", false, "afterwards copy the headlines into README.md and docs/benchmarks.md")
	flags.BoolVar(&o.only, "render", false, "measure nothing: write page and plots from the results that are there")
	flags.BoolVar(&o.list, "list", false, "list the cases")
	flags.StringVar(&o.dir, "dir", orElse(os.Getenv("ELT_BENCH_DIR"), filepath.Join(cache, "elt-bench")), "`folder` for tools, data and projects, or ELT_BENCH_DIR; kept between runs")
	flags.StringVar(&o.out, "out", "", "`folder` for results (default bench/results, or bench/results/quick with -quick)")
	flags.StringVar(&o.jaffle, "jaffle", orElse(os.Getenv("ELT_BENCH_JAFFLE"), "https://github.com/dbt-labs/jaffle_shop_duckdb.git"), "`folder` or git address of jaffle_shop_duckdb, or ELT_BENCH_JAFFLE")
	flags.StringVar(&o.flights, "flights", os.Getenv("ELT_BENCH_FLIGHTS"), "`folder` of one CSV file a day of nycflights13, or the file of a year, or ELT_BENCH_FLIGHTS (default the January in lake/flights)")
	flags.DurationVar(&o.limit, "limit", 20*time.Minute, "`time` after which one command is given up")
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), usage)
		flags.PrintDefaults()
	}
	err = flags.Parse(words[1:])
	o.names = flags.Args()
	o.line = commandLine(command, words[1:])
	return command, o, err
}

// commandLine leaves out where this machine keeps things.
func commandLine(command string, words []string) string {
	line := []string{"bench/" + command}
	for i := 0; i < len(words); i++ {
		name := strings.TrimLeft(words[i], "-")
		if own := slices.Contains([]string{"dir", "out", "jaffle", "flights"}, name); own && strings.HasPrefix(words[i], "-") {
			if name == "flights" {
				line = append(line, "-flights PATH")
			}
			i++
			continue
		}
		line = append(line, words[i])
	}
	return strings.Join(line, " ")
}

func orElse(value, other string) string {
	if value == "" {
		return other
	}
	return value
}

func run(ctx context.Context, words []string) error {
	command, o, err := parseOptions(words)
	if err != nil {
		return err
	}
	if runtime.GOOS == "windows" {
		return errors.New("the benchmarks need Linux or macOS")
	}
	repository, err := os.Getwd() // the scripts go there first
	if err != nil {
		return err
	}
	if o.out == "" {
		o.out = filepath.Join(repository, "bench", "results")
		if o.quick {
			o.out = filepath.Join(o.out, "quick")
		}
	}
	env := &cases.Env{Repository: repository, Quick: o.quick, Threads: min(max(runtime.NumCPU(), 2), 4), Jaffle: o.jaffle, Flights: o.flights,
		Data: filepath.Join(o.dir, "data"), Work: filepath.Join(o.dir, "work"), Tools: &peers.Set{}, Log: logTo(os.Stderr)}
	all := cases.All(env)
	if o.list {
		for _, c := range all {
			fmt.Printf("%-10s %s\n", c.Name, c.Title)
		}
		return nil
	}
	chosen, err := choose(all, o.names)
	switch {
	case err != nil:
		return err
	case command == "profile":
		return profile(ctx, env, o, chosen)
	case command != "run":
		return fmt.Errorf("want run or profile, not %q", command)
	}
	return measure(ctx, env, o, all, chosen)
}

// measure runs the chosen cases and renders the results of all.
func measure(ctx context.Context, env *cases.Env, o options, all, chosen []suite.Case) error {
	folder, names := report.Folder(o.out), []string{}
	for _, c := range all {
		names = append(names, c.Name)
	}
	if !o.only {
		if err := measureCases(ctx, env, o, folder, names, chosen); err != nil {
			return err
		}
	}
	if err := folder.Write(names); err != nil {
		return err
	}
	env.Log("results: %s", filepath.Join(o.out, "README.md"))
	if o.readme {
		return folder.Publish(env.Repository, names)
	}
	return nil
}

func measureCases(ctx context.Context, env *cases.Env, o options, folder report.Folder, names []string, chosen []suite.Case) error {
	machine := report.ThisMachine() // before this program makes it busy
	if err := prepare(ctx, env, o); err != nil {
		return err
	}
	if machine.Busy() {
		env.Log("warning: this machine is busy (load %.1f): the figures will mean little", machine.Load)
	}
	setting := report.Setting{Machine: machine, Elt: commit(ctx, env.Repository), Quick: o.quick, Command: o.line,
		Tools: []peers.Tool{env.Tools.Elt, env.Tools.DBT, env.Tools.SQLMesh, env.Tools.DuckDB}}
	runner := suite.Runner{Dir: env.Work, Limit: o.limit, Env: env.Tools.Quiet(), Log: env.Log}
	defer func() {
		if err := runner.Close(); err != nil {
			env.Log("%v", err)
		}
	}()
	var failed []error
	for _, c := range chosen {
		result, err := runner.Run(ctx, c)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil { // the other cases can still be measured
			env.Log("%v", err)
			failed = append(failed, err)
			continue
		}
		env.Log("%s: done in %s", c.Name, report.Seconds(result.Seconds))
		if err := folder.Save(report.Result{Setting: setting, CaseResult: *result}); err != nil {
			return err
		}
		if err := folder.Write(names); err != nil {
			return err
		}
	}
	return errors.Join(failed...)
}

// prepare makes the tools and says where they are.
func prepare(ctx context.Context, env *cases.Env, o options) error {
	if err := os.MkdirAll(env.Data, 0o755); err != nil {
		return err
	}
	dir, err := filepath.Abs(o.dir)
	if err != nil {
		return err
	}
	env.Data = filepath.Join(dir, "data")
	switch free, err := process.Lock(filepath.Join(dir, "lock")); {
	case err != nil:
		return err
	case !free:
		return fmt.Errorf("another run is at work in %s: wait for it, or take another folder with -dir", dir)
	}
	tools, err := peers.Install(ctx, env.Repository, dir, env.Log)
	if err != nil {
		return err
	}
	*env.Tools = *tools
	return nil
}

func choose(all []suite.Case, names []string) ([]suite.Case, error) {
	if len(names) == 0 {
		return all, nil
	}
	var chosen []suite.Case
	for _, name := range names {
		i := slices.IndexFunc(all, func(c suite.Case) bool { return c.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no case %q: bench/run -list lists them", name)
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

// commit names the version of the repository, and says if files are changed.
func commit(ctx context.Context, repository string) string {
	git := func(args ...string) string {
		cmd := exec.CommandContext(ctx, "git", args...)
		cmd.Dir = repository
		out, err := cmd.Output()
		if err != nil {
			return ""
		}
		return strings.TrimSpace(string(out))
	}
	id := git("rev-parse", "--short", "HEAD")
	if id == "" {
		return "unknown commit"
	}
	if git("status", "--porcelain", "--", "cmd", "compiler", "runner", "go.mod") != "" {
		id += " with changes"
	}
	return id
}

// logTo writes lines with the time since the start.
func logTo(w io.Writer) func(string, ...any) {
	start := time.Now()
	return func(format string, args ...any) {
		since := time.Since(start).Round(time.Second)
		fmt.Fprintf(w, "%02d:%02d  %s\n", int(since.Minutes()), int(since.Seconds())%60, fmt.Sprintf(format, args...))
	}
}
