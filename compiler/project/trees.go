package project

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"elt/compiler/diag"
)

// Keeper keeps texts of one line from one command to the next, by keys of letters and digits.
// It is safe for concurrent use.
type Keeper interface {
	Text(key string) (text string, ok bool)
	Keep(key, text string)
}

// TreesKind names what this package has a [Keeper] keep: the YAML library's trees of property files,
// by their text. The number changes with the form, the version with the library's rules.
const TreesKind = "trees 1 yaml " + yamlVersion

const yamlVersion = "v3.0.6"

// keptDocument is parseDocument for a file that an earlier command may have parsed: a file in
// which nothing was wrong need not be parsed again, which takes many times as long.
func keptDocument(src *diag.Source, diags *report, keeper Keeper) (cursor, bool) {
	if keeper == nil {
		return parseDocument(src, diags)
	}
	sum := sha256.Sum256([]byte(src.Text))
	key := hex.EncodeToString(sum[:])
	if text, ok := keeper.Text(key); ok {
		if root, ok := readTree(text); ok {
			return cursor{&document{src: src, diags: diags, root: root}, root}, true
		}
	}
	before := len(diags.list)
	top, ok := parseDocument(src, diags)
	if ok && len(diags.list) == before && top.node != nil {
		if text, ok := writeTree(top.node); ok {
			keeper.Keep(key, text)
		}
	}
	return top, ok
}

// The text of a tree is the number of its nodes and then, each before its children: kind and style,
// line, column, number of children, tag, value, a tab after each. Comments are left out: nobody reads them.

var (
	treeEscape   = strings.NewReplacer("\\", "\\\\", "\t", "\\t", "\n", "\\n")
	treeUnescape = strings.NewReplacer("\\\\", "\\", "\\t", "\t", "\\n", "\n")
)

// writeTree returns the text of a tree; false of one with anchors, in which a node has several places.
func writeTree(root *yaml.Node) (string, bool) {
	w := &treeWriter{}
	if !w.add(root) {
		return "", false
	}
	return strconv.Itoa(w.count) + "\t" + string(w.text), true
}

type treeWriter struct {
	text  []byte
	count int
}

func (w *treeWriter) add(n *yaml.Node) bool {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		return false
	}
	w.count++
	for _, number := range []int{int(n.Kind) | int(n.Style)<<styleShift, n.Line, n.Column, len(n.Content)} {
		w.text = append(strconv.AppendInt(w.text, int64(number), 10), '\t')
	}
	for _, text := range []string{n.Tag, n.Value} {
		w.text = append(append(w.text, treeEscape.Replace(text)...), '\t')
	}
	for _, child := range n.Content {
		if !w.add(child) {
			return false
		}
	}
	return true
}

const styleShift = 8 // kinds are below 1<<8

// readTree is the reverse of writeTree; false of a text that is not one of its.
func readTree(text string) (*yaml.Node, bool) {
	r := &treeReader{rest: text}
	count := r.number()
	if count < 1 || count > len(text) {
		return nil, false
	}
	// All nodes are in one piece of memory, and so are the lists of children.
	r.nodes, r.links = make([]yaml.Node, count), make([]*yaml.Node, count)
	root := r.read(0)
	return root, root != nil && len(r.nodes) == 0 && r.rest == ""
}

type treeReader struct {
	rest  string
	nodes []yaml.Node  // that are still free
	links []*yaml.Node // likewise
}

// read reads one node with its children, nil where the text is none.
func (r *treeReader) read(depth int) *yaml.Node {
	if len(r.nodes) == 0 || depth > maxDepth {
		return nil
	}
	n := &r.nodes[0]
	r.nodes = r.nodes[1:]
	form, line, column, children := r.number(), r.number(), r.number(), r.number()
	if form < 0 || line < 0 || column < 0 || children < 0 || children > len(r.links) {
		return nil
	}
	n.Kind, n.Style = yaml.Kind(form&(1<<styleShift-1)), yaml.Style(form>>styleShift)
	n.Line, n.Column = line, column
	var tagged, valued bool
	n.Tag, tagged = r.field()
	if n.Value, valued = r.field(); !tagged || !valued {
		return nil
	}
	if children == 0 {
		return n
	}
	n.Content, r.links = r.links[:children:children], r.links[children:]
	for i := range n.Content {
		if n.Content[i] = r.read(depth + 1); n.Content[i] == nil {
			return nil
		}
	}
	return n
}

// number is the next field as a number, -1 where it is none.
func (r *treeReader) number() int {
	n, at := 0, 0
	for ; at < len(r.rest) && r.rest[at] != '\t'; at++ {
		digit := int(r.rest[at]) - '0'
		if digit < 0 || digit > 9 || at > 9 {
			return -1
		}
		n = n*10 + digit
	}
	if at == 0 || at == len(r.rest) {
		return -1
	}
	r.rest = r.rest[at+1:]
	return n
}

func (r *treeReader) field() (text string, ok bool) {
	text, r.rest, ok = strings.Cut(r.rest, "\t")
	if strings.IndexByte(text, '\\') >= 0 {
		text = treeUnescape.Replace(text)
	}
	return text, ok
}
