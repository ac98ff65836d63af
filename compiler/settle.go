package compiler

import (
	"slices"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

// settle decides which of the nodes found are part of the plan, now that config is
// known: not those with enabled: false, nor tests of such, nor the second of two that
// have one name, which is reported.
func (p *parser) settle() {
	var rest []*project.Node
	for _, node := range p.found {
		switch {
		case node.Config != nil && !node.Config.Bool("enabled", true):
			p.disable(node)
		case node.Type == project.Test || node.Type == project.UnitTest:
			rest = append(rest, node) // they depend on what else there is
		default:
			p.admit(node)
		}
	}
	for _, node := range rest {
		switch {
		case node.Type == project.UnitTest:
			p.settleUnitTest(node)
		case node.Test.Attached != "" && p.plan.Nodes[node.Test.Attached] == nil && !p.isDisabled(node.Test.Attached):
			p.disable(node)
		default:
			p.admit(node)
		}
	}
}

// isDisabled reports whether a node is one that is not enabled. A test of such a one is dropped once what it
// reads is looked for.
func (p *parser) isDisabled(id string) bool {
	return slices.ContainsFunc(p.plan.Disabled, func(node *project.Node) bool { return node.UniqueID == id })
}

func (p *parser) disable(node *project.Node) {
	p.plan.names.disable(node)
	p.plan.Disabled = append(p.plan.Disabled, node)
}

// admit makes a node part of the plan.
func (p *parser) admit(node *project.Node) {
	first, taken := p.plan.Nodes[node.UniqueID]
	switch {
	case taken && (node.Type == project.Source || isGeneric(node)):
		return // the loader has said so
	case taken:
		p.reportOf(duplicate(node, first), node, first)
		return
	}
	if first, d := p.plan.names.add(node); d != nil {
		p.reportOf(d, node, first)
		return
	}
	p.plan.Nodes[node.UniqueID] = node
}

// settleUnitTest makes a unit test of a versioned model one for each version, and
// leaves out one whose model is disabled.
func (p *parser) settleUnitTest(node *project.Node) {
	call := node.Refs[0]
	if _, off := p.plan.names.disabled[call.Name]; off && len(p.plan.names.refs[call.Name]) == 0 {
		p.disable(node)
		return
	}
	var versions []*project.Node
	for _, model := range p.plan.names.refs[call.Name] {
		if model.Version != "" && wantsVersion(node.Unit.Versions, model.Version) {
			versions = append(versions, model)
		}
	}
	if d := versionsMistake(node, p.plan.names.refs[call.Name], len(versions)); d != nil {
		p.report(d)
		return
	}
	if len(versions) == 0 || call.Version != "" {
		p.admit(node)
		return
	}
	for _, model := range versions {
		one := *node
		one.UniqueID += "_v" + model.Version
		one.Version = model.Version
		unit := *node.Unit // what its inputs name is its own
		unit.Given = slices.Clone(unit.Given)
		one.Unit = &unit
		one.Refs = []project.RefCall{{Name: call.Name, Version: model.Version, Place: call.Place}}
		p.admit(&one)
	}
}

// wantsVersion applies include and exclude of a unit test's versions:.
func wantsVersion(versions template.Value, version string) bool {
	d, ok := versions.(*template.Dict)
	if !ok {
		return true
	}
	listed := func(key string) (found, given bool) {
		v, _ := d.Get(key)
		list, ok := v.(*template.List)
		return ok && slices.ContainsFunc(list.Elems, func(e template.Value) bool { return template.Str(e) == version }), ok
	}
	if found, given := listed("exclude"); given {
		return !found
	}
	found, given := listed("include")
	return found || !given
}

// dropTest takes a data test out of the plan because what it reads is missing or
// disabled.
func (p *parser) dropTest(node *project.Node) {
	if p.plan.Nodes[node.UniqueID] == nil {
		return
	}
	delete(p.plan.Nodes, node.UniqueID)
	node.Lost = true
	node.Config.Set("enabled", project.ConfigValue{Value: false})
	p.disable(node)
}

// isMistake reports whether a missing parent of a node is an error. dbt only warns where
// the node is a data test, and leaves the test out; elt does so in a dbt project.
func (p *parser) isMistake(node *project.Node, d *diag.Diagnostic) bool {
	if node.Type != project.Test {
		return true
	}
	return d.Code != diag.DisabledRef && p.plan.Project.OwnDefaults()
}
