package dbtcontext

import "slices"

// UsesOwnWhere reports whether "{{ get_where_subquery(ref('orders')) }}" in a template of
// a package runs nothing but what comes with elt: no macro of the project or of a package
// takes the place of that macro, nor of a name that it uses. Then it comes to what ref()
// or source() does, unless the config "where" is set.
func (p *Project) UsesOwnWhere(pkg string) bool {
	const macro = "get_where_subquery"
	isOwn := func(m *MacroInfo) bool { return m != nil && m.builtin }
	if !isOwn(p.resolve(macro, pkg)) || !isOwn(p.dispatched(macro, dbtPackage, pkg)) {
		return false
	}
	return !slices.ContainsFunc([]string{"ref", "source", "config", "adapter", "return"}, func(name string) bool {
		return p.inOwn(name, pkg) != nil || p.isNamespace(name)
	})
}
