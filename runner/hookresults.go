package runner

import (
	"strconv"

	"elt/compiler/dbtcontext"
	"elt/compiler/project"
	"elt/compiler/template"
)

// HookNames are the names that on-run-end hooks see: results, and the schemas that the
// run has made something in. It implements [dbtcontext.HookNames].
func (o *operation) HookNames() map[string]template.Value {
	r := o.run
	results, schemas, databases := template.NewList(), template.NewList(), template.NewList()
	seen := map[string]bool{}
	for _, n := range r.nodes {
		if n.result == nil || r.notBegun {
			continue
		}
		results.Elems = append(results.Elems, resultValue(n.result))
		rel := r.names.full(n.node.Relation)
		key := schemaKey(rel.Database, rel.Schema)
		bad := n.result.Status == Errored || n.result.Status == Failed || n.result.Status == Skipped
		if n.node.Type == project.Test || n.node.Type == project.UnitTest || bad || seen[key] {
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

// resultValue is a result as templates see it.
func resultValue(res *NodeResult) *dbtcontext.RunResult {
	out := &dbtcontext.RunResult{
		Node: res.Node, Status: string(res.Status), Message: res.Message, Failures: -1, Rows: res.Rows, Worker: res.Worker,
		StartedAt: res.StartedAt, CompileTime: res.CompileTime, ExecutionTime: res.CompileTime + res.ExecuteTime,
	}
	switch res.Status {
	case Pass, Failed, Warned:
		out.Failures = res.Failures
	case Success:
		if out.Message == "" {
			out.Message = res.Loaded()
		}
	}
	return out
}

// Loaded is what dbt says of a seed that was loaded, "INSERT 100", and of what a materialization of the project's own
// has done; "" for any other result.
func (res *NodeResult) Loaded() string {
	if res.Status == Success && res.Answer != "" {
		return res.Answer
	}
	if res.Node.Type != project.Seed || res.Rows < 0 || res.Status != Success {
		return ""
	}
	verb := map[bool]string{true: "CREATE ", false: "INSERT "}[res.FullRefresh]
	return verb + strconv.FormatInt(res.Rows, 10)
}
