package compiler

import (
	"context"

	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

// inlinePath is what an inline query is called in messages.
const inlinePath = "<inline>"

// CompileInline renders a text that is no file of the project, in the project's
// context: `elt show --inline`. It may read every node; ephemeral ones are injected.
func (p *Plan) CompileInline(ctx context.Context, db dbtcontext.Database, text string) (*project.Compiled, error) {
	source := diag.NewSource(inlinePath, text)
	t, err := template.Parse(source)
	if err != nil {
		return nil, err
	}
	target := p.Project.Target
	host := &compileHost{
		ctx: ctx, plan: p, pkg: p.Project.Name, db: db,
		this: project.Relation{Database: target.Database, Schema: target.Schema, Identifier: "inline_query"},
	}
	out, err := t.Render(pass{ctx: ctx}.thread(), p.dbt.Scope(host, p.Project.Name))
	if err != nil {
		return nil, err
	}
	query, err := p.resolvePlainNames(host, rendering{out.Text, out.Map})
	if err != nil {
		return nil, err
	}
	query, ctes, err := p.injectCTEs(host, query)
	if err != nil {
		return nil, err
	}
	return &project.Compiled{SQL: query.text, Map: query.origin, CTEs: ctes}, nil
}
