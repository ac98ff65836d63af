package template

import (
	"math/big"
	"strings"
)

// percentFormat is Python's format % values.
func percentFormat(text string, values Value) (string, error) {
	p := percentPrinter{text: text, single: values}
	if t, ok := values.(Tuple); ok {
		p.args, p.tuple = t, true
	} else {
		p.args = []Value{values}
	}
	for p.at < len(text) {
		i := strings.IndexByte(text[p.at:], '%')
		if i < 0 {
			p.b.WriteString(text[p.at:])
			break
		}
		p.b.WriteString(text[p.at : p.at+i])
		p.at += i + 1
		if err := p.verb(); err != nil {
			return "", err
		}
	}
	_, dict := values.(*Dict)
	if p.next < len(p.args) && !p.named && !dict && !(len(p.args) == 1 && !p.tuple && ignorable(values)) {
		return "", TypeErrorf("not all arguments converted during string formatting")
	}
	return p.b.String(), nil
}

// ignorable reports whether Python takes a single value for a mapping, which need not
// be used up.
func ignorable(v Value) bool {
	switch v.(type) {
	case *List, *Undefined, *rangeValue:
		return true
	}
	_, ok := asDict(v)
	return ok
}

type percentPrinter struct {
	text   string
	at     int
	args   []Value
	tuple  bool
	single Value
	next   int
	named  bool
	b      strings.Builder
}

func (p *percentPrinter) arg() (Value, error) {
	if p.next >= len(p.args) {
		return nil, TypeErrorf("not enough arguments for format string")
	}
	p.next++
	return p.args[p.next-1], nil
}

// peek returns the current byte, 0 at the end.
func (p *percentPrinter) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

// verb prints one conversion, behind its "%".
func (p *percentPrinter) verb() error {
	var named Value
	byName := false
	if p.peek() == '(' {
		v, err := p.name()
		if err != nil {
			return err
		}
		named, byName = v, true
		p.next = len(p.args)
	}
	spec := formatSpec{precision: -1}
	for ; p.at < len(p.text) && strings.IndexByte("#0- +", p.text[p.at]) >= 0; p.at++ {
		switch p.text[p.at] {
		case '#':
			spec.alternate = true
		case '0':
			spec.zero = true
		case '-':
			spec.align = '<'
		case '+':
			spec.sign = '+'
		case ' ':
			if spec.sign == 0 {
				spec.sign = ' '
			}
		}
	}
	if err := p.sizes(&spec); err != nil {
		return err
	}
	for p.peek() == 'l' || p.peek() == 'h' || p.peek() == 'L' {
		p.at++
	}
	if p.at >= len(p.text) {
		return ValueErrorf("incomplete format")
	}
	spec.verb = p.text[p.at]
	if spec.verb == '%' {
		p.at++
		p.b.WriteByte('%')
		return nil
	}
	if strings.IndexByte("sradiuoxXeEfFgGc", spec.verb) < 0 {
		r := []rune(p.text[p.at:])[0]
		return ValueErrorf("unsupported format character '%c' (0x%x) at index %d", r, r, strLen(p.text[:p.at]))
	}
	p.at++
	if !byName {
		v, err := p.arg()
		if err != nil {
			return err
		}
		named = v
	}
	s, err := spec.percent(named)
	p.b.WriteString(s)
	return err
}

// name reads (key) and returns the value of the key.
func (p *percentPrinter) name() (Value, error) {
	d, ok := asDict(p.single)
	if !ok {
		return nil, TypeErrorf("format requires a mapping")
	}
	depth, start := 0, p.at+1
	for ; p.at < len(p.text); p.at++ {
		switch p.text[p.at] {
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth == 0 {
			break
		}
	}
	if p.at >= len(p.text) {
		return nil, ValueErrorf("incomplete format key")
	}
	key := p.text[start:p.at]
	p.at++
	p.named = true
	v, ok := d.Get(key)
	if !ok {
		return nil, keyError(key)
	}
	return v, nil
}

// sizes reads width and precision.
func (p *percentPrinter) sizes(spec *formatSpec) error {
	var err error
	if spec.width, err = p.size(); err != nil {
		return err
	}
	if spec.width < 0 {
		spec.align, spec.width = '<', -spec.width
	}
	if p.peek() == '.' {
		p.at++
		if spec.precision, err = p.size(); err != nil {
			return err
		}
		spec.precision = max(spec.precision, 0)
	}
	if spec.width > maxRepeat/16 || spec.precision > 1<<16 {
		return errTooLarge
	}
	return nil
}

func (p *percentPrinter) size() (int, error) {
	if p.peek() == '*' {
		p.at++
		v, err := p.arg()
		if err != nil {
			return 0, err
		}
		n, ok := asInt64(v)
		if !ok {
			return 0, TypeErrorf("* wants int")
		}
		return int(min(max(n, -maxRepeat), maxRepeat)), nil
	}
	n, rest, ok := takeNumber(p.text[p.at:])
	if !ok {
		return 0, ValueErrorf("width too big")
	}
	p.at = len(p.text) - len(rest)
	return n, nil
}

// percent prints a value by a conversion.
func (s formatSpec) percent(v Value) (string, error) {
	switch s.verb {
	case 's', 'r', 'a', 'c':
		return s.percentText(v)
	}
	if u, ok := v.(*Undefined); ok {
		return "", u.fail()
	}
	if s.zero && s.align != '<' {
		s.fill, s.align = "0", '='
	}
	switch s.verb {
	case 'd', 'i', 'u':
		_, isFloat := v.(float64)
		if _, number := v.(Floater); isFloat || number {
			whole, err := intOf(v)
			if err != nil {
				return "", err
			}
			v = whole
		}
		if !isInt(v) {
			return "", TypeErrorf("%%%c format: a real number is required, not %s", s.verb, TypeName(v))
		}
		return s.percentInt(asBig(v), 10, "")
	case 'o', 'x', 'X':
		if !isInt(v) {
			return "", TypeErrorf("%%%c format: an integer is required, not %s", s.verb, TypeName(v))
		}
		if s.verb == 'o' {
			return s.percentInt(asBig(v), 8, "0o")
		}
		return s.percentInt(asBig(v), 16, "0"+string(s.verb))
	}
	if number, ok := v.(Floater); ok {
		f, err := number.Float()
		if err != nil {
			return "", err
		}
		v = f
	}
	f, err := toFloat(v)
	if err != nil {
		return "", err
	}
	if s.precision < 0 {
		s.precision = 6
	}
	return s.float(f)
}

func (s formatSpec) percentInt(n *big.Int, base int, prefix string) (string, error) {
	digits := new(big.Int).Abs(n).Text(base)
	if s.verb == 'X' {
		digits = strings.ToUpper(digits)
	}
	if len(digits) < s.precision {
		digits = repeatString("0", s.precision-len(digits)) + digits
	}
	sign := s.signOf(n.Sign() < 0)
	if s.alternate {
		sign += prefix
	}
	return s.pad(sign, digits, '>'), nil
}

func (s formatSpec) percentText(v Value) (string, error) {
	var text string
	var err error
	switch s.verb {
	case 's':
		text, err = toText(v)
	case 'r':
		text = Repr(v)
	case 'a':
		text = ascii(v)
	default:
		text, err = oneChar(v)
	}
	if err != nil {
		return "", err
	}
	if s.precision >= 0 && s.verb != 'c' && strLen(text) > s.precision {
		text = substring(text, 0, s.precision)
	}
	return s.pad("", text, '>'), nil
}

// oneChar is the conversion "c".
func oneChar(v Value) (string, error) {
	if s, ok := v.(string); ok && strLen(s) == 1 {
		return s, nil
	}
	n, ok := asInt64(v)
	if !ok {
		return "", TypeErrorf("%%c requires int or char")
	}
	if n < 0 || n > 0x10ffff {
		return "", exceptionf("OverflowError", "%%c arg not in range(0x110000)")
	}
	return string(rune(n)), nil
}

// ascii is Python's ascii(v).
func ascii(v Value) string {
	var b strings.Builder
	for _, r := range Repr(v) {
		if r < 0x80 {
			b.WriteRune(r)
		} else {
			b.WriteString(escapeRune(r))
		}
	}
	return b.String()
}
