package template

import (
	"strings"

	"elt/compiler/diag"
)

// parseLiteral is Python's ast.literal_eval; ok is false where the text is not the
// literal of a value.
func parseLiteral(text string) (v Value, ok bool) {
	text = strings.TrimLeft(text, " \t")
	if f, ok := pointFloat(text); ok {
		return f, true
	}
	defer func() {
		switch r := recover().(type) {
		case nil:
		case syntaxError:
			v, ok = nil, false
		default:
			panic(r)
		}
	}()
	p := &literalParser{parser{src: diag.NewSource("", text), text: text + " }}", soft: true}}
	p.lexTag("}}")
	if p.at < len(p.text) {
		return nil, false
	}
	v = p.value()
	if p.cur().is(",") {
		v = p.tuple(v)
	}
	if p.cur().kind != tokEnd {
		return nil, false
	}
	return v, true
}

// pointFloat reads a float that starts or ends with its point, which Jinja's lexer
// does not know.
func pointFloat(text string) (float64, bool) {
	digits := strings.TrimLeft(strings.TrimRight(text, " \t\n"), "+-")
	if len(digits) < 2 || strings.Trim(digits, "0123456789._") != "" ||
		digits[0] != '.' && digits[len(digits)-1] != '.' {
		return 0, false
	}
	f, err := parseFloat(text)
	return f, err == nil
}

// literalParser reads Python literals from the tokens of Jinja's lexer.
type literalParser struct{ parser }

func (p *literalParser) bad() {
	p.fail(p.curPos(), "not a literal")
}

func (p *literalParser) value() Value {
	p.nest()
	defer p.unnest()
	t := p.advance()
	switch t.kind {
	case tokString:
		s := t.text
		for p.cur().kind == tokString {
			s += p.advance().text
		}
		return s
	case tokInt:
		return intValue(t.text)
	case tokFloat:
		return floatValue(t.text)
	case tokName:
		return p.name(t)
	}
	switch t.text {
	case "-", "+":
		if k := p.cur().kind; k != tokInt && k != tokFloat {
			p.bad()
		}
		v := p.value()
		v, err := unary(t.text, v)
		if err != nil {
			p.bad()
		}
		return v
	case "[":
		elems := p.elems("]")
		return &List{Elems: elems}
	case "(":
		return p.parens()
	case "{":
		return p.braces()
	}
	p.bad()
	return nil
}

func (p *literalParser) name(t token) Value {
	switch t.text {
	case "True":
		return true
	case "False":
		return false
	case "None":
		return nil
	case "set":
		if p.skipOp("(") && p.skipOp(")") {
			return &Set{}
		}
	}
	p.bad()
	return nil
}

// elems reads values up to a closing bracket.
func (p *literalParser) elems(end string) []Value {
	elems := []Value{}
	for !p.cur().is(end) {
		elems = append(elems, p.value())
		if !p.skipOp(",") {
			break
		}
	}
	p.expectOp(end)
	return elems
}

func (p *literalParser) parens() Value {
	if p.skipOp(")") {
		return Tuple{}
	}
	v := p.value()
	if p.cur().is(",") {
		v = p.tuple(v)
	}
	p.expectOp(")")
	return v
}

// tuple reads the rest of a tuple.
func (p *literalParser) tuple(first Value) Value {
	t := Tuple{first}
	for p.skipOp(",") {
		if p.cur().kind == tokEnd || p.cur().is(")") {
			break
		}
		t = append(t, p.value())
	}
	return t
}

// braces reads the rest of a dict or a set.
func (p *literalParser) braces() Value {
	d := NewDict()
	if p.skipOp("}") {
		return d
	}
	first := p.value()
	if !p.cur().is(":") {
		elems := []Value{first}
		if p.skipOp(",") {
			elems = append(elems, p.elems("}")...)
		} else {
			p.expectOp("}")
		}
		s, err := NewSet(elems...)
		if err != nil {
			p.bad()
		}
		return s
	}
	for key := first; ; key = p.value() {
		p.expectOp(":")
		if d.Set(key, p.value()) != nil {
			p.bad()
		}
		if !p.skipOp(",") || p.cur().is("}") {
			break
		}
	}
	p.expectOp("}")
	return d
}
