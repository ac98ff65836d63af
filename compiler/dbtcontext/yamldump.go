package dbtcontext

import (
	"fmt"
	"math"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"elt/compiler/template"
)

// toYAML is toyaml(): block style as PyYAML's safe_dump writes it.
func toYAML(c *template.Call) (template.Value, error) {
	var v, def template.Value
	var sortKeys bool
	if err := c.Unpack("toyaml", "value", &v, "default?", &def, "sort_keys?", &sortKeys); err != nil {
		return nil, err
	}
	d := &yamlDumper{sorted: sortKeys}
	switch x := v.(type) {
	case *template.Dict:
		d.dict(x, 0)
	case *template.List:
		d.list(x.Elems, 0)
	case template.Tuple:
		d.list(x, 0)
	default:
		d.b.WriteString(d.scalar(v) + "\n")
		if _, text := v.(string); !text || strings.IndexByte("'\"", d.b.String()[0]) < 0 {
			d.b.WriteString("...\n")
		}
	}
	if d.failed {
		return def, nil
	}
	return d.b.String(), nil
}

type yamlDumper struct {
	b      strings.Builder
	sorted bool
	failed bool
	depth  int
}

func (d *yamlDumper) dict(m *template.Dict, indent int) {
	items := m.Items()
	if len(items) == 0 {
		d.b.WriteString("{}\n")
		return
	}
	if d.sorted {
		slices.SortStableFunc(items, func(a, b template.Item) int {
			return strings.Compare(template.Str(a.Key), template.Str(b.Key))
		})
	}
	for i, it := range items {
		if i > 0 {
			d.b.WriteString(strings.Repeat(" ", indent))
		}
		d.b.WriteString(d.scalar(it.Key) + ":")
		d.entry(it.Value, indent)
	}
}

// entry writes the value of a key, on the same line where it fits there.
func (d *yamlDumper) entry(v template.Value, indent int) {
	if d.depth++; d.depth > maxYAMLDepth {
		d.failed = true
		return
	}
	defer func() { d.depth-- }()
	switch x := v.(type) {
	case *template.Dict:
		if x.Len() == 0 {
			d.b.WriteString(" {}\n")
			return
		}
		d.b.WriteString("\n" + strings.Repeat(" ", indent+2))
		d.dict(x, indent+2)
	case *template.List:
		d.nested(x.Elems, indent)
	case template.Tuple:
		d.nested(x, indent)
	default:
		d.b.WriteString(" " + d.scalar(v) + "\n")
	}
}

// nested writes the list of a key, which PyYAML does not indent.
func (d *yamlDumper) nested(elems []template.Value, indent int) {
	if len(elems) == 0 {
		d.b.WriteString(" []\n")
		return
	}
	d.b.WriteString("\n" + strings.Repeat(" ", indent))
	d.list(elems, indent)
}

func (d *yamlDumper) list(elems []template.Value, indent int) {
	if len(elems) == 0 {
		d.b.WriteString("[]\n")
		return
	}
	if d.depth++; d.depth > maxYAMLDepth {
		d.failed = true
		return
	}
	defer func() { d.depth-- }()
	for i, e := range elems {
		if i > 0 {
			d.b.WriteString(strings.Repeat(" ", indent))
		}
		d.b.WriteString("- ")
		switch x := e.(type) {
		case *template.Dict:
			d.dict(x, indent+2)
		case *template.List:
			d.list(x.Elems, indent+2)
		case template.Tuple:
			d.list(x, indent+2)
		default:
			d.b.WriteString(d.scalar(e) + "\n")
		}
	}
}

func (d *yamlDumper) scalar(v template.Value) string {
	switch x := v.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(x)
	case int64, *big.Int:
		return template.Str(v)
	case float64:
		return yamlFloatText(x)
	case string:
		return yamlString(x)
	case *dateValue:
		return x.Str()
	case *datetimeValue:
		return x.Str()
	}
	d.failed = true
	return ""
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

// yamlPlain is what PyYAML writes without quotes.
var yamlPlain = regexp.MustCompile(`^[^-?:,\[\]{}#&*!|>'"%@` + "`" + `\s=<][^\x00-\x1f\x7f]*$|^-[^\s:,\[\]{}#][^\x00-\x1f\x7f]*$`)

// yamlString writes a string plain where it would be read as a string again, in
// single quotes where that is enough, else in double ones.
func yamlString(s string) string {
	special := strings.ContainsFunc(s, func(r rune) bool {
		return r < ' ' && r != '\n' || r == 0x7f || r == 0x85 || r >= 0x80 && r < 0xa0 || r == '\ufeff'
	})
	if special {
		return doubleQuoted(s)
	}
	if strings.Contains(s, "\n") {
		return "'" + strings.ReplaceAll(strings.ReplaceAll(s, "'", "''"), "\n", "\n\n  ") + "'"
	}
	_, isText := yamlScalar(&yaml.Node{Kind: yaml.ScalarNode, Value: s}).(string)
	plain := isText && yamlPlain.MatchString(s) && !strings.Contains(s, ": ") && !strings.Contains(s, " #") &&
		!strings.HasSuffix(s, ":") && !strings.HasSuffix(s, " ") && s != "=" && s != "<<" && !strings.HasPrefix(s, "---")
	if plain {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}

func doubleQuoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteString("\\" + string(r))
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0:
			fmt.Fprintf(&b, `\x%02X`, r)
		case r == '\ufeff':
			b.WriteString(`\uFEFF`)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
