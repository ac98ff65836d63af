package template

import (
	"errors"
	"strconv"

	"github.com/flosch/pongo2/v6"
)

// The tags below are all that the documents of this package consist of. They are
// registered once, in pongo2's package-level registry; pongo2's own tags of the same
// name are replaced, which is safe because no other package of elt imports pongo2.
func init() {
	parsers := map[string]pongo2.TagParser{
		"document":        documentParser,
		"run":             leafParser,
		"if":              ifParser,
		"for":             forParser,
		"set":             blockParser("endset", func(n blockNode) pongo2.INodeTag { return setNode{n} }),
		"filter":          blockParser("endfilter", func(n blockNode) pongo2.INodeTag { return filterNode{n} }),
		"call":            blockParser("endcall", func(n blockNode) pongo2.INodeTag { return callNode{n} }),
		"macro":           blockParser("endmacro", defNode),
		"test":            blockParser("endtest", defNode),
		"snapshot":        blockParser("endsnapshot", defNode),
		"materialization": blockParser("endmaterialization", defNode),
		"docs":            blockParser("enddocs", defNode),
	}
	for name, parse := range parsers {
		if pongo2.ReplaceTag(name, parse) != nil {
			_ = pongo2.RegisterTag(name, parse)
		}
	}
}

// stopped is what a node returns when the rest of the block must not run; why is in
// the frame.
var stopped = &pongo2.Error{Sender: "elt", OrigError: errors.New("stopped")}

// index reads the handle of a tag.
func index(args *pongo2.Parser) (int, *pongo2.Error) {
	t := args.MatchType(pongo2.TokenNumber)
	if t == nil || args.Remaining() > 0 {
		return 0, args.Error("a tag must have one number", nil)
	}
	n, err := strconv.Atoi(t.Val)
	if err != nil {
		return 0, args.Error(err.Error(), t)
	}
	return n, nil
}

// loader is the writer with which a document is run once to collect its bodies.
type loader struct{ prog *program }

// Write discards.
func (l *loader) Write(b []byte) (int, error) { return len(b), nil }

// WriteString discards.
func (l *loader) WriteString(s string) (int, error) { return len(s), nil }

// documentNode is the whole document.
type documentNode struct{ body *pongo2.NodeWrapper }

func documentParser(doc *pongo2.Parser, _ *pongo2.Token, _ *pongo2.Parser) (pongo2.INodeTag, *pongo2.Error) {
	body, _, err := doc.WrapUntilTag("enddocument")
	return documentNode{body}, err
}

// Execute gives the bodies of the document to its program.
func (n documentNode) Execute(ctx *pongo2.ExecutionContext, _ pongo2.TemplateWriter) *pongo2.Error {
	prog, ok := ctx.Public["program"].(*program)
	if !ok {
		return ctx.Error("a document is run without its program", nil)
	}
	prog.body = n.body
	return n.body.Execute(nil, &loader{prog})
}

// leafNode is a run of statements without a body.
type leafNode int

func leafParser(_ *pongo2.Parser, _ *pongo2.Token, args *pongo2.Parser) (pongo2.INodeTag, *pongo2.Error) {
	i, err := index(args)
	return leafNode(i), err
}

// Execute runs the statements.
func (n leafNode) Execute(_ *pongo2.ExecutionContext, w pongo2.TemplateWriter) *pongo2.Error {
	f, ok := w.(*frame)
	if !ok || f.run(f.t.prog.runs[n]) {
		return nil
	}
	return stopped
}

// ifNode has one condition for each of its bodies but the one of else.
type ifNode struct {
	conds  []int
	bodies []*pongo2.NodeWrapper
}

func ifParser(doc *pongo2.Parser, _ *pongo2.Token, args *pongo2.Parser) (pongo2.INodeTag, *pongo2.Error) {
	n := &ifNode{}
	for {
		i, err := index(args)
		if err != nil {
			return nil, err
		}
		n.conds = append(n.conds, i)
		body, rest, err := doc.WrapUntilTag("elif", "else", "endif")
		if err != nil {
			return nil, err
		}
		n.bodies = append(n.bodies, body)
		if body.Endtag == "endif" {
			return n, nil
		}
		if body.Endtag == "else" {
			break
		}
		args = rest
	}
	body, _, err := doc.WrapUntilTag("endif")
	n.bodies = append(n.bodies, body)
	return n, err
}

// Execute runs the first body whose condition holds, else the one of else.
func (n *ifNode) Execute(_ *pongo2.ExecutionContext, w pongo2.TemplateWriter) *pongo2.Error {
	f, ok := w.(*frame)
	if !ok {
		return nil
	}
	f.group++
	for i, c := range n.conds {
		v, err := f.t.prog.conds[c].eval(f)
		if err != nil {
			return f.stop(err)
		}
		if Truth(v) {
			return n.bodies[i].Execute(nil, f)
		}
	}
	if len(n.bodies) > len(n.conds) {
		return n.bodies[len(n.conds)].Execute(nil, f)
	}
	return nil
}

// forNode is a loop; empty is the body of its else, or nil.
type forNode struct {
	index int
	body  *pongo2.NodeWrapper
	empty *pongo2.NodeWrapper
}

func forParser(doc *pongo2.Parser, _ *pongo2.Token, args *pongo2.Parser) (pongo2.INodeTag, *pongo2.Error) {
	i, err := index(args)
	if err != nil {
		return nil, err
	}
	n := &forNode{index: i}
	if n.body, _, err = doc.WrapUntilTag("else", "endfor"); err != nil {
		return nil, err
	}
	if n.body.Endtag == "else" {
		n.empty, _, err = doc.WrapUntilTag("endfor")
	}
	return n, err
}

// Execute runs the loop.
func (n *forNode) Execute(_ *pongo2.ExecutionContext, w pongo2.TemplateWriter) *pongo2.Error {
	f, ok := w.(*frame)
	if !ok {
		return nil
	}
	f.group++
	return f.loop(f.t.prog.fors[n.index], n)
}

// blockNode is a tag with one body.
type blockNode struct {
	index int
	body  *pongo2.NodeWrapper
}

func blockParser(end string, node func(blockNode) pongo2.INodeTag) pongo2.TagParser {
	return func(doc *pongo2.Parser, _ *pongo2.Token, args *pongo2.Parser) (pongo2.INodeTag, *pongo2.Error) {
		i, err := index(args)
		if err != nil {
			return nil, err
		}
		body, _, err := doc.WrapUntilTag(end)
		if err != nil {
			return nil, err
		}
		return node(blockNode{i, body}), nil
	}
}

// setNode is {% set x %} … {% endset %}.
type setNode struct{ blockNode }

// Execute assigns what the body prints.
func (n setNode) Execute(_ *pongo2.ExecutionContext, w pongo2.TemplateWriter) *pongo2.Error {
	f, ok := w.(*frame)
	if !ok {
		return nil
	}
	f.group++
	s := f.t.prog.sets[n.index]
	f.enter(s.entry)
	text, ok := f.capture(n.body)
	if !ok {
		return stopped
	}
	var v Value = text
	if s.filter != nil {
		var err error
		if v, err = s.filter.apply(f, text); err != nil {
			return f.stop(err)
		}
	}
	return f.stop(f.assign(&s.target, v))
}

// filterNode is {% filter f %} … {% endfilter %}.
type filterNode struct{ blockNode }

// Execute prints what the filter makes of the body.
func (n filterNode) Execute(_ *pongo2.ExecutionContext, w pongo2.TemplateWriter) *pongo2.Error {
	f, ok := w.(*frame)
	if !ok {
		return nil
	}
	f.group++
	s := f.t.prog.filters[n.index]
	f.enter(s.entry)
	text, ok := f.capture(n.body)
	if !ok {
		return stopped
	}
	v, err := s.filter.apply(f, text)
	if err != nil {
		return f.stop(err)
	}
	return f.stop(f.printText(v, s.pos))
}

// callNode is {% call f() %} … {% endcall %}.
type callNode struct{ blockNode }

// Execute prints what the call returns.
func (n callNode) Execute(_ *pongo2.ExecutionContext, w pongo2.TemplateWriter) *pongo2.Error {
	f, ok := w.(*frame)
	if !ok {
		return nil
	}
	f.group++
	s := f.t.prog.calls[n.index]
	v, err := s.call.evalWithCaller(f, newMacroValue(f, s.body, n.body))
	if err != nil {
		return f.stop(err)
	}
	return f.stop(f.printText(v, s.pos))
}

// macroNode is a definition: a macro, a test, a snapshot, ...
type macroNode struct{ blockNode }

func defNode(n blockNode) pongo2.INodeTag { return macroNode{n} }

// Execute defines a macro; with a loader it keeps the body of a definition at the top
// level.
func (n macroNode) Execute(_ *pongo2.ExecutionContext, w pongo2.TemplateWriter) *pongo2.Error {
	switch x := w.(type) {
	case *loader:
		if x.prog.bodies == nil {
			x.prog.bodies = map[int]*pongo2.NodeWrapper{}
		}
		x.prog.bodies[n.index] = n.body
	case *frame:
		x.group++
		if m := x.t.prog.macros[n.index]; !m.isolated {
			x.store(m.self, newMacroValue(x, m, n.body))
		}
	}
	return nil
}
