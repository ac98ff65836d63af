package runner

import "elt/compiler/graph"

// holding decides what is not published. It looks at the graph and at what failed,
// after all tests are over, and never at the order in which things happened, so the
// answer is the same for the same outcome.
//
// Held back are: what failed, was skipped or was found bad by a test; every
// descendant of what is held; and, because a view that stays as it is would show new
// rows through yesterday's text, every candidate that a held view reads, directly or
// through other views. Each step may make more views held, so it is repeated until
// nothing is added.
type holding struct {
	graph *graph.Graph
	// candidates are the nodes this run has made.
	candidates map[string]bool
	// reads says what a view reads by the text it has now, as ids of nodes or of views
	// that are not of the project; ok is false for what is no published view.
	reads func(id string) (ids []string, ok bool)
	// alone are the nodes whose failure holds back nothing behind them: what is behind them has
	// read what is published of them.
	alone map[string]bool
	// order is how roots are gone through, so that the cause named is always the same.
	order []string
}

// held returns, for everything held back, the root cause. bad holds the nodes that
// must not be published and why: their own id, or that of the test that found them bad.
func (h holding) held(bad map[string]string) map[string]string {
	causes := make(map[string]string, len(bad))
	var todo []string
	hold := func(id, cause string) {
		if _, ok := causes[id]; !ok {
			causes[id] = cause
			todo = append(todo, id)
		}
	}
	for _, id := range h.order {
		if cause, ok := bad[id]; ok {
			hold(id, cause)
		}
	}
	for len(todo) > 0 {
		id := todo[0]
		todo = todo[1:]
		for _, child := range h.graph.Children(id) {
			if !h.alone[id] || causes[id] != id {
				hold(child, causes[id])
			}
		}
		if reads, ok := h.reads(id); ok {
			for _, read := range h.readThrough(reads) {
				hold(read, causes[id])
			}
		}
	}
	return causes
}

// readThrough returns the candidates among the reads of a view, looking through views
// that have no candidate.
func (h holding) readThrough(reads []string) []string {
	var found []string
	seen := map[string]bool{}
	for len(reads) > 0 {
		id := reads[0]
		reads = reads[1:]
		if seen[id] {
			continue
		}
		seen[id] = true
		if h.candidates[id] {
			found = append(found, id)
			continue
		}
		more, _ := h.reads(id)
		reads = append(reads, more...)
	}
	return found
}
