package runner

import (
	"context"
	"errors"
	"fmt"

	"elt/compiler"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner/engine"
	"elt/runner/materialize"
)

// Leaf returns the columns of a source table or a seed.
func (f *bindFacts) Leaf(ctx context.Context, node *project.Node) ([]compiler.Column, error) {
	switch {
	case node.Type == project.Seed:
		return f.seed(ctx, node)
	case compiler.SourceExpression(node) != "":
		return f.files(ctx, node)
	}
	return f.table(ctx, node)
}

// table describes a source table of a database.
func (f *bindFacts) table(ctx context.Context, node *project.Node) ([]compiler.Column, error) {
	columns, err := f.run.describeRelation(ctx, f.run.names.full(node.Relation))
	if err != nil {
		return nil, compiler.Doubt(fmt.Sprintf("there is no table %s yet", node.Relation))
	}
	return columns, nil
}

// mostDescribed is how many files of a source that is taken in by file are looked at for
// its columns: DuckDB takes seconds to bind a list of some hundred thousand.
const mostDescribed = 100

// files describes the raw files of a source.
func (f *bindFacts) files(ctx context.Context, node *project.Node) ([]compiler.Column, error) {
	from := compiler.SourceExpression(node)
	if src := f.run.lake.sources[node.UniqueID]; src != nil {
		from = src.pinned
		if len(src.files) > mostDescribed && !f.run.wholeReaders(node.UniqueID) {
			from = src.ends(mostDescribed)
		}
	}
	s, err := f.run.sessions.get(ctx)
	if err != nil {
		return nil, err
	}
	defer f.run.sessions.put(s)
	describer, ok := s.(engine.Describer)
	if !ok {
		return nil, compiler.Doubt("the files cannot be described")
	}
	columns, err := describer.Describe(ctx, "from "+from)
	var e *engine.Error
	switch {
	case err == nil:
		return plainColumns(columns), nil
	case errors.As(err, &e):
		return nil, compiler.Doubt("its files cannot be looked at: " + e.Message)
	}
	return nil, err
}

// seed returns the columns of a seed's file.
func (f *bindFacts) seed(ctx context.Context, node *project.Node) ([]compiler.Column, error) {
	spec, problems := materialize.SpecOf(node, project.Relation{}, false)
	if problems.HasErrors() {
		return nil, f.unsaid(problems)
	}
	var table *materialize.SeedTable
	if n := f.run.byID[node.UniqueID]; n != nil && n.spec != nil && n.spec.Seed != nil {
		table = n.spec.Seed.Table // the run has read it
	}
	if table == nil {
		var err error
		if table, _, _, err = f.run.seedTable(node, spec.Seed.SeedOptions); err != nil {
			return nil, f.unsaid(diag.From(err, diag.Seed))
		}
	}
	if len(spec.Seed.ColumnTypes) == 0 {
		return plainColumns(table.Columns), nil
	}
	return f.spelled(ctx, plainColumns(table.Columns), "column_types")
}

// spelled returns declared columns with their types as DuckDB writes them.
func (f *bindFacts) spelled(ctx context.Context, columns []compiler.Column, where string) ([]compiler.Column, error) {
	shell, err := f.open(ctx)
	if err != nil {
		return nil, err
	}
	query := "select "
	for i, c := range columns {
		query += []string{"", ", "}[min(i, 1)] + "cast(null as " + c.Type + ") as " + project.QuoteIdent(c.Name)
	}
	found, err := shell.Bind(ctx, query)
	if err != nil {
		return nil, compiler.Doubt("a type of " + where + " is not known here: " + err.Error())
	}
	return found, nil
}
