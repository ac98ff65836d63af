package template

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/flosch/pongo2/v6"
)

// program is the part of a template that its document refers to: each tag of the
// document that pongo2 runs holds the index of one of these.
type program struct {
	runs    [][]stmt // leaves that follow each other
	conds   []expr
	fors    []*forStmt
	sets    []*setBlockStmt
	filters []*filterStmt
	calls   []*callStmt
	macros  []*macroStmt

	// What pongo2 made of the document: the bodies of the template and of the
	// definitions at its top level.
	body   *pongo2.NodeWrapper
	bodies map[int]*pongo2.NodeWrapper
}

// emitter writes the document for pongo2. Text and expressions are not part of it:
// {%run 0%}{%if 1%}{%run 2%}{%else%}{%run 3%}{%endif%}.
type emitter struct {
	prog *program
	doc  strings.Builder
}

func (e *emitter) tag(name string, index int) {
	e.doc.WriteString("{%")
	e.doc.WriteString(name)
	if index >= 0 {
		e.doc.WriteByte(' ')
		e.doc.WriteString(strconv.Itoa(index))
	}
	e.doc.WriteString("%}")
}

func isLeaf(s stmt) bool {
	switch s.(type) {
	case *textStmt, *printStmt, *setStmt, *doStmt, *loopCtrl:
		return true
	}
	return false
}

func (e *emitter) body(body []stmt) {
	for i := 0; i < len(body); {
		if !isLeaf(body[i]) {
			e.stmt(body[i])
			i++
			continue
		}
		from := i
		for i < len(body) && isLeaf(body[i]) {
			i++
		}
		e.tag("run", len(e.prog.runs))
		e.prog.runs = append(e.prog.runs, body[from:i:i])
	}
}

func (e *emitter) stmt(s stmt) {
	switch x := s.(type) {
	case *ifStmt:
		e.ifStmt(x)
	case *forStmt:
		e.open("for", add(&e.prog.fors, x), x.body)
		if x.hasElse {
			e.tag("else", -1)
			e.body(x.els)
		}
		e.tag("endfor", -1)
		x.body, x.els = nil, nil
	case *setBlockStmt:
		e.block("set", add(&e.prog.sets, x), &x.body)
	case *filterStmt:
		e.block("filter", add(&e.prog.filters, x), &x.body)
	case *callStmt:
		e.block("call", add(&e.prog.calls, x), &x.body.body)
	case *macroStmt:
		e.block(x.kind, add(&e.prog.macros, x), &x.body)
	}
}

func add[T any](list *[]T, x T) int {
	*list = append(*list, x)
	return len(*list) - 1
}

func (e *emitter) open(name string, index int, body []stmt) {
	e.tag(name, index)
	e.body(body)
}

// block writes a tag with one body, which the tree then gives up.
func (e *emitter) block(name string, index int, body *[]stmt) {
	e.open(name, index, *body)
	e.tag("end"+name, -1)
	*body = nil
}

func (e *emitter) ifStmt(x *ifStmt) {
	for i, c := range x.clauses {
		name := "if"
		if i > 0 {
			name = "elif"
		}
		e.open(name, add(&e.prog.conds, c.cond), c.body)
	}
	if len(x.els) > 0 {
		e.tag("else", -1)
		e.body(x.els)
	}
	e.tag("endif", -1)
}

// sets holds pongo2 template sets. A set belongs to one goroutine at a time, because
// parsing writes to it.
var sets = sync.Pool{New: func() any { return newSet() }}

// newSet makes a set in which pongo2's own tags are banned, but for those this
// package has replaced.
func newSet() *pongo2.TemplateSet {
	set := pongo2.NewSet("elt", noFiles{})
	for _, name := range bannedTags {
		_ = set.BanTag(name)
	}
	return set
}

var bannedTags = [...]string{"autoescape", "block", "comment", "cycle", "extends", "firstof", "ifchanged",
	"ifequal", "ifnotequal", "import", "include", "lorem", "now", "spaceless", "ssi", "templatetag",
	"widthratio", "with"}

// noFiles is a template loader that finds nothing: templates are strings.
type noFiles struct{}

// Abs returns the name.
func (noFiles) Abs(_, name string) string { return name }

// Get finds nothing.
func (noFiles) Get(path string) (io.Reader, error) {
	return nil, fmt.Errorf("no template %q", path)
}

// compile hands the document to pongo2 and keeps the nodes it makes. The scanner has
// checked how blocks nest, so an error here is a defect of this package.
func (prog *program) compile(body []stmt) error {
	e := emitter{prog: prog}
	e.tag("document", -1)
	e.body(body)
	e.tag("enddocument", -1)
	set := sets.Get().(*pongo2.TemplateSet)
	defer sets.Put(set)
	doc, err := set.FromString(e.doc.String())
	if err != nil {
		return fmt.Errorf("the document made from the template is not valid: %w", err)
	}
	// Running the document once with a loader collects the parsed bodies; the rest of
	// what pongo2 keeps about it (tokens, parser) can then go.
	err = doc.ExecuteWriterUnbuffered(pongo2.Context{"program": prog}, io.Discard)
	if err != nil {
		return fmt.Errorf("the document made from the template cannot be loaded: %w", err)
	}
	return nil
}
