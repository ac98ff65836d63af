package materialize

import (
	"fmt"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
)

// The strategies of snapshots that are dbt's own.
const (
	TimestampStrategy = "timestamp"
	CheckStrategy     = "check"
)

// The values of hard_deletes.
const (
	IgnoreDeletes     = "ignore"
	InvalidateDeletes = "invalidate"
	RecordDeletes     = "new_record"
)

// SnapshotSpec is what only snapshots have. Texts of SQL are as the project has them;
// unqualified names in them are columns of the snapshot's query.
type SnapshotSpec struct {
	Strategy       string
	CheckColumns   []string // check: what is compared; nil for all columns
	HardDeletes    string   // ignore, invalidate or new_record
	ValidToCurrent string   // dbt_valid_to_current: dbt_valid_to of current rows; "" for NULL
	Columns        project.SnapshotColumnNames
	Parts          project.SnapshotParts // what macros of the project say
}

// snapshot reads the config of a snapshot, by dbt's rules.
func (r *reader) snapshot(spec *Spec) {
	s := &SnapshotSpec{
		Strategy: r.text("strategy"), Columns: project.SnapshotColumns(r.node.Config),
		ValidToCurrent: strings.TrimSpace(r.text("dbt_valid_to_current")), HardDeletes: r.hardDeletes(),
	}
	spec.Snapshot, spec.Strategy = s, s.Strategy
	// dbt's rule for columns that are new is always to add them.
	spec.OnSchemaChange = AppendNew
	spec.UniqueKey = r.texts("unique_key")
	if c := r.node.Compiled; c != nil && c.Snapshot != nil {
		s.Parts = *c.Snapshot
		if len(s.Parts.UniqueKey) > 0 {
			spec.UniqueKey = s.Parts.UniqueKey
		}
		if s.Parts.HardDeletes != "" {
			s.HardDeletes = s.Parts.HardDeletes
		}
	}
	r.strategyOf(s)
	if len(spec.UniqueKey) == 0 {
		r.misfit("unique_key", "the snapshot %q has no unique_key", r.node.Name).
			WithHint("name the column, or the list of columns, that tells its rows apart")
	}
	r.metaNames()
}

// misfit reports a config of a snapshot that cannot work.
func (r *reader) misfit(key, format string, args ...any) *diag.Diagnostic {
	return r.add(diag.New(diag.SnapshotConfig, r.place(key), format, args...))
}

// strategyOf checks a strategy and what goes with it.
func (r *reader) strategyOf(s *SnapshotSpec) {
	columns, isAll := r.checkColumns()
	switch s.Strategy {
	case "":
		r.misfit("strategy", "the snapshot %q has no strategy", r.node.Name).
			WithHint("write strategy: timestamp with updated_at, or strategy: check with check_cols")
	case TimestampStrategy:
		if r.text("updated_at") == "" {
			r.misfit("strategy", "the strategy timestamp needs updated_at").
				WithHint("name the column that says when a row was changed, or use strategy: check")
		}
		if isAll || len(columns) > 0 {
			r.misfit("check_cols", "check_cols does not go with the strategy timestamp").
				WithHint("a row counts as changed when updated_at is later than it was; use strategy: check to compare columns")
		}
	case CheckStrategy:
		if !isAll && len(columns) == 0 {
			r.misfit("strategy", "the strategy check needs check_cols").
				WithHint("name the columns to compare, as in check_cols: [status, amount], or check_cols: all")
		}
		s.CheckColumns = columns
	}
}

// checkColumns reads check_cols, which is "all" or a list.
func (r *reader) checkColumns() (columns []string, all bool) {
	v, ok := r.get("check_cols")
	if !ok {
		return nil, false
	}
	if text, ok := v.(string); ok {
		if text != "all" {
			r.misfit("check_cols", "check_cols is %q, it must be all or a list of columns", text).
				WithHint("write check_cols: [%s]", text)
		}
		return nil, true
	}
	return r.texts("check_cols"), false
}

// hardDeletes reads hard_deletes, or the older invalidate_hard_deletes.
func (r *reader) hardDeletes() string {
	word := r.choice("hard_deletes", "", IgnoreDeletes, InvalidateDeletes, RecordDeletes)
	older, ok := r.get("invalidate_hard_deletes")
	if ok && word != "" {
		r.misfit("invalidate_hard_deletes", "invalidate_hard_deletes does not go with hard_deletes").
			WithHint("hard_deletes: invalidate is the newer way to say invalidate_hard_deletes: true")
	}
	if gone, isBool := older.(bool); ok && isBool && gone {
		return InvalidateDeletes
	}
	if word == "" {
		return IgnoreDeletes
	}
	return word
}

// metaNames checks snapshot_meta_column_names.
func (r *reader) metaNames() {
	d := r.dict("snapshot_meta_column_names")
	if d == nil {
		return
	}
	r.unknownKeys("snapshot_meta_column_names", "snapshot_meta_column_names", d,
		"dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to", "dbt_is_deleted")
	c := project.SnapshotColumns(r.node.Config)
	names := []string{c.ScdID, c.UpdatedAt, c.ValidFrom, c.ValidTo, c.IsDeleted}
	for i, name := range names {
		if slices.ContainsFunc(names[:i], func(other string) bool { return strings.EqualFold(other, name) }) {
			r.misfit("snapshot_meta_column_names", "two columns of the snapshot would be called %q", name)
		}
	}
}

// meta quotes the name of a column that the snapshot adds. A name that is quoted
// already, as dbt asks for where it is odd, stays as it is.
func meta(name string) string {
	if isQuoted(name) {
		return name
	}
	return project.QuoteIdent(name)
}

// metaName is the name of such a column as the database knows it.
func metaName(name string) string {
	out, _ := columnName(name, nil)
	return out
}

// metaColumns are the columns that the snapshot adds, as the database knows them.
func (s *SnapshotSpec) metaColumns() []string {
	out := []string{metaName(s.Columns.ScdID), metaName(s.Columns.UpdatedAt), metaName(s.Columns.ValidFrom), metaName(s.Columns.ValidTo)}
	if s.HardDeletes == RecordDeletes {
		out = append(out, metaName(s.Columns.IsDeleted))
	}
	return out
}

// open is the condition that a row of a snapshot is current; from is an alias with its
// point, or "".
func (s *SnapshotSpec) open(from string) string {
	to := from + meta(s.Columns.ValidTo)
	if s.ValidToCurrent == "" {
		return to + " is null"
	}
	return fmt.Sprintf("(%s = %s or %s is null)", to, s.ValidToCurrent, to)
}

// current is dbt_valid_to of a row that is current, as dbt writes it: of the type of
// updated_at where no dbt_valid_to_current is set.
func (s *SnapshotSpec) current() string {
	value := s.ValidToCurrent
	if value == "" {
		value = "null"
	}
	return fmt.Sprintf("coalesce(nullif(%[1]s, %[1]s), %[2]s)", s.Parts.UpdatedAt, value)
}
