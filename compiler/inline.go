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
	sql, origin, err := p.resolvePlainNames(host, out.Text, out.Map)
	if err != nil {
		return nil, err
	}
	if err := p.compileEphemeral(ctx, db, host.ctes); err != nil {
		return nil, err
	}
	compiled := &project.Compiled{CTEs: p.allCTEs(host.ctes)}
	compiled.SQL, compiled.Map, err = p.injectCTEs(ctx, db, sql, origin, compiled.CTEs)
	return compiled, err
}

// compileEphemeral compiles ephemeral nodes and their ephemeral ancestors, parents
// first, where that has not been done.
func (p *Plan) compileEphemeral(ctx context.Context, db dbtcontext.Database, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	order, _ := p.compileOrder(ids)
	for _, id := range order {
		if p.Nodes[id].Compiled != nil {
			continue
		}
		if err := p.CompileNode(ctx, db, id); err != nil {
			return err
		}
	}
	return nil
}
