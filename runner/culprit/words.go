package culprit

import (
	"regexp"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/regex"
)

// telling are the words that tell in an expression what a message is about.
var telling = []struct {
	message func() *regexp.Regexp
	words   []string
}{
	{regex.Lazy(`^Overflow in (?:\w+ )?addition`), []string{"+"}},
	{regex.Lazy(`^Overflow in (?:\w+ )?subtraction`), []string{"-"}},
	{regex.Lazy(`^Overflow in (?:\w+ )?multiplication`), []string{"*"}},
	{regex.Lazy(`^Overflow in (?:\w+ )?division`), []string{"/", "//"}},
	{regex.Lazy(`^Could not parse string `), []string{"strptime"}},
	{regex.Lazy(`^cannot take logarithm `), []string{"ln", "log", "log2", "log10"}},
	{regex.Lazy(`^cannot take square root `), []string{"sqrt"}},
	{regex.Lazy(`^(?:Could not convert|Could not cast|Failed to cast|Type \S+ with value)`), []string{"cast", "::"}},
}

// Narrow is the place within an expression that a message of DuckDB is about, if it can be
// told by a word that occurs once; else the expression, as far as its first line goes.
func Narrow(sql string, at diag.Span, message string) diag.Span {
	line, _, several := strings.Cut(sql[at.Start:at.End], "\n")
	if !several {
		return at
	}
	words := []string{"error"} // a message of the query's own
	for _, t := range telling {
		if t.message().MatchString(message) {
			words = t.words
		}
	}
	var found []diag.Span
	for _, tok := range cut(sql[at.Start:at.End]) {
		if slices.Contains(words, strings.ToLower(tok.text(sql[at.Start:at.End]))) {
			found = append(found, diag.Span{Start: at.Start + tok.Span.Start, End: at.Start + tok.Span.End})
		}
	}
	if len(found) == 1 {
		return found[0]
	}
	return diag.Span{Start: at.Start, End: at.Start + len(strings.TrimRight(line, " \t\r"))}
}
