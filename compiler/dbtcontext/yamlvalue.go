package dbtcontext

import (
	"errors"
	"io"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"elt/compiler/project"
	"elt/compiler/regex"
	"elt/compiler/template"
)

// Bounds on what fromyaml() reads.
const (
	maxYAMLDepth = 200
	maxYAMLNodes = 1_000_000
)

var errYAMLTooLarge = errors.New("the YAML text makes too many values")

// fromYAML is fromyaml(): it reads a text as PyYAML does, that is by the rules of
// YAML 1.1.
func fromYAML(c *template.Call) (template.Value, error) {
	var text string
	var def template.Value
	if err := c.Unpack("fromyaml", "value", &text, "default?", &def); err != nil {
		return nil, err
	}
	var doc yaml.Node
	err := yaml.NewDecoder(strings.NewReader(text)).Decode(&doc)
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil || len(doc.Content) == 0 {
		return def, nil
	}
	r := &yamlReader{}
	v, err := r.value(doc.Content[0], 0)
	if err != nil {
		return def, nil
	}
	return v, nil
}

type yamlReader struct{ nodes int }

func (r *yamlReader) value(n *yaml.Node, depth int) (template.Value, error) {
	r.nodes++
	if depth > maxYAMLDepth || r.nodes > maxYAMLNodes {
		return nil, errYAMLTooLarge
	}
	switch n.Kind {
	case yaml.AliasNode:
		return r.value(n.Alias, depth+1)
	case yaml.SequenceNode:
		out := template.NewList()
		for _, child := range n.Content {
			v, err := r.value(child, depth+1)
			if err != nil {
				return nil, err
			}
			out.Elems = append(out.Elems, v)
		}
		return out, nil
	case yaml.MappingNode:
		return r.mapping(n, depth)
	}
	return yamlScalar(n), nil
}

// mapping reads a mapping; what merge keys bring in comes first, as in PyYAML.
func (r *yamlReader) mapping(n *yaml.Node, depth int) (template.Value, error) {
	own, out := template.NewDict(), template.NewDict()
	for i := 0; i+1 < len(n.Content); i += 2 {
		v, err := r.value(n.Content[i+1], depth+1)
		if err != nil {
			return nil, err
		}
		if n.Content[i].Tag == "!!merge" {
			dicts := merged(v)
			for i := range dicts { // of several, the first wins
				out.Update(dicts[len(dicts)-1-i])
			}
			continue
		}
		key, err := r.value(n.Content[i], depth+1)
		if err != nil {
			return nil, err
		}
		if err := own.Set(key, v); err != nil {
			return nil, err
		}
	}
	out.Update(own)
	return out, nil
}

// merged are the mappings a merge key stands for.
func merged(v template.Value) []*template.Dict {
	switch x := v.(type) {
	case *template.Dict:
		return []*template.Dict{x}
	case *template.List:
		var out []*template.Dict
		for _, e := range x.Elems {
			out = append(out, merged(e)...)
		}
		return out
	}
	return nil
}

var (
	yamlDate   = regex.Lazy(`^\d{4}-\d\d-\d\d$`)
	yamlMoment = regex.Lazy(`^\d{4}-\d\d?-\d\d?(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?$`)
)

// yamlScalar is what property files read, but for dates: here they are objects.
func yamlScalar(n *yaml.Node) template.Value {
	const written = yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle | yaml.TaggedStyle
	switch {
	case n.Style&written != 0:
	case yamlDate().MatchString(n.Value):
		if t, err := time.Parse("2006-01-02", n.Value); err == nil {
			return newDate(t)
		}
	case yamlMoment().MatchString(n.Value):
		text := strings.Join(strings.FieldsFunc(n.Value, func(r rune) bool { return strings.ContainsRune("Tt \t", r) }), "T")
		if t, err := time.Parse("2006-1-2T15:04:05.999999", text); err == nil {
			return newDatetime(t, nil)
		}
	}
	return project.Scalar(n)
}
