package runner

import (
	"elt/compiler/dbtcontext"
	"elt/compiler/project"
	"elt/compiler/template"
	"elt/runner/check"
)

// HookNames are the names that on-run-end hooks see: results, and the schemas that the
// run has made something in. It implements [dbtcontext.HookNames].
func (v view) HookNames() map[string]template.Value {
	r := v.run
	if v.n != nil || !v.after {
		return nil
	}
	results, schemas, databases := template.NewList(), template.NewList(), template.NewList()
	seen := map[string]bool{}
	for _, n := range r.nodes {
		if n.result == nil {
			continue
		}
		results.Elems = append(results.Elems, resultValue(n.result))
		rel, made := r.madeRelation(n)
		key := schemaKey(rel.Database, rel.Schema)
		if !made || seen[key] {
			continue
		}
		seen[key] = true
		schemas.Elems = append(schemas.Elems, rel.Schema)
		databases.Elems = append(databases.Elems, template.Tuple{rel.Database, rel.Schema})
	}
	for _, idle := range r.idleResults() {
		results.Elems = append(results.Elems, resultValue(idle))
	}
	return map[string]template.Value{"results": results, "schemas": schemas, "database_schemas": databases}
}

// madeRelation is the relation that a node has made; of a test that of its failing rows, where it
// keeps them. As in dbt, nothing that failed counts.
func (r *run) madeRelation(n *nodeRun) (project.Relation, bool) {
	switch n.result.Status {
	case Errored, Failed, Skipped:
		return project.Relation{}, false
	}
	switch n.node.Type {
	case project.UnitTest:
		return project.Relation{}, false
	case project.Test:
		rel, stores := check.StoredRelation(n.node, check.Options{StoreFailures: r.opts.StoreFailures, Store: r.storeSchema()})
		return r.names.full(rel), stores
	}
	return r.names.full(n.node.Relation), true
}

// resultValue is a result as templates see it.
func resultValue(res *NodeResult) *dbtcontext.RunResult {
	out := &dbtcontext.RunResult{
		Node: res.Node, Status: string(res.Status), Message: res.Message, Failures: -1, Rows: res.Rows, Worker: res.Worker,
		StartedAt: res.StartedAt, CompileTime: res.CompileTime, ExecutionTime: res.CompileTime + res.ExecuteTime,
	}
	switch res.Status {
	case Pass, Failed, Warned:
		out.Failures = res.Failures
	}
	return out
}
