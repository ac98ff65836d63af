package dbtcontext

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"elt/compiler/template"
)

// toYAML is toyaml(): block style as PyYAML's safe_dump writes it, with its anchors for
// what occurs twice and its folding of long lines.
func toYAML(c *template.Call) (template.Value, error) {
	var v, def template.Value
	var sortKeys bool
	if err := c.Unpack("toyaml", "value", &v, "default?", &def, "sort_keys?", &sortKeys); err != nil {
		return nil, err
	}
	d := &yamlTree{sorted: sortKeys, seen: map[any]*yamlNode{}}
	root, ok := d.node(v, 0)
	if !ok {
		return def, nil
	}
	d.anchors(root, map[*yamlNode]bool{})
	e := &yamlEmitter{indent: noIndent, whitespace: true, indention: true}
	e.node(root, yamlContext{root: true})
	e.writeIndent()
	if e.openEnded {
		e.indicator("...", true, false, false)
		e.writeIndent()
	}
	return e.b.String(), nil
}

// yamlNode is a value as YAML has it.
type yamlNode struct {
	kind   yamlKind
	text   string // of a scalar
	tag    string // its short form: "!!str"
	plain  bool   // read without quotes, the text is the value
	items  []*yamlNode
	anchor string
}

type yamlKind uint8

const (
	yamlScalarNode yamlKind = iota
	yamlListNode
	yamlDictNode // items are keys and values in turn
)

// yamlTree makes nodes of values: one node for one object, however often it occurs.
type yamlTree struct {
	sorted  bool
	seen    map[any]*yamlNode
	anchor  int
	entries int
}

// node makes the node of a value; ok is false for what YAML cannot hold.
func (d *yamlTree) node(v template.Value, depth int) (*yamlNode, bool) {
	if d.entries++; depth > maxYAMLDepth || d.entries > maxYAMLNodes {
		return nil, false
	}
	id := objectOf(v)
	if n, ok := d.seen[id]; ok && id != nil {
		return n, true
	}
	n := &yamlNode{}
	if id != nil {
		d.seen[id] = n
	}
	switch x := v.(type) {
	case *template.List:
		return n, d.list(n, x.Elems, depth)
	case template.Tuple:
		return n, d.list(n, x, depth)
	case *template.Dict:
		n.tag = "!!map"
		return n, d.dict(n, x.Items(), depth)
	case *template.Set:
		n.tag = "!!set"
		items := []template.Item{}
		for _, e := range x.Elems() {
			items = append(items, template.Item{Key: e})
		}
		return n, d.dict(n, items, depth)
	}
	return n, n.scalar(v)
}

// objectOf is what is the same for two occurrences of one object, nil for what YAML
// writes out each time.
func objectOf(v template.Value) any {
	switch x := v.(type) {
	case *template.List, *template.Dict, *template.Set, *dateValue, *datetimeValue:
		return x
	case template.Tuple:
		if len(x) > 0 {
			return &x[0]
		}
	}
	return nil
}

func (d *yamlTree) list(n *yamlNode, elems []template.Value, depth int) bool {
	n.kind, n.tag = yamlListNode, "!!seq"
	for _, e := range elems {
		child, ok := d.node(e, depth+1)
		if !ok {
			return false
		}
		n.items = append(n.items, child)
	}
	return true
}

func (d *yamlTree) dict(n *yamlNode, items []template.Item, depth int) bool {
	n.kind = yamlDictNode
	if d.sorted {
		sorted, mixed := slices.Clone(items), false
		slices.SortStableFunc(sorted, func(a, b template.Item) int {
			c, err := template.Compare(a.Key, b.Key)
			mixed = mixed || err != nil
			return c
		})
		if !mixed {
			items = sorted
		}
	}
	for _, it := range items {
		for _, v := range []template.Value{it.Key, it.Value} {
			child, ok := d.node(v, depth+1)
			if !ok {
				return false
			}
			n.items = append(n.items, child)
		}
	}
	return true
}

// anchors names the nodes that occur more than once, in the order in which that shows.
func (d *yamlTree) anchors(n *yamlNode, seen map[*yamlNode]bool) {
	if seen[n] {
		if n.anchor == "" {
			d.anchor++
			n.anchor = fmt.Sprintf("id%03d", d.anchor)
		}
		return
	}
	seen[n] = true
	for _, child := range n.items {
		d.anchors(child, seen)
	}
}

func (n *yamlNode) scalar(v template.Value) bool {
	n.plain = true
	switch x := v.(type) {
	case nil:
		n.text, n.tag = "null", "!!null"
	case bool:
		n.text, n.tag = strconv.FormatBool(x), "!!bool"
	case int64, *big.Int:
		n.text, n.tag = template.Str(v), "!!int"
	case float64:
		n.text, n.tag = yamlFloatText(x), "!!float"
	case string:
		n.text, n.tag, n.plain = x, "!!str", !yamlNotText().MatchString(x)
	case *dateValue:
		n.text, n.tag = x.Str(), "!!timestamp"
	case *datetimeValue:
		n.text, n.tag = x.Str(), "!!timestamp"
	default:
		return false
	}
	return true
}

func yamlFloatText(f float64) string {
	switch {
	case math.IsNaN(f):
		return ".nan"
	case math.IsInf(f, 1):
		return ".inf"
	case math.IsInf(f, -1):
		return "-.inf"
	}
	text := template.Repr(f)
	if !strings.Contains(text, ".") && strings.Contains(text, "e") {
		text = strings.Replace(text, "e", ".0e", 1)
	}
	return text
}
