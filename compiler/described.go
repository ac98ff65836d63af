package compiler

import (
	"slices"
	"strings"

	"elt/compiler/dbtcontext"
	"elt/compiler/project"
	"elt/compiler/template"
)

// MacroPatch returns what a property file says of a macro, or nil.
func (p *Plan) MacroPatch(macro dbtcontext.MacroInfo) *project.MacroPatch {
	proj := p.Project.In(macro.Package)
	if proj == nil {
		return nil
	}
	for _, patch := range proj.Patches.Macros {
		if patch.Name == macro.Name {
			return patch
		}
	}
	return nil
}

// MacroDependsOn returns the unique_ids of the macros that a macro calls, as far as the
// text tells, in the order of the calls; of adapter.dispatch('m', 'pkg') with literal
// arguments, the macro m, if it is another, and what would be called. As in dbt the name of a method counts where
// a macro of dbt or of the project has it: text.replace(...) is replace(...), of a name that is no variable of the
// macro's own. A macro that calls itself by its package is among them. Never nil.
func (p *Plan) MacroDependsOn(macro dbtcontext.MacroInfo) []string {
	out := []string{}
	add := func(id string, ok bool) {
		if ok && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	for _, call := range macro.Block.Calls() {
		switch object, name, isMethod := strings.Cut(call.Name, "."); {
		case !call.Called, call.Name == macro.Name, call.Name == "ref", call.Name == "source", call.Name == "config":
		case call.Name == "adapter.dispatch":
			add(p.dispatchedBy(macro, call, false))
			add(p.dispatchedBy(macro, call, true))
		case object == "adapter" && isMethod:
		default:
			id, ok := p.dbt.ResolveMacro(call.Name, macro.Package)
			if !ok && isMethod && !strings.Contains(name, ".") {
				id, ok = p.dbt.ResolveMacro(name, p.Project.Name)
			}
			add(id, ok)
		}
	}
	return out
}

// dispatchedBy is the macro that a call of adapter.dispatch() with literal arguments would call or, without
// prefix, the one of the plain name.
func (p *Plan) dispatchedBy(macro dbtcontext.MacroInfo, call template.StaticCall, prefix bool) (string, bool) {
	if len(call.Args) == 0 {
		return "", false
	}
	name, _ := call.Args[0].(string)
	if !prefix && name != macro.Name {
		return p.dbt.ResolveMacro(name, macro.Package)
	}
	if !prefix {
		return "", false
	}
	namespace := ""
	if len(call.Args) > 1 {
		namespace, _ = call.Args[1].(string)
	}
	return p.dbt.Dispatched(name, namespace, macro.Package)
}

// Doc is one docs block.
type Doc struct {
	UniqueID, Name, Package string
	Path, OriginalPath      string // as of a node
	Text                    string // rendered
}

// Docs returns the docs blocks of the project and its packages, sorted by unique_id.
func (p *Plan) Docs() []Doc {
	var out []Doc
	for _, d := range p.docs.all {
		d.Text = p.docs.texts[d.Package][d.Name]
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b Doc) int { return strings.Compare(a.UniqueID, b.UniqueID) })
	return out
}
