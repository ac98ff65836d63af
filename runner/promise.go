package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner/engine"
	"elt/runner/state"
)

// promise is the part of a publish that the target's own database cannot commit itself.
//
// The order is such that a kill at any moment leaves yesterday everywhere, or something
// that the next run finishes, and nothing is done twice:
//
//  1. Each attached database gets a mark for every step to come ("not done"). A mark
//     without a promise means nothing.
//  2. In each attached database a transaction is begun that swaps tables and indexes and
//     stays open: whatever is wrong with them comes out while nothing is visible.
//  3. The target's own database commits its nodes, the history and, as rows of
//     _elt.intents, the statements of all further steps. From here on there is no way
//     back. The history has no outcome yet, and calls none of these steps' nodes
//     published: whatever fails from here on, be it the disk that would have to take
//     the bad news, nothing is claimed that is not so.
//  4. Step by step the open transactions are finished. Each says "done" at its own mark
//     in the same commit.
//  5. The intents are forgotten, and the history says how the run came out.
//
// [run.rollForward] does 4 and 5 for a run that died before them; its outcome stays open.
type promise struct {
	run       *run
	steps     []*publishStep
	databases map[string]attached // of the steps
	open      map[*publishStep]engine.Session
}

// attached is what DuckDB says of a database.
type attached struct {
	kind string // "duckdb", "sqlite", "postgres", ...
	path string
}

// attachedDatabases returns the databases of the process that can be written, by their
// name in lower case.
func attachedDatabases(ctx context.Context, s engine.Session) (map[string]attached, error) {
	t, err := s.Query(ctx, "select lower(database_name), type, path from duckdb_databases() where not internal and not readonly")
	if err != nil {
		return nil, err
	}
	out := make(map[string]attached, len(t.Rows))
	for _, row := range t.Rows {
		kind, _ := row[1].(string)
		path, _ := row[2].(string)
		out[row[0].(string)] = attached{kind, path}
	}
	return out, nil
}

// promise prepares the steps that follow the first one. Nothing of them is visible when it
// returns. The promise must be closed, also where there is an error.
func (r *run) promise(ctx context.Context, steps []*publishStep) (*promise, error) {
	p := &promise{run: r, steps: steps, open: map[*publishStep]engine.Session{}}
	if len(steps) == 0 {
		return p, nil
	}
	var err error
	if p.databases, err = attachedDatabases(ctx, r.main); err != nil {
		return p, err
	}
	if err := p.mark(ctx); err != nil {
		return p, err
	}
	r.point("publish-marked")
	for _, step := range steps {
		if step.own || step.level > 1 {
			continue // views, which bind only when what they read is there
		}
		s, err := r.db.Session(ctx)
		if err != nil {
			return p, err
		}
		p.open[step] = s
		if _, err := s.Exec(ctx, "begin transaction"); err != nil {
			return p, err
		}
		if err := r.perform(ctx, s, r.tablePhases(step)); err != nil {
			return p, err
		}
	}
	return p, nil
}

// mark puts the marks of all steps into their databases.
func (p *promise) mark(ctx context.Context) error {
	r := p.run
	home := p.databases[strings.ToLower(r.database)].path
	marks := map[string][]state.Mark{}
	var databases []string
	for i, step := range p.steps {
		if step.own {
			continue
		}
		key := strings.ToLower(step.database)
		if marks[key] == nil {
			databases = append(databases, step.database)
		}
		marks[key] = append(marks[key], state.Mark{RunID: r.id, Step: i, Home: home})
	}
	for _, database := range databases {
		key := strings.ToLower(database)
		r.notice(diag.Warn(diag.Unsupported, diag.Place{}, "nodes of database %q are published by themselves: DuckDB has no transaction across databases", key))
		err := r.transact(ctx, func() error {
			return execAll(ctx, r.main, state.PutMarks(database, p.databases[key].kind, home, marks[key]))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// intents are the rows that promise the steps.
func (p *promise) intents() []state.Intent {
	var out []state.Intent
	for i, step := range p.steps {
		in := state.Intent{RunID: p.run.id, Step: i, Database: step.database}
		for _, phase := range append(p.run.tablePhases(step), p.run.viewPhases(step)...) {
			for _, st := range phase.statements {
				in.Statements = append(in.Statements, st.sql)
			}
		}
		for _, n := range step.nodes {
			in.Nodes = append(in.Nodes, n.node.UniqueID)
		}
		out = append(out, in)
	}
	return out
}

// keep does what was promised. It is not interrupted any more. left are the nodes of the
// step that failed and of those after it.
func (p *promise) keep(ctx context.Context) (left []*nodeRun, err error) {
	if len(p.steps) == 0 {
		return nil, nil
	}
	r, ctx := p.run, context.WithoutCancel(ctx)
	r.point("own-published")
	intents := p.intents()
	for i, step := range p.steps {
		if err := p.keepStep(ctx, step, intents[i]); err != nil {
			for _, late := range p.steps[i:] {
				left = append(left, late.nodes...)
			}
			return left, r.brokenFault(step, err)
		}
		r.point("attached-published")
	}
	err = r.transact(ctx, func() error {
		for _, in := range intents {
			if err := execAll(ctx, r.main, state.KeepIntent(r.database, state.Version, in)); err != nil {
				return err
			}
		}
		now := r.now()
		_, err := r.main.Exec(ctx, r.book.FinishRun(r.id, r.outcome(), now, now))
		return err
	})
	if err != nil {
		return nil, unrecordedFault(err)
	}
	r.point("promise-kept")
	return nil, nil
}

// unrecordedFault is what to say when all is published and the history could not be told.
func unrecordedFault(err error) error {
	list := diag.From(err, diag.Database)
	for _, d := range list {
		d.Message = "everything was published, but the history of the run could not be finished: " + d.Message
		d.Hint = "the next run that writes does it"
	}
	return list
}

// promised are the nodes of the steps: not published by the commit that decides.
func (p *promise) promised() map[string]bool {
	out := map[string]bool{}
	for _, step := range p.steps {
		for _, n := range step.nodes {
			out[n.node.UniqueID] = true
		}
	}
	return out
}

// keepStep publishes one step.
func (p *promise) keepStep(ctx context.Context, step *publishStep, in state.Intent) error {
	r, s := p.run, p.open[step]
	rest := r.viewPhases(step)
	if s == nil {
		s, rest = r.main, append(r.tablePhases(step), rest...)
		if _, err := s.Exec(ctx, "begin transaction"); err != nil {
			return err
		}
	}
	err := r.perform(ctx, s, rest)
	if err == nil {
		err = execAll(ctx, s, p.done(step, in))
	}
	return end(ctx, s, err)
}

// done are the statements that say, in the step's own database, that it was done.
func (p *promise) done(step *publishStep, in state.Intent) []string {
	if step.own {
		return state.KeepIntent(p.run.database, state.Version, in)
	}
	return []string{state.SetDone(step.database, p.databases[strings.ToLower(step.database)].kind, in)}
}

// close rolls back what is still open.
func (p *promise) close() {
	for _, s := range p.open {
		s.Close()
	}
}

// brokenFault is what to say when a publish stopped half way between two databases.
func (r *run) brokenFault(step *publishStep, err error) error {
	list := diag.From(err, diag.Database)
	for _, d := range list {
		d.Message = fmt.Sprintf("database %q was not published: %s", step.database, d.Message)
		if slices.ContainsFunc(r.ended, func(n *nodeRun) bool { return n.shown() && !r.promised[n.node.UniqueID] }) {
			d.WithNote(diag.Place{}, "what was built in database %q is published", r.database)
		}
		d.Hint = "the next run that writes publishes the rest before it does anything else"
	}
	return list
}

// rollForward finishes what a run that died, or a database that could not be written, has
// left half published. It is done before anything is read, by whatever opens the
// database for writing.
func (r *run) rollForward(ctx context.Context) error {
	there, err := r.inventory(ctx)
	if err != nil || there.version < state.IntentsVersion || there.version > state.Version || !there.filled[state.IntentsTable] {
		return err
	}
	intents, err := state.Intents(ctx, r.main, r.database)
	if err != nil || len(intents) == 0 {
		return err
	}
	r.lookAgain() // what is carried out changes it
	databases, err := attachedDatabases(ctx, r.main)
	if err != nil {
		return err
	}
	for i, in := range intents {
		if err := r.carryOut(ctx, there.version, in, databases); err != nil {
			if r.giveUp && ctx.Err() == nil {
				return r.forgetIntents(ctx, there.version, intents[i:])
			}
			return unkeptFault(in, err)
		}
		r.point("rolled-forward")
		r.notice(diag.Warn(diag.Database, diag.Place{}, "run %q had stopped while it published: its nodes of database %q are published now", in.RunID, in.Database))
	}
	return nil
}

// carryOut does one intent, unless it was done.
func (r *run) carryOut(ctx context.Context, version int, in state.Intent, databases map[string]attached) error {
	forget := state.KeepIntent(r.database, version, in)
	if strings.EqualFold(in.Database, r.database) {
		return r.transact(ctx, func() error { return execAll(ctx, r.main, append(in.Statements, forget...)) })
	}
	db, ok := databases[strings.ToLower(in.Database)]
	if !ok {
		return fmt.Errorf("no database %q is attached that can be written", in.Database)
	}
	marks, err := state.Marks(ctx, r.main, in.Database, db.kind)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(marks, func(m state.Mark) bool { return m.RunID == in.RunID && m.Step == in.Step })
	switch {
	case at < 0:
		return fmt.Errorf("the database attached as %q is not the one that run has written", in.Database)
	case !marks[at].Done:
		err := r.transact(ctx, func() error {
			return execAll(ctx, r.main, append(in.Statements, state.SetDone(in.Database, db.kind, in)))
		})
		if err != nil {
			return err
		}
	}
	return r.transact(ctx, func() error { return execAll(ctx, r.main, forget) })
}

// forgetIntents gives up what cannot be done.
func (r *run) forgetIntents(ctx context.Context, version int, intents []state.Intent) error {
	return r.transact(ctx, func() error {
		for _, in := range intents {
			if err := execAll(ctx, r.main, state.GiveUpIntent(r.database, version, in)); err != nil {
				return err
			}
		}
		return nil
	})
}

// unkeptFault is what to say when a promise cannot be kept.
func unkeptFault(in state.Intent, err error) error {
	var e *engine.Error
	message := err.Error()
	if errors.As(err, &e) {
		message = lowerFirst(e.Message)
	}
	return &diag.Diagnostic{
		Code: diag.Database, Err: err,
		Message: fmt.Sprintf("run %q had stopped while it published, and its nodes of database %q cannot be published now: %s", in.RunID, in.Database, message),
		Hint:    "mend that and run again, or give them up with elt clean --give-up and build anew",
	}
}

// promisedElsewhere returns the runs of other projects that have promised to publish in
// databases attached here: their candidates are not leftovers.
func (r *run) promisedElsewhere(ctx context.Context) (map[string]bool, error) {
	if len(r.plan.Project.Target.Attach) == 0 {
		return nil, nil
	}
	databases, err := attachedDatabases(ctx, r.main)
	if err != nil {
		return nil, err
	}
	home := databases[strings.ToLower(r.database)].path
	runs := map[string]bool{}
	for database, db := range databases {
		marks, err := state.Marks(ctx, r.main, database, db.kind)
		if err != nil {
			return nil, err
		}
		for _, m := range marks {
			if _, gone := os.Stat(m.Home); !m.Done && m.Home != home && gone == nil {
				runs[m.RunID] = true
			}
		}
	}
	return runs, nil
}

// execAll runs statements until one fails.
func execAll(ctx context.Context, s engine.Session, statements []string) error {
	for _, sql := range statements {
		if err := execStep(ctx, s, sql); err != nil {
			return err
		}
	}
	return nil
}

// runOf is the run that has made a hidden relation.
func runOf(rel project.Relation) string {
	if m := hiddenName().FindStringSubmatch(rel.Identifier); m != nil {
		return m[1]
	}
	return ""
}
