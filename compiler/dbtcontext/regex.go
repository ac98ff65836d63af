package dbtcontext

import (
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/dlclark/regexp2/v2"

	"elt/compiler/template"
)

// Python's flags of re, which are numbers.
const (
	reIgnoreCase = 2
	reLocale     = 4
	reMultiline  = 8
	reDotAll     = 16
	reUnicode    = 32
	reVerbose    = 64
	reDebug      = 128
	reASCII      = 256
)

var reFlags = map[string]int64{
	"I": reIgnoreCase, "IGNORECASE": reIgnoreCase, "L": reLocale, "LOCALE": reLocale,
	"M": reMultiline, "MULTILINE": reMultiline, "S": reDotAll, "DOTALL": reDotAll,
	"U": reUnicode, "UNICODE": reUnicode, "X": reVerbose, "VERBOSE": reVerbose,
	"A": reASCII, "ASCII": reASCII, "DEBUG": reDebug, "NOFLAG": 0,
}

const (
	// regexTimeout ends a pattern that backtracks without end.
	regexTimeout = 5 * time.Second
	// maxPatterns is how many compiled patterns a project keeps.
	maxPatterns = 512
)

// reModule is modules.re. It keeps compiled patterns, as Python does.
type reModule struct {
	mu       sync.Mutex
	compiled map[string]*pattern
}

// pattern is a compiled regular expression: re.Pattern.
type pattern struct {
	text  string
	flags int64
	re    *regexp2.Regexp // for ASCII texts

	once    sync.Once
	unicode *regexp2.Regexp // for others, where the classes of .NET are not those of Python
	err     error
}

// compiled is the expression for a text.
func (p *pattern) compiled(text string) (*regexp2.Regexp, error) {
	if isASCII(text) {
		return p.re, nil
	}
	p.once.Do(func() { p.unicode, p.err = p.compile("", "", false) })
	return p.unicode, p.err
}

func isASCII(text string) bool {
	return strings.IndexFunc(text, func(r rune) bool { return r > unicode.MaxASCII }) < 0
}

// TypeName is the Python type name.
func (*reModule) TypeName() string { return "dict" }

// Attr returns what the module exports.
func (m *reModule) Attr(name string) (template.Value, bool) {
	if flag, ok := reFlags[name]; ok {
		return flag, true
	}
	switch name {
	case "compile":
		return bind("re.compile", func(c *template.Call) (template.Value, error) {
			var text template.Value
			var flags int64
			if err := c.Unpack(name, "pattern", &text, "flags?", &flags); err != nil {
				return nil, err
			}
			p, err := m.pattern(text, flags)
			if err != nil {
				return nil, err
			}
			return p, nil
		})
	case "escape":
		return bind("re.escape", func(c *template.Call) (template.Value, error) {
			var text string
			if err := c.Unpack(name, "pattern", &text); err != nil {
				return nil, err
			}
			return escapeRegex(text), nil
		})
	case "purge":
		return bind("re.purge", answers(func() template.Value { return nil }))
	}
	if spec, ok := regexCalls[name]; ok {
		return bind("re."+name, func(c *template.Call) (template.Value, error) { return m.call(c, name, spec) })
	}
	return nil, false
}

// regexCall is a function of the module that is a method of a pattern too.
type regexCall struct {
	params []string // after the pattern; flags come last
	run    func(p *pattern, a []template.Value, c *template.Call) (template.Value, error)
}

var regexCalls = map[string]regexCall{
	"match": {[]string{"string"}, func(p *pattern, a []template.Value, _ *template.Call) (template.Value, error) {
		return p.first(a, `\A`, "")
	}},
	"fullmatch": {[]string{"string"}, func(p *pattern, a []template.Value, _ *template.Call) (template.Value, error) {
		return p.first(a, `\A`, `\z`)
	}},
	"search": {[]string{"string"}, func(p *pattern, a []template.Value, _ *template.Call) (template.Value, error) {
		return p.first(a, "", "")
	}},
	"findall":  {[]string{"string"}, func(p *pattern, a []template.Value, _ *template.Call) (template.Value, error) { return p.findAll(a) }},
	"finditer": {[]string{"string"}, func(p *pattern, a []template.Value, _ *template.Call) (template.Value, error) { return p.findIter(a) }},
	"split":    {[]string{"string", "maxsplit?"}, func(p *pattern, a []template.Value, _ *template.Call) (template.Value, error) { return p.split(a) }},
	"sub": {[]string{"repl", "string", "count?"}, func(p *pattern, a []template.Value, c *template.Call) (template.Value, error) {
		text, _, err := p.sub(a, c)
		return text, err
	}},
	"subn": {[]string{"repl", "string", "count?"}, func(p *pattern, a []template.Value, c *template.Call) (template.Value, error) {
		text, n, err := p.sub(a, c)
		return template.Tuple{text, n}, err
	}},
}

// call is a function of the module: the pattern is its first argument.
func (m *reModule) call(c *template.Call, name string, spec regexCall) (template.Value, error) {
	var text template.Value
	var flags int64
	args := make([]template.Value, len(spec.params))
	list := []any{"pattern", &text}
	for i, name := range spec.params {
		list = append(list, name, &args[i])
	}
	if err := c.Unpack(name, append(list, "flags?", &flags)...); err != nil {
		return nil, err
	}
	p, err := m.pattern(text, flags)
	if err != nil {
		return nil, err
	}
	return spec.run(p, args, c)
}

func (m *reModule) pattern(v template.Value, flags int64) (*pattern, error) {
	if p, ok := v.(*pattern); ok {
		return p, nil
	}
	text, ok := v.(string)
	if !ok {
		return nil, template.TypeErrorf("first argument must be string or compiled pattern")
	}
	key := fmt.Sprintf("%d %s", flags, text)
	m.mu.Lock()
	defer m.mu.Unlock()
	if p, ok := m.compiled[key]; ok {
		return p, nil
	}
	p := &pattern{text: text, flags: flags}
	var err error
	if p.re, err = p.compile("", "", true); err != nil {
		return nil, err
	}
	if m.compiled == nil || len(m.compiled) >= maxPatterns {
		m.compiled = map[string]*pattern{}
	}
	m.compiled[key] = p
	return p, nil
}

// compile compiles the pattern with anchors around it. ascii says that it is for texts of
// ASCII alone.
func (p *pattern) compile(before, after string, ascii bool) (*regexp2.Regexp, error) {
	text, global := pythonRegex(p.text, nil)
	switch {
	case (p.flags|global)&reASCII != 0:
		text, _ = pythonRegex(p.text, asciiClasses)
	case !ascii:
		text, _ = pythonRegex(p.text, unicodeClasses)
	}
	opts := regexp2.None
	for flag, opt := range map[int64]regexp2.RegexOptions{
		reIgnoreCase: regexp2.IgnoreCase, reMultiline: regexp2.Multiline,
		reDotAll: regexp2.Singleline, reVerbose: regexp2.IgnorePatternWhitespace,
	} {
		if (p.flags|global)&flag != 0 {
			opts |= opt
		}
	}
	if before != "" || after != "" {
		closing := ")"
		if opts&regexp2.IgnorePatternWhitespace != 0 {
			closing = "\n)" // the pattern may end in a comment
		}
		text = before + "(?:" + text + closing + after
	}
	re, err := regexp2.Compile(text, opts, regexp2.OptionMaintainCaptureOrder())
	if err != nil {
		return nil, &template.Exception{Kind: "re.error", Message: fmt.Sprintf("the regular expression %q is not valid: %v", p.text, err)}
	}
	re.MatchTimeout = regexTimeout
	return re, nil
}

// pythonRegex rewrites what Python writes in another way than .NET, and takes
// flags at the start of the pattern out of it. classes are the characters of \w, \d and \s
// where they are not those of .NET.
func pythonRegex(text string, classes map[byte]string) (string, int64) {
	var b strings.Builder
	var global int64
	if m := leadingFlags(text); m > 0 {
		for _, f := range text[2 : m-1] {
			global |= reFlags[strings.ToUpper(string(f))]
		}
		text = text[m:]
	}
	inClass := false
	for i := 0; i < len(text); i++ {
		rest := text[i:]
		switch {
		case rest[0] == '\\' && len(rest) > 1:
			b.WriteString(escaped(rest[:2], inClass, classes))
			i++
		case inClass:
			inClass = rest[0] != ']'
			if rest[0] == '[' { // .NET would begin a subtraction or a class name
				b.WriteByte('\\')
			}
			b.WriteByte(rest[0])
		case rest[0] == '[':
			inClass = true
			n := 1
			if strings.HasPrefix(rest[n:], "^") {
				n++
			}
			b.WriteString(rest[:n])
			if strings.HasPrefix(rest[n:], "]") { // a first ] is a character
				b.WriteString(`\]`)
				n++
			}
			i += n - 1
		case strings.HasPrefix(rest, "(?P<"):
			b.WriteString("(?<")
			i += len("(?P<") - 1
		case strings.HasPrefix(rest, "(?P="):
			end := strings.IndexByte(rest, ')')
			if end < 0 {
				b.WriteString(rest)
				return b.String(), global
			}
			b.WriteString(`\k<` + rest[len("(?P="):end] + ">")
			i += end
		case strings.HasPrefix(rest, "{,"):
			b.WriteString("{0,")
			i++
		default:
			b.WriteByte(rest[0])
		}
	}
	return b.String(), global
}

// What Python means by \w, \d and \s, as the inside of a class: with re.ASCII, and in texts
// that are not ASCII. .NET takes marks for letters, and numbers that are no digits, such as
// the half sign, not.
var (
	asciiClasses   = map[byte]string{'w': "a-zA-Z0-9_", 'd': "0-9", 's': ` \t\n\r\f\v`}
	unicodeClasses = map[byte]string{'w': `\p{L}\p{N}_`, 'd': `\p{Nd}`, 's': `\s\x1c-\x1f`}
)

// escaped is a backslash and a character, in a class or not.
func escaped(text string, inClass bool, classes map[byte]string) string {
	c := text[1]
	switch class := classes[c|0x20]; {
	case c == 'Z' && !inClass:
		return `\z`
	case (c == 'b' || c == 'B') && !inClass && classes != nil:
		word := "[" + classes['w'] + "]"
		if c == 'b' {
			return "(?:(?<=" + word + ")(?!" + word + ")|(?<!" + word + ")(?=" + word + "))"
		}
		return "(?:(?<=" + word + ")(?=" + word + ")|(?<!" + word + ")(?!" + word + "))"
	case class == "":
	case inClass && c == c|0x20:
		return class
	case !inClass && c == c|0x20:
		return "[" + class + "]"
	case !inClass:
		return "[^" + class + "]"
	}
	return text
}

// leadingFlags is the length of a (?flags) at the start of a pattern, or 0.
func leadingFlags(text string) int {
	if !strings.HasPrefix(text, "(?") {
		return 0
	}
	n := 2
	for n < len(text) && strings.IndexByte("aiLmsux", text[n]) >= 0 {
		n++
	}
	if n > 2 && n < len(text) && text[n] == ')' {
		return n + 1
	}
	return 0
}

// escapeRegex is re.escape.
func escapeRegex(text string) string {
	var b strings.Builder
	for _, r := range text {
		if strings.ContainsRune("()[]{}?*+-|^$\\.&~# \t\n\r\v\f", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// TypeName is the Python type name.
func (p *pattern) TypeName() string { return "re.Pattern" }

// Str is Python's repr of a pattern, flags aside.
func (p *pattern) Str() string { return "re.compile(" + template.Repr(p.text) + ")" }

// Attr returns an attribute or a method.
func (p *pattern) Attr(name string) (template.Value, bool) {
	switch name {
	case "pattern":
		return p.text, true
	case "flags":
		return p.flags | reUnicode, true
	case "groups":
		return int64(len(p.re.GetGroupNumbers()) - 1), true
	}
	spec, ok := regexCalls[name]
	if !ok {
		return nil, false
	}
	return bind(name, func(c *template.Call) (template.Value, error) {
		args := make([]template.Value, len(spec.params))
		var list []any
		for i, param := range spec.params {
			list = append(list, param, &args[i])
		}
		if err := c.Unpack(name, list...); err != nil {
			return nil, err
		}
		return spec.run(p, args, c)
	})
}
