package compiler

import (
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
	if p.options.SQLParser == nil || !p.Project.SQLFirst || !p.mentions(sql, self) {
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

// recordPlainNames adds what plain names mean to a node's references.
func (p *Plan) recordPlainNames(node *project.Node, sql string, origin project.Origin) diag.List {
	var diags diag.List
	for _, name := range p.plainNames(sql, node) {
		place, _ := origin.Origin(name.Start)
		if place.IsZero() {
			place = node.Place
		}
		if len(name.nodes) > 1 {
			diags = append(diags, ambiguous(name, place))
			continue
		}
		found := name.nodes[0]
		if found.Type == project.Source {
			node.Sources = append(node.Sources, project.SourceCall{Source: found.Table.SourceName, Table: found.Name, Place: place})
		} else {
			node.Refs = append(node.Refs, project.RefCall{Package: found.Package, Name: found.Name, Place: place})
		}
	}
	return diags
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
func (p *Plan) resolvePlainNames(host *compileHost, sql string, origin project.Origin) (string, project.Origin, error) {
	if host.node != nil && host.node.Type == project.Test && host.node.Test.Generic != "" {
		return sql, origin, nil // macros of tests name their relations by ref()
	}
	names := p.plainNames(sql, host.node)
	if len(names) == 0 {
		return sql, origin, nil
	}
	var out stitch
	last := 0
	for _, name := range names {
		place, _ := origin.Origin(name.Start)
		if len(name.nodes) > 1 {
			return "", nil, ambiguous(name, place)
		}
		target := name.nodes[0]
		if err := host.checkEdge(target, place, "ref('"+target.Name+"')"); err != nil {
			return "", nil, err
		}
		out.copy(sql, last, name.Start, origin)
		out.insert(host.printed(target, name), place)
		last = name.End
	}
	out.copy(sql, last, len(sql), origin)
	text, m := out.done()
	return text, m, nil
}

// printed is what stands in for a plain name.
func (h *compileHost) printed(target *project.Node, name plainName) string {
	text, own := "", ""
	if target.Type == project.Source {
		text = SourceExpression(target)
		own = target.Relation.Identifier
		if text == "" {
			text = target.Relation.String()
		} else {
			own = ""
		}
	} else {
		rel := h.relation(target)
		own = rel.Identifier
		if text = rel.String(); rel.Type == "cte" {
			text = rel.Identifier
		}
	}
	if name.Aliased || strings.EqualFold(own, name.Name) {
		return text
	}
	return text + " as " + project.QuoteIdent(name.Name)
}
