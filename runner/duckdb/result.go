package duckdb

import (
	"context"

	"github.com/duckdb/duckdb-go/v2/mapping"

	"elt/runner/engine"
)

// reader reads a result chunk by chunk.
type reader struct {
	result  *mapping.Result
	columns []engine.Column
	types   []*colType
}

func newReader(result *mapping.Result) (*reader, error) {
	r := &reader{result: result}
	for i := range mapping.ColumnCount(result) {
		typ := child(mapping.ColumnLogicalType(result, i))
		r.types = append(r.types, typ)
		r.columns = append(r.columns, engine.Column{Name: mapping.ColumnName(result, i), Type: typ.name})
	}
	return r, nil
}

// each calls fn for every row, until ctx ends.
func (r *reader) each(ctx context.Context, fn func(row []any) error) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		chunk := mapping.FetchChunk(*r.result)
		if chunk.Ptr == nil {
			return nil
		}
		err := r.chunk(chunk, fn)
		mapping.DestroyDataChunk(&chunk)
		if err != nil {
			return err
		}
	}
}

func (r *reader) chunk(chunk mapping.DataChunk, fn func(row []any) error) error {
	rows := uint64(mapping.DataChunkGetSize(chunk))
	vectors := make([]vector, len(r.types))
	for i, typ := range r.types {
		vectors[i] = newVector(typ, mapping.DataChunkGetVector(chunk, mapping.IdxT(i)))
	}
	for i := range rows {
		row := make([]any, len(vectors))
		for c := range vectors {
			row[c] = vectors[c].value(i)
		}
		if err := fn(row); err != nil {
			return err
		}
	}
	return nil
}

// rowsChanged is the number of rows a statement has written, or -1.
func rowsChanged(result *mapping.Result) int64 {
	switch mapping.ResultReturnType(*result) {
	case mapping.ResultTypeChangedRows:
		return int64(mapping.RowsChanged(result))
	}
	return -1
}
