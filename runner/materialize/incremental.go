package materialize

import (
	"fmt"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/runner/engine"
)

// The strategies of incremental models.
const (
	Append       = "append"
	DeleteInsert = "delete+insert"
	MergeInto    = "merge"
	// InsertOverwrite replaces the partitions that the delta has rows of.
	InsertOverwrite = "insert_overwrite"
	// ByFile takes each raw file in exactly once.
	ByFile = "by_file"
	// Microbatch replaces whole intervals of time, each rendered and run by itself.
	Microbatch = "microbatch"
)

// The values of on_schema_change.
const (
	IgnoreChanges = "ignore"
	FailOnChange  = "fail"
	AppendNew     = "append_new_columns"
	SyncAll       = "sync_all_columns"
)

// The values of on_duplicate_key.
const (
	FailOnDuplicate = "fail"
	KeepLatest      = "latest"
)

// Anew reports whether an incremental model is made from scratch: the first run, a
// full refresh, or a view where the table should be.
func (s *Spec) Anew(state State) bool { return s.FullRefresh || !state.IsTable() }

// beside is a second hidden relation next to the candidate.
func (s *Spec) beside(suffix string) project.Relation {
	rel := s.Candidate
	rel.Identifier += suffix
	return rel
}

// beginIncremental makes the whole relation, or the delta; of a microbatch model an empty
// one, which the caller fills batch by batch. The delta has the
// candidate's name unless a full copy is needed; then the copy has it.
func beginIncremental(spec *Spec, state State) (Write, error) {
	w := Write{Header: spec.Header, Made: spec.Candidate}
	w.Contract = spec.probe()
	rows := createRows
	if spec.Batches != nil {
		rows = createBatches
	}
	if spec.Anew(state) {
		w.Statements = rows(spec, spec.Candidate)
		return w, nil
	}
	w.Delta = true
	if spec.FullCopy {
		w.Before = createCopy(spec, spec.Candidate, state.Existing.Columns)
		w.Made = spec.beside("_delta")
	}
	w.Statements = rows(spec, w.Made)
	return w, nil
}

// createQuery is CREATE TABLE of the model's query.
func (s *Spec) createQuery(rel project.Relation) Statement {
	before, after := s.latest()
	return around(fmt.Sprintf("create table %s as (\n%s", rel, before), s.SQL, after+"\n)")
}

// latest is what stands around the query so that of rows with the same key only the
// latest stays; empty where that is not asked for.
func (s *Spec) latest() (before, after string) {
	if s.Materialized != Incremental || s.OnDuplicateKey != KeepLatest {
		return "", ""
	}
	keys := make([]string, 0, len(s.UniqueKey))
	for _, k := range s.mergeKeys() {
		if isQuoted(k) {
			k = sqltoken.Unquote(k)
		}
		keys = append(keys, project.QuoteIdent(k)) // merge has columns for keys, never expressions
	}
	// rank and distinct, not row_number: of rows that are equally late none is chosen
	// by chance. They are found by the check for duplicates.
	order := make([]string, len(s.OrderBy))
	for i, text := range s.OrderBy {
		order[i] = expression(text, nil) + " desc nulls last"
	}
	return "select distinct * from (\n", fmt.Sprintf("\n)\nqualify rank() over (partition by %s order by %s) = 1",
		strings.Join(keys, ", "), strings.Join(order, ", "))
}

// endIncremental settles what the delta does to the published table.
func endIncremental(spec *Spec, state State, columns []engine.Column) (Finish, error) {
	if !spec.Macro {
		if err := checkKeys(spec, columns); err != nil {
			return Finish{}, err
		}
	}
	if err := spec.CheckKeep(columns); err != nil {
		return Finish{}, err
	}
	if spec.Anew(state) {
		f, err := endTable(spec, state, columns)
		if err != nil {
			return Finish{}, err
		}
		f.Checks = append(f.Checks, strayFiles(spec, spec.Candidate)...)
		if spec.OnDuplicateKey != "" || spec.Strategy == MergeInto { // what the next run would stop at
			f.Checks = append(f.Checks, duplicateKeys(spec, spec.Candidate, columns)...)
		}
		return spec.expireMade(f, spec.Candidate, columns), nil
	}
	return endChange(spec, state, columns)
}

// endChange is endIncremental where there is a table.
func endChange(spec *Spec, state State, columns []engine.Column) (Finish, error) {
	delta := spec.Candidate
	if spec.FullCopy {
		delta = spec.beside("_delta")
	}
	c, err := newChange(spec, state, delta, columns)
	if err != nil {
		return Finish{}, err
	}
	f := Finish{Columns: c.target, Warnings: c.warnings, Checks: c.checks()}
	if spec.Strategy == MergeInto {
		f.Checks = append(duplicateKeys(spec, delta, columns), f.Checks...)
	}
	f.Checks = append(f.Checks, strayFiles(spec, delta)...)
	f = c.settle(f, state)
	if spec.Touched.Identifier != "" {
		f.Discard = append(f.Discard, "drop table "+spec.Touched.String())
	}
	return f, nil
}

// settle says how the delta is applied.
func (c *change) settle(f Finish, state State) Finish {
	if c.spec.FullCopy {
		return c.onCopy(f, c.spec.Candidate)
	}
	if len(c.alters(c.spec.Published)) > 0 && len(state.Indexes) > 0 {
		// DuckDB alters no table that has an index, and does not let an index be
		// dropped and created again by its name around changes in one transaction.
		return c.byCopy(f)
	}
	return c.inPlace(f)
}

// inPlace applies the delta to the published table inside the publish transaction.
func (c *change) inPlace(f Finish) Finish {
	f.Incremental = true
	f.AsView = c.asView()
	if c.spec.Snapshot == nil {
		f.Changes = c.changes()
	}
	f.Publish = append(c.alters(c.spec.Published), c.apply(c.spec.Published)...)
	f.Discard = []string{"drop table " + c.delta.String()}
	f = c.expireInPlace(f)
	f.Audit = uniqueInDelta(c, "(\n"+f.AsView+"\n)")
	return f
}

// onCopy applies the delta to the copy that was made before the pre-hooks, at once.
func (c *change) onCopy(f Finish, copied project.Relation) Finish {
	statements := c.alters(copied)
	if !c.spec.Macro {
		statements = append(statements, c.apply(copied)...)
	}
	for _, sql := range statements {
		f.Apply = append(f.Apply, Statement{SQL: sql, Query: -1})
	}
	f.Audit = uniqueInDelta(c, copied.String())
	f.Changes = c.copyChanges(copied.String())
	f.Publish = c.swapFor(copied)
	f.Indexes = c.recreateIndexes()
	f.Discard = []string{"drop table " + c.delta.String()}
	return c.spec.expireMade(f, copied, c.target)
}

// byCopy makes the copy now: whether it is needed shows only in the delta's columns.
func (c *change) byCopy(f Finish) Finish {
	copied := c.spec.beside("_whole")
	f = c.onCopy(f, copied)
	f.Apply = append(createCopy(c.spec, copied, c.old), f.Apply...)
	f.AsView = "select * from " + copied.String()
	return f
}

func (c *change) swapFor(copied project.Relation) []string {
	return []string{
		"drop table " + c.spec.Published.String(),
		fmt.Sprintf("alter table %s rename to %s", copied, project.QuoteIdent(c.spec.Published.Identifier)),
	}
}

// duplicateKeys is the check that no key occurs twice in what is merged: DuckDB's
// MERGE would take one of the rows, nobody knows which.
func duplicateKeys(spec *Spec, rel project.Relation, columns []engine.Column) []Check {
	keys := spec.mergeKeys()
	if len(keys) == 0 || spec.AsDBT && spec.OnDuplicateKey == "" {
		return nil
	}
	exprs := make([]string, len(keys))
	for i, k := range keys {
		exprs[i] = expression(k, columns)
	}
	list := strings.Join(exprs, ", ")
	hint := `make the key unique in the query, or keep one row with on_duplicate_key: latest and order_by`
	if spec.OnDuplicateKey == KeepLatest {
		hint = `rows of one key are equally late: order them by a column that tells them apart in order_by`
	}
	return []Check{{
		SQL: fmt.Sprintf("select %s, count(*) as \"rows\"\nfrom %s\ngroup by %s\nhaving count(*) > 1\norder by \"rows\" desc, %s",
			list, rel, list, list),
		Code:    diag.DuplicateKey,
		Message: fmt.Sprintf("the unique key (%s) occurs more than once in the new rows of %q", strings.Join(keys, ", "), spec.Published.Identifier),
		Hint:    hint,
		Place:   spec.place("unique_key"),
	}}
}
