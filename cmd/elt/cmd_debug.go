package main

import (
	"fmt"
	"strings"

	"elt/cmd/elt/internal/report"
	"elt/compiler"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner"

	"github.com/urfave/cli/v2"
)

func debugCommand(in *invocation) *cli.Command {
	return &cli.Command{
		Name:   "debug",
		Usage:  "show which project, target and database elt would use, and whether they work",
		Action: in.debug,
		Flags:  join(projectFlags(), outputFlags("text", "json")),
	}
}

func (in *invocation) debug(c *cli.Context) error {
	in.begin(c)
	plan, err := in.parse(c)
	if err != nil {
		return err
	}
	facts, err := runner.Debug(in.ctx, plan)
	if err != nil {
		return err
	}
	rows := debugRows(plan, facts)
	if c.String("output") == "json" {
		err = report.WriteJSON(in.stdout, rows)
	} else {
		err = in.print(alignRows(rows))
	}
	if err == nil && facts.Problem != nil {
		err = diag.List{facts.Problem}
	}
	return err
}

// debugRows are the facts in the order a person asks for them.
func debugRows(plan *compiler.Plan, f *runner.DebugFacts) ordered {
	p, t := plan.Project, plan.Project.Target
	file := p.FileName
	if file == "" {
		file = "by convention: no elt.yml, no dbt_project.yml"
	}
	rows := ordered{
		{"elt", version()},
		{"duckdb", f.EngineVersion},
		{"project", p.Name},
		{"project_dir", p.Root},
		{"project_file", file},
		{"target", t.Name},
		{"target_from", from(t)},
		{"database", f.Path},
		{"schema", t.Schema},
		{"state", databaseState(f)},
		{"nodes", nodeCounts(plan)},
		{"nodes_at_a_time", f.Workers},
		{"duckdb_threads", f.Threads},
		{"memory_limit", f.MemoryLimit},
	}
	if f.LastRun != nil {
		rows = append(rows, field{"last_run", f.LastRun.Command + " " + f.LastRun.RunID + ": " + f.LastRun.Outcome})
	}
	return rows
}

func from(t *project.Target) string {
	if t.Source == "" {
		return "by convention"
	}
	return t.Source
}

func databaseState(f *runner.DebugFacts) string {
	switch {
	case f.Problem != nil:
		return "cannot be opened"
	case !f.Exists:
		return "does not exist yet; the first build makes it"
	case f.StateVersion == 0:
		return fmt.Sprintf("%s, %s; elt has not written to it yet", report.Bytes(f.Size), report.Plural(int64(f.Relations), "relation"))
	}
	return fmt.Sprintf("%s, %s, state version %d", report.Bytes(f.Size), report.Plural(int64(f.Relations), "relation"), f.StateVersion)
}

func nodeCounts(plan *compiler.Plan) string {
	counts := map[project.ResourceType]int{}
	for _, n := range plan.Nodes {
		counts[n.Type]++
	}
	var parts []string
	for _, t := range []project.ResourceType{project.Source, project.Seed, project.Snapshot, project.Model, project.Test, project.UnitTest, project.Exposure, project.SemanticModel, project.Metric, project.SavedQuery} {
		if counts[t] > 0 {
			parts = append(parts, report.Plural(int64(counts[t]), strings.ReplaceAll(string(t), "_", " ")))
		}
	}
	return strings.Join(parts, ", ")
}

// alignRows writes one "name  value" line a row; rows without a value are left out.
func alignRows(rows ordered) string {
	width := 0
	for _, r := range rows {
		width = max(width, len(r.key))
	}
	var b strings.Builder
	for _, r := range rows {
		value := fmt.Sprint(r.value)
		if value == "" || value == "0" {
			continue
		}
		fmt.Fprintf(&b, "%-*s  %s\n", width, strings.ReplaceAll(r.key, "_", " "), value)
	}
	return b.String()
}
