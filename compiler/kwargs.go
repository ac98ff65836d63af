package compiler

import (
	"strings"

	"elt/compiler/project"
	"elt/compiler/regex"
	"elt/compiler/template"
)

// looksLikeCall is dbt's rule (clients/jinja.py) for an argument of a generic test
// that is rendered although it has no braces: "ref('orders')".
var looksLikeCall = regex.Lazy(`^\s*(env_var|ref|var|source|doc)\s*\(.+\)\s*$`)

// testKwargs renders the arguments of a generic test natively, as dbt does: the
// column's name stays as it is written, any other text is a template.
func (p *Plan) testKwargs(how pass, scope template.Scope, node *project.Node) (*template.Dict, error) {
	out := template.NewDict()
	for _, item := range node.Test.Kwargs.Items() {
		value := item.Value
		var err error
		switch {
		case item.Key == "column_name":
		case value == node.Test.AttachedExpr && p.isPlainlyAttached(node):
			value, err = attached(how, scope, node)
		default:
			value, err = p.renderArgument(how, scope, node, value)
		}
		if err != nil {
			return nil, err
		}
		if err := out.Set(item.Key, value); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// isPlainlyAttached reports whether what a generic test is declared on is handed to it as
// ref() or source() return it.
func (p *Plan) isPlainlyAttached(node *project.Node) bool {
	if where, ok := node.Config.Get("where"); ok && template.Truth(where.Value) {
		return false
	}
	p.whereOnce.Do(func() {
		p.ownWhere = map[string]bool{}
		for _, proj := range p.Project.All() {
			p.ownWhere[proj.Name] = p.dbt.UsesOwnWhere(proj.Name)
		}
	})
	return p.ownWhere[node.Package]
}

// attached is what the template "{{ get_where_subquery(ref('orders')) }}" comes to where
// isPlainlyAttached holds. To parse and render it for each of thousands of tests takes ten
// times as long.
func attached(how pass, scope template.Scope, node *project.Node) (template.Value, error) {
	name, call := "source", &template.Call{Thread: how.thread()}
	for _, source := range node.Test.AttachedSources {
		call.Args = []template.Value{source.Source, source.Table}
	}
	for _, ref := range node.Test.AttachedRefs {
		name, call.Args = "ref", []template.Value{ref.Name}
		if ref.Version != "" {
			call.Kwargs = []template.Kwarg{{Name: "version", Value: ref.Version}}
		}
	}
	function, _ := scope.Lookup(name)
	value, err := function.(template.Callable).Call(call)
	if err != nil {
		return nil, at(err, node.Place)
	}
	return value, nil
}

// renderArgument renders the texts inside a value, however deep.
func (p *Plan) renderArgument(how pass, scope template.Scope, node *project.Node, value template.Value) (template.Value, error) {
	switch v := value.(type) {
	case string:
		return p.renderText(how, scope, node, v)
	case *template.List:
		out := template.NewList()
		for _, elem := range v.Elems {
			rendered, err := p.renderArgument(how, scope, node, elem)
			if err != nil {
				return nil, err
			}
			out.Elems = append(out.Elems, rendered)
		}
		return out, nil
	case *template.Dict:
		out := template.NewDict()
		for _, item := range v.Items() {
			rendered, err := p.renderArgument(how, scope, node, item.Value)
			if err != nil {
				return nil, err
			}
			if err := out.Set(item.Key, rendered); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return value, nil
}

func (p *Plan) renderText(how pass, scope template.Scope, node *project.Node, text string) (template.Value, error) {
	if strings.IndexByte(text, '(') > 0 && looksLikeCall().MatchString(text) {
		text = "{{ " + text + " }}"
	}
	t, err := p.templates.parse(text)
	if err != nil {
		return nil, at(err, node.Place)
	}
	if t.IsPlain() {
		return text, nil
	}
	value, err := t.RenderNative(how.thread(), scope)
	if err != nil {
		return nil, at(err, node.Place)
	}
	return value, nil
}
