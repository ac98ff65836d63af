package compiler

import (
	"context"
	"maps"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

// dbt's latest_version_pointer: a view on the latest version of a model, under a name without the
// version, which is made with that version and is no node of its own.

const (
	pointerConfig = "latest_version_pointer"
	pointerMacro  = "generate_latest_version_pointer_alias"
)

// pointers is what the pointers of all models have in common.
type pointers struct {
	byDefault bool   // where config does not say
	macro     string // of the project or of a package, by which they are named, or ""
}

func (p *parser) newPointers() pointers {
	on, _ := p.plan.Project.Flags.Get(pointerConfig + "_enabled_by_default")
	out := pointers{byDefault: on == true}
	packages := []string{p.plan.Project.Name} // then those of packages, which dbt asks here as well
	for _, proj := range p.plan.Project.All() {
		packages = append(packages, proj.Name)
	}
	for _, pkg := range packages {
		if m, ok := p.plan.dbt.MacroOf(pkg, pointerMacro); ok && !isBuiltin(&m) {
			out.macro = pkg + "." + pointerMacro
			return out
		}
	}
	if id, ok := p.plan.dbt.Dispatched(pointerMacro, "dbt", p.plan.Project.Name); ok && !isBuiltinID(id) {
		out.macro = pointerMacro
	}
	return out
}

// namePointer gives the latest version of a model its pointer, where it is to have one. It has its
// relation by then.
func (p *parser) namePointer(ctx context.Context, node *project.Node, known pointers) {
	if node.Type != project.Model {
		return
	}
	enabled, alias := p.pointerConfig(node, known.byDefault)
	if !enabled || node.Version == "" || !isLatest(node) || node.IsEphemeral() {
		return
	}
	rel := node.Relation
	rel.Identifier = node.Name
	if alias != "" {
		rel.Identifier = alias
	}
	if known.macro != "" {
		var value template.Value
		if alias != "" {
			value = alias
		}
		made, err := p.callNaming(ctx, node, known.macro, value)
		if err != nil {
			p.reportAll(err, node)
			return
		}
		rel.Identifier = made
	}
	node.Pointer = rel
}

// pointerConfig reads the config of a model's pointer.
func (p *parser) pointerConfig(node *project.Node, byDefault bool) (enabled bool, alias string) {
	v, _ := node.Config.Get(pointerConfig)
	d, ok := v.Value.(*template.Dict)
	if !ok {
		if on, ok := v.Value.(bool); ok {
			return on, ""
		}
		return byDefault, ""
	}
	enabled = byDefault
	wrong := func(key, kind string) {
		d := diag.New(diag.WrongType, placeIn(v.Place, node.Place), "%q of %q must be %s", key, pointerConfig, kind)
		d.Node = node.UniqueID
		p.report(d.WithHint("write %s: {enabled: true, alias: a_name}", pointerConfig))
	}
	for _, item := range d.Items() {
		switch item.Key {
		case "enabled":
			if on, ok := item.Value.(bool); ok {
				enabled = on
			} else if item.Value != nil {
				wrong("enabled", "true or false")
			}
		case "alias":
			if text, ok := item.Value.(string); ok {
				alias = strings.TrimSpace(text)
			} else if item.Value != nil {
				wrong("alias", "a string")
			}
		}
	}
	return enabled, alias
}

// checkPointers reports pointers that would take the place of what another node makes, which dbt does,
// in whichever order it comes to them. That of a model to itself is told where the model is built.
func (p *parser) checkPointers(makers map[string]*project.Node) {
	pointing := map[string]*project.Node{}
	for _, key := range slices.Sorted(maps.Keys(makers)) {
		node := makers[key]
		if node.Pointer.Identifier == "" {
			continue
		}
		to := node.Pointer.Key()
		other := makers[to]
		if other == nil {
			other = pointing[to]
		}
		if pointing[to] = node; other == nil || other == node {
			continue
		}
		d := diag.New(diag.DuplicateNode, node.Place, "the latest version pointer of %q would take the place of %q: both would be the relation %s",
			node.Name, other.Name, node.Pointer).WithNote(other.Place, "the other one is here")
		d.Node = node.UniqueID
		p.report(d.WithHint("give the pointer another name with %s: {alias: a_name}, or none with %s: false", pointerConfig, pointerConfig))
	}
}
