package duckdb

import (
	"encoding/json"
	"errors"
	"regexp"
	"strconv"
	"strings"

	"elt/runner/engine"
)

// report is an error as DuckDB writes it with errors_as_json.
type report struct {
	Type       string `json:"exception_type"`
	Message    string `json:"exception_message"`
	Subtype    string `json:"error_subtype"`
	Name       string `json:"name"`
	Candidates string `json:"candidates"`
	Position   string `json:"position"`
	About      string `json:"type"` // kind of the thing named: "Table", "Scalar Function"
}

// statementError turns DuckDB's message about a statement into facts.
func statementError(sql, message string) *engine.Error {
	r := readReport(message)
	e := &engine.Error{
		Kind:     kindOf(r.Type),
		Subtype:  r.Subtype,
		Name:     r.Name,
		SQL:      sql,
		Position: -1,
		Err:      errors.New(message),
	}
	e.Message, e.Candidates = splitCandidates(r)
	if m := namedColumn.FindStringSubmatch(e.Message); m != nil && e.Name == "" {
		e.Name = m[1]
	}
	if e.Kind == engine.OutOfMemory {
		e.Message, _, _ = strings.Cut(e.Message, "\n") // advice on settings follows
	}
	if position, err := strconv.Atoi(r.Position); err == nil {
		e.Position = placeIn(e, position)
	}
	addFile(e, r.Message)
	return e
}

// readReport reads either form of DuckDB's messages: JSON, with or without a prefix, or
// plain text after a prefix.
func readReport(message string) report {
	var r report
	prefix, rest, prefixed := strings.Cut(message, "Error: ")
	if prefixed && len(prefix) < 40 && !strings.Contains(prefix, "{") {
		if json.Unmarshal([]byte(rest), &r) == nil && r.Type != "" {
			return r
		}
		return report{Type: strings.TrimSpace(prefix), Message: cutExcerpt(rest)}
	}
	if json.Unmarshal([]byte(message), &r) == nil && r.Type != "" {
		return r
	}
	return report{Message: message}
}

// cutExcerpt drops the "LINE 1: ... ^" that ends a message in plain text.
func cutExcerpt(message string) string {
	text, _, _ := strings.Cut(message, "\n\nLINE ")
	return text
}

// kindOf is the kind of a DuckDB exception type.
func kindOf(exception string) engine.Kind {
	switch exception {
	case "Parser", "Syntax":
		return engine.Parser
	case "Binder":
		return engine.Binder
	case "Catalog":
		return engine.Catalog
	case "Conversion":
		return engine.Conversion
	case "Constraint":
		return engine.Constraint
	case "TransactionContext":
		return engine.Transaction
	case "IO", "HTTP", "Permission":
		return engine.IO
	case "Out of Memory":
		return engine.OutOfMemory
	case "INTERRUPT":
		return engine.Interrupted
	case "FATAL":
		return engine.Fatal
	}
	return engine.Other
}

// candidateLine begins the part of a message that lists what may have been meant.
var candidateLine = regexp.MustCompile(`(?s)\n+\s*(?:Did you mean|Candidate bindings|Candidate functions|Candidate extensions|Candidates|Possible solutions|Possible fixes|Potential Fixes)\b.*$`)

// maxCandidates keeps a list of all settings DuckDB has out of an error.
const maxCandidates = 10

var quoted = regexp.MustCompile(`"((?:[^"]|"")+)"`)

// splitCandidates parts the message from the names DuckDB proposes.
func splitCandidates(r report) (string, []string) {
	message := strings.TrimSpace(r.Message)
	tail := candidateLine.FindString(message)
	message = strings.TrimSpace(strings.TrimSuffix(message, tail))
	var names []string
	if r.Candidates != "" {
		names = strings.Split(r.Candidates, ", ")
	}
	if len(names) == 0 && bindingList.MatchString(tail) || len(names) > maxCandidates {
		names = nil
		for _, match := range quoted.FindAllStringSubmatch(tail, maxCandidates) {
			names = append(names, match[1])
		}
	}
	return message, names
}

// bindingList begins the list of candidates where only the text of the message has it.
var bindingList = regexp.MustCompile(`^\s*(?:Candidate bindings|Did you mean)\b`)

// namedColumn is the column's name where only the text of the message has it.
var namedColumn = regexp.MustCompile(`does not have a column named "([^"]+)"$`)

// placeIn returns the position where it can be trusted, else -1. DuckDB counts in the
// text it was binding, which for a view is the view's: a run-time error is never
// placed, and another only where the name it is about stands.
func placeIn(e *engine.Error, position int) int {
	switch e.Kind {
	case engine.Parser, engine.Binder, engine.Catalog:
	default:
		return -1
	}
	if e.Subtype == syntaxError {
		position = byteOffset(e.SQL, position)
	}
	if position < 0 || position > len(e.SQL) {
		return -1
	}
	if e.Name == "" || e.Kind == engine.Parser {
		return position
	}
	name := e.Name
	if dot := strings.LastIndexByte(name, '.'); dot >= 0 {
		name = name[dot+1:]
	}
	rest := e.SQL[position:]
	near := rest[:min(len(rest), 4*len(e.Name)+nameReach)]
	if !strings.Contains(strings.ToLower(near), strings.ToLower(name)) {
		return -1
	}
	return position
}

// syntaxError is the subtype of the parser's errors, the only ones whose position
// counts characters. All others count bytes.
const syntaxError = "SYNTAX_ERROR"

// byteOffset returns the byte offset of the n-th character, or -1.
func byteOffset(text string, n int) int {
	for i := range text {
		if n == 0 {
			return i
		}
		n--
	}
	if n == 0 {
		return len(text)
	}
	return -1
}

// nameReach is how far behind the position a name may begin: qualifiers come first.
const nameReach = 64
