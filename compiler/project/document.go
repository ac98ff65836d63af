package project

import (
	"slices"
	"sort"
	"strings"

	"go.yaml.in/yaml/v3"

	"elt/compiler/diag"
	"elt/compiler/regex"
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
type report struct {
	list diag.List
	// asDBT says that of a key that occurs twice the last counts, with a warning: as dbt, whose projects have such keys.
	asDBT bool
}

func (r *report) add(d *diag.Diagnostic) { r.list = append(r.list, d) }

// parseDocument parses a YAML text. What is wrong with it goes to diags; a text that
// is not YAML, or has a key twice that may not be, gives a document without content and false.
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

var yamlErrorLine = regex.Lazy(`^yaml: (?:line \d+: )?(.*)$`)

// syntaxError turns the parser's error into a diagnostic with a place. The parser
// names the line where the broken structure begins, or none; the line that breaks it
// is the last one of the shortest text that gives the same error.
func syntaxError(src *diag.Source, text string, err error) *diag.Diagnostic {
	message := err.Error()
	if m := yamlErrorLine().FindStringSubmatch(message); m != nil {
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
	var lost []*yaml.Node
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
		if first == nil {
			continue
		}
		d := diag.New(diag.YAMLSyntax, cursor{c.doc, k}.place(), "the key %q occurs twice", k.Value).
			WithNote(cursor{c.doc, first}.place(), "first here")
		if !c.doc.diags.asDBT {
			c.fail(d.WithHint("keep one of them; of two equal keys one would be lost"))
			continue
		}
		d.Severity = diag.Warning
		c.doc.diags.add(d.WithHint("the last one counts; keep one of them"))
		lost = append(lost, first)
	}
	for _, key := range lost {
		i := slices.Index(n.Content, key)
		n.Content = slices.Delete(n.Content, i, i+2)
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
