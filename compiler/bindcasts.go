package compiler

import (
	"errors"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
)

// literalCasts finds the casts of a text in quotes to a plain type: 'x'::integer,
// cast('x' as date), timestamp 'x'. DuckDB binds them whatever they hold, and fails when
// the first row is read. Those that may never be evaluated are left out: in a CASE, in
// the arguments of if() and try().
func literalCasts(sql string) []diag.Span {
	if !strings.ContainsRune(sql, '\'') {
		return nil
	}
	var tokens []sqltoken.Token
	for tok := range sqltoken.Tokens(sql) {
		if tok.Kind != sqltoken.Comment {
			tokens = append(tokens, tok)
		}
	}
	f := castFinder{sql: sql, tokens: tokens}
	for i := range tokens {
		f.step(i)
	}
	return f.found
}

// castFinder walks the tokens of a query.
type castFinder struct {
	sql    string
	tokens []sqltoken.Token
	open   []bool // for each open bracket, whether it is lazy
	cases  int    // CASE expressions that are open
	found  []diag.Span
}

// lazyCalls are the functions that need not evaluate all their arguments.
var lazyCalls = []string{"if", "iff", "try", "ifnull", "coalesce"}

// typedLiterals are the types that may stand before a text in quotes.
var typedLiterals = []string{"date", "time", "timestamp", "timestamptz", "timetz"}

func (f *castFinder) step(i int) {
	switch word := f.word(i); {
	case word == "(" || word == "[" || word == "{":
		f.open = append(f.open, i > 0 && slices.Contains(lazyCalls, f.word(i-1)))
	case (word == ")" || word == "]" || word == "}") && len(f.open) > 0:
		f.open = f.open[:len(f.open)-1]
	case word == "case":
		f.cases++
	case word == "end" && f.cases > 0:
		f.cases--
	case f.cases > 0 || slices.Contains(f.open, true):
	case f.tokens[i].Kind == sqltoken.String:
		f.literal(i)
	}
}

// word is a token in small letters, "" beyond the ends.
func (f *castFinder) word(i int) string {
	if i < 0 || i >= len(f.tokens) {
		return ""
	}
	return strings.ToLower(f.tokens[i].Text(f.sql))
}

// literal looks at what is done with a text in quotes.
func (f *castFinder) literal(i int) {
	switch {
	case f.word(i+1) == "::":
		if end := f.plainType(i + 2); end > 0 && f.word(end) != "::" {
			f.add(i, end-1)
		}
	case f.word(i+1) == "as" && f.word(i-1) == "(" && f.word(i-2) == "cast":
		if end := f.plainType(i + 2); end > 0 && f.word(end) == ")" {
			f.add(i-2, end)
		}
	case slices.Contains(typedLiterals, f.word(i-1)):
		f.add(i-1, i)
	}
}

func (f *castFinder) add(first, last int) {
	f.found = append(f.found, diag.Span{Start: f.tokens[first].Span.Start, End: f.tokens[last].Span.End})
}

// plainType returns the token behind a type of one word, with numbers in parentheses or
// without; 0 for any other.
func (f *castFinder) plainType(i int) int {
	if i >= len(f.tokens) || f.tokens[i].Kind != sqltoken.Word {
		return 0
	}
	i++
	if f.word(i) == "(" {
		for i++; i < len(f.tokens) && f.word(i) != ")"; i++ {
			if f.tokens[i].Kind != sqltoken.Number && f.word(i) != "," {
				return 0
			}
		}
		i++
	}
	switch f.word(i) {
	case "[", ".", "with", "without", "precision", "varying":
		return 0
	}
	return i
}

// castFault tries the casts of literals in a node's query and returns what is wrong with
// the first that cannot be.
func (b *binder) castFault(catalog ShellCatalog, node *project.Node) error {
	sql := node.Compiled.SQL
	for _, at := range literalCasts(sql) {
		text, back := sqltoken.Rewrite(sql, []sqltoken.Edit{
			{Span: diag.Span{End: at.Start}, Text: "select "},
			{Span: diag.Span{Start: at.End, End: len(sql)}},
		})
		if err := catalog.Apply(b.ctx, text); err != nil {
			return placed(b.facts.Fault(node, ShellQuery{SQL: text, Back: back}, err), node, at)
		}
	}
	return nil
}

// placed gives diagnostics about a span of a node's query its place in the template,
// where the database has told none.
func placed(err error, node *project.Node, at diag.Span) error {
	var d *diag.Diagnostic
	if !errors.As(err, &d) || d.Place != node.Place {
		return err
	}
	if place, ok := node.Compiled.Map.Origin(at.Start); ok {
		d.Place = place
	}
	return err
}
