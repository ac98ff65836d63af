package duckdb

import (
	"regexp"
	"strconv"
	"strings"

	"elt/compiler/regex"
	"elt/runner/engine"
)

// fileNames are the ways in which DuckDB's readers name the file they failed on.
var fileNames = []func() *regexp.Regexp{
	regex.Lazy(`(?m)^  file = (.+)$`),
	regex.Lazy(`(?m)^Current file: (.+)$`),
	regex.Lazy(`[Ff]ile "([^"\n]+)"`),
	regex.Lazy(`[Ff]ile '([^'\n]+)'`),
	regex.Lazy(`match the pattern "([^"\n]+)"`),
}

var (
	csvLine     = regex.Lazy(`^CSV Error on Line: (\d+)`)
	csvOriginal = regex.Lazy(`(?m)^Original Line: (.*)$`)
	csvColumn   = regex.Lazy(`Error when converting column "(.*?)"\.`)
	badValue    = regex.Lazy(`(?s)(?:Could not convert string|Could not parse string|Failed to cast value to [a-z]+:|cast to \w+ failed:) "(.*?)"(?: |\n|$)`)
	jsonLine    = regex.Lazy(`in line (\d+)`)
	sniffed     = regex.Lazy(`(?m)^\* Columns are set as: .*? and they contain: (\d+) columns\. .*? found by the sniffer: (\d+)`)
)

// maxText is how much of a line of a file an error carries.
const maxText = 200

// addFile fills in where in a raw file a value could not be read, and cuts the
// reader's long advice from the message. whole is DuckDB's text, which stays in e.Err.
func addFile(e *engine.Error, whole string) {
	for _, name := range fileNames {
		if m := name().FindStringSubmatch(whole); m != nil {
			e.File = m[1]
			break
		}
	}
	switch {
	case strings.HasPrefix(whole, "CSV Error on Line: "):
		addCSV(e, whole)
	case strings.HasPrefix(whole, "Error when sniffing file"):
		e.Message = "it was not possible to detect how the CSV file is written"
		if m := sniffed().FindStringSubmatch(whole); m != nil {
			e.Message += ": " + m[1] + " columns are declared, the file has " + m[2]
		}
	case strings.Contains(whole, "JSON in file ") || strings.HasPrefix(whole, "JSON transform error"):
		addJSON(e, whole)
	}
}

func addCSV(e *engine.Error, whole string) {
	if m := csvLine().FindStringSubmatch(whole); m != nil {
		e.Line, _ = strconv.ParseInt(m[1], 10, 64)
	}
	if m := csvOriginal().FindStringSubmatch(whole); m != nil {
		e.Text = shorten(m[1])
	}
	e.Message = csvMessage(whole)
	if m := csvColumn().FindStringSubmatch(whole); m != nil {
		e.ColumnName = m[1]
		if v := badValue().FindStringSubmatch(whole); v != nil {
			e.Text = shorten(v[1])
		}
	}
}

// csvAdvice begins what follows the message of a CSV error: advice and options.
var csvAdvice = regex.Lazy(`(?m)^(?:Possible (?:fixes|[Ss]olutions?)\b|  file = )`)

// csvMessage is the line of a CSV error that says what is wrong: the last one before
// the advice, for the original line before it may itself have several lines.
func csvMessage(whole string) string {
	if at := csvColumn().FindStringIndex(whole); at != nil {
		line, _, _ := strings.Cut(whole[at[0]:], "\n\n")
		return line
	}
	head := whole
	if at := csvAdvice().FindStringIndex(whole); at != nil {
		head = whole[:at[0]]
	}
	lines := strings.Split(strings.TrimSpace(head), "\n")
	return lines[len(lines)-1]
}

func addJSON(e *engine.Error, whole string) {
	if m := jsonLine().FindStringSubmatch(whole); m != nil {
		e.Line, _ = strconv.ParseInt(m[1], 10, 64)
	}
	if m := badValue().FindStringSubmatch(whole); m != nil {
		e.Text = shorten(m[1])
	}
	e.Message, _, _ = strings.Cut(strings.TrimSpace(whole), "\nTry setting ")
}

// shorten cuts a text at a rune's end.
func shorten(text string) string {
	if len(text) <= maxText {
		return text
	}
	return strings.ToValidUTF8(text[:maxText], "") + "…"
}
