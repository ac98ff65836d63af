package runner

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"elt/runner/engine"
	"elt/runner/materialize"
)

// publishStep is one transaction of a publish: nodes of one database.
type publishStep struct {
	database string // as the nodes name it
	own      bool   // it is the target's own database
	level    int    // steps are done in the order of their levels
	nodes    []*nodeRun
}

// publishSteps cuts a publish into transactions. The first one is that of the target's own
// database, whether it has nodes or not: it decides. Then come those of attached
// databases. DuckDB binds the text of a view when it is created, so a view that reads
// another database waits for that database's step.
func (r *run) publishSteps(nodes []*nodeRun) []*publishStep {
	steps := []*publishStep{{database: r.database, own: true}}
	levels := make(map[string]int, len(nodes))
	databases := make(map[string]string, len(nodes))
	for _, n := range nodes { // in plan order: parents first
		id := n.node.UniqueID
		database := r.names.full(n.node.Relation).Database
		databases[id] = strings.ToLower(database) // DuckDB's names have no case
		own := strings.EqualFold(database, r.database)
		level := 1
		if own {
			level = 0
		}
		if n.spec.Materialized == materialize.External {
			level = 2 // files change places when the commit that decides is done
		}
		if n.spec.IsText() {
			for _, parent := range r.net.workParents(id) {
				switch at, ok := levels[parent]; {
				case !ok: // not published, or a test
				case databases[parent] == databases[id]:
					level = max(level, at)
				default:
					level = max(level, at+1)
				}
			}
		}
		levels[id] = level
		i := slices.IndexFunc(steps, func(s *publishStep) bool { return s.level == level && strings.EqualFold(s.database, database) })
		if i < 0 {
			i = len(steps)
			steps = append(steps, &publishStep{database: database, own: own, level: level})
		}
		steps[i].nodes = append(steps[i].nodes, n)
	}
	slices.SortStableFunc(steps, func(a, b *publishStep) int {
		return cmp.Or(a.level-b.level, strings.Compare(strings.ToLower(a.database), strings.ToLower(b.database)))
	})
	return steps
}

// publishPhase is a part of a step that has a named point at its end.
type publishPhase struct {
	point      string
	statements []publishStatement
}

type publishStatement struct {
	node *nodeRun
	sql  string
}

// tablePhases are the part of a step that reads nothing of other databases: tables and
// deltas, their indexes, and what is dropped.
func (r *run) tablePhases(step *publishStep) []publishPhase {
	swapped, indexes := publishPhase{point: "publish-swapped"}, publishPhase{point: "publish-indexes"}
	for _, n := range step.nodes {
		if n.spec.IsText() {
			continue
		}
		swapped.add(n, n.finish.Publish)
		indexes.add(n, n.finish.Indexes)
	}
	for _, n := range step.nodes {
		indexes.add(n, n.finish.Discard)
	}
	return []publishPhase{swapped, indexes}
}

// viewPhases are the views of a step, whose tables must exist by then, and what is said
// about them.
func (r *run) viewPhases(step *publishStep) []publishPhase {
	views := publishPhase{point: "publish-views"}
	for _, n := range step.nodes {
		if n.spec.IsText() {
			views.add(n, r.viewStatements(n))
		}
	}
	for _, n := range step.nodes {
		if n.spec.IsText() {
			views.add(n, n.finish.Indexes)
		}
	}
	return []publishPhase{views}
}

func (p *publishPhase) add(n *nodeRun, statements []string) {
	for _, sql := range statements {
		p.statements = append(p.statements, publishStatement{n, sql})
	}
}

// perform runs the statements of phases in a transaction that the caller has begun.
func (r *run) perform(ctx context.Context, s engine.Session, phases []publishPhase) error {
	for _, phase := range phases {
		for _, st := range phase.statements {
			if err := execStep(ctx, s, st.sql); err != nil {
				return r.publishStatementFault(ctx, st.node, err)
			}
		}
		r.point(phase.point)
	}
	return nil
}
