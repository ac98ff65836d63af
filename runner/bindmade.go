package runner

import (
	"context"
	"slices"
	"strings"

	"elt/compiler"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/runner/materialize"
)

// Made returns the columns of the relation that is made of a query's columns.
func (f *bindFacts) Made(ctx context.Context, node *project.Node, query []compiler.Column) ([]compiler.Column, error) {
	if c := node.Compiled; c != nil && alters(c.PreHooks, c.PostHooks) {
		return nil, compiler.Doubt("a hook changes the columns of a table")
	}
	switch node.Type {
	case project.Snapshot:
		return f.snapshot(ctx, node, query)
	case project.Model:
	default:
		return query, nil
	}
	switch node.Materialized() {
	case materialize.View, materialize.Ephemeral:
		return query, nil
	case materialize.Table, materialize.Incremental:
	default:
		return nil, compiler.Doubt("the columns of this materialization are not known")
	}
	if node.FileColumn() != "" {
		spec, problems := materialize.SpecOf(node, project.Relation{}, false)
		if problems.HasErrors() {
			return nil, problems
		}
		if err := spec.CheckFileColumn(engineColumns(query)); err != nil {
			return nil, err
		}
	}
	return tableColumns(query), nil
}

// snapshot returns the columns of a snapshot: those it has, and those that are new in its
// query. What of its config names no column is an error.
func (f *bindFacts) snapshot(ctx context.Context, node *project.Node, query []compiler.Column) ([]compiler.Column, error) {
	spec, problems := materialize.SpecOf(node, project.Relation{}, false)
	if problems.HasErrors() {
		return nil, problems
	}
	first, err := materialize.FirstSnapshot(spec, engineColumns(query))
	if err != nil {
		return nil, err
	}
	columns, err := f.Published(ctx, node)
	if err != nil {
		return nil, err
	}
	if columns == nil {
		shell, err := f.open(ctx)
		if err != nil {
			return nil, err
		}
		if columns, err = shell.Bind(ctx, first); err != nil {
			return nil, compiler.Doubt("the columns that the snapshot adds cannot be made here: " + err.Error())
		}
		return tableColumns(columns), nil
	}
	for _, c := range tableColumns(query) {
		if !slices.ContainsFunc(columns, func(have compiler.Column) bool { return strings.EqualFold(have.Name, c.Name) }) {
			columns = append(columns, c)
		}
	}
	return columns, nil
}

// tableColumns are the columns of a table made of a query: what has no type gets one.
func tableColumns(query []compiler.Column) []compiler.Column {
	out := slices.Clone(query)
	for i, c := range out {
		if c.Type == `"NULL"` {
			out[i].Type = "INTEGER"
		}
	}
	return out
}

// alters reports whether a hook may change columns.
func alters(lists ...[]project.RenderedHook) bool {
	for _, hooks := range lists {
		for _, hook := range hooks {
			for _, at := range sqltoken.SplitStatements(hook.SQL) {
				word := sqltoken.FirstKeyword(hook.SQL[at.Start:at.End])
				if strings.EqualFold(word, "ALTER") {
					return true
				}
			}
		}
	}
	return false
}
