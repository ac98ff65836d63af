package main

import (
	"errors"
	"slices"

	"elt/compiler"
	"elt/compiler/diag"
	"elt/runner"

	"github.com/urfave/cli/v2"
)

// withFurther adds to what is wrong with some nodes of a project what is wrong with the queries of
// the others, so that one run tells of all. plan is what [compiler.Parse] returns beside the error.
func (in *invocation) withFurther(c *cli.Context, plan *compiler.Plan, err error) error {
	var list diag.List
	if plan == nil || !errors.As(err, &list) || !tellsFurther(c) {
		return err
	}
	in.secrets.add(plan.Project.SecretValues()...)
	ids, _, selecting := in.selected(c, plan)
	if selecting != nil || len(ids) == 0 {
		return err // a selection may name what has a mistake
	}
	plan.Choose(ids)
	return slices.Concat(list, runner.Mistakes(in.ctx, plan, ids, runner.CompileOptions{Spare: in.spare})).Sorted()
}

// tellsFurther reports whether a command checks queries before it does anything.
func tellsFurther(c *cli.Context) bool {
	switch c.Command.Name {
	case "compile":
		return !isGiven(c, "inline")
	case "build", "run", "test", "seed", "snapshot":
		return true
	}
	return false
}
