package template

import "strings"

// strPad is center, ljust and rjust; pad gets the number of characters to add.
func strPad(name string, pad func(s string, n int, fill string) string) methodFunc {
	return func(self Value, c *Call) (Value, error) {
		if err := argCount("str."+name, c, 1, 2); err != nil {
			return nil, err
		}
		width, ok := asInt64(c.Args[0])
		if !ok {
			return nil, TypeErrorf("'%s' object cannot be interpreted as an integer", TypeName(c.Args[0]))
		}
		fill := " "
		if len(c.Args) == 2 {
			var err error
			if fill, err = strArg(c.Args[1], "The fill character must be a unicode character, not %s"); err != nil {
				return nil, err
			}
			if strLen(fill) != 1 {
				return nil, TypeErrorf("The fill character must be exactly one character long")
			}
		}
		if width > maxRepeat {
			return nil, errTooLarge
		}
		s := self.(string)
		n := int(width) - strLen(s)
		if n <= 0 {
			return s, nil
		}
		return pad(s, n, fill), nil
	}
}

// center puts the odd character where Python puts it.
func center(s string, n int, fill string) string {
	left := n/2 + (n & (n + strLen(s)) & 1)
	return repeatString(fill, left) + s + repeatString(fill, n-left)
}

func strZfill(self Value, c *Call) (Value, error) {
	if err := argCount("str.zfill", c, 1, 1); err != nil {
		return nil, err
	}
	width, ok := asInt64(c.Args[0])
	if !ok {
		return nil, TypeErrorf("'%s' object cannot be interpreted as an integer", TypeName(c.Args[0]))
	}
	s := self.(string)
	if width > maxRepeat {
		return nil, errTooLarge
	}
	n := int(width) - strLen(s)
	if n <= 0 {
		return s, nil
	}
	sign := ""
	if strings.HasPrefix(s, "-") || strings.HasPrefix(s, "+") {
		sign, s = s[:1], s[1:]
	}
	return sign + repeatString("0", n) + s, nil
}

func strExpandTabs(self Value, c *Call) (Value, error) {
	size := int64(8)
	if err := c.Unpack("expandtabs", "tabsize?", &size); err != nil {
		return nil, err
	}
	if size > 1024 {
		return nil, errTooLarge
	}
	var b strings.Builder
	column := 0
	for _, r := range self.(string) {
		switch r {
		case '\t':
			if size > 0 {
				n := int(size) - column%int(size)
				b.WriteString(repeatString(" ", n))
				column += n
			}
		case '\n', '\r':
			b.WriteRune(r)
			column = 0
		default:
			b.WriteRune(r)
			column++
		}
	}
	return b.String(), nil
}

// strMakeTrans makes the table for translate.
func strMakeTrans(_ Value, c *Call) (Value, error) {
	if err := argCount("maketrans", c, 1, 3); err != nil {
		return nil, err
	}
	table := NewDict()
	if len(c.Args) == 1 {
		d, ok := c.Args[0].(*Dict)
		if !ok {
			return nil, TypeErrorf("if you give only one argument to maketrans it must be a dict")
		}
		for _, e := range d.Items() {
			key := e.Key
			if s, ok := key.(string); ok {
				if strLen(s) != 1 {
					return nil, ValueErrorf("string keys in translate table must be of length 1")
				}
				key = int64([]rune(s)[0])
			}
			_ = table.Set(key, e.Value)
		}
		return table, nil
	}
	texts := make([][]rune, len(c.Args))
	for i, a := range c.Args {
		s, err := strArg(a, "maketrans() arguments must be str, not %s")
		if err != nil {
			return nil, err
		}
		texts[i] = []rune(s)
	}
	if len(texts[0]) != len(texts[1]) {
		return nil, ValueErrorf("the first two maketrans arguments must have equal length")
	}
	for i, r := range texts[0] {
		_ = table.Set(int64(r), int64(texts[1][i]))
	}
	if len(texts) == 3 {
		for _, r := range texts[2] {
			_ = table.Set(int64(r), nil)
		}
	}
	return table, nil
}

func strTranslate(self Value, c *Call) (Value, error) {
	if err := argCount("str.translate", c, 1, 1); err != nil {
		return nil, err
	}
	table := c.Args[0]
	switch table.(type) {
	case *Dict, *List, Tuple, string, *rangeValue:
	default:
		if self == "" { // nothing is looked up
			return "", nil
		}
		return nil, TypeErrorf("'%s' object is not subscriptable", TypeName(table))
	}
	var b strings.Builder
	for _, r := range self.(string) {
		v, ok, err := getItem(table, int64(r))
		if err != nil {
			return nil, err
		}
		switch x := v.(type) {
		case int64:
			b.WriteRune(rune(x))
		case string:
			b.WriteString(x)
		case nil:
			if !ok {
				b.WriteRune(r)
			}
		default:
			return nil, TypeErrorf("character mapping must return integer, None or str")
		}
	}
	return b.String(), nil
}
