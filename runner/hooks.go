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
		if hook.Late != "" {
			if err := w.lateHook(ctx, n, hook, exists); err != nil {
				return err
			}
			continue
		}
		for _, at := range sqltoken.SplitStatements(hook.SQL) {
			if err := w.hook(ctx, n, hook, hook.SQL[at.Start:at.End], own); err != nil {
				return err
			}
		}
	}
	return nil
}

// warnPreHook says that a pre-hook changes what is replaced anyway.
func (n *nodeRun) warnPreHook(place diag.Place) {
	d := diag.Warn(diag.Unsupported, place, "a pre-hook changes %q, which this run makes anew; it was not run", n.node.Name).
		WithHint("make it a post-hook, or guard it with is_incremental()")
	d.Node = n.node.UniqueID
	n.warnings = append(n.warnings, d)
}

// lateHook renders a hook in its turn, whose template asks and changes what is there now, and runs
// what it renders to. exists says that the node's relation is there.
func (w *worker) lateHook(ctx context.Context, n *nodeRun, hook project.RenderedHook, exists bool) error {
	m := w.maker(n, "a hook")
	m.pre = !exists
	switch {
	case exists && n.candidate.Identifier != "":
		m.kind, m.touched = "table", true
	case exists:
		m.kind, m.touched, m.text = "view", true, n.finish.AsView
	}
	rendered, err := w.plan.RenderLateHook(ctx, m, n.node.UniqueID, hook)
	if err = errors.Join(err, m.tidy(ctx)); err != nil {
		return err
	}
	if exists && m.kind == "" {
		n.drop()
	}
	n.addLateParts(m.late)
	if strings.TrimSpace(rendered.SQL) == "" {
		return nil
	}
	hooks := []project.RenderedHook{rendered}
	if err := w.hooks(ctx, n, hooks, exists); err != nil || !exists {
		return err
	}
	n.addLateParts(w.latePartsOf(n, hooks))
	return nil
}

// drop says that a hook has dropped the candidate: publishing the node leaves no relation.
func (n *nodeRun) drop() {
	n.written, n.candidate, n.query = project.Relation{}, project.Relation{}, ""
	n.finish = n.spec.Dropped(n.state)
}

// hook runs one statement of a hook.
func (w *worker) hook(ctx context.Context, n *nodeRun, hook project.RenderedHook, sql string, own *project.Relation) error {
	if !n.spec.FullCopy && n.write.Delta && w.indexStands(n, sql) {
		return nil
	}
	if id, _ := w.changed(sql); own == nil && id == n.node.UniqueID {
		n.warnPreHook(hook.Place)
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
		d := w.fault(ctx, n, s, err)
		if !hook.Place.IsZero() && errors.Is(d.Err, err) {
			d.Place = hook.Place
		}
		return d
	}
	return nil
}

// changed returns the node whose published relation a statement changes, "" where it is
// none of the project, and whether the statement names it so that the name can be led to
// its candidate. A name without a schema means schema main, as DuckDB reads it.
func (r *run) changed(sql string) (id string, led bool) {
	c, ok := sqltoken.Target(sql)
	if !ok || len(c.Parts) > 3 {
		return "", false
	}
	name := func(i int) string { return c.Parts[i].Name }
	var tries []project.Relation
	switch len(c.Parts) {
	case 1:
		tries = []project.Relation{{Database: r.database, Schema: "main", Identifier: name(0)}}
	case 2:
		tries = []project.Relation{
			{Database: r.database, Schema: name(0), Identifier: name(1)},
			{Database: name(0), Schema: "main", Identifier: name(1)},
		}
	case 3:
		tries = []project.Relation{{Database: name(0), Schema: name(1), Identifier: name(2)}}
	}
	for i, rel := range tries {
		id := r.net.relations().makers[rel.Key()]
		if node := r.plan.Nodes[id]; node != nil && node.Type != project.Source {
			return id, len(c.Parts) == 3 || len(c.Parts) == 2 && i == 0 && r.names.short
		}
	}
	return "", false
}

// refuseChange says what is wrong with a statement that changes the published relation of
// a node: it would be seen before anything is tested, and stay though the node is held.
// self is the node whose hook or template it is, nil for a hook of the project.
func (r *run) refuseChange(sql, what string, self *project.Node, place diag.Place) *diag.Diagnostic {
	id, led := r.changed(sql)
	if id == "" || self != nil && self.UniqueID == id && led {
		return nil
	}
	other := r.plan.Nodes[id]
	d := diag.New(diag.Unsupported, place, "%s changes %q as it is published, before it is tested", what, other.Name)
	if self != nil {
		d.Node = self.UniqueID
	}
	if self == other {
		return d.WithHint("write {{ this }} for the model's own relation")
	}
	return d.WithHint("make it a hook of %q that writes {{ this }}, or an on-run-end hook, which runs after the publish", other.Name)
}

// refusedHooks looks for hooks of a node that change what is published.
func (r *run) refusedHooks(n *nodeRun) diag.List {
	var out diag.List
	for _, hook := range slices.Concat(n.pre(), n.post()) {
		for _, at := range sqltoken.SplitStatements(hook.SQL) {
			if d := r.refuseChange(hook.SQL[at.Start:at.End], "a hook", n.node, hook.Place); d != nil {
				out = append(out, d)
			}
		}
	}
	return out
}

// hooksTouchThis reports whether a hook of a model or snapshot names the node's own relation. An
// incremental run must then work on a whole copy, since the hook may change any row. A hook
// that makes an index which is there already changes nothing.
func (r *run) hooksTouchThis(n *nodeRun) bool {
	if n.node.Compiled == nil || n.node.Materialized() != materialize.Incremental && n.node.Type != project.Snapshot {
		return false
	}
	for _, hook := range slices.Concat(n.pre(), n.post()) {
		if hook.Late != "" {
			return true
		}
		for _, at := range sqltoken.SplitStatements(hook.SQL) {
			sql := hook.SQL[at.Start:at.End]
			if r.mentionsOwn(sql, n) && !r.indexStands(n, sql) {
				return true
			}
		}
	}
	return false
}

// hooksMayMake reports whether hooks run before the templates of some nodes: those at the
// start, and those of other nodes. What they make is not there while a run looks ahead.
func (r *run) hooksMayMake() bool {
	return slices.ContainsFunc(r.plan.Order, func(id string) bool {
		node := r.plan.Nodes[id]
		if node.Type == project.Operation {
			return node.Hook != nil && node.Hook.When == "on-run-start"
		}
		return node.Config != nil && r.byID[id] != nil && len(node.Config.Hooks("pre_hook"))+len(node.Config.Hooks("post_hook")) > 0
	})
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
