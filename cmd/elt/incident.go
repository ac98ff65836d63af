package main

import (
	"fmt"
	"strings"

	"elt/cmd/elt/internal/report"
	"elt/runner"
)

// writeIncident tells the story of the newest run that failed.
func (in *invocation) writeIncident(i *runner.Incident, format string) error {
	switch format {
	case "json":
		return report.WriteJSON(in.stdout, incidentJSON(i))
	case "markdown":
		return in.print(incidentText(i, markdownIncident))
	}
	return in.print(incidentText(i, plainIncident))
}

// incidentStyle is how the parts of an incident are written.
type incidentStyle struct{ title, section, item, quote string }

var (
	plainIncident    = incidentStyle{title: "", section: "\n", item: "  ", quote: ""}
	markdownIncident = incidentStyle{title: "## ", section: "\n### ", item: "- ", quote: "`"}
)

func incidentText(i *runner.Incident, s incidentStyle) string {
	var b strings.Builder
	name := func(id string) string { return s.quote + id + s.quote }
	fmt.Fprintf(&b, "%s%s %s on target %s: %s at %s UTC\n", s.title, i.Run.Command, i.Run.RunID, i.Run.Target, i.Run.Outcome, moment(i.Run.StartedAt))
	for _, f := range i.Failures {
		fmt.Fprintf(&b, "%s%s: %s\n", s.section, name(f.UniqueID), f.Status)
		if f.Message != "" {
			fmt.Fprintf(&b, "%s%s\n", s.item, firstLine(f.Message))
		}
		writeWorked(&b, s, f)
	}
	if len(i.Stale) > 0 {
		fmt.Fprintf(&b, "%sstale because of it\n", s.section)
	}
	for _, stale := range i.Stale {
		shows := "was never published"
		if !stale.PublishedAt.IsZero() {
			shows = "shows data of " + moment(stale.PublishedAt) + " UTC"
		}
		fmt.Fprintf(&b, "%s%s %s\n", s.item, name(stale.UniqueID), shows)
	}
	return b.String()
}

// writeWorked says when a node has worked, before and after it failed.
func writeWorked(b *strings.Builder, s incidentStyle, f runner.IncidentNode) {
	mended, again := !f.WorksAgain.IsZero(), " again"
	switch {
	case !f.LastSuccess.IsZero():
		fmt.Fprintf(b, "%slast worked at %s UTC in run %s\n", s.item, moment(f.LastSuccess), f.LastRunID)
	case mended:
		fmt.Fprintf(b, "%sit had never worked before\n", s.item)
		again = ""
	default:
		fmt.Fprintf(b, "%sit has never worked\n", s.item)
	}
	for _, change := range f.Changed {
		fmt.Fprintf(b, "%schanged since: %s\n", s.item, change)
	}
	if mended {
		fmt.Fprintf(b, "%sworks%s since %s UTC, run %s\n", s.item, again, moment(f.WorksAgain), f.WorksAgainRunID)
	}
}

func incidentJSON(i *runner.Incident) ordered {
	failures := make([]ordered, len(i.Failures))
	for j, f := range i.Failures {
		failures[j] = append(pastNodeJSON(f.PastNode),
			field{"last_success_at", timeOrNull(f.LastSuccess)}, field{"last_run_id", f.LastRunID}, field{"changed", listOf(f.Changed)},
			field{"works_again_at", timeOrNull(f.WorksAgain)}, field{"works_again_run_id", f.WorksAgainRunID})
	}
	stale := make([]ordered, len(i.Stale))
	for j, s := range i.Stale {
		stale[j] = ordered{{"unique_id", s.UniqueID}, {"because", s.Because}, {"published_at", timeOrNull(s.PublishedAt)}}
	}
	return ordered{{"run", pastRunJSON(i.Run)}, {"failures", failures}, {"stale", stale}}
}
