package duckdb

import (
	"context"
	"sync"
)

// Spare is a database in memory that is opened beside other work: it takes some ten
// milliseconds, which nobody then waits for. Its methods may be called by several
// goroutines.
type Spare struct {
	opened chan struct{} // closed once db and err are set
	db     *DB
	err    error

	mu   sync.Mutex
	gone bool // taken or closed
}

// OpenSpare begins to open a database for [OpenShell]. It is to be closed.
func OpenSpare(ctx context.Context) *Spare {
	s := &Spare{opened: make(chan struct{})}
	go func() {
		defer close(s.opened)
		s.db, s.err = Open(ctx, shellDatabase)
	}()
	return s
}

// shellDatabase is what a shell's database is opened with.
var shellDatabase = Options{Threads: 1}

// take returns the database, which is the caller's from then on; nil where it was taken
// before.
func (s *Spare) take() (*DB, error) {
	if s == nil || !s.leave() {
		return nil, nil
	}
	<-s.opened
	return s.db, s.err
}

// leave reports whether the caller is the first to have the database.
func (s *Spare) leave() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := !s.gone
	s.gone = true
	return first
}

// Close closes the database if nobody has taken it. It waits until it is open. A nil Spare is
// closed.
func (s *Spare) Close() error {
	db, err := s.take()
	if db == nil || err != nil {
		return nil // whoever needs one will hear why there is none
	}
	return db.Close()
}
