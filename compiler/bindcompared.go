package compiler

import (
	"slices"
	"strconv"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
)

// comparedText is a text in quotes that a query compares with something: day > 'x',
// day in ('x', 'y'), day between 'x' and 'y'. DuckDB casts it to the type of the other
// side, and fails when the first row is read.
type comparedText struct {
	span  diag.Span
	other string // the name of the other side, in lower case, where it is a plain column; else ""
}

// bracket is an open bracket of a query.
type bracket struct {
	lazy  bool   // what is in it need not be evaluated
	in    bool   // it is the list of an IN
	other string // what stands before that IN
}

var comparisons = []string{"=", "==", "<>", "!=", "<", ">", "<=", ">="}

// beforeOperand are the words and marks behind which an operand begins.
var beforeOperand = []string{"(", ",", "where", "and", "or", "on", "having", "qualify", "not", "select"}

// compared notes the text of a token if it is compared.
func (f *castFinder) compared(i int) {
	if !strings.HasPrefix(f.word(i), "'") {
		return
	}
	other, is := "", false
	before, after := f.word(i-1), f.word(i+1)
	switch in := f.innermost(); {
	case in.in && (before == "(" || before == ",") && (after == ")" || after == ","):
		other, is = in.other, true
	case slices.Contains(comparisons, before) && strings.HasPrefix(f.word(i-2), "'"),
		slices.Contains(comparisons, after) && strings.HasPrefix(f.word(i+2), "'"):
		// two texts are compared as such
	case slices.Contains(comparisons, before):
		other, is = f.column(i-2), true
	case before == "between" && after == "and":
		other, is = f.operandBefore(i-1), true
	case before == "and" && f.word(i-3) == "between":
		other, is = f.operandBefore(i-3), true
	case slices.Contains(comparisons, after) && (i == 0 || slices.Contains(beforeOperand, before)):
		if f.word(i+3) != "." { // t.day: the name comes later
			other = f.column(i + 2)
		}
		is = true
	}
	if is {
		f.texts = append(f.texts, comparedText{f.tokens[i].Span, other})
	}
}

// operandBefore is the column before IN or BETWEEN, over a NOT.
func (f *castFinder) operandBefore(i int) string {
	if f.word(i-1) == "not" {
		i--
	}
	return f.column(i - 1)
}

// column is a token as the name of a column, in lower case.
func (f *castFinder) column(i int) string {
	if i < 0 || i >= len(f.tokens) || f.tokens[i].Kind != sqltoken.Word && f.tokens[i].Kind != sqltoken.Quoted {
		return ""
	}
	return strings.ToLower(sqltoken.Unquote(f.tokens[i].Text(f.sql)))
}

func (f *castFinder) innermost() bracket {
	if len(f.open) == 0 {
		return bracket{}
	}
	return f.open[len(f.open)-1]
}

// exactTypes are those whose comparison with a text is that with the text as their value, so
// that a text which is none fails. With an ENUM, say, it is the other way about. DECIMAL
// is one with any numbers in parentheses.
var exactTypes = []string{
	"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
	"FLOAT", "DOUBLE", "DECIMAL", "BOOLEAN", "DATE", "TIME", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "UUID", "INTERVAL",
}

// comparedCasts are the casts that a query makes of the texts it compares. Their types are
// found by binding the query with parameters in the places of the texts: only if one may be
// compared with what is no text, since it costs as much as the query.
func (b *binder) comparedCasts(catalog ShellCatalog, node *project.Node, query ShellQuery) []castText {
	texts := literalsOf(query.SQL).texts
	if !slices.ContainsFunc(texts, func(t comparedText) bool { return !b.isText(node, t.other) }) {
		return nil
	}
	edits := make([]sqltoken.Edit, len(texts))
	for i, t := range texts {
		edits[i] = sqltoken.Edit{Span: t.span, Text: "$" + strconv.Itoa(i+1)}
	}
	asked, _ := sqltoken.Rewrite(query.SQL, edits)
	types, err := catalog.Parameters(b.ctx, asked, len(texts))
	if err != nil {
		return nil // it is no query any more: nothing is known of the texts
	}
	var casts []castText
	for i, t := range texts {
		if plain, _, _ := strings.Cut(types[i], "("); !slices.Contains(exactTypes, plain) {
			continue
		}
		start := query.Back.Old(t.span.Start)
		casts = append(casts, castText{span: diag.Span{Start: start, End: start + t.span.End - t.span.Start}, as: types[i]})
	}
	return casts
}

// isText reports whether a name is that of VARCHAR columns only, among what a node reads.
func (b *binder) isText(node *project.Node, name string) bool {
	found := false
	for _, id := range b.readers(node) {
		parent := b.nodes[id]
		if parent == nil {
			continue
		}
		for _, c := range parent.readAs() {
			if !strings.EqualFold(c.Name, name) {
				continue
			}
			if found = true; c.Type != "VARCHAR" {
				return false
			}
		}
	}
	return found
}
