// Package template renders dbt's Jinja byte for byte as dbt renders it.
//
// [Parse] turns a source into a [Template]; [Template.Render] runs it with the
// names a [Scope] gives. A scanner of ours cuts the text, a parser of ours reads
// each expression, and pongo2 parses and runs the document's blocks; expressions
// reach pongo2 only as opaque handles, because its own expression language is
// Django's. Values behave as Python's do (see [Value]).
//
// The package does no I/O and knows nothing of dbt's functions: those come in
// through the scope. Rendering is safe from many goroutines, each with a [Thread]
// of its own. Every error carries the place in the source it comes from.
package template

import (
	"slices"
	"strings"
	"sync"

	"elt/compiler/diag"
)

// Param is a parameter of a macro.
type Param struct {
	Name       string
	HasDefault bool
	Place      diag.Place
}

// Block is a definition at the top level of a file: a macro, a generic test, a
// snapshot, a materialization or a docs block.
type Block struct {
	Kind   string // "macro", "test", "snapshot", "materialization", "docs"
	Name   string // as written, without dbt's prefix
	Params []Param
	Place  diag.Place // of the opening tag
	Whole  diag.Span  // from the opening to the closing tag
	Body   diag.Span  // what is between them
	// Options of a materialization tag: adapter, default, supported_languages.
	Options map[string]Value

	def blockDef
}

// Output is a rendered text and where its parts come from.
type Output struct {
	Text string
	Map  *PosMap // never nil
}

// blockDef is the engine's side of a [Block].
type blockDef struct {
	t     *Template
	macro *macroStmt
	index int // into the program's macros
}

// Template is a parsed source, safe for concurrent rendering.
type Template struct {
	src    *diag.Source
	leaves []stmt   // the whole template, where it has no blocks
	prog   *program // else; never nil where leaves is
	slots  int32
	plain  bool
	blocks []*Block
	late   *diag.Diagnostic // what ends a rendering of the whole: a mistake in a definition
}

// Parse parses a source. The error is a *diag.Diagnostic with a place.
func Parse(src *diag.Source) (*Template, error) { return parseSource(src, nil) }

// ParseBlocks parses the definitions at the top level of a source that are of the
// given kinds ("docs", "macro", "test", ...). As in dbt, nothing around them is read
// as Jinja, so a Markdown file may hold braces of its own; comments and raw blocks
// hide what is in them. The template is there for its [Template.Blocks], not to be
// rendered.
func ParseBlocks(src *diag.Source, kinds ...string) (*Template, error) {
	only := slices.Clone(kinds)
	if slices.Contains(kinds, "test") {
		only = append(only, "data_test")
	}
	return parseSource(src, only)
}

// parseSource parses a source, or, with only, the blocks that these tags open.
func parseSource(src *diag.Source, only []string) (t *Template, err error) {
	text := dropLastNewline(src.Text)
	t = &Template{src: src}
	if nextTag(text, 0) < 0 {
		t.plain = !hasTagEnd(text)
		if text != "" {
			t.leaves = []stmt{&textStmt{normalizeNewlines(text), pos{0, int32(len(text))}}}
		}
		return t, nil
	}
	defer func() {
		if err != nil {
			t = nil
		}
	}()
	defer recoverSyntax(&err)
	p := &parser{src: src, text: text, only: only}
	body := p.document()
	if p.odd {
		(&folder{p: p}).body(body)
	}
	t.slots = int32(p.resolve(body))
	t.blocks, t.late = p.blocks, p.late
	if !p.isBlock {
		t.leaves = body
		return t, nil
	}
	t.prog = &program{}
	if err := t.prog.compile(body); err != nil {
		return nil, diag.New(diag.TemplateSyntax, diag.Place{Source: src}, "%s", err.Error())
	}
	for i, b := range t.blocks {
		b.def = blockDef{t: t, macro: p.defs[i]}
		for j, m := range t.prog.macros {
			if m == p.defs[i] {
				b.def.index = j
			}
		}
	}
	return t, nil
}

// hasTagEnd reports whether a text has what dbt takes for the end of a tag.
func hasTagEnd(s string) bool {
	return strings.Contains(s, "}}") || strings.Contains(s, "%}") || strings.Contains(s, "#}")
}

// IsPlain reports whether dbt would not render the source at all, because it holds
// nothing that looks like Jinja. dbt then takes the text as it is, the last line end
// and CRLF included; [Template.Render] does not.
func (t *Template) IsPlain() bool { return t.plain }

// Source returns the source the template was parsed from.
func (t *Template) Source() *diag.Source { return t.src }

// Blocks returns the definitions at the top level, in order.
func (t *Template) Blocks() []*Block { return t.blocks }

// Render runs the template. Names that it does not define itself are looked up in the
// scope. The error is a *diag.Diagnostic, or wraps one.
func (t *Template) Render(th *Thread, scope Scope) (Output, error) {
	f := t.frame(th, scope)
	text := spareTexts.Get().(*[]byte)
	whole := &buffer{text: (*text)[:0], track: true}
	if t.prog == nil {
		whole.segs = make([]segment, 0, len(t.leaves))
	}
	f.out = whole
	err := f.runTemplate()
	out := Output{Map: &PosMap{}}
	if err == nil {
		out = whole.output(t.src)
	}
	if cap(whole.text) <= mostSpare {
		*text = whole.text
		spareTexts.Put(text)
	}
	return out, err
}

// spareTexts are buffers that templates are rendered into one after another, a *[]byte each: what
// is rendered is copied in the end. Longer ones than mostSpare bytes are not kept.
var spareTexts = sync.Pool{New: func() any { return new([]byte) }}

const mostSpare = 64 << 10

func (t *Template) frame(th *Thread, scope Scope) *frame {
	return &frame{th: th, t: t, scope: scope, slots: newSlots(int(t.slots)), lax: th.LaxUndefined}
}

// runTemplate runs the frame's template from the top.
func (f *frame) runTemplate() error {
	if f.t.late != nil {
		return f.t.late
	}
	if f.t.prog == nil {
		f.run(f.t.leaves)
	} else {
		f.t.prog.body.Execute(nil, f)
	}
	return f.ended()
}

// ended returns the error that ended a template. A return() that no macro took is
// one: dbt has no use for it either.
func (f *frame) ended() error {
	if r, ok := f.err.(*returnError); ok {
		return diag.New(diag.TemplateError, f.th.returnPlace, "%s", r.Error()).
			WithHint("use return() inside of a macro, and print or set values elsewhere")
	}
	return f.err
}

// Macro returns the block as a macro that is bound to a scope: the names it uses are
// looked up there when it is called.
func (b *Block) Macro(scope Scope) Callable {
	outer := &frame{t: b.def.t, scope: scope}
	m := newMacroValue(outer, b.def.macro, b.def.t.prog.bodies[b.def.index])
	m.scope, m.block = scope, true
	return m
}

// RenderBody renders what is between the tags as a template of its own.
func (b *Block) RenderBody(th *Thread, scope Scope) (Output, error) {
	f := &frame{th: th, t: b.def.t, scope: scope, slots: newSlots(int(b.def.macro.slots)), lax: th.LaxUndefined}
	f.out = &buffer{track: true}
	b.def.t.prog.bodies[b.def.index].Execute(nil, f)
	if err := f.ended(); err != nil {
		return Output{Map: &PosMap{}}, err
	}
	return f.out.output(b.def.t.src), nil
}

// RawBody returns what is between the tags, as it is written.
func (b *Block) RawBody() string { return b.def.t.src.Text[b.Body.Start:b.Body.End] }
