package project

import (
	"strings"

	"elt/compiler/diag"
)

// parseDotenv reads a .env file: NAME=value lines, an optional "export", comments,
// single quotes (taken as they are), double quotes (with \n, \t, \", \\ and \$;
// they may span lines) and ${NAME} in unquoted and double-quoted values, filled from
// earlier lines and the environment.
func parseDotenv(src *diag.Source, env func(string) (string, bool), diags *report) map[string]string {
	out := map[string]string{}
	p := &dotenv{src: src, text: src.Text, lookup: func(name string) (string, bool) {
		if v, ok := env(name); ok {
			return v, true
		}
		v, ok := out[name]
		return v, ok
	}}
	p.text = strings.TrimPrefix(p.text, "\ufeff")
	p.base = len(src.Text) - len(p.text)
	for p.at < len(p.text) {
		name, value, d := p.line()
		if d != nil {
			diags.add(d)
		} else if name != "" {
			out[name] = value
		}
	}
	return out
}

// dotenv is a position in a .env file.
type dotenv struct {
	src    *diag.Source
	text   string
	base   int // offset of text in the source
	at     int
	lookup func(string) (string, bool)
}

func (p *dotenv) restOfLine() string {
	end := strings.IndexByte(p.text[p.at:], '\n')
	if end < 0 {
		end = len(p.text) - p.at
	}
	line := p.text[p.at : p.at+end]
	p.at = min(p.at+end+1, len(p.text))
	return strings.TrimSuffix(line, "\r")
}

// line reads one assignment. A name of "" is a line without one.
func (p *dotenv) line() (name, value string, d *diag.Diagnostic) {
	start := p.at
	line := p.restOfLine()
	body := strings.TrimLeft(line, " \t")
	indent := len(line) - len(body)
	if body == "" || body[0] == '#' {
		return "", "", nil
	}
	place := diag.Place{Source: p.src, Span: diag.Span{Start: p.base + start + indent, End: p.base + start + len(line)}}
	if rest, ok := strings.CutPrefix(body, "export "); ok {
		indent += len(body) - len(strings.TrimLeft(rest, " \t"))
		body = strings.TrimLeft(rest, " \t")
	}
	name, _, found := strings.Cut(body, "=")
	name = strings.TrimSpace(name)
	if !found || !isEnvName(name) {
		return "", "", diag.Warn(diag.WrongType, place, "not a line of the form NAME=value").
			WithHint("comments begin with #; names hold letters, digits and underscores")
	}
	p.at = start + indent + strings.IndexByte(body, '=') + 1
	for p.at < len(p.text) && (p.text[p.at] == ' ' || p.text[p.at] == '\t') {
		p.at++
	}
	value, ok := p.value()
	if !ok {
		return "", "", diag.Warn(diag.WrongType, place, "the quotes of %q are not closed", name)
	}
	return name, value, nil
}

func (p *dotenv) value() (string, bool) {
	if p.at >= len(p.text) {
		return "", true
	}
	switch p.text[p.at] {
	case '\'':
		return p.quoted('\'')
	case '"':
		return p.quoted('"')
	}
	line := p.restOfLine()
	if at := strings.Index(line, " #"); at >= 0 {
		line = line[:at]
	} else if strings.HasPrefix(line, "#") {
		line = ""
	}
	return p.expand(strings.TrimRight(line, " \t")), true
}

func (p *dotenv) quoted(quote byte) (string, bool) {
	var out strings.Builder
	for i := p.at + 1; i < len(p.text); i++ {
		c := p.text[i]
		switch {
		case c == quote:
			p.at = i + 1
			p.restOfLine()
			if quote == '"' {
				return p.expand(out.String()), true
			}
			return out.String(), true
		case c == '\\' && i+1 < len(p.text) && quote == '"':
			i++
			out.WriteString(unescape(p.text[i]))
		case c == '\\' && i+1 < len(p.text) && (p.text[i+1] == '\'' || p.text[i+1] == '\\'):
			i++
			out.WriteByte(p.text[i])
		default:
			out.WriteByte(c)
		}
	}
	p.restOfLine()
	return "", false
}

func unescape(c byte) string {
	switch c {
	case 'n':
		return "\n"
	case 'r':
		return "\r"
	case 't':
		return "\t"
	case '"', '\\', '\'':
		return string(c)
	}
	return "\\" + string(c)
}

// expand fills in ${NAME} and ${NAME:-default}; python-dotenv knows no bare $NAME.
func (p *dotenv) expand(s string) string {
	var out strings.Builder
	for {
		at := strings.Index(s, "${")
		end := -1
		if at >= 0 {
			end = strings.IndexByte(s[at:], '}')
		}
		if end < 0 {
			out.WriteString(s)
			return out.String()
		}
		name, fallback, _ := strings.Cut(s[at+2:at+end], ":-")
		out.WriteString(s[:at])
		if v, ok := p.lookup(name); ok {
			out.WriteString(v)
		} else {
			out.WriteString(fallback)
		}
		s = s[at+end+1:]
	}
}

func isEnvName(s string) bool {
	for i, r := range s {
		letter := r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') && r != '.' && r != '-' {
			return false
		}
	}
	return s != ""
}
