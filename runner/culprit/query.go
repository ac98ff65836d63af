package culprit

import (
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/sqltoken"
)

// token is a token with what a query's cutting wants to know of it.
type token struct {
	sqltoken.Token
	word  string // a plain word in capitals; "" of anything else, of a field and of an alias
	depth int    // brackets around it; a bracket itself is outside
	match int    // index of the bracket that closes this one; -1
}

func (t token) text(sql string) string { return t.Text(sql) }

// joins reports whether a word begins a join, or stands within the words that do. It is asked
// of a word that is not called as a function.
func (t token) joins() bool {
	return slices.Contains([]string{"JOIN", "LEFT", "RIGHT", "FULL", "INNER", "CROSS", "NATURAL", "ASOF", "POSITIONAL", "SEMI", "ANTI"}, t.word)
}

// cut returns the tokens of a text, comments left out.
func cut(sql string) []token {
	var out []token
	var open []int
	for tok := range sqltoken.Tokens(sql) {
		if tok.Kind == sqltoken.Comment {
			continue
		}
		t := token{Token: tok, depth: len(open), match: -1}
		switch text := tok.Text(sql); text {
		case "(", "[", "{":
			open = append(open, len(out))
		case ")", "]", "}":
			if len(open) > 0 {
				out[open[len(open)-1]].match = len(out)
				open = open[:len(open)-1]
			}
			t.depth = len(open)
		default:
			if tok.Kind == sqltoken.Word && !isLabel(sql, out) {
				t.word = strings.ToUpper(text)
			}
		}
		out = append(out, t)
	}
	return out
}

// isLabel reports whether a word that follows some tokens is a field or an alias, whatever
// keyword it looks like.
func isLabel(sql string, before []token) bool {
	if len(before) == 0 {
		return false
	}
	last := before[len(before)-1]
	return last.word == "AS" || last.text(sql) == "."
}

// between are the tokens of a span.
func (s *search) between(at diag.Span) []token {
	from := s.index(at.Start)
	to := s.index(at.End)
	return s.tokens[from:to]
}

// index is that of the first token that begins at an offset or behind it.
func (s *search) index(offset int) int {
	i, _ := slices.BinarySearchFunc(s.tokens, offset, func(t token, offset int) int { return t.Span.Start - offset })
	return i
}

// endBefore is where the token ends that stands before another.
func (s *search) endBefore(t token) int {
	return s.tokens[s.index(t.Span.Start)-1].Span.End
}

// clause is a clause of a select.
type clause struct {
	all     diag.Span // with its keywords
	content diag.Span
}

type cte struct {
	query diag.Span // what is in its parentheses
	end   int       // of its definition
}

// parts are the pieces of a query: either branches, or a select's.
type parts struct {
	with       int // where the first definition of the WITH clause begins
	recursive  bool
	ctes       []cte
	body       diag.Span   // what follows the WITH clause
	branches   []diag.Span // of a set operation
	clauses    map[string]*clause
	distinct   *diag.Span  // DISTINCT or DISTINCT ON (...)
	items      []diag.Span // selected expressions
	subqueries []diag.Span // of FROM
}

// withBefore are the WITH clauses that the query of a CTE is within: those around, and the
// CTEs before it. A recursive one reads itself.
func (p parts) withBefore(sql string, with []string, i int) []string {
	n := i
	if p.recursive {
		n++
	}
	if n == 0 {
		return with
	}
	return append(with[:len(with):len(with)], p.withFirst(sql, n))
}

// withFirst is a WITH clause of the first n CTEs.
func (p parts) withFirst(sql string, n int) string {
	keyword := "with "
	if p.recursive {
		keyword = "with recursive "
	}
	return keyword + sql[p.with:p.ctes[n-1].end]
}

func (p parts) withAll(sql string) string { return p.withFirst(sql, len(p.ctes)) }

// dissect takes a query apart. ok is false for what is no select that it knows.
func (s *search) dissect(query diag.Span) (p parts, ok bool) {
	toks := s.between(query)
	for len(toks) > 1 && toks[0].text(s.sql) == "(" && toks[0].match == s.index(toks[len(toks)-1].Span.Start) {
		toks = toks[1 : len(toks)-1]
	}
	toks, ok = s.ctes(&p, toks)
	if !ok || len(toks) == 0 {
		return p, false
	}
	p.body = spanOf(toks)
	if p.branches = s.branches(toks); len(p.branches) > 0 {
		return p, true
	}
	if p.clauses = s.clauses(toks); p.clauses == nil {
		return p, false
	}
	s.selected(&p)
	if from := p.clauses["FROM"]; from != nil {
		p.subqueries = s.subqueries(from.content)
	}
	return p, true
}

// spanOf is the text from the first token to the last.
func spanOf(toks []token) diag.Span {
	return diag.Span{Start: toks[0].Span.Start, End: toks[len(toks)-1].Span.End}
}

// ctes reads the WITH clause and returns the tokens behind it.
func (s *search) ctes(p *parts, toks []token) ([]token, bool) {
	if len(toks) < 2 || toks[0].word != "WITH" {
		return toks, true
	}
	toks = toks[1:]
	if toks[0].word == "RECURSIVE" {
		p.recursive, toks = true, toks[1:]
	}
	if len(toks) == 0 {
		return nil, false
	}
	p.with = toks[0].Span.Start
	for {
		open := slices.IndexFunc(toks, func(t token) bool { return t.word == "AS" })
		for open >= 0 && open < len(toks) && toks[open].text(s.sql) != "(" { // [not] materialized
			open++
		}
		if open < 0 || open >= len(toks) || toks[open].match < 0 {
			return nil, false
		}
		base := s.index(toks[0].Span.Start)
		closing := toks[open].match - base
		if closing <= open+1 || closing >= len(toks) {
			return nil, false
		}
		p.ctes = append(p.ctes, cte{query: spanOf(toks[open+1 : closing]), end: toks[closing].Span.End})
		toks = toks[closing+1:]
		if len(toks) == 0 || toks[0].text(s.sql) != "," {
			return toks, true
		}
		toks = toks[1:]
	}
}

// branches are the queries of a set operation; none where the tokens are no such.
func (s *search) branches(toks []token) []diag.Span {
	depth := toks[0].depth
	var out []diag.Span
	start, end := 0, len(toks)
	for i, t := range toks {
		if t.depth != depth {
			continue
		}
		switch t.word {
		case "UNION", "INTERSECT", "EXCEPT":
			if i > start {
				out = append(out, spanOf(toks[start:i]))
			}
			for start = i + 1; start < len(toks) && slices.Contains([]string{"ALL", "DISTINCT", "BY", "NAME"}, toks[start].word); {
				start++
			}
		case "ORDER", "LIMIT", "OFFSET":
			if len(out) > 0 && end == len(toks) {
				end = i
			}
		}
	}
	if len(out) == 0 || start >= end {
		return nil
	}
	return append(out, spanOf(toks[start:end]))
}

// clauses are the clauses of a select by their first word; nil where it begins with none.
func (s *search) clauses(toks []token) map[string]*clause {
	if toks[0].word != "SELECT" && toks[0].word != "FROM" {
		return nil
	}
	starts := []int{}
	for i, t := range toks {
		if t.depth == toks[0].depth && beginsClause(toks, i) {
			starts = append(starts, i)
		}
	}
	out := map[string]*clause{}
	for k, i := range starts {
		end := len(toks)
		if k+1 < len(starts) {
			end = starts[k+1]
		}
		content := i + 1
		if content < end && toks[content].word == "BY" {
			content++
		}
		if content < end {
			out[toks[i].word] = &clause{all: spanOf(toks[i:end]), content: spanOf(toks[content:end])}
		}
	}
	return out
}

// beginsClause reports whether a clause of a select begins at a token: not so the FROM of
// "is distinct from", nor "within group".
func beginsClause(toks []token, i int) bool {
	before := ""
	if i > 0 {
		before = toks[i-1].word
	}
	switch toks[i].word {
	case "SELECT", "WHERE", "HAVING", "QUALIFY", "WINDOW", "ORDER", "LIMIT", "OFFSET":
		return true
	case "FROM":
		return before != "DISTINCT"
	case "GROUP":
		return before != "WITHIN"
	}
	return false
}

// selected reads the selected expressions.
func (s *search) selected(p *parts) {
	list := p.clauses["SELECT"]
	if list == nil {
		return
	}
	toks := s.between(list.content)
	n := 0
	switch {
	case toks[0].word == "ALL":
		n = 1
	case toks[0].word == "DISTINCT" && len(toks) > 2 && toks[1].word == "ON" && toks[2].match > 0:
		n = toks[2].match - s.index(toks[0].Span.Start) + 1
	case toks[0].word == "DISTINCT":
		n = 1
	}
	if n > 0 && toks[0].word == "DISTINCT" {
		at := spanOf(toks[:n])
		p.distinct = &at
	}
	if n < len(toks) {
		p.items = s.split(toks[n:])
	}
}

// list are the expressions of a clause, if there is one.
func (s *search) list(c *clause) []diag.Span {
	if c == nil {
		return nil
	}
	return s.split(s.between(c.content))
}

// split cuts a list at its commas.
func (s *search) split(toks []token) []diag.Span {
	var out []diag.Span
	start, depth := 0, toks[0].depth
	for i, t := range toks {
		if t.depth == depth && t.text(s.sql) == "," {
			if i > start {
				out = append(out, spanOf(toks[start:i]))
			}
			start = i + 1
		}
	}
	if start < len(toks) {
		out = append(out, spanOf(toks[start:]))
	}
	return out
}

// conjuncts cuts a condition at its ANDs; one with an OR beside them is left whole.
func (s *search) conjuncts(condition diag.Span) []diag.Span {
	toks := s.between(condition)
	var out []diag.Span
	start, between := 0, false
	for i, t := range toks {
		if t.depth != toks[0].depth {
			continue
		}
		switch {
		case t.word == "OR":
			return []diag.Span{condition}
		case t.word == "BETWEEN":
			between = true
		case t.word == "AND" && between:
			between = false
		case t.word == "AND" && i > start:
			out = append(out, spanOf(toks[start:i]))
			start = i + 1
		}
	}
	if start < len(toks) {
		out = append(out, spanOf(toks[start:]))
	}
	return out
}

// subqueries are the queries in parentheses within FROM, those within them left out.
func (s *search) subqueries(from diag.Span) []diag.Span {
	var out []diag.Span
	toks := s.between(from)
	for i := 0; i+1 < len(toks); i++ {
		if toks[i].text(s.sql) != "(" || toks[i].match < 0 {
			continue
		}
		closing := toks[i].match - s.index(from.Start)
		switch toks[i+1].word {
		case "SELECT", "WITH", "FROM":
			if closing < len(toks) {
				out = append(out, spanOf(toks[i+1:closing]))
				i = closing
			}
		}
	}
	return out
}

// isStar reports whether a selected expression makes as many columns as there are: *, o.*,
// columns(...).
func (s *search) isStar(item diag.Span) bool {
	toks := s.between(item)
	for i, t := range toks {
		if t.depth != toks[0].depth {
			continue
		}
		before, behind := i == 0 || toks[i-1].text(s.sql) == ".", i+1 < len(toks) && toks[i+1].text(s.sql) == "("
		if t.text(s.sql) == "*" && before || (t.word == "COLUMNS" || t.word == "UNNEST") && behind {
			return true
		}
	}
	return false
}
