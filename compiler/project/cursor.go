package project

import (
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"elt/compiler/diag"
)

// cursor is one value of a document. The zero cursor is a value that is not there.
type cursor struct {
	doc  *document
	node *yaml.Node
}

// pair is one key of a mapping with its value, merge keys resolved.
type pair struct {
	key   string
	keyAt cursor
	value cursor
}

// resolve follows aliases.
func (c cursor) resolve() *yaml.Node {
	n := c.node
	for n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// exists reports whether there is a value at all, null included.
func (c cursor) exists() bool { return c.node != nil }

// isNull reports whether the value is absent or null.
func (c cursor) isNull() bool {
	n := c.resolve()
	return n == nil || n.Kind == yaml.ScalarNode && isPlain(n) && isNullText(n.Value)
}

func (c cursor) isMap() bool  { n := c.resolve(); return n != nil && n.Kind == yaml.MappingNode }
func (c cursor) isList() bool { n := c.resolve(); return n != nil && n.Kind == yaml.SequenceNode }

// isText reports whether the value is a string in YAML's eyes.
func (c cursor) isText() bool {
	n := c.resolve()
	if n == nil || n.Kind != yaml.ScalarNode {
		return false
	}
	_, ok := Scalar(n).(string)
	return ok
}

// text is the scalar as it is written.
func (c cursor) text() string {
	if n := c.resolve(); n != nil && n.Kind == yaml.ScalarNode {
		return n.Value
	}
	return ""
}

// items returns the elements of a list.
func (c cursor) items() []cursor {
	n := c.resolve()
	if n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	out := make([]cursor, len(n.Content))
	for i, e := range n.Content {
		out[i] = cursor{c.doc, e}
	}
	return out
}

// pairs returns the keys of a mapping in the order written, merge keys resolved:
// what a mapping says itself wins over what it merges in.
func (c cursor) pairs() []pair {
	n := c.resolve()
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	out := make([]pair, 0, len(n.Content)/2)
	merges := false
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		if k.Kind == yaml.ScalarNode && k.Value == "<<" && isPlain(k) {
			merges = true
			continue
		}
		key := cursor{c.doc, k}
		out = append(out, pair{key.text(), key, cursor{c.doc, n.Content[i+1]}})
	}
	if merges {
		out = c.merge(n, out)
	}
	return out
}

// merge puts what "<<" brings in before a mapping's own keys.
func (c cursor) merge(n *yaml.Node, own []pair) []pair {
	var sources []cursor
	for i := 0; i+1 < len(n.Content); i += 2 {
		from := cursor{c.doc, n.Content[i+1]}
		switch {
		case n.Content[i].Value != "<<":
		case from.isList():
			sources = append(sources, from.items()...)
		default:
			sources = append(sources, from)
		}
	}
	seen := map[string]bool{}
	for _, p := range own {
		seen[p.key] = true
	}
	var merged []pair
	for _, s := range sources {
		merged = append(merged, s.unseen(seen)...)
	}
	return append(merged, own...)
}

// unseen returns the keys of a mapping that are not in seen, and notes them there.
func (c cursor) unseen(seen map[string]bool) []pair {
	var out []pair
	for _, p := range c.pairs() {
		if !seen[p.key] {
			seen[p.key] = true
			out = append(out, p)
		}
	}
	return out
}

// get returns the value of a key, or the zero cursor.
func (c cursor) get(key string) cursor {
	n := c.resolve()
	if n == nil || n.Kind != yaml.MappingNode {
		return cursor{}
	}
	merges := false
	for i := 0; i+1 < len(n.Content); i += 2 {
		if k := n.Content[i]; k.Kind == yaml.ScalarNode {
			if k.Value == key {
				return cursor{c.doc, n.Content[i+1]}
			}
			merges = merges || k.Value == "<<"
		}
	}
	if merges {
		for _, p := range c.pairs() {
			if p.key == key {
				return p.value
			}
		}
	}
	return cursor{}
}

// place is where the value stands. For a mapping or list it is the first character.
func (c cursor) place() diag.Place {
	n := c.node
	if n == nil {
		return diag.Place{}
	}
	src := c.doc.src
	text, start := src.Line(n.Line)
	if n.Line == 1 && strings.HasPrefix(text, "\ufeff") {
		text, start = text[len("\ufeff"):], start+len("\ufeff")
	}
	at := start + byteColumn(text, n.Column)
	end := at
	switch n.Kind {
	case yaml.ScalarNode:
		end = scalarEnd(src.Text, at, n)
	case yaml.AliasNode:
		end = at + 1 + len(n.Value)
	default:
		if at < start+len(text) {
			end = at + 1
		}
	}
	return diag.Place{Source: src, Span: diag.Span{Start: at, End: min(end, len(src.Text))}}
}

// byteColumn turns a column in characters, counted from 1, into a byte offset.
func byteColumn(line string, column int) int {
	at := 0
	for range column - 1 {
		if at >= len(line) {
			break
		}
		_, size := utf8.DecodeRuneInString(line[at:])
		at += size
	}
	return at
}

// scalarEnd finds the end of a scalar that begins at an offset.
func scalarEnd(text string, at int, n *yaml.Node) int {
	rest := text[min(at, len(text)):]
	if strings.HasPrefix(rest, n.Value) && n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) == 0 {
		return at + len(n.Value)
	}
	switch n.Style &^ yaml.TaggedStyle {
	case yaml.DoubleQuotedStyle:
		for i := 1; i < len(rest); i++ {
			switch rest[i] {
			case '\\':
				i++
			case '"':
				return at + i + 1
			}
		}
	case yaml.SingleQuotedStyle:
		for i := 1; i < len(rest); i++ {
			if rest[i] != '\'' {
				continue
			}
			if i+1 < len(rest) && rest[i+1] == '\'' {
				i++
				continue
			}
			return at + i + 1
		}
	}
	if eol := strings.IndexAny(rest, "\r\n"); eol >= 0 {
		return at + eol
	}
	return len(text)
}

// inner is the place of a part of a string's text: its first line, where the text stands in the
// file otherwise than it is read (in a block, with escapes); the place of the whole string where
// that cannot be told.
func (c cursor) inner(span diag.Span) diag.Place {
	p := c.place()
	n := c.resolve()
	if n == nil || p.Source == nil || c.node.Kind == yaml.AliasNode {
		return p
	}
	at := p.Span.Start
	if n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
		at++
	}
	if strings.HasPrefix(p.Source.Text[min(at, len(p.Source.Text)):], n.Value) {
		return diag.Place{Source: p.Source, Span: diag.Span{Start: at + span.Start, End: at + min(span.End, len(n.Value))}}
	}
	if found, ok := c.asWritten(span); ok {
		return diag.Place{Source: p.Source, Span: found}
	}
	return p
}

// asWritten finds the first line of a part of a string's text within what is written for the
// string.
func (c cursor) asWritten(span diag.Span) (diag.Span, bool) {
	n, p := c.resolve(), c.place()
	if span.Start >= min(span.End, len(n.Value)) {
		return diag.Span{}, false
	}
	piece, _, _ := strings.Cut(n.Value[span.Start:min(span.End, len(n.Value))], "\n")
	written := p.Text()
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		written = block(p.Source.Text[p.Span.Start:])
	}
	at := 0
	for range strings.Count(n.Value[:span.Start], piece) + 1 {
		next := strings.Index(written[at:], piece)
		if next < 0 || piece == "" {
			return diag.Span{}, false
		}
		at += next + len(piece)
	}
	end := p.Span.Start + at
	return diag.Span{Start: end - len(piece), End: end}, true
}

// block is what a text that begins with the header of a block scalar ("|", ">-") holds up to the
// end of that block.
func block(text string) string {
	end, indent := 0, -1
	for line := range strings.Lines(text) {
		content := strings.TrimLeft(line, " ")
		switch blank := strings.TrimSpace(line) == ""; {
		case end == 0 || blank:
		case indent < 0:
			indent = len(line) - len(content)
		case len(line)-len(content) < indent:
			return text[:end]
		}
		end += len(line)
	}
	return text[:end]
}

func kindName(n *yaml.Node) string {
	switch {
	case n == nil:
		return "nothing"
	case n.Kind == yaml.MappingNode:
		return "mapping"
	case n.Kind == yaml.SequenceNode:
		return "list"
	}
	return typeName(Scalar(n))
}
