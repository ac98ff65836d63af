package materialize

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
	"elt/runner/engine"
)

// Grows reports whether the model is external and a build adds files to those that are
// there (append), or replaces the partitions that the new rows have (insert_overwrite).
func (s *Spec) Grows() bool { return s.External != nil && s.Strategy != "" }

// grows reads what only external models have that grow. The words are those of
// incremental models. Any other strategy has no effect, as under dbt-duckdb.
func (r *reader) grows(spec *Spec, options *template.Dict) {
	x := spec.External
	switch strategy := r.text("incremental_strategy"); strategy {
	case "":
		return
	case Append, InsertOverwrite:
		spec.Strategy = strategy
	default:
		r.warn("incremental_strategy", "%s has no effect on an external model: it is written anew as a whole", strategy).
			WithHint("files can be added with append, and whole partitions replaced with insert_overwrite")
		return
	}
	if x.Remote && strings.HasPrefix(x.Location, "http") {
		r.refuse("incremental_strategy", "%s needs a file system or object storage: files at %q cannot be added to", spec.Strategy, x.Location).
			WithHint("keep the rows in an incremental model, and write that as a whole")
		return
	}
	x.Versioned = x.Remote
	if len(x.PartitionBy) == 0 {
		x.Folder = true
		if spec.Strategy == InsertOverwrite {
			r.refuse("incremental_strategy", "insert_overwrite does not know what a partition is").
				WithHint("name the columns that become folders, as in partition_by: day")
		}
	}
	if spec.Strategy == Append && project.FormatOf(x.Location) != "" && r.text("location") != "" {
		r.misplaced("location", "append adds a file at each build, so %q has to be a folder", x.Location).
			WithHint("leave the ending out, and say format: %s", x.Format)
	}
	if _, given := options.Get("filename_pattern"); given {
		r.refuse("options", "%q does not go with %s", "filename_pattern", spec.Strategy).
			WithHint("take it out: elt names the files, so that no two builds use one name")
	}
	spec.OnSchemaChange = r.choice("on_schema_change", IgnoreChanges, IgnoreChanges, FailOnChange, AppendNew, SyncAll)
	if spec.OnSchemaChange == AppendNew || spec.OnSchemaChange == SyncAll {
		r.refuse("on_schema_change", "the columns of files that are there cannot be changed, so %s is not to be had", spec.OnSchemaChange).
			WithHint("use ignore or fail; a full refresh writes all files anew")
	}
}

// isTree reports whether COPY makes a folder by itself.
func (x *ExternalSpec) isTree() bool {
	return len(x.PartitionBy) > 0 || strings.Contains(x.Options, "per_thread_output") || strings.Contains(x.Options, "file_size_bytes")
}

// Fresh is the folder or file in which all that a build writes is found, before what is
// there already is put beside it.
func (x *ExternalSpec) Fresh() string {
	if x.Known != nil && !x.Versioned {
		return x.Hidden + ".new"
	}
	return x.Hidden
}

// Show is the statement that publishes the view over the files.
func (x *ExternalSpec) Show(published project.Relation, columns []engine.Column) string {
	return fmt.Sprintf("create or replace view %s as (\n%s\n)", published, x.read(x.published(), columns))
}

// Written is what COPY writes to: [ExternalSpec.Fresh], or a file in it.
func (x *ExternalSpec) Written() string {
	if x.Token != "" && !x.isTree() {
		return x.Fresh() + "/" + x.Token + "." + x.Format
	}
	if x.Versioned && !x.isTree() {
		return x.Hidden + "/data_0." + x.Format
	}
	return x.Fresh()
}

// Partition is the folder in which a file of the model's lies, without that of the build on object
// storage; "." where that is the model's own.
func (x *ExternalSpec) Partition(file string) string {
	if x.Versioned {
		_, file, _ = strings.Cut(file, "/")
	}
	return path.Dir(file)
}

// Reads reports whether the model's view reads a file of its folder, of the model's format: one that
// lies in a folder for each column of partition_by, such as "day=2024-01-01/a.csv". What such folders
// are called can be said otherwise in the options of COPY.
func (x *ExternalSpec) Reads(file string) bool {
	folders := strings.Split(path.Join(x.Partition(file), path.Base(file)), "/")
	if folders = folders[:len(folders)-1]; len(folders) != len(x.PartitionBy) {
		return false
	}
	for i, folder := range folders {
		key, _, named := strings.Cut(folder, "=")
		if column, _ := columnName(x.PartitionBy[i], nil); named && !strings.EqualFold(key, column) {
			return false
		}
	}
	return true
}

// growExternal writes the new rows only, with the columns and types of the files that are
// there, whatever order the query has them in.
func (w *Write) growExternal(spec *Spec) error {
	x := spec.External
	source, items := x.Columns, make([]string, len(x.Known))
	onlyNew, onlyOld := missingFrom(x.Known, source), missingFrom(source, x.Known)
	retyped := retypedIn(source, x.Known)
	if len(onlyOld) > 0 || spec.OnSchemaChange == FailOnChange && len(onlyNew)+len(retyped) > 0 {
		return spec.otherColumns(onlyNew, onlyOld, retyped)
	}
	if len(onlyNew) > 0 {
		d := diag.Warn(diag.SchemaChange, spec.place("on_schema_change"),
			"the query of %q returns %s, which its files do not have", spec.Published.Identifier, columnNames(onlyNew))
		d.Node = spec.Node
		d.Hint = "it is left out; a full refresh writes all files anew, with it"
		x.warnings = append(x.warnings, d)
	}
	for i, c := range x.Known {
		name := project.QuoteIdent(c.Name)
		items[i] = name
		if slices.ContainsFunc(retyped, func(t engine.Column) bool { return strings.EqualFold(t.Name, c.Name) }) {
			items[i] = x.castItem(source, c)
		}
	}
	w.Statements = []Statement{around("copy (select "+strings.Join(items, ", ")+" from (\n", spec.SQL,
		fmt.Sprintf("\n)) to %s (%s)", project.QuoteString(x.Written()), x.copyOptions()))}
	return nil
}

// castItem casts a column of the query to the type it has in the files. A value that the
// cast would round is an error, as in an incremental table.
func (x *ExternalSpec) castItem(source []engine.Column, to engine.Column) string {
	name := project.QuoteIdent(to.Name)
	cast := fmt.Sprintf("cast(%s as %s)", name, to.Type)
	from, _ := find(source, to.Name)
	if lost := rounded(name, from.Type, to.Type); lost != "" {
		text := fmt.Sprintf("new rows hold %s values of column %q that its type in the files, %s, would round, such as ", from.Type, to.Name, to.Type)
		cast = fmt.Sprintf("case when %s then error(%s || %s) else %s end", lost, project.QuoteString(text), name, cast)
	}
	return cast + " as " + name
}

// External settles the statements once the columns of the query are known.
func (w *Write) External(spec *Spec, columns []engine.Column) error {
	spec.External.Columns = columns
	if err := spec.CheckKeep(columns); err != nil {
		return err
	}
	if spec.External.Known == nil {
		return nil
	}
	return w.growExternal(spec)
}

// otherColumns is the error for a query whose rows do not go with the files that are there.
func (s *Spec) otherColumns(onlyNew, onlyOld, retyped []engine.Column) error {
	d := diag.New(diag.SchemaChange, s.place("on_schema_change"),
		"the columns of %q differ from those of its files", s.Published.Identifier)
	d.Node = s.Node
	if len(onlyNew) > 0 {
		d.WithNote(diag.Place{}, "only in the query: %s", columnNames(onlyNew))
	}
	if len(onlyOld) > 0 {
		d.WithNote(diag.Place{}, "only in the files: %s", columnNames(onlyOld))
	}
	for _, col := range retyped {
		was, _ := find(s.External.Known, col.Name)
		d.WithNote(diag.Place{}, "%q is %s in the query and %s in the files", col.Name, col.Type, was.Type)
	}
	d.Hint = "write all files anew with --full-refresh"
	return diag.List{d}
}
