package report

import (
	"strings"

	"elt/compiler/project"
	"elt/compiler/template"
	"elt/runner"
)

// label is what a line calls a node: "main.fct_flights" for what becomes a relation,
// "unique fct_flights.flight_id" for a generic test under its usual name, else the name.
func label(n *project.Node) string {
	switch {
	case n.Test != nil && n.Test.Generic != "" && n.Test.Attached != "" && hasUsualName(n):
		on := lastPart(n.Test.Attached)
		if n.Type == project.Test && strings.HasPrefix(n.Test.Attached, "source.") {
			on = strings.Join(strings.Split(n.Test.Attached, ".")[2:], ".")
		}
		if n.Test.Column != "" {
			on += "." + n.Test.Column
		}
		if n.Test.Twin {
			on += " (" + argumentsOf(n.Test) + ")"
		}
		return clean(qualified(n.Test) + " " + on)
	case n.Relation.Identifier != "" && n.Relation.Schema != "" && n.Type != project.Test:
		return clean(n.Relation.Schema + "." + n.Relation.Identifier)
	}
	return clean(n.VersionedName())
}

// argumentsOf is what tells a generic test from another of the same name.
func argumentsOf(t *project.TestInfo) string {
	var parts []string
	for _, item := range t.Kwargs.Items() {
		if key := template.Str(item.Key); key != "model" && key != "column_name" {
			parts = append(parts, key+": "+template.Str(item.Value))
		}
	}
	return strings.Join(parts, ", ")
}

// hasUsualName reports whether a generic test has the name dbt gives it rather than
// one a person chose.
func hasUsualName(n *project.Node) bool {
	usual := strings.ReplaceAll(qualified(n.Test), ".", "_") + "_"
	return strings.HasPrefix(n.Name, usual) || strings.HasPrefix(n.Name, "source_"+usual)
}

func qualified(t *project.TestInfo) string {
	if t.Namespace != "" {
		return t.Namespace + "." + t.Generic
	}
	return t.Generic
}

// lastPart is the name at the end of a unique_id; of a generic test, the one before
// the hash.
func lastPart(uniqueID string) string {
	parts := strings.Split(uniqueID, ".")
	if parts[0] == "test" && len(parts) == 4 {
		return parts[2]
	}
	return parts[len(parts)-1]
}

// kind is the word for what a node is: its materialization, or its resource type.
func kind(n *project.Node) string {
	switch n.Type {
	case project.UnitTest:
		return "unit"
	case project.Operation:
		return "hook"
	}
	if m := n.Materialized(); m != "" {
		return clean(m)
	}
	return string(n.Type)
}

// word is the short word for a status and how it is painted.
func word(s runner.Status, style Style) (string, func(string) string) {
	plainly := func(t string) string { return t }
	switch s {
	case runner.Success:
		return "ok", style.Green
	case runner.Pass:
		return "pass", style.Green
	case runner.Warned:
		return "warn", style.Yellow
	case runner.Failed:
		return "fail", style.Red
	case runner.Errored:
		return "error", style.Red
	case runner.PartialSuccess:
		return "part", style.Red
	case runner.Skipped:
		return "skip", style.Dim
	case runner.Reused:
		return "same", style.Dim
	}
	return string(s), plainly
}
