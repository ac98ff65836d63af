package selector

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"elt/compiler/diag"
	"elt/compiler/project"
)

// Definitions are the selectors of a selectors.yml. They never change once parsed.
// A nil *Definitions has none.
type Definitions struct {
	list []*Definition
}

// Definition is one named selector.
type Definition struct {
	Name        string
	Description string
	Default     bool // applies where a command is given no selection
	Spec        *Spec
	Place       diag.Place // of the name
}

// All returns the definitions in the order of the file; of one name the last.
func (d *Definitions) All() []*Definition {
	if d == nil {
		return nil
	}
	return d.list
}

// Lookup returns the definition of a name, or nil.
func (d *Definitions) Lookup(name string) *Definition {
	for _, def := range d.All() {
		if def.Name == name {
			return def
		}
	}
	return nil
}

// Default returns the definition that applies without a selection, or nil.
func (d *Definitions) Default() *Definition {
	for _, def := range d.All() {
		if def.Default {
			return def
		}
	}
	return nil
}

// unknown is the error about a name that no definition has.
func (d *Definitions) unknown(name string, at diag.Place) *diag.Diagnostic {
	out := diag.New(diag.BadSelector, at, "the selector %q is not defined", name)
	names := make([]string, 0, len(d.All()))
	for _, def := range d.All() {
		names = append(names, def.Name)
	}
	slices.Sort(names)
	if near := diag.Suggest(name, names); near != "" {
		return out.WithHint("did you mean %q?", near)
	}
	if len(names) == 0 {
		return out.WithHint("define it in selectors.yml; there is none")
	}
	return out.WithHint("selectors.yml defines %s", strings.Join(names, ", "))
}

// Render evaluates the Jinja in a text of selectors.yml. The result is a string,
// bool, int64, float64 or nil.
type Render func(text string, at diag.Place) (any, error)

// ParseSelectors reads a selectors.yml. Jinja in it is an error; see [ParseRendered].
func ParseSelectors(src *diag.Source) (*Definitions, diag.List) {
	return ParseRendered(src, nil)
}

// ParseRendered reads a selectors.yml whose texts may hold Jinja, such as
// "default: {{ target.name == 'prod' }}".
func ParseRendered(src *diag.Source, render Render) (*Definitions, diag.List) {
	p := &definitionParser{src: src, render: render, out: &Definitions{}}
	top, diags := project.ParseYAML(src)
	p.diags = diags
	if top != nil {
		p.file(top)
	}
	if p.diags.HasErrors() {
		return nil, p.diags
	}
	return p.out, p.diags
}

// definitionParser reads a file. Selectors are known from where they are defined on.
type definitionParser struct {
	src    *diag.Source
	render Render
	out    *Definitions
	diags  diag.List
}

func (p *definitionParser) file(root *yaml.Node) {
	m, ok := p.mapping(root, "selectors.yml")
	if !ok {
		return
	}
	p.knownKeys(m, "selectors.yml", "selectors", "version")
	list := m.value("selectors")
	if list == nil {
		return
	}
	entries, _ := p.sequence(list, "selectors")
	for _, entry := range entries {
		p.definition(entry)
	}
}

// definition reads one entry of selectors:.
func (p *definitionParser) definition(n *yaml.Node) {
	m, ok := p.mapping(n, "a selector")
	if !ok {
		return
	}
	p.knownKeys(m, "a selector", "name", "description", "default", "definition")
	name, body := m.value("name"), m.value("definition")
	if name == nil || body == nil {
		missing := "name"
		if name != nil {
			missing = "definition"
		}
		p.add(diag.WrongType, n, "a selector has no %q", missing)
		return
	}
	def := &Definition{Place: p.place(name)}
	def.Name, _ = p.text(name, "name")
	if d := m.value("description"); d != nil {
		def.Description, _ = p.text(d, "description")
	}
	if d := m.value("default"); d != nil {
		def.Default, _ = p.boolean(d, "default")
	}
	if def.Spec = p.root(body); def.Spec != nil {
		p.define(def)
	}
}

// define keeps a definition. Of two of one name dbt takes the later.
func (p *definitionParser) define(def *Definition) {
	if other := p.out.Default(); other != nil && def.Default && other.Name != def.Name {
		d := diag.New(diag.BadSelector, def.Place, "the selectors %q and %q are both the default", other.Name, def.Name)
		p.diags = append(p.diags, d.WithNote(other.Place, "the other one").WithHint("keep default: true in one of them"))
	}
	for i, other := range p.out.list {
		if other.Name == def.Name {
			d := diag.Warn(diag.DuplicateNode, def.Place, "the selector %q is defined twice", def.Name)
			p.diags = append(p.diags, d.WithNote(other.Place, "first defined here").WithHint("the later definition counts"))
			p.out.list[i] = def
			return
		}
	}
	p.out.list = append(p.out.list, def)
}
