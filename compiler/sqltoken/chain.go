package sqltoken

import (
	"strings"

	"elt/compiler/diag"
)

// Part is one name of a [Chain].
type Part struct {
	Name   string // without quotes
	Quoted bool
	Span   diag.Span // with quotes
}

// Chain is a dotted name, as long as it goes: orders, shop.orders, o.id,
// "db"."main"."orders". White space and comments may stand around the dots.
type Chain struct {
	Parts []Part
	Span  diag.Span // from the first part to the last

	// Call says that "(" follows: a function call, or the columns of INSERT INTO
	// t (...) and of a CTE.
	Call bool
	// Star says that ".*" follows.
	Star bool
	// Prev is the keyword, in capitals, or the operator or punctuation directly
	// before, comments aside: "FROM", "JOIN", "INTO", ",", "(", "::". A chain after
	// "." is a field of an expression: (x).y. Prev is "" at the beginning of the
	// text, after a name or literal, so before an alias without AS, and after the
	// FROM of "is distinct from" and "extract(year from x)".
	Prev string
	// Clause is the keyword, in capitals, that governs this part of the query, a
	// list's later members included: "FROM" for b in "from a x, b". It is one of
	// SELECT FROM JOIN ON USING WHERE GROUP HAVING QUALIFY WINDOW ORDER LIMIT OFFSET
	// VALUES SET RETURNING WITH INTO UPDATE TABLE VIEW PIVOT UNPIVOT, or "" in the
	// arguments of a call and where none came yet. Parentheses that are no call
	// begin with the clause around them.
	Clause string
}

// Name returns the last name: the table of a table name, the column of a column.
func (c Chain) Name() string { return c.Parts[len(c.Parts)-1].Name }

// Chains returns the dotted names of a text in order, keywords that cannot be a
// name left out. Keywords that can ("date", "view") are returned like names, since
// only a grammar could tell. Names whose function is spelled with a reserved word,
// such as left(...), are left out too.
func Chains(sql string) []Chain {
	guess := len(sql)/20 + 2 // about as many as queries have, to allocate once
	f := chainFinder{lexer: lexer{sql: sql}, parts: make([]Part, 0, guess), found: make([]Chain, 0, guess)}
	f.clauses = append(f.clauses, "")
	for f.significant() {
		for f.step() {
		}
	}
	if len(f.found) == 0 {
		return nil
	}
	return f.found
}

// chainFinder walks the tokens and keeps what a chain wants to know of its left.
type chainFinder struct {
	lexer
	parts   []Part // of all chains, so that they share few allocations
	found   []Chain
	prev    string
	clauses []string // one for each open parenthesis, outermost first
	call    bool     // the chain just found is followed by "("
}

// step takes the current token. It returns true when it has moved on to another
// token that is still to be taken.
func (f *chainFinder) step() bool {
	sql, tok := f.sql, f.tok
	switch tok.Kind {
	case Word:
		word := tok.Text(sql)
		c := keyword(word)
		if c >= typeFunction && f.prev != "." {
			f.keyword(upperKeyword(word))
			return false
		}
		return f.chain(c)
	case Quoted:
		return f.chain(notKeyword)
	case Operator, Punct:
		f.prev = tok.Text(sql)
		f.nest()
	default:
		f.prev = ""
	}
	f.call = false
	return false
}

// chain reads a chain whose first part is the current token, of keyword class c,
// and then a token more, if there is one.
func (f *chainFinder) chain(c class) bool {
	sql, start := f.sql, len(f.parts)
	chain := Chain{Prev: f.prev, Clause: f.clauses[len(f.clauses)-1]}
	f.prev, f.call = "", false
	if first := f.tok.Text(sql); c != notKeyword {
		f.prev = upperKeyword(first)
	}
	f.part()
	more := f.significant()
	for more && f.tok.is(sql, '.') {
		f.prev = "."
		if more = f.significant(); !more {
			break
		}
		if f.tok.Kind != Word && f.tok.Kind != Quoted {
			chain.Star = f.tok.is(sql, '*')
			break
		}
		f.part()
		f.prev = ""
		more = f.significant()
	}
	chain.Parts = f.parts[start:len(f.parts):len(f.parts)]
	chain.Span = diag.Span{Start: chain.Parts[0].Span.Start, End: chain.Parts[len(chain.Parts)-1].Span.End}
	chain.Call = more && f.prev != "." && f.tok.is(sql, '(')
	if more && f.prev != "" && f.prev != "." && (chain.Call || f.tok.Kind == Word || f.tok.Kind == Quoted) {
		f.enterClause(f.prev)
	}
	f.call = chain.Call
	f.found = append(f.found, chain)
	return more
}

func (f *chainFinder) part() {
	name := f.tok.Text(f.sql)
	quoted := f.tok.Kind == Quoted
	if quoted {
		name = Unquote(name)
	}
	f.parts = append(f.parts, Part{Name: name, Quoted: quoted, Span: f.tok.Span})
}

// nest follows parentheses and the end of a statement.
func (f *chainFinder) nest() {
	switch last := len(f.clauses) - 1; {
	case f.prev == "(" && f.call:
		f.clauses = append(f.clauses, "")
	case f.prev == "(":
		f.clauses = append(f.clauses, f.clauses[last])
	case f.prev == ")" && last > 0:
		f.clauses = f.clauses[:last]
	case f.prev == ";":
		f.clauses = append(f.clauses[:0], "")
	}
}

// keyword takes a word that cannot be a name. The FROM of "is distinct from" and
// of "extract(year from x)" begins no clause and is not told to what follows.
func (f *chainFinder) keyword(word string) {
	level := f.clauses[len(f.clauses)-1]
	inCall := len(f.clauses) > 1 && level == "" && f.prev != "("
	if word == "FROM" && (f.prev == "DISTINCT" || inCall) {
		f.prev = ""
		return
	}
	f.prev = word
	f.enterClause(word)
}

// enterClause makes a keyword the clause of its parentheses, if it begins one.
func (f *chainFinder) enterClause(keyword string) {
	switch keyword {
	case "SELECT", "FROM", "JOIN", "ON", "USING", "WHERE", "GROUP", "HAVING", "QUALIFY",
		"WINDOW", "ORDER", "LIMIT", "OFFSET", "VALUES", "SET", "RETURNING", "WITH", "INTO",
		"UPDATE", "TABLE", "VIEW", "PIVOT", "UNPIVOT":
		f.clauses[len(f.clauses)-1] = keyword
	}
}

// upperKeyword is strings.ToUpper without the allocation for the most common.
func upperKeyword(word string) string {
	for _, k := range [...]string{"SELECT", "FROM", "JOIN", "AS", "ON", "WHERE", "AND", "WITH", "LEFT"} {
		if equalFold(word, k) {
			return k
		}
	}
	return strings.ToUpper(word)
}

// Unquote returns the name a quoted identifier stands for. Text that is not quoted
// is returned as it is.
func Unquote(text string) string {
	if len(text) < 2 || text[0] != '"' || text[len(text)-1] != '"' {
		return text
	}
	return strings.ReplaceAll(text[1:len(text)-1], `""`, `"`)
}
