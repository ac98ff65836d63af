package report

import (
	"strings"
	"unicode"

	"github.com/mattn/go-runewidth"
)

// Style colours text where it is on and leaves it alone where it is not.
type Style struct{ On bool }

// WantColour applies the rules for colour: FORCE_COLOR beats NO_COLOR and TERM=dumb,
// which beat the question whether the output is a terminal.
func WantColour(env func(string) (string, bool), terminal bool) bool {
	if v, ok := env("FORCE_COLOR"); ok && v != "" {
		return v != "0" && v != "false"
	}
	if v, ok := env("NO_COLOR"); ok && v != "" {
		return false
	}
	if v, _ := env("TERM"); v == "dumb" {
		return false
	}
	return terminal
}

func (s Style) wrap(code, text string) string {
	if !s.On || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// Bold makes text bold.
func (s Style) Bold(text string) string { return s.wrap("1", text) }

// Dim makes text recede.
func (s Style) Dim(text string) string { return s.wrap("2", text) }

// Red is for what failed.
func (s Style) Red(text string) string { return s.wrap("31", text) }

// Green is for what went well.
func (s Style) Green(text string) string { return s.wrap("32", text) }

// Yellow is for warnings.
func (s Style) Yellow(text string) string { return s.wrap("33", text) }

// Blue is for pointers and rules.
func (s Style) Blue(text string) string { return s.wrap("34", text) }

// Width is the number of terminal columns a text takes.
func Width(text string) int { return runewidth.StringWidth(text) }

// pad appends spaces up to a width in columns.
func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-Width(text)))
}

// padLeft prepends spaces up to a width in columns.
func padLeft(text string, width int) string {
	return strings.Repeat(" ", max(0, width-Width(text))) + text
}

// clip cuts a text to a width in columns and marks the cut.
func clip(text string, width int) string {
	if Width(text) <= width {
		return text
	}
	return runewidth.Truncate(text, max(width, 1), "…")
}

// clean makes a text that came from a file or from data safe for one line of a
// terminal: line ends and tabs are written as escapes, other control characters as
// the replacement character.
func clean(text string) string {
	if !strings.ContainsFunc(text, unprintable) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case unprintable(r):
			b.WriteRune(unicode.ReplacementChar)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// unprintable reports control characters and those that turn the direction of text.
func unprintable(r rune) bool {
	return unicode.IsControl(r) || (r >= 0x202a && r <= 0x202e) || (r >= 0x2066 && r <= 0x2069)
}
