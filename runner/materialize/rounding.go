package materialize

import (
	"fmt"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner/engine"
)

// roundingChecks find values that a change of type would round: 1.5 in a whole number, a
// time in a date. DuckDB's cast does that without a word; a value that fits is no matter.
// dbt lets it happen.
func (c *change) roundingChecks() []Check {
	if c.spec.AsDBT {
		return nil
	}
	if c.spec.Materialized == Snapshot {
		return c.snapshotRounding()
	}
	var out []Check
	add := func(rel project.Relation, from engine.Column, to, message, hint string) {
		lost := rounded(project.QuoteIdent(from.Name), from.Type, to)
		if lost == "" {
			return
		}
		name := project.QuoteIdent(from.Name)
		out = append(out, Check{
			SQL:     fmt.Sprintf("select %s\nfrom %s\nwhere %s\norder by all", name, rel, lost),
			Code:    diag.SchemaChange,
			Message: fmt.Sprintf(message, c.spec.Published.Identifier, from.Type, from.Name, to),
			Hint:    hint,
			Place:   c.spec.place("on_schema_change"),
		})
	}
	casts := c.casts()
	if c.spec.Macro { // which may cast as it likes
		casts = nil
	}
	for _, col := range casts {
		from, _ := find(c.source, col.Name)
		add(c.delta, from, col.Type, "new rows of %q hold %s values of column %q that its type in the table, %s, would round",
			"rebuild the table with --full-refresh, set on_schema_change to sync_all_columns, or cast the column in the query")
	}
	for _, col := range c.altered {
		was, _ := find(c.old, col.Name)
		add(c.spec.Published, was, col.Type, "the table of %q holds %s values of column %q that its type in the query, %s, would round",
			"cast the column in the query, or rebuild the table with --full-refresh")
	}
	return out
}

// snapshotRounding is roundingChecks of a snapshot. Its table cannot be made anew; the times
// of its own columns are left alone.
func (c *change) snapshotRounding() []Check {
	var out []Check
	for _, col := range c.casts() {
		from, _ := find(c.source, col.Name)
		name := project.QuoteIdent(col.Name)
		lost := rounded(name, from.Type, col.Type)
		own := slices.ContainsFunc(c.spec.Snapshot.metaColumns(), func(meta string) bool { return strings.EqualFold(meta, col.Name) })
		if lost == "" || own {
			continue
		}
		out = append(out, Check{
			SQL:  fmt.Sprintf("select %s\nfrom %s\nwhere %s = 'insert' and %s\norder by all", name, c.delta, changeColumn, lost),
			Code: diag.SchemaChange,
			Message: fmt.Sprintf("new rows of the snapshot %q hold %s values of column %q that its type in the table, %s, would round",
				c.spec.Published.Identifier, from.Type, col.Name, col.Type),
			Hint:  fmt.Sprintf("cast the column in the query, or widen it in the table: alter table %s alter column %s type %s", c.spec.Published, name, from.Type),
			Place: c.spec.Place,
		})
	}
	return out
}

// doubleNoise is how far, in proportion, two DOUBLE values may be apart that are the same
// but for what adding them up in another order makes: some units in the last place.
const doubleNoise = "4e-15"

// rounded is a condition that holds for values that a cast changes without failing; ""
// where no cast between the types does, as far as that is known: of numbers, dates and
// times, lists of them, and text that is cast to them.
func rounded(name, from, to string) string {
	source, target := strings.ToUpper(from), strings.ToUpper(to)
	list := false
	for strings.HasSuffix(source, "[]") && strings.HasSuffix(target, "[]") {
		source, target, list = strings.TrimSuffix(source, "[]"), strings.TrimSuffix(target, "[]"), true
	}
	back := fmt.Sprintf("try_cast(try_cast(%s as %s) as %s)", name, to, from)
	switch {
	case isWhole(source) && isWhole(target):
		return ""
	case source == "VARCHAR" && !list:
		return roundedText(name, to, target)
	case source == "DOUBLE" && !list && (isWhole(target) || strings.HasPrefix(target, "DECIMAL")):
		return fmt.Sprintf("abs(%s - %s) > %s * abs(%s)", back, name, doubleNoise, name)
	case isNumber(source) && isNumber(target), isMoment(source) && isMoment(target):
		return back + " <> " + name
	}
	return ""
}

// roundedText is rounded for text: '1.5' in a whole number, a time in a date.
func roundedText(name, to, target string) string {
	through := ""
	switch {
	case isWhole(target), strings.HasPrefix(target, "DECIMAL"):
		through = "decimal(38, 12)"
	case target == "DATE":
		through = "timestamp"
	default:
		return ""
	}
	return fmt.Sprintf("try_cast(try_cast(%s as %s) as %s) <> try_cast(%s as %s)", name, to, through, name, through)
}

func isWhole(kind string) bool {
	return slices.Contains([]string{
		"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT",
		"UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
	}, kind)
}

func isNumber(kind string) bool {
	return isWhole(kind) || kind == "DOUBLE" || kind == "FLOAT" || kind == "BOOLEAN" || strings.HasPrefix(kind, "DECIMAL")
}

func isMoment(kind string) bool { return kind == "DATE" || strings.HasPrefix(kind, "TIMESTAMP") }
