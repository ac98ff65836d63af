package duckdb

import (
	"context"
	"strings"

	"github.com/duckdb/duckdb-go/v2/mapping"
)

// direct runs a statement without preparing it. DuckDB binds a prepared statement that
// reads files again when it runs it, since the files may be others by then; of files whose
// columns it must find out, that is half of the time that a small one takes. It does
// not do so for every statement, because of what [work] says.
func (s *Session) direct(ctx context.Context, sql string, read readFunc) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var result mapping.Result
	defer func() { mapping.DestroyResult(&result) }()
	if mapping.Query(s.conn, sql, &result) == mapping.StateError {
		return statementError(sql, mapping.ResultError(&result))
	}
	return read(ctx, mapping.ResultStatementType(result), &result)
}

// sniffers stand in statements that look into files for their columns, or ask a server for
// them. elt writes these functions in small letters; a query that does not only takes longer.
var sniffers = []string{"read_csv", "read_json", "read_ndjson", "sniff_csv", "://"}

// sniffs reports whether a statement may take long to be bound because of files.
func sniffs(sql string) bool {
	for _, name := range sniffers {
		if strings.Contains(sql, name) {
			return true
		}
	}
	return false
}
