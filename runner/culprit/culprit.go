// Package culprit finds the piece of a query because of which it fails while it runs.
//
// DuckDB names no place for what goes wrong with a value: an overflow, a text that does not
// fit a format, a scalar subquery with two rows, error(). [Find] takes the query apart (CTEs,
// branches of a set operation, subqueries of FROM, clauses, selected expressions) and has
// pieces of it run by themselves, until it is at the smallest that still fails in the same
// way. It executes nothing itself: [Database] does, and says whether a piece fails as the
// whole did. Queries are cut by their tokens, not by a grammar: a form that is not known
// (PIVOT, VALUES) is not taken apart, and what cannot be told is not guessed. Start reading
// at [Find].
package culprit

import (
	"fmt"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/sqltoken"
)

// Database runs pieces of a query.
type Database interface {
	// Fails runs a query and reports whether it fails as the whole did. Any other error,
	// and having no time left, is no.
	Fails(sql string) bool
	// Columns is how many columns a query has; 0 where it cannot be told.
	Columns(sql string) int
}

// Find returns where in a query, which fails while it runs, the piece stands that makes it
// fail. ok is false where no piece fails by itself as the whole does.
func Find(sql string, db Database) (at diag.Span, ok bool) {
	sql = sqltoken.StripTrailing(sql)
	s := &search{sql: sql, tokens: cut(sql), db: db}
	return s.find(diag.Span{End: len(sql)}, nil)
}

// search is one call of Find.
type search struct {
	sql    string
	tokens []token
	db     Database
}

// find looks within a query. with are the WITH clauses around it, outermost first.
func (s *search) find(query diag.Span, with []string) (diag.Span, bool) {
	p, ok := s.dissect(query)
	if !ok {
		return diag.Span{}, false
	}
	for i, cte := range p.ctes {
		if around := p.withBefore(s.sql, with, i); s.fails(cte.query, around) {
			if p.recursive {
				return s.branch(cte.query, around), true
			}
			return s.within(cte.query, around), true
		}
	}
	if len(p.ctes) > 0 {
		with = append(with[:len(with):len(with)], p.withAll(s.sql))
	}
	for _, piece := range append(p.branches, p.subqueries...) {
		if s.fails(piece, with) {
			return s.within(piece, with), true
		}
	}
	switch {
	case len(p.branches) > 0:
		return diag.Span{}, false
	case s.db.Fails("select count(*) from (\n" + nest(with, s.text(p.body)) + "\n) as _elt_t"):
		return s.inRows(p, with)
	}
	return s.inColumns(p, with)
}

// within is the piece of a query that is known to fail: the query's beginning where nothing
// smaller is found.
func (s *search) within(query diag.Span, with []string) diag.Span {
	if at, ok := s.find(query, with); ok {
		return at
	}
	if inside := s.between(query); len(inside) > 0 {
		return inside[0].Span
	}
	return query
}

// branch is where the branch of a recursive CTE begins that fails. It is not taken apart any
// further: whatever reads the CTE fails as it does.
func (s *search) branch(query diag.Span, with []string) diag.Span {
	if p, ok := s.dissect(query); ok && len(p.ctes) == 0 {
		for _, piece := range p.branches {
			if s.fails(piece, with) {
				return s.between(piece)[0].Span
			}
		}
	}
	return s.between(query)[0].Span
}

func (s *search) text(at diag.Span) string { return s.sql[at.Start:at.End] }

// fails reports whether a query fails if all of its columns are computed.
func (s *search) fails(query diag.Span, with []string) bool {
	return s.failsText(s.text(query), with)
}

func (s *search) failsText(query string, with []string) bool {
	return s.db.Fails("select bit_xor(hash(_elt_t)) from (\n" + nest(with, query) + "\n) as _elt_t")
}

// nest puts WITH clauses around a query, each in a query of its own, so that a name may be
// defined anew further in.
func nest(with []string, query string) string {
	for i := len(with) - 1; i >= 0; i-- {
		query = with[i] + "\nselect * from (\n" + query + "\n) as _elt_in"
	}
	return query
}

// inRows looks in what decides the rows of a select: FROM with its joins, WHERE, and what is
// grouped or compared.
func (s *search) inRows(p parts, with []string) (diag.Span, bool) {
	from := p.clauses["FROM"]
	if from == nil {
		return diag.Span{}, false
	}
	rows := func(upTo int) bool {
		return s.failsText("select 1 as _elt_1 "+s.sql[from.all.Start:upTo], with)
	}
	if rows(from.all.End) {
		return s.inFrom(*from, rows)
	}
	before := s.text(from.all)
	if where := p.clauses["WHERE"]; where != nil {
		for _, condition := range s.conjuncts(where.content) {
			if s.failsText("select 1 as _elt_1 "+before+" where "+s.text(condition), with) {
				return condition, true
			}
		}
		before += " " + s.text(where.all)
		if s.failsText("select 1 as _elt_1 "+before, with) {
			return where.content, true
		}
	}
	for _, e := range append(p.items, s.list(p.clauses["GROUP"])...) {
		if s.failsText("select "+s.text(e)+" "+before, with) {
			return e, true
		}
	}
	return s.inRest(p, before, with)
}

// inRest looks in the clauses behind GROUP BY.
func (s *search) inRest(p parts, before string, with []string) (diag.Span, bool) {
	if group := p.clauses["GROUP"]; group != nil {
		before += " " + s.text(group.all)
	}
	if having := p.clauses["HAVING"]; having != nil && s.failsText("select 1 as _elt_1 "+before+" "+s.text(having.all), with) {
		return having.content, true
	}
	qualify, order := p.clauses["QUALIFY"], p.clauses["ORDER"]
	switch {
	case qualify != nil && order == nil:
		return qualify.content, true
	case order != nil && qualify == nil && p.distinct == nil:
		return order.content, true
	}
	return diag.Span{}, false
}

// inFrom looks in FROM: for the first condition of a join with which the rows fail.
func (s *search) inFrom(from clause, rows func(upTo int) bool) (diag.Span, bool) {
	inside := s.between(from.content)
	if len(inside) == 0 {
		return diag.Span{}, false
	}
	at := inside[0].Span // of what is joined last
	start, depth := at.Start, inside[0].depth
	for i, tok := range inside {
		called := i+1 < len(inside) && inside[i+1].text(s.sql) == "(" // left(name, 2)
		if tok.depth == depth && i > 0 && (tok.joins() && !called || tok.text(s.sql) == ",") {
			if rows(s.endBefore(tok)) {
				return diag.Span{Start: start, End: s.endBefore(tok)}, true
			}
			start = tok.Span.Start
		}
		if tok.depth == depth && tok.word == "ON" && i+1 < len(inside) {
			start = inside[i+1].Span.Start
		}
	}
	return diag.Span{Start: start, End: from.content.End}, true
}

// inColumns looks for the selected expression that fails if it alone is computed.
func (s *search) inColumns(p parts, with []string) (diag.Span, bool) {
	query := nest(with, s.withoutOrder(p))
	n := s.db.Columns(query)
	if n == 0 {
		return diag.Span{}, false
	}
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("_elt_%d", i)
	}
	fail := func(from, to int) bool {
		return s.db.Fails("select bit_xor(hash(" + strings.Join(names[from:to], ", ") + ")) from (\n" + query + "\n) as _elt_t (" + strings.Join(names, ", ") + ")")
	}
	column := half(0, n, fail)
	for i := 0; column < 0 && i < n; i++ { // several fail, and not in the same way
		if fail(i, i+1) {
			column = i
		}
	}
	if column < 0 {
		return diag.Span{}, false
	}
	return s.item(p.items, column, n)
}

// half halves a range of columns until one is left, and returns it if it fails, else -1.
func half(from, to int, fail func(from, to int) bool) int {
	for to-from > 1 {
		if middle := (from + to) / 2; fail(from, middle) {
			to = middle
		} else {
			from = middle
		}
	}
	if fail(from, to) {
		return from
	}
	return -1
}

// withoutOrder is a select whose columns can be computed one without the others: DISTINCT
// needs all of them, and so may ORDER BY.
func (s *search) withoutOrder(p parts) string {
	body, end := s.text(p.body), p.body.End
	if order := p.clauses["ORDER"]; order != nil && p.clauses["LIMIT"] == nil && p.clauses["OFFSET"] == nil {
		end = order.all.Start
		body = s.sql[p.body.Start:end]
	}
	if p.distinct == nil {
		return body
	}
	return s.sql[p.body.Start:p.distinct.Start] + s.sql[p.distinct.End:end]
}

// item is the selected expression that makes a column. A star makes as many as the others
// leave; what stands between two stars cannot be told.
func (s *search) item(items []diag.Span, column, columns int) (diag.Span, bool) {
	first, last := len(items), -1
	for i, it := range items {
		if s.isStar(it) {
			first, last = min(first, i), i
		}
	}
	behind := columns - column // columns from this one to the end
	switch {
	case column < first && column < len(items):
		return items[column], true
	case last >= 0 && behind <= len(items)-1-last:
		return items[len(items)-behind], true
	case first == last && last >= 0:
		return items[first], true
	}
	return diag.Span{}, false
}
