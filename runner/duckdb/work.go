package duckdb

import (
	"time"

	"github.com/duckdb/duckdb-go/v2/mapping"
)

// work does the tasks of a statement until its result is ready; false means that the
// statement failed, and that the error is the pending result's. DuckDB's own loop does the same, but asks without a pause while the other threads have the
// last tasks, which costs a core for as long as they take.
func work(pending mapping.PendingResult) bool {
	begun := time.Now()
	asked := 0
	for {
		switch mapping.PendingExecuteTask(pending) {
		case mapping.PendingStateResultNotReady:
			asked = 0
		case mapping.PendingStateNoTasksAvailable:
			if asked++; asked > patience {
				nap(min(max(time.Since(begun)/napShare, shortestNap), longestNap))
			}
		case mapping.PendingStateResultReady:
			return true
		default:
			return false
		}
	}
}

// patience is how often work asks for a task without a pause. A pause is a small part of
// the time the statement has taken so far, so that waiting does not lengthen it much.
const (
	patience    = 50
	napShare    = 32
	shortestNap = 10 * time.Microsecond
	longestNap  = time.Millisecond
)
