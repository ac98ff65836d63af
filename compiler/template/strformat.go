package template

import (
	"strconv"
	"strings"
)

func strFormatMethod(self Value, c *Call) (Value, error) {
	kwargs := NewDict()
	for _, k := range c.Kwargs {
		_ = kwargs.Set(k.Name, k.Value)
	}
	p := formatPrinter{args: c.Args, kwargs: kwargs, f: &frame{th: c.Thread}}
	return p.print(self.(string), 2)
}

func strFormatMap(self Value, c *Call) (Value, error) {
	if err := argCount("format_map", c, 1, 1); err != nil {
		return nil, err
	}
	d, ok := asDict(c.Args[0])
	if !ok && strings.ContainsAny(self.(string), "{}") {
		return nil, TypeErrorf("'%s' object is not subscriptable", TypeName(c.Args[0]))
	}
	p := formatPrinter{kwargs: d, f: &frame{th: c.Thread}}
	return p.print(self.(string), 2)
}

// formatPrinter is str.format, as Jinja's sandbox has it: attributes and items in
// replacement fields follow Jinja's rules.
type formatPrinter struct {
	args   []Value
	kwargs *Dict
	f      *frame
	next   int  // of automatic numbering
	manual bool // numbers were given
}

// print prints a format string; depth is how deep specifications may be nested.
func (p *formatPrinter) print(text string, depth int) (string, error) {
	if depth < 0 {
		return "", ValueErrorf("Max string recursion exceeded")
	}
	var b strings.Builder
	for at := 0; at < len(text); {
		i := strings.IndexAny(text[at:], "{}")
		if i < 0 {
			b.WriteString(text[at:])
			break
		}
		b.WriteString(text[at : at+i])
		at += i
		c := text[at]
		if at+1 < len(text) && text[at+1] == c {
			b.WriteByte(c)
			at += 2
			continue
		}
		if c == '}' {
			return "", ValueErrorf("Single '}' encountered in format string")
		}
		field, rest, err := splitField(text[at+1:])
		if err != nil {
			return "", err
		}
		s, err := p.field(field, depth)
		if err != nil {
			return "", err
		}
		b.WriteString(s)
		at = len(text) - len(rest)
	}
	return b.String(), nil
}

// splitField cuts a replacement field, behind its "{", from what follows its "}".
func splitField(s string) (field, rest string, err error) {
	if s == "" {
		return "", "", ValueErrorf("Single '{' encountered in format string")
	}
	depth, bracket := 1, false
	for i := range len(s) {
		switch c := s[i]; {
		case c == '[':
			bracket = true
		case c == ']':
			bracket = false
		case bracket:
		case c == '{':
			depth++
		case c == '}':
			if depth--; depth == 0 {
				return s[:i], s[i+1:], nil
			}
		}
	}
	return "", "", ValueErrorf("expected '}' before end of string")
}

func (p *formatPrinter) field(field string, depth int) (string, error) {
	name, conv, spec := cutField(field)
	v, err := p.value(name)
	if err != nil {
		return "", err
	}
	switch conv {
	case "":
	case "!s":
		if v, err = toText(v); err != nil {
			return "", err
		}
	case "!r":
		v = Repr(v)
	case "!a":
		v = ascii(v)
	case "!":
		return "", ValueErrorf("end of string while looking for conversion specifier")
	default:
		if strLen(conv) > 2 {
			return "", ValueErrorf("expected ':' after conversion specifier")
		}
		return "", ValueErrorf("Unknown conversion specifier %s", conv[1:])
	}
	if spec, err = p.print(spec, depth-1); err != nil {
		return "", err
	}
	return format(v, spec)
}

// cutField splits "name!conv:spec"; the name may hold ":" and "!" within brackets.
func cutField(field string) (name, conv, spec string) {
	end, bracket := len(field), false
	for i := range len(field) {
		switch c := field[i]; {
		case c == '[':
			bracket = true
		case c == ']':
			bracket = false
		case !bracket && (c == '!' || c == ':'):
			end = i
		}
		if end < len(field) {
			break
		}
	}
	name, rest := field[:end], field[end:]
	if strings.HasPrefix(rest, "!") {
		if i := strings.IndexByte(rest, ':'); i >= 0 {
			return name, rest[:i], rest[i+1:]
		}
		return name, rest, ""
	}
	return name, "", strings.TrimPrefix(rest, ":")
}

// value looks up "first.attr[item]".
func (p *formatPrinter) value(name string) (Value, error) {
	i := strings.IndexAny(name, ".[")
	rest := ""
	if i >= 0 {
		name, rest = name[:i], name[i:]
	}
	v, err := p.first(name, rest == "")
	for err == nil && rest != "" {
		if rest[0] == '.' {
			end := strings.IndexAny(rest[1:], ".[")
			if end < 0 {
				end = len(rest) - 1
			}
			attr := rest[1 : end+1]
			if attr == "" {
				return nil, ValueErrorf("Empty attribute in format string")
			}
			v, err = p.f.attr(v, attr)
			rest = rest[end+1:]
			continue
		}
		end := strings.IndexByte(rest, ']')
		if end < 0 {
			return nil, ValueErrorf("Missing ']' in format string")
		}
		if end == 1 {
			return nil, ValueErrorf("Empty attribute in format string")
		}
		var key Value = rest[1:end]
		if n, err := strconv.ParseInt(rest[1:end], 10, 64); err == nil && n >= 0 && rest[1] != '+' {
			key = n
		}
		v, err = p.f.item(v, key)
		rest = rest[end+1:]
		if rest != "" && rest[0] != '.' && rest[0] != '[' {
			return nil, ValueErrorf("Only '.' or '[' may follow ']' in format field specifier")
		}
	}
	return v, err
}

// first looks up the argument a field begins with. Python's string.Formatter, which the
// sandbox uses, sees that numbering is mixed only where the number is the whole field.
func (p *formatPrinter) first(name string, whole bool) (Value, error) {
	n, err := strconv.Atoi(name)
	numbered := err == nil && n >= 0 && name[0] != '+'
	switch {
	case name == "":
		if p.manual {
			return nil, ValueErrorf("cannot switch from manual field specification to automatic field numbering")
		}
		n = p.next
		p.next++
	case numbered && !whole:
	case numbered:
		if p.next > 0 {
			return nil, ValueErrorf("cannot switch from manual field specification to automatic field numbering")
		}
		p.manual = true
	default:
		v, ok := p.kwargs.Get(name)
		if !ok {
			return nil, keyError(name)
		}
		return v, nil
	}
	if n >= len(p.args) {
		return nil, exceptionf("IndexError", "tuple index out of range")
	}
	return p.args[n], nil
}
