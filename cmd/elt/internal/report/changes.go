package report

import (
	"strings"

	"elt/compiler/project"
	"elt/runner"
)

// ChangesText says what a run with --changed would do and why, a line a node, and how many nodes
// are up to date.
func ChangesText(anew []runner.Change, same int) string {
	var b strings.Builder
	width := 0
	for _, c := range anew {
		width = max(width, len(kind(c.Node)))
	}
	for _, c := range anew {
		b.WriteString(pad(kind(c.Node), width) + "  " + label(c.Node) + ": " + clean(c.Why) + "\n")
	}
	if len(anew) == 0 {
		b.WriteString("nothing has changed\n")
	}
	b.WriteString(Count(int64(len(anew))) + " to do, " + Count(int64(same)) + " up to date\n")
	return b.String()
}

// unchanged is the one line of a run that has nothing to do.
func unchanged(e runner.Unchanged) string {
	counts := map[project.ResourceType]int{}
	for _, r := range e.Results {
		counts[r.Node.Type]++
	}
	named := func(types ...project.ResourceType) string {
		var parts []string
		for _, t := range types {
			if n := counts[t]; n > 0 {
				parts = append(parts, Plural(int64(n), nounOf(t)))
			}
		}
		return strings.Join(parts, ", ")
	}
	text := "nothing has changed"
	if !e.Since.IsZero() {
		text += " since " + e.Since.UTC().Format("2006-01-02 15:04:05")
	}
	made, tests := named(project.Seed, project.Snapshot, project.Model), named(project.UnitTest, project.Test)
	if tests != "" {
		tests += " passed on what is there"
	}
	if made != "" {
		made = "as built: " + made
	}
	return text + "; " + strings.Join(nonEmpty(made, tests), "; ") + "\n"
}

func nonEmpty(texts ...string) []string {
	var out []string
	for _, t := range texts {
		if t != "" {
			out = append(out, t)
		}
	}
	return out
}
