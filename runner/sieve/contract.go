package sieve

import (
	"fmt"
	"strings"

	"elt/compiler/project"
	"elt/compiler/template"
)

// Contract is what each row of a source must be like.
type Contract struct {
	Columns []Column // of the files, in the order in which they are declared
	Folders []Column // columns that are folders of the path
	Rules   []Rule
}

// Column is a declared column.
type Column struct{ Name, Type string }

// Rule is what the value of a column must be like, beyond its type.
type Rule struct {
	Column string
	Bad    string // condition that is true for a bad row
	Reason string // SQL text expression: why the row is bad
}

// All are the columns of the files and those of the folders.
func (c Contract) All() []Column { return append(append([]Column{}, c.Columns...), c.Folders...) }

// NotNull is the rule that a column has a value.
func NotNull(column string) Rule {
	return Rule{column, project.QuoteIdent(column) + " is null", project.QuoteString("is empty")}
}

// Check is the rule of a check constraint: as in SQL, a row is bad where it is false and
// not where it is NULL.
func Check(column, expression string) Rule {
	return Rule{column, "not (" + expression + ")", project.QuoteString("breaks the check " + expression)}
}

// AcceptedValues is the rule of the test of that name: a value that is none of those
// accepted is bad, NULL is not. literals are SQL.
func AcceptedValues(column string, literals []string) Rule {
	name := project.QuoteIdent(column)
	return Rule{column, fmt.Sprintf("%s not in (%s)", name, strings.Join(literals, ", ")),
		shown(name) + " || " + project.QuoteString(" is none of the accepted values")}
}

// Range is the rule of the test accepted_range: least and most are SQL, or "" for no bound.
func Range(column, least, most string, inclusive bool) Rule {
	name := project.QuoteIdent(column)
	var bad []string
	below, above := "<", ">"
	if !inclusive {
		below, above = "<=", ">="
	}
	words := []string{}
	if least != "" {
		bad, words = append(bad, name+" "+below+" "+least), append(words, "from "+least)
	}
	if most != "" {
		bad, words = append(bad, name+" "+above+" "+most), append(words, "to "+most)
	}
	return Rule{column, strings.Join(bad, " or "), shown(name) + " || " + project.QuoteString(" is not in the range "+strings.Join(words, " "))}
}

func shown(name string) string { return `'"' || ` + name + `::varchar || '"'` }

// Literal is a value of a property file as SQL: numbers and booleans as they are, all else
// a text.
func Literal(v template.Value, quote bool) string {
	switch x := v.(type) {
	case string:
		if quote {
			return project.QuoteString(x)
		}
		return x
	default:
		return template.Str(x)
	}
}

// Names of the columns that a table of sieved rows has beside those of its source.
const (
	FileColumn   = "_elt_file"   // absolute path of the file
	NumberColumn = "_elt_number" // of the row in its file, from 1
	RawColumn    = "_elt_raw"    // the row as it stood in the file
)

// Types are the declared columns as DuckDB's readers take them: {'id': 'BIGINT'}, those of
// names in that order.
func Types(columns []Column) string {
	parts := make([]string, len(columns))
	for i, c := range columns {
		parts[i] = project.QuoteString(c.Name) + ": " + project.QuoteString(c.Type)
	}
	return "{" + strings.Join(parts, ", ") + "}"
}
