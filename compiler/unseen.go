package compiler

import (
	"context"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

// unseen looks for mistakes that the parse pass does not see, because dbt's does not:
// variables that are not set and macros that do not exist. They come out when queries
// are compiled; but a project that has other mistakes never gets there, and then a
// person would be told of them one run later.
//
// It renders as if executing, without knowing what any query would answer. So nothing
// else that goes wrong here means anything.
func (p *parser) unseen(ctx context.Context) {
	if !p.diags.HasErrors() {
		return
	}
	forEach(p.found, func(node *project.Node) {
		if p.plan.Nodes[node.UniqueID] == node && !isGeneric(node) && ctx.Err() == nil {
			p.unseenIn(pass{ctx: ctx}, node)
		}
	})
}

func (p *parser) unseenIn(how pass, node *project.Node) {
	scope := p.plan.dbt.Scope(executingHost{p.host(node)}, node.Package)
	check := func(calls []template.StaticCall, err error, place diag.Place) {
		for _, d := range diag.From(err, diag.TemplateError) {
			if d.Code == diag.UnknownVar || d.Code == diag.UndefinedName && isUnknownCall(d, calls, scope) {
				p.reportAll(at(d, place), node)
			}
		}
	}
	if node.Template != nil {
		_, err := renderTemplate(how, scope, node)
		check(callsOf(node), err, node.Place)
	}
	for _, key := range hookKeys {
		for _, hook := range hooksOf(node, key) {
			if t, err := p.plan.templates.parse(hook.SQL); err == nil {
				_, err = t.Render(how.thread(), scope)
				check(t.Calls(), err, hook.Place)
			}
		}
	}
}

// callsOf returns what a node's template calls.
func callsOf(node *project.Node) []template.StaticCall {
	if node.Block != nil {
		return node.Block.Calls()
	}
	return node.Template.Calls()
}

// executingHost is a parseHost that says it executes.
type executingHost struct{ *parseHost }

// Execute is true.
func (executingHost) Execute() bool { return true }

// isUnknownCall reports whether a diagnostic is about one of a template's calls, of a
// name that nobody defines.
func isUnknownCall(d *diag.Diagnostic, calls []template.StaticCall, scope template.Scope) bool {
	for _, call := range calls {
		if !call.Called || call.Place.Source != d.Place.Source || !within(call.Place.Span, d.Place.Span) {
			continue
		}
		root, _, _ := strings.Cut(call.Name, ".")
		if _, known := scope.Lookup(root); !known {
			return true
		}
	}
	return false
}

// within reports whether one span lies in the other.
func within(a, b diag.Span) bool {
	return a.Start >= b.Start && a.End <= b.End || b.Start >= a.Start && b.End <= a.End
}
