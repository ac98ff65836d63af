package compiler

import (
	"context"
	"errors"
	"strings"

	"elt/compiler/dbtcontext"
	"elt/compiler/project"
	"elt/compiler/template"
)

// hookKeys are the config keys that hold hooks.
var hookKeys = [...]string{"pre_hook", "post_hook"}

// hooksOf are a node's pre- or post-hooks. What is never built has none, though its config,
// which is that of models, may say so.
func hooksOf(node *project.Node, key string) []project.HookText {
	if node.Type == project.Operation || node.Type == project.Analysis {
		return nil
	}
	return node.Config.Hooks(key)
}

// hasHooks reports whether a node has pre- or post-hooks.
func hasHooks(node *project.Node) bool {
	for _, key := range hookKeys {
		if len(hooksOf(node, key)) > 0 {
			return true
		}
	}
	return false
}

// renderHook renders one pre- or post-hook. What is wrong with it is at its place in
// the file that holds it.
func (p *Plan) renderHook(how pass, scope template.Scope, hook project.HookText) (*template.Template, string, error) {
	t, err := p.templates.parse(hook.SQL)
	if err != nil {
		return nil, "", at(err, hook.Place)
	}
	out, err := t.Render(how.thread(), scope)
	if err != nil {
		return nil, "", at(err, hook.Place)
	}
	return t, out.Text, nil
}

// renderHooks renders the hooks of a node; one that renders to nothing is left out. One that has
// to wait for its turn is kept as a template.
func (p *Plan) renderHooks(how pass, host *compileHost, scope template.Scope, node *project.Node, key string) ([]project.RenderedHook, error) {
	hooks := hooksOf(node, key)
	if len(hooks) == 0 {
		return nil, nil
	}
	db := host.db
	defer func() { host.db = db }()
	if knows, ok := db.(dbtcontext.HookDatabase); ok {
		host.db = knows.ForHook(key == "post_hook")
	}
	var out []project.RenderedHook
	for _, hook := range hooks {
		if hook.Place.IsZero() {
			hook.Place = node.Place
		}
		rendered, err := p.renderedHook(how, host, scope, hook)
		if errors.Is(err, dbtcontext.ErrDeferred) {
			out = append(out, project.RenderedHook{Late: hook.SQL, Transaction: hook.Transaction, Place: hook.Place})
			continue
		}
		if err != nil {
			return nil, err
		}
		if strings.TrimSpace(rendered.SQL) != "" {
			out = append(out, rendered)
		}
	}
	return out, nil
}

func (p *Plan) renderedHook(how pass, host *compileHost, scope template.Scope, hook project.HookText) (project.RenderedHook, error) {
	_, text, err := p.renderHook(how, scope, hook)
	if err != nil {
		return project.RenderedHook{}, err
	}
	resolved, err := p.resolveStatements(host, rendering{text, wholeMap(hook.Place)})
	if err != nil {
		return project.RenderedHook{}, at(err, hook.Place)
	}
	return project.RenderedHook{SQL: resolved.text, Transaction: hook.Transaction, Place: hook.Place}, nil
}

// RenderLateHook renders a hook of a node in its turn: what its template asks and does goes
// to db. The node must be compiled.
func (p *Plan) RenderLateHook(ctx context.Context, db dbtcontext.Database, id string, hook project.RenderedHook) (project.RenderedHook, error) {
	node := p.Nodes[id]
	host := &compileHost{ctx: ctx, plan: p, node: node, pkg: node.Package, db: db, this: node.Relation}
	text := project.HookText{SQL: hook.Late, Transaction: hook.Transaction, Place: hook.Place}
	rendered, err := p.renderedHook(pass{ctx: ctx}, host, p.dbt.Scope(host, node.Package), text)
	if err == nil {
		err = host.err
	}
	if err != nil {
		return rendered, named(err, node)
	}
	return rendered, nil
}
