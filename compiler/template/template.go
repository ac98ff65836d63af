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

import "elt/compiler/diag"

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

// blockDef, threadState and PosMap are filled in by the engine.
type blockDef struct{}
type threadState struct{}

// PosMap maps offsets of a rendered text back to the source.
type PosMap struct{}

// Origin returns the place that made the byte at offset of the rendered text.
func (m *PosMap) Origin(offset int) (diag.Place, bool) { return diag.Place{}, false }

// Template is a parsed source, safe for concurrent rendering.
type Template struct{}

// Dict and Set are Python's dict (insertion order) and set.
type Dict struct{}
type Set struct{}
