package runner

import (
	"errors"
	"os"
	"runtime"

	"elt/compiler/project"
)

// defaultWorkers is how many nodes are built at a time where nobody says: as many as
// there are cores, but 2 to 4. More cost memory and win nothing; the figures are in
// docs/architecture.md.
func defaultWorkers() int { return min(max(runtime.GOMAXPROCS(0), 2), 4) }

// workerCount is how many nodes are built at a time. All of them share DuckDB's
// threads, so more nodes at a time do not mean more threads at work.
func (r *run) workerCount() int {
	n := r.opts.Threads
	if n <= 0 {
		n = r.plan.Project.Target.Threads
	}
	if n <= 0 {
		n = defaultWorkers()
	}
	return max(1, min(n, len(r.nodes)))
}

// missing reports whether a target's database file does not exist.
func missing(target *project.Target) bool {
	if !isFile(target.Path) {
		return false
	}
	_, err := os.Stat(target.Path)
	return errors.Is(err, os.ErrNotExist)
}
