package runner

import (
	"context"
	"errors"
	"slices"
	"strings"

	"elt/compiler"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/regex"
	"elt/compiler/sqltoken"
	"elt/runner/engine"
	"elt/runner/materialize"
)

// Made returns the columns of the relation that is made of a query's columns. What its
// config asks of them and they do not keep is reported: an enforced contract, keys that
// are no columns, a table that the query does not fit any more.
func (f *bindFacts) Made(ctx context.Context, node *project.Node, query []compiler.Column) ([]compiler.Column, error) {
	if node.Type != project.Model {
		return f.madeBeside(ctx, node, query)
	}
	candidate := hiddenRelation(f.run.names.full(node.Relation), f.run.id, 0) // only its name counts
	spec, problems := materialize.SpecOf(node, candidate, f.run.fullRefresh(node))
	if problems.HasErrors() {
		if node.IsEphemeral() {
			return nil, problems // which nobody else reads the config of
		}
		return nil, f.unsaid(problems)
	}
	said := f.unsaid(problems)
	if spec.Custom {
		return nil, compiler.Doubt("what its materialization makes of the query is known once it has run")
	}
	if node.IsFunction() {
		return nil, said
	}
	st, err := f.state(ctx, node, spec)
	if err != nil {
		return nil, err
	}
	columns := engineColumns(query)
	if spec.Contract != nil {
		if columns, err = f.contracted(ctx, spec, columns); err != nil {
			return nil, err
		}
	}
	if c := node.Compiled; c != nil && alters(c.PreHooks, c.PostHooks) {
		return nil, compiler.Doubt("a hook changes the columns of its table")
	}
	if f.hooked && readsVariable(node) {
		return nil, compiler.Doubt("it reads a variable, which a hook may set")
	}
	switch spec.Materialized {
	case materialize.View, materialize.Ephemeral:
		return plainColumns(columns), said
	case materialize.External:
		made, err := f.madeExternal(ctx, node, spec, st, columns)
		if err != nil {
			return nil, err
		}
		return made, said
	}
	if err := spec.CheckFileColumn(columns); err != nil {
		return nil, err
	}
	if err := checkStorable(node, columns); err != nil {
		return nil, err
	}
	made, err := materialize.Columns(spec, st, tableColumns(columns))
	if err != nil {
		return nil, err
	}
	if spec.Macro && !spec.Anew(st) && f.run.plan.StrategyAlters(node) {
		return nil, compiler.Doubt("its incremental strategy may change the columns of its table")
	}
	if spec.Materialized == materialize.Incremental {
		if err := f.rehearse(ctx, node, tableColumns(columns), made); err != nil {
			return nil, err
		}
	}
	return plainColumns(made), said
}

// contracted holds columns to an enforced contract, whose types those of a table become.
func (f *bindFacts) contracted(ctx context.Context, spec *materialize.Spec, columns []engine.Column) ([]engine.Column, error) {
	declared, err := f.spelled(ctx, plainColumns(spec.Contract.Declared()), "the contract")
	if err != nil {
		if d := f.unknownPromise(ctx, spec); d != nil {
			return nil, d
		}
		return nil, err
	}
	if err := spec.CheckContract(columns, engineColumns(declared)); err != nil {
		return nil, err
	}
	if spec.Materialized == materialize.View || spec.Materialized == materialize.Ephemeral {
		return columns, nil
	}
	if spec.Materialized == materialize.Table || spec.Materialized == materialize.Incremental {
		if err := f.constrained(ctx, spec); err != nil {
			return nil, err
		}
	}
	return engineColumns(declared), nil
}

// madeExternal is Made of an external model: what grows keeps the columns of the files that are there.
func (f *bindFacts) madeExternal(ctx context.Context, node *project.Node, spec *materialize.Spec, st materialize.State, columns []engine.Column) ([]compiler.Column, error) {
	if err := spec.CheckKeep(columns); err != nil {
		return nil, err
	}
	if spec.Grows() && !spec.FullRefresh && st.Existing != nil && !st.IsTable() {
		if known, err := f.Published(ctx, node); err == nil {
			return known, nil
		}
	}
	return plainColumns(spec.External.Order(columns)), nil
}

// madeBeside is Made of what is no model.
func (f *bindFacts) madeBeside(ctx context.Context, node *project.Node, query []compiler.Column) ([]compiler.Column, error) {
	if node.Type == project.Snapshot && node.Maker != "" {
		return nil, compiler.Doubt("what its materialization makes of the query is known once it has run")
	}
	if node.Type == project.Snapshot {
		return f.snapshot(ctx, node, query)
	}
	return query, nil
}

// unsaid is what is wrong with a node's config. A run has said it already: there it is a
// mistake that is reported no second time.
func (f *bindFacts) unsaid(problems diag.List) error {
	switch {
	case f.run.opts.Command == "compile" && len(problems) > 0:
		return problems
	case problems.HasErrors():
		return diag.List{} // a mistake, and nothing to say
	}
	return nil
}

// state is what exists under the name of a node.
func (f *bindFacts) state(ctx context.Context, node *project.Node, spec *materialize.Spec) (materialize.State, error) {
	if spec.Materialized == materialize.Incremental && f.run.isAbsent(node.Relation) {
		return materialize.State{}, absentDoubt(node.Relation)
	}
	s, err := f.run.sessions.get(ctx)
	if err != nil {
		return materialize.State{}, err
	}
	defer f.run.sessions.put(s)
	return f.run.published.state(ctx, s, node.Relation, spec.Materialized == materialize.Incremental)
}

// snapshot returns the columns of a snapshot: those it has, and those that are new in its
// query. What of its config names no column is an error.
func (f *bindFacts) snapshot(ctx context.Context, node *project.Node, query []compiler.Column) ([]compiler.Column, error) {
	spec, problems := materialize.SpecOf(node, project.Relation{}, false)
	if problems.HasErrors() {
		return nil, f.unsaid(problems)
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
			return nil, f.snapshotFault(node, spec, first, err)
		}
		table := tableColumns(engineColumns(columns))
		return plainColumns(table), f.rehearse(ctx, node, tableColumns(engineColumns(query)), table)
	}
	for _, c := range plainColumns(tableColumns(engineColumns(query))) {
		if !slices.ContainsFunc(columns, func(have compiler.Column) bool { return strings.EqualFold(have.Name, c.Name) }) {
			columns = append(columns, c)
		}
	}
	return columns, f.rehearse(ctx, node, tableColumns(engineColumns(query)), engineColumns(columns))
}

// snapshotFault is an error about the columns that a snapshot adds.
func (f *bindFacts) snapshotFault(node *project.Node, spec *materialize.Spec, sql string, err error) error {
	var e *engine.Error
	if errors.As(err, &e) {
		if fault := f.configFault(node, spec, sql, e); fault != nil {
			return fault
		}
	}
	return compiler.Doubt("the columns that the snapshot adds cannot be made here: " + err.Error())
}

// Versions returns what stands around a snapshot's query to tell its lineage.
func (f *bindFacts) Versions(node *project.Node, query []compiler.Column) (before, after string, err error) {
	spec, problems := materialize.SpecOf(node, project.Relation{}, false)
	if problems.HasErrors() {
		return "", "", problems
	}
	before, after = spec.Versions(engineColumns(query))
	return before, after, nil
}

// nullInType is the type of `null` where a type stands: "NULL" in quotes can be the name
// of a field, too, and is then followed by its type.
var nullInType = regex.Lazy(`"NULL"([,)\[]|$)`)

// tableColumns are the columns of a table made of a query: what has no type gets one.
func tableColumns(query []engine.Column) []engine.Column {
	out := slices.Clone(query)
	for i, c := range out {
		out[i].Type = nullInType().ReplaceAllString(c.Type, "INTEGER$1")
	}
	return out
}

// namelessStruct is the type of row(...), whose fields have no names.
var namelessStruct = regex.Lazy(`STRUCT\((?:"NULL"|[A-Z_0-9]+)(?:[,()\[]| WITH TIME ZONE)`)

// noTable are the statements with rows of which DuckDB makes a view but no table.
var noTable = []string{"summarize", "describe", "desc", "show"}

// checkStorable reports what a table cannot hold: a query that is no select, columns of types
// without a form on disk.
func checkStorable(node *project.Node, columns []engine.Column) error {
	if d := noSelect(node); d != nil {
		return d
	}
	var out diag.List
	for _, c := range columns {
		if namelessStruct().MatchString(c.Type) {
			d := diag.New(diag.SQL, node.Place, "column %q is a struct without names, which a table cannot hold", c.Name).
				WithHint("name its fields, as in {'a': 1, 'b': 'x'} instead of row(1, 'x')")
			d.Node = node.UniqueID
			out = append(out, d)
		}
	}
	return out.Err()
}

// alters reports whether a hook may change columns.
func alters(lists ...[]project.RenderedHook) bool {
	for _, hooks := range lists {
		for _, hook := range hooks {
			if hook.Late != "" {
				return true
			}
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

// readsVariable reports whether a node's query reads a session's variable, whose type is
// that of what was put into it.
func readsVariable(node *project.Node) bool {
	return node.Compiled != nil && slices.ContainsFunc(sqltoken.Chains(node.Compiled.SQL), func(c sqltoken.Chain) bool {
		return c.Call && strings.EqualFold(c.Name(), "getvariable")
	})
}

// noSelect reports a query that begins with one of those; nil where it does not.
func noSelect(node *project.Node) error {
	if node.Compiled == nil {
		return nil
	}
	for tok := range sqltoken.Tokens(node.Compiled.SQL) {
		if tok.Kind == sqltoken.Comment {
			continue
		}
		word := tok.Text(node.Compiled.SQL)
		if !slices.Contains(noTable, strings.ToLower(word)) {
			return nil
		}
		d := diag.New(diag.SQL, node.Place, "no table can be made of %s", strings.ToUpper(word)).
			WithHint("select from it: select * from (%s ...)", word)
		d.Node = node.UniqueID
		if place, ok := node.Compiled.Map.Origin(tok.Span.Start); ok {
			place.Span.End = min(place.Span.Start+len(word), len(place.Source.Text))
			d.Place = place
		}
		return d
	}
	return nil
}
