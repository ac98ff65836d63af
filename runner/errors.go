package runner

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/regex"
	"elt/compiler/sqltoken"
	"elt/runner/duckdb"
	"elt/runner/engine"
	"elt/runner/state"
)

// sent is a statement as it went to the database, and what leads back from it.
type sent struct {
	sql   string
	back  offsets // to the statement with published names
	query int     // where the node's compiled SQL begins in that; -1 if nowhere
}

// fault says what a database error about a node's statement means for the person who
// wrote the node.
func (r *run) fault(ctx context.Context, n *nodeRun, s sent, err error) *diag.Diagnostic {
	var d *diag.Diagnostic
	if errors.As(err, &d) {
		return d
	}
	var e *engine.Error
	if !errors.As(err, &e) {
		return &diag.Diagnostic{Code: diag.Database, Message: r.publicText(err.Error()), Place: n.node.Place, Node: n.node.UniqueID, Err: err}
	}
	d = &diag.Diagnostic{
		Code: codeOf(e), Message: r.publicText(e.Message), Place: n.node.Place,
		Node: n.node.UniqueID, Err: err, Hint: r.hintOf(e),
	}
	if d.Hint == "" && missingColumn().MatchString(e.Message) {
		d.Hint = didYouMean(e.Name, r.parentColumns(ctx, n))
	}
	if hint, _ := r.tableMeant(s.sql, e); hint != "" {
		d.Hint = hint
	}
	r.pinpoint(d, n, s, e)
	switch {
	case r.isOwnFile(e.File):
		d.Code = diag.Database
	case e.File != "":
		r.blameFile(ctx, d, n, e)
		r.placeFile(d, n, e)
	}
	switch node := r.notBuilt(n, e); {
	case node == nil:
	case node.IsFunction() && node != n.node:
		d.Message = fmt.Sprintf("model %q is a table function, and is not called", node.Name)
		d.Hint = fmt.Sprintf("write {{ ref('%s') }}(%s)", node.Name, strings.Join(node.Parameters(), ", "))
	default:
		d.Message = fmt.Sprintf("%s %q is not built yet", node.Type, node.Name)
		d.Hint = fmt.Sprintf("elt build -s %s builds it", node.Name)
		if node == n.node {
			d.Message = fmt.Sprintf("%s %q reads itself, and is not built yet", node.Type, node.Name)
			d.Hint = "read the table as it is published with {{ this }}, inside {% if is_incremental() %}"
		}
	}
	return d
}

// tableMeant is what a query probably meant by a table that does not exist, as
// [compiler.Plan.TableMeant] tells it.
func (r *run) tableMeant(sql string, e *engine.Error) (hint string, certain bool) {
	m := missingTable().FindStringSubmatch(e.Message)
	if e.Kind != engine.Catalog || m == nil {
		return "", false
	}
	schema, table, _ := cutLast(m[1], ".")
	for _, chain := range sqltoken.Chains(sql) {
		if e.Position < chain.Span.Start || chain.Span.End <= e.Position {
			continue
		}
		table = chain.Name()
		if n := len(chain.Parts); n > 1 {
			schema = chain.Parts[n-2].Name
		}
	}
	return r.plan.TableMeant(schema, table)
}

// missingColumn is an error for which DuckDB proposes nothing where the column is missed
// in a view.
var missingColumn = regex.Lazy(`^table ".+" has no column `)

func didYouMean(name string, candidates []string) string {
	if meant := diag.Suggest(name, candidates); meant != "" {
		return fmt.Sprintf("did you mean %q?", meant)
	}
	return ""
}

// parentColumns are the columns of what a node reads, as far as they can be found out.
func (r *run) parentColumns(ctx context.Context, n *nodeRun) []string {
	session, err := r.db.Session(ctx)
	if err != nil {
		return nil
	}
	defer session.Close()
	var names []string
	for _, id := range n.node.DependsOn {
		parent := r.plan.Nodes[id]
		if parent == nil || parent.Relation.Identifier == "" {
			continue
		}
		rel := r.names.full(parent.Relation)
		if shadow, ok := r.names.shadow(rel.Key()); ok {
			rel = shadow
		}
		columns, _ := describe(ctx, session, rel) // a hint only: without columns there is none
		for _, c := range columns {
			names = append(names, c.Name)
		}
	}
	return names
}

// notBuilt is the node whose relation a statement misses, if that is what is wrong.
func (r *run) notBuilt(n *nodeRun, e *engine.Error) *project.Node {
	if e.Kind != engine.Catalog || e.Name == "" && e.Subtype != "" || r.published == nil {
		return nil
	}
	_, name, _ := cutLast(e.Name, ".")
	if e.Name == "" { // of a schema that does not exist either
		if m := missingTable().FindStringSubmatch(e.Message); m != nil {
			_, name, _ = cutLast(m[1], ".")
		}
	}
	ids := append(r.readBy(n.node, nil), n.node.UniqueID)
	if n.node.UniqueID == "" { // an inline query may read anything
		ids = r.plan.Order
	}
	for _, id := range ids {
		node := r.plan.Nodes[id]
		if node == nil || node.Type == project.Source || name == "" || !strings.EqualFold(node.Relation.Identifier, name) {
			continue
		}
		if r.published.find(node.Relation) == nil {
			return node
		}
	}
	return nil
}

// readBy are the nodes that a node reads, by way of ephemeral models, too.
func (r *run) readBy(node *project.Node, out []string) []string {
	for _, id := range node.DependsOn {
		if parent := r.plan.Nodes[id]; parent != nil && parent.IsEphemeral() {
			out = r.readBy(parent, out)
		}
		out = append(out, id)
	}
	return out
}

var missingTable = regex.Lazy(`^table "(.+)" does not exist`)

// cutLast cuts a text around the last separator; a text without one is all after it.
func cutLast(text, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(text, sep); i >= 0 {
		return text[:i], text[i+len(sep):], true
	}
	return "", text, false
}

// codeOf tells mistakes in SQL from bad data and from a database that cannot go on.
func codeOf(e *engine.Error) diag.Code {
	switch e.Kind {
	case engine.Parser, engine.Binder, engine.Catalog:
		return diag.SQL
	case engine.Conversion, engine.Constraint:
		return diag.Data
	case engine.IO, engine.OutOfMemory, engine.Transaction:
		return diag.Database
	}
	return diag.SQL
}

// hintOf turns DuckDB's candidates and kinds into advice.
func (r *run) hintOf(e *engine.Error) string {
	var candidates []string
	for _, c := range e.Candidates {
		if c = r.publicText(c); !strings.Contains(c, notPublished) && !strings.Contains(c, state.CandidatePrefix) {
			candidates = append(candidates, c) // not a name of elt's own statements
		}
	}
	meant := didYouMean(e.Name, candidates)
	switch {
	case meant != "":
		return meant
	case e.Hint != "":
		return r.publicText(e.Hint)
	case e.Kind == engine.Catalog: // what DuckDB proposes is far from it, mostly its own tables
		return ""
	case len(candidates) == 1:
		return fmt.Sprintf("the nearest name is %q", candidates[0])
	case len(candidates) > 1:
		quoted := make([]string, len(candidates))
		for i, c := range candidates {
			quoted[i] = fmt.Sprintf("%q", c)
		}
		return "the nearest names are " + strings.Join(quoted, ", ")
	case e.Kind == engine.OutOfMemory:
		return "give DuckDB more memory (settings: memory_limit), a temp_directory with room, or fewer threads"
	case isFull(e.Message):
		return roomHint
	}
	return ""
}

func lowerFirst(s string) string {
	if len(s) > 1 && 'A' <= s[0] && s[0] <= 'Z' && !('A' <= s[1] && s[1] <= 'Z') {
		return strings.ToLower(s[:1]) + s[1:]
	}
	return s
}

// isOwnFile reports whether a file is the target's database or lies beside it: its log,
// its temporary files. Such a file is never opened to look at it: closing it again would
// drop DuckDB's lock.
func (r *run) isOwnFile(file string) bool {
	path := r.plan.Project.Target.Path
	return file != "" && isFile(path) && strings.HasPrefix(filepath.ToSlash(file), filepath.ToSlash(path))
}

// roomHint is what to do on a full disk.
const roomHint = "make room on the disk and run again; what was published is as it was"

// isFull reports whether the system had no room, or gave none.
func isFull(message string) bool {
	message = strings.ToLower(message)
	return slices.ContainsFunc([]string{"no space left", "file too large", "quota exceeded"}, func(words string) bool {
		return strings.Contains(message, words)
	})
}

// writeFault says why the database, which could be opened, cannot be written: a folder
// that is read-only has no place for DuckDB's log.
func (r *run) writeFault(err error) error {
	var e *engine.Error
	if !errors.As(err, &e) || !r.isOwnFile(e.File) {
		return err
	}
	for _, words := range []string{"Permission denied", "Read-only file system", "Operation not permitted"} {
		if strings.Contains(e.Message, words) {
			return openFault(&duckdb.OpenError{Kind: duckdb.ReadOnly, Path: r.plan.Project.Target.Path, Err: err})
		}
	}
	return &diag.Diagnostic{Code: diag.Database, Message: lowerFirst(e.Message), Hint: r.hintOf(e), Err: err}
}

// openFault says why the target's database cannot be opened.
func openFault(err error) error {
	if errors.Is(err, context.Canceled) {
		return ErrInterrupted
	}
	var setup *duckdb.SetupError
	if errors.As(err, &setup) {
		return &diag.Diagnostic{Code: diag.Database, Message: fmt.Sprintf("%s %q cannot be set up: %s", setup.What, setup.Name, setupWords(setup)), Err: err}
	}
	var open *duckdb.OpenError
	if !errors.As(err, &open) {
		return &diag.Diagnostic{Code: diag.Database, Message: err.Error(), Err: err}
	}
	message, hint := openWords(open)
	return &diag.Diagnostic{Code: diag.Database, Message: message, Hint: hint, Err: err}
}

// targetFault is [openFault] with the place in the target's file, and the name that was
// probably meant.
func targetFault(target *project.Target, err error) error {
	fault := openFault(err)
	var d *diag.Diagnostic
	var setup *duckdb.SetupError
	if !errors.As(fault, &d) || !errors.As(err, &setup) {
		return fault
	}
	d.Place = target.PlaceOf(setup.What, setup.Name)
	var e *engine.Error
	switch {
	case d.Hint != "":
	case setup.What == "extension":
		d.Hint = didYouMean(setup.Name, coreExtensions())
	case errors.As(err, &e):
		d.Hint = didYouMean(setup.Name, e.Candidates)
	}
	return d
}

// coreExtensions are the extensions of DuckDB's own repository, by its documentation.
func coreExtensions() []string {
	return []string{
		"autocomplete", "avro", "aws", "azure", "delta", "ducklake", "encodings", "excel", "fts", "httpfs", "iceberg", "icu", "inet",
		"json", "motherduck", "mysql", "parquet", "postgres", "spatial", "sqlite", "tpcds", "tpch", "ui", "unity_catalog", "vortex", "vss",
	}
}

// setupWords is what is wrong with something that the target sets up.
func setupWords(e *duckdb.SetupError) string {
	var open *duckdb.OpenError
	if errors.As(e.Err, &open) {
		if open.Kind == duckdb.Locked {
			words, _ := openWords(open)
			return words
		}
		return fmt.Sprintf("%q: %s", open.Path, open.Message)
	}
	var told *engine.Error
	if errors.As(e.Err, &told) && told.Kind == engine.Other {
		return told.Message
	}
	return e.Err.Error()
}

// openWords is what is wrong with a database file, and what to do.
func openWords(e *duckdb.OpenError) (message, hint string) {
	switch e.Kind {
	case duckdb.Locked:
		holder := "another process"
		if e.PID > 0 {
			holder = fmt.Sprintf("process %d", e.PID)
			if e.Command != "" {
				holder += fmt.Sprintf(" (%s)", e.Command)
			}
		}
		return fmt.Sprintf("database %q is locked by %s", e.Path, holder),
			"close it there, or wait for it with --wait 30s"
	case duckdb.NotDatabase:
		return fmt.Sprintf("file %q is not a DuckDB database", e.Path), "point the target's path at another file, or move this one away"
	case duckdb.Folder:
		return fmt.Sprintf("%q is a folder, not a DuckDB database", e.Path), "give the target's path a file, such as one in that folder"
	case duckdb.Newer:
		version := "a newer DuckDB"
		if e.Version != "" {
			version = "DuckDB " + e.Version
		}
		return fmt.Sprintf("database %q was written by %s, which this elt cannot read", e.Path, version),
			"use a newer elt, or export the database with the DuckDB that wrote it"
	case duckdb.ReadOnly:
		return fmt.Sprintf("database %q cannot be written: the file or its folder is read-only", e.Path), "change its permissions, or point the target's path elsewhere"
	case duckdb.Missing:
		return fmt.Sprintf("database %q cannot be opened: its folder does not exist", e.Path), "create the folder, or look at the target's path"
	case duckdb.Recovery:
		return fmt.Sprintf("database %q was not closed properly and must be opened for writing once", e.Path), "run elt clean where the file and its folder can be written"
	case duckdb.Unkeepable:
		return fmt.Sprintf("database %q cannot be kept there: DuckDB takes what follows a \"?\" in its path for options", e.Path),
			"rename the file or folder that has it in its name, or point the target's path elsewhere"
	case duckdb.Permission:
		return fmt.Sprintf("database %q may not be read", e.Path), "change its permissions"
	case duckdb.Full:
		return fmt.Sprintf("database %q cannot be opened, for its log cannot be written into it: %s", e.Path, lowerFirst(e.Message)), roomHint
	case duckdb.Corrupt:
		return fmt.Sprintf("database %q is damaged: %s", e.Path, e.Message), "restore it from a copy, or move it away and build again"
	}
	return fmt.Sprintf("database %q cannot be opened: %s", e.Path, e.Message), ""
}
