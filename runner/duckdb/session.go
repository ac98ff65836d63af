package duckdb

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	bindings "github.com/duckdb/duckdb-go-bindings"
	"github.com/duckdb/duckdb-go/v2/mapping"

	"elt/runner/engine"
)

// Session is one connection. It is used by one goroutine at a time; only interrupting
// comes from others. It implements [engine.Session].
type Session struct {
	db *DB

	// use is held while a statement runs, so that closing the database waits for it.
	use  sync.Mutex
	conn mapping.Connection

	// running guards what follows.
	running sync.Mutex
	cancel  context.CancelCauseFunc // cancels the running statement, or is nil
	closing bool                    // no statement may begin any more
}

var (
	_ engine.Session   = (*Session)(nil)
	_ engine.Streamer  = (*Session)(nil)
	_ engine.Describer = (*Session)(nil)
)

// errInterrupted is why a statement's context ends when [DB.Interrupt] is called.
var errInterrupted = errors.New("interrupted")

// reassert is how often a statement that does not end is interrupted again: DuckDB
// forgets an interrupt that comes before a statement has begun.
const reassert = 5 * time.Millisecond

// Exec runs one statement. The number of rows is -1 where DuckDB gives none.
func (s *Session) Exec(ctx context.Context, sql string) (engine.Result, error) {
	done := engine.Result{Rows: -1}
	err := s.run(ctx, sql, inMemory, func(ctx context.Context, typ mapping.StatementType, result *mapping.Result) error {
		done.Rows = rowsWritten(typ, result)
		return nil
	})
	return done, err
}

// Query runs one statement and reads its whole result.
func (s *Session) Query(ctx context.Context, sql string) (*engine.Table, error) {
	var table *engine.Table
	err := s.run(ctx, sql, inMemory, func(ctx context.Context, _ mapping.StatementType, result *mapping.Result) error {
		r, err := newReader(s.db, sql, result)
		if err != nil {
			return err
		}
		table = &engine.Table{Columns: r.columns}
		return r.each(ctx, func(row []any) error {
			table.Rows = append(table.Rows, row)
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return table, nil
}

// QueryStream runs one statement and calls fn for each row of its result as DuckDB
// makes it, so that neither side holds the whole of it. The row is fn's to keep; fn may
// not use the session. An error of fn ends the query and is returned.
func (s *Session) QueryStream(ctx context.Context, sql string, fn func(columns []engine.Column, row []any) error) error {
	return s.run(ctx, sql, streamed, func(ctx context.Context, _ mapping.StatementType, result *mapping.Result) error {
		r, err := newReader(s.db, sql, result)
		if err != nil {
			return err
		}
		return r.each(ctx, func(row []any) error { return fn(r.columns, row) })
	})
}

// Describe binds a query and returns its columns, as a table made of it would have
// them. The query is not run; a PIVOT without IN does read its values.
func (s *Session) Describe(ctx context.Context, sql string) ([]engine.Column, error) {
	var columns []engine.Column
	err := s.extracted(ctx, sql, func(ctx context.Context, extracted mapping.ExtractedStatements, count mapping.IdxT) error {
		if err := s.preceding(ctx, sql, extracted, count); err != nil {
			return err
		}
		var prepared mapping.PreparedStatement
		defer func() { mapping.DestroyPrepare(&prepared) }()
		if mapping.PrepareExtractedStatement(s.conn, extracted, count-1, &prepared) == mapping.StateError {
			return statementError(sql, mapping.PrepareError(prepared))
		}
		if typ := mapping.PreparedStatementType(prepared); typ != mapping.StatementTypeSelect {
			return &engine.Error{Kind: engine.Parser, Message: "this is not a query", SQL: sql, Position: -1}
		}
		names := engine.TableNames{}
		for i := range mapping.PreparedStatementColumnCount(prepared) {
			typ := s.db.colType(mapping.PreparedStatementColumnLogicalType(prepared, i))
			columns = append(columns, engine.Column{Name: names.Next(mapping.PreparedStatementColumnName(prepared, i)), Type: typ.name})
		}
		return nil
	})
	return columns, err
}

// Close closes the connection; DuckDB rolls an open transaction back. It waits for a
// statement that is still running. A second call does nothing.
func (s *Session) Close() error {
	s.running.Lock()
	s.closing = true
	s.running.Unlock()
	s.use.Lock()
	defer s.use.Unlock()
	mapping.Disconnect(&s.conn)
	s.db.mu.Lock()
	delete(s.db.sessions, s)
	s.db.mu.Unlock()
	return nil
}

// interrupt cancels the running statement, if there is one; with closing set, none
// begins any more.
func (s *Session) interrupt(closing bool) {
	s.running.Lock()
	defer s.running.Unlock()
	s.closing = s.closing || closing
	if s.cancel != nil {
		s.cancel(errInterrupted)
	}
}

// keeping is where a statement's result is while it is read.
type keeping bool

const (
	inMemory keeping = false // the whole of it
	streamed keeping = true  // in DuckDB, which makes it on the way
)

// begin begins a prepared statement.
func (k keeping) begin(prepared mapping.PreparedStatement, pending *mapping.PendingResult) mapping.State {
	if k == streamed {
		return bindings.PendingPreparedStreaming(prepared, pending)
	}
	return mapping.PendingPrepared(prepared, pending)
}

// readFunc takes what a statement has left in its result.
type readFunc func(context.Context, mapping.StatementType, *mapping.Result) error

// run runs the statements that the one statement sql stands for and hands the last
// one's result to read.
func (s *Session) run(ctx context.Context, sql string, keep keeping, read readFunc) error {
	return s.extracted(ctx, sql, func(ctx context.Context, extracted mapping.ExtractedStatements, count mapping.IdxT) error {
		if count == 1 && keep == inMemory && s.db.fileViews.sniffs(sql) {
			return s.direct(ctx, sql, read)
		}
		if err := s.preceding(ctx, sql, extracted, count); err != nil {
			return err
		}
		return s.statement(ctx, sql, extracted, count-1, keep, read)
	})
}

// preceding runs all statements but the last.
func (s *Session) preceding(ctx context.Context, sql string, extracted mapping.ExtractedStatements, count mapping.IdxT) error {
	for i := range count - 1 {
		if err := s.statement(ctx, sql, extracted, i, inMemory, ignore); err != nil {
			return err
		}
	}
	return nil
}

// CheckSyntax implements [engine.SyntaxChecker].
func (s *Session) CheckSyntax(ctx context.Context, sql string) error {
	return s.extracted(ctx, sql, func(context.Context, mapping.ExtractedStatements, mapping.IdxT) error { return nil })
}

func ignore(context.Context, mapping.StatementType, *mapping.Result) error { return nil }

// extracted parses the one statement sql and hands what it stands for to use, with a
// context that ends when the statement is cancelled. Errors of DuckDB come back as
// [*engine.Error].
func (s *Session) extracted(ctx context.Context, sql string, use func(context.Context, mapping.ExtractedStatements, mapping.IdxT) error) error {
	s.use.Lock()
	defer s.use.Unlock()
	ctx, stop, err := s.watch(ctx)
	if err != nil {
		return err
	}
	defer stop()
	if ctx.Err() != nil {
		return cancelled(ctx, sql, nil)
	}
	if at := strings.IndexByte(sql, 0); at >= 0 {
		// DuckDB's C API reads up to a zero byte, and would run what stands before it.
		return &engine.Error{Kind: engine.Parser, Message: "the statement holds a zero byte", SQL: sql, Position: at}
	}
	var statements mapping.ExtractedStatements
	count := mapping.ExtractStatements(s.conn, sql, &statements)
	defer func() { mapping.DestroyExtracted(&statements) }()
	if err := oneStatement(sql, statements, count); err != nil {
		return err
	}
	err = use(ctx, statements, count)
	if err != nil && ctx.Err() != nil && isCancel(err) {
		return cancelled(ctx, sql, err)
	}
	return err
}

// oneStatement checks what parsing has given.
func oneStatement(sql string, statements mapping.ExtractedStatements, count mapping.IdxT) error {
	if count == 0 {
		if message := mapping.ExtractStatementsError(statements); message != "" {
			return statementError(sql, message)
		}
		return &engine.Error{Kind: engine.Parser, Message: "there is no statement", SQL: sql, Position: -1}
	}
	if count > 1 {
		// One statement may stand for several: PIVOT makes its ENUM types first.
		if second := secondStatement(sql); second >= 0 {
			return &engine.Error{Kind: engine.Parser, Message: "there is more than one statement", SQL: sql, Position: second}
		}
	}
	return nil
}

// isCancel reports whether an error came of the statement's context.
func isCancel(err error) bool {
	var failure *engine.Error
	if errors.As(err, &failure) {
		return failure.Kind == engine.Interrupted
	}
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// watch makes a context for one statement that ends with ctx or by interrupt, and
// interrupts DuckDB when it does. stop waits until no interrupt can come any more, so
// that none hits the next statement.
func (s *Session) watch(parent context.Context) (ctx context.Context, stop func(), err error) {
	s.running.Lock()
	defer s.running.Unlock()
	if s.closing {
		return nil, nil, ErrClosed
	}
	ctx, cancel := context.WithCancelCause(parent)
	s.cancel = cancel
	finished, gone := make(chan struct{}), make(chan struct{})
	unwatch := context.AfterFunc(ctx, func() {
		defer close(gone)
		tick := time.NewTicker(reassert)
		defer tick.Stop()
		for {
			mapping.Interrupt(s.conn)
			select {
			case <-finished:
				return
			case <-tick.C:
			}
		}
	})
	return ctx, func() {
		s.running.Lock()
		s.cancel = nil
		s.running.Unlock()
		close(finished)
		if !unwatch() {
			<-gone
		}
		cancel(nil)
	}, nil
}

// statement prepares and executes one statement and hands its result to read.
func (s *Session) statement(ctx context.Context, sql string, extracted mapping.ExtractedStatements, i mapping.IdxT,
	keep keeping, read readFunc) error {
	var prepared mapping.PreparedStatement
	defer func() { mapping.DestroyPrepare(&prepared) }()
	if mapping.PrepareExtractedStatement(s.conn, extracted, i, &prepared) == mapping.StateError {
		return statementError(sql, mapping.PrepareError(prepared))
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	var pending mapping.PendingResult
	defer func() { mapping.DestroyPending(&pending) }()
	if keep.begin(prepared, &pending) == mapping.StateError {
		return statementError(sql, mapping.PendingError(pending))
	}
	if !work(pending) {
		return statementError(sql, mapping.PendingError(pending))
	}
	var result mapping.Result
	defer func() { mapping.DestroyResult(&result) }()
	if mapping.ExecutePending(pending, &result) == mapping.StateError {
		return statementError(sql, mapping.ResultError(&result))
	}
	return read(ctx, mapping.PreparedStatementType(prepared), &result)
}

// cancelled is the error of a statement whose context has ended.
func cancelled(ctx context.Context, sql string, err error) error {
	return &engine.Error{Kind: engine.Interrupted, Message: "interrupted", SQL: sql, Position: -1, Err: errors.Join(context.Cause(ctx), err)}
}
