//go:build unix

package runner_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"elt/runner"
)

// killPoint is a point of the protocol, "name#n", and whether a build that is killed there must
// come out all the same: the target's own database has committed by then.
type killPoint struct {
	at       string
	promised bool
}

// killing is a project whose builds are killed at some points, one build after the other.
type killing struct {
	process string // variable of the process that is killed: which project it builds
	define  func(w *warehouse, batch int)
	// left looks at what a kill has left before anything opens the database as a command that
	// writes does; settled at what there is after that, and after another build: all of build want.
	left    func(w *warehouse, what string, batch int, promised bool)
	settled func(w *warehouse, what string, batch, want int)
	again   int // how often the next build is done
}

// at kills a build at each of some points.
func (k killing) at(t *testing.T, points []killPoint) {
	w := newWarehouse(t)
	dir := filepath.Dir(w.path)
	k.define(w, 0)
	w.build()
	for i, point := range points {
		batch := i + 1
		what := fmt.Sprintf("after a kill at %s of build %d", point.at, batch)
		if !runAndKill(t, dir, batch, point.at, 0, k.process) {
			t.Fatalf("%s: it was not killed", what)
		}
		want := batch - 1
		if point.promised {
			want = batch
		}
		k.left(w, what, batch, point.promised)
		if _, err := runner.Clean(context.Background(), w.plan(), runner.CleanOptions{}); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		k.settled(w, what, batch, want)
		k.define(w, batch)
		for range k.again {
			if s, err := w.run("build"); err != nil || !s.OK() {
				t.Fatalf("%s the next build: %v\n%s", what, err, statuses(s))
			}
			k.settled(w, what+" and another build", batch, batch)
		}
		if t.Failed() {
			return
		}
	}
}
