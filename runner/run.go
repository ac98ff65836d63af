package runner

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"elt/compiler"
	"elt/compiler/diag"
	"elt/compiler/graph"
	"elt/compiler/project"
	"elt/compiler/template"
	"elt/runner/duckdb"
	"elt/runner/engine"
	"elt/runner/materialize"
	"elt/runner/state"
)

// Run does what the options say. The error is nil or an *diag.Diagnostic, diag.List or
// [ErrInterrupted] that stopped the run as a whole; nodes and tests that failed are in
// the summary ([Summary.OK]), not in the error. The summary is nil only where the run
// did not begin. When ctx ends, no node is started any more, running statements are
// cancelled and nothing is published. A statement that does not stop within a second is
// left running, and the database open: the process is expected to end.
func Run(ctx context.Context, plan *compiler.Plan, opts Options, obs Observer) (*Summary, error) {
	return newRun(plan, opts, obs).do(ctx)
}

// run is one run: what its steps share. Fields above the first mutex are set before
// the workers start and only read by them.
type run struct {
	plan     *compiler.Plan
	opts     Options
	obs      Observer
	compiler Compiler
	id       string
	begun    time.Time
	clock    time.Time

	db           *duckdb.DB
	opening      *opening       // of the database, while files are listed
	main         engine.Session // of the goroutine that runs the run
	database     string
	sessions     *sessionPool
	quarantine   quarantine
	changes      *changeBook // nil where no model reads changes of another
	lateLooks    lateLooks
	seen         *inventory // until something is changed
	ahead        *ahead     // nil where nothing is asked ahead
	published    *published
	names        *names
	shadows      *shadows
	net          *network
	lab          *lab // where unit tests run
	lake         *lake
	unreadable   diag.List  // what is wrong with the files of sources, left to those that read them
	nodes        []*nodeRun // in plan order
	byID         map[string]*nodeRun
	byKey        map[string]*nodeRun // by the key of the relation, see [run.makerOf]
	workers      int
	records      *records                   // of a new database
	closing      sync.WaitGroup             // what is closed while the run goes on
	stateVersion int                        // of the state's tables as the run found them
	filled       map[string]bool            // those of them in which there were rows
	longLog      bool                       // what runs have noted last is to be moved
	book         state.Book                 // where the run is noted
	states       map[string]state.NodeState // see publishedStates
	readOnly     bool                       // nothing may be written: elt show, elt compile and most of elt test
	logStays     bool                       // a checkpoint failed: no other while nodes are built
	toldLogStays bool
	started      bool // everything is compiled; nodes are being built

	madeMu sync.RWMutex
	over   map[string]bool // units that have ended

	ended     []*nodeRun      // nodes by their outcome, once all is over
	abandoned map[string]bool // what workers still do that did not stop

	unnoted []*nodeRun // what has ended and is not in the database's notes yet
	noted   bool       // results are in the history that will be written again at the end
	notedAt time.Time

	compileMu   sync.Mutex
	interrupted bool
	unpublished bool            // the publish failed, or a part of it
	promised    map[string]bool // nodes that the commit which decides does not publish itself
	giveUp      bool            // forget what an earlier run promised and what cannot be published
	made        bool            // the database file was made by this run
	standsIn    bool            // the database is an empty one in memory, for one that is not there
	retryOf     string
	selected    []string           // in a retry: all it is about
	carried     []state.Result     // in a retry: of tests that passed in the last run
	keep        []project.Relation // hidden relations taken over from an earlier run
	recorded    bool               // the run is in the history

	foldersMu sync.Mutex
	folders   []string // where there may be hidden files

	halfReplicas []string // that killed runs have left and this one has removed

	prints   map[string]fingerprint // of what is about to be published
	rebuilds *rebuilds              // with Options.Changed: what is left out, and why the rest is not

	absent      map[string]bool // databases that could not be opened, by their names in small letters
	absentNotes diag.List       // about these, and what else of the target is not there

	attachedOnce sync.Once
	attached     map[string]bool // databases, by their names in small letters

	takers    func() map[string]*project.Node       // see [project.Takers]
	openCache func() (*bindCache, *diag.Diagnostic) // reads what is known of columns, once

	notBegun        bool          // an on-run-start hook has failed
	hookResults     []*NodeResult // of hooks of the project, as they were run
	startStatements []string      // of hooks at the start: what they make that queries can name
}

func newRun(plan *compiler.Plan, opts Options, obs Observer) *run {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Command == "" {
		opts.Command = "build"
	}
	if obs == nil {
		obs = silent{}
	}
	return &run{
		plan: plan, opts: opts, obs: obs, compiler: compilerOf(plan, opts.Compiler),
		id: newRunID(), begun: opts.Now(), clock: time.Now(),
		takers:    sync.OnceValue(func() map[string]*project.Node { return project.Takers(plan.Order, plan.Nodes) }),
		openCache: sync.OnceValues(func() (*bindCache, *diag.Diagnostic) { return openBindCache(plan.Project) }),
		byID:      map[string]*nodeRun{}, over: map[string]bool{}, quarantine: quarantine{whole: map[string]*sieved{}},
	}
}

// silent observes nothing.
type silent struct{}

// Observe does nothing.
func (silent) Observe(Event) {}

// do is the whole protocol.
func (r *run) do(ctx context.Context) (*Summary, error) {
	ids := r.chosen()
	if r.onlyUnitTests(ids) {
		return r.unitTests(ctx, ids)
	}
	if !r.opts.retry { // what a retry does is known only when the database is open
		r.openAhead(ctx, ids)
		if err := r.openLocalLake(ctx, ids); err != nil {
			r.opening.close()
			return nil, err
		}
	} else if missing(r.plan.Project.Target) {
		return nil, ErrNothingToRetry
	}
	if err := r.openFor(ctx, ids); err != nil {
		return nil, diagnostics(err)
	}
	summary, err := r.inside(ctx, ids)
	r.point("closing")
	r.tellLogStays(r.letGo(ctx))
	if !r.recorded && r.made {
		r.unmake()
	}
	r.point("closed")
	if errors.Is(err, errUnchanged) {
		return r.unchanged(), r.catchUp(ctx)
	}
	if summary == nil {
		if errors.Is(err, context.Canceled) || ctx.Err() != nil {
			return nil, ErrInterrupted
		}
		return nil, diagnostics(r.writeFault(err))
	}
	if r.readOnly {
		r.rememberAudit(ctx)
	}
	switch {
	case summary.Published > 0:
		err = r.renewReplica(ctx, err)
	case err == nil && !r.readOnly:
		err = r.catchUp(ctx)
	}
	summary.Elapsed = time.Since(r.clock)
	summary.Broken = err != nil
	r.emit(RunFinished{Summary: *summary})
	return summary, err
}

// inside is what happens while the database is open. The summary is nil where the run
// did not begin.
func (r *run) inside(ctx context.Context, ids []string) (*Summary, error) {
	if err := r.prepareRun(ctx, ids); err != nil {
		return nil, err
	}
	if err := r.begin(ctx); err != nil {
		return nil, err
	}
	if !r.readOnly {
		r.db.PrepareCheckpoint(context.WithoutCancel(ctx))
	}
	r.workers = r.workerCount()
	r.emit(RunStarted{RunID: r.id, Command: r.opts.Command, Target: r.plan.Project.Target.Name, Nodes: r.projectNodes(), Workers: r.workers})
	if left := r.leftOut(); len(left) > 0 {
		r.emit(LeftOut{Results: left})
	}
	hooks := &startHooks{view: view{run: r, before: true}}
	err := r.operations(ctx, "on-run-start", hooks)
	hooks.close()
	r.notBegun = err != nil
	if err == nil {
		err = r.schedule(ctx)
	}
	r.interrupted = ctx.Err() != nil
	r.skipUnfinished(err)
	if err == nil && !r.interrupted {
		err = r.finish(ctx)
	} else {
		err = errors.Join(err, r.remember(ctx))
	}
	if r.notBegun {
		err = r.endAnyway(ctx, err)
	}
	if r.interrupted {
		err = ErrInterrupted
	}
	return r.summary(), diagnostics(err)
}

// prepareRun reads what is published and compiles. Nothing is changed by it.
func (r *run) prepareRun(ctx context.Context, ids []string) error {
	var last *lastRun
	var err error
	if r.opts.retry {
		if last, err = r.lastRun(ctx); err != nil {
			return err
		}
		ids = last.ids
		if err := r.openLocalLake(ctx, ids); err != nil {
			return err
		}
	}
	if err := r.readPublishedState(ctx, ids); err != nil {
		return err
	}
	if r.opts.Changed && !r.opts.FullRefresh {
		if ids, err = r.leaveOut(ctx, ids); err != nil {
			return err
		}
		if len(ids) == 0 {
			return errUnchanged
		}
	}
	r.assemble(ids)
	if err := r.check(ctx); err != nil {
		return err
	}
	if err := r.adopt(ctx); err != nil {
		return err
	}
	r.point("compiled")
	if last != nil {
		return r.takeUp(ctx, last)
	}
	return nil
}

// readPublishedState reads what is there: relations, the version of the records, raw files.
func (r *run) readPublishedState(ctx context.Context, ids []string) error {
	if r.isNew() {
		r.published = newPublished(r.names)
		if err := r.prepareRecords(ctx); err != nil {
			return err
		}
		return r.finishLake(ctx, ids)
	}
	there, err := r.inventory(ctx)
	if err != nil {
		return err
	}
	r.published, r.stateVersion = publishedIn(there, r.names), there.version
	r.filled, r.longLog = there.filled, there.longLog
	r.askEarly(ctx)
	if err = r.published.readFunctions(ctx, r.main, r.plan); err != nil {
		return err
	}
	return r.finishLake(ctx, ids)
}

// check compiles and looks at all that can be told before anything is touched.
func (r *run) check(ctx context.Context) error {
	if err := r.planChanges(ctx); err != nil {
		return err
	}
	err := r.compile(ctx)
	var found diag.List
	if err != nil && (ctx.Err() != nil || !errors.As(err, &found)) {
		return err
	}
	if err := r.bindForUnitTests(ctx); err != nil {
		return errors.Join(found.Err(), err)
	}
	found = append(found, r.checkUnitRows(ctx, found)...)
	return found.Sorted().Err()
}

// assemble makes the nodes of the run and their network.
func (r *run) assemble(ids []string) {
	work := make(map[string]bool, len(ids))
	for number, id := range ids {
		n := r.newNode(id, number+1)
		r.nodes = append(r.nodes, n)
		r.byID[id] = n
		work[id] = true
	}
	r.byKey = nil
	whole := r.planGraph()
	plan := planGraph{graph: whole, nodes: r.plan.Nodes, takers: r.linkTakers(), makers: r.linkTested(whole)}
	r.lab = newLab(r.plan)
	r.net = newNetwork(plan, work, r.published)
}

// linkTakers tells the tests of ephemeral models which by_file model of the run those are a part
// of: a test sees of the raw files what that one takes in, when it has. It returns the ids of
// the models by those of the tests.
func (r *run) linkTakers() map[string]string {
	isEphemeral := func(id string) bool { return r.plan.Nodes[id] != nil && r.plan.Nodes[id].IsEphemeral() }
	found := map[string]string{}
	for _, n := range r.nodes {
		if n.node.Type != project.Test || !slices.ContainsFunc(n.node.DependsOn, isEphemeral) {
			continue
		}
		if taker := project.TakerOf(n.node, r.takers()); taker != nil && r.byID[taker.UniqueID] != nil {
			n.taker = r.byID[taker.UniqueID]
			found[n.node.UniqueID] = taker.UniqueID
		}
	}
	return found
}

// newNode is a node of the run; number is its place in it, from 1.
func (r *run) newNode(id string, number int) *nodeRun {
	node := r.plan.Nodes[id]
	n := &nodeRun{node: node, number: number, rows: -1, key: r.names.full(node.Relation).Key()}
	keptAsText := node.Maker == "" && slices.Contains([]string{materialize.View, materialize.Function, materialize.External}, node.Materialized())
	if node.Relation.Identifier != "" && node.Type != project.Test && !keptAsText {
		n.candidate = hiddenRelation(r.names.full(node.Relation), r.id, number)
		n.hidden = n.candidate.Identifier
	}
	return n
}

// planGraph is the project's graph.
func (r *run) planGraph() *graph.Graph {
	if r.plan.Graph != nil {
		return r.plan.Graph
	}
	parents := map[string][]string{}
	for id, node := range r.plan.Nodes {
		parents[id] = node.DependsOn
	}
	return graph.New(r.plan.Order, parents)
}

// chosen returns the nodes of the run in plan order: the selected ones that the
// command is about.
func (r *run) chosen() []string {
	kinds := map[string][]project.ResourceType{
		"build":    {project.Model, project.Seed, project.Snapshot, project.UnitTest, project.Test},
		"run":      {project.Model},
		"clone":    {project.Model},
		"seed":     {project.Seed},
		"snapshot": {project.Snapshot},
		"test":     {project.Test, project.UnitTest},
	}[r.opts.Command]
	var selected map[string]bool
	if r.opts.Selected != nil {
		selected = make(map[string]bool, len(r.opts.Selected))
		for _, id := range r.opts.Selected {
			selected[id] = true
		}
	}
	var ids []string
	for _, id := range r.plan.Order {
		node := r.plan.Nodes[id]
		if node == nil || !slices.Contains(kinds, node.Type) || node.IsEphemeral() {
			continue
		}
		if selected == nil || selected[id] {
			ids = append(ids, id)
		}
	}
	return ids
}

// fullRefresh reports whether a node is made anew.
func (r *run) fullRefresh(node *project.Node) bool {
	if n := r.byID[node.UniqueID]; n != nil && n.renewed != "" {
		return true
	}
	if v, ok := node.Config.Get("full_refresh"); ok && v.Value != nil {
		return template.Truth(v.Value)
	}
	return r.opts.FullRefresh || r.plan.FullRefresh(node)
}

func (r *run) now() time.Time { return r.opts.Now() }

// point tells a test which step of the protocol has been reached.
func (r *run) point(name string) {
	if r.opts.Point != nil && name != "" {
		r.opts.Point(name)
	}
}

func (r *run) emit(e Event) { r.obs.Observe(e) }

// notice tells of a warning or a note; a warning may be an error by the run's options, which
// what is told then says.
func (r *run) notice(d *diag.Diagnostic) {
	for _, one := range r.opts.Warnings.Apply(diag.List{d}) {
		r.emit(Noticed{Diagnostic: one})
	}
}

// diagnostics makes sure that an error of the run is one a person can read.
func diagnostics(err error) error {
	var own Error
	var d *diag.Diagnostic
	var l diag.List
	switch {
	case err == nil:
		return nil
	case errors.As(err, &own):
		return own
	case errors.As(err, &l):
		return l
	case errors.As(err, &d):
		return d
	}
	var e *engine.Error
	if errors.As(err, &e) {
		return &diag.Diagnostic{Code: codeOf(e), Message: lowerFirst(e.Message), Err: err}
	}
	return &diag.Diagnostic{Code: diag.Database, Message: err.Error(), Err: err}
}
