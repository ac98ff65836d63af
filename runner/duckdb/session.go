package duckdb

import (
	"context"
	"errors"
	"sync"
	"time"

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

	// running guards cancel, which cancels the running statement or is nil.
	running sync.Mutex
	cancel  context.CancelCauseFunc
}

var _ engine.Session = (*Session)(nil)

// errInterrupted is why a statement's context ends when [DB.Interrupt] is called.
var errInterrupted = errors.New("interrupted")

// reassert is how often a statement that does not end is interrupted again: DuckDB
// forgets an interrupt that comes before a statement has begun.
const reassert = 5 * time.Millisecond

// Exec runs one statement. The number of rows is -1 where DuckDB gives none.
func (s *Session) Exec(ctx context.Context, sql string) (engine.Result, error) {
	done := engine.Result{Rows: -1}
	err := s.run(ctx, sql, func(ctx context.Context, result *mapping.Result) error {
		done.Rows = rowsChanged(result)
		return nil
	})
	return done, err
}

// Query runs one statement and reads its whole result.
func (s *Session) Query(ctx context.Context, sql string) (*engine.Table, error) {
	var table *engine.Table
	err := s.run(ctx, sql, func(ctx context.Context, result *mapping.Result) error {
		r, err := newReader(result)
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

// QueryStream runs one statement and calls fn for each row of its result, which is
// not kept. The row is fn's to keep. An error of fn ends the query and is returned.
func (s *Session) QueryStream(ctx context.Context, sql string, fn func(columns []engine.Column, row []any) error) error {
	return s.run(ctx, sql, func(ctx context.Context, result *mapping.Result) error {
		r, err := newReader(result)
		if err != nil {
			return err
		}
		return r.each(ctx, func(row []any) error { return fn(r.columns, row) })
	})
}

// Close closes the connection; DuckDB rolls an open transaction back. A second call
// does nothing.
func (s *Session) Close() error {
	s.db.mu.Lock()
	delete(s.db.sessions, s)
	s.db.mu.Unlock()
	s.use.Lock()
	defer s.use.Unlock()
	mapping.Disconnect(&s.conn)
	return nil
}

// interrupt cancels the running statement, if there is one.
func (s *Session) interrupt() {
	s.running.Lock()
	defer s.running.Unlock()
	if s.cancel != nil {
		s.cancel(errInterrupted)
	}
}

// run runs the statements that the one statement sql stands for and hands the last
// one's result to read. Errors of DuckDB come back as [*engine.Error].
func (s *Session) run(ctx context.Context, sql string, read func(context.Context, *mapping.Result) error) error {
	s.use.Lock()
	defer s.use.Unlock()
	if s.conn.Ptr == nil {
		return ErrClosed
	}
	ctx, stop := s.watch(ctx)
	defer stop()
	if ctx.Err() != nil {
		return cancelled(ctx, sql, nil)
	}
	message, err := s.statements(ctx, sql, read)
	if message != "" {
		err = statementError(sql, message)
	}
	if err != nil && ctx.Err() != nil {
		return cancelled(ctx, sql, err)
	}
	return err
}

// watch makes a context for one statement that ends with ctx or by interrupt, and
// interrupts DuckDB when it does. stop waits until no interrupt can come any more, so
// that none hits the next statement.
func (s *Session) watch(parent context.Context) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	s.running.Lock()
	s.cancel = cancel
	s.running.Unlock()
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
	}
}

// statements runs what sql holds. It returns DuckDB's message, or an error of read.
func (s *Session) statements(ctx context.Context, sql string, read func(context.Context, *mapping.Result) error) (string, error) {
	var extracted mapping.ExtractedStatements
	count := mapping.ExtractStatements(s.conn, sql, &extracted)
	defer mapping.DestroyExtracted(&extracted)
	if count == 0 {
		if message := mapping.ExtractStatementsError(extracted); message != "" {
			return message, nil
		}
		return "", &engine.Error{Kind: engine.Parser, Message: "there is no statement", SQL: sql, Position: -1}
	}
	for i := range count {
		use := read
		if i < count-1 {
			use = func(context.Context, *mapping.Result) error { return nil }
		}
		if message, err := s.statement(ctx, extracted, i, use); message != "" || err != nil {
			return message, err
		}
	}
	return "", nil
}

// statement prepares and executes one statement and hands its result to read.
func (s *Session) statement(ctx context.Context, extracted mapping.ExtractedStatements, i mapping.IdxT,
	read func(context.Context, *mapping.Result) error) (string, error) {
	var prepared mapping.PreparedStatement
	defer mapping.DestroyPrepare(&prepared)
	if mapping.PrepareExtractedStatement(s.conn, extracted, i, &prepared) == mapping.StateError {
		return mapping.PrepareError(prepared), nil
	}
	if err := ctx.Err(); err != nil {
		return "", err
	}
	var pending mapping.PendingResult
	defer mapping.DestroyPending(&pending)
	if mapping.PendingPrepared(prepared, &pending) == mapping.StateError {
		return mapping.PendingError(pending), nil
	}
	var result mapping.Result
	defer mapping.DestroyResult(&result)
	if mapping.ExecutePending(pending, &result) == mapping.StateError {
		return mapping.ResultError(&result), nil
	}
	return "", read(ctx, &result)
}

// cancelled is the error of a statement whose context has ended.
func cancelled(ctx context.Context, sql string, err error) error {
	cause := context.Cause(ctx)
	return &engine.Error{Kind: engine.Interrupted, Message: "interrupted", SQL: sql, Position: -1, Err: errors.Join(cause, err)}
}
