package runner

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"elt/compiler"
	"elt/compiler/diag"
	"elt/compiler/project"
)

// columnsSQL lists the columns of all relations of the target's own database.
const columnsSQL = `select schema_name, table_name, column_name, data_type from duckdb_columns()
where not internal and database_name = %s order by schema_name, table_name, column_index`

// impact says what a build would change of the columns that are published: those that
// vanish and those of another type, and who reads the relation.
func (r *run) impact(ctx context.Context, bound *compiler.Bound, ids []string) diag.List {
	if len(r.published.relations) == 0 {
		return nil
	}
	t, err := r.main.Query(ctx, fmt.Sprintf(columnsSQL, project.QuoteString(r.database)))
	if err != nil {
		return nil // a view that cannot be read any more, perhaps: the build will replace it
	}
	before := map[string][]compiler.Column{}
	for _, row := range t.Rows {
		text := func(i int) string { s, _ := row[i].(string); return s }
		key := project.Relation{Database: r.database, Schema: text(0), Identifier: text(1)}.Key()
		before[key] = append(before[key], compiler.Column{Name: text(2), Type: text(3)})
	}
	var out diag.List
	for _, id := range ids {
		node := r.plan.Nodes[id]
		after, ok := bound.Columns(id)
		if !ok || node.Type == project.Test || node.Type == project.Source || node.IsEphemeral() {
			continue
		}
		if d := r.impactOf(node, before[r.names.full(node.Relation).Key()], after); d != nil {
			out = append(out, d)
		}
	}
	return out
}

// impactOf compares the columns of one relation; nil where nothing vanishes or changes.
func (r *run) impactOf(node *project.Node, before, after []compiler.Column) *diag.Diagnostic {
	var changes []string
	for _, was := range before {
		i := slices.IndexFunc(after, func(c compiler.Column) bool { return strings.EqualFold(c.Name, was.Name) })
		switch {
		case i < 0:
			changes = append(changes, fmt.Sprintf("%q vanishes", was.Name))
		case after[i].Type != was.Type:
			changes = append(changes, fmt.Sprintf("%q changes from %s to %s", was.Name, was.Type, after[i].Type))
		}
	}
	if len(changes) == 0 {
		return nil
	}
	d := diag.New(diag.Impact, node.Place, "a build changes columns of %s %q that are published: %s", node.Type, node.Name, strings.Join(changes, ", "))
	d.Severity, d.Node = diag.Remark, node.UniqueID
	below := r.plan.Graph.Descendants([]string{node.UniqueID}, -1)
	var readers []string
	for _, id := range r.plan.Order {
		if reader := r.plan.Nodes[id]; below.Has(id) && reader.Type != project.Test && reader.Type != project.UnitTest {
			readers = append(readers, fmt.Sprintf("%s %q", reader.Type, reader.Name))
		}
	}
	if len(readers) > 0 {
		d.WithNote(diag.Place{}, "read by %s", strings.Join(readers, ", "))
	}
	return d
}
