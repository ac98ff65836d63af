package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

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
	dir := filepath.Join(o.dir, "work", "profile-"+chosen[0].Name)
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
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
			if err := profileOne(ctx, env, c, binary, to); err != nil {
				fmt.Printf("failed: %v\n", err)
			}
		}
	}
	return ctx.Err()
}

// profileOne runs a command once to warm up and once with profiles, and prints their tops.
func profileOne(ctx context.Context, env *cases.Env, c suite.Contender, binary, to string) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	var cost process.Cost
	for round := range 2 {
		if c.Reset != nil {
			if err := c.Reset(ctx, round); err != nil {
				return err
			}
		}
		command := c.Command
		if c.Prepared != nil {
			command.Args = c.Prepared()
		}
		command.Args = append([]string{binary}, command.Args[1:]...)
		command.Env = append(env.Tools.Quiet(), "ELT_PROFILE="+to)
		command.Log = filepath.Join(to, "elt.log")
		var err error
		if cost, err = process.Run(ctx, command); err != nil {
			return err
		}
	}
	fmt.Printf("%s on the clock, %s of processor time, peak %s; profiles in %s\n", report.Seconds(cost.Wall.Seconds()),
		report.Seconds((cost.User + cost.System).Seconds()), report.Bytes(float64(cost.Peak)), to)
	for _, top := range [][]string{
		{"-flat", filepath.Join(to, "cpu.prof")},
		{"-cum", filepath.Join(to, "cpu.prof")},
		{"-sample_index=alloc_space", filepath.Join(to, "heap.prof")},
		{"-sample_index=inuse_space", filepath.Join(to, "heap.prof")},
	} {
		fmt.Printf("\n-- %s %s\n", filepath.Base(top[1]), top[0])
		cmd := exec.CommandContext(ctx, "go", "tool", "pprof", "-top", "-nodecount=15", top[0], binary, top[1])
		cmd.Stdout = os.Stdout
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("go tool pprof: %w", err)
		}
	}
	return nil
}
