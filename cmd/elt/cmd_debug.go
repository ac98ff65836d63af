package main

import (
	"errors"
	"fmt"
	"runtime"
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
		Flags: join([]cli.Flag{
			&cli.BoolFlag{Name: "connection", Category: groupRun, Usage: "only open the database, whatever is wrong with models"},
			&cli.BoolFlag{Name: "config-dir", Category: groupRun, Usage: "only say in which folder profiles.yml is"},
		}, projectFlags(), outputFlags("text", "json")),
	}
}

func (in *invocation) debug(c *cli.Context) error {
	in.begin(c)
	var err error
	switch {
	case c.Bool("config-dir"):
		return in.configDir(c)
	case c.Bool("connection"):
		err = in.testConnection(c)
	default:
		err = in.debugProject(c)
	}
	var usage *usageError
	if err == nil || errors.As(err, &usage) {
		return err
	}
	return &checkError{err}
}

// checkError is what `elt debug` has found to be wrong.
type checkError struct{ err error }

// Error returns the message.
func (e *checkError) Error() string { return e.err.Error() }

// Unwrap returns the error itself.
func (e *checkError) Unwrap() error { return e.err }

func (in *invocation) debugProject(c *cli.Context) error {
	plan, err := in.parse(c)
	if err != nil {
		return err
	}
	facts, err := runner.Debug(in.ctx, plan)
	if err != nil {
		return err
	}
	return in.sayFacts(c, debugRows(plan, facts), facts)
}

func (in *invocation) sayFacts(c *cli.Context, rows ordered, facts *runner.DebugFacts) error {
	var err error
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

// testConnection opens the database and does no more.
func (in *invocation) testConnection(c *cli.Context) error {
	p, err := in.connection(c)
	if err != nil {
		return err
	}
	facts, err := runner.Debug(in.ctx, &compiler.Plan{Project: p})
	if err != nil {
		return err
	}
	outcome := "ok"
	if facts.Problem != nil {
		outcome = "failed"
	}
	return in.sayFacts(c, ordered{
		{"elt", version()}, {"duckdb", facts.EngineVersion},
		{"target", p.Target.Name}, {"target_from", from(p.Target)},
		{"database", facts.Path}, {"schema", p.Target.Schema}, {"state", databaseState(facts)}, {"connection", outcome},
	}, facts)
}

// connection reads the project file and the connection, and nothing else of the project.
func (in *invocation) connection(c *cli.Context) (*project.Project, error) {
	at, err := in.locate(c)
	if err != nil {
		return nil, err
	}
	p, diags := project.LoadConnection(in.ctx, at)
	if p != nil {
		in.secrets.add(p.SecretValues()...)
	}
	return p, diags.Errors().Err()
}

// configDir says where profiles.yml is, and how to look at it.
func (in *invocation) configDir(c *cli.Context) error {
	at, err := in.locate(c)
	if err != nil {
		return err
	}
	dir := project.ProfilesDir(in.ctx, at)
	if c.String("output") == "json" {
		return report.WriteJSON(in.stdout, ordered{{"profiles_dir", dir}})
	}
	open := map[string]string{"darwin": "open", "windows": "start"}[runtime.GOOS]
	if open == "" {
		open = "xdg-open"
	}
	return in.print("to see profiles.yml, run:\n\n" + open + " " + shellQuote(dir))
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
