package duckdb

import (
	"errors"

	"elt/runner/engine"
)

// statementError turns DuckDB's message about a statement into facts.
func statementError(sql, message string) error {
	return &engine.Error{Kind: engine.Other, Message: message, SQL: sql, Position: -1, Err: errors.New(message)}
}
