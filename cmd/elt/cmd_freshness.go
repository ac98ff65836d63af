package main

import (
	"math"
	"path/filepath"
	"time"

	"elt/cmd/elt/internal/report"
	"elt/compiler"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner"
	"elt/runner/artifact"

	"github.com/urfave/cli/v2"
)

func sourceFreshnessCommand(in *invocation) *cli.Command {
	return &cli.Command{
		Name:    "source freshness",
		Aliases: []string{"source snapshot-freshness"},
		Usage:   "how old the newest data of each source is, against its limits",
		Action:  in.sourceFreshness,
		Flags: join(selectionFlags(), []cli.Flag{waitFlag(), freshnessOutputFlag()},
			projectFlags(), outputFlags()[1:]),
	}
}

// freshnessOutputFlag is --output, which dbt gives a file here.
func freshnessOutputFlag() cli.Flag {
	return &cli.StringFlag{
		Name: "output", Aliases: []string{"o"}, Category: groupOutput,
		Usage: "how to report: text or json; or the `FILE` to write sources.json to",
	}
}

// sourcesFile is where sources.json is written.
func (in *invocation) sourcesFile(c *cli.Context, plan *compiler.Plan) (string, error) {
	switch file := c.String("output"); file {
	case "", "text", "json":
		return filepath.Join(in.targetFolder(plan), "sources.json"), nil
	default:
		return filepath.Abs(file)
	}
}

func (in *invocation) sourceFreshness(c *cli.Context) error {
	in.begin(c)
	plan, err := in.parse(c)
	if err != nil {
		return err
	}
	chosen, err := in.choose(c, plan)
	if err != nil {
		return err
	}
	began := time.Now()
	results, err := runner.Freshness(in.ctx, plan, runner.FreshnessOptions{Sources: chosen, Threads: threads(c), Wait: c.Duration("wait")})
	if err != nil {
		return err
	}
	if len(results) == 0 && !in.saidEmpty {
		in.reporter.Diagnostics(diag.List{diag.Warn(diag.EmptySelection, diag.Place{}, "no source that is selected has a limit to its age").
			WithHint("set freshness: {warn_after: {count: 1, period: day}} and loaded_at_field at a source")})
	}
	if err := in.writeFreshness(c, results); err != nil {
		return err
	}
	failed := false
	for _, r := range results {
		failed = failed || r.Status == runner.FreshError || r.Status == runner.FreshFault
		if r.Diagnostic != nil {
			in.reporter.Diagnostics(diag.List{r.Diagnostic})
		}
	}
	if err := in.writeArtifacts(c, plan, nil); err != nil {
		return err
	}
	file, err := in.sourcesFile(c, plan)
	if err == nil {
		err = artifact.WriteSources(file, results, time.Since(began), in.artifactMeta(c))
	}
	if err != nil {
		return artifactFault(err)
	}
	if failed {
		return errFailed
	}
	return nil
}

// writeFreshness prints a line a table.
func (in *invocation) writeFreshness(c *cli.Context, results []runner.SourceFreshness) error {
	if c.String("output") == "json" {
		for _, r := range results {
			if err := report.WriteJSON(in.stdout, freshnessJSON(r)); err != nil {
				return err
			}
		}
		return nil
	}
	g := report.Grid{Columns: []string{"status", "source", "age", "newest", "warn after", "error after"}}
	for _, r := range results {
		if c.Bool("quiet") && r.Status == runner.FreshPass {
			continue
		}
		age, newest := "", ""
		switch {
		case r.Status == runner.FreshFault:
		case r.MaxLoadedAt.Year() == 1:
			age, newest = "no data", "never"
		default:
			age, newest = ageWords(r.Age), r.MaxLoadedAt.Format("2006-01-02 15:04:05")
			if r.ByFiles {
				newest += " (file)"
			}
		}
		g.Rows = append(g.Rows, []string{
			string(r.Status), r.Node.Table.SourceName + "." + r.Node.Name, age, newest, limitWords(r.WarnAfter), limitWords(r.ErrorAfter),
		})
	}
	if len(g.Rows) == 0 {
		return nil
	}
	return report.WriteTable(in.stdout, g, "", widthOrUnbounded(in.stdout), report.Style{})
}

// freshnessJSON is a line of --output json.
func freshnessJSON(r runner.SourceFreshness) map[string]any {
	out := map[string]any{"unique_id": r.Node.UniqueID, "status": string(r.Status)}
	if r.Status == runner.FreshFault {
		out["error"] = r.Diagnostic.Message
		return out
	}
	out["max_loaded_at"] = r.MaxLoadedAt.Format(time.RFC3339Nano)
	out["snapshotted_at"] = r.SnapshotAt.Format(time.RFC3339Nano)
	out["max_loaded_at_time_ago_in_s"] = r.AgeSeconds()
	return out
}

// ageWords is an age as a person says it, in its two largest units.
func ageWords(d time.Duration) string {
	future := d < 0
	d = time.Duration(math.Abs(float64(d))).Round(time.Second)
	units := []struct {
		length time.Duration
		word   string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}}
	text, said := "", 0
	for _, u := range units {
		n := int64(d / u.length)
		if said == 2 || n == 0 && said == 0 && u.word != "s" {
			continue
		}
		if said > 0 {
			text += " "
		}
		text += report.Count(n) + u.word
		d -= time.Duration(n) * u.length
		said++
	}
	if future {
		return "in " + text
	}
	return text
}

func limitWords(a *project.Age) string {
	if a == nil {
		return ""
	}
	return report.Plural(a.Count, a.Period)
}
