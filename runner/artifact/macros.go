package artifact

import (
	"maps"
	"slices"
	"strings"

	"elt/compiler/dbtcontext"
)

// macros writes the macros of the project and its packages, and of those that come with dbt
// or elt: all of dbt's, as dbt has written them, where it has; else those that something in the
// manifest depends on.
func (m *manifestWriter) macros() {
	m.object("macros", func() {
		written := map[string]bool{}
		for _, macro := range m.plan.Macros() {
			written[macro.UniqueID] = true
			m.key(macro.UniqueID, m.macro(macro))
		}
		for _, id := range slices.Sorted(maps.Keys(m.meta.dbts)) {
			written[id] = true
			m.key(id, m.meta.dbts[id])
		}
		m.usedMacros(written)
	})
}

// usedMacros writes the macros that come with elt and are depended on, however far, and have not
// been written.
func (m *manifestWriter) usedMacros(written map[string]bool) {
	var ids []string
	seen := map[string]bool{}
	var reach func(list []string)
	reach = func(list []string) {
		for _, id := range list {
			if seen[id] {
				continue
			}
			seen[id] = true
			if macro, ok := m.plan.Macro(id); ok {
				reach(m.plan.MacroDependsOn(macro))
			}
			if !written[id] {
				ids = append(ids, id)
			}
		}
	}
	for _, macro := range m.plan.Macros() {
		reach(m.plan.MacroDependsOn(macro))
	}
	for _, id := range m.plan.Order {
		reach(m.dependedMacros(m.plan.Nodes[id]))
	}
	slices.Sort(ids)
	for _, id := range ids {
		if macro, ok := m.plan.Macro(id); ok {
			m.key(id, m.macro(macro))
			continue
		}
		m.key(id, nativeMacro(id))
	}
}

// macro is a macro as dbt writes it.
func (m *manifestWriter) macro(macro dbtcontext.MacroInfo) map[string]any {
	out := macroValue(macro.UniqueID, macro.Package, macro.Name)
	maps.Copy(out, map[string]any{
		"path": macro.OriginalPath, "original_file_path": macro.OriginalPath, "macro_sql": macro.Text(),
		"depends_on": map[string]any{"macros": m.plan.MacroDependsOn(macro)},
	})
	if asked, _ := m.plan.Project.Flags.Get("validate_macro_args"); asked != false && !m.isTestFile(macro) {
		out["arguments"] = arguments(macro)
	}
	if languages, ok := macro.Block.Options["supported_languages"]; ok {
		out["supported_languages"] = jsonOf(languages)
	}
	if described := m.plan.MacroPatch(macro); described != nil {
		out["patch_path"], out["description"] = macro.Package+"://"+described.Path, described.Description
		if described.Meta != nil {
			out["meta"] = jsonOf(described.Meta)
			out["config"] = map[string]any{"meta": out["meta"], "docs": out["docs"]}
		}
		if described.Arguments != nil {
			out["arguments"] = jsonOf(described.Arguments)
		}
	}
	return out
}

// isTestFile reports whether a macro stands among tests, where dbt does not look at signatures.
func (m *manifestWriter) isTestFile(macro dbtcontext.MacroInfo) bool {
	proj := m.plan.Project.In(macro.Package)
	if proj == nil { // it comes with dbt, whose tests do
		return macro.Block.Kind == "test"
	}
	return !slices.ContainsFunc(proj.MacroPaths, func(dir string) bool { return strings.HasPrefix(macro.OriginalPath, dir+"/") })
}

// arguments are those of a macro's signature, as dbt 1.12 has them where no property file says more.
func arguments(macro dbtcontext.MacroInfo) []map[string]any {
	argument := func(name string) map[string]any {
		return map[string]any{"name": name, "type": nil, "description": ""}
	}
	if macro.Block.Kind == "materialization" { // which dbt makes a macro of one
		return []map[string]any{argument("supported_languages")}
	}
	out := []map[string]any{}
	for _, p := range macro.Params() {
		out = append(out, argument(p.Name))
	}
	return out
}

// nativeMacro is a macro of dbt that is no template in elt but part of the program: it has
// no text.
func nativeMacro(id string) map[string]any {
	pkg, name, _ := strings.Cut(strings.TrimPrefix(id, "macro."), ".")
	out := macroValue(id, pkg, name)
	out["description"] = "part of elt"
	return out
}

// macroValue is a macro of which nothing is known but its name.
func macroValue(id, pkg, name string) map[string]any {
	show := map[string]any{"show": true, "node_color": nil}
	return map[string]any{
		"unique_id": id, "name": name, "package_name": pkg, "resource_type": "macro", "path": "", "original_file_path": "",
		"macro_sql": "", "depends_on": map[string]any{"macros": []string{}}, "docs": show, "meta": empty, "description": "",
		"arguments": []string{}, "patch_path": nil, "created_at": 0, "supported_languages": nil,
		"config": map[string]any{"meta": empty, "docs": show},
	}
}
