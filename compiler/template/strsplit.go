package template

import (
	"slices"
	"strings"
)

func strSplit(name string, right bool) methodFunc {
	return func(self Value, c *Call) (Value, error) {
		var sep Value
		most := int64(-1)
		if err := c.Unpack(name, "sep?", &sep, "maxsplit?", &most); err != nil {
			return nil, err
		}
		if len(c.Args) > 1 && c.Args[1] == nil {
			return nil, TypeErrorf("'NoneType' object cannot be interpreted as an integer")
		}
		s := self.(string)
		var parts []string
		switch x := sep.(type) {
		case nil:
			parts = splitSpace(s, int(most), right)
		case string:
			if x == "" {
				return nil, ValueErrorf("empty separator")
			}
			parts = splitOn(s, x, int(most), right)
		default:
			return nil, TypeErrorf("must be str or None, not %s", TypeName(sep))
		}
		return stringList(parts), nil
	}
}

func stringList(parts []string) *List {
	l := &List{Elems: make([]Value, len(parts))}
	for i, p := range parts {
		l.Elems[i] = p
	}
	return l
}

func splitOn(s, sep string, most int, right bool) []string {
	if most < 0 {
		return strings.Split(s, sep)
	}
	if !right {
		return strings.SplitN(s, sep, most+1)
	}
	var parts []string
	for ; most > 0; most-- {
		i := strings.LastIndex(s, sep)
		if i < 0 {
			break
		}
		parts = append(parts, s[i+len(sep):])
		s = s[:i]
	}
	parts = append(parts, s)
	slices.Reverse(parts)
	return parts
}

// AppendWords appends the words of a text, as Python's str.split() without arguments finds
// them, with one space between two.
func AppendWords(buffer []byte, text string) []byte {
	start := len(buffer)
	for word := range strings.FieldsFuncSeq(text, isSpace) {
		if len(buffer) > start {
			buffer = append(buffer, ' ')
		}
		buffer = append(buffer, word...)
	}
	return buffer
}

// splitSpace splits on runs of white space; what is left over keeps its own.
func splitSpace(s string, most int, right bool) []string {
	if most < 0 {
		return strings.FieldsFunc(s, isSpace)
	}
	var parts []string
	if right {
		for s = strings.TrimRightFunc(s, isSpace); s != ""; s = strings.TrimRightFunc(s, isSpace) {
			i := strings.LastIndexFunc(s, isSpace)
			if i < 0 || most == 0 {
				parts = append(parts, s)
				break
			}
			i += runeLen(s[i:])
			parts = append(parts, s[i:])
			s = s[:i]
			most--
		}
		slices.Reverse(parts)
		return parts
	}
	for s = strings.TrimLeftFunc(s, isSpace); s != ""; s = strings.TrimLeftFunc(s, isSpace) {
		i := strings.IndexFunc(s, isSpace)
		if i < 0 || most == 0 {
			return append(parts, s)
		}
		parts = append(parts, s[:i])
		s = s[i:]
		most--
	}
	return parts
}

// isLineEnd reports whether Python's splitlines splits at r.
func isLineEnd(r rune) bool {
	switch r {
	case '\n', '\r', '\v', '\f', 0x1c, 0x1d, 0x1e, 0x85, 0x2028, 0x2029:
		return true
	}
	return false
}

func splitLines(s string, keep bool) []string {
	var lines []string
	for s != "" {
		i := strings.IndexFunc(s, isLineEnd)
		if i < 0 {
			return append(lines, s)
		}
		n := runeLen(s[i:])
		if strings.HasPrefix(s[i:], "\r\n") {
			n = 2
		}
		if keep {
			lines = append(lines, s[:i+n])
		} else {
			lines = append(lines, s[:i])
		}
		s = s[i+n:]
	}
	return lines
}

func strSplitLines(self Value, c *Call) (Value, error) {
	var keep intFlag
	if err := c.Unpack("splitlines", "keepends?", &keep); err != nil {
		return nil, err
	}
	return stringList(splitLines(self.(string), bool(keep))), nil
}
