package compiler

import (
	"context"
	"errors"
	"io/fs"

	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/selector"
	"elt/compiler/template"
)

// Select chooses nodes as dbt's --select, --exclude and --selector do. selectors.yml
// is read from the project's folder when it is there. Errors make the list's Err
// non-nil; a selection that matches nothing is a warning.
func (p *Plan) Select(req selector.Request) (*selector.Selection, diag.List) {
	var diags diag.List
	if req.Selectors == nil {
		text, err := fs.ReadFile(p.options.FS, "selectors.yml")
		switch {
		case err == nil:
			req.Selectors, diags = selector.ParseRendered(diag.NewSource("selectors.yml", string(text)), p.renderYAML)
		case !errors.Is(err, fs.ErrNotExist):
			diags = diag.List{diag.New(diag.BadSelector, diag.Place{Source: diag.NewSource("selectors.yml", "")}, "selectors.yml cannot be read: %v", err)}
		}
		if diags.HasErrors() {
			return nil, diags
		}
	}
	if req.PackageName == "" {
		req.PackageName = p.Project.Name
	}
	if p.state != nil && req.State == nil {
		req.State = p.earlier
	}
	selection, more := selector.Select(selector.Universe{Nodes: p.nodesInOrder(), Graph: p.Graph, Root: p.options.Root}, req)
	return selection, append(diags, more...)
}

// renderYAML renders the Jinja in a text of selectors.yml natively.
func (p *Plan) renderYAML(text string, place diag.Place) (any, error) {
	t, err := p.templates.parse(text)
	if err != nil {
		return nil, at(err, place)
	}
	scope := p.dbt.YAMLScope(dbtcontext.YAMLOptions{Package: p.Project.Name})
	value, err := t.RenderNative(template.NewThread(context.Background()), scope)
	if err != nil {
		return nil, at(err, place)
	}
	return value, nil
}

func (p *Plan) nodesInOrder() []*project.Node {
	out := make([]*project.Node, len(p.Order))
	for i, id := range p.Order {
		out[i] = p.Nodes[id]
	}
	return out
}
