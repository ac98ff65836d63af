package duckdb

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"elt/runner/engine"
)

func TestExecRows(t *testing.T) {
	t.Parallel()
	s := session(t, open(t, Options{}))
	for _, c := range []struct {
		name, sql string
		want      int64
	}{
		{"create table as", "CREATE TABLE t AS SELECT range a FROM range(1000)", 1000},
		{"create or replace table as", "CREATE OR REPLACE TABLE t AS SELECT range a FROM range(100)", 100},
		{"create table", "CREATE TABLE e (a INT)", -1},
		{"create view", "CREATE VIEW v AS FROM t", -1},
		{"insert", "INSERT INTO t SELECT * FROM range(5)", 5},
		{"insert returning", "INSERT INTO t SELECT * FROM range(3000) RETURNING a", 3000},
		{"update", "UPDATE t SET a = -1 WHERE a = 4", 3},
		{"delete", "DELETE FROM t WHERE a = -1", 3},
		{"delete nothing", "DELETE FROM t WHERE a = -1", 0},
		{"merge", "MERGE INTO t USING (SELECT 99 b) s ON t.a = s.b WHEN MATCHED THEN UPDATE SET a = 98", 2},
		{"begin", "BEGIN", -1},
		{"commit", "COMMIT;", -1},
		{"select", "SELECT 1", -1},
		{"a trailing comment", "DELETE FROM e; -- all", 0},
	} {
		if got := exec(t, s, c.sql).Rows; got != c.want {
			t.Errorf("%s: got %d rows, want %d", c.name, got, c.want)
		}
	}
}

func TestOneStatement(t *testing.T) {
	t.Parallel()
	s := session(t, open(t, Options{}))
	for _, c := range []struct {
		sql      string
		message  string
		position int
	}{
		{"SELECT ';'; CREATE TABLE t (a INT)", "there is more than one statement", 12},
		{" -- nothing", "there is no statement", -1},
		{"SELECT 1\x00, 2", "the statement holds a zero byte", 8},
	} {
		_, err := s.Exec(context.Background(), c.sql)
		var e *engine.Error
		if !errors.As(err, &e) || e.Message != c.message || e.Position != c.position {
			t.Errorf("%q: got %v", c.sql, err)
		}
	}
	if got := query(t, s, "SELECT count(*) FROM duckdb_tables()").Rows[0][0]; got != int64(0) {
		t.Errorf("a second statement was run: %v tables", got)
	}
	table := query(t, s, "PIVOT (VALUES (1, 'x', 3), (1, 'y', 4)) v(a, b, c) ON b USING sum(c)")
	if len(table.Columns) != 3 || table.Text(0, 2) != "4" {
		t.Errorf("a PIVOT that stands for two statements: %v", table)
	}
}

func TestErrorFacts(t *testing.T) {
	t.Parallel()
	s := session(t, open(t, Options{}))
	exec(t, s, "CREATE TABLE orders (id INT PRIMARY KEY, amount INT NOT NULL)")
	exec(t, s, "CREATE VIEW sums AS SELECT 'a long text in front of what fails' AS x, amount::DATE AS d FROM orders")
	exec(t, s, "CREATE TABLE texts AS SELECT 'x' AS v")
	exec(t, s, "CREATE VIEW numbers AS SELECT                         v::INT AS n FROM texts")
	exec(t, s, "INSERT INTO orders VALUES (1, 1)")
	for _, c := range []struct {
		name, sql string
		want      engine.Error
		at        string // the text at the position; "" for none
	}{
		{"unknown column", "SELECT 'ü', ammount FROM orders", engine.Error{Kind: engine.Binder, Message: `column "ammount" not found`, Subtype: "COLUMN_NOT_FOUND", Name: "ammount", Candidates: []string{"amount"}}, "ammount FROM"},
		{"unknown qualified column", "SELECT o.ammount FROM orders o", engine.Error{Kind: engine.Binder, Message: `table "o" has no column "ammount"`, Name: "ammount", Candidates: []string{"amount"}}, "ammount"},
		{"unknown table", "SELECT * FROM /* ü */ order_", engine.Error{Kind: engine.Catalog, Message: `table "order_" does not exist`, Subtype: "MISSING_ENTRY", Name: "order_", Candidates: []string{"orders"}}, "order_"},
		{"unknown function", "SELECT upperr('x')", engine.Error{Kind: engine.Catalog, Message: `function "upperr" does not exist`, Subtype: "MISSING_ENTRY", Name: "upperr", Candidates: []string{"upper"}}, "upperr("},
		{"syntax", "SELECT 'ü' FRM orders o p", engine.Error{Kind: engine.Parser, Message: `syntax error near "orders"`, Hint: `did you mean "from" instead of "FRM"?`, Subtype: "SYNTAX_ERROR"}, "orders"},
		{"end of text", "SELECT 1 +", engine.Error{Kind: engine.Parser, Message: "unexpected end of query", Subtype: "SYNTAX_ERROR"}, "end"},
		{"conversion", "SELECT 'abc'::INT", engine.Error{Kind: engine.Conversion, Message: `"abc" cannot be cast to INTEGER`}, "'abc'::INT"},
		{"conversion in a view", "SELECT n AS an_alias_that_is_long_enough FROM numbers", engine.Error{Kind: engine.Conversion, Message: `"x" of column "v" cannot be cast to INTEGER`, Hint: "try_cast makes NULL of what cannot be cast"}, ""},
		{"key", "INSERT INTO orders VALUES (1, 2)", engine.Error{Kind: engine.Constraint, Message: `key "id: 1" occurs twice, against the primary key constraint`}, ""},
		{"not null", "INSERT INTO orders VALUES (2, NULL)", engine.Error{Kind: engine.Constraint, Message: `column "amount" is NULL, against its not null constraint`}, ""},
		{"transaction", "COMMIT", engine.Error{Kind: engine.Transaction, Message: "cannot commit - no transaction is active"}, ""},
		{"error()", "SELECT error('boom: é')", engine.Error{Kind: engine.Input, Message: "boom: é"}, ""},
		{"missing file", "FROM read_csv('/nope/*.csv')", engine.Error{Kind: engine.IO, Message: `no file matches "/nope/*.csv"`, File: "/nope/*.csv"}, ""},
		{"parameters", "SELECT $1", engine.Error{Kind: engine.Input, Message: "a parameter has no value"}, ""},
		{"unknown setting", "SET thread = 1", engine.Error{Kind: engine.Catalog, Message: `unrecognized configuration parameter "thread"`, Subtype: "MISSING_ENTRY", Name: "thread", Candidates: []string{"threads", "streaming_buffer_size"}}, ""},
		{"variant", "SELECT 1::VARIANT AS v", engine.Error{Kind: engine.Other, Message: `column "v" of type VARIANT cannot be read, cast it to VARCHAR or JSON`, Name: "v"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := s.Query(context.Background(), c.sql)
			var e *engine.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want an engine.Error", err)
			}
			if e.Kind != c.want.Kind || e.Message != c.want.Message || e.Hint != c.want.Hint || e.Subtype != c.want.Subtype || e.Name != c.want.Name || e.File != c.want.File || e.SQL != c.sql {
				t.Errorf("got %+v", *e)
			}
			if strings.Join(e.Candidates, ",") != strings.Join(c.want.Candidates, ",") {
				t.Errorf("candidates %q, want %q", e.Candidates, c.want.Candidates)
			}
			at := ""
			switch {
			case e.Position == len(c.sql):
				at = "end"
			case e.Position >= 0:
				at = c.sql[e.Position:]
			}
			if !strings.HasPrefix(at, c.at) || (at == "") != (c.at == "") {
				t.Errorf("position %d: %q, want %q", e.Position, at, c.at)
			}
		})
	}
}

// TestBinderErrorInView shows that a position in a view's text is not taken for one in
// the statement.
func TestBinderErrorInView(t *testing.T) {
	t.Parallel()
	s := session(t, open(t, Options{}))
	exec(t, s, "CREATE TABLE t AS SELECT 1 AS a, 2 AS b")
	exec(t, s, "CREATE VIEW v AS SELECT b FROM t")
	exec(t, s, "ALTER TABLE t DROP b")
	_, err := s.Query(context.Background(), "SELECT count(*) AS what_there_is FROM v")
	var e *engine.Error
	if !errors.As(err, &e) || e.Kind != engine.Binder {
		t.Fatalf("got %v, want a binder error", err)
	}
	if e.Position != -1 {
		t.Errorf("position %d points at %q", e.Position, e.SQL[e.Position:])
	}
}

// endless is a query that takes hours.
const endless = "SELECT count(*) FROM range(100000000) a, range(100000000) b WHERE a.range + b.range = -1"

// prompt is how fast a query must end. The machine that tests may be busy.
const prompt = 2 * time.Second

func TestCancel(t *testing.T) {
	t.Parallel()
	db := open(t, Options{})
	s := session(t, db)
	for _, sql := range []string{endless, "CREATE TABLE x AS " + endless, "SELECT * FROM (" + endless + ") ORDER BY 1", endless + " /* read_csv */"} {
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		begin := time.Now()
		_, err := s.Query(ctx, sql)
		cancel()
		var e *engine.Error
		if !errors.As(err, &e) || e.Kind != engine.Interrupted || !errors.Is(err, context.DeadlineExceeded) || e.SQL != sql {
			t.Fatalf("got %v, want an interrupted statement", err)
		}
		t.Logf("ended %v after its context", time.Since(begin)-50*time.Millisecond)
		if took := time.Since(begin); took > prompt {
			t.Errorf("ended after %v", took)
		}
		if got := query(t, s, "SELECT 42").Rows[0][0]; got != int64(42) {
			t.Errorf("afterwards the session says %v", got)
		}
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.Exec(ended, "CREATE TABLE y (a INT)"); !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context: %v", err)
	}
	if got := query(t, s, "SELECT count(*) FROM duckdb_tables()").Rows[0][0]; got != int64(0) {
		t.Errorf("a cancelled statement left %v tables", got)
	}
}

func TestInterrupt(t *testing.T) {
	t.Parallel()
	db := open(t, Options{})
	const workers = 4
	var wg sync.WaitGroup
	failures := make(chan error, workers)
	for i := range workers {
		s := session(t, db)
		wg.Go(func() {
			_, err := s.Exec(context.Background(), []string{endless, endless + " /* read_csv */"}[i%2])
			failures <- err
			if table, err := s.Query(context.Background(), "SELECT 1"); err != nil || len(table.Rows) != 1 {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
	for waitRunning(db) < workers {
		runtime.Gosched()
	}
	begin := time.Now()
	db.Interrupt()
	wg.Wait()
	if took := time.Since(begin); took > prompt {
		t.Errorf("took %v", took)
	}
	for range workers {
		var e *engine.Error
		if err := <-failures; !errors.As(err, &e) || e.Kind != engine.Interrupted {
			t.Errorf("got %v", err)
		}
	}
}

// waitRunning counts the sessions that run a statement.
func waitRunning(db *DB) int {
	db.mu.Lock()
	defer db.mu.Unlock()
	running := 0
	for s := range db.sessions {
		s.running.Lock()
		if s.cancel != nil {
			running++
		}
		s.running.Unlock()
	}
	return running
}

func TestCloseWhileRunning(t *testing.T) {
	t.Parallel()
	db, err := Open(context.Background(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := session(t, db)
	done := make(chan error, 1)
	go func() {
		_, err := s.Exec(context.Background(), endless)
		done <- err
	}()
	for waitRunning(db) < 1 {
		runtime.Gosched()
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; err == nil {
		t.Error("the statement ended well")
	}
	if _, err := s.Query(context.Background(), "SELECT 1"); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed session: %v", err)
	}
	if _, err := db.Session(context.Background()); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed database: %v", err)
	}
	if err := errors.Join(s.Close(), db.Close()); err != nil {
		t.Errorf("closing again: %v", err)
	}
}

func TestSessionsHaveTransactionsOfTheirOwn(t *testing.T) {
	t.Parallel()
	db := open(t, Options{})
	a, b := session(t, db), session(t, db)
	exec(t, a, "BEGIN")
	exec(t, a, "CREATE TABLE t AS SELECT 1 AS x")
	if _, err := b.Query(context.Background(), "FROM t"); err == nil {
		t.Error("a table is seen before it is committed")
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Query(context.Background(), "FROM t"); err == nil {
		t.Error("closing a session committed its transaction")
	}
}

func TestQueryStream(t *testing.T) {
	t.Parallel()
	s := session(t, open(t, Options{}))
	streamer := s.(engine.Streamer)
	var sum, rows int64
	err := streamer.QueryStream(context.Background(), "SELECT range AS a, 'x' || range AS b FROM range(1000000)", func(columns []engine.Column, row []any) error {
		rows++
		sum += row[0].(int64)
		return nil
	})
	if err != nil || rows != 1000000 || sum != 499999500000 {
		t.Errorf("got %d rows, sum %d, %v", rows, sum, err)
	}
	stop := errors.New("enough")
	rows = 0
	err = streamer.QueryStream(context.Background(), "FROM range(100000000000)", func([]engine.Column, []any) error {
		if rows++; rows == 5000 {
			return stop
		}
		return nil
	})
	if err != stop {
		t.Errorf("stopped by its reader: %v", err)
	}
	err = streamer.QueryStream(context.Background(), "SELECT CASE WHEN range = 3000000 THEN error('late') ELSE range END FROM range(5000000)", func([]engine.Column, []any) error { return nil })
	var e *engine.Error
	if !errors.As(err, &e) || e.Message != "late" {
		t.Errorf("an error far into the result: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	rows = 0
	err = streamer.QueryStream(ctx, "FROM range(100000000000)", func([]engine.Column, []any) error {
		if rows++; rows == 5000 {
			cancel()
		}
		return nil
	})
	if !errors.As(err, &e) || e.Kind != engine.Interrupted {
		t.Errorf("cancelled: %v", err)
	}
	if got := query(t, s, "SELECT 1").Rows[0][0]; got != int64(1) {
		t.Errorf("afterwards: %v", got)
	}
}

func TestOutOfMemory(t *testing.T) {
	t.Parallel()
	s := session(t, open(t, Options{Threads: 1, Settings: []Setting{{"memory_limit", "20MB"}, {"max_temp_directory_size", "0KB"}}}))
	_, err := s.Query(context.Background(), "SELECT list(a ORDER BY b) FROM (SELECT range a, random() b FROM range(3000000))")
	var e *engine.Error
	if !errors.As(err, &e) || e.Kind != engine.OutOfMemory {
		t.Fatalf("got %v", err)
	}
	if strings.Contains(e.Message, "\n") {
		t.Errorf("the message has several lines: %q", e.Message)
	}
	if got := query(t, s, "SELECT 1").Rows[0][0]; got != int64(1) {
		t.Errorf("afterwards: %v", got)
	}
}

// TestNothingLeaks is not parallel: it counts goroutines.
func TestNothingLeaks(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 20 {
		db, err := Open(context.Background(), Options{Shadow: true})
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			s := session(t, db)
			query(t, s, "SELECT {'a': 1}")
			ctx, cancel := context.WithCancel(context.Background())
			go cancel()
			s.Exec(ctx, endless)
			s.Close()
		}
		db.mu.Lock()
		left := len(db.sessions)
		db.mu.Unlock()
		if left != 0 {
			t.Errorf("%d sessions are left", left)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for deadline := time.Now().Add(prompt); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
}

func BenchmarkExec(b *testing.B) {
	s := session(b, open(b, Options{}))
	for b.Loop() {
		if _, err := s.Exec(context.Background(), "SET VARIABLE x = 1"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkQueryMillionRows(b *testing.B) {
	s := session(b, open(b, Options{}))
	for b.Loop() {
		if _, err := s.Query(context.Background(), "SELECT range a, range::DOUBLE b, 'text' || range c FROM range(1000000)"); err != nil {
			b.Fatal(err)
		}
	}
}
