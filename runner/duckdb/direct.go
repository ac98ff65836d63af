package duckdb

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/duckdb/duckdb-go/v2/mapping"

	"elt/compiler/sqltoken"
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
	typ := mapping.ResultStatementType(result)
	if typ == mapping.StatementTypeCreate {
		s.db.fileViews.note(sql)
	}
	return read(ctx, typ, &result)
}

// sniffers stand in statements that look into files for their columns, or ask a server for
// them. elt writes these functions in small letters; a query that does not only takes longer.
var sniffers = []string{"read_csv", "read_json", "read_ndjson", "sniff_csv", "://"}

// fileViews are the views of a database that were made over what [sniffs] tells, by their
// names in small letters. It may be used by several goroutines.
type fileViews struct {
	mu    sync.Mutex
	names map[string]bool
}

// sniffs reports whether a statement may take long to be bound because of files: of those it
// names, or that a view has which was made before.
func (v *fileViews) sniffs(sql string) bool {
	for _, name := range sniffers {
		if strings.Contains(sql, name) {
			return true
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.names) > 0 && slices.ContainsFunc(sqltoken.Chains(sql), func(chain sqltoken.Chain) bool {
		return v.names[strings.ToLower(chain.Name())]
	})
}

// note takes note of a view over files, if that is what a statement has made.
func (v *fileViews) note(sql string) {
	chain, ok := sqltoken.Target(sql)
	if !ok || chain.Prev != "VIEW" {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.names == nil {
		v.names = map[string]bool{}
	}
	v.names[strings.ToLower(chain.Name())] = true
}
