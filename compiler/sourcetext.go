package compiler

import (
	"context"

	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

// CompileLoadedAt renders the loaded_at_query of a source table, in which "this" is the
// table. The text is a place of its own in messages, at the key in its property file.
func (p *Plan) CompileLoadedAt(ctx context.Context, db dbtcontext.Database, table *project.Node) (string, error) {
	query := table.Table.Fresh.Query
	t, err := template.Parse(diag.NewSource("", query.Text))
	if err != nil {
		return "", at(err, query.Place)
	}
	host := &compileHost{ctx: ctx, plan: p, node: table, pkg: table.Package, db: db, this: table.Relation}
	scope := p.dbt.Scope(host, table.Package).With("this", dbtcontext.NewSourceRelation(table.Relation, SourceExpression(table)))
	out, err := t.Render(pass{ctx: ctx}.thread(), scope)
	if err == nil {
		err = host.err
	}
	if err != nil {
		return "", at(err, query.Place)
	}
	return out.Text, nil
}
