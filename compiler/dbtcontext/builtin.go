package dbtcontext

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"elt/compiler/diag"
	"elt/compiler/template"
)

// builtinFiles are the built-in macros: one folder a package, as dbt names them.
//
//go:embed builtin
var builtinFiles embed.FS

// builtinFile is one of them. It is parsed when one of its macros is asked for first:
// a project uses few of the files, and parsing all takes longer than starting elt.
type builtinFile struct {
	pkg, name string
	src       *diag.Source
	once      sync.Once
	macros    *macroPackage
}

// definitions calls define with the names that a file defines. The files keep to one form, in
// which a line begins with "{% macro name(" or "{% test name(".
func definitions(text string, define func(name string)) {
	for line := range strings.Lines(text) {
		rest, ok := strings.CutPrefix(line, "{% ")
		if !ok {
			continue
		}
		kind, rest, _ := strings.Cut(rest, " ")
		name, _, ok := strings.Cut(rest, "(")
		switch {
		case ok && kind == "macro":
			define(name)
		case ok && kind == "test":
			define("test_" + name)
		}
	}
}

// builtinIndex is what the built-in packages hold.
type builtinIndex struct {
	files []*builtinFile          // sorted by name
	by    map[string]*builtinFile // by package and macro, "dbt.dateadd"

	sources map[*diag.Source]bool
}

// builtins reads the built-in files, once a project and not before a macro of them
// may be meant.
func (p *Project) builtins() *builtinIndex {
	p.builtinOnce.Do(func() { p.builtin = readBuiltins() })
	return p.builtin
}

func readBuiltins() *builtinIndex {
	index := &builtinIndex{by: map[string]*builtinFile{}, sources: map[*diag.Source]bool{}}
	err := fs.WalkDir(builtinFiles, "builtin", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".sql" {
			return err
		}
		text, err := builtinFiles.ReadFile(name)
		if err != nil {
			return err
		}
		pkg, file, _ := strings.Cut(strings.TrimPrefix(name, "builtin/"), "/")
		f := &builtinFile{pkg: pkg, name: "macros/" + file}
		f.src = diag.NewSource(pkg+"/"+f.name, string(text))
		index.files = append(index.files, f)
		index.sources[f.src] = true
		definitions(f.src.Text, func(name string) { index.by[pkg+"."+name] = f })
		return nil
	})
	if err != nil { // they are part of the program
		panic(fmt.Sprintf("dbtcontext: the built-in macros: %v", err))
	}
	return index
}

// load parses the file. One that does not parse is a bug of elt, which a test finds.
func (f *builtinFile) load() *macroPackage {
	f.once.Do(func() {
		f.macros = newPackage(f.pkg)
		t, err := template.Parse(f.src)
		if err == nil {
			err = f.macros.add(t.Blocks(), f.name).Err()
		}
		if err != nil {
			panic(fmt.Sprintf("dbtcontext: the built-in macros: %v", err))
		}
		for _, m := range f.macros.macros {
			m.builtin = true
		}
	})
	return f.macros
}

// find returns a macro of a built-in package, or nil.
func (x *builtinIndex) find(pkg, name string) *MacroInfo {
	f, ok := x.by[pkg+"."+name]
	if !ok {
		return nil
	}
	return f.load().macros[name]
}

// whole returns a built-in package with all its macros.
func (x *builtinIndex) whole(pkg string) *macroPackage {
	out := newPackage(pkg)
	for _, f := range x.files {
		if f.pkg != pkg {
			continue
		}
		part := f.load()
		out.names = append(out.names, part.names...)
		for name, m := range part.macros {
			out.macros[name] = m
		}
	}
	return out
}

// names lists the macros of a built-in package, sorted, without parsing anything.
func (x *builtinIndex) names(pkg string) []string {
	var out []string
	for key := range x.by {
		if name, ok := strings.CutPrefix(key, pkg+"."); ok {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// macro is a macro as a value, bound to the names of this rendering.
func (s *Scope) macro(m *MacroInfo) template.Value {
	if node := s.host.Node(); node != nil && node.Test != nil && node.Test.Generic != "" && !s.host.Execute() {
		return &boundMacro{m.Block.Macro(&testScope{(*macroScope)(s), m.Package}), s, m}
	}
	return &boundMacro{m.Block.Macro((*macroScope)(s)), s, m}
}

// boundMacro is a macro as a value. What goes wrong in a built-in one is reported where it was
// called: nobody can do anything about the place inside.
type boundMacro struct {
	template.Callable
	s *Scope
	m *MacroInfo
}

// TypeName is the Python type name.
func (*boundMacro) TypeName() string { return "Macro" }

// Attr returns what Jinja tells about a macro.
func (m *boundMacro) Attr(name string) (template.Value, bool) {
	if o, ok := m.Callable.(template.Object); ok {
		return o.Attr(name)
	}
	return nil, false
}

// Call calls the macro, and notes that the template itself called it if no other macro did.
func (m *boundMacro) Call(c *template.Call) (template.Value, error) {
	if m.s.depth == 0 && !slices.Contains(m.s.called, m.m.UniqueID) {
		m.s.called = append(m.s.called, m.m.UniqueID)
	}
	m.s.depth++
	v, err := m.Callable.Call(c)
	m.s.depth--
	if d, ok := err.(*diag.Diagnostic); ok && m.m.builtin && !c.Place.IsZero() {
		if sources := m.s.p.builtins().sources; sources[d.Place.Source] {
			d.Place = c.Place
			d.Notes = slices.DeleteFunc(d.Notes, func(n diag.Note) bool {
				return n.Place == c.Place || sources[n.Place.Source]
			})
		}
	}
	return v, err
}

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
	names, _ := n.s.p.macroNames(n.name)
	for _, name := range names {
		if m := n.s.p.inNamespace(n.name, name); m != nil {
			_ = d.Set(name, n.s.macro(m))
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
	names, ok := p.macroNames(pkg)
	if !ok {
		hint = fmt.Sprintf("package %q is not installed, so there is no macro %q", pkg, name)
	} else if near := diag.Suggest(name, names); near != "" {
		hint += fmt.Sprintf("; did you mean %q?", near)
	}
	return template.NewUndefined(name, hint, diag.Place{})
}
