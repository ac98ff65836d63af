package dbtcontext

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/dlclark/regexp2/v2"

	"elt/compiler/template"
)

// matchValue is re.Match.
type matchValue struct {
	p     *pattern
	m     *regexp2.Match
	input string
}

func textArg(v template.Value) (string, error) {
	s, ok := v.(string)
	if !ok {
		return "", template.TypeErrorf("expected string or bytes-like object, got '%s'", template.TypeName(v))
	}
	return s, nil
}

// first returns the first match between two anchors, or None.
func (p *pattern) first(args []template.Value, before, after string) (template.Value, error) {
	text, err := textArg(args[0])
	if err != nil {
		return nil, err
	}
	re, err := p.compiled(text)
	if before != "" {
		re, err = p.compile(before, after, isASCII(text))
	}
	if err != nil {
		return nil, err
	}
	m, err := re.FindStringMatch(text)
	if err != nil || m == nil {
		return nil, err
	}
	return &matchValue{p, m, text}, nil
}

// each calls fn for every match, up to limit; 0 is no limit.
func (p *pattern) each(text string, limit int, fn func(m *matchValue) error) (int, error) {
	n := 0
	re, err := p.compiled(text)
	if err != nil {
		return 0, err
	}
	m, err := re.FindStringMatch(text)
	for m != nil && err == nil && (limit <= 0 || n < limit) {
		n++
		if err := fn(&matchValue{p, m, text}); err != nil {
			return n, err
		}
		m, err = re.FindNextMatch(m)
	}
	return n, err
}

func (p *pattern) findAll(args []template.Value) (template.Value, error) {
	text, err := textArg(args[0])
	if err != nil {
		return nil, err
	}
	out := template.NewList()
	_, err = p.each(text, 0, func(m *matchValue) error {
		groups := m.groups("")
		switch len(groups) {
		case 0:
			out.Elems = append(out.Elems, m.m.String())
		case 1:
			out.Elems = append(out.Elems, groups[0])
		default:
			out.Elems = append(out.Elems, groups)
		}
		return nil
	})
	return out, err
}

func (p *pattern) findIter(args []template.Value) (template.Value, error) {
	text, err := textArg(args[0])
	if err != nil {
		return nil, err
	}
	var out []template.Value
	_, err = p.each(text, 0, func(m *matchValue) error {
		out = append(out, m)
		return nil
	})
	return template.NewIterator("callable_iterator", out), err
}

func (p *pattern) split(args []template.Value) (template.Value, error) {
	text, err := textArg(args[0])
	if err != nil {
		return nil, err
	}
	out := template.NewList()
	last := 0
	_, err = p.each(text, limitOr(args[1], 0), func(m *matchValue) error {
		start, length := m.m.ByteRange()
		out.Elems = append(out.Elems, text[last:start])
		out.Elems = append(out.Elems, m.groups(nil)...)
		last = start + length
		return nil
	})
	out.Elems = append(out.Elems, text[last:])
	return out, err
}

// sub replaces matches by a text with references, or by what a function answers.
func (p *pattern) sub(args []template.Value, c *template.Call) (string, int64, error) {
	text, err := textArg(args[1])
	if err != nil {
		return "", 0, err
	}
	if err := p.checkReplacement(args[0]); err != nil {
		return "", 0, err
	}
	var b strings.Builder
	last := 0
	n, err := p.each(text, limitOr(args[2], 0), func(m *matchValue) error {
		start, length := m.m.ByteRange()
		b.WriteString(text[last:start])
		last = start + length
		part, err := m.replacement(args[0], c)
		b.WriteString(part)
		return err
	})
	b.WriteString(text[last:])
	return b.String(), int64(n), err
}

// checkReplacement reads a replacement before there is a match, as Python does.
func (p *pattern) checkReplacement(repl template.Value) error {
	switch r := repl.(type) {
	case string:
		return p.readReplacement(r, func(string) {}, func(key string) error {
			if p.hasGroup(key) {
				return nil
			}
			return &template.Exception{Kind: "re.error", Message: "invalid group reference " + key + " in the replacement " + template.Repr(r)}
		})
	case template.Callable, *template.Undefined: // whose call fails where there is a match
		return nil
	}
	return template.TypeErrorf("the replacement must be a string or a function, not %s", template.TypeName(repl))
}

func (p *pattern) hasGroup(key string) bool {
	if n, err := strconv.Atoi(key); err == nil {
		return n < len(p.re.GetGroupNumbers())
	}
	return p.re.GroupNumberFromName(key) >= 0
}

func (m *matchValue) replacement(repl template.Value, c *template.Call) (string, error) {
	switch r := repl.(type) {
	case string:
		return m.expand(r)
	case template.Callable:
		v, err := r.Call(&template.Call{Args: []template.Value{m}, Place: c.Place, Thread: c.Thread})
		if s, ok := v.(string); ok || v == nil || err != nil {
			return s, err
		}
		return "", template.TypeErrorf("sequence item: expected str instance, %s found", template.TypeName(v))
	case *template.Undefined:
		return "", template.TypeErrorf("%s", r.Message())
	}
	return "", template.TypeErrorf("the replacement must be a string or a function, not %s", template.TypeName(repl))
}

// expand fills \1, \g<name> and escapes of a replacement in.
func (m *matchValue) expand(text string) (string, error) {
	var b strings.Builder
	err := m.p.readReplacement(text, func(s string) { b.WriteString(s) }, func(key string) error {
		v, err := m.group(key)
		b.WriteString(stringOrEmpty(v))
		return err
	})
	return b.String(), err
}

// readReplacement cuts a replacement into literal pieces and references to groups.
func (p *pattern) readReplacement(text string, literal func(string), group func(key string) error) error {
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			literal(text[i : i+1])
			continue
		}
		if i++; i == len(text) {
			return badReplacement("bad escape (end of pattern)", text)
		}
		switch c := text[i]; {
		case c >= '1' && c <= '9':
			end := i + 1
			if end < len(text) && text[end] >= '0' && text[end] <= '9' {
				end++
			}
			if err := group(text[i:end]); err != nil {
				return err
			}
			i = end - 1
		case c == 'g':
			end := strings.IndexByte(text[i:], '>')
			if !strings.HasPrefix(text[i:], "g<") || end < 0 {
				return badReplacement("missing group name", text)
			}
			if err := group(text[i+2 : i+end]); err != nil {
				return err
			}
			i += end
		case c == '0':
			literal("\x00")
		case strings.IndexByte(`nrtvfab\`, c) >= 0:
			at := strings.IndexByte(`nrtvfab\`, c)
			literal("\n\r\t\v\f\a\b\\"[at : at+1])
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			return badReplacement("bad escape \\"+string(c), text)
		default:
			literal("\\" + text[i:i+1])
		}
	}
	return nil
}

func badReplacement(what, text string) error {
	return &template.Exception{Kind: "re.error", Message: fmt.Sprintf("%s in the replacement %q", what, text)}
}

// find returns a group by number or name, nil where the pattern has none.
func (m *matchValue) find(key string) *regexp2.Group {
	if n, err := strconv.Atoi(key); err == nil {
		return m.m.GroupByNumber(n)
	}
	if m.p.re.GroupNumberFromName(key) < 0 {
		return nil
	}
	return m.m.GroupByName(key)
}

// group is the text of a group; None where it took no part.
func (m *matchValue) group(key string) (template.Value, error) {
	g := m.find(key)
	if g == nil {
		return nil, &template.Exception{Kind: "IndexError", Message: "no such group: " + key}
	}
	if len(g.Captures) == 0 {
		return nil, nil
	}
	return g.String(), nil
}

// groups are the texts of all groups; def stands for those that took no part.
func (m *matchValue) groups(def template.Value) template.Tuple {
	out := template.Tuple{}
	for _, g := range m.m.Groups()[1:] {
		if len(g.Captures) == 0 {
			out = append(out, def)
		} else {
			out = append(out, g.String())
		}
	}
	return out
}

// TypeName is the Python type name.
func (m *matchValue) TypeName() string { return "re.Match" }

// Str is Python's repr of a match.
func (m *matchValue) Str() string {
	return fmt.Sprintf("<re.Match object; span=(%d, %d), match=%s>",
		m.m.RuneIndex, m.m.RuneIndex+m.m.RuneLength, template.Repr(m.m.String()))
}

// Truth is always true: a search without a match gives None.
func (m *matchValue) Truth() bool { return true }

// Index is m[group].
func (m *matchValue) Index(key template.Value) (template.Value, bool, error) {
	v, err := m.group(template.Str(key))
	return v, err == nil, nil // a group that is not there may be an attribute
}

// Attr returns an attribute or a method.
func (m *matchValue) Attr(name string) (template.Value, bool) {
	switch name {
	case "string":
		return m.input, true
	case "re":
		return m.p, true
	case "pos":
		return int64(0), true
	case "group":
		return bind(name, m.callGroup)
	case "groups":
		return bind(name, func(c *template.Call) (template.Value, error) {
			var def template.Value
			err := c.Unpack(name, "default?", &def)
			return m.groups(def), err
		})
	case "groupdict":
		return bind(name, m.groupDict)
	case "start", "end", "span":
		return bind(name, func(c *template.Call) (template.Value, error) { return m.span(c, name) })
	case "expand":
		return bind(name, func(c *template.Call) (template.Value, error) {
			var text string
			if err := c.Unpack(name, "template", &text); err != nil {
				return nil, err
			}
			return m.expand(text)
		})
	}
	return nil, false
}

func (m *matchValue) callGroup(c *template.Call) (template.Value, error) {
	if len(c.Args) == 0 {
		return m.m.String(), nil
	}
	out := template.Tuple{}
	for _, key := range c.Args {
		v, err := m.group(template.Str(key))
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	if len(out) == 1 {
		return out[0], nil
	}
	return out, nil
}

func (m *matchValue) groupDict(c *template.Call) (template.Value, error) {
	var def template.Value
	if err := c.Unpack("groupdict", "default?", &def); err != nil {
		return nil, err
	}
	out := template.NewDict()
	for i, g := range m.m.Groups() {
		if g.Name == strconv.Itoa(i) {
			continue
		}
		v := def
		if len(g.Captures) > 0 {
			v = g.String()
		}
		if err := out.Set(g.Name, v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (m *matchValue) span(c *template.Call, name string) (template.Value, error) {
	var key template.Value = int64(0)
	if err := c.Unpack(name, "group?", &key); err != nil {
		return nil, err
	}
	g := m.find(template.Str(key))
	if g == nil {
		return nil, &template.Exception{Kind: "IndexError", Message: "no such group"}
	}
	start, end := int64(-1), int64(-1)
	if len(g.Captures) > 0 {
		start = int64(g.RuneIndex)
		end = start + int64(g.RuneLength)
	}
	switch name {
	case "start":
		return start, nil
	case "end":
		return end, nil
	}
	return template.Tuple{start, end}, nil
}
