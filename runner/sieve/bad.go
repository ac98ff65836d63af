package sieve

import (
	"fmt"
	"strings"

	"elt/compiler/project"
)

// check is a condition that is true for a bad row, and why the row is bad; both are SQL.
type check struct{ column, bad, reason string }

func (c Contract) ruleChecks(unless string) []check {
	out := make([]check, len(c.Rules))
	for i, r := range c.Rules {
		out[i] = check{project.QuoteString(r.Column), unless + "(" + r.Bad + ")", project.QuoteString(r.Column+": ") + " || " + r.Reason}
	}
	return out
}

// CSVBroken reads the rows of the sieved table that break rules: file, number among the
// rows of the file that could be read, column, reason, and the row as JSON. It is "" where
// there is no rule.
func CSVBroken(into project.Relation, c Contract) string {
	if len(c.Rules) == 0 {
		return ""
	}
	var row []string
	for _, col := range c.Columns {
		row = append(row, project.QuoteString(col.Name)+": "+project.QuoteIdent(col.Name))
	}
	column, reason := why(c.ruleChecks(""))
	return fmt.Sprintf("select %s, %s, %s, %s, to_json({%s})::varchar\nfrom (select *, row_number() over (partition by %s order by rowid) as %s from %s)\nwhere %s\norder by 1, 2",
		FileColumn, NumberColumn, column, reason, strings.Join(row, ", "), FileColumn, NumberColumn, into, anyBad(c.ruleChecks("")))
}

// DeleteBroken takes the rows that break rules out of the sieved table.
func DeleteBroken(into project.Relation, c Contract) string {
	return "delete from " + into.String() + " where " + anyBad(c.ruleChecks(""))
}

// The columns of a table of typed rows that say what is wrong with a row by its types, NULL
// for nothing.
const (
	columnColumn = "_elt_column"
	reasonColumn = "_elt_reason"
)

// TypedJSON makes a table of what the raw lines of JSON files say, bad ones included.
func TypedJSON(r Reading, typed project.Relation) string {
	raw := "case when json_valid(" + RawColumn + ") then " + RawColumn + " end" // DuckDB's functions refuse what is no JSON
	checks := []check{
		{"null", "_elt_kind is null", project.QuoteString("is not JSON")},
		{"null", "_elt_kind <> 'OBJECT'", project.QuoteString("is not a JSON object")},
	}
	var items []string
	for _, c := range r.Contract.Columns {
		name, at := project.QuoteIdent(c.Name), fmt.Sprintf("json_extract(_elt_json, %s)", project.QuoteString(jsonPath(r.rawName(c))))
		if constant, ok := r.constant(c); ok {
			items = append(items, "cast("+constant+" as "+c.Type+") as "+name)
			continue
		}
		items = append(items, jsonValue(at, c)+" as "+name)
		checks = append(checks, check{project.QuoteString(c.Name),
			fmt.Sprintf("_elt_kind = 'OBJECT' and %s is null and coalesce(json_type(%s), 'NULL') <> 'NULL'", name, at), notOfType(at+"::varchar", c)})
	}
	for _, c := range r.Contract.Folders {
		items = append(items, fmt.Sprintf("cast(nullif(regexp_extract(%s, %s, 1), '') as %s) as %s",
			FileColumn, project.QuoteString("/"+c.Name+"=([^/]*)/"), c.Type, project.QuoteIdent(c.Name)))
	}
	column, reason := why(checks)
	return fmt.Sprintf("create or replace table %s as select *, %s as %s, %s as %s\nfrom (select %s, %s, %s, %s, _elt_json, _elt_kind\nfrom (select *, %s as _elt_json, json_type(%s) as _elt_kind from %s))",
		typed, column, columnColumn, reason, reasonColumn, strings.Join(items, ", "), RawColumn, FileColumn, NumberColumn, raw, raw, r.Raw)
}

// jsonValue is the value of a column, NULL where it is not of the type; types within
// others are held to as well.
func jsonValue(at string, c Column) string {
	switch kind := strings.ToUpper(c.Type); {
	case kind == "VARCHAR" || kind == "TEXT" || kind == "STRING":
		return "(" + at + ")->>'$'"
	case strings.Contains(kind, "[") || strings.HasPrefix(kind, "STRUCT") || strings.HasPrefix(kind, "MAP"):
		return fmt.Sprintf("try(cast(%s as %s))", at, c.Type)
	}
	return fmt.Sprintf("try_cast(%s as %s)", at, c.Type)
}

func jsonPath(name string) string { return `$."` + strings.ReplaceAll(name, `"`, `\"`) + `"` }

// TypedParquet makes a table of the raw rows of Parquet files with the declared types, bad
// ones included.
func TypedParquet(r Reading, typed project.Relation) string {
	var items, row []string
	var checks []check
	for i, c := range r.Contract.All() {
		name, raw := project.QuoteIdent(c.Name), fmt.Sprintf("_elt_in_%d", i)
		items = append(items, fmt.Sprintf("try_cast(%s as %s) as %s", raw, c.Type, name))
		row = append(row, project.QuoteString(c.Name)+": "+raw)
		checks = append(checks, check{project.QuoteString(c.Name), name + " is null and " + raw + " is not null", notOfType(`'"' || `+raw+`::varchar || '"'`, c)})
	}
	column, reason := why(checks)
	return fmt.Sprintf("create or replace table %s as select *, %s as %s, %s as %s, {%s} as %s\nfrom (select %s, * from %s)",
		typed, column, columnColumn, reason, reasonColumn, strings.Join(row, ", "), RawColumn, strings.Join(items, ", "), r.Raw)
}

// TypedBad reads the bad rows of a table of typed rows: file, number, column, reason, text.
func TypedBad(typed project.Relation, c Contract) string {
	checks := append([]check{{columnColumn, reasonColumn + " is not null", reasonColumn}}, c.ruleChecks(reasonColumn+" is null and ")...)
	column, reason := why(checks)
	return fmt.Sprintf("select %s, %s, %s, %s, case when typeof(%s) = 'VARCHAR' then %s::varchar else to_json(%s)::varchar end from %s where %s order by 1, 2",
		FileColumn, NumberColumn, column, reason, RawColumn, RawColumn, RawColumn, typed, anyBad(checks))
}

// KeepTyped moves the good rows of a table of typed rows into the sieved table.
func KeepTyped(into, typed project.Relation, c Contract) string {
	var items []string
	for _, col := range c.All() {
		items = append(items, project.QuoteIdent(col.Name))
	}
	checks := append([]check{{columnColumn, reasonColumn + " is not null", reasonColumn}}, c.ruleChecks(reasonColumn+" is null and ")...)
	return fmt.Sprintf("insert into %s select %s, %s from %s where not (%s) order by %s, %s",
		into, strings.Join(items, ", "), FileColumn, typed, anyBad(checks), FileColumn, NumberColumn)
}

func notOfType(text string, c Column) string {
	return project.QuoteString(c.Name+": ") + " || " + text + " || " + project.QuoteString(" is not of type "+c.Type)
}

// why is the first column that is bad, and every reason; NULL for a good row.
func why(checks []check) (column, reason string) {
	var columns, reasons []string
	for _, c := range checks {
		columns = append(columns, "when "+c.bad+" then "+c.column)
		reasons = append(reasons, "case when "+c.bad+" then "+c.reason+" end")
	}
	return "case " + strings.Join(columns, " ") + " end", "nullif(concat_ws('; ', " + strings.Join(reasons, ", ") + "), '')"
}

// anyBad is true or false, never NULL.
func anyBad(checks []check) string {
	parts := make([]string, len(checks))
	for i, c := range checks {
		parts[i] = "coalesce(" + c.bad + ", false)"
	}
	return strings.Join(parts, " or ")
}
