package materialize

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/runner/engine"
)

// expression renders what a config key names: a column, quoted, or an SQL
// expression in parentheses. The name of an existing column is always that column,
// however odd it is.
func expression(text string, columns []engine.Column) string {
	if name, ok := columnName(text, columns); ok {
		return project.QuoteIdent(name)
	}
	return "(" + strings.TrimSpace(text) + ")"
}

// columnName returns the column a config key names; ok is false for an expression.
// Where the columns are not known yet, only what looks like a name is one.
func columnName(text string, columns []engine.Column) (name string, ok bool) {
	if c, ok := find(columns, text); ok {
		return c.Name, true
	}
	text = strings.TrimSpace(text)
	if c, ok := find(columns, text); ok {
		return c.Name, true
	}
	if isQuoted(text) {
		return sqltoken.Unquote(text), true
	}
	return text, isPlainName(text)
}

// isPlainName reports whether a text could be an identifier without quotes.
func isPlainName(text string) bool {
	for i, r := range text {
		if r == '_' || unicode.IsLetter(r) || i > 0 && (r == '$' || unicode.IsDigit(r)) {
			continue
		}
		return false
	}
	return text != ""
}

// isQuoted reports whether a text is one quoted identifier and nothing else.
func isQuoted(text string) bool {
	if len(text) < 3 || text[0] != '"' || text[len(text)-1] != '"' {
		return false
	}
	return !strings.Contains(strings.ReplaceAll(text[1:len(text)-1], `""`, ""), `"`)
}

// splitKeys cuts the text "a, b" into its names, as dbt's delete+insert understands
// it; an expression stays whole.
func splitKeys(text string) []string {
	parts := strings.Split(text, ",")
	for i, p := range parts {
		parts[i] = strings.TrimSpace(p)
		if !isPlainName(parts[i]) && !isQuoted(parts[i]) {
			return []string{text}
		}
	}
	return parts
}

// mergeKeys are the columns merge compares.
func (s *Spec) mergeKeys() []string {
	if len(s.Merge.OnUsingColumns) > 0 {
		return s.Merge.OnUsingColumns
	}
	return s.UniqueKey
}

// named are the texts of a config key that may name columns.
type named struct {
	key   string
	texts []string
}

// checkKeys reports keys that look like columns and are none.
func checkKeys(spec *Spec, columns []engine.Column) error {
	if err := checkMoment(spec, columns); err != nil {
		return err
	}
	return checkNames(spec, columns, []named{
		{"unique_key", spec.UniqueKey},
		{"merge_on_using_columns", spec.Merge.OnUsingColumns},
		{"merge_update_columns", spec.Merge.UpdateColumns},
		{"merge_exclude_columns", spec.Merge.ExcludeColumns},
		{"order_by", spec.OrderBy},
		{"partition_by", spec.PartitionBy},
		{"event_time", spec.eventTime()},
	})
}

// checkTable reports columns by which rows of the table are found, and which the query has but not
// the table: it was made before they were named.
func (c *change) checkTable() error {
	if c.spec.Macro {
		return nil
	}
	spec, hint := c.spec, "--full-refresh makes the table anew; on_schema_change: append_new_columns adds the column, without values in the rows there are"
	var out diag.List
	missing := func(key, name, hint string) {
		d := diag.New(diag.IncrementalConfig, spec.place(key), "the table of %q has no column %q, by which %s finds its rows", spec.Published.Identifier, name, key)
		d.Node, d.Hint = spec.Node, hint
		out = append(out, d)
	}
	for _, config := range []named{
		{"unique_key", spec.UniqueKey},
		{"merge_on_using_columns", spec.Merge.OnUsingColumns},
		{"partition_by", spec.PartitionBy},
		{"event_time", spec.eventTime()},
	} {
		for _, text := range config.texts {
			name, isName := columnName(text, c.source)
			_, inQuery := find(c.source, name)
			_, inTable := find(c.target, name)
			if isName && inQuery && !inTable && spec.Strategy != Append {
				missing(config.key, name, hint)
			}
		}
	}
	if spec.Files != nil && spec.Files.Column != "" {
		if _, ok := find(c.old, spec.Files.Column); !ok { // rows without a file would stay, and those of their files be added
			missing("incremental_strategy", spec.Files.Column, "--full-refresh makes the table anew, with the file of each row")
			out[len(out)-1].Message = fmt.Sprintf("the table of %q has no column %q, by which by_file finds the rows of a file", spec.Published.Identifier, spec.Files.Column)
		}
	}
	return out.Err()
}

// checkMoment reports an event_time that is a number: no batch can be told by it.
func checkMoment(spec *Spec, columns []engine.Column) error {
	for _, text := range spec.eventTime() {
		name, isName := columnName(text, columns)
		c, exists := find(columns, name)
		kind, _, _ := strings.Cut(c.Type, "(")
		if !isName || !exists || !slices.Contains(numbers, kind) {
			continue
		}
		d := diag.New(diag.IncrementalConfig, spec.place("event_time"), "event_time names %q, which is a number: %s", name, c.Type)
		d.Node, d.Hint = spec.Node, "name a date or timestamp, or an expression that makes one of it"
		return diag.List{d}
	}
	return nil
}

// numbers are DuckDB's types of numbers, which no point in time can be compared with.
var numbers = []string{"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL"}

func (s *Spec) eventTime() []string {
	if s.Batches == nil {
		return nil
	}
	return []string{s.Batches.EventTime}
}

// checkIndexes does the same for the indexes of a whole relation.
func checkIndexes(spec *Spec, columns []engine.Column) error {
	var texts []string
	for _, ix := range spec.Indexes {
		texts = append(texts, ix.Columns...)
	}
	return checkNames(spec, columns, []named{{"indexes", texts}})
}

func checkNames(spec *Spec, columns []engine.Column, configs []named) error {
	var out diag.List
	code := diag.IncrementalConfig
	if spec.Snapshot != nil {
		code = diag.SnapshotConfig
	}
	for _, config := range configs {
		for i, text := range config.texts {
			name, isName := columnName(text, columns)
			if _, exists := find(columns, name); !isName || exists {
				continue
			}
			d := diag.New(code, spec.placeIn(config.key, i, len(config.texts)),
				"%s names %q, which is no column of %q", config.key, name, spec.Published.Identifier)
			d.Node = spec.Node
			d.Hint = columnHint(name, columns)
			out = append(out, d)
		}
	}
	return out.Err()
}

// columnHint names the column that was probably meant, or all of them.
func columnHint(name string, columns []engine.Column) string {
	known := make([]string, len(columns))
	for i, c := range columns {
		known[i] = c.Name
	}
	if s := diag.Suggest(name, known); s != "" {
		return fmt.Sprintf("did you mean %q?", s)
	}
	return "the query returns " + columnNames(columns)
}
