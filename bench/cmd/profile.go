package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"elt/bench/internal/cases"
	"elt/bench/internal/peers"
	"elt/bench/internal/process"
	"elt/bench/internal/report"
	"elt/bench/internal/suite"
)

// profile runs elt at the works of one case, built with the tag profile, and shows where
// its Go code spends time and memory. Time within DuckDB's own threads is not in a Go
// profile: runtime.cgocall is where Go waits for it.
func profile(ctx context.Context, env *cases.Env, o options, chosen []suite.Case) error {
	if len(o.names) != 1 {
		return errors.New("want one case: bench/run -list lists them")
	}
	if err := prepare(ctx, env, o); err != nil {
		return err
	}
	binary := filepath.Join(o.dir, "elt-profile")
	env.Log("building elt with profiles")
	if err := peers.BuildElt(ctx, env.Repository, binary, "profile"); err != nil {
		return err
	}
	dir := filepath.Join(env.Work, "profile-"+chosen[0].Name)
	if err := suite.Discard(env.Work, dir); err != nil {
		return err
	}
	runner := suite.Runner{Dir: env.Work}
	defer runner.Close()
	scenarios, err := chosen[0].Prepare(ctx, dir)
	if err != nil {
		return err
	}
	for _, s := range scenarios {
		for _, c := range s.Contenders {
			if c.Tool != peers.Elt || c.Absent != "" {
				continue
			}
			to := filepath.Join(o.dir, "profiles", chosen[0].Name, s.Name)
			if c.Variant != "" {
				to += "-" + c.Variant
			}
			fmt.Printf("\n%s: %s\n", s.Title, c.Label())
			if err := profileOne(ctx, env, s, c, binary, to); err != nil {
				fmt.Printf("failed: %v\n", err)
			}
		}
	}
	return ctx.Err()
}

// samples is how much processor time profiles should cover, and most how many runs that
// may take: the profiler looks a hundred times a second, and many commands are shorter.
const (
	samples = 3 * time.Second
	most    = 10
)

// profileOne runs a command with profiles, often enough but not more often than the
// scenario does, and prints what is at their tops. Warm-up rounds do not count.
func profileOne(ctx context.Context, env *cases.Env, s suite.Scenario, c suite.Contender, binary, to string) error {
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	var total time.Duration
	var dirs []string
	for round := 0; round < s.Warmup+min(s.Runs, most) && total < samples; round++ {
		dir := filepath.Join(to, fmt.Sprint(round))
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		cost, err := profiledRun(ctx, env, c, binary, dir, round)
		if err != nil {
			return err
		}
		if round < s.Warmup {
			continue
		}
		dirs = append(dirs, dir)
		total += cost.User + cost.System
		fmt.Printf("%s on the clock, %s of processor time, peak %s\n", report.Seconds(cost.Wall.Seconds()),
			report.Seconds((cost.User + cost.System).Seconds()), report.Bytes(float64(cost.Peak)))
	}
	fmt.Printf("profiles of %d runs are in %s\n", len(dirs), to)
	return show(ctx, binary, dirs)
}

func profiledRun(ctx context.Context, env *cases.Env, c suite.Contender, binary, dir string, round int) (process.Cost, error) {
	if c.Reset != nil {
		if err := c.Reset(ctx, round); err != nil {
			return process.Cost{}, err
		}
	}
	command := c.Command
	if c.Prepared != nil {
		command.Args = c.Prepared()
	}
	command.Args = append([]string{binary}, command.Args[1:]...)
	command.Env = append(env.Tools.Quiet(), "ELT_PPROF="+dir)
	command.Log = filepath.Join(dir, "elt.log")
	return process.Run(ctx, command)
}

// show prints the tops of the profiles of all counted runs together.
func show(ctx context.Context, binary string, dirs []string) error {
	for _, top := range []struct{ flag, file, what string }{
		{"-flat", "cpu.prof", "processor time, by function"},
		{"-cum", "cpu.prof", "processor time, with what a function calls"},
		{"-sample_index=alloc_space", "heap.prof", "memory allocated on the way"},
		{"-sample_index=inuse_space", "heap.prof", "memory held at the end"},
	} {
		fmt.Printf("\n-- %s\n", top.what)
		args := []string{"tool", "pprof", "-top", "-nodecount=15", top.flag, binary}
		for _, dir := range dirs {
			args = append(args, filepath.Join(dir, top.file))
		}
		cmd := exec.CommandContext(ctx, "go", args...)
		cmd.Stdout = os.Stdout
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("go tool pprof: %w", err)
		}
	}
	return nil
}
