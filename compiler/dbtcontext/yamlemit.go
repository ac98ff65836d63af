package dbtcontext

import (
	"strings"
	"unicode/utf8"

	"elt/compiler/regex"
)

// yamlEmitter writes nodes as PyYAML's Emitter does, whose fields these are.
type yamlEmitter struct {
	b          strings.Builder
	indent     int
	column     int
	whitespace bool // what was written last is white space
	indention  bool // the line so far is indentation and indicators of block nodes
	openEnded  bool // a plain scalar is the whole document
	aliased    map[*yamlNode]bool
}

// yamlContext is where a node stands.
type yamlContext struct{ root, mapping, simpleKey bool }

const (
	noIndent   = -1
	yamlIndent = 2
	yamlWidth  = 80
)

func (e *yamlEmitter) node(n *yamlNode, c yamlContext) {
	if n.anchor != "" {
		if e.aliased[n] {
			e.indicator("*"+n.anchor, true, false, false)
			return
		}
		if e.aliased == nil {
			e.aliased = map[*yamlNode]bool{}
		}
		e.aliased[n] = true
		e.indicator("&"+n.anchor, true, false, false)
	}
	before := e.indent
	switch {
	case n.kind == yamlScalarNode:
		e.deeper(true, false)
		e.scalar(n, c)
	case n.kind == yamlListNode && len(n.items) == 0:
		e.indicator("[", true, true, false)
		e.indicator("]", false, false, false)
	case n.kind == yamlListNode:
		e.deeper(false, c.mapping && !e.indention)
		for _, item := range n.items {
			e.writeIndent()
			e.indicator("-", true, false, true)
			e.node(item, yamlContext{})
		}
	default:
		e.dict(n)
	}
	e.indent = before
}

func (e *yamlEmitter) dict(n *yamlNode) {
	if n.tag == "!!set" {
		e.indicator(n.tag, true, false, false)
	}
	if len(n.items) == 0 {
		e.indicator("{", true, true, false)
		e.indicator("}", false, false, false)
		return
	}
	e.deeper(false, false)
	for i := 0; i < len(n.items); i += 2 {
		key, value := n.items[i], n.items[i+1]
		e.writeIndent()
		if e.simpleKey(key) {
			e.node(key, yamlContext{mapping: true, simpleKey: true})
			e.indicator(":", false, false, false)
		} else {
			e.indicator("?", true, false, true)
			e.node(key, yamlContext{mapping: true})
			e.writeIndent()
			e.indicator(":", true, false, true)
		}
		e.node(value, yamlContext{mapping: true})
	}
}

// simpleKey reports whether a key fits on the line of its value.
func (e *yamlEmitter) simpleKey(n *yamlNode) bool {
	const most = 128
	length := len(n.anchor)
	switch {
	case e.aliased[n]:
		return length < most
	case n.kind != yamlScalarNode:
		return length+len(n.tag) < most && len(n.items) == 0
	}
	length += len(n.tag) + utf8.RuneCountInString(n.text)
	return length < most && n.text != "" && !strings.ContainsFunc(n.text, isYAMLBreak)
}

func (e *yamlEmitter) deeper(flow, indentless bool) {
	switch {
	case e.indent == noIndent && flow:
		e.indent = yamlIndent
	case e.indent == noIndent:
		e.indent = 0
	case !indentless:
		e.indent += yamlIndent
	}
}

func (e *yamlEmitter) write(s string) {
	e.b.WriteString(s)
	e.column += utf8.RuneCountInString(s)
}

func (e *yamlEmitter) indicator(s string, needSpace, whitespace, indention bool) {
	if needSpace && !e.whitespace {
		s = " " + s
	}
	e.whitespace = whitespace
	e.indention = e.indention && indention
	e.openEnded = false
	e.write(s)
}

func (e *yamlEmitter) writeIndent() {
	indent := max(e.indent, 0)
	if !e.indention || e.column > indent || e.column == indent && !e.whitespace {
		e.lineBreak()
	}
	if e.column < indent {
		e.whitespace = true
		e.write(strings.Repeat(" ", indent-e.column))
	}
}

func (e *yamlEmitter) lineBreak() {
	e.b.WriteByte('\n')
	e.whitespace, e.indention, e.column = true, true, 0
}

func isYAMLBreak(r rune) bool {
	return r == '\n' || r == '\u0085' || r == '\u2028' || r == '\u2029'
}

func isYAMLSpace(r rune) bool { return strings.ContainsRune("\x00 \t\r", r) || isYAMLBreak(r) }

// yamlNotText are the texts that YAML 1.1 reads as something else.
var yamlNotText = regex.Lazy(`^(?:` + strings.Join([]string{
	`|~|null|Null|NULL|<<|=`,
	`yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF`,
	`[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?`,
	`[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)`,
	`[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+`,
	`[0-9]{4}-[0-9]{2}-[0-9]{2}`,
	`[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?`,
}, "|") + `)$`)
