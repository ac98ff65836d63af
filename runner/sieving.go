package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
	"elt/runner/engine"
	"elt/runner/sieve"
)

// sieving is the work of sorting the rows of some files of a source.
type sieving struct {
	*run
	session  engine.Session
	contract sieve.Contract
	number   int // of its tables
	scans    int
	sieved   *sieved
	bad      []fileFailure // files that cannot be read at all
}

// fileGroup are files with the same columns, that are read by one statement.
type fileGroup struct {
	files  []lakeFile
	header []string
	lines  bool                // of JSON: an object a line
	src    *lakeSource         // as files of their format have it
	format *project.FileFormat // nil where the source declares none
	csv    csvDialect
}

// globs are the files as DuckDB's readers are given them.
func (g fileGroup) globs() []string {
	out := make([]string, len(g.files))
	for i, f := range g.files {
		out[i] = f.glob()
	}
	return out
}

// reading is what sieve needs to know.
func (w *sieving) reading(g fileGroup) sieve.Reading {
	r := sieve.Reading{Contract: w.contract, Files: g.globs(), Header: g.header, Into: w.sieved.table, Raw: sievedName(w.number, "_raw")}
	if g.format != nil {
		g.rename(&r, w.sieved.src.node)
	}
	return r
}

// load reads a group of files. One that stops the load is left out: the one that the error
// names, else those that cannot be read alone.
func (w *sieving) load(ctx context.Context, g fileGroup) error {
	for len(g.files) > 0 {
		err := w.loadOnce(ctx, g)
		var e *engine.Error
		if err == nil || ctx.Err() != nil || !errors.As(err, &e) {
			return err
		}
		if e.Kind == engine.Parser {
			return w.declared(err)
		}
		at := slices.IndexFunc(g.files, func(f lakeFile) bool { return f.path == e.File })
		switch {
		case at >= 0:
			w.leaveOut(g.files[at], err)
			g.files = slices.Delete(slices.Clone(g.files), at, at+1)
		case len(g.files) == 1:
			w.leaveOut(g.files[0], err)
			return nil
		default:
			for _, f := range g.files {
				one := g
				one.files = []lakeFile{f}
				if err := w.load(ctx, one); err != nil {
					return err
				}
			}
			return nil
		}
	}
	return nil
}

// leaveOut notes a file that cannot be read at all.
func (w *sieving) leaveOut(f lakeFile, err error) {
	var e *engine.Error
	message := err.Error()
	if errors.As(err, &e) {
		message, _, _ = strings.Cut(e.Message, "\n")
	}
	w.refuse(f, diag.New(diag.LakeFile, w.sieved.src.node.Place, "file %q cannot be read: %s", w.shownPath(f.path), lowerFirst(message)))
}

func (w *sieving) refuse(f lakeFile, d *diag.Diagnostic) {
	src := w.sieved.src
	d.Node = src.node.UniqueID
	delete(w.sieved.files, f.path)
	w.sieved.rejects = slices.DeleteFunc(w.sieved.rejects, func(r reject) bool { return r.path == f.path })
	w.bad = append(w.bad, fileFailure{file: intakeFile{lakeFile: f, name: w.shownPath(f.path)}, source: src.node.UniqueID, why: diag.List{d}})
}

// loadOnce reads a group of files by one statement.
func (w *sieving) loadOnce(ctx context.Context, g fileGroup) error {
	if w.sieved.src.node.Table.Format == "csv" {
		return w.loadCSV(ctx, g)
	}
	r, typed := w.reading(g), sievedName(w.number, "_typed")
	var raw, cast string
	switch {
	case w.sieved.src.node.Table.Format == "parquet":
		r.Options = g.src.options(parquetOwn)
		raw, cast = sieve.RawParquet(r), sieve.TypedParquet(r, typed)
	case g.lines:
		r.Options = g.src.options(linesOwn)
		raw, cast = sieve.RawLines(r), sieve.TypedJSON(r, typed)
	default:
		r.Options = g.src.options(jsonOwn)
		raw, cast = sieve.RawObjects(r), sieve.TypedJSON(r, typed)
	}
	for _, sql := range []string{raw, cast} {
		if _, err := w.session.Exec(ctx, sql); err != nil {
			return err
		}
	}
	broken, err := w.session.Query(ctx, sieve.TypedBad(typed, w.contract))
	if err != nil {
		return w.declared(err)
	}
	if _, err := w.session.Exec(ctx, sieve.KeepTyped(w.sieved.table, typed, w.contract)); err != nil {
		return err
	}
	for _, row := range broken.Rows {
		rej := reject{path: textOrNone(row[0]), column: textOrNone(row[2]), reason: textOrNone(row[3]), text: textOrNone(row[4]), offset: -1}
		rej.number, _ = row[1].(int64)
		rej.line = rej.number
		w.sieved.rejects = append(w.sieved.rejects, rej)
	}
	for _, rel := range []project.Relation{r.Raw, typed} {
		if _, err := w.session.Exec(ctx, "drop table "+rel.String()); err != nil {
			return err
		}
	}
	return nil
}

// loadCSV reads CSV files. What DuckDB rejects it keeps in temporary tables of the session.
func (w *sieving) loadCSV(ctx context.Context, g fileGroup) (err error) {
	r := w.reading(g)
	w.scans++
	r.Rejects = fmt.Sprintf("_elt_rejects_%d_%d", w.number, w.scans)
	r.Options = g.csv.sql() + g.src.options(csvOwn)
	defer func() {
		for _, sql := range sieve.DropCSVRejects(r) {
			_, dropped := w.session.Exec(context.WithoutCancel(ctx), sql)
			err = errors.Join(err, dropped)
		}
	}()
	if _, err := w.session.Exec(ctx, sieve.LoadCSV(r)); err != nil {
		return err
	}
	t, err := w.session.Query(ctx, sieve.CSVRejects(r))
	if err != nil {
		return err
	}
	for _, row := range t.Rows {
		rej := reject{path: textOrNone(row[0]), column: textOrNone(row[3]), reason: textOrNone(row[4]), text: strings.Trim(textOrNone(row[5]), "\r\n")}
		rej.offset, _ = row[1].(int64)
		rej.offset--
		rej.line, _ = row[2].(int64)
		w.sieved.rejects = append(w.sieved.rejects, rej)
	}
	return nil
}

func textOrNone(cell any) string {
	if cell == nil {
		return ""
	}
	return engine.Text(cell, "VARCHAR")
}

// Options that sieving sets itself.
var (
	csvOwn = []string{"delim", "sep", "quote", "escape", "header", "skip", "comment", "names", "column_names", "types", "dtypes", "column_types",
		"columns", "auto_detect", "sample_size", "all_varchar", "filename", "ignore_errors", "store_rejects", "rejects_table", "rejects_scan",
		"rejects_limit", "union_by_name", "normalize_names", "auto_type_candidates", "hive_types"}
	parquetOwn = []string{"filename", "file_row_number", "union_by_name"}
	jsonOwn    = []string{"filename", "columns", "auto_detect", "sample_size", "ignore_errors", "union_by_name", "dateformat", "timestampformat",
		"hive_partitioning", "hive_types", "maximum_depth", "records", "convert_strings_to_integers", "field_appearance_threshold", "map_inference_threshold"}
	linesOwn = append([]string{"format", "maximum_object_size"}, jsonOwn...)
)

// options are the source's reader options without some, as SQL.
func (src *lakeSource) options(without []string) string {
	var b strings.Builder
	for _, o := range src.node.Table.ReaderOptions() {
		if !slices.Contains(without, strings.ToLower(o.Name)) {
			b.WriteString(", " + o.Name + " = " + project.OptionLiteral(o.Value))
		}
	}
	if _, folders := src.node.FileTypes(); len(folders) > 0 && !slices.Contains(without, "hive_partitioning") {
		types := make([]sieve.Column, len(folders))
		for i, f := range folders {
			types[i] = sieve.Column{Name: f.Name, Type: fmt.Sprint(f.Value)}
		}
		if !src.hasOption("hive_partitioning") {
			b.WriteString(", hive_partitioning = true")
		}
		b.WriteString(", hive_types = " + sieve.Types(types))
	}
	return b.String()
}

// option is the text of one of the source's reader options, "" where it is not given.
func (src *lakeSource) option(names ...string) (template.Value, bool) {
	for _, o := range src.node.Table.ReaderOptions() {
		if slices.Contains(names, strings.ToLower(o.Name)) {
			return o.Value, true
		}
	}
	return nil, false
}

// ruleOf is the rule of a data test.
func ruleOf(test *project.TestInfo) (sieve.Rule, bool) {
	arg := func(name string) (template.Value, bool) {
		for _, item := range test.Kwargs.Items() {
			if item.Key == name && item.Value != nil {
				return item.Value, true
			}
		}
		return nil, false
	}
	switch test.Generic {
	case "not_null":
		return sieve.NotNull(test.Column), true
	case "accepted_values":
		values, _ := arg("values")
		list, ok := values.(*template.List)
		if !ok || len(list.Elems) == 0 {
			return sieve.Rule{}, false
		}
		quote, given := arg("quote")
		literals := make([]string, len(list.Elems))
		for i, v := range list.Elems {
			literals[i] = sieve.Literal(v, !given || template.Truth(quote))
		}
		return sieve.AcceptedValues(test.Column, literals), true
	case "accepted_range":
		var bounds [2]string
		for i, name := range []string{"min_value", "max_value"} {
			if v, ok := arg(name); ok {
				bounds[i] = sieve.Literal(v, false)
			}
		}
		inclusive, given := arg("inclusive")
		return sieve.Range(test.Column, bounds[0], bounds[1], !given || template.Truth(inclusive)), bounds[0]+bounds[1] != ""
	}
	return sieve.Rule{}, false
}
