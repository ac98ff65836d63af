package culprit

import (
	"regexp"
	"slices"
	"strings"

	"elt/compiler/diag"
)

// telling are the words that tell in an expression what a message is about.
var telling = []struct {
	message *regexp.Regexp
	words   []string
}{
	{regexp.MustCompile(`^Overflow in (?:\w+ )?addition`), []string{"+"}},
	{regexp.MustCompile(`^Overflow in (?:\w+ )?subtraction`), []string{"-"}},
	{regexp.MustCompile(`^Overflow in (?:\w+ )?multiplication`), []string{"*"}},
	{regexp.MustCompile(`^Overflow in (?:\w+ )?division`), []string{"/", "//"}},
	{regexp.MustCompile(`^Could not parse string `), []string{"strptime"}},
	{regexp.MustCompile(`^cannot take logarithm `), []string{"ln", "log", "log2", "log10"}},
	{regexp.MustCompile(`^cannot take square root `), []string{"sqrt"}},
	{regexp.MustCompile(`^(?:Could not convert|Could not cast|Failed to cast|Type \S+ with value)`), []string{"cast", "::"}},
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
		if t.message.MatchString(message) {
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
