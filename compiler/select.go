package compiler

import (
	"errors"
	"io/fs"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/selector"
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
			req.Selectors, diags = selector.ParseSelectors(diag.NewSource("selectors.yml", string(text)))
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
	selection, more := selector.Select(selector.Universe{Nodes: p.nodesInOrder(), Graph: p.Graph, Root: p.options.Root}, req)
	return selection, append(diags, more...)
}

func (p *Plan) nodesInOrder() []*project.Node {
	out := make([]*project.Node, len(p.Order))
	for i, id := range p.Order {
		out[i] = p.Nodes[id]
	}
	return out
}
