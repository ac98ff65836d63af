package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"elt/compiler"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/regex"
	"elt/compiler/template"
	"elt/runner/engine"
	"elt/runner/materialize"
)

// misdeclared says what in the declaration of a source made DuckDB refuse its files: a type
// that does not exist, an option that the reader does not have, or a column of a CSV file
// that is not there. It is nil where the declaration is not known to be at fault.
func (f *bindFacts) misdeclared(ctx context.Context, src *lakeSource, files []lakeFile, fault error) error {
	var e *engine.Error
	if !f.run.plan.Project.IsElt || !errors.As(fault, &e) {
		return nil
	}
	if d := f.unknownOption(ctx, src.node, e); d != nil {
		return d
	}
	if d := f.unknownType(ctx, src.node); d != nil {
		return d
	}
	return f.missingColumn(ctx, src, files, e)
}

// noParameter is DuckDB's error about an option that a reader does not have.
var noParameter = regex.Lazy(`^invalid named parameter "(.+)" for function (\w+)`)

func (f *bindFacts) unknownOption(ctx context.Context, node *project.Node, e *engine.Error) error {
	m := noParameter().FindStringSubmatch(lowerFirst(e.Message))
	if m == nil || !slices.ContainsFunc(node.Table.ReaderOptions(), func(o project.Setting) bool { return strings.EqualFold(o.Name, m[1]) }) {
		return nil
	}
	place := node.Table.OptionPlace.OfWord(node.Place, m[1])
	d := diag.New(diag.WrongType, place, "%s has no option %q", m[2], m[1])
	d.Node = node.UniqueID
	if d.Hint = didYouMean(m[1], f.parameters(ctx, m[2])); d.Hint == "" {
		d.Hint = "options are the named parameters of DuckDB's read_csv, read_parquet and read_json"
	}
	return d
}

// parameters are the names of a function's parameters.
func (f *bindFacts) parameters(ctx context.Context, function string) []string {
	s, err := f.run.sessions.get(ctx)
	if err != nil {
		return nil // without them there is no proposal
	}
	defer f.run.sessions.put(s)
	t, err := s.Query(ctx, "select distinct unnest(parameters) from duckdb_functions() where function_name = "+project.QuoteString(function)+" order by 1")
	if err != nil {
		return nil
	}
	names := make([]string, len(t.Rows))
	for i, row := range t.Rows {
		names[i], _ = row[0].(string)
	}
	return names
}

// typeMissing is DuckDB's error about a type that it does not know.
var typeMissing = regex.Lazy(`^type ".+" does not exist`)

// unknownType is the error about the first declared column of a type that does not exist.
// Where a hook may make the type, only the run tells.
func (f *bindFacts) unknownType(ctx context.Context, node *project.Node) error {
	for _, c := range node.Columns {
		if c.DataType == "" {
			continue
		}
		if e := f.noType(ctx, c.DataType); e != nil {
			d := diag.New(diag.Contract, c.Place, "column %q of source %q is declared with a type that does not exist: %q",
				c.Name, node.Table.SourceName+"."+node.Name, c.DataType)
			d.Node, d.Hint = node.UniqueID, f.run.hintOf(e)
			return d
		}
	}
	return nil
}

// unknownSeedType is the error about the first of a seed's column_types that does not exist.
func (f *bindFacts) unknownSeedType(ctx context.Context, node *project.Node, types []materialize.ColumnType) error {
	for _, c := range types {
		if e := f.noType(ctx, c.Type); e != nil {
			place := node.Config.Place("column_types").OfWord(node.Place, c.Type)
			d := diag.New(diag.Seed, place, "column_types gives column %q of seed %q a type that does not exist: %q", c.Column, node.Name, c.Type)
			d.Node, d.Hint = node.UniqueID, f.run.hintOf(e)
			return d
		}
	}
	return nil
}

// noType is the database's error about a type that does not exist; nil for one that does,
// and where it is not known.
func (f *bindFacts) noType(ctx context.Context, name string) *engine.Error {
	if f.hooked || !f.run.plan.Project.IsElt {
		return nil
	}
	s, err := f.run.sessions.get(ctx)
	if err != nil {
		return nil // what asked for the columns will say so
	}
	defer f.run.sessions.put(s)
	_, err = s.Query(ctx, "select cast(null as "+name+")")
	var e *engine.Error
	if errors.As(err, &e) && e.Kind == engine.Catalog && typeMissing().MatchString(e.Message) {
		return e
	}
	return nil
}

// missingColumn is the error about the first CSV file that lacks a declared column, which
// DuckDB refuses as a whole, without the file's name.
func (f *bindFacts) missingColumn(ctx context.Context, src *lakeSource, files []lakeFile, e *engine.Error) error {
	byFile := slices.ContainsFunc(f.run.readersOf(src.node.UniqueID), func(id string) bool {
		node := f.run.plan.Nodes[id]
		return node != nil && node.FileColumn() != "" // such a file then stops itself alone
	})
	if src.node.Table.Format != "csv" || byFile || src.unites() || !strings.HasPrefix(e.Message, "COLUMN_TYPES error") {
		return nil
	}
	for _, file := range files[:min(len(files), mostDescribed)] {
		have, err := f.describeFiles(ctx, untyped(src.node.Table).FromWith([]string{file.glob()}, src.dialect))
		if err != nil {
			return nil // the file cannot be read at all, which the load will say
		}
		for _, c := range src.node.Columns {
			if c.DataType == "" || slices.ContainsFunc(have, func(h compiler.Column) bool { return strings.EqualFold(h.Name, c.Name) }) {
				continue
			}
			d := f.broken(src, c.Place, compiler.Column{Name: c.Name, Type: strings.ToUpper(c.DataType)}, have, -1, file.path)
			if !strings.HasPrefix(d.Hint, "did you mean") {
				d.Hint = "it is read with the columns " + quotedNames(have) + "; where that is wrong, say in the source's options how the file is written (delim, quote, header)"
			}
			return d
		}
	}
	return nil
}

// quotedNames lists the names of columns, the first of many.
func quotedNames(columns []compiler.Column) string {
	const most = 10
	var names []string
	for _, c := range columns[:min(len(columns), most)] {
		names = append(names, fmt.Sprintf("%q", c.Name))
	}
	if len(columns) > most {
		names = append(names, "...")
	}
	return strings.Join(names, ", ")
}

// unites reports whether several files may have different columns.
func (src *lakeSource) unites() bool {
	return len(src.files) > 1 && slices.ContainsFunc(src.node.Table.ReaderOptions(), func(o project.Setting) bool {
		return strings.EqualFold(o.Name, "union_by_name") && o.Value == true
	})
}

// untyped is a source of CSV files that asks for no types of columns.
func untyped(t *project.SourceTable) *project.SourceTable {
	plain := *t
	plain.Options = template.NewDict()
	for _, o := range t.ReaderOptions() {
		if !slices.Contains([]string{"types", "dtypes", "column_types"}, strings.ToLower(o.Name)) {
			_ = plain.Options.Set(o.Name, o.Value) // a text can be a key
		}
	}
	_ = plain.Options.Set("all_varchar", true)
	return &plain
}

// undescribed is the doubt about files that DuckDB cannot describe.
func undescribed(err error) error {
	var e *engine.Error
	if errors.As(err, &e) {
		return compiler.Doubt(fmt.Sprintf("its files cannot be looked at: %s", e.Message))
	}
	return err
}
