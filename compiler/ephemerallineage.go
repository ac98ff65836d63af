package compiler

import (
	"context"
	"strings"

	"elt/compiler/project"
)

// standIn is the relation that stands for an ephemeral model where the lineage of its readers is
// looked for. Nothing else reads it.
func standIn(node *project.Node) project.Relation {
	return project.Relation{Database: FilesDatabase, Schema: node.UniqueID, Identifier: node.Relation.Identifier}
}

// queryOf is the query of a node whose lineage is looked for: the ephemeral models that are parts of
// it are taken out again, and relations stand for them.
func (b *tracer) queryOf(node *project.Node) ShellQuery {
	whole := b.nodes[node.UniqueID].query
	if b.within || node.Compiled == nil || len(node.Compiled.CTEs) == 0 {
		return whole
	}
	sql := node.Compiled.SQL
	for _, id := range node.Compiled.CTEs {
		parent := b.plan.Nodes[id]
		if parent.Compiled == nil {
			return whole
		}
		open := cteOpen(parent)
		text := open + parent.Compiled.Own + cteClose
		if !strings.Contains(sql, text) {
			return whole
		}
		sql = strings.Replace(sql, text, open+"from "+standIn(parent).String()+cteClose, 1)
	}
	return b.shellQuery(node, sql, b.parents(node, nil))
}

// standFor makes the relations that stand for the ephemeral models that a node reads.
func (b *tracer) standFor(ctx context.Context, node *project.Node) error {
	if b.within || node.Compiled == nil || len(node.Compiled.CTEs) == 0 {
		return nil
	}
	catalog, err := b.shells(ctx)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, id := range node.Compiled.CTEs {
		n := b.nodes[id]
		if n == nil || !n.known {
			return Doubt("the columns of " + id + " are not known")
		}
		if n.standsFor {
			continue
		}
		if err := catalog.Define(ctx, standIn(b.plan.Nodes[id]), n.readAs()); err != nil {
			return Doubt("it reads a column of a type that cannot be made here: " + err.Error())
		}
		n.standsFor = true
	}
	return nil
}
