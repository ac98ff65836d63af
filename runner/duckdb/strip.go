//go:build !profile

package duckdb

// DuckDB's symbols are a fifth of the binary, and nobody needs them to run elt: a plain
// `go build ./cmd/elt` leaves them out. Go's own tables, which a panic prints from, stay.

// #cgo linux LDFLAGS: -Wl,-s
import "C"
