package compiler

import (
	"slices"
	"strings"

	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
)

// EventTimeFault says what is wrong with the type of an event_time by which reader, a microbatch
// model, tells its batches: that of the model itself, or that of a node that it reads. It is nil
// where rows can be told by it.
//
// Texts are compared as such, and a day as text comes before its own midnight: rows would be lost without
// a word. dbt loses them, so it is a warning in a project of dbt's. A date has no hours.
func (p *Plan) EventTimeFault(reader, node *project.Node, kind string) *diag.Diagnostic {
	field, isDate := node.EventTime(), kind == "DATE" && reader.BatchSize() == project.Hourly
	if !isDate && kind != "VARCHAR" && kind != "JSON" {
		return nil
	}
	place := node.Config.Place("event_time")
	if isNowhere(place) {
		place = node.Place
	}
	d := diag.New(diag.IncrementalConfig, place, "event_time of %s %q is text: %s", node.Type, node.Name, field)
	d.Node = reader.UniqueID
	if isDate {
		d.Message = strings.Replace(d.Message, " is text: ", " is a date, and a batch an hour: ", 1)
		d.WithHint("name a timestamp, or say batch_size: day")
	} else {
		if !p.Project.OwnDefaults() {
			d.Severity = diag.Warning
		}
		d.WithNote(diag.Place{}, "texts are compared as such: '2024-01-02' comes before '2024-01-02 00:00:00', the beginning of a batch, so rows would be lost")
		d.WithHint("%s", timeHint(node, field))
	}
	if reader != node {
		d.WithNote(reader.Place, "%q reads the rows of a batch by it", reader.Name)
	}
	return d
}

// timeHint says how a text becomes a point in time.
func timeHint(node *project.Node, field string) string {
	switch {
	case !isWord(strings.Trim(field, `"`)):
		return "let the expression make a timestamp, as in event_time: 'cast(... as timestamp)'"
	case node.Type == project.Source:
		return "declare the type of the column, {name: " + strings.Trim(field, `"`) + ", data_type: timestamp}; or say event_time: " + field + "::timestamp"
	case node.Type == project.Seed:
		return "say +column_types: {" + strings.Trim(field, `"`) + ": timestamp}"
	}
	return "cast it where it comes from, or in the query: " + field + "::timestamp as " + field
}

// judgeEventTimes reports the types by which no batch can be told: of what the model reads, or else
// its own, which follows from that.
func (b *binder) judgeEventTimes(node *project.Node, n *boundNode) {
	said := false
	for _, id := range node.DependsOn {
		parent := b.plan.Nodes[id]
		columns, ok := b.Columns(id)
		if !ok || parent.EventTime() == "" || id == node.UniqueID || !cutsParent(node, n.forms.batch, parent) {
			continue
		}
		if d := b.plan.EventTimeFault(node, parent, b.eventTimeType(parent, columns)); d != nil {
			b.report(d)
			said = true
		}
	}
	if said || node.EventTime() == "" {
		return
	}
	if d := b.plan.EventTimeFault(node, node, b.eventTimeType(node, n.columns)); d != nil {
		b.report(d)
	}
}

// cutsParent reports whether the query of a batch reads only a part of a node.
func cutsParent(node *project.Node, batch *project.Compiled, parent *project.Node) bool {
	first := exampleBatch(node)
	if batch == nil || first == nil {
		return false
	}
	times := dbtcontext.EventTimeFilter{Field: parent.EventTime(), Start: first.Start, End: first.End}
	from := parent.Relation.String()
	switch {
	case parent.IsEphemeral():
		from = dbtcontext.CTEPrefix + parent.Name
	case parent.Type == project.Source && SourceExpression(parent) != "":
		from = SourceExpression(parent)
	}
	return strings.Contains(batch.SQL, times.Around(from))
}

// eventTimeType is the type of a node's event_time, which is one of its columns or an expression
// of them; "" where it cannot be told.
func (b *binder) eventTimeType(node *project.Node, columns []Column) string {
	field := node.EventTime()
	name := strings.Trim(field, `"`)
	if i := slices.IndexFunc(columns, func(c Column) bool { return strings.EqualFold(c.Name, name) }); i >= 0 {
		return columns[i].Type
	}
	items := make([]string, len(columns))
	for i, c := range columns {
		items[i] = "cast(null as " + c.Type + ") as " + project.QuoteIdent(c.Name)
	}
	query := "select (" + field + ") as at from (select " + strings.Join(items, ", ") + ")"
	if kind, ok := b.facts.KnownText("event_time", query); ok {
		return kind
	}
	catalog, err := b.shells(b.ctx)
	if err != nil {
		return ""
	}
	found, err := catalog.Bind(b.ctx, query)
	if err != nil || len(found) != 1 {
		return "" // said otherwise, where it is a mistake
	}
	b.facts.KeepText("event_time", query, found[0].Type)
	return found[0].Type
}
