package duckdb

import (
	"context"
	"fmt"

	"github.com/duckdb/duckdb-go/v2/mapping"

	"elt/runner/engine"
)

// reader reads a result chunk by chunk.
type reader struct {
	sql     string
	result  *mapping.Result
	columns []engine.Column
	types   []*colType
}

// newReader reads the columns of a result.
func newReader(db *DB, sql string, result *mapping.Result) (*reader, error) {
	r := &reader{sql: sql, result: result}
	for i := range mapping.ColumnCount(result) {
		typ := db.colType(mapping.ColumnLogicalType(result, i))
		column := engine.Column{Name: mapping.ColumnName(result, i), Type: typ.name}
		if !typ.readable() {
			return nil, &engine.Error{
				Kind: engine.Other, Name: column.Name, SQL: sql, Position: -1,
				Message: fmt.Sprintf("column %q of type %s cannot be read, cast it to VARCHAR or JSON", column.Name, column.Type),
			}
		}
		r.types = append(r.types, typ)
		r.columns = append(r.columns, column)
	}
	return r, nil
}

// readable reports whether the memory of a type's vectors is known: that of VARIANT is
// DuckDB's own affair.
func (t *colType) readable() bool {
	if t.id == mapping.TypeVariant || t.id == mapping.TypeInvalid {
		return false
	}
	for _, c := range t.children {
		if !c.readable() {
			return false
		}
	}
	return true
}

// each calls fn for every row, until ctx ends.
func (r *reader) each(ctx context.Context, fn func(row []any) error) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		chunk := mapping.FetchChunk(*r.result)
		if chunk.Ptr == nil {
			// The end, or an error of a query whose result is streamed.
			if message := mapping.ResultError(r.result); message != "" {
				return statementError(r.sql, message)
			}
			return nil
		}
		rows, err := r.chunk(chunk, fn)
		mapping.DestroyDataChunk(&chunk)
		if err != nil || rows == 0 {
			return err
		}
	}
}

func (r *reader) chunk(chunk mapping.DataChunk, fn func(row []any) error) (uint64, error) {
	rows := uint64(mapping.DataChunkGetSize(chunk))
	vectors := make([]vector, len(r.types))
	for i, typ := range r.types {
		vectors[i] = newVector(typ, mapping.DataChunkGetVector(chunk, mapping.IdxT(i)))
	}
	cells := make([]any, rows*uint64(len(vectors)))
	for i := range rows {
		row := cells[:len(vectors):len(vectors)]
		cells = cells[len(vectors):]
		for c := range vectors {
			row[c] = vectors[c].value(i)
		}
		if err := fn(row); err != nil {
			return rows, err
		}
	}
	return rows, nil
}

// rowsWritten is the number of rows a statement has written, or -1 where it writes none.
func rowsWritten(typ mapping.StatementType, result *mapping.Result) int64 {
	switch returns := mapping.ResultReturnType(*result); {
	case returns == mapping.ResultTypeChangedRows:
		return int64(mapping.RowsChanged(result))
	case returns == mapping.ResultTypeNothing:
		return countColumn(result) // CREATE TABLE AS says it in a table
	}
	switch typ {
	case mapping.StatementTypeInsert, mapping.StatementTypeUpdate, mapping.StatementTypeDelete:
		return countRows(result) // with RETURNING
	}
	return -1
}

// countColumn reads the number in a result of one row and one column named Count.
func countColumn(result *mapping.Result) int64 {
	if mapping.ColumnCount(result) != 1 || mapping.ColumnName(result, 0) != "Count" || mapping.ColumnType(result, 0) != mapping.TypeBigInt {
		return -1
	}
	chunk := mapping.FetchChunk(*result)
	if chunk.Ptr == nil {
		return -1
	}
	defer mapping.DestroyDataChunk(&chunk)
	if mapping.DataChunkGetSize(chunk) != 1 {
		return -1
	}
	v := newVector(&colType{id: mapping.TypeBigInt}, mapping.DataChunkGetVector(chunk, 0))
	return at[int64](&v, 0)
}

func countRows(result *mapping.Result) int64 {
	var rows int64
	for {
		chunk := mapping.FetchChunk(*result)
		if chunk.Ptr == nil {
			return rows
		}
		rows += int64(mapping.DataChunkGetSize(chunk))
		mapping.DestroyDataChunk(&chunk)
	}
}
