package runner

import (
	"strings"
	"sync"

	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/runner/duckdb"
)

// names is the one place that knows by which name a relation is read inside the run.
//
// A candidate is read through a view of the same name in an in-memory database that
// is attached for the run only ([duckdb.ShadowDatabase]): "db"."shop"."orders" becomes
// "_elt_shadow"."shop"."orders". Only the catalog of a dotted name is replaced, so
// that `orders.id` in the same statement goes on working and offsets stay easy to map
// back. Everything else (compiled SQL, artifacts, messages) has published names.
type names struct {
	main  string // the target's own database
	short bool   // the project's relations are written without their database

	mu      sync.RWMutex
	shadows map[string]project.Relation // by the key of the published relation
}

func newNames(main string, short bool) *names {
	return &names{main: main, short: short, shadows: map[string]project.Relation{}}
}

// full fills in the target's database where a relation has none.
func (n *names) full(rel project.Relation) project.Relation {
	if rel.Database == "" {
		rel.Database = n.main
	}
	return rel
}

// shadowOf is the name of a relation's shadow. Schemas of other databases than the
// target's carry the database in their name, so that they do not meet.
func (n *names) shadowOf(rel project.Relation) project.Relation {
	schema, rel := rel.Schema, n.full(rel)
	if !strings.EqualFold(rel.Database, n.main) {
		schema = rel.Database + "." + rel.Schema
	}
	return project.Relation{Database: duckdb.ShadowDatabase, Schema: schema, Identifier: rel.Identifier}
}

// add says that a relation has a shadow from now on.
func (n *names) add(rel project.Relation) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.shadows[n.full(rel).Key()] = n.shadowOf(rel)
}

// shadow returns the shadow of a relation that has one.
func (n *names) shadow(key string) (project.Relation, bool) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	s, ok := n.shadows[key]
	return s, ok
}

// mention is a dotted name in a statement that may be a relation: its first two or
// three parts.
type mention struct {
	chain sqltoken.Chain
	rel   project.Relation
	parts int // of the chain that name the relation
}

// mentions finds the dotted names of a statement that may name a relation: db.schema.name
// and, where the project's relations are written so, schema.name. What follows the
// name (a column) does not matter.
func (n *names) mentions(sql string) []mention { return n.mentionsAs(sql, n.short) }

func (n *names) mentionsAs(sql string, short bool) []mention {
	var out []mention
	for _, chain := range sqltoken.Chains(sql) {
		if len(chain.Parts) >= 3 {
			out = append(out, mention{chain: chain, parts: 3, rel: project.Relation{
				Database: chain.Parts[0].Name, Schema: chain.Parts[1].Name, Identifier: chain.Parts[2].Name,
			}})
		}
		if len(chain.Parts) >= 2 && short {
			out = append(out, mention{chain: chain, parts: 2, rel: project.Relation{
				Database: n.main, Schema: chain.Parts[0].Name, Identifier: chain.Parts[1].Name,
			}})
		}
	}
	return out
}

// replace is asked for each name a statement mentions what to put there instead; ok is
// false for a name that stays.
type replace func(rel project.Relation) (instead project.Relation, ok bool)

// rewrite replaces names in a statement, beside other edits that are to be made in it.
// The map leads from the offsets of the result back.
func (n *names) rewrite(sql string, edits []sqltoken.Edit, by replace) (string, sqltoken.OffsetMap) {
	return n.rewriteFor(nil, sql, edits, by)
}

// rewriteFor is rewrite for a node, if any. In a data test it leaves the names alone which are marked as those
// of what is published; in one that names nothing by ref(), schema.name may be a relation, too.
func (n *names) rewriteFor(node *project.Node, sql string, edits []sqltoken.Edit, by replace) (string, sqltoken.OffsetMap) {
	marked := node != nil && node.Type == project.Test
	last := -1 // start of the chain that was replaced last
	for _, m := range n.mentionsAs(sql, n.short || node != nil && node.IsLoose()) {
		if m.chain.Span.Start == last || marked && strings.HasPrefix(strings.TrimLeft(sql[m.chain.Span.End:], " "), dbtcontext.AsPublished) {
			continue
		}
		instead, ok := by(m.rel)
		if !ok {
			continue
		}
		last = m.chain.Span.Start
		edits = append(edits, m.edits(instead)...)
	}
	return sqltoken.Rewrite(sql, edits)
}

// edits put another relation's name over the parts of the chain that differ.
func (m mention) edits(instead project.Relation) []sqltoken.Edit {
	parts := m.chain.Parts
	want := []string{instead.Database, instead.Schema, instead.Identifier}
	if m.parts == 3 {
		return differing(parts[:3], want)
	}
	at := span(parts[0].Span.Start, parts[0].Span.Start)
	edits := []sqltoken.Edit{{Span: at, Text: project.QuoteIdent(instead.Database) + "."}}
	return append(edits, differing(parts[:2], want[1:])...)
}

// differing replaces the parts whose names differ.
func differing(parts []sqltoken.Part, want []string) []sqltoken.Edit {
	var edits []sqltoken.Edit
	for i, p := range parts {
		if p.Name != want[i] {
			edits = append(edits, sqltoken.Edit{Span: p.Span, Text: project.QuoteIdent(want[i])})
		}
	}
	return edits
}

// offsets leads from a statement as it was sent to the statement with published names;
// shift is what was put in front of it.
type offsets struct {
	inner sqltoken.OffsetMap
	shift int
}

// Old returns the offset in the statement with published names.
func (o offsets) Old(offset int) int { return o.inner.Old(offset - o.shift) }

func span(start, end int) diag.Span { return diag.Span{Start: start, End: end} }
