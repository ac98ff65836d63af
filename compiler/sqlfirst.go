package compiler

import (
	"context"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
)

// plainNames finds the plain table names of a query that mean nodes of the project
// (SQL first): `from stg_orders` where stg_orders is a model. The lexer looks for
// candidates; only where it finds one does DuckDB's own parser decide, since it alone
// knows what is a CTE, an alias or a column. A query that the parser does not take
// has none: the database will say what is wrong with it.
func (p *Plan) plainNames(sql string, self *project.Node) []plainName {
	if !p.sqlFirst() || !p.mentions(sql, self) {
		return nil
	}
	refs, err := p.options.SQLParser.TableRefs(sql)
	if err != nil {
		return nil
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
	return out
}

type plainName struct {
	TableRef
	nodes []*project.Node // what the name could mean; one unless it is ambiguous
}

// mentions reports whether a query has a dotted chain that could be a table of the
// project. It errs on the side of yes.
func (p *Plan) mentions(sql string, self *project.Node) bool {
	for _, chain := range sqltoken.Chains(sql) {
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
		for _, name := range p.plan.plainNames(query.text, node) {
			p.plainReference(node, name, query.origin)
		}
	})
}

func (p *parser) plainReference(node *project.Node, name plainName, origin project.Origin) {
	place, _ := origin.Origin(name.Start)
	if place.IsZero() {
		place = node.Place
	}
	if len(name.nodes) > 1 {
		d := ambiguous(name, place)
		d.Node = node.UniqueID
		p.report(d)
		return
	}
	found := name.nodes[0]
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
	names := p.plainNames(query.text, host.node)
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
	if name.Aliased || strings.EqualFold(own, name.Name) {
		return text
	}
	return text + " as " + project.QuoteIdent(name.Name)
}
