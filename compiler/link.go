package compiler

import (
	"context"
	"slices"
	"sync"

	"elt/compiler/diag"
	"elt/compiler/graph"
	"elt/compiler/project"
)

// link resolves references and builds the graph.
func (p *parser) link(ctx context.Context) {
	nodes := p.ordered()
	for _, node := range nodes {
		p.inheritGroup(node)
	}
	for _, node := range nodes {
		p.resolve(node)
		p.keyTargets(node)
		p.resolveChanges(node)
		p.checkGroup(node)
		p.checkPrimaryKey(node)
		p.checkUnitTest(node)
		p.checkDeprecated(node)
	}
	p.semanticLayer(ctx, p.ordered())
	var keys sync.WaitGroup
	keys.Go(func() { p.primaryKeys(nodes) }) // the graph needs nothing of it
	defer keys.Wait()
	p.graph(p.ordered()) // without the tests that were left out
}

// graph builds the graph of nodes.
func (p *parser) graph(nodes []*project.Node) {
	plan := p.plan
	ids := make([]string, len(nodes))
	parents := make(map[string][]string, len(nodes))
	for i, node := range nodes {
		ids[i] = node.UniqueID
		parents[node.UniqueID] = node.DependsOn
		plan.hasEphemeral = plan.hasEphemeral || node.IsEphemeral()
	}
	plan.Graph = graph.New(ids, parents)
	cycles := plan.Graph.Cycles()
	for _, c := range cycles {
		nodes := make([]*project.Node, len(c))
		for i, id := range c {
			nodes[i] = plan.Nodes[id]
		}
		p.reportOf(p.cycle(c), nodes...)
	}
	if len(cycles) == 0 {
		plan.Order = plan.Graph.Order()
	}
}

// resolve turns the references of a node into edges: sources first, as dbt has them.
func (p *parser) resolve(node *project.Node) {
	for _, call := range node.Sources {
		parent, d := p.plan.names.source(call, node.Package)
		if d != nil && p.lost.explainsSource(call.Source, call.Table) {
			p.lacks(node)
			continue
		}
		p.edge(node, parent, d, call.Place)
	}
	for _, call := range node.Refs {
		parent, d := p.plan.names.ref(call, node.Package)
		if d != nil && p.lost.explainsRef(call.Name) {
			p.lacks(node)
			continue
		}
		p.edge(node, parent, d, call.Place)
	}
}

func (p *parser) edge(node, parent *project.Node, d *diag.Diagnostic, place diag.Place) {
	if d == nil {
		d = p.private(node, parent, place)
	}
	if d == nil {
		if !slices.Contains(node.DependsOn, parent.UniqueID) {
			p.checkDeprecatedRef(node, parent, place)
		}
		node.DependsOn = appendNew(node.DependsOn, parent.UniqueID)
		return
	}
	d.Node = node.UniqueID
	d.Place = placeIn(d.Place, node.Place)
	if !p.isMistake(node, d) {
		p.dropTest(node)
		if d.Code == diag.DisabledRef || isGeneric(node) && node.Test.Attached == "" {
			return // there is nothing to test: what is disabled, or what a warning has told
		}
		d.Severity = diag.Warning
		d.Message += "; the test is left out"
	}
	p.report(d)
}

// private reports a reference to a model with access: private from outside its group, or
// to one that is not public from outside a package with restrict-access.
func (p *parser) private(node, parent *project.Node, place diag.Place) *diag.Diagnostic {
	if parent.Type != project.Model {
		return nil
	}
	access := parent.Config.String("access", "protected")
	restricted := node.Package != parent.Package && p.plan.ProjectOf(parent).RestrictAccess
	if restricted && access == "protected" {
		return diag.New(diag.PrivateRef, place, "%q is protected: the package %q restricts access", parent.Name, parent.Package).
			WithHint("read a model of the package that has access: public")
	}
	if access != "private" || node.Type == project.UnitTest || node.Group != "" && node.Group == parent.Group && !restricted {
		return nil
	}
	return diag.New(diag.PrivateRef, place, "%q is private to the group %q", parent.Name, parent.Group).
		WithNote(parent.Config.Place("access"), "its access is set here").
		WithHint("put %q into that group, or make the model access: protected", node.Name)
}

// inheritGroup puts a generic test into the group of what it tests.
func (p *parser) inheritGroup(node *project.Node) {
	if !isGeneric(node) {
		return
	}
	if attached := p.plan.Nodes[node.Test.Attached]; attached != nil {
		node.Group = attached.Group
	}
}

// checkGroup reports a group that no property file declares.
func (p *parser) checkGroup(node *project.Node) {
	if node.Group == "" || isGeneric(node) {
		return
	}
	var known []string
	for _, proj := range p.plan.Project.All() {
		for _, group := range proj.Patches.Groups {
			if group.Name == node.Group {
				return
			}
			known = append(known, group.Name)
		}
	}
	if p.lost.named(node.Group) {
		return
	}
	place := node.Config.Place("group")
	if isNowhere(place) {
		place = node.Place
	}
	d := diag.New(diag.UnknownNode, place, "no group is named %q", node.Group)
	d.Node = node.UniqueID
	if near := diag.Suggest(node.Group, known); near != "" {
		d.WithHint("did you mean %q?", near)
	} else {
		d.WithHint("declare it in a property file under groups:")
	}
	p.report(d)
}

// cycle says which nodes depend on each other, with the place of each reference.
func (p *parser) cycle(c graph.Cycle) *diag.Diagnostic {
	first := p.plan.Nodes[c[0]]
	if len(c) == 1 {
		return diag.New(diag.Cycle, p.refPlace(first, first), "%s %q depends on itself", first.Type, first.Name).
			WithHint("read the table as it is published with {{ this }}, inside {%% if is_incremental() %%}")
	}
	d := diag.New(diag.Cycle, p.refPlace(first, p.plan.Nodes[c[1]]), "these models depend on each other")
	for i, id := range c {
		reader, read := p.plan.Nodes[id], p.plan.Nodes[c[(i+1)%len(c)]]
		d.WithNote(p.refPlace(reader, read), "%s reads %s", reader.Name, read.Name)
	}
	return d.WithHint("take one of these references out")
}

func (p *parser) refPlace(reader, read *project.Node) diag.Place {
	for _, call := range reader.Refs {
		if found, d := p.plan.names.ref(call, reader.Package); d == nil && found == read {
			return call.Place
		}
	}
	return reader.Place
}
