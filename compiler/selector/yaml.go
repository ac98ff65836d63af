package selector

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

// mapping is a YAML mapping whose keys are texts.
type mapping struct{ pairs []pair }

type pair struct {
	key   string
	at    *yaml.Node // the key
	value *yaml.Node
}

// value returns the value of a key, or nil.
func (m mapping) value(key string) *yaml.Node {
	for _, p := range m.pairs {
		if p.key == key {
			return p.value
		}
	}
	return nil
}

// resolve follows an alias.
func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// asMapping reads a mapping, merge keys left out.
func asMapping(n *yaml.Node) (mapping, bool) {
	n = resolve(n)
	if n.Kind != yaml.MappingNode {
		return mapping{}, false
	}
	var m mapping
	for i := 0; i+1 < len(n.Content); i += 2 {
		m.pairs = append(m.pairs, pair{key: n.Content[i].Value, at: n.Content[i], value: n.Content[i+1]})
	}
	return m, true
}

func (p *definitionParser) mapping(n *yaml.Node, what string) (mapping, bool) {
	m, ok := asMapping(n)
	if !ok {
		p.add(diag.WrongType, n, "%s is not a mapping of keys to values", what)
	}
	return m, ok
}

func (p *definitionParser) sequence(n *yaml.Node, key string) ([]*yaml.Node, bool) {
	n = resolve(n)
	if n.Kind != yaml.SequenceNode {
		p.add(diag.WrongType, n, "%q is not a list", key)
		return nil, false
	}
	return n.Content, true
}

// scalar reads a text, number or truth value, its Jinja rendered.
func (p *definitionParser) scalar(n *yaml.Node, key string) (any, bool) {
	n = resolve(n)
	var v template.Value
	if n.Kind == yaml.ScalarNode {
		v = project.Scalar(n)
	}
	if v == nil {
		p.add(diag.WrongType, n, "%q is not a text, number or truth value", key)
		return nil, false
	}
	switch v.(type) {
	case int64, bool, float64:
		return v, true
	}
	text := n.Value // as written: dates and very large numbers are texts here
	if !strings.Contains(text, "{{") && !strings.Contains(text, "{%") {
		return text, true
	}
	return p.jinja(n, text)
}

func (p *definitionParser) jinja(n *yaml.Node, text string) (any, bool) {
	if p.render == nil {
		p.add(diag.Unsupported, n, "selectors.yml holds Jinja, which is not rendered here").
			WithHint("write the value itself")
		return nil, false
	}
	v, err := p.render(text, p.place(n))
	if err != nil {
		for _, d := range diag.From(err, diag.TemplateError) {
			if d.Place.IsZero() {
				d.Place = p.place(n)
			}
			p.diags = append(p.diags, d)
		}
		return nil, false
	}
	return v, true
}

func (p *definitionParser) text(n *yaml.Node, key string) (string, bool) {
	v, ok := p.scalar(n, key)
	if !ok {
		return "", false
	}
	if s, isText := v.(string); isText {
		return s, true
	}
	if n = resolve(n); n.Value != "" && !strings.Contains(n.Value, "{") {
		return n.Value, true // name: 2024 is a name
	}
	p.add(diag.WrongType, n, "%q is not a text", key)
	return "", false
}

func (p *definitionParser) boolean(n *yaml.Node, key string) (bool, bool) {
	v, ok := p.scalar(n, key)
	if !ok {
		return false, false
	}
	switch x := v.(type) {
	case bool:
		return x, true
	case string:
		if b, err := strconv.ParseBool(strings.ToLower(x)); err == nil && p.render != nil {
			return b, true // what Jinja printed
		}
	}
	p.add(diag.WrongType, n, "%q is not true or false", key)
	return false, false
}

// flag reads a truth value that need not be there.
func (p *definitionParser) flag(m mapping, key string, into *bool) bool {
	n := m.value(key)
	if n == nil {
		return true
	}
	v, ok := p.boolean(n, key)
	*into = v
	return ok
}

// levels reads a number of levels that need not be there.
func (p *definitionParser) levels(m mapping, key string, into *int) bool {
	n := m.value(key)
	if n == nil {
		return true
	}
	v, ok := p.scalar(n, key)
	if !ok {
		return false
	}
	levels, isInt := v.(int64)
	if s, isText := v.(string); isText {
		parsed, err := strconv.ParseInt(s, 10, 32)
		levels, isInt = parsed, err == nil
	}
	if !isInt || levels < 0 || levels > 1<<31-1 {
		p.add(diag.WrongType, n, "%q is not a number of levels", key)
		return false
	}
	*into = int(levels)
	return true
}

// knownKeys warns about keys that mean nothing.
func (p *definitionParser) knownKeys(m mapping, what string, known ...string) {
	for _, kv := range m.pairs {
		if slices.Contains(known, kv.key) {
			continue
		}
		d := diag.Warn(diag.UnknownKey, p.place(kv.at), "%s has no key %q", what, kv.key)
		if near := diag.Suggest(kv.key, known); near != "" {
			d.WithHint("did you mean %q?", near)
		}
		p.diags = append(p.diags, d)
	}
}

func (p *definitionParser) add(code diag.Code, n *yaml.Node, format string, args ...any) *diag.Diagnostic {
	d := diag.New(code, p.place(n), format, args...)
	p.diags = append(p.diags, d)
	return d
}

func (p *definitionParser) warn(n *yaml.Node, format string, args ...any) *diag.Diagnostic {
	d := p.add(diag.BadSelector, n, format, args...)
	d.Severity = diag.Warning
	return d
}

// place is where a value begins; YAML counts columns in characters.
func (p *definitionParser) place(n *yaml.Node) diag.Place {
	line, start := p.src.Line(n.Line)
	for range n.Column - 1 {
		_, size := utf8.DecodeRuneInString(line)
		line = line[size:]
		start += size
	}
	length := 1
	if n.Kind == yaml.ScalarNode {
		length = max(1, len(strings.TrimRight(line[:min(len(line), len(n.Value))], " ")))
	}
	return diag.Place{Source: p.src, Span: diag.Span{Start: start, End: min(start+length, len(p.src.Text))}}
}
