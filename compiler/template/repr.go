package template

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Reprs of values that hold more than this many nested containers are cut.
const maxReprDepth = 200

// Str returns str(v): what {{ v }} prints.
func Str(v Value) string {
	switch x := v.(type) {
	case string:
		return x
	case int64:
		return strconv.FormatInt(x, 10)
	case *Undefined:
		return ""
	case Stringer:
		return x.Str()
	}
	return Repr(v)
}

// Repr returns repr(v): how v prints inside a list.
func Repr(v Value) string {
	switch x := v.(type) {
	case string:
		return quote(x)
	case int64:
		return strconv.FormatInt(x, 10)
	}
	var p reprPrinter
	p.print(v)
	return p.b.String()
}

type reprPrinter struct {
	b     strings.Builder
	stack []Value // containers being printed
}

func (p *reprPrinter) print(v Value) {
	if p.b.Len() > maxPrinted {
		return // what is too large is cut; toText fails
	}
	switch x := v.(type) {
	case nil:
		p.b.WriteString("None")
	case bool:
		if x {
			p.b.WriteString("True")
		} else {
			p.b.WriteString("False")
		}
	case int64:
		p.b.WriteString(strconv.FormatInt(x, 10))
	case *big.Int:
		p.b.WriteString(x.String())
	case float64:
		p.b.WriteString(floatRepr(x))
	case string:
		p.b.WriteString(quote(x))
	case *List, *Dict, *Set, Tuple, *dictView:
		p.container(v)
	case *Undefined:
		p.b.WriteString("Undefined")
	case Reprer:
		p.b.WriteString(x.Repr())
	case Stringer:
		p.b.WriteString(x.Str())
	case Callable:
		fmt.Fprintf(&p.b, "<function %s>", x.Name())
	default:
		fmt.Fprintf(&p.b, "<%s object>", TypeName(v))
	}
}

func (p *reprPrinter) container(v Value) {
	if _, tuple := v.(Tuple); !tuple {
		if slices.Contains(p.stack, v) {
			p.b.WriteString(map[bool]string{true: "{...}", false: "[...]"}[TypeName(v) == "dict"])
			return
		}
	}
	if len(p.stack) > maxReprDepth {
		p.b.WriteString("...")
		return
	}
	if _, tuple := v.(Tuple); !tuple {
		p.stack = append(p.stack, v)
		defer func() { p.stack = p.stack[:len(p.stack)-1] }()
	}
	switch x := v.(type) {
	case *List:
		p.elems("[", x.Elems, "]")
	case Tuple:
		if len(x) == 1 {
			p.elems("(", x, ",)")
			return
		}
		p.elems("(", x, ")")
	case *Set:
		if x.Len() == 0 {
			p.b.WriteString("set()")
			return
		}
		p.elems("{", x.Elems(), "}")
	case *Dict:
		p.dict(x)
	case *dictView:
		p.elems("dict_"+x.kind+"([", x.elems(), "])")
	}
}

func (p *reprPrinter) elems(open string, elems []Value, end string) {
	p.b.WriteString(open)
	for i, e := range elems {
		if i > 0 {
			p.b.WriteString(", ")
		}
		if p.print(e); p.b.Len() > maxPrinted {
			return
		}
	}
	p.b.WriteString(end)
}

func (p *reprPrinter) dict(d *Dict) {
	p.b.WriteByte('{')
	for i, e := range d.Items() {
		if i > 0 {
			p.b.WriteString(", ")
		}
		p.print(e.Key)
		p.b.WriteString(": ")
		if p.print(e.Value); p.b.Len() > maxPrinted {
			return
		}
	}
	p.b.WriteByte('}')
}

// quote is the repr of a str: in single quotes, unless it holds single quotes and
// no double ones.
func quote(s string) string {
	q := byte('\'')
	if strings.IndexByte(s, '\'') >= 0 && strings.IndexByte(s, '"') < 0 {
		q = '"'
	}
	b := make([]byte, 0, len(s)+2)
	b = append(b, q)
	for _, r := range s {
		switch {
		case r == rune(q) || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, '\\', 'n')
		case r == '\r':
			b = append(b, '\\', 'r')
		case r == '\t':
			b = append(b, '\\', 't')
		case unicode.IsPrint(r):
			b = append(b, string(r)...)
		default:
			b = append(b, escapeRune(r)...)
		}
	}
	return string(append(b, q))
}

// escapeRune is Python's backslash escape of a character.
func escapeRune(r rune) string {
	switch {
	case r < 0x100:
		return fmt.Sprintf(`\x%02x`, r)
	case r < 0x10000:
		return fmt.Sprintf(`\u%04x`, r)
	}
	return fmt.Sprintf(`\U%08x`, r)
}

// TypeName returns the name of v's Python type.
func TypeName(v Value) string {
	switch x := v.(type) {
	case nil:
		return "NoneType"
	case bool:
		return "bool"
	case int64, *big.Int:
		return "int"
	case float64:
		return "float"
	case string:
		return "str"
	case *List:
		return "list"
	case Tuple:
		return "tuple"
	case *Dict:
		return "dict"
	case *Set:
		return "set"
	case *Undefined:
		return "Undefined"
	case Object:
		return x.TypeName()
	case Callable:
		return "function"
	}
	return fmt.Sprintf("%T", v)
}

// Truth returns bool(v).
func Truth(v Value) bool {
	switch x := v.(type) {
	case nil:
		return false
	case bool:
		return x
	case string:
		return x != ""
	case int64:
		return x != 0
	case *big.Int:
		return x.Sign() != 0
	case float64:
		return x != 0
	case *List:
		return len(x.Elems) > 0
	case Tuple:
		return len(x) > 0
	case *Dict:
		return x.Len() > 0
	case *Set:
		return x.Len() > 0
	case *Undefined:
		return false
	case Truther:
		return x.Truth()
	case Lener:
		return x.Len() > 0
	}
	return true
}
