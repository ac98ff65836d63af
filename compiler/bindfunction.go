package compiler

import (
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
)

// bindFunction makes a table function in the shell catalog: DuckDB binds its query as it makes it,
// and again with the arguments of each query that calls it. Its columns are known only there.
func (b *binder) bindFunction(node *project.Node, query ShellQuery) error {
	_, said := b.facts.Made(b.ctx, node, nil)
	if warnings, ok := said.(diag.List); said != nil && (!ok || warnings.HasErrors() || len(warnings) == 0) {
		return said
	}
	catalog, err := b.shells(b.ctx)
	if err == nil {
		err = b.defineParents(b.ctx, catalog, []string{node.UniqueID})
	}
	if err != nil {
		return err
	}
	for _, id := range b.readers(node) {
		if parent := b.nodes[id]; parent != nil && parent.unmade != "" {
			return parent.unmade
		}
	}
	query.SQL = sqltoken.StripTrailing(query.SQL)
	for range mostMissing {
		err := catalog.DefineFunction(b.ctx, node.Relation, node.Parameters(), query.SQL)
		if err == nil {
			return said
		}
		found, ok := b.facts.Missing(b.ctx, query, err)
		if !ok || catalog.Define(b.ctx, found.Relation, found.Columns) != nil {
			return b.facts.Fault(b.ctx, node, query, err)
		}
		b.outside.Store(true)
	}
	return Doubt("it reads too many tables that no source declares")
}
