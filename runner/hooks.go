package runner

import (
	"context"
	"errors"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/runner/materialize"
)

// hooks runs the pre- or post-hooks of a node. They act on the candidate: its name
// takes the place of the node's own, as soon as it exists.
func (w *worker) hooks(ctx context.Context, n *nodeRun, hooks []project.RenderedHook, exists bool) error {
	var own *project.Relation
	switch {
	case exists && n.candidate.Identifier != "":
		own = &n.candidate
	case exists:
		shadow := w.names.shadowOf(n.node.Relation)
		own = &shadow
	}
	for _, hook := range hooks {
		for _, at := range sqltoken.SplitStatements(hook.SQL) {
			if err := w.hook(ctx, n, hook, hook.SQL[at.Start:at.End], own); err != nil {
				return err
			}
		}
	}
	return nil
}

// hook runs one statement of a hook.
func (w *worker) hook(ctx context.Context, n *nodeRun, hook project.RenderedHook, sql string, own *project.Relation) error {
	if w.writesShort(sql, n) {
		d := diag.New(diag.Unsupported, hook.Place, "a hook changes %q as it is published, before it is tested", n.node.Name).
			WithHint("write {{ this }} for the model's own relation")
		d.Node = n.node.UniqueID
		return d
	}
	if own == nil && w.writes(sql, n) {
		d := diag.Warn(diag.Unsupported, hook.Place, "a pre-hook changes %q, which this run makes anew; it was not run", n.node.Name).
			WithHint("make it a post-hook, or guard it with is_incremental()")
		d.Node = n.node.UniqueID
		n.warnings = append(n.warnings, d)
		return nil
	}
	if late, ok := w.latePart(n, sql); ok && late.index.Name != "" {
		return w.tryIndex(ctx, n, late)
	}
	s, err := w.prepare(ctx, n, materialize.Statement{SQL: sql, Query: -1}, own)
	if err != nil {
		return err
	}
	if _, err = w.session.Exec(ctx, s.sql); err != nil {
		d := w.fault(n, s, err)
		if !hook.Place.IsZero() && errors.Is(d.Err, err) {
			d.Place = hook.Place
		}
		return d
	}
	return nil
}

// writers are the words before the name of what a statement changes.
var writers = []string{"INTO", "UPDATE", "TABLE", "VIEW", "ON", "EXISTS", "TRUNCATE"}

// writes reports whether a statement changes the node's own relation.
func (r *run) writes(sql string, n *nodeRun) bool {
	deletes := sqltoken.FirstKeyword(sql) == "DELETE"
	for _, m := range r.names.mentions(sql) {
		if m.rel.Key() != n.key {
			continue
		}
		if slices.Contains(writers, m.chain.Prev) || deletes && m.chain.Prev == "FROM" {
			return true
		}
	}
	return false
}

// writesShort reports whether a statement changes the node's own relation under a name
// without its database, which is not led to the candidate.
func (r *run) writesShort(sql string, n *nodeRun) bool {
	if r.names.short {
		return false
	}
	rel, word := r.names.full(n.node.Relation), sqltoken.FirstKeyword(sql)
	if !strings.EqualFold(rel.Database, r.database) {
		return false
	}
	inMain := strings.EqualFold(rel.Schema, "main")
	for _, c := range sqltoken.Chains(sql) {
		writes := slices.Contains(writers, c.Prev) && (c.Prev != "ON" || word == "CREATE") || word == "DELETE" && c.Prev == "FROM"
		last := len(c.Parts) - 1
		if !writes || last > 1 || !strings.EqualFold(c.Parts[last].Name, rel.Identifier) {
			continue
		}
		if last == 0 && inMain || last == 1 && strings.EqualFold(c.Parts[0].Name, rel.Schema) {
			return true
		}
	}
	return false
}

// hooksTouchThis reports whether a hook of a model or snapshot names the node's own relation. An
// incremental run must then work on a whole copy, since the hook may change any row.
func (r *run) hooksTouchThis(node *project.Node) bool {
	if node.Compiled == nil || node.Materialized() != materialize.Incremental && node.Type != project.Snapshot {
		return false
	}
	key := r.names.full(node.Relation).Key()
	for _, hook := range slices.Concat(node.Compiled.PreHooks, node.Compiled.PostHooks) {
		for _, m := range r.names.mentions(hook.SQL) {
			if m.rel.Key() == key {
				return true
			}
		}
	}
	return false
}

// pre returns the rendered pre-hooks of a node.
func (n *nodeRun) pre() []project.RenderedHook {
	if n.node.Compiled == nil {
		return nil
	}
	return n.node.Compiled.PreHooks
}

// post returns the rendered post-hooks of a node.
func (n *nodeRun) post() []project.RenderedHook {
	if n.node.Compiled == nil {
		return nil
	}
	return n.node.Compiled.PostHooks
}
