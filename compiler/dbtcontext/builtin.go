package dbtcontext

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/template"
)

// builtinFiles are the built-in macros: one folder a package, as dbt names them.
//
//go:embed builtin
var builtinFiles embed.FS

// loadBuiltins parses the built-in macros, once a project and not before one is
// asked for. A file that does not parse is a bug of elt, which a test would find.
func (p *Project) loadBuiltins() { p.builtinOnce.Do(p.parseBuiltins) }

func (p *Project) parseBuiltins() {
	err := fs.WalkDir(builtinFiles, "builtin", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".sql" {
			return err
		}
		text, err := builtinFiles.ReadFile(name)
		if err != nil {
			return err
		}
		pkg, file, _ := strings.Cut(strings.TrimPrefix(name, "builtin/"), "/")
		t, err := template.Parse(diag.NewSource(pkg+"/macros/"+file, string(text)))
		if err != nil {
			return err
		}
		return p.AddMacros(pkg, t.Blocks(), "macros/"+file).Err()
	})
	if err != nil {
		panic(fmt.Sprintf("dbtcontext: the built-in macros: %v", err))
	}
}

// macro is a macro as a value, bound to the names of this rendering.
func (s *Scope) macro(m *MacroInfo) template.Value { return m.Block.Macro(s) }

// packageNamespace is a package by its name: package.macro(...).
type packageNamespace struct {
	s    *Scope
	name string
}

// TypeName is the Python type name.
func (*packageNamespace) TypeName() string { return "dict" }

// Mapping is the package's macros, which makes "is mapping" true.
func (n *packageNamespace) Mapping() *template.Dict {
	d := template.NewDict()
	n.s.p.loadBuiltins()
	if pkg, ok := n.s.p.packages[n.name]; ok {
		for _, name := range pkg.names {
			_ = d.Set(name, n.s.macro(pkg.macros[name]))
		}
	}
	return d
}

// Attr returns the method get; macros are items, so that names that begin with an
// underscore can be called.
func (n *packageNamespace) Attr(name string) (template.Value, bool) {
	if name != "get" {
		return nil, false
	}
	return bind(name, getFrom(func(key string) (template.Value, bool) { return n.s.from(n.name, key) }))
}

// Index returns a macro; a missing one is undefined and says which package lacks it.
func (n *packageNamespace) Index(key template.Value) (template.Value, bool, error) {
	name := stringOrEmpty(key)
	if v, ok := n.s.from(n.name, name); ok {
		return v, true, nil
	}
	return n.s.p.missingMacro(n.name, name), true, nil
}

// Contains is name in package.
func (n *packageNamespace) Contains(v template.Value) (bool, error) {
	_, ok := n.s.from(n.name, stringOrEmpty(v))
	return ok, nil
}

// missingMacro is what a macro that does not exist evaluates to.
func (p *Project) missingMacro(pkg, name string) *template.Undefined {
	hint := fmt.Sprintf("package %q has no macro %q", pkg, name)
	own, ok := p.packages[pkg]
	if !ok {
		hint = fmt.Sprintf("package %q is not installed, so there is no macro %q", pkg, name)
	} else if near := diag.Suggest(name, own.names); near != "" {
		hint += fmt.Sprintf("; did you mean %q?", near)
	}
	return template.NewUndefined(name, hint, diag.Place{})
}
