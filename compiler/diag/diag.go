// Package diag holds source positions and the diagnostics elt reports about a
// person's files and data.
//
// It is a leaf: it imports nothing else of elt, so every other package may
// import it. A [Diagnostic] holds facts (severity, code, message, place, notes,
// hint); how they look on a terminal, in JSON or in a CI log is decided
// elsewhere. Positions are byte offsets inside a [Source]; line and column are
// computed only when somebody asks. Start reading at [Diagnostic].
package diag

import (
	"fmt"
	"sort"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Source is one text that positions point into: a file of the project, or a
// text made on the way (an inline query). Its methods are safe for concurrent use.
type Source struct {
	Path string // slash-separated, relative to the project's root where possible
	Text string // the content positions refer to, exactly as it was parsed

	// First is the number of the text's first line, for a piece of a long file; 0 means 1.
	First int

	once  sync.Once
	lines []int // byte offset of the start of each line
}

// NewSource returns a source with the given path and text.
func NewSource(path, text string) *Source { return &Source{Path: path, Text: text} }

func (s *Source) index() {
	s.once.Do(func() {
		s.lines = append(s.lines, 0)
		for i := 0; i < len(s.Text); i++ {
			if s.Text[i] == '\n' {
				s.lines = append(s.lines, i+1)
			}
		}
	})
}

// Position returns the line and the column of a byte offset, both counted from
// 1, the column in characters. Offsets outside the text are clamped to it.
func (s *Source) Position(offset int) (line, column int) {
	s.index()
	offset = min(max(offset, 0), len(s.Text))
	line = sort.Search(len(s.lines), func(i int) bool { return s.lines[i] > offset })
	start := s.lines[line-1]
	return line + s.before(), utf8.RuneCountInString(s.Text[start:offset]) + 1
}

// Line returns the text of a line (counted from 1) without its line end, and
// the byte offset at which it starts. A line that does not exist is empty.
func (s *Source) Line(line int) (text string, start int) {
	s.index()
	line -= s.before()
	if line < 1 || line > len(s.lines) {
		return "", len(s.Text)
	}
	start = s.lines[line-1]
	end := len(s.Text)
	if line < len(s.lines) {
		end = s.lines[line] - 1
	}
	return strings.TrimSuffix(s.Text[start:end], "\r"), start
}

// before is how many lines of the file come before the text.
func (s *Source) before() int { return max(s.First-1, 0) }

// Lines returns how many lines the text has; an empty text has one.
func (s *Source) Lines() int {
	s.index()
	return len(s.lines)
}

// Offset returns the byte offset of a line and a column in bytes, both counted
// from 1, clamped to the text. It is for parsers that speak line and column.
func (s *Source) Offset(line, byteColumn int) int {
	text, start := s.Line(line)
	return start + min(max(byteColumn-1, 0), len(text))
}

// Span is a range of byte offsets, End excluded.
type Span struct{ Start, End int }

// Place is a span of a source. The zero Place means "nowhere in particular".
type Place struct {
	Source *Source
	Span   Span
}

// IsZero reports whether the place points nowhere.
func (p Place) IsZero() bool { return p.Source == nil }

// OfWord is the place of a word in what begins at a place, and the place itself where it is not
// there; other where the place is not known.
func (p Place) OfWord(other Place, word string) Place {
	if p.IsZero() {
		return other
	}
	text := p.Source.Text
	isLetter := func(at int) bool {
		return at >= 0 && at < len(text) && (text[at] == '_' || unicode.IsLetter(rune(text[at])) || unicode.IsDigit(rune(text[at])))
	}
	for at := p.Span.Start; word != "" && at < len(text); at++ {
		i := strings.Index(text[at:], word)
		if i < 0 {
			break
		}
		at += i
		if !isLetter(at-1) && !isLetter(at+len(word)) {
			p.Span = Span{Start: at, End: at + len(word)}
			break
		}
	}
	return p
}

// String returns "path:line:column", the path alone for a source that is empty,
// and "" for the zero place.
func (p Place) String() string {
	if p.Source == nil {
		return ""
	}
	line, column := p.Source.Position(p.Span.Start)
	return fmt.Sprintf("%s:%d:%d", p.Source.Path, line, column)
}

// Text returns the text the place covers.
func (p Place) Text() string {
	if p.Source == nil {
		return ""
	}
	end := min(p.Span.End, len(p.Source.Text))
	return p.Source.Text[min(p.Span.Start, end):end]
}

// Severity says how bad a diagnostic is.
type Severity int

// The severities. The zero value is an error, so that a forgotten severity is
// never taken lightly.
const (
	Error Severity = iota
	Warning
	Remark // nothing is wrong; it is said so that nobody is surprised
)

// String returns "error", "warning" or "note".
func (s Severity) String() string {
	switch s {
	case Warning:
		return "warning"
	case Remark:
		return "note"
	}
	return "error"
}

// Note is a second place that helps to understand a diagnostic ("first declared
// here", one step of a cycle). Its place may be zero.
type Note struct {
	Message string
	Place   Place
}

// Diagnostic is one thing that is wrong, or dubious, in a person's project or
// data. Messages are lower case, have no full stop, name the thing in double
// quotes and say what is wrong; what to do about it is the hint.
type Diagnostic struct {
	Severity Severity
	Code     Code
	Message  string
	Place    Place
	Notes    []Note
	Hint     string
	Node     string // unique_id of the node concerned, or ""
	Event    string // dbt's name for the same warning ("NoNodeForYamlKey"), or ""
	Compiled *Place // the same place in the compiled SQL, where there is one
	Err      error  // the cause, or nil
}

// Error returns one plain line, "path:line:column: message".
func (d *Diagnostic) Error() string {
	if at := d.Place.String(); at != "" {
		return at + ": " + d.Message
	}
	return d.Message
}

// Unwrap returns the cause.
func (d *Diagnostic) Unwrap() error { return d.Err }

// New returns an error diagnostic at a place.
func New(code Code, place Place, format string, args ...any) *Diagnostic {
	return &Diagnostic{Code: code, Place: place, Message: fmt.Sprintf(format, args...)}
}

// Warn returns a warning diagnostic at a place.
func Warn(code Code, place Place, format string, args ...any) *Diagnostic {
	d := New(code, place, format, args...)
	d.Severity = Warning
	return d
}

// WithHint sets the hint and returns the diagnostic.
func (d *Diagnostic) WithHint(format string, args ...any) *Diagnostic {
	d.Hint = fmt.Sprintf(format, args...)
	return d
}

// WithEvent sets dbt's name for the same warning and returns the diagnostic.
func (d *Diagnostic) WithEvent(event string) *Diagnostic {
	d.Event = event
	return d
}

// WithNote adds a note and returns the diagnostic.
func (d *Diagnostic) WithNote(place Place, format string, args ...any) *Diagnostic {
	d.Notes = append(d.Notes, Note{Message: fmt.Sprintf(format, args...), Place: place})
	return d
}
