package runner

import (
	"strings"

	"elt/compiler/project"
	"elt/runner/check"
	"elt/runner/materialize"
)

// fuse finds tests that can share a scan: simple ones that read the same one node.
func (r *run) fuse() []check.Group {
	var simple []check.Fusable
	for _, n := range r.nodes {
		if n.node.Type != project.Test || n.node.Maker != "" || n.node.Compiled == nil || n.node.Compiled.Deferred || len(n.doomed) > 0 || !r.builtIn(n.node) || r.keptBySieve(n.node) {
			continue
		}
		if len(n.node.DependsOn) != 1 {
			continue
		}
		c, problems := check.Statement(n.node, r.checkOptions(n))
		if problems.HasErrors() || len(c.Prepare) > 0 || len(c.AfterPublish) > 0 {
			continue
		}
		if f, ok := check.FusableOf(n.node, c); ok {
			simple = append(simple, f)
		}
	}
	return check.Fuse(simple, r.shapes())
}

// shapes says what is known of the relations that tests look at before they are built:
// how many rows they had last time.
func (r *run) shapes() func(relation string) check.Shape {
	byText := map[string]*project.Node{}
	for _, node := range r.plan.Nodes {
		if node.Relation.Identifier != "" && node.Type != project.Test {
			byText[node.Relation.String()] = node
		}
	}
	return func(relation string) check.Shape {
		node := byText[relation]
		if node == nil {
			return check.Shape{Rows: -1}
		}
		shape := check.Shape{View: node.Materialized() == materialize.View, Rows: -1}
		if info := r.published.find(node.Relation); info != nil {
			shape.View = shape.View || info.Type == "view" && !r.net.work[node.UniqueID]
			shape.Rows = r.published.rows[info.Key()]
		}
		return shape
	}
}

// builtIn reports whether a generic test is elt's own, not the project's or a
// package's of the same name.
func (r *run) builtIn(node *project.Node) bool {
	if node.Test == nil || node.Test.Generic == "" {
		return false
	}
	for _, macro := range node.Macros {
		if strings.HasSuffix(macro, ".test_"+node.Test.Generic) {
			return strings.HasPrefix(macro, "macro.dbt.") || strings.HasPrefix(macro, "macro.elt.")
		}
	}
	return len(node.Macros) == 0
}
