package dbtcontext

import (
	"errors"
	"io"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

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

func yamlScalar(n *yaml.Node) template.Value {
	quoted := yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
	if n.Style&quoted != 0 || n.Style&yaml.TaggedStyle != 0 && n.Tag == "!!str" {
		return n.Value
	}
	return resolveYAML(n.Value)
}

var (
	yamlInt    = regexp.MustCompile(`^[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0[0-7_]*|[1-9][0-9_]*)$`)
	yamlFloat  = regexp.MustCompile(`^[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+][0-9]+)?$`)
	yamlDate   = regexp.MustCompile(`^\d{4}-\d\d-\d\d$`)
	yamlMoment = regexp.MustCompile(`^\d{4}-\d\d?-\d\d?(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?$`)
)

// resolveYAML gives a plain scalar its type.
func resolveYAML(s string) template.Value {
	switch s {
	case "", "~", "null", "Null", "NULL":
		return nil
	case "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON":
		return true
	case "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF":
		return false
	case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF":
		return math.Inf(1)
	case "-.inf", "-.Inf", "-.INF":
		return math.Inf(-1)
	case ".nan", ".NaN", ".NAN":
		return math.NaN()
	}
	digits := strings.ReplaceAll(s, "_", "")
	switch {
	case yamlInt.MatchString(s):
		return yamlInteger(digits)
	case yamlFloat.MatchString(s):
		if f, err := strconv.ParseFloat(digits, 64); err == nil {
			return f
		}
	case yamlDate.MatchString(s):
		if t, err := time.Parse("2006-01-02", s); err == nil {
			return newDate(t)
		}
	case yamlMoment.MatchString(s):
		text := strings.Join(strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune("Tt \t", r) }), "T")
		if t, err := time.Parse("2006-1-2T15:04:05.999999", text); err == nil {
			return newDatetime(t, nil)
		}
	}
	return s
}

func yamlInteger(digits string) template.Value {
	sign, body := "", digits
	if digits[0] == '-' || digits[0] == '+' {
		sign, body = digits[:1], digits[1:]
	}
	n, ok := new(big.Int).SetString(strings.TrimPrefix(sign, "+")+body, base(body))
	if !ok {
		return digits
	}
	if n.IsInt64() {
		return n.Int64()
	}
	return n
}

// base is how a YAML 1.1 integer is written: 0 lets Go see 0x, 0b and the octal 0.
func base(body string) int {
	if len(body) > 1 && body[0] == '0' {
		return 0
	}
	return 10
}
