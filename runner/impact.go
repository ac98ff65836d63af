package runner

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"elt/compiler"
	"elt/compiler/diag"
	"elt/compiler/lineage"
	"elt/compiler/project"
)

// columnsSQL lists the columns of all relations of the target's own database.
const columnsSQL = `select schema_name, table_name, column_name, data_type from duckdb_columns()
where not internal and database_name = %s order by schema_name, table_name, column_index`

// changed is a node whose published columns a build would change.
type changed struct {
	node    *project.Node
	columns []changedColumn
}

type changedColumn struct {
	name string
	how  string // "vanishes"
}

// impact says what a build would change of the columns that are published: those that
// vanish and those of another type, and who below uses them.
func (r *run) impact(ctx context.Context, bound *compiler.Bound, ids []string) diag.List {
	all, err := r.changedNodes(ctx, bound, ids)
	if err != nil || len(all) == 0 {
		return nil // a view that cannot be read any more, perhaps: the build will replace it
	}
	var changedIDs []string
	for _, c := range all {
		changedIDs = append(changedIDs, c.node.UniqueID)
	}
	below := r.plan.Graph.Descendants(changedIDs, -1)
	readers := slices.DeleteFunc(slices.Clone(r.plan.Order), func(id string) bool { return !below.Has(id) && !slices.Contains(changedIDs, id) })
	graph, err := bound.RelationLineage(ctx, readers)
	if err != nil {
		return diag.From(err, diag.Database)
	}
	var out diag.List
	for _, c := range all {
		out = append(out, c.impact(graph))
	}
	if err := bound.SaveKept(); err != nil {
		out = append(out, diag.Warn(diag.Database, diag.Place{}, "what was found out about columns cannot be kept for the next time: %v", err))
	}
	return out
}

// changedNodes compares what is published with what would be.
func (r *run) changedNodes(ctx context.Context, bound *compiler.Bound, ids []string) ([]changed, error) {
	if len(r.published.relations) == 0 {
		return nil, nil
	}
	t, err := r.main.Query(ctx, fmt.Sprintf(columnsSQL, project.QuoteString(r.database)))
	if err != nil {
		return nil, err
	}
	before := map[string][]compiler.Column{}
	for _, row := range t.Rows {
		text := func(i int) string { s, _ := row[i].(string); return s }
		key := project.Relation{Database: r.database, Schema: text(0), Identifier: text(1)}.Key()
		before[key] = append(before[key], compiler.Column{Name: text(2), Type: text(3)})
	}
	var out []changed
	for _, id := range ids {
		node := r.plan.Nodes[id]
		after, ok := bound.Columns(id)
		if !ok || node.Type == project.Test || node.Type == project.Source || node.IsEphemeral() {
			continue
		}
		if columns := changesOf(before[r.names.full(node.Relation).Key()], after); len(columns) > 0 {
			out = append(out, changed{node, columns})
		}
	}
	return out, nil
}

// changesOf compares the columns of one relation; nil where nothing vanishes or changes.
func changesOf(before, after []compiler.Column) []changedColumn {
	var out []changedColumn
	for _, was := range before {
		i := slices.IndexFunc(after, func(c compiler.Column) bool { return strings.EqualFold(c.Name, was.Name) })
		switch {
		case i < 0:
			out = append(out, changedColumn{was.Name, "vanishes"})
		case after[i].Type != was.Type:
			out = append(out, changedColumn{was.Name, fmt.Sprintf("changes from %s to %s", was.Type, after[i].Type)})
		}
	}
	return out
}

// impact is the note about one node.
func (c changed) impact(graph *lineage.Graph) *diag.Diagnostic {
	var changes []string
	for _, column := range c.columns {
		changes = append(changes, fmt.Sprintf("%q %s", column.name, column.how))
	}
	d := diag.New(diag.Impact, c.node.Place, "a build changes columns of %s %q that are published: %s", c.node.Type, c.node.Name, strings.Join(changes, ", "))
	d.Severity, d.Node = diag.Remark, c.node.UniqueID
	if len(graph.Readers(c.node.UniqueID)) == 0 {
		return d
	}
	for _, column := range c.columns {
		users, unsure := usersOf(graph, lineage.Ref{Node: c.node.UniqueID, Column: column.name})
		switch {
		case len(users) > 0:
			d.WithNote(diag.Place{}, "%q is used by %s", column.name, strings.Join(users, ", "))
		case len(unsure) == 0:
			d.WithNote(diag.Place{}, "%q is used by nothing below", column.name)
		}
		if len(unsure) > 0 {
			d.WithNote(diag.Place{}, "whether %q is used cannot be told of what reads the table: %s", column.name, strings.Join(unsure, ", "))
		}
	}
	return d
}

// usersOf are the nodes below that use a column, with their own columns it goes into; and
// those of which only the tables are known that they read.
func usersOf(graph *lineage.Graph, ref lineage.Ref) (users, unsure []string) {
	reached := graph.Reach([]lineage.Ref{ref}, lineage.Down)
	for _, n := range reached.Nodes() {
		if n.ID == ref.Node {
			continue
		}
		name := fmt.Sprintf("%s %q", n.Type, n.Name)
		var into []string
		for _, c := range n.Columns {
			into = append(into, c.Name)
		}
		if len(into) == 0 && len(n.Rows) > 0 {
			into = []string{"which rows it has"}
		}
		switch {
		case n.Type == string(project.Exposure) && slices.ContainsFunc(n.DependsOn, func(id string) bool { return len(reached.Node(id).Columns) > 0 }):
			users = append(users, name)
		case len(into) > 0:
			users = append(users, fmt.Sprintf("%s (%s)", name, strings.Join(into, ", ")))
		default:
			unsure = append(unsure, name)
		}
	}
	return users, unsure
}
