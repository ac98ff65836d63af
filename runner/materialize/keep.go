package materialize

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/regex"
	"elt/compiler/template"
	"elt/runner/engine"
)

// Keep is how long rows stay in a table, or files in a folder. The age of a row is that of the
// time in one of its columns; a row without a time stays.
type Keep struct {
	Text   string // as the config says it
	Count  int
	Unit   project.BatchSize
	Column string // as the config names it
	// Whole is how long the partitions or batches are of which none is removed in part; ""
	// where the column says each row's partition by itself.
	Whole project.BatchSize

	// Before is set by the caller to [Keep.Since]: what lies before it is too old.
	Before time.Time
	// Remove is set by the caller where what is too old goes; else it is only counted.
	Remove bool
}

// Expiry is what becomes of rows that are older than the model keeps them.
type Expiry struct {
	// Count is a query over published names and the candidate, once [Finish.Apply] is done:
	// how many rows are too old, and the first and the last of their times as text.
	Count string
	// Apply removes them from what was made; empty where [Finish.Publish] does, and where they stay.
	Apply []Statement
}

var keepText = regex.Lazy(`^\s*(\d{1,6})\s+(hour|day|month|year)s?\s*$`)

// keep reads how long rows stay. It asks for a column, never for an expression: whether that
// of an expression is a time shows only once there are rows.
func (r *reader) keep(spec *Spec) {
	v, ok := r.get("keep")
	if !ok {
		return
	}
	if spec.Materialized != Incremental && !spec.Grows() {
		r.warn("keep", "%q has no effect: the model is made anew by each build, and holds what its query returns", "keep").
			WithHint("leave out in the query what is too old, or make the model incremental")
		return
	}
	text := template.Str(v)
	m := keepText().FindStringSubmatch(text)
	if m == nil || strings.Trim(m[1], "0") == "" {
		r.wrong("keep", "%q is no time for which rows are kept", text).WithHint("write a number of hours, days, months or years, as in keep: 90 days")
		return
	}
	k := &Keep{Text: strings.TrimSpace(text), Unit: project.BatchSize(m[2])}
	k.Count, _ = strconv.Atoi(m[1]) // at most six digits
	if k.Column, k.Whole, ok = r.keptBy(spec); !ok {
		return
	}
	spec.Keep = k
}

// keptBy is the column that says how old a row is: event_time, else that of partition_by.
func (r *reader) keptBy(spec *Spec) (column string, whole project.BatchSize, ok bool) {
	unknown := func() (string, project.BatchSize, bool) {
		r.refuse("keep", "%q does not know how old a row is", "keep").
			WithHint("name the column that says when it happened, as in event_time: sold_at")
		return "", "", false
	}
	if spec.Batches != nil {
		whole = spec.Batches.Size
	}
	column = r.text("event_time")
	if v, given := r.get("partition_by"); column == "" && given {
		if d, isDict := v.(*template.Dict); isDict {
			field, _ := d.Get("field")
			size, _ := d.Get("granularity")
			column, _ = field.(string)
			text, _ := size.(string)
			whole = project.BatchSize(text)
		} else if by := r.textsOf("partition_by", "partition_by", v); len(by) == 1 {
			column = by[0]
		}
	}
	if column == "" && spec.External != nil && len(spec.External.PartitionBy) == 1 {
		column = spec.External.PartitionBy[0] // of its options
	}
	if column == "" {
		return unknown()
	}
	if _, isName := columnName(column, nil); !isName {
		r.refuse("keep", "%q cannot tell how old a row is by the expression %q", "keep", column).
			WithHint("name a column in event_time")
		return "", "", false
	}
	return column, whole, true
}

// Since is the moment before which rows are too old at a given time: so many whole hours, days, months
// or years of UTC before the one that has begun, and never within a partition.
func (k *Keep) Since(now time.Time) time.Time {
	at := k.Unit.Add(k.Unit.Floor(now), -k.Count)
	if k.Whole != "" {
		at = k.Whole.Floor(at)
	}
	if first := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC); at.Before(first) {
		return first
	}
	return at
}

// CheckKeep makes sure that there is the column which says how old a row is, and that it holds
// times.
func (s *Spec) CheckKeep(columns []engine.Column) error {
	if s.Keep == nil {
		return nil
	}
	name, _ := columnName(s.Keep.Column, columns)
	c, ok := find(columns, name)
	if ok && (c.Type == "DATE" || c.Type == "VARCHAR" || strings.HasPrefix(c.Type, "TIMESTAMP")) {
		return nil
	}
	d := diag.New(diag.IncrementalConfig, s.place("keep"), "keep needs the column %q, which %q does not have", name, s.Published.Identifier)
	d.Hint = columnHint(name, columns)
	if ok {
		d.Message = fmt.Sprintf("keep cannot tell how old a row is by %q, which is %s", c.Name, c.Type)
		d.Hint = "it takes a date, a timestamp, or a text such as 2026-03"
	}
	d.Node = s.Node
	return diag.List{d}
}

// tooOld is the condition that a row is older than it is kept; NULL where it has no time.
func (s *Spec) tooOld(columns []engine.Column) string {
	name, _ := columnName(s.Keep.Column, columns)
	c, _ := find(columns, name)
	column := project.QuoteIdent(c.Name)
	if c.Type != "VARCHAR" {
		return column + " < " + moment(s.Keep.Before, c.Type)
	}
	// A text may say a year or a month only: that is too old when all of it is.
	text := s.Keep.Before.Format("2006-01-02 15:04:05")
	return fmt.Sprintf(`regexp_full_match(%[1]s, '\d{4}(-\d{2}(-\d{2}([ T].*)?)?)?') and %[1]s < left('%[2]s', length(%[1]s))`, column, text)
}

// countTooOld is [Expiry.Count] of the rows of a FROM item.
func (s *Spec) countTooOld(from string, columns []engine.Column) string {
	name, _ := columnName(s.Keep.Column, columns)
	column := project.QuoteIdent(name)
	return fmt.Sprintf("select count(*), min(%[1]s)::varchar, max(%[1]s)::varchar\nfrom %[2]s\nwhere %[3]s", column, from, s.tooOld(columns))
}

// deleteTooOld removes them from a table.
func (s *Spec) deleteTooOld(rel project.Relation, columns []engine.Column) string {
	return fmt.Sprintf("delete from %s\nwhere %s", rel, s.tooOld(columns))
}

// expireMade has rows that are too old removed from a table that was made whole.
func (s *Spec) expireMade(f Finish, made project.Relation, columns []engine.Column) Finish {
	if s.Keep == nil {
		return f
	}
	f.Expiry = &Expiry{Count: s.countTooOld(made.String(), columns)}
	if s.Keep.Remove {
		f.Expiry.Apply = []Statement{{SQL: s.deleteTooOld(made, columns), Query: -1}}
	}
	return f
}

// expireInPlace has them removed from the published table, after the delta is applied.
func (c *change) expireInPlace(f Finish) Finish {
	s := c.spec
	if s.Keep == nil {
		return f
	}
	f.Expiry = &Expiry{Count: s.countTooOld("(\n"+f.AsView+"\n)", c.target)}
	if !s.Keep.Remove {
		return f
	}
	old := s.tooOld(c.target)
	f.AsView = fmt.Sprintf("select *\nfrom (\n%s\n)\nwhere (%s) is not true", f.AsView, old)
	f.Publish = append(f.Publish, s.deleteTooOld(s.Published, c.target))
	if f.Changes != nil {
		gone := fmt.Sprintf("select %s\nfrom %s\nwhere %s", names(c.target), c.oldRows(), old)
		if f.Changes.Out != "" {
			gone += fmt.Sprintf("\nunion all\nselect *\nfrom (\n%s\n)\nwhere (%s) is not true", f.Changes.Out, old)
		}
		f.Changes = &Changes{Out: gone, In: fmt.Sprintf("select *\nfrom (\n%s\n)\nwhere (%s) is not true", f.Changes.In, old)}
	}
	return f
}

// TooOldByFile is the query for the files of a folder in which there are rows that are too old:
// the file, how many such rows it has, and the first and the last of their times as text. In is the
// folder, columns are those of the files.
func (s *Spec) TooOldByFile(columns []engine.Column) string {
	name, _ := columnName(s.Keep.Column, columns)
	column := project.QuoteIdent(name)
	return fmt.Sprintf("select _elt_file, count(*), min(%[1]s)::varchar, max(%[1]s)::varchar\nfrom (%[2]s)\nwhere %[3]s\ngroup by 1\norder by 1",
		column, s.External.withFile(columns), s.tooOld(columns))
}

// RowsByFile is the query for the number of rows of each of some files.
func (s *Spec) RowsByFile(columns []engine.Column, files []string) string {
	quoted := make([]string, len(files))
	for i, f := range files {
		quoted[i] = project.QuoteString(f)
	}
	return fmt.Sprintf("select _elt_file, count(*)\nfrom (%s)\nwhere _elt_file in (%s)\ngroup by 1", s.External.withFile(columns), strings.Join(quoted, ", "))
}

// withFile reads the files that were made, with a column for the name of each row's file.
func (x *ExternalSpec) withFile(columns []engine.Column) string {
	return strings.TrimSuffix(x.read(x.Hidden, columns), ")") + ", filename = '_elt_file')"
}
