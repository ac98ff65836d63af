package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/runner/duckdb"
	"elt/runner/engine"
	"elt/runner/sieve"
)

// quarantine holds the sieved rows of sources that keep bad rows apart. Such a source is
// read once a run with all its columns, into a table of the run's own in-memory database,
// whoever reads it: DuckDB rejects rows by the columns that a query asks for, so that two
// models would have other rows of one file.
type quarantine struct {
	mu    sync.Mutex
	whole map[string]*sieved // by unique_id of the source
	next  int                // number of the next table
}

// sieved is what came of sorting the rows of some files.
type sieved struct {
	src     *lakeSource
	table   project.Relation // good rows: the declared columns and the file
	files   map[string]*sievedFile
	rejects []reject
	err     error
}

// sievedFile counts the rows of a file.
type sievedFile struct{ read, loaded, rejected int64 }

// reject is a row that is kept apart.
type reject struct {
	path         string // absolute
	line         int64  // on which it begins, from 1; of Parquet and JSON arrays the number of the row; 0 where it is not known
	column       string
	reason, text string

	offset int64 // where DuckDB says that it begins, from 0; -1 where it does not
	number int64 // among the rows of the file that could be read; 0 where it could not
}

// counts are the rows of all files.
func (s *sieved) counts() (c sievedFile) {
	for _, f := range s.files {
		c.read, c.loaded, c.rejected = c.read+f.read, c.loaded+f.loaded, c.rejected+f.rejected
	}
	return c
}

// from is the FROM item of the good rows.
func (s *sieved) from() string {
	return fmt.Sprintf("(select * exclude (%s) from %s)", sieve.FileColumn, s.table)
}

// sieveNamed sieves the sources that a statement names and that keep bad rows apart, each
// once a run, and looks at the files of sources with formats. What a by_file model takes in
// is sieved and looked at when it is inspected.
func (r *run) sieveNamed(ctx context.Context, n *nodeRun, sql string) error {
	if r.lake == nil {
		return nil
	}
	for _, src := range r.lake.byLength() {
		if !src.node.Quarantines() && !src.formatted() || !strings.Contains(sql, src.text) {
			continue
		}
		if n != nil && n.takesByFile(src.node.UniqueID) && (!r.readOnly || !src.node.Quarantines()) {
			continue
		}
		if !src.node.Quarantines() {
			if err := r.holdToFormats(ctx, src); err != nil {
				return err
			}
			continue
		}
		if _, err := r.sieveWhole(ctx, src); err != nil {
			return err
		}
	}
	return nil
}

// sieveWhole sieves all files of a source.
func (r *run) sieveWhole(ctx context.Context, src *lakeSource) (*sieved, error) {
	r.quarantine.mu.Lock()
	defer r.quarantine.mu.Unlock()
	id := src.node.UniqueID
	if s := r.quarantine.whole[id]; s != nil {
		return s, s.err
	}
	session, err := r.sessions.get(ctx)
	if err != nil {
		return nil, err
	}
	defer r.sessions.put(session)
	files := src.files
	if len(files) == 0 { // where files are not pinned
		found, err := r.lake.open(ctx, session, src.node, src.text)
		if err != nil {
			return nil, err
		}
		files = found.files
	}
	s, bad, err := r.sieve(ctx, session, src, files)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err == nil && len(bad) > 0 {
		var list diag.List
		for _, f := range bad {
			list = append(list, f.why...)
		}
		err = list
	}
	if err == nil {
		err = s.allowed()
	}
	if s == nil {
		s = &sieved{src: src}
	}
	s.err = err
	r.quarantine.whole[id] = s
	return s, err
}

// sievedSources are the sources sieved whole, by unique_id.
func (r *run) sievedSources() map[string]*sieved {
	r.quarantine.mu.Lock()
	defer r.quarantine.mu.Unlock()
	out := make(map[string]*sieved, len(r.quarantine.whole))
	for id, s := range r.quarantine.whole {
		if s.err == nil {
			out[id] = s
		}
	}
	return out
}

// allowed is max_rejects.
func (s *sieved) allowed() error {
	c, limit := s.counts(), s.src.node.Table.MaxRejects
	if limit.Allows(c.rejected, c.read) {
		return nil
	}
	d := diag.New(diag.Rejects, limit.Place, "%d of %d rows of source %q cannot be used, and at most %s may be", c.rejected, c.read, sourceName(s.src.node), limit.Text)
	d.Node = s.src.node.UniqueID
	for _, rej := range s.rejects[:min(len(s.rejects), shownRejects)] {
		d.WithNote(diag.Place{}, "%s: %s", rej.where(s.src), rej.reason)
	}
	if left := len(s.rejects) - shownRejects; left > 0 {
		d.WithNote(diag.Place{}, "and %d more", left)
	}
	return diag.List{d.WithHint("mend the files, or raise max_rejects")}
}

// shownRejects is how many rejects a message names.
const shownRejects = 5

// where is the place of a reject, for messages.
func (rej reject) where(src *lakeSource) string {
	at := src.shown(rej.path)
	if rej.line > 0 {
		at += fmt.Sprintf(":%d", rej.line)
	}
	return at
}

// shown is a file's path relative to the project where it is inside.
func (src *lakeSource) shown(path string) string { return strings.TrimPrefix(path, src.root+"/") }

// sievedName is a table of the run's own in-memory database.
func sievedName(number int, suffix string) project.Relation {
	return project.Relation{Database: duckdb.ShadowDatabase, Schema: "_elt_sieved", Identifier: fmt.Sprintf("s%d%s", number, suffix)}
}

// sieve sorts the rows of files. Files that cannot be read at all are left out and
// returned. The caller holds the mutex of the quarantine.
func (r *run) sieve(ctx context.Context, session engine.Session, src *lakeSource, files []lakeFile) (*sieved, []fileFailure, error) {
	r.quarantine.next++
	w := &sieving{run: r, session: session, contract: r.contractOf(src.node), number: r.quarantine.next,
		sieved: &sieved{src: src, table: sievedName(r.quarantine.next, ""), files: map[string]*sievedFile{}}}
	schema := project.QuoteIdent(duckdb.ShadowDatabase) + "." + project.QuoteIdent(w.sieved.table.Schema)
	for _, sql := range []string{"create schema if not exists " + schema, sieve.CreateSieved(w.sieved.table, w.contract)} {
		if _, err := session.Exec(ctx, sql); err != nil {
			return nil, nil, w.declared(err)
		}
	}
	for _, f := range files {
		w.sieved.files[f.path] = &sievedFile{}
	}
	groups, err := w.groups(ctx, files)
	if err != nil {
		return nil, nil, err
	}
	for _, g := range groups {
		if err := w.load(ctx, g); err != nil {
			return nil, nil, err
		}
	}
	if err := w.settle(ctx); err != nil {
		return nil, nil, err
	}
	return w.sieved, w.bad, nil
}

// declared is an error about the declared columns.
func (w *sieving) declared(err error) error {
	var e *engine.Error
	if !errors.As(err, &e) {
		return err
	}
	d := diag.New(diag.Rejects, w.sieved.src.node.Place, "the rows of source %q cannot be held against its declared columns: %s", sourceName(w.sieved.src.node), e.Message)
	d.Node = w.sieved.src.node.UniqueID
	return diag.List{d}
}

// contractOf is what the rows of a source must be like: the declared types, constraints of
// columns, and the data tests of columns that say something about one row.
func (r *run) contractOf(node *project.Node) sieve.Contract {
	var c sieve.Contract
	files, folders := node.FileTypes()
	for _, t := range files {
		c.Columns = append(c.Columns, sieve.Column{Name: t.Name, Type: fmt.Sprint(t.Value)})
	}
	for _, t := range folders {
		c.Folders = append(c.Folders, sieve.Column{Name: t.Name, Type: fmt.Sprint(t.Value)})
	}
	for _, col := range node.Columns {
		for _, con := range col.Constraints {
			switch con.Type {
			case "not_null":
				c.Rules = append(c.Rules, sieve.NotNull(col.Name))
			case "check":
				c.Rules = append(c.Rules, sieve.Check(col.Name, con.Expression))
			}
		}
	}
	for _, id := range r.plan.Order {
		test := r.plan.Nodes[id]
		if test.Type == project.Test && test.Test.Attached == node.UniqueID && isRowRule(test) {
			if rule, ok := ruleOf(test.Test); ok {
				c.Rules = append(c.Rules, rule)
			}
		}
	}
	return c
}

// isRowRule reports whether a data test says what every row must be like: one that warns,
// looks at some rows or allows some is left a test.
func isRowRule(test *project.Node) bool {
	for key, usual := range map[string]string{"where": "", "warn_if": "!= 0", "error_if": "!= 0", "fail_calc": "count(*)"} {
		if test.Config.String(key, usual) != usual {
			return false
		}
	}
	return test.Test.Column != "" && !strings.EqualFold(test.Config.String("severity", "error"), "warn")
}

// sourceColumns are the declared columns of a source that keeps bad rows apart, by which
// its rows are read whatever files there are.
func (r *run) sourceColumns(node *project.Node) []engine.Column {
	var out []engine.Column
	for _, c := range r.contractOf(node).All() {
		out = append(out, engine.Column{Name: c.Name, Type: c.Type})
	}
	return out
}

// editsSieved is editsFor after the sources it names were sieved.
func (r *run) editsSieved(ctx context.Context, n *nodeRun, sql string) ([]sqltoken.Edit, error) {
	if err := r.sieveNamed(ctx, n, sql); err != nil {
		return nil, err
	}
	if err := r.takenFor(ctx, n); err != nil {
		return nil, err
	}
	return r.editsFor(n, sql), nil
}

// sievedOf returns what was sieved of a source whole, nil where nothing was.
func (r *run) sievedOf(id string) *sieved {
	r.quarantine.mu.Lock()
	defer r.quarantine.mu.Unlock()
	if s := r.quarantine.whole[id]; s != nil && s.err == nil {
		return s
	}
	return nil
}

// rejectedOf counts the rows that were kept apart of the sources a node reads, of those it
// takes in by file only of what it has taken in.
func (r *run) rejectedOf(n *nodeRun) int64 {
	total := int64(0)
	add := func(s *sieved) {
		if s != nil {
			total += s.counts().rejected
		}
	}
	if n.intake != nil {
		for _, si := range n.intake.sources {
			add(si.sieved)
		}
	}
	for _, id := range r.directSources(n.node) {
		if !n.takesByFile(id) && n.node.Type != project.Test {
			add(r.sievedOf(id))
		}
	}
	return total
}

// directSources are the sources a node reads, also through ephemeral models.
func (r *run) directSources(node *project.Node) []string {
	var out []string
	seen := map[string]bool{}
	for todo := slices.Clone(node.DependsOn); len(todo) > 0; todo = todo[1:] {
		parent := r.plan.Nodes[todo[0]]
		if parent == nil || seen[parent.UniqueID] {
			continue
		}
		seen[parent.UniqueID] = true
		if parent.IsEphemeral() {
			todo = append(todo, parent.DependsOn...)
		}
		if parent.Quarantines() {
			out = append(out, parent.UniqueID)
		}
	}
	return out
}
