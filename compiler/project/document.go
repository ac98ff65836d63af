package project

import (
	"regexp"
	"sort"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"elt/compiler/diag"
)

// Bounds on one YAML file, so that a file made to explode ends in a message.
const (
	maxDepth = 200       // nested values
	maxNodes = 2_000_000 // values, each alias counted with all it stands for
)

// document is a parsed YAML file.
type document struct {
	src   *diag.Source
	diags *report
	root  *yaml.Node // nil where the file is empty
}

// report gathers diagnostics. It belongs to one goroutine.
type report struct{ list diag.List }

func (r *report) add(d *diag.Diagnostic) { r.list = append(r.list, d) }

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

// parseDocument parses a YAML text. What is wrong with it goes to diags; a text that
// is not YAML, or has a key twice, gives a document without content and false.
func parseDocument(src *diag.Source, diags *report) (cursor, bool) {
	doc := &document{src: src, diags: diags}
	text := strings.TrimPrefix(src.Text, "\ufeff")
	dec := yaml.NewDecoder(strings.NewReader(text))
	var top yaml.Node
	err := dec.Decode(&top)
	if err != nil {
		if err.Error() == "EOF" {
			return cursor{doc: doc}, true
		}
		diags.add(syntaxError(src, text, err))
		return cursor{doc: doc}, false
	}
	if len(top.Content) == 1 {
		doc.root = top.Content[0]
	}
	var second yaml.Node
	if dec.Decode(&second) == nil && len(second.Content) > 0 {
		at := cursor{doc, second.Content[0]}.place()
		diags.add(diag.New(diag.YAMLSyntax, at, "a second document begins here").
			WithHint("keep one YAML document a file; remove the \"---\" in between"))
		return cursor{doc: doc}, false
	}
	c := &checker{doc: doc, sizes: map[*yaml.Node]int{}}
	c.check(doc.root, 0)
	return cursor{doc, doc.root}, !c.failed
}

// ParseYAML parses the YAML of a file that this package does not read itself: nil where
// the file is empty, or with diagnostics where it is not YAML, has a key twice, or has
// aliases that never end. Walking the value, aliases followed, is bounded.
func ParseYAML(src *diag.Source) (*yaml.Node, diag.List) {
	var diags report
	c, ok := parseDocument(src, &diags)
	if !ok {
		return nil, diags.list
	}
	return c.node, diags.list
}

var yamlErrorLine = regexp.MustCompile(`^yaml: (?:line \d+: )?(.*)$`)

// syntaxError turns the parser's error into a diagnostic with a place. The parser
// names the line where the broken structure begins, or none; the line that breaks it
// is the last one of the shortest text that gives the same error.
func syntaxError(src *diag.Source, text string, err error) *diag.Diagnostic {
	message := err.Error()
	if m := yamlErrorLine.FindStringSubmatch(message); m != nil {
		message = m[1]
	}
	count := src.Lines()
	skipped := len(src.Text) - len(text)
	index := sort.Search(count, func(i int) bool {
		if i+1 == count {
			return true
		}
		_, next := src.Line(i + 2)
		var n yaml.Node
		e := yaml.Unmarshal([]byte(text[:next-skipped]), &n)
		return e != nil && e.Error() == err.Error()
	})
	line, start := src.Line(index + 1)
	column := errorColumn(line, message)
	end := max(len(strings.TrimRight(line, " \t")), column)
	d := diag.New(diag.YAMLSyntax, diag.Place{Source: src, Span: diag.Span{Start: start + column, End: start + end}},
		"not valid YAML: %s", message)
	return d.WithHint("%s", syntaxHint(message, line))
}

// errorColumn finds the offset in a line that an error is about: the tab, the
// alias, the second colon, else the first character.
func errorColumn(line, message string) int {
	at := -1
	switch {
	case strings.Contains(message, "cannot start any token"):
		at = strings.IndexAny(line, "\t@`%")
	case strings.HasPrefix(message, "unknown anchor '"):
		name, _, _ := strings.Cut(strings.TrimPrefix(message, "unknown anchor '"), "'")
		at = strings.Index(line, "*"+name)
	case strings.Contains(message, "mapping values are not allowed"):
		at = strings.LastIndex(line, ": ")
		if at < 0 {
			at = strings.LastIndexByte(line, ':')
		}
	}
	if at < 0 {
		at = len(line) - len(strings.TrimLeft(line, " \t"))
	}
	return at
}

func syntaxHint(message, line string) string {
	switch {
	case strings.Contains(line, "\t") && strings.Contains(message, "cannot start any token"):
		return "indent with spaces; YAML does not take tabs"
	case strings.Contains(line, "{{") || strings.Contains(line, "{%"):
		return "put quotes around a value that begins with {{ or {%"
	case strings.Contains(message, "mapping values are not allowed"):
		return "put quotes around a text that holds a colon, or check the indentation"
	case strings.Contains(message, "did not find expected key"), strings.Contains(message, "did not find expected '-' indicator"):
		return "check that keys of one level are indented alike"
	}
	return "check the indentation, quotes and colons near this line"
}

// checker walks a document once: it finds keys that occur twice, keys that are not
// plain values, and documents that never end through aliases.
type checker struct {
	doc    *document
	sizes  map[*yaml.Node]int // of anchored nodes; -1 while inside
	failed bool
}

func (c *checker) fail(d *diag.Diagnostic) {
	c.failed = true
	c.doc.diags.add(d)
}

func (c *checker) check(n *yaml.Node, depth int) int {
	if n == nil || c.failed && depth > maxDepth {
		return 0
	}
	if depth > maxDepth {
		c.fail(diag.New(diag.YAMLSyntax, cursor{c.doc, n}.place(), "values are nested more than %d deep", maxDepth))
		return 0
	}
	if n.Kind == yaml.AliasNode {
		return c.alias(n, depth)
	}
	if n.Anchor != "" {
		c.sizes[n] = -1
	}
	size := 1
	for _, child := range n.Content {
		size += c.check(child, depth+1)
	}
	if size > maxNodes && !c.failed {
		c.fail(diag.New(diag.YAMLSyntax, cursor{c.doc, n}.place(), "aliases make more than %d values of this file", maxNodes))
	}
	if n.Kind == yaml.MappingNode {
		c.keys(n)
	}
	if n.Anchor != "" {
		c.sizes[n] = size
	}
	return size
}

func (c *checker) alias(n *yaml.Node, depth int) int {
	size, seen := c.sizes[n.Alias]
	if !seen {
		return c.check(n.Alias, depth+1)
	}
	if size < 0 {
		c.fail(diag.New(diag.YAMLSyntax, cursor{c.doc, n}.place(), "%q stands for a value it is part of", "*"+n.Value))
		return 0
	}
	return size
}

// keys reports keys that a mapping has twice.
func (c *checker) keys(n *yaml.Node) {
	var seen map[string]*yaml.Node
	if len(n.Content) > 16 {
		seen = make(map[string]*yaml.Node, len(n.Content)/2)
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		if k.Kind != yaml.ScalarNode {
			if k.Kind != yaml.AliasNode {
				c.badKey(k)
			}
			continue
		}
		if k.Value == "<<" {
			continue
		}
		var first *yaml.Node
		if seen != nil {
			first = seen[k.Value]
			seen[k.Value] = k
		} else {
			first = earlierKey(n.Content[:i], k.Value)
		}
		if first != nil {
			c.fail(diag.New(diag.YAMLSyntax, cursor{c.doc, k}.place(), "the key %q occurs twice", k.Value).
				WithNote(cursor{c.doc, first}.place(), "first here").
				WithHint("keep one of them; of two equal keys one would be lost"))
		}
	}
}

func earlierKey(content []*yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(content); i += 2 {
		if content[i].Kind == yaml.ScalarNode && content[i].Value == key {
			return content[i]
		}
	}
	return nil
}

// badKey reports a key that is a mapping or a list: nearly always Jinja without quotes.
func (c *checker) badKey(k *yaml.Node) {
	at := cursor{c.doc, k}.place()
	before := at.Span.Start - 1
	if before < 0 || !strings.HasPrefix(c.doc.src.Text[before:], "{{") {
		c.fail(diag.New(diag.YAMLSyntax, at, "a key cannot be a %s", kindName(k)))
		return
	}
	at.Span.Start = before
	line, _, _ := strings.Cut(c.doc.src.Text[before:], "\n")
	at.Span.End = before + 2
	if end := strings.Index(line, "}}"); end >= 0 {
		at.Span.End = before + end + 2
	}
	c.fail(diag.New(diag.YAMLSyntax, at, "%q begins a mapping in YAML", "{{").
		WithHint("put quotes around it: \"%s\"", at.Text()))
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

// inner is the place of a part of a string's text, where the text stands in the
// file as it is; otherwise the place of the whole string.
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
	if !strings.HasPrefix(p.Source.Text[min(at, len(p.Source.Text)):], n.Value) {
		return p
	}
	return diag.Place{Source: p.Source, Span: diag.Span{Start: at + span.Start, End: at + min(span.End, len(n.Value))}}
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
