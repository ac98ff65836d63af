package compiler

import (
	"context"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/compiler/template"
)

// plainNames finds the plain table names of a query that mean nodes of the project
// (SQL first): `from stg_orders` where stg_orders is a model. The lexer looks for
// candidates; only where it finds one does DuckDB's own parser decide, since it alone
// knows what is a CTE, an alias or a column. A query that the parser does not take
// has none: the database will say what is wrong with it.
func (p *Plan) plainNames(sql string, self *project.Node) []plainName {
	names, _ := p.parsedNames(sql, self)
	return names
}

// parsedNames is plainNames, with the error of a query that the parser does not take.
func (p *Plan) parsedNames(sql string, self *project.Node) ([]plainName, error) {
	if !p.sqlFirst() || !p.mentions(sql, self) {
		return nil, nil
	}
	refs, err := p.options.SQLParser.TableRefs(sql)
	if err != nil {
		return nil, err
	}
	var out []plainName
	for _, ref := range refs {
		if ref.Catalog != "" {
			continue
		}
		if found := p.names.plain(ref.Schema, ref.Name, self); len(found) > 0 {
			out = append(out, plainName{TableRef: ref, nodes: found})
		}
	}
	called := p.calledNames(sql, self)
	if len(called) == 0 {
		return out, nil
	}
	out = append(out, called...)
	slices.SortFunc(out, func(a, b plainName) int { return a.Start - b.Start })
	return out, nil
}

// likelyNames are the plain names of a query that the parser does not take, as far as the lexer can
// tell: what depends on its references should not be told as a mistake, too.
func (p *Plan) likelyNames(sql string, self *project.Node) []plainName {
	chains := sqltoken.Chains(sql)
	ctes := map[string]bool{}
	for _, chain := range chains {
		rest := strings.Fields(strings.ToLower(sql[chain.Span.End:min(chain.Span.End+40, len(sql))]))
		isBody := len(rest) > 1 && (rest[1][0] == '(' || rest[1] == "materialized" || rest[1] == "not")
		if len(rest) > 0 && strings.HasPrefix(rest[0], "as(") || isBody && rest[0] == "as" {
			ctes[strings.ToLower(chain.Name())] = true
		}
	}
	var out []plainName
	for _, chain := range chains {
		if chain.Call || len(chain.Parts) > 2 || chain.Clause != "FROM" && chain.Clause != "JOIN" || len(chain.Parts) == 1 && ctes[strings.ToLower(chain.Name())] {
			continue
		}
		schema := ""
		if len(chain.Parts) == 2 {
			schema = chain.Parts[0].Name
		}
		if found := p.names.plain(schema, chain.Name(), self); len(found) == 1 {
			out = append(out, plainName{TableRef: TableRef{Schema: schema, Name: chain.Name(), Start: chain.Span.Start, End: chain.Span.End}, nodes: found})
		}
	}
	return out
}

// calledNames finds the table functions of the project that a query calls where a table may
// stand: `from sold(2024)`. No CTE can be called, so the lexer is enough.
func (p *Plan) calledNames(sql string, self *project.Node) []plainName {
	var out []plainName
	for _, chain := range sqltoken.Chains(sql) {
		if found := p.called(chain, self); len(found) > 0 {
			ref := TableRef{Name: chain.Name(), Start: chain.Span.Start, End: chain.Span.End, Aliased: true}
			out = append(out, plainName{TableRef: ref, nodes: found})
		}
	}
	return out
}

// called are the table functions that a name may mean.
func (p *Plan) called(chain sqltoken.Chain, self *project.Node) []*project.Node {
	if !chain.Call || len(chain.Parts) > 2 || chain.Clause != "FROM" && chain.Clause != "JOIN" {
		return nil
	}
	schema := ""
	if len(chain.Parts) == 2 {
		schema = chain.Parts[0].Name
	}
	found := p.names.plain(schema, chain.Name(), self)
	return slices.DeleteFunc(slices.Clone(found), func(node *project.Node) bool { return !node.IsFunction() })
}

type plainName struct {
	TableRef
	nodes []*project.Node // what the name could mean; one unless it is ambiguous
}

// statementNames is plainNames of a text that may hold several statements: of a hook, or
// of a query that a template runs. The names are those of queries, and of the queries from which
// INSERT, CREATE TABLE and CREATE VIEW take their rows.
func (p *Plan) statementNames(sql string, self *project.Node) []plainName {
	if !p.sqlFirst() || !p.mentions(sql, self) {
		return nil
	}
	var out []plainName
	for _, at := range sqltoken.SplitStatements(sql) {
		statement := sql[at.Start:at.End]
		body, ok := sqltoken.Body(statement)
		if !ok {
			continue
		}
		for _, name := range p.plainNames(statement[body:], self) {
			name.Start, name.End = name.Start+at.Start+body, name.End+at.Start+body
			out = append(out, name)
		}
	}
	return out
}

// mentions reports whether a query has a dotted chain that could be a table of the
// project. It errs on the side of yes.
func (p *Plan) mentions(sql string, self *project.Node) bool {
	for _, chain := range sqltoken.Chains(sql) {
		if len(p.called(chain, self)) > 0 {
			return true
		}
		if len(chain.Parts) > 2 || chain.Call {
			continue
		}
		schema := ""
		if len(chain.Parts) == 2 {
			schema = chain.Parts[0].Name
		}
		if len(p.names.plain(schema, chain.Parts[len(chain.Parts)-1].Name, self)) > 0 {
			return true
		}
	}
	return false
}

// plainReferences adds the references that queries make by plain names. It comes after
// the parse pass, since a name means only what is enabled.
func (p *parser) plainReferences(ctx context.Context) {
	if !p.plan.sqlFirst() {
		return
	}
	forEach(p.ordered(), func(node *project.Node) {
		out, ok := p.rendered.LoadAndDelete(node)
		if !ok || ctx.Err() != nil {
			return
		}
		query := out.(rendering)
		var names []plainName
		if node.Type == project.Operation {
			names = p.plan.statementNames(query.text, node)
		} else if found, err := p.plan.parsedNames(query.text, node); err == nil {
			names = found
		} else {
			names = p.plan.likelyNames(query.text, node)
		}
		for _, name := range names {
			p.plainReference(node, name, query)
		}
		if p.namesLost(query.text) {
			p.lacks(node)
		}
	})
	forEach(p.ordered(), func(node *project.Node) {
		texts, ok := p.texts.LoadAndDelete(node)
		if !ok || ctx.Err() != nil {
			return
		}
		for _, text := range texts.([]rendering) {
			for _, name := range p.plan.statementNames(text.text, nil) {
				p.plainReference(node, name, text)
			}
		}
	})
}

// namesLost reports whether a query has a name that a file would have defined in which there is a
// mistake.
func (p *parser) namesLost(sql string) bool {
	if len(p.lost.files) == 0 && len(p.lost.yaml) == 0 {
		return false
	}
	return slices.ContainsFunc(sqltoken.Chains(sql), func(chain sqltoken.Chain) bool {
		if chain.Clause != "FROM" && chain.Clause != "JOIN" {
			return false
		}
		return len(p.plan.names.plain("", chain.Name(), nil)) == 0 && p.lost.explainsRef(chain.Name())
	})
}

// keepTexts keeps what a node's hooks, and the queries that its template runs, may name
// by plain names: as far as the texts are known while parsing.
func (p *parser) keepTexts(node *project.Node, t *template.Template, texts ...rendering) {
	if !p.plan.sqlFirst() {
		return
	}
	for _, call := range t.Calls() {
		if call.Name != "run_query" || !call.Called || len(call.Args) == 0 {
			continue
		}
		if sql, ok := call.Args[0].(string); ok {
			texts = append(texts, rendering{sql, wholeMap(call.Place)})
		}
	}
	if kept, ok := p.texts.Load(node); ok {
		texts = append(kept.([]rendering), texts...)
	}
	if len(texts) > 0 {
		p.texts.Store(node, texts)
	}
}

func (p *parser) plainReference(node *project.Node, name plainName, query rendering) {
	place, _ := query.origin.Origin(name.Start)
	word := query.text[name.Start:name.End]
	switch {
	case place.IsZero():
		place = node.Place
	case strings.HasPrefix(place.Source.Text[place.Span.Start:], word):
		place.Span.End = place.Span.Start + len(word) // as it stands there, no part of it made by Jinja
	}
	if len(name.nodes) > 1 {
		d := ambiguous(name, place)
		d.Node = node.UniqueID
		p.report(d)
		return
	}
	found := name.nodes[0]
	if found == node {
		return // its own relation, as its hooks see it
	}
	if d := rivalFiles(found, name.Name, place); d != nil {
		d.Node = node.UniqueID
		p.report(d)
		return
	}
	if found.Type == project.Source {
		node.Sources = append(node.Sources, project.SourceCall{Source: found.Table.SourceName, Table: found.Name, Place: place})
		return
	}
	node.Refs = append(node.Refs, project.RefCall{Package: found.Package, Name: found.Name, Version: found.Version, Place: place})
}

func ambiguous(name plainName, place diag.Place) *diag.Diagnostic {
	d := diag.New(diag.AmbiguousName, place, "the table name %q could mean %d things", name.Name, len(name.nodes))
	for _, node := range name.nodes {
		d.WithNote(node.Place, "%s %q", node.Type, strings.TrimPrefix(node.UniqueID, string(node.Type)+"."))
	}
	return d.WithHint("say which with {{ ref('...') }} or {{ source('...', '...') }}")
}

// resolvePlainNames replaces plain names by the relations they mean, as ref() would
// print them. A name without an alias keeps its own as one, so that `orders.id` goes
// on working.
func (p *Plan) resolvePlainNames(host *compileHost, query rendering) (rendering, error) {
	if host.node != nil && isGeneric(host.node) {
		return query, nil // macros of tests name their relations by ref()
	}
	if host.node != nil && host.node.Type == project.Operation {
		return p.printNames(host, query, p.statementNames(query.text, host.node))
	}
	return p.printNames(host, query, p.plainNames(query.text, host.node))
}

// resolveStatements is resolvePlainNames of a hook, or of what a template runs. There a
// node's own name means what {{ this }} does. An ephemeral model has nothing to stand for it.
func (p *Plan) resolveStatements(host *compileHost, query rendering) (rendering, error) {
	names := slices.DeleteFunc(p.statementNames(query.text, nil), func(n plainName) bool {
		return len(n.nodes) == 1 && n.nodes[0].IsEphemeral()
	})
	return p.printNames(host, query, names)
}

// printNames puts what names mean in their place.
func (p *Plan) printNames(host *compileHost, query rendering, names []plainName) (rendering, error) {
	if len(names) == 0 {
		return query, nil
	}
	var out stitch
	last := 0
	for _, name := range names {
		place, _ := query.origin.Origin(name.Start)
		if len(name.nodes) > 1 {
			return rendering{}, ambiguous(name, place)
		}
		target := name.nodes[0]
		if d := rivalFiles(target, name.Name, place); d != nil {
			return rendering{}, d
		}
		if err := host.checkEdge(target, place, refText(target)); err != nil {
			return rendering{}, err
		}
		out.copy(query.text, last, name.Start, query.origin)
		out.insert(host.printed(target, name), place)
		last = name.End
	}
	out.copy(query.text, last, len(query.text), query.origin)
	text, origin := out.done()
	return rendering{text, origin}, nil
}

// printed is what stands in for a plain name.
func (h *compileHost) printed(target *project.Node, name plainName) string {
	text, own := "", "" // own is the name by which the query can call what text reads
	if target.Type == project.Source {
		if text = h.sourceExpression(target); text == "" {
			text, own = target.Relation.String(), target.Relation.Identifier
		}
	} else {
		rel := h.relation(target)
		if text, own = rel.String(), rel.Identifier; rel.Type == "cte" {
			text = rel.Identifier
		}
	}
	if filter := h.times(target); filter.Field != "" && target != h.node {
		text, own = filter.Around(text), ""
	}
	same := strings.EqualFold(own, name.Name) && target != h.node // whose hooks act on a candidate of another name
	if name.Aliased || same {
		return text
	}
	return text + " as " + project.QuoteIdent(name.Name)
}
