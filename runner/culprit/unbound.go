package culprit

import (
	"slices"

	"elt/compiler/diag"
	"elt/compiler/sqltoken"
)

// Outcome is what comes of binding a query, beside what came of the whole.
type Outcome int

// The outcomes.
const (
	Binds     Outcome = iota // nothing is wrong with it
	FailsSo                  // it fails as the whole did
	FailsElse                // it fails in another way, or there was no time left to try
)

// Unbound returns where in a query, which cannot be bound, the piece stands because of which it
// cannot: the smallest expression that cannot be bound in its place. bind binds a query and compares.
// ok is false where no piece can be told.
func Unbound(sql string, bind func(sql string) Outcome) (at diag.Span, ok bool) {
	sql = sqltoken.StripTrailing(sql)
	s := &unbound{search: search{sql: sql, tokens: cut(sql)}, bind: bind}
	return s.find(diag.Span{End: len(sql)}, nil)
}

// unbound is one call of Unbound.
type unbound struct {
	search
	bind func(sql string) Outcome
}

// element is a piece of a select that can be left out, and what stands in its place then.
type element struct {
	diag.Span
	mask string
}

// find looks within a query, as [search.find] does.
func (s *unbound) find(query diag.Span, with []string) (diag.Span, bool) {
	p, ok := s.dissect(query)
	if !ok {
		return diag.Span{}, false
	}
	for i, cte := range p.ctes {
		around := p.withBefore(s.sql, with, i)
		if !p.recursive && s.bind(nest(around, s.text(cte.query))) == FailsSo {
			return s.find(cte.query, around)
		}
	}
	if len(p.ctes) > 0 {
		with = append(with[:len(with):len(with)], p.withAll(s.sql))
	}
	for _, piece := range append(p.branches, p.subqueries...) {
		if s.bind(nest(with, s.text(piece))) == FailsSo {
			return s.find(piece, with)
		}
	}
	if len(p.branches) > 0 {
		return diag.Span{}, false
	}
	guilty, ok := s.guilty(p, with)
	if !ok {
		return diag.Span{}, false
	}
	return s.smallest(p, guilty, with), true
}

// replaced is the text of a select with something else in the place of a piece of it.
func (s *unbound) replaced(p parts, piece diag.Span, text string, with []string) string {
	return nest(with, s.sql[p.body.Start:piece.Start]+" "+text+" "+s.sql[piece.End:p.body.End])
}

// guilty is the last element without which a select can be bound: what reads the alias of another
// can be bound without that one, too. Where none is so, it is the only one without which it fails
// in another way.
func (s *unbound) guilty(p parts, with []string) (diag.Span, bool) {
	var binds, others []diag.Span
	for _, e := range s.elements(p) {
		switch s.bind(s.replaced(p, e.Span, e.mask, with)) {
		case Binds:
			binds = append(binds, e.Span)
		case FailsElse:
			others = append(others, e.Span)
		}
	}
	switch {
	case len(binds) > 0:
		return slices.MaxFunc(binds, func(a, b diag.Span) int { return a.Start - b.Start }), true
	case len(others) == 1:
		return others[0], true
	}
	return diag.Span{}, false
}

// elements are the pieces of a select that are bound by themselves.
func (s *unbound) elements(p parts) []element {
	var out []element
	add := func(mask string, spans ...diag.Span) {
		for _, at := range spans {
			out = append(out, element{at, mask})
		}
	}
	for _, item := range p.items {
		if at := s.expression(item); !s.isName(at) {
			add("null", at)
		}
	}
	if from := p.clauses["FROM"]; from != nil {
		add("true", s.joinConditions(from.content)...)
		add("(select null)", s.tableCalls(from.content)...)
	}
	if where := p.clauses["WHERE"]; where != nil {
		add("true", s.conjuncts(where.content)...)
	}
	add("null", s.list(p.clauses["GROUP"])...)
	for _, word := range []string{"HAVING", "QUALIFY"} {
		if c := p.clauses[word]; c != nil {
			add("true", c.content)
		}
	}
	add("1", s.list(p.clauses["ORDER"])...)
	for _, word := range []string{"LIMIT", "OFFSET"} {
		if c := p.clauses[word]; c != nil {
			add("1", c.content)
		}
	}
	return out
}

// expression is a selected expression without its alias.
func (s *unbound) expression(item diag.Span) diag.Span {
	toks := s.between(item)
	for i, t := range toks {
		if i > 0 && t.depth == toks[0].depth && t.word == "AS" {
			return spanOf(toks[:i])
		}
	}
	if n := len(toks); n > 1 && toks[n-1].word != "" && toks[n-1].word != "END" && toks[n-2].text(s.sql) == ")" {
		return spanOf(toks[:n-1])
	}
	return item
}

// isName reports whether an expression is a column and nothing else.
func (s *unbound) isName(at diag.Span) bool {
	for _, t := range s.between(at) {
		if t.Kind != sqltoken.Word && t.Kind != sqltoken.Quoted && t.text(s.sql) != "." {
			return false
		}
	}
	return true
}

// joinConditions are what stands behind ON.
func (s *unbound) joinConditions(from diag.Span) []diag.Span {
	var out []diag.Span
	toks := s.between(from)
	for i, t := range toks {
		if t.word != "ON" || t.depth != toks[0].depth || i+1 == len(toks) {
			continue
		}
		end := i + 1
		for end < len(toks) && (toks[end].depth > t.depth || !toks[end].joins() && toks[end].text(s.sql) != ",") {
			end++
		}
		if end > i+1 {
			out = append(out, spanOf(toks[i+1:end]))
		}
	}
	return out
}

// tableCalls are the calls of table functions in FROM.
func (s *unbound) tableCalls(from diag.Span) []diag.Span {
	var out []diag.Span
	toks := s.between(from)
	for i, t := range toks {
		if t.depth == toks[0].depth && i+1 < len(toks) && isNameToken(t) && t.word != "ON" && t.word != "USING" && toks[i+1].text(s.sql) == "(" {
			if call, ok := s.callAt(toks, i); ok {
				out = append(out, call)
			}
		}
	}
	return out
}

func isNameToken(t token) bool { return t.Kind == sqltoken.Word || t.Kind == sqltoken.Quoted }

// callAt is the call whose name ends at one of some tokens, with its qualifiers and with the clauses
// that belong to it: filter, over, within group.
func (s *unbound) callAt(toks []token, i int) (diag.Span, bool) {
	base := s.index(toks[0].Span.Start)
	closing := toks[i+1].match - base
	if toks[i+1].match < 0 || closing >= len(toks) {
		return diag.Span{}, false
	}
	for i > 1 && toks[i-1].text(s.sql) == "." && isNameToken(toks[i-2]) {
		i -= 2
	}
	end := closing
	for end+1 < len(toks) {
		next := end + 1
		switch toks[next].word {
		case "FILTER", "OVER":
		case "WITHIN":
			next++
		default:
			return spanOf(append(toks[i:i+1:i+1], toks[end])), true
		}
		switch {
		case next+1 >= len(toks):
			return spanOf(append(toks[i:i+1:i+1], toks[end])), true
		case toks[next+1].match > 0 && toks[next+1].match-base < len(toks):
			end = toks[next+1].match - base
		default: // over a window's name
			end = next + 1
		}
	}
	return spanOf(append(toks[i:i+1:i+1], toks[end])), true
}

// smallest is the smallest piece of an expression that cannot be bound in its place, as the whole
// cannot.
func (s *unbound) smallest(p parts, whole diag.Span, with []string) diag.Span {
	pieces := s.pieces(whole)
	slices.SortStableFunc(pieces, func(a, b diag.Span) int { return (a.End - a.Start) - (b.End - b.Start) })
	for _, piece := range pieces {
		if s.bind(s.replaced(p, whole, s.text(piece), with)) == FailsSo {
			return piece
		}
	}
	return whole
}

// pieces are the calls and what stands in brackets within an expression.
func (s *unbound) pieces(whole diag.Span) []diag.Span {
	var out []diag.Span
	toks := s.between(whole)
	base := s.index(whole.Start)
	for i, t := range toks {
		closing := t.match - base
		if t.match < 0 || closing >= len(toks) {
			continue
		}
		switch {
		case i > 0 && isNameToken(toks[i-1]) && t.text(s.sql) == "(":
			if call, ok := s.callAt(toks, i-1); ok {
				out = append(out, call)
			}
		case i > 0 && isNameToken(toks[i-1]): // a subscript
			first := i - 1
			for first > 1 && toks[first-1].text(s.sql) == "." && isNameToken(toks[first-2]) {
				first -= 2
			}
			out = append(out, spanOf(append(toks[first:first+1:first+1], toks[closing])))
		default:
			out = append(out, spanOf(toks[i:closing+1]))
		}
		if t.text(s.sql) == "(" && closing > i+1 {
			for _, argument := range s.split(toks[i+1 : closing]) {
				if !s.isName(argument) {
					out = append(out, argument)
				}
			}
		}
	}
	return slices.DeleteFunc(out, func(at diag.Span) bool { return at == whole })
}
