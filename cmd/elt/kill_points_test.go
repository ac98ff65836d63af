//go:build unix

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"elt/runner"
)

// TestKilledAtPoints kills the program at each named point of the protocol, on the project of
// TestKilledProgram. [runner.Points] is the list of them: what the program passes must stand in
// it, and all that stands in it must be passed.
func TestKilledAtPoints(t *testing.T) {
	t.Parallel()
	k := newKilled(t)
	reached := filepath.Join(t.TempDir(), "reached")
	k.define(0)
	k.elt("build", "-q")
	batch := 0
	for _, point := range runner.Points() {
		batch++
		k.define(batch)
		inside, shown := either(batch)[1:], either(batch)[1:]
		if strings.HasPrefix(point, "compact") {
			k.elt("build", "-q") // adds a file, so that there are two to put together
			k.killAt(reached, point, "compact")
		} else {
			inside, shown = k.killBuildAt(reached, point, batch)
		}
		k.agree(batch, inside, shown)
		if t.Failed() {
			return
		}
	}
	checkReached(t, reached)
	t.Logf("killed at each of %d points: %d had published, %d had the replica renewed", len(runner.Points()), k.published, k.copied)
}

// killBuildAt kills a build at the first time that it comes to a point, and returns which batch the
// database and its replica must be of: the commit that decides is done at "own-published".
func (k *killed) killBuildAt(reached, point string, batch int) (inside, shown []string) {
	k.t.Helper()
	at := func(name string) int { return slices.Index(runner.Points(), name) }
	before, now := []string{strconv.Itoa(batch - 1)}, []string{strconv.Itoa(batch)}
	inside, shown = before, before
	if at(point) >= at("own-published") {
		inside = now
	}
	if point == "replica-copied" {
		shown = now
	}
	if point == "rolled-forward" {
		k.killAt(reached, "own-published", "build", "-q")
	}
	k.killAt(reached, point, "build", "-q")
	return inside, shown
}

// killAt kills a command at the first time that it comes to a point.
func (k *killed) killAt(reached, point string, args ...string) {
	k.t.Helper()
	k.what = "elt " + strings.Join(args, " ") + " killed at " + point
	cmd := k.command("killable", args...)
	cmd.Env = append(os.Environ(), killAt+"="+point+"#1", reachedFile+"="+reached)
	if !k.killed(cmd, func(*os.Process) func() { return func() {} }) {
		k.t.Fatalf("%s: it did not come there", k.what)
	}
}

// checkReached compares what was passed with the list of points.
func checkReached(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	passed := strings.Fields(string(text))
	for _, name := range passed {
		if !slices.Contains(runner.Points(), name) {
			t.Errorf("point %q is not in the list of points", name)
		}
	}
	for _, name := range runner.Points() {
		if !slices.Contains(passed, name) {
			t.Errorf("point %q is never passed", name)
		}
	}
}
