package compiler

import (
	"strings"

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

// renderHooks renders the hooks of a node; one that renders to nothing is left out.
func (p *Plan) renderHooks(how pass, host *compileHost, scope template.Scope, node *project.Node, key string) ([]project.RenderedHook, error) {
	var out []project.RenderedHook
	for _, hook := range hooksOf(node, key) {
		if hook.Place.IsZero() {
			hook.Place = node.Place
		}
		_, text, err := p.renderHook(how, scope, hook)
		if err != nil {
			return nil, err
		}
		resolved, err := p.resolveStatements(host, rendering{text, wholeMap(hook.Place)})
		if err != nil {
			return nil, at(err, hook.Place)
		}
		if text = resolved.text; strings.TrimSpace(text) != "" {
			out = append(out, project.RenderedHook{SQL: text, Transaction: hook.Transaction, Place: hook.Place})
		}
	}
	return out, nil
}
