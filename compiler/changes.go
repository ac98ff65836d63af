package compiler

import (
	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

// Renewer is what a database may say of the node for which it answers.
type Renewer interface {
	// Renewed reports whether the node is made anew though nobody asked for a full refresh:
	// the changes that it reads are not known.
	Renewed() bool
}

// changeReferences notes whose changes a model reads. They are found in the text, since the
// parse pass does not enter what stands behind is_incremental().
func (p *parser) changeReferences(node *project.Node, host *parseHost) {
	if node.Type != project.Model {
		return
	}
	if _, own := p.plan.dbt.ResolveMacro("changes", node.Package); own {
		return
	}
	within := false // the last call was changes(
	for _, call := range callsOf(node) {
		if within && call.Called && call.Name == "ref" && len(call.Args) > 0 {
			ref := changeRef(call)
			node.ChangeRefs = append(node.ChangeRefs, ref)
			host.refs = append(host.refs, ref)
		}
		within = call.Called && call.Name == "changes"
	}
}

// changeRef is a call of ref() with literal arguments.
func changeRef(call template.StaticCall) project.RefCall {
	ref := project.RefCall{Place: call.Place}
	ref.Name, _ = call.Args[len(call.Args)-1].(string)
	if len(call.Args) > 1 {
		ref.Package, _ = call.Args[0].(string)
	}
	return ref
}

// resolveChanges finds and checks the models whose changes a node reads.
func (p *parser) resolveChanges(node *project.Node) {
	for _, call := range node.ChangeRefs {
		parent, d := p.plan.names.ref(call, node.Package)
		if d != nil {
			continue // told with its references
		}
		if d := p.changesFault(node, parent, call.Place); d != nil {
			d.Node = node.UniqueID
			p.report(d)
			continue
		}
		node.Changes = appendNew(node.Changes, parent.UniqueID)
	}
}

// changesFault says why a node cannot read the changes of another.
func (p *parser) changesFault(node, parent *project.Node, place diag.Place) *diag.Diagnostic {
	strategy := node.Config.String("incremental_strategy", "")
	own := p.plan.Project.Target.Database
	switch {
	case node.Materialized() != "incremental":
		return diag.New(diag.IncrementalConfig, place, "%q reads changes of %q, but is made anew by every build", node.Name, parent.Name).
			WithHint("materialize %q as incremental, or read ref('%s')", node.Name, parent.Name)
	case strategy == "by_file" || strategy == "microbatch" || strategy == "merge":
		return diag.New(diag.IncrementalConfig, place, "a model of the strategy %q cannot read changes of another model", strategy).
			WithHint("use delete+insert or insert_overwrite, which replace the keys or partitions that changes touch, or append")
	case parent.Type != project.Model || parent.Materialized() != "incremental":
		return diag.New(diag.IncrementalConfig, place, "changes of %q are not known: it is no incremental model", parent.Name).
			WithHint("changes() is for models that grow, such as one of the strategy by_file; read ref('%s')", parent.Name)
	case node.Relation.Database != own || parent.Relation.Database != own:
		return diag.New(diag.IncrementalConfig, place, "changes of %q cannot be read by %q: both have to be in the database %q", parent.Name, node.Name, own).
			WithHint("what is published in two databases is not published at once; read ref('%s')", parent.Name)
	}
	return nil
}

// Changes returns the model of a relation whose changes the node reads.
func (h *compileHost) Changes(rel project.Relation, place diag.Place) (string, error) {
	if h.node != nil {
		for _, id := range h.node.Changes {
			if parent := h.plan.Nodes[id]; parent != nil && parent.Relation.Key() == rel.Key() {
				return id, nil
			}
		}
	}
	if h.node == nil || h.node.Type != project.Model {
		return "", diag.New(diag.TemplateError, place, "changes() can be read by a model only").WithHint("read the model itself: ref('%s')", rel.Identifier)
	}
	return "", diag.New(diag.TemplateError, place, "changes of %q are asked for where elt does not see it before the build", rel.Identifier).
		WithHint("write changes(ref('%s')) in the model's own file, with the name as a text", rel.Identifier)
}

var _ dbtcontext.ChangesHost = (*compileHost)(nil)
