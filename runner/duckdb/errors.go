package duckdb

import (
	"encoding/json"
	"errors"
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

	raw string // all of it, as the driver gave it
}

// statementError turns DuckDB's message about a statement into facts.
func statementError(sql, message string) *engine.Error { return readReport(message).about(sql) }

// about is a report about a statement as facts.
func (r report) about(sql string) *engine.Error {
	e := &engine.Error{
		Kind:     kindOf(r.Type),
		Subtype:  r.Subtype,
		Name:     r.Name,
		SQL:      sql,
		Position: -1,
		Err:      errors.New(r.raw),
	}
	var signatures []string
	e.Message, e.Candidates, signatures = splitCandidates(r)
	if e.Kind == engine.OutOfMemory {
		e.Message, _, _ = strings.Cut(e.Message, "\n") // advice on settings follows
	}
	raw := e.Message
	e.Original = raw
	if e.Kind == engine.Other && strings.HasPrefix(raw, "Cannot combine types ") {
		e.Kind = engine.Binder // of VALUES, told as something not implemented
	}
	reword(e)
	if position, err := strconv.Atoi(r.Position); err == nil {
		if e.Position = placeIn(e, position, raw); castType(e) != "" {
			e.Message = raw
			reword(e) // the type can be named as the query writes it
			e.Position = operandOf(sql, e.Position)
		}
	}
	if e.Position < 0 && (r.Position == "" || e.Kind == engine.Input) {
		e.Position = placeless(e, raw)
	}
	if e.Kind == engine.Conversion && e.Position >= 0 && strings.HasPrefix(sql[e.Position:], "'") {
		e.Hint = "" // a literal is mended, not cast otherwise
	}
	if e.Hint == "" {
		e.Hint = signatureHint(signatures)
	}
	if e.Hint == "" {
		e.Hint = writtenHint(e)
	}
	before := e.Message
	if addFile(e, r.Message); e.Message != before {
		e.Hint = ""
		reword(e)
	}
	return e
}

// readReport reads either form of DuckDB's messages: JSON, with or without a prefix, or
// plain text after a prefix.
func readReport(message string) report {
	r := report{raw: message}
	prefix, rest, prefixed := strings.Cut(message, "Error: ")
	if prefixed && len(prefix) < 40 && !strings.Contains(prefix, "{") {
		if json.Unmarshal([]byte(rest), &r) == nil && r.Type != "" {
			return r
		}
		return report{Type: strings.TrimSpace(prefix), Message: cutExcerpt(rest), raw: message}
	}
	if json.Unmarshal([]byte(message), &r) == nil && r.Type != "" {
		return r
	}
	return report{Message: message, raw: message}
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
	case "Conversion", "Out of Range":
		return engine.Conversion
	case "Invalid Input":
		return engine.Input
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
