package runner

import (
	"context"
	"errors"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/runner/engine"
)

// hookSyntax parses the hooks of nodes, and those of the project if own is set, before any
// of them runs. Only their syntax is looked at: what they name may be made at run time.
// Nothing is said where a hook loads an extension, which may bring syntax of its own.
func (r *run) hookSyntax(ctx context.Context, ids []string, own bool) diag.List {
	session, ok := r.main.(engine.SyntaxChecker)
	if !ok {
		return nil
	}
	texts := r.hookTexts(ids, own)
	if slices.ContainsFunc(texts, hookText.loads) {
		return nil
	}
	var out diag.List
	for _, text := range texts {
		for _, at := range sqltoken.SplitStatements(text.sql) {
			err := session.CheckSyntax(ctx, text.sql[at.Start:at.End])
			var e *engine.Error
			if !errors.As(err, &e) || e.Kind != engine.Parser {
				continue
			}
			out = append(out, r.hookFault(ctx, text, at.Start, err))
			break // what follows a mistake in a text may be part of it
		}
	}
	return out
}

// hookText is the SQL of one hook: of a node, or of the project where place is zero.
type hookText struct {
	node  *project.Node
	sql   string
	place diag.Place
}

// loads reports whether a hook loads an extension.
func (t hookText) loads() bool {
	return slices.ContainsFunc(sqltoken.SplitStatements(t.sql), func(at diag.Span) bool {
		return sqltoken.FirstKeyword(t.sql[at.Start:at.End]) == "LOAD"
	})
}

// hookTexts are the hooks as they will run, as far as that is known ahead: those at the
// end of a run may tell of its results, so that only plain SQL is looked at.
func (r *run) hookTexts(ids []string, own bool) []hookText {
	var out []hookText
	for _, id := range ids {
		node := r.plan.Nodes[id]
		c := node.Compiled
		if c == nil || c.Deferred {
			continue
		}
		for _, hook := range slices.Concat(c.PreHooks, c.PostHooks) {
			out = append(out, hookText{node, hook.SQL, hook.Place})
		}
	}
	for _, id := range r.plan.Order {
		node := r.plan.Nodes[id]
		if !own || node.Type != project.Operation || node.Hook == nil {
			continue
		}
		switch {
		case node.Hook.When == "on-run-start" && node.Compiled != nil && !node.Compiled.Deferred:
			out = append(out, hookText{node: node, sql: node.Compiled.SQL})
		case !strings.Contains(node.RawCode, "{{") && !strings.Contains(node.RawCode, "{%") && !strings.Contains(node.RawCode, "{#"):
			out = append(out, hookText{node: node, sql: node.RawCode, place: node.Place})
		}
	}
	return out
}

// hookFault says what is wrong with the syntax of a hook, whose statement begins at an
// offset of its text.
func (r *run) hookFault(ctx context.Context, text hookText, start int, err error) *diag.Diagnostic {
	n := &nodeRun{node: text.node}
	if text.place.IsZero() {
		return r.fault(ctx, n, sent{query: -start}, err)
	}
	d := r.fault(ctx, n, sent{query: -1}, err)
	d.Place = text.place
	return d
}
