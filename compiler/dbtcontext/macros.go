package dbtcontext

import (
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/template"
)

// MacroInfo is a macro of the project, of a package or of dbt itself.
type MacroInfo struct {
	UniqueID     string // "macro.shop.cents_to_dollars"
	Package      string
	Name         string // by dbt's naming: "test_is_even", "materialization_x_default"
	OriginalPath string
	Block        *template.Block

	builtin bool
}

// Place is where the macro is defined.
func (m MacroInfo) Place() diag.Place { return m.Block.Place }

// Text is the macro as it is written, from its opening to its closing tag; with the white
// space that a "-" of theirs removes, as dbt has it in macro_sql: of two macros with white
// space between them that both would remove, the first has it, and none has that at the
// ends of the file.
func (m MacroInfo) Text() string {
	text, from, to := m.Block.Place.Source.Text, m.Block.Whole.Start, m.Block.Whole.End
	const blank = " \t\r\n\v\f"
	if strings.HasPrefix(text[from:], "{%-") {
		before := strings.TrimRight(text[:from], blank)
		if before != "" && !strings.HasSuffix(before, "-%}") {
			from = len(before)
		}
	}
	if strings.HasSuffix(text[:to], "-%}") {
		if after := strings.TrimLeft(text[to:], blank); after != "" {
			to = len(text) - len(after)
		}
	}
	return text[from:to]
}

// Params are the macro's parameters.
func (m MacroInfo) Params() []template.Param { return m.Block.Params }

// Names of the packages that are built in. The macros of all of them together
// are the namespace "dbt".
const (
	dbtPackage    = "dbt"
	duckdbPackage = "dbt_duckdb"
	eltPackage    = "elt"
	utilsPackage  = "dbt_utils"
)

// internalPackages are the built-in packages, the one that wins first.
var internalPackages = []string{eltPackage, duckdbPackage, dbtPackage}

type macroPackage struct {
	name   string
	macros map[string]*MacroInfo
	names  []string // in the order they were added
}

func (p *Project) addPackage(name string) *macroPackage {
	if pkg, ok := p.packages[name]; ok {
		return pkg
	}
	pkg := newPackage(name)
	p.packages[name] = pkg
	p.order = append(p.order, name)
	return pkg
}

func newPackage(name string) *macroPackage {
	return &macroPackage{name: name, macros: map[string]*MacroInfo{}}
}

// macroNames lists the macros that package.name may mean; ok is false for a package
// that is not there.
func (p *Project) macroNames(pkg string) (names []string, ok bool) {
	if own, ok := p.packages[pkg]; ok {
		return own.names, true
	}
	if pkg == dbtPackage {
		for _, name := range internalPackages {
			names = append(names, p.builtins().names(name)...)
		}
		return names, true
	}
	return p.builtins().names(pkg), slices.Contains(internalPackages, pkg)
}

// add adds the macros of a file.
func (pkg *macroPackage) add(blocks []*template.Block, originalPath string) diag.List {
	var list diag.List
	for _, b := range blocks {
		name, ok := macroName(b)
		if !ok {
			continue
		}
		if first, ok := pkg.macros[name]; ok {
			list = append(list, diag.New(diag.DuplicateNode, b.Place,
				"two macros of package %q are named %q", pkg.name, name).
				WithNote(first.Block.Place, "the other one is in %q", first.OriginalPath).
				WithHint("rename or remove one of them"))
			continue
		}
		pkg.names = append(pkg.names, name)
		pkg.macros[name] = &MacroInfo{
			UniqueID: MacroUniqueID(pkg.name, name), Package: pkg.name, Name: name,
			OriginalPath: originalPath, Block: b,
		}
	}
	return list
}

// AddMacros adds the macros of a file: its macros, generic tests and
// materializations; other blocks are left out. A name that the package has
// already is an error that names both places. It must not be called once
// templates are being rendered.
func (p *Project) AddMacros(pkg string, blocks []*template.Block, originalPath string) diag.List {
	return p.addPackage(pkg).add(blocks, originalPath)
}

// macroName is the name dbt gives the macro behind a block.
func macroName(b *template.Block) (string, bool) {
	switch b.Kind {
	case "macro":
		return b.Name, true
	case "test", "data_test":
		return "test_" + b.Name, true
	case "materialization":
		adapter := "default"
		if a, ok := b.Options["adapter"].(string); ok {
			adapter = a
		}
		return "materialization_" + b.Name + "_" + adapter, true
	}
	return "", false
}

// MacroUniqueID is the unique_id of a macro.
func MacroUniqueID(pkg, name string) string { return "macro." + pkg + "." + name }

// Macro returns the macro that a call of the name ("m" or "package.m") in the root
// project means.
func (p *Project) Macro(name string) (MacroInfo, bool) {
	m := p.resolve(name, p.set.Name)
	if m == nil {
		return MacroInfo{}, false
	}
	return *m, true
}

// Macros returns all macros: those of the root project first, then those of each
// package, then the built-in ones, each in the order they were added.
func (p *Project) Macros() []MacroInfo {
	out := p.OwnMacros()
	for _, name := range internalPackages {
		out = p.builtins().whole(name).appendTo(out)
	}
	return out
}

// OwnMacros returns the macros that [Project.Macros] returns, but for the built-in ones,
// whose files all have to be parsed.
func (p *Project) OwnMacros() []MacroInfo {
	var out []MacroInfo
	for _, name := range p.order {
		out = p.packages[name].appendTo(out)
	}
	return out
}

func (pkg *macroPackage) appendTo(out []MacroInfo) []MacroInfo {
	for _, name := range pkg.names {
		out = append(out, *pkg.macros[name])
	}
	return out
}

// ResolveMacro returns the unique_id of the macro that a call of the name ("m" or
// "package.m") in a template of a package means; it is what depends_on.macros
// holds.
func (p *Project) ResolveMacro(call, pkg string) (string, bool) {
	m := p.resolve(call, pkg)
	if m == nil {
		return "", false
	}
	return m.UniqueID, true
}

// Dispatched returns the unique_id of the macro that adapter.dispatch(name, namespace)
// in a template of a package would call.
func (p *Project) Dispatched(name, namespace, pkg string) (string, bool) {
	m := p.dispatched(name, namespace, pkg)
	if m == nil {
		return "", false
	}
	return m.UniqueID, true
}

func (p *Project) dispatched(name, namespace, pkg string) *MacroInfo {
	for _, from := range p.searchOrder(namespace) {
		for _, prefix := range []string{"duckdb__", "default__"} {
			m := p.inNamespace(from, prefix+name)
			if from == "" {
				m = p.resolve(prefix+name, pkg)
			}
			if m != nil {
				return m
			}
		}
	}
	return nil
}

// GenericTest returns the macro of a generic test used in a package, or nil.
func (p *Project) GenericTest(namespace, name, pkg string) *MacroInfo {
	call := "test_" + name
	if namespace != "" {
		call = namespace + "." + call
	}
	return p.resolve(call, pkg)
}

// MacroOf returns a macro by its package, which may be one of those that are built in, and name.
func (p *Project) MacroOf(pkg, name string) (MacroInfo, bool) {
	var m *MacroInfo
	if own, ok := p.packages[pkg]; ok {
		m = own.macros[name]
	} else if slices.Contains(internalPackages, pkg) {
		m = p.builtins().find(pkg, name)
	}
	if m == nil {
		return MacroInfo{}, false
	}
	return *m, true
}

// OwnTest returns the unique_id of the generic test of a name that a package or the root project
// itself defines.
func (p *Project) OwnTest(name, pkg string) (id string, ok bool) {
	if m := p.inOwn("test_"+name, pkg); m != nil {
		return m.UniqueID, true
	}
	return "", false
}

// GenericTestNames lists the generic tests as a property file would write them,
// sorted.
func (p *Project) GenericTestNames() []string {
	var out []string
	for _, pkg := range slices.Concat(p.order, []string{dbtPackage}) {
		prefix := pkg + "."
		if pkg == p.set.Name || pkg == dbtPackage {
			prefix = ""
		}
		names, _ := p.macroNames(pkg)
		for _, macro := range names {
			if test, ok := strings.CutPrefix(macro, "test_"); ok {
				out = append(out, prefix+test)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (p *Project) resolve(call, pkg string) *MacroInfo {
	if namespace, name, ok := strings.Cut(call, "."); ok {
		return p.inNamespace(namespace, name)
	}
	if m := p.inOwn(call, pkg); m != nil {
		return m
	}
	return p.inNamespace(dbtPackage, call)
}

// inOwn looks a plain name up as dbt does before it turns to its own macros: in
// the package of the node, then in the root project.
func (p *Project) inOwn(name, pkg string) *MacroInfo {
	if own, ok := p.packages[pkg]; ok {
		if m := own.macros[name]; m != nil {
			return m
		}
	}
	if pkg == p.set.Name {
		return nil
	}
	return p.packages[p.set.Name].macros[name]
}

// inNamespace looks up package.name. The built-in packages are one namespace; the
// generic tests of dbt_utils that are built in answer where that package is not
// installed.
func (p *Project) inNamespace(namespace, name string) *MacroInfo {
	if namespace == dbtPackage {
		for _, pkg := range internalPackages {
			if m := p.builtins().find(pkg, name); m != nil {
				return m
			}
		}
		return nil
	}
	if own, ok := p.packages[namespace]; ok {
		return own.macros[name]
	}
	if slices.Contains(internalPackages, namespace) {
		return p.builtins().find(namespace, name)
	}
	if namespace == utilsPackage && utilsTests[name] {
		return p.inNamespace(eltPackage, name)
	}
	return nil
}

// isNamespace reports whether a name is that of a package.
func (p *Project) isNamespace(name string) bool {
	switch name {
	case dbtPackage, duckdbPackage, eltPackage, utilsPackage:
		return true
	}
	_, ok := p.packages[name]
	return ok
}

// utilsTests are the generic tests of dbt_utils that elt has built in.
var utilsTests = map[string]bool{
	"test_unique_combination_of_columns": true,
	"test_accepted_range":                true,
	"test_expression_is_true":            true,
	"test_not_empty_string":              true,
	"test_recency":                       true,
	"test_at_least_one":                  true,
	"test_equal_rowcount":                true,
	"test_equality":                      true,
	"test_relationships_where":           true,
	"test_sequential_values":             true,
	"test_mutually_exclusive_ranges":     true,
}
