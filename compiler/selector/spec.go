// Package selector chooses nodes of a project as dbt's --select, --exclude and
// selectors.yml do.
//
// A selection is parsed to a [Spec], a tree of unions, intersections, differences
// and single criteria, and evaluated over a [Universe]: the nodes and their graph.
// The rules are dbt 1.11's, its treatment of tests included ("indirect selection").
// The package decides which nodes are meant and nothing else: it neither loads nor
// orders them, and does not know what a command does with them. The methods state,
// result and source_status, which compare with an earlier run, are decided by
// [Request.State]. Start reading at [Select] and [Parse].
package selector

import (
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"elt/compiler/diag"
)

// Op says what a [Spec] is.
type Op int

// The operations.
const (
	Match        Op = iota // Criterion decides
	Union                  // what any of Parts selects
	Intersection           // what all of Parts select
	Difference             // what the first of Parts selects and no other one does
)

// Spec is a parsed selection.
type Spec struct {
	Op        Op
	Criterion *Criterion // for Match
	Parts     []*Spec    // for the others; a union of nothing selects nothing

	// Indirect is how tests are selected along; "" leaves it to the request.
	Indirect Indirect

	raw  string     // as written, for messages; "" if nobody wrote it
	at   diag.Place // in selectors.yml, or zero
	warn bool       // whether selecting nothing is worth a warning
}

// Criterion is one criterion: a method, its value and the neighbours wanted too.
type Criterion struct {
	Method string   // "fqn", "tag", "config", ...
	Args   []string // "materialized" of config.materialized
	Value  string

	// Typed is the value as YAML types it, where it is not a string: config compares
	// with it. It is a bool, int64 or float64, or nil.
	Typed any

	ChildrensParents bool // "@" in front
	Parents          bool // "+" in front
	ParentsDepth     int  // with Parents: how many levels, -1 for all
	Children         bool // "+" behind
	ChildrenDepth    int  // with Children: how many levels, -1 for all
}

// Indirect is a mode of selecting tests that no criterion names.
type Indirect string

// The modes, by dbt's names.
const (
	Eager     Indirect = "eager"     // if any of their parents is selected
	Cautious  Indirect = "cautious"  // if all of their parents are
	Buildable Indirect = "buildable" // if all of their parents are, or are ancestors of what is
	Empty     Indirect = "empty"     // never
)

// valid reports whether the mode is one of dbt's.
func (i Indirect) valid() bool {
	return i == Eager || i == Cautious || i == Buildable || i == Empty
}

// indirectModes is what valid accepts, for messages.
const indirectModes = `"eager", "cautious", "buildable" or "empty"`

// Parse reads one argument of --select or --exclude: criteria with commas between
// are intersected, with white space between united. In double quotes both are a part of a
// name, which dbt cannot select.
func Parse(spec string) (*Spec, *diag.Diagnostic) {
	union := &Spec{Op: Union, raw: spec}
	words := splitQuoted(spec, unicode.IsSpace)
	if len(words) == 0 {
		// A script that selects the value of an empty variable wants nothing, not all.
		union.warn = true
	}
	for _, word := range words {
		both := &Spec{Op: Intersection, raw: word, warn: true}
		for _, text := range splitQuoted(word, func(r rune) bool { return r == ',' }) {
			one, d := parseCriterion(unquote(text))
			if d != nil {
				return nil, d
			}
			both.Parts = append(both.Parts, one)
		}
		union.Parts = append(union.Parts, both)
	}
	return union, nil
}

// splitQuoted splits where a character separates that stands in no pair of double quotes.
// White space never makes an empty part; another separator does, as in dbt.
func splitQuoted(text string, separates func(rune) bool) []string {
	var parts []string
	start, quoted := 0, false
	cut := func(end int) {
		if part := text[start:end]; part != "" || !separates(' ') {
			parts = append(parts, part)
		}
	}
	for i, r := range text {
		switch {
		case r == '"':
			quoted = !quoted && strings.Contains(text[i+1:], `"`)
		case !quoted && separates(r):
			cut(i)
			start = i + utf8.RuneLen(r)
		}
	}
	cut(len(text))
	return parts
}

// unquote takes pairs of double quotes out of a criterion.
func unquote(text string) string {
	if strings.Count(text, `"`)%2 != 0 {
		return text
	}
	return strings.ReplaceAll(text, `"`, "")
}

// parseCriterion reads "@", "2+", "method.arg:", value and "+3".
func parseCriterion(text string) (*Spec, *diag.Diagnostic) {
	c := &Criterion{ParentsDepth: -1, ChildrenDepth: -1}
	rest := text
	rest, c.ChildrensParents = strings.CutPrefix(rest, "@")
	if digits := leadingDigits(rest); strings.HasPrefix(rest[digits:], "+") {
		c.Parents, c.ParentsDepth = true, depth(rest[:digits])
		rest = rest[digits+1:]
	}
	method, value, named := cutMethod(rest)
	if before, after, ok := cutChildren(value); ok {
		c.Children, c.ChildrenDepth = true, depth(after)
		value = before
	}
	c.Value = value
	if named {
		c.Method, c.Args = splitMethod(method)
	} else {
		c.Method = defaultMethod(value)
	}
	if d := c.check(text, diag.Place{}); d != nil {
		return nil, d
	}
	return &Spec{Op: Match, Criterion: c, raw: text}, nil
}

func leadingDigits(s string) int {
	return len(s) - len(strings.TrimLeft(s, "0123456789"))
}

// depth reads a number of levels; none is all.
func depth(digits string) int {
	if digits == "" {
		return -1
	}
	n, err := strconv.ParseInt(digits, 10, 32)
	if err != nil { // more digits than any graph is deep
		return math.MaxInt32
	}
	return int(n)
}

// cutMethod splits "method.arg:value". What stands before the first colon is a
// method only if it is made of letters, digits, "_" and ".".
func cutMethod(s string) (method, value string, ok bool) {
	method, value, ok = strings.Cut(s, ":")
	if !ok || method == "" || strings.ContainsFunc(method, func(r rune) bool { return !isMethodRune(r) }) {
		return "", s, false
	}
	return method, value, true
}

// splitMethod splits "config.meta.owner"; a method without keys has nil.
func splitMethod(text string) (method string, args []string) {
	method, rest, ok := strings.Cut(text, ".")
	if !ok {
		return method, nil
	}
	return method, strings.Split(rest, ".")
}

func isMethodRune(r rune) bool {
	return r == '_' || r == '.' || r >= 0x80 || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}

// cutChildren splits off a "+" or "+3" at the end.
func cutChildren(s string) (before, digits string, ok bool) {
	trimmed := strings.TrimRight(s, "0123456789")
	before, ok = strings.CutSuffix(trimmed, "+")
	if !ok {
		return s, "", false
	}
	return before, s[len(trimmed):], true
}

// defaultMethod is the method of a value that comes without one.
func defaultMethod(value string) string {
	lower := strings.ToLower(value)
	switch {
	case strings.Contains(value, "/"):
		return "path"
	case strings.HasSuffix(lower, ".sql"), strings.HasSuffix(lower, ".py"), strings.HasSuffix(lower, ".csv"):
		return "file"
	}
	return "fqn"
}

// String writes the criterion as [Parse] reads it, its method always named.
func (c *Criterion) String() string {
	var b strings.Builder
	if c.ChildrensParents {
		b.WriteByte('@')
	}
	if c.Parents {
		writeDepth(&b, c.ParentsDepth)
		b.WriteByte('+')
	}
	b.WriteString(c.prefix())
	b.WriteString(c.Value)
	if c.Children {
		b.WriteByte('+')
		writeDepth(&b, c.ChildrenDepth)
	}
	return b.String()
}

// prefix is the method, its keys and the colon.
func (c *Criterion) prefix() string {
	return strings.Join(append([]string{c.Method}, c.Args...), ".") + ":"
}

func writeDepth(b *strings.Builder, depth int) {
	if depth >= 0 {
		b.WriteString(strconv.Itoa(depth))
	}
}

// String writes the spec as [Parse] reads it where that can be said: a criterion, an
// intersection of criteria, a union of those. Everything else is for reading only.
func (s *Spec) String() string {
	switch s.Op {
	case Match:
		return s.Criterion.String()
	case Intersection:
		return s.join(",")
	case Union:
		return s.join(" ")
	}
	return s.join(" except ")
}

func (s *Spec) join(separator string) string {
	parts := make([]string, len(s.Parts))
	for i, p := range s.Parts {
		parts[i] = p.String()
		if p.Op != Match && p.Op != Intersection {
			parts[i] = "(" + parts[i] + ")"
		}
	}
	return strings.Join(parts, separator)
}
