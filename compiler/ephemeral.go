package compiler

import (
	"slices"
	"strings"

	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
)

// injectCTEs puts the ephemeral models that a query reads in front of it as dbt does:
// into its WITH clause where it has one, else with a WITH of their own. It returns the
// ids of what it injected, parents first.
func (p *Plan) injectCTEs(host *compileHost, query rendering) (rendering, []string, error) {
	if len(host.ctes) == 0 {
		return query, nil, nil
	}
	ids, compiled, err := p.injected(host)
	if err != nil {
		return rendering{}, nil, err
	}
	var ctes stitch
	for i, id := range ids {
		parent := p.Nodes[id]
		if i > 0 {
			ctes.insert(", ", diag.Place{})
		}
		ctes.insert(cteOpen(parent), parent.Place)
		ctes.copy(compiled[i].Own, 0, len(compiled[i].Own), compiled[i].OwnMap)
		ctes.insert(cteClose, parent.Place)
	}
	cteText, cteMap := ctes.done()

	at, hasWith, _ := sqltoken.CTEInsertPoint(query.text)
	if hasWith {
		at = len(query.text) - len(strings.TrimLeft(query.text[at:], blank))
	}
	var out stitch
	out.copy(query.text, 0, at, query.origin)
	if !hasWith {
		out.insert("with", diag.Place{})
	}
	out.copy(cteText, 0, len(cteText), cteMap)
	if hasWith {
		out.insert(", ", diag.Place{})
	} else {
		out.insert(" ", diag.Place{})
	}
	out.copy(query.text, at, len(query.text), query.origin)
	text, origin := out.done()
	return rendering{text, origin}, ids, nil
}

// cteOpen is what stands before the query of an ephemeral model that is a part of another.
func cteOpen(node *project.Node) string {
	return " " + ctePrefix + node.Relation.Identifier + " as (\n"
}

const cteClose = "\n)"

// injected returns the ephemeral nodes to inject into a query: for each that it reads,
// that one's own first, as dbt orders them. Those that are not compiled yet, or were
// deferred, are compiled now; many readers may want the same one at once.
func (p *Plan) injected(host *compileHost) ([]string, []*project.Compiled, error) {
	if !host.locked {
		p.ephemeral.Lock()
		defer p.ephemeral.Unlock()
	}
	var ids []string
	var compiled []*project.Compiled
	add := func(id string) {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
			compiled = append(compiled, p.Nodes[id].Compiled)
		}
	}
	for _, id := range host.ctes {
		node := p.Nodes[id]
		if node.Compiled == nil || node.Compiled.Deferred {
			if err := p.compileNode(host.ctx, host.db, node); err != nil {
				return nil, nil, err
			}
			if node.Compiled.Deferred {
				return nil, nil, dbtcontext.ErrDeferred
			}
		}
		for _, parent := range node.Compiled.CTEs {
			add(parent)
		}
		add(id)
	}
	return ids, compiled, nil
}
