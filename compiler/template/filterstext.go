package template

import (
	"net/url"
	"strings"
	"unicode"

	"elt/compiler/regex"
)

func filterIndent(_ *frame, v Value, c *Call) (Value, error) {
	var width Value = int64(4)
	var first, blank bool
	if err := c.Unpack("do_indent", "width?", &width, "first?", &first, "blank?", &blank); err != nil {
		return nil, err
	}
	indent, ok := width.(string)
	if !ok {
		n, isInt := asInt64(width)
		if !isInt {
			return nil, TypeErrorf("can't multiply sequence by non-int of type '%s'", TypeName(width))
		}
		indent = repeatString(" ", int(min(max(n, 0), maxRange)))
	}
	s, ok := v.(string)
	if !ok {
		if u, ok := v.(*Undefined); ok {
			return nil, u.fail()
		}
		return nil, unsupported("+=", v, "")
	}
	lines := splitLines(s+"\n", false)
	var b strings.Builder
	for i, line := range lines {
		if i > 0 {
			b.WriteByte('\n')
		}
		if i == 0 && first || i > 0 && (blank || line != "") {
			b.WriteString(indent)
		}
		b.WriteString(line)
	}
	return b.String(), nil
}

func filterTruncate(_ *frame, v Value, c *Call) (Value, error) {
	most, leeway := int64(255), int64(5)
	killwords, end := false, "..."
	err := c.Unpack("do_truncate", "length?", &most, "killwords?", &killwords, "end?", &end, "leeway?", &leeway)
	if err != nil {
		return nil, err
	}
	if most < int64(strLen(end)) {
		return nil, exceptionf("AssertionError", "expected length >= %d, got %d", strLen(end), most)
	}
	if leeway < 0 {
		return nil, exceptionf("AssertionError", "expected leeway >= 0, got %d", leeway)
	}
	s, ok := v.(string)
	if !ok {
		n, err := length(v)
		if err != nil || int64(n) <= most+leeway {
			return v, err
		}
		return nil, exceptionf("AttributeError", "'%s' object has no attribute 'rsplit'", TypeName(v))
	}
	if int64(strLen(s)) <= most+leeway {
		return s, nil
	}
	s = substring(s, 0, int(most)-strLen(end))
	if i := strings.LastIndexByte(s, ' '); !killwords && i >= 0 {
		s = s[:i]
	}
	return s + end, nil
}

var wordBeginning = regex.Lazy(`[-\s({\[<]+`)

// jinjaTitle is |title, which also starts a word behind a hyphen or a bracket.
func jinjaTitle(s string) Value {
	var b strings.Builder
	word := func(w string) {
		if w == "" {
			return
		}
		n := runeLen(w)
		b.WriteString(strings.ToUpper(specialUpper(w[:n])))
		b.WriteString(lower(w[n:]))
	}
	at := 0
	for _, m := range wordBeginning().FindAllStringIndex(s, -1) {
		word(s[at:m[0]])
		b.WriteString(s[m[0]:m[1]])
		at = m[1]
	}
	word(s[at:])
	return b.String()
}

func filterWordCount(_ *frame, v Value, c *Call) (Value, error) {
	if err := c.Unpack("do_wordcount"); err != nil {
		return nil, err
	}
	s, err := toText(v)
	if err != nil {
		return nil, err
	}
	words := strings.FieldsFunc(s, func(r rune) bool {
		return r != '_' && !unicode.IsLetter(r) && !unicode.Is(unicode.N, r)
	})
	return int64(len(words)), nil
}

var htmlEscaper = strings.NewReplacer("&", "&amp;", ">", "&gt;", "<", "&lt;", "'", "&#39;", `"`, "&#34;")

func filterEscape(_ *frame, v Value, c *Call) (Value, error) {
	if err := c.Unpack("escape"); err != nil {
		return nil, err
	}
	s, err := toText(v)
	if err != nil {
		return nil, err
	}
	return htmlEscaper.Replace(s), nil
}

var (
	htmlComment = regex.Lazy(`(?s)<!--.*?-->`)
	htmlTag     = regex.Lazy(`(?s)<.*?>`)
	htmlEntity  = strings.NewReplacer("&amp;", "&", "&gt;", ">", "&lt;", "<", "&#39;", "'", "&#34;", `"`, "&quot;", `"`, "&nbsp;", "\u00a0")
)

func filterStripTags(_ *frame, v Value, c *Call) (Value, error) {
	if err := c.Unpack("do_striptags"); err != nil {
		return nil, err
	}
	s, err := toText(v)
	if err != nil {
		return nil, err
	}
	s = htmlTag().ReplaceAllString(htmlComment().ReplaceAllString(s, ""), "")
	return htmlEntity.Replace(strings.Join(strings.FieldsFunc(s, isSpace), " ")), nil
}

func filterURLEncode(_ *frame, v Value, c *Call) (Value, error) {
	if err := c.Unpack("do_urlencode"); err != nil {
		return nil, err
	}
	quotePath := func(v Value) (string, error) {
		s, err := toText(v)
		return strings.NewReplacer("+", "%20", "%2F", "/", "%7E", "~").Replace(url.QueryEscape(s)), err
	}
	if _, ok := v.(string); ok {
		return quotePath(v)
	}
	it, err := iterate(v)
	if err != nil {
		return quotePath(v)
	}
	if d, ok := v.(*Dict); ok {
		it = newDictIterator(d, "items")
	}
	var parts []string
	for {
		e, ok, err := it.next()
		if err != nil {
			return nil, err
		}
		if !ok {
			return strings.Join(parts, "&"), nil
		}
		pair, err := Iterate(e)
		if err != nil {
			return nil, err
		}
		if len(pair) != 2 {
			return nil, ValueErrorf("not enough values to unpack (expected 2, got %d)", len(pair))
		}
		parts = append(parts, queryQuote(pair[0])+"="+queryQuote(pair[1]))
	}
}

func queryQuote(v Value) string { return strings.ReplaceAll(url.QueryEscape(Str(v)), "%7E", "~") }

var attrKeyEnd = regex.Lazy(`[\s/>=]`)

func filterXMLAttr(_ *frame, v Value, c *Call) (Value, error) {
	autospace := true
	if err := c.Unpack("do_xmlattr", "autospace?", &autospace); err != nil {
		return nil, err
	}
	d, ok := asDict(v)
	if !ok {
		return nil, exceptionf("AttributeError", "'%s' object has no attribute 'items'", TypeName(v))
	}
	var parts []string
	for _, e := range d.Items() {
		if _, undefined := e.Value.(*Undefined); undefined || e.Value == nil {
			continue
		}
		key, ok := e.Key.(string)
		if !ok {
			return nil, TypeErrorf("expected string or bytes-like object, got '%s'", TypeName(e.Key))
		}
		if attrKeyEnd().MatchString(key) {
			return nil, ValueErrorf("Invalid character in attribute name: %s", Repr(key))
		}
		parts = append(parts, htmlEscaper.Replace(key)+`="`+htmlEscaper.Replace(Str(e.Value))+`"`)
	}
	s := strings.Join(parts, " ")
	if autospace && s != "" {
		s = " " + s
	}
	return s, nil
}

// filterPrettyPrint prints the repr; what Python's pprint would break into lines
// stays on one.
func filterPrettyPrint(_ *frame, v Value, c *Call) (Value, error) {
	return Repr(v), c.Unpack("do_pprint")
}

// filterWordWrap breaks lines at spaces and behind hyphens.
func filterWordWrap(_ *frame, v Value, c *Call) (Value, error) {
	width, breakLong, breakHyphens := int64(79), true, true
	var with Value
	err := c.Unpack("do_wordwrap", "width?", &width, "break_long_words?", &breakLong,
		"wrapstring?", &with, "break_on_hyphens?", &breakHyphens)
	if err != nil {
		return nil, err
	}
	wrapstring := "\n"
	switch x := unmarked(with).(type) {
	case nil:
	case string:
		wrapstring = x
	case *Undefined:
		return nil, x.fail()
	default:
		return nil, exceptionf("AttributeError", "'%s' object has no attribute 'join'", TypeName(with))
	}
	s, ok := v.(string)
	if !ok {
		if u, ok := v.(*Undefined); ok {
			_, err := u.attr("splitlines")
			return "", err
		}
		return nil, exceptionf("AttributeError", "'%s' object has no attribute 'splitlines'", TypeName(v))
	}
	var out []string
	for _, line := range splitLines(s, false) {
		if width <= 0 {
			return nil, ValueErrorf("invalid width %d (must be > 0)", width)
		}
		out = append(out, strings.Join(wrapLine(line, int(width), breakLong, breakHyphens), wrapstring))
	}
	return strings.Join(out, wrapstring), nil
}

// wrapLine is Python's textwrap.wrap for one line.
func wrapLine(line string, width int, breakLong, breakHyphens bool) []string {
	var lines []string
	chunks := wrapChunks(line, breakHyphens)
	for len(chunks) > 0 {
		if len(lines) > 0 && strings.TrimFunc(chunks[0], isSpace) == "" {
			chunks = chunks[1:]
		}
		cur, n := "", 0
		kept := false // the space at the end: Python cuts the empty start of a long word instead
		for len(chunks) > 0 && n+strLen(chunks[0]) <= width {
			n += strLen(chunks[0])
			cur += chunks[0]
			chunks = chunks[1:]
		}
		if len(chunks) > 0 && strLen(chunks[0]) > width {
			take := strLen(chunks[0])
			if breakLong {
				take = longWordStart(chunks[0], max(width-n, 0), breakHyphens)
				kept = take == 0
			}
			if breakLong || cur == "" {
				at := byteOffset(chunks[0], take)
				cur += chunks[0][:at]
				if chunks[0] = chunks[0][at:]; chunks[0] == "" {
					chunks = chunks[1:]
				}
			}
		}
		if !kept {
			cur = strings.TrimRightFunc(cur, isSpace)
		}
		if cur != "" {
			lines = append(lines, cur)
		}
	}
	return lines
}

// longWordStart is how many characters of a word that is too long go into the room of a line.
func longWordStart(word string, room int, hyphens bool) int {
	if !hyphens {
		return room
	}
	start := substring(word, 0, min(room, strLen(word)))
	if i := strings.LastIndexByte(start, '-'); i > 0 && strings.Trim(start[:i], "-") != "" {
		return strLen(start[:i]) + 1
	}
	return room
}

// wrapChunks splits into words and the spaces between them; words are split behind
// hyphens that join letters.
func wrapChunks(s string, hyphens bool) []string {
	var chunks []string
	for s != "" {
		n := strings.IndexFunc(s, func(r rune) bool { return isSpace(r) != isSpace([]rune(s)[0]) })
		if n < 0 {
			n = len(s)
		}
		word := s[:n]
		s = s[n:]
		for hyphens {
			i := hyphenBreak(word)
			if i < 0 {
				break
			}
			chunks = append(chunks, word[:i])
			word = word[i:]
		}
		if word != "" {
			chunks = append(chunks, word)
		}
	}
	return chunks
}

func hyphenBreak(word string) int {
	for i := 2; i < len(word)-2; i++ {
		if word[i] == '-' && isLetterByte(word[i-1]) && isLetterByte(word[i-2]) && isLetterByte(word[i+1]) && isLetterByte(word[i+2]) {
			return i + 1
		}
	}
	return -1
}

func isLetterByte(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80 }
