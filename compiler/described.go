package compiler

import (
	"slices"
	"strings"

	"elt/compiler/dbtcontext"
	"elt/compiler/project"
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
// arguments, what it would call. Never nil.
func (p *Plan) MacroDependsOn(macro dbtcontext.MacroInfo) []string {
	out := []string{}
	for _, call := range macro.Block.Calls() {
		if !call.Called {
			continue
		}
		id, ok := p.dbt.ResolveMacro(call.Name, macro.Package)
		if call.Name == "adapter.dispatch" && len(call.Args) > 0 {
			name, _ := call.Args[0].(string)
			namespace := ""
			if len(call.Args) > 1 {
				namespace, _ = call.Args[1].(string)
			}
			id, ok = p.dbt.Dispatched(name, namespace, macro.Package)
		}
		if ok && id != macro.UniqueID && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
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
