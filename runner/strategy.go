package runner

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
)

// strategy lets macros of the project bring the new rows into the copy of the table, where they
// say the strategy: what they do to the node's own relation happens to the candidate.
func (w *worker) strategy(ctx context.Context, n *nodeRun) error {
	if !n.spec.Macro || n.spec.Anew(n.state) {
		return nil
	}
	m := w.maker(n, "the incremental strategy")
	m.kind, m.touched = "table", true
	// as dbt calls it, but for the time: it is the name of no other table
	m.newRows = fmt.Sprintf("%s__dbt_tmp_%s", n.node.Relation.Identifier, strings.TrimPrefix(n.candidate.Identifier, "_elt_"))
	m.delta = n.write.Made
	err := w.plan.ApplyStrategy(ctx, m, n.node.UniqueID, m.newRows)
	if err = errors.Join(err, m.tidy(ctx)); err != nil {
		return err
	}
	if m.kind != "table" || m.n.written != n.write.Made && m.n.written != n.candidate {
		return m.noTable()
	}
	// which it may have dropped, or have made the table of
	empty := fmt.Sprintf("create table if not exists %s as from %s limit 0", m.delta, n.candidate)
	if _, err := w.session.Exec(ctx, empty); err != nil {
		return m.noTable()
	}
	n.finish.Columns, err = describe(ctx, w.session, n.candidate)
	return err
}

// noTable is the error about a strategy that leaves no table.
func (m *maker) noTable() error {
	d := diag.New(diag.Unsupported, m.n.node.Config.Place("incremental_strategy"), "the incremental strategy %q has left no table %s",
		m.n.node.Strategy, m.w.plainName(m.n.node.Relation))
	d.Node = m.n.node.UniqueID
	return d.WithHint("its macro gets the table as target_relation, and has to leave a table there")
}

// newRowsEdits put the table of the new rows in the place of its name, which has no schema.
func (m *maker) newRowsEdits(sql string) []sqltoken.Edit {
	if m.newRows == "" || !strings.Contains(sql, m.newRows) {
		return nil
	}
	var edits []sqltoken.Edit
	for _, chain := range sqltoken.Chains(sql) {
		if first := chain.Parts[0]; first.Name == m.newRows {
			edits = append(edits, sqltoken.Edit{Span: first.Span, Text: m.delta.String()})
		}
	}
	return edits
}

// isNewRows reports whether a relation is the table of the new rows, by its name.
func (m *maker) isNewRows(rel project.Relation) bool {
	return m.newRows != "" && rel.Schema == "" && rel.Identifier == m.newRows
}
