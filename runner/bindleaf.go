package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

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
	case node.Quarantines() || node.Table != nil && len(node.Table.Formats) > 0:
		columns, err := f.spelled(ctx, plainColumns(f.run.sourceColumns(node)), "the source's columns")
		if err != nil {
			err = cmp.Or(f.unknownType(ctx, node), err)
		}
		return columns, cmp.Or(err, f.keepFormats(ctx, node))
	case compiler.SourceExpression(node) != "":
		return f.files(ctx, node)
	}
	return f.table(ctx, node)
}

// table describes a source table of a database. Where it is not there, nothing can be
// built from it, unless a hook or a node makes it.
func (f *bindFacts) table(ctx context.Context, node *project.Node) ([]compiler.Column, error) {
	rel := f.run.names.full(node.Relation)
	if f.run.isAbsent(rel) {
		return nil, absentDoubt(rel)
	}
	columns, err := f.run.describeRelation(ctx, rel)
	if err == nil {
		return columns, nil
	}
	var e *engine.Error
	known := errors.As(err, &e) && (e.Kind == engine.Catalog || missingCatalog(e))
	if !known || f.hooked || f.run.opts.Command == "compile" || f.made(rel) {
		return nil, compiler.Doubt(fmt.Sprintf("there is no table %s yet", node.Relation))
	}
	d := diag.New(diag.SQL, node.Place, "source %q does not exist: there is no table %s", node.Table.SourceName+"."+node.Name, node.Relation)
	d.Node = node.UniqueID
	var names []string
	for _, info := range f.run.published.bySchema[schemaKey(rel.Database, rel.Schema)] {
		names = append(names, info.Identifier)
	}
	if meant := diag.Suggest(rel.Identifier, names); meant != "" {
		return nil, d.WithHint("did you mean %q?", meant)
	}
	return nil, d.WithHint("load it first, or name the files it is read from with path:")
}

// made reports whether a node of the project makes a relation.
func (f *bindFacts) made(rel project.Relation) bool {
	for _, node := range f.run.plan.Nodes {
		if node.Type != project.Source && f.run.names.full(node.Relation).Key() == rel.Key() {
			return true
		}
	}
	return false
}

// mostDescribed is how many files of a source that is taken in by file are looked at for
// its columns: DuckDB takes seconds to bind a list of some hundred thousand.
const mostDescribed = 100

// files describes the raw files of a source.
func (f *bindFacts) files(ctx context.Context, node *project.Node) ([]compiler.Column, error) {
	from, stamp := compiler.SourceExpression(node), ""
	src := f.run.lake.sources[node.UniqueID]
	some := src != nil && len(src.files) > mostDescribed && !f.run.wholeReaders(node.UniqueID)
	if src != nil {
		stamp = src.stamp()
	}
	key := f.cache.key("files", from, stamp, declaredText(node), fmt.Sprint(some))
	if columns, ok := f.cache.get(key); ok && stamp != "" {
		return columns, nil
	}
	if src != nil {
		if src.dialect == nil {
			f.sniff(ctx, src)
		}
		if from = src.pinned; some {
			from = src.ends(mostDescribed)
		}
	}
	columns, err := f.describeFiles(ctx, from)
	if err != nil && src != nil {
		if wrong := f.misdeclared(ctx, src, src.files, err); wrong != nil {
			return nil, wrong
		}
	}
	if err != nil {
		return nil, undescribed(err)
	}
	if src != nil && f.run.plan.Project.IsElt {
		if err := f.keepsContract(ctx, src, columns); err != nil {
			return nil, err
		}
	}
	if stamp != "" {
		f.cache.put(key, columns)
	}
	return columns, nil
}

// sniff settles how CSV files are read, which takes less than leaving it to each file.
func (f *bindFacts) sniff(ctx context.Context, src *lakeSource) {
	s, err := f.run.sessions.get(ctx)
	if err != nil {
		return // describing the files will say so
	}
	defer f.run.sessions.put(s)
	src.sniff(ctx, s)
}

// declaredText is what a source declares of its columns.
func declaredText(node *project.Node) string {
	var b strings.Builder
	for _, c := range node.Columns {
		b.WriteString(c.Name + "\x00" + c.DataType + "\n")
	}
	return b.String()
}

// describeFiles asks DuckDB for the columns of files.
func (f *bindFacts) describeFiles(ctx context.Context, from string) ([]compiler.Column, error) {
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
	return plainColumns(columns), err
}

// keepsContract compares files with the columns that their source declares. Of each column
// the first file that differs is named, unless there are too many to look at each.
func (f *bindFacts) keepsContract(ctx context.Context, src *lakeSource, columns []compiler.Column) error {
	var declared []compiler.Column
	var places []diag.Place
	for _, c := range src.node.Columns {
		if c.DataType != "" {
			declared = append(declared, compiler.Column{Name: c.Name, Type: c.DataType})
			places = append(places, c.Place)
		}
	}
	if len(declared) == 0 || len(src.files) == 0 {
		return nil
	}
	declared, err := f.spelled(ctx, declared, "the source's columns")
	if err != nil {
		return f.unknownType(ctx, src.node) // else one that only an extension knows, perhaps
	}
	found := make(diag.List, len(declared))
	check := func(have []compiler.Column, file string) {
		for i, want := range declared {
			at := slices.IndexFunc(have, func(c compiler.Column) bool { return strings.EqualFold(c.Name, want.Name) })
			if found[i] == nil && (at < 0 || have[at].Type != want.Type) {
				found[i] = f.broken(src, places[i], want, have, at, file)
			}
		}
	}
	told := func() error {
		return slices.DeleteFunc(found, func(d *diag.Diagnostic) bool { return d == nil }).Err()
	}
	if len(src.files) > mostDescribed {
		check(columns, "")
		return told()
	}
	for _, file := range src.files {
		have, err := f.describeFiles(ctx, src.read([]lakeFile{file}, nil, nil))
		if err != nil {
			if before := told(); before != nil {
				return before
			}
			return f.misdeclared(ctx, src, []lakeFile{file}, err) // else the load will say what is wrong with the file
		}
		check(have, file.path)
	}
	return told()
}

// broken is the error about a file that has not the columns its source declares; at is
// the column's place among those the file has, below zero where it has none.
func (f *bindFacts) broken(src *lakeSource, place diag.Place, want compiler.Column, have []compiler.Column, at int, file string) *diag.Diagnostic {
	name := src.node.Table.SourceName + "." + src.node.Name
	what := fmt.Sprintf("the files of source %q have", name)
	if file != "" {
		what = fmt.Sprintf("file %q of source %q has", f.run.shownPath(file), name)
	}
	var d *diag.Diagnostic
	if at >= 0 {
		d = diag.New(diag.Contract, place, "%s column %q of type %s, which is declared as %s", what, have[at].Name, have[at].Type, want.Type).
			WithHint("declare the type that the files have, and cast it in a model")
	} else {
		names := make([]string, len(have))
		for i, c := range have {
			names[i] = c.Name
		}
		d = diag.New(diag.Contract, place, "%s no column %q, which is declared as %s", what, want.Name, want.Type)
		if d.Hint = didYouMean(want.Name, names); d.Hint == "" {
			d.Hint = "take the column out of the declaration, or load files that have it"
		}
	}
	d.Node = src.node.UniqueID
	return d
}

// seed returns the columns of a seed's file.
func (f *bindFacts) seed(ctx context.Context, node *project.Node) ([]compiler.Column, error) {
	spec, problems := materialize.SpecOf(node, project.Relation{}, false)
	if problems.HasErrors() {
		return nil, f.unsaid(problems)
	}
	if spec.Custom {
		return nil, compiler.Doubt("what macros make of its file is known once they have run")
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
	columns := plainColumns(table.Columns)
	if len(spec.Seed.ColumnTypes) > 0 {
		var err error
		if columns, err = f.spelled(ctx, columns, "column_types"); err != nil {
			return columns, cmp.Or(f.unknownSeedType(ctx, node, spec.Seed.ColumnTypes), err)
		}
	}
	if f.run.opts.Command == "compile" && len(table.Warnings) > 0 { // a run tells them when it loads the file
		return columns, table.Warnings
	}
	return columns, nil
}

// spelled returns declared columns with their types as DuckDB writes them.
func (f *bindFacts) spelled(ctx context.Context, columns []compiler.Column, where string) ([]compiler.Column, error) {
	query := "select "
	for i, c := range columns {
		query += []string{"", ", "}[min(i, 1)] + "cast(null as " + c.Type + ") as " + project.QuoteIdent(c.Name)
	}
	key := f.cache.key("types", query)
	if found, ok := f.cache.get(key); ok {
		return found, nil
	}
	shell, err := f.open(ctx)
	if err != nil {
		return nil, err
	}
	found, err := shell.Bind(ctx, query)
	if err != nil {
		return nil, compiler.Doubt("a type of " + where + " is not known here: " + err.Error())
	}
	f.cache.put(key, found)
	return found, nil
}
