package template

import (
	"strings"
	"unicode"
)

// strMethods are the methods of str.
var strMethods map[string]methodFunc

func init() {
	strMethods = map[string]methodFunc{
		"capitalize": str0("capitalize", capitalize),
		"casefold":   str0("casefold", func(s string) Value { return caseFold(s) }),
		"center":     strPad("center", center),
		"count":      strCount,
		"endswith":   strAffix("endswith", strings.HasSuffix),
		"expandtabs": strExpandTabs,
		"find":       strFind("find", strings.Index, false),
		"format":     strFormatMethod,
		"format_map": strFormatMap,
		"index":      strFind("index", strings.Index, true),
		"isalnum":    strAll("isalnum", func(r rune) bool { return isAlpha(r) || unicode.Is(unicode.N, r) }),
		"isalpha":    strAll("isalpha", isAlpha),
		"isascii":    str0("isascii", func(s string) Value { return isASCII(s) }),
		"isdecimal":  strAll("isdecimal", func(r rune) bool { return unicode.Is(unicode.Nd, r) }),
		"isdigit":    strAll("isdigit", isDigitRune),
		"isidentifier": str0("isidentifier", func(s string) Value {
			return isIdentifier(s)
		}),
		"islower":      str0("islower", func(s string) Value { return isLower(s) }),
		"isnumeric":    strAll("isnumeric", func(r rune) bool { return unicode.Is(unicode.N, r) }),
		"isprintable":  str0("isprintable", func(s string) Value { return strings.IndexFunc(s, notPrintable) < 0 }),
		"isspace":      strAll("isspace", isSpace),
		"istitle":      str0("istitle", func(s string) Value { return isTitle(s) }),
		"isupper":      str0("isupper", func(s string) Value { return isUpper(s) }),
		"join":         strJoin,
		"ljust":        strPad("ljust", func(s string, n int, fill string) string { return s + repeatString(fill, n) }),
		"lower":        str0("lower", func(s string) Value { return lower(s) }),
		"lstrip":       strStrip("lstrip", strings.TrimLeftFunc, strings.TrimLeft),
		"maketrans":    strMakeTrans,
		"partition":    strPartition("partition", strings.Index),
		"removeprefix": strRemove("removeprefix", strings.TrimPrefix),
		"removesuffix": strRemove("removesuffix", strings.TrimSuffix),
		"replace":      strReplace,
		"rfind":        strFind("rfind", strings.LastIndex, false),
		"rindex":       strFind("rindex", strings.LastIndex, true),
		"rjust":        strPad("rjust", func(s string, n int, fill string) string { return repeatString(fill, n) + s }),
		"rpartition":   strPartition("rpartition", strings.LastIndex),
		"rsplit":       strSplit("rsplit", true),
		"rstrip":       strStrip("rstrip", strings.TrimRightFunc, strings.TrimRight),
		"split":        strSplit("split", false),
		"splitlines":   strSplitLines,
		"startswith":   strAffix("startswith", strings.HasPrefix),
		"strip":        strStrip("strip", strings.TrimFunc, strings.Trim),
		"swapcase":     str0("swapcase", swapCase),
		"title":        str0("title", func(s string) Value { return title(s) }),
		"translate":    strTranslate,
		"upper":        str0("upper", func(s string) Value { return strings.ToUpper(specialUpper(s)) }),
		"zfill":        strZfill,
	}
}

// str0 is a method without arguments.
func str0(name string, fn func(string) Value) methodFunc {
	return func(self Value, c *Call) (Value, error) {
		if err := noArgs("str."+name, c); err != nil {
			return nil, err
		}
		return fn(self.(string)), nil
	}
}

func noArgs(name string, c *Call) error {
	switch {
	case len(c.Kwargs) > 0:
		return TypeErrorf("%s() takes no keyword arguments", name)
	case len(c.Args) > 0:
		return TypeErrorf("%s() takes no arguments (%d given)", name, len(c.Args))
	}
	return nil
}

// argCount checks the number of positional arguments of a built-in method.
func argCount(name string, c *Call, least, most int) error {
	n := len(c.Args)
	switch {
	case len(c.Kwargs) > 0:
		return TypeErrorf("%s() takes no keyword arguments", name)
	case n >= least && n <= most:
		return nil
	case least == most && least == 1:
		return TypeErrorf("%s() takes exactly one argument (%d given)", name, n)
	case n < least:
		return TypeErrorf("%s expected at least %d argument%s, got %d", short(name), least, plural(least), n)
	}
	return TypeErrorf("%s expected at most %d argument%s, got %d", short(name), most, plural(most), n)
}

func short(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// strArg returns an argument that must be a str.
func strArg(v Value, message string) (string, error) {
	s, ok := v.(string)
	if !ok {
		return "", TypeErrorf(message, TypeName(v))
	}
	return s, nil
}

// strAll is a method that asks whether all characters, at least one, are of a kind.
func strAll(name string, is func(rune) bool) methodFunc {
	return str0(name, func(s string) Value {
		return s != "" && strings.IndexFunc(s, func(r rune) bool { return !is(r) }) < 0
	})
}

// isIdentifier is str.isidentifier: a letter or "_", then letters, digits and marks.
func isIdentifier(s string) bool {
	for i, r := range s {
		first := r == '_' || unicode.IsLetter(r) || unicode.Is(unicode.Nl, r)
		more := i > 0 && unicode.In(r, unicode.Nd, unicode.Mn, unicode.Mc, unicode.Pc)
		if !first && !more {
			return false
		}
	}
	return s != ""
}

func isAlpha(r rune) bool { return unicode.IsLetter(r) }

func isDigitRune(r rune) bool {
	return unicode.Is(unicode.Nd, r) || strings.ContainsRune("²³¹⁰⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉①②③④⑤⑥⑦⑧⑨", r)
}

func notPrintable(r rune) bool { return !unicode.IsPrint(r) }

// strStrip is strip and its like.
func strStrip(name string, spaces func(string, func(rune) bool) string, chars func(string, string) string) methodFunc {
	return func(self Value, c *Call) (Value, error) {
		if err := argCount("str."+name, c, 0, 1); err != nil {
			return nil, err
		}
		if len(c.Args) == 0 || c.Args[0] == nil {
			return spaces(self.(string), isSpace), nil
		}
		cut, err := strArg(c.Args[0], name+" arg must be None or str")
		if err != nil {
			return nil, TypeErrorf("%s arg must be None or str", name)
		}
		return chars(self.(string), cut), nil
	}
}

// strRange applies the optional start and end arguments of find and its like; it
// returns the part to look at and its offset in characters. ok is false where start
// lies behind the end.
func strRange(s string, bounds []Value) (part string, start int, ok bool, err error) {
	n := strLen(s)
	from, to := 0, n
	for i, v := range bounds {
		if v == nil {
			continue
		}
		at, err := sliceIndex(v)
		if err != nil {
			return "", 0, false, err
		}
		if at < 0 {
			at = max(at+n, 0)
		}
		if i == 0 {
			from = at
		} else {
			to = min(at, n)
		}
	}
	if from > to || from > n {
		return "", 0, false, nil
	}
	return substring(s, from, to), from, true, nil
}

func strFind(name string, find func(string, string) int, must bool) methodFunc {
	return func(self Value, c *Call) (Value, error) {
		if err := argCount("str."+name, c, 1, 3); err != nil {
			return nil, err
		}
		sub, err := strArg(c.Args[0], "must be str, not %s")
		if err != nil {
			return nil, err
		}
		part, start, ok, err := strRange(self.(string), c.Args[1:])
		if err != nil {
			return nil, err
		}
		i := -1
		if ok {
			i = find(part, sub)
		}
		switch {
		case i >= 0:
			return int64(start + strLen(part[:i])), nil
		case must:
			return nil, ValueErrorf("substring not found")
		}
		return int64(-1), nil
	}
}

func strCount(self Value, c *Call) (Value, error) {
	if err := argCount("str.count", c, 1, 3); err != nil {
		return nil, err
	}
	sub, err := strArg(c.Args[0], "must be str, not %s")
	if err != nil {
		return nil, err
	}
	part, _, ok, err := strRange(self.(string), c.Args[1:])
	if err != nil || !ok {
		return int64(0), err
	}
	return int64(strings.Count(part, sub)), nil
}

// strAffix is startswith and endswith.
func strAffix(name string, has func(string, string) bool) methodFunc {
	return func(self Value, c *Call) (Value, error) {
		if err := argCount("str."+name, c, 1, 3); err != nil {
			return nil, err
		}
		affixes := []Value{c.Args[0]}
		if t, ok := c.Args[0].(Tuple); ok {
			affixes = t
		}
		part, _, inside, err := strRange(self.(string), c.Args[1:])
		if err != nil {
			return nil, err
		}
		for _, a := range affixes {
			s, ok := a.(string)
			if !ok {
				return nil, TypeErrorf("%s first arg must be str or a tuple of str, not %s", name, TypeName(a))
			}
			if inside && has(part, s) {
				return true, nil
			}
		}
		return false, nil
	}
}

func strRemove(name string, remove func(string, string) string) methodFunc {
	return func(self Value, c *Call) (Value, error) {
		if err := argCount("str."+name, c, 1, 1); err != nil {
			return nil, err
		}
		s, err := strArg(c.Args[0], name+"() argument must be str, not %s")
		if err != nil {
			return nil, err
		}
		return remove(self.(string), s), nil
	}
}

func strReplace(self Value, c *Call) (Value, error) {
	if err := argCount("str.replace", c, 2, 3); err != nil {
		return nil, err
	}
	n := int64(-1)
	if len(c.Args) == 3 {
		var ok bool
		if n, ok = asInt64(c.Args[2]); !ok {
			return nil, TypeErrorf("'%s' object cannot be interpreted as an integer", TypeName(c.Args[2]))
		}
	}
	old, err := strArg(c.Args[0], "replace() argument 1 must be str, not %s")
	if err != nil {
		return nil, err
	}
	with, err := strArg(c.Args[1], "replace() argument 2 must be str, not %s")
	if err != nil {
		return nil, err
	}
	return replaceString(self.(string), old, with, int(n))
}

// replaceString is Python's str.replace, which does not make endless texts here.
func replaceString(s, old, with string, n int) (Value, error) {
	count := strings.Count(s, old)
	if n >= 0 {
		count = min(count, n)
	}
	if len(with) > 0 && count > maxRepeat/len(with) {
		return nil, errTooLarge
	}
	return strings.Replace(s, old, with, n), nil
}

func strJoin(self Value, c *Call) (Value, error) {
	if err := argCount("str.join", c, 1, 1); err != nil {
		return nil, err
	}
	elems, err := Iterate(c.Args[0])
	if err != nil {
		if isKind(err, "TypeError") {
			err = TypeErrorf("can only join an iterable")
		}
		return nil, err
	}
	parts := make([]string, len(elems))
	size := len(self.(string)) * len(elems)
	for i, e := range elems {
		s, ok := e.(string)
		if !ok {
			return nil, TypeErrorf("sequence item %d: expected str instance, %s found", i, TypeName(e))
		}
		parts[i] = s
		size += len(s)
	}
	if size > maxRepeat {
		return nil, errTooLarge
	}
	return strings.Join(parts, self.(string)), nil
}

func strPartition(name string, find func(string, string) int) methodFunc {
	return func(self Value, c *Call) (Value, error) {
		if err := argCount("str."+name, c, 1, 1); err != nil {
			return nil, err
		}
		sep, err := strArg(c.Args[0], "must be str, not %s")
		if err != nil {
			return nil, err
		}
		if sep == "" {
			return nil, ValueErrorf("empty separator")
		}
		s := self.(string)
		i := find(s, sep)
		switch {
		case i >= 0:
			return Tuple{s[:i], sep, s[i+len(sep):]}, nil
		case name == "partition":
			return Tuple{s, "", ""}, nil
		}
		return Tuple{"", "", s}, nil
	}
}
