package materialize

import (
	"fmt"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner/engine"
)

// A snapshot's first candidate is the whole table. Later ones hold changes, a row each:
// what kind of change (changeColumn), and the columns of the query and of the snapshot.
// A row "insert" is a new version, "update" and "delete" give the version named by its
// dbt_scd_id an end. The columns, their order and the hashes are dbt's, so that a table
// which dbt has begun goes on under elt, and the other way round.
const changeColumn = "dbt_change_type"

// keyColumn is what the n-th part of the unique key is called within a statement.
func keyColumn(n int) string { return fmt.Sprintf("_elt_key_%d", n+1) }

// beginSnapshot says that the columns of the query are needed first.
func beginSnapshot(spec *Spec, state State) (Write, error) {
	w := Write{Header: spec.Header, Made: spec.Candidate}
	if state.Existing != nil && !state.IsTable() {
		d := diag.New(diag.SnapshotConfig, spec.Place, "%q is a view where the table of the snapshot should be", spec.Published.Identifier)
		d.Node, d.Hint = spec.Node, "drop the view, or give the snapshot another alias or schema"
		return Write{}, diag.List{d}
	}
	if state.Existing != nil {
		if err := spec.checkSnapshotTable(state.Existing.Columns); err != nil {
			return Write{}, err
		}
	}
	w.Delta = state.Existing != nil
	if w.Delta && spec.FullCopy {
		w.Before = createCopy(spec, spec.Candidate, state.Existing.Columns)
		w.Made = spec.beside("_delta")
	}
	probe := around("", spec.SQL, "")
	w.Probe = &probe
	return w, nil
}

// Snapshot returns the statements that make a snapshot's candidate; query holds the
// columns of [Write.Probe].
func (w Write) Snapshot(spec *Spec, state State, query []engine.Column) ([]Statement, error) {
	if err := spec.checkSnapshotQuery(query); err != nil {
		return nil, err
	}
	if !w.Delta {
		return []Statement{spec.snapshotTable()}, nil
	}
	return []Statement{spec.snapshotChanges(w.Made, state, query)}, nil
}

// checkSnapshotTable reports a published table that is no snapshot.
func (s *Spec) checkSnapshotTable(columns []engine.Column) error {
	needed := []string{s.Snapshot.Columns.ScdID, s.Snapshot.Columns.ValidFrom, s.Snapshot.Columns.ValidTo}
	if s.Snapshot.HardDeletes == RecordDeletes {
		needed = append(needed, s.Snapshot.Columns.IsDeleted)
	}
	var missing []engine.Column
	for _, name := range needed {
		if _, ok := find(columns, metaName(name)); !ok {
			missing = append(missing, engine.Column{Name: metaName(name)})
		}
	}
	if len(missing) == 0 {
		return nil
	}
	d := diag.New(diag.SnapshotConfig, s.Place, "the table %q has no %s", s.Published.Identifier, columnNames(missing))
	d.Node = s.Node
	d.Hint = "it is no snapshot, or one whose columns have other names (snapshot_meta_column_names)"
	if len(missing) == 1 && len(needed) == 4 && strings.EqualFold(missing[0].Name, metaName(s.Snapshot.Columns.IsDeleted)) {
		d.Place = s.place("hard_deletes")
		d.Hint = fmt.Sprintf("hard_deletes: new_record needs it: alter table %s add column %s varchar default 'False'", s.Published, meta(s.Snapshot.Columns.IsDeleted))
	}
	return diag.List{d}
}

// checkSnapshotQuery reports config that names what the query does not return, and
// columns that the snapshot adds itself.
func (s *Spec) checkSnapshotQuery(query []engine.Column) error {
	for _, name := range append(s.Snapshot.metaColumns(), changeColumn) {
		if _, ok := find(query, name); !ok {
			continue
		}
		d := diag.New(diag.SnapshotConfig, s.Place, "the query of %q returns %q, which the snapshot adds itself", s.Published.Identifier, name)
		d.Node, d.Hint = s.Node, "leave the column out, or name the snapshot's own with snapshot_meta_column_names"
		return diag.List{d}
	}
	names := []named{{"unique_key", s.UniqueKey}}
	if s.Snapshot.Parts.RowChanged == "" {
		names = append(names, named{"check_cols", s.Snapshot.CheckColumns})
		if s.Snapshot.Strategy == TimestampStrategy {
			names = append(names, named{"updated_at", []string{s.Snapshot.Parts.UpdatedAt}})
		}
	}
	return checkNames(s, query, names)
}

// snapshotTable makes a snapshot for the first time.
func (s *Spec) snapshotTable() Statement {
	before, after := s.firstQuery()
	return around(fmt.Sprintf("create table %s as (\n%s", s.Candidate, before), s.SQL, after+"\n)")
}

// firstQuery is what stands around the snapshot's query the first time.
func (s *Spec) firstQuery() (before, after string) {
	snap := s.Snapshot
	deleted := ""
	if snap.HardDeletes == RecordDeletes {
		deleted = ",\n  'False' as " + meta(snap.Columns.IsDeleted)
	}
	return fmt.Sprintf(`select *,
  %s as %s,
  %s as %s,
  %s as %s,
  %s as %s%s
from (
`, snap.Parts.ScdID, meta(snap.Columns.ScdID), snap.Parts.UpdatedAt, meta(snap.Columns.UpdatedAt),
		snap.Parts.UpdatedAt, meta(snap.Columns.ValidFrom), snap.current(), meta(snap.Columns.ValidTo), deleted), "\n) as snapshot_query"
}

// FirstSnapshot returns a query, to be bound and not run, that has the columns of a
// snapshot which is made for the first time from a query of the given columns. An error
// is about config that does not go with them.
func FirstSnapshot(spec *Spec, query []engine.Column) (string, error) {
	if err := spec.checkSnapshotQuery(query); err != nil {
		return "", err
	}
	items := make([]string, len(query))
	for i, col := range query {
		items[i] = fmt.Sprintf("cast(null as %s) as %s", col.Type, project.QuoteIdent(col.Name))
	}
	before, after := spec.firstQuery()
	return before + "select " + strings.Join(items, ", ") + after, nil
}

// Versions returns what makes, around the snapshot's query, a query that has the snapshot's
// columns and whose condition is on what decides which versions of a row there are: its
// key, and what counts as a change. It tells where columns come from; nobody runs it.
func (s *Spec) Versions(query []engine.Column) (before, after string) {
	before, after = s.firstQuery()
	deciding := slices.Clone(s.UniqueKey)
	switch {
	case s.Snapshot.Parts.RowChanged != "": // names what is not here
	case s.Snapshot.Strategy == TimestampStrategy:
		deciding = append(deciding, s.Snapshot.Parts.UpdatedAt)
	case s.Snapshot.CheckColumns != nil:
		deciding = append(deciding, s.Snapshot.CheckColumns...)
	default:
		for _, col := range query {
			deciding = append(deciding, project.QuoteIdent(col.Name))
		}
	}
	return before, after + "\nwhere row(" + strings.Join(deciding, ", ") + ") is not null"
}

// snapshotChanges makes the changes since the last time. The aliases snapshotted_data
// and source_data are dbt's, which strategies of a project use.
func (s *Spec) snapshotChanges(rel project.Relation, state State, query []engine.Column) Statement {
	snap := s.Snapshot
	before := fmt.Sprintf("create table %s as (\nwith snapshot_query as materialized (\n", rel)
	var b strings.Builder
	fmt.Fprintf(&b, `
),
snapshotted_data as (
  select *, %s, true as _elt_known
  from %s
  where %s
),
source_data as (
  select *, %s, true as _elt_found,
    %s as %s,
    %s as %s,
    %s as %s,
    %s as %s%s
  from snapshot_query
)
`, s.keyItems(), s.Published, snap.open(""),
		s.keyItems(), snap.Parts.UpdatedAt, meta(snap.Columns.UpdatedAt), snap.Parts.UpdatedAt, meta(snap.Columns.ValidFrom),
		snap.current(), meta(snap.Columns.ValidTo), snap.Parts.ScdID, meta(snap.Columns.ScdID), s.notDeleted())
	b.WriteString(strings.Join(s.changeQueries(state, query), "\nunion all by name\n"))
	b.WriteString("\n)")
	return around(before, s.SQL, b.String())
}

// keyItems are the select items of the unique key.
func (s *Spec) keyItems() string {
	items := make([]string, len(s.UniqueKey))
	for i, key := range s.UniqueKey {
		items[i] = fmt.Sprintf("%s as %s", strings.TrimSpace(key), keyColumn(i))
	}
	return strings.Join(items, ", ")
}

// sameKey compares the keys of two aliases; NULL is a key like any other, but to dbt.
func (s *Spec) sameKey(a, b string) string {
	parts := make([]string, len(s.UniqueKey))
	for i := range s.UniqueKey {
		parts[i] = fmt.Sprintf("%s.%[3]s %[4]s %[2]s.%[3]s", a, b, keyColumn(i), s.equals())
	}
	return strings.Join(parts, " and ")
}

func (s *Spec) notDeleted() string {
	if s.Snapshot.HardDeletes != RecordDeletes {
		return ""
	}
	return ",\n    'False' as " + meta(s.Snapshot.Columns.IsDeleted)
}

// own lists the columns within a statement that do not belong to the snapshot.
func (s *Spec) own() string {
	out := []string{"_elt_found"}
	for i := range s.UniqueKey {
		out = append(out, keyColumn(i))
	}
	return strings.Join(out, ", ")
}

// changeQueries are the parts of the changes, put together by the names of their columns.
func (s *Spec) changeQueries(state State, query []engine.Column) []string {
	snap := s.Snapshot
	changed := s.rowChanged(state, query)
	if snap.HardDeletes == RecordDeletes { // what was gone is back
		changed = fmt.Sprintf("%s or snapshotted_data.%s = 'True'", changed, meta(snap.Columns.IsDeleted))
	}
	scd, to := meta(snap.Columns.ScdID), meta(snap.Columns.ValidTo)
	out := []string{
		fmt.Sprintf(`select 'insert' as %s, source_data.* exclude (%s)
from source_data
left join snapshotted_data on %s
where snapshotted_data._elt_known is null or (%s)`,
			changeColumn, s.own(), s.sameKey("snapshotted_data", "source_data"), changed),
		fmt.Sprintf(`select 'update' as %s, snapshotted_data.%s, source_data.%s as %s
from source_data
join snapshotted_data on %s
where %s`,
			changeColumn, scd, meta(snap.Columns.ValidFrom), to, s.sameKey("snapshotted_data", "source_data"), changed),
	}
	if !s.AsDBT {
		// Which of two rows with one key is the current one cannot be known: they are
		// found here, and the snapshot fails.
		out = append(out, fmt.Sprintf(`select 'repeated' as %s, source_data.* exclude (%s)
from source_data
semi join (select %s from source_data group by all having count(*) > 1) as _elt_twice on %s`,
			changeColumn, s.own(), s.keyNames(), s.sameKey("_elt_twice", "source_data")))
	}
	if snap.HardDeletes == IgnoreDeletes {
		return out
	}
	gone := fmt.Sprintf("from snapshotted_data\nanti join source_data on %s%s", s.sameKey("snapshotted_data", "source_data"), s.notYetGone())
	out = append(out, fmt.Sprintf("select 'delete' as %s, %s, %s as %s\n%s", changeColumn, scd, snap.Parts.Now, to, gone))
	if snap.HardDeletes == RecordDeletes {
		out = append(out, s.deletionRecords(state, query)+"\n"+gone)
	}
	return out
}

func (s *Spec) keyNames() string {
	out := make([]string, len(s.UniqueKey))
	for i := range s.UniqueKey {
		out[i] = keyColumn(i)
	}
	return strings.Join(out, ", ")
}

// notYetGone leaves out rows whose latest version says already that they are gone.
func (s *Spec) notYetGone() string {
	snap := s.Snapshot
	if snap.HardDeletes != RecordDeletes {
		return ""
	}
	current := meta(snap.Columns.ValidTo) + " is null"
	if snap.ValidToCurrent != "" {
		current = meta(snap.Columns.ValidTo) + " = " + snap.ValidToCurrent
	}
	return fmt.Sprintf("\nwhere not (%s = 'True' and %s)", meta(snap.Columns.IsDeleted), current)
}

// deletionRecords are the versions that say that a row is gone: its last values, from
// now on.
func (s *Spec) deletionRecords(state State, query []engine.Column) string {
	snap := s.Snapshot
	items := []string{fmt.Sprintf("select 'insert' as %s", changeColumn)}
	for _, col := range query {
		if _, ok := find(state.Existing.Columns, col.Name); ok {
			items = append(items, project.QuoteIdent(col.Name))
		}
	}
	return strings.Join(append(items,
		fmt.Sprintf("%s as %s", snap.Parts.Now, meta(snap.Columns.ValidFrom)),
		fmt.Sprintf("%s as %s", snap.Parts.Now, meta(snap.Columns.UpdatedAt)),
		meta(snap.Columns.ValidTo),
		fmt.Sprintf("%s as %s", snap.Parts.DeletedID, meta(snap.Columns.ScdID)),
		"'True' as "+meta(snap.Columns.IsDeleted)), ", ")
}

// rowChanged is the condition that a row is not what it was.
func (s *Spec) rowChanged(state State, query []engine.Column) string {
	snap := s.Snapshot
	switch {
	case snap.Parts.RowChanged != "":
		return snap.Parts.RowChanged
	case snap.Strategy == TimestampStrategy:
		// The end of a version is compared, not updated_at itself: a table that began
		// with the strategy check may not have it.
		return fmt.Sprintf("snapshotted_data.%s < source_data.%s", meta(snap.Columns.ValidFrom), snap.Parts.UpdatedAt)
	}
	columns := query
	if snap.CheckColumns != nil {
		columns = nil
		for _, text := range snap.CheckColumns {
			name, _ := columnName(text, query)
			columns = append(columns, engine.Column{Name: name})
		}
	}
	var parts []string
	for _, col := range columns {
		if _, ok := find(state.Existing.Columns, col.Name); !ok {
			return "true" // as dbt: a column that is new changes every row
		}
		name := project.QuoteIdent(col.Name)
		parts = append(parts, fmt.Sprintf("snapshotted_data.%s is distinct from source_data.%s", name, name))
	}
	return strings.Join(parts, "\n   or ")
}

// endSnapshot settles what the changes do to the published table.
func endSnapshot(spec *Spec, state State, columns []engine.Column) (Finish, error) {
	if state.Existing == nil {
		f, err := endTable(spec, state, columns)
		if err != nil {
			return Finish{}, err
		}
		f.Checks = append(f.Checks, spec.repeatedKeys(spec.Candidate, "true")...)
		f.Warnings = spec.timeTypes(columns)
		return f, nil
	}
	delta := spec.Candidate
	if spec.FullCopy {
		delta = spec.beside("_delta")
	}
	columns = slices.DeleteFunc(slices.Clone(columns), func(c engine.Column) bool { return c.Name == changeColumn })
	c, err := newChange(spec, state, delta, columns)
	if err != nil {
		return Finish{}, err
	}
	f := Finish{
		Columns: c.target, Warnings: append(c.warnings, spec.timeTypes(columns)...),
		Checks:    append(spec.repeatedKeys(delta, changeColumn+" = 'repeated'"), c.checks()...),
		CountRows: fmt.Sprintf("select count(*) from %s where %s = 'insert'", delta, changeColumn),
	}
	switch {
	case spec.FullCopy:
		return c.onCopy(f, spec.Candidate), nil
	case len(c.alters(spec.Published)) > 0 && len(state.Indexes) > 0:
		return c.byCopy(f), nil
	}
	return c.inPlace(f), nil
}

// repeatedKeys is the check that no key occurs twice in what the query returns. dbt has none.
func (s *Spec) repeatedKeys(rel project.Relation, where string) []Check {
	if s.AsDBT {
		return nil
	}
	keys := strings.Join(s.UniqueKey, ", ")
	return []Check{{
		SQL: fmt.Sprintf("select %s, count(*) as \"rows\"\nfrom %s\nwhere %s\ngroup by %s\nhaving count(*) > 1\norder by \"rows\" desc, %s",
			keys, rel, where, keys, keys),
		Code:    diag.DuplicateKey,
		Message: fmt.Sprintf("the unique key (%s) occurs more than once in what the snapshot %q reads", keys, s.Published.Identifier),
		Hint:    "make the key unique in the query: of two rows with one key nobody knows which is current",
		Place:   s.place("unique_key"),
	}}
}

// timeTypes warns, as dbt does, where updated_at is no timestamp: the end that
// hard_deletes gives a version is one.
func (s *Spec) timeTypes(columns []engine.Column) diag.List {
	col, ok := find(columns, metaName(s.Snapshot.Columns.UpdatedAt))
	if !ok || strings.EqualFold(col.Type, "TIMESTAMP") {
		return nil
	}
	d := diag.Warn(diag.SnapshotConfig, s.place("updated_at"), "updated_at of the snapshot %q is %s, not TIMESTAMP", s.Published.Identifier, col.Type).WithEvent("SnapshotTimestampWarning")
	d.Node, d.Hint = s.Node, "cast it in the query, so that all times of the snapshot are of one type"
	return diag.List{d}
}

// snapshotEnds is the FROM item of the versions that end, each once.
func (c *change) snapshotEnds() string {
	snap := c.spec.Snapshot
	return fmt.Sprintf("(select cast(%s as varchar) as _elt_id, max(%s) as _elt_end from %s where %s in ('update', 'delete') group by all)",
		meta(snap.Columns.ScdID), meta(snap.Columns.ValidTo), c.delta, changeColumn)
}

// applySnapshot are the statements that bring the changes into rel.
func (c *change) applySnapshot(rel project.Relation) []string {
	snap := c.spec.Snapshot
	list := names(c.insert)
	return append(c.bindIndexes(rel),
		fmt.Sprintf("update %s as DBT_INTERNAL_TARGET\nset %s = _elt_ends._elt_end\nfrom %s as _elt_ends\nwhere cast(DBT_INTERNAL_TARGET.%s as varchar) = _elt_ends._elt_id and %s",
			rel, meta(snap.Columns.ValidTo), c.snapshotEnds(), meta(snap.Columns.ScdID), snap.open("DBT_INTERNAL_TARGET.")),
		fmt.Sprintf("insert into %s (%s)\nselect %s\nfrom %s\nwhere %s = 'insert'", rel, list, list, c.newRows(), changeColumn))
}

// snapshotView shows the table as it will be.
func (c *change) snapshotView() string {
	snap := c.spec.Snapshot
	to := metaName(snap.Columns.ValidTo)
	items := make([]string, len(c.target))
	for i, col := range c.target {
		name := project.QuoteIdent(col.Name)
		items[i] = "_elt_old." + name
		if strings.EqualFold(col.Name, to) {
			items[i] = fmt.Sprintf("case when _elt_ends._elt_id is not null and %s then cast(_elt_ends._elt_end as %s) else _elt_old.%s end as %s",
				snap.open("_elt_old."), col.Type, name, name)
		}
	}
	return fmt.Sprintf(`select %s
from %s as _elt_old
left join %s as _elt_ends on cast(_elt_old.%s as varchar) = _elt_ends._elt_id
union all
select %s
from %s
where %s = 'insert'`,
		strings.Join(items, ", "), c.oldRows(), c.snapshotEnds(), meta(snap.Columns.ScdID),
		c.newItems(""), c.newRows(), changeColumn)
}
