package compiler

import (
	"errors"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/regex"
	"elt/compiler/sqltoken"
)

// castText is a text or number of a query that is cast.
type castText struct {
	span diag.Span // of the whole cast, or where as is set of the text alone
	as   string    // the type that DuckDB casts it to by itself, "" where the query says so
}

// literalsOf finds the casts of a text in quotes or a number to a plain type: 'x'::integer,
// cast('x' as date), timestamp 'x', 300::tinyint; and the texts that are compared. DuckDB binds
// them whatever they hold, and fails when the first row is read. Those that may never be
// evaluated are left out: in a CASE, in the arguments of if() and try().
func literalsOf(sql string) *castFinder {
	f := &castFinder{sql: sql}
	if !strings.ContainsRune(sql, '\'') && !strings.Contains(sql, "::") && !castCall().MatchString(sql) {
		return f
	}
	for tok := range sqltoken.Tokens(sql) {
		if tok.Kind != sqltoken.Comment {
			f.tokens = append(f.tokens, tok)
		}
	}
	for i := range f.tokens {
		f.step(i)
	}
	return f
}

var castCall = regex.Lazy(`(?i)\bcast\b`)

// castFinder walks the tokens of a query.
type castFinder struct {
	sql    string
	tokens []sqltoken.Token
	open   []bracket
	cases  int // CASE expressions that are open
	found  []castText
	texts  []comparedText
}

// lazyCalls are the functions that need not evaluate all their arguments.
var lazyCalls = []string{"if", "iff", "try", "ifnull", "coalesce"}

// typedLiterals are the types that may stand before a text in quotes.
var typedLiterals = []string{"date", "time", "timestamp", "timestamptz", "timetz"}

func (f *castFinder) step(i int) {
	switch word := f.word(i); {
	case word == "(" || word == "[" || word == "{":
		open := bracket{lazy: i > 0 && slices.Contains(lazyCalls, f.word(i-1)), in: f.word(i-1) == "in"}
		if open.in {
			open.other = f.operandBefore(i - 1)
		}
		f.open = append(f.open, open)
	case (word == ")" || word == "]" || word == "}") && len(f.open) > 0:
		f.open = f.open[:len(f.open)-1]
	case word == "case":
		f.cases++
	case word == "end" && f.cases > 0:
		f.cases--
	case f.cases > 0 || slices.ContainsFunc(f.open, func(b bracket) bool { return b.lazy }):
	case f.tokens[i].Kind == sqltoken.String, f.tokens[i].Kind == sqltoken.Number:
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

// literal looks at what is done with a text in quotes or a number.
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
	case f.tokens[i].Kind == sqltoken.Number:
	case slices.Contains(typedLiterals, f.word(i-1)):
		f.add(i-1, i)
	default:
		f.compared(i)
	}
}

func (f *castFinder) add(first, last int) {
	f.found = append(f.found, castText{span: diag.Span{Start: f.tokens[first].Span.Start, End: f.tokens[last].Span.End}})
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

// castFault tries the casts of literals in a node's query, which binds, and returns what is wrong
// with them.
func (b *binder) castFault(catalog ShellCatalog, node *project.Node, query ShellQuery) error {
	return b.tryCasts(catalog, node, append(literalsOf(node.Compiled.SQL).found, b.comparedCasts(catalog, node, query)...))
}

// tryCasts returns what is wrong with some casts of a node's query.
func (b *binder) tryCasts(catalog ShellCatalog, node *project.Node, casts []castText) error {
	sql := node.Compiled.SQL
	var found diag.List
	for _, cast := range casts {
		edits := []sqltoken.Edit{
			{Span: diag.Span{End: cast.span.Start}, Text: "select "},
			{Span: diag.Span{Start: cast.span.End, End: len(sql)}},
		}
		if cast.as != "" {
			edits = append(edits, sqltoken.Edit{Span: cast.span, Text: "cast(" + sql[cast.span.Start:cast.span.End] + " as " + cast.as + ")"})
		}
		text, back := sqltoken.Rewrite(sql, edits)
		err := catalog.Apply(b.ctx, text)
		if err == nil {
			continue
		}
		err = placed(b.facts.Fault(b.ctx, node, ShellQuery{SQL: text, Back: back}, err), node, cast.span)
		var doubt Doubt
		switch {
		case !errors.As(err, &doubt):
			found = append(found, diag.From(err, diag.SQL)...)
			if cast.as != "" { // nobody wrote a cast that could be another one
				found[len(found)-1].Hint = ""
			}
		case cast.as == "" && len(found) == 0:
			return err
		}
	}
	return found.Sorted().Err()
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
