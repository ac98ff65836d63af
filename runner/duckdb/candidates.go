package duckdb

import (
	"fmt"
	"strings"

	"elt/compiler/regex"
	"elt/runner/engine"
)

// candidateLine begins the part of a message that lists what may have been meant.
var candidateLine = regex.Lazy(`(?s)\n+\s*(?:Did you mean|Candidate (?:bindings|functions|extensions|tables|Entries)|Candidates|Possible solutions|Possible fixes|Potential Fixes)\b.*$`)

// nameList begins a list of names that only the text of the message has.
var nameList = regex.Lazy(`^\s*(?:Candidate (?:bindings|tables|Entries)|Did you mean)\b`)

// maxCandidates keeps a list of all settings DuckDB has out of an error.
const maxCandidates = 10

var quoted = regex.Lazy(`"((?:[^"]|"")+)"`)

// columnNotFound and noMatchingFunction are subtypes whose candidates are written in
// ways of their own.
const (
	columnNotFound     = "COLUMN_NOT_FOUND"
	noMatchingFunction = "NO_MATCHING_FUNCTION"
)

// splitCandidates parts the message from the names, or the signatures of functions, that
// DuckDB proposes.
func splitCandidates(r report) (message string, names, signatures []string) {
	message = strings.TrimSpace(r.Message)
	tail := candidateLine().FindString(message)
	message = strings.TrimSpace(strings.TrimSuffix(message, tail))
	switch {
	case r.Subtype == noMatchingFunction:
		return message, nil, signaturesIn(tail, r.Name)
	case r.Subtype == columnNotFound && r.Candidates != "":
		names = strings.Split(r.Candidates, ",")
	case r.Candidates != "":
		names = strings.Split(r.Candidates, ", ")
	}
	if len(names) == 0 && nameList().MatchString(tail) || len(names) > maxCandidates {
		names = nil
		for _, match := range quoted().FindAllStringSubmatch(tail, maxCandidates) {
			names = append(names, match[1])
		}
	}
	return message, names, nil
}

// signaturesIn reads the lines "name(TYPE, TYPE) -> TYPE" and returns what stands in
// parentheses, with them. Operators have too many.
func signaturesIn(tail, name string) []string {
	var out []string
	for line := range strings.Lines(tail) {
		signature, _, _ := strings.Cut(strings.TrimSpace(line), " -> ")
		if arguments, ok := strings.CutPrefix(signature, name+"("); ok && isWord(name) {
			out = append(out, "("+arguments)
		}
	}
	return out
}

var plainWord = regex.Lazy(`^\w+$`)

func isWord(name string) bool { return plainWord().MatchString(name) }

// maxSignatures is how many ways to call a function a hint lists.
const maxSignatures = 3

// signatureHint says how a function can be called.
func signatureHint(signatures []string) string {
	if len(signatures) == 0 {
		return ""
	}
	list, more := signatures, ""
	if len(list) > maxSignatures {
		list, more = list[:maxSignatures], fmt.Sprintf(" (and %d more)", len(signatures)-maxSignatures)
	}
	return "it takes " + strings.Join(list, " or ") + more + "; cast the arguments so that they fit"
}

// writtenHint is advice that follows from how the place of the error is written.
func writtenHint(e *engine.Error) string {
	if e.Position < 0 || e.Position > len(e.SQL) {
		return ""
	}
	rest := e.SQL[e.Position:]
	switch {
	case e.Subtype == columnNotFound && len(e.Candidates) == 0 && strings.HasPrefix(rest, `"`),
		e.Subtype == columnNotFound && strings.HasPrefix(rest, `"`) && strings.ContainsAny(e.Name, " -/"):
		return "a text stands in single quotes: '" + e.Name + "'"
	case e.Subtype == syntaxError:
		return keywordHint(e.SQL, e.Position)
	}
	return ""
}
