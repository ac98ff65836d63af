package runner

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"elt/compiler/diag"
	"elt/compiler/graph"
	"elt/compiler/project"
	"elt/runner/engine"
	"elt/runner/materialize"
	"elt/runner/state"
)

// nodeRun is one node of the run. Until its unit is over it belongs to the worker that
// does it; then anybody may read it.
type nodeRun struct {
	node      *project.Node
	number    int              // of the node in the run, from 1
	key       string           // of its relation, with the database filled in
	candidate project.Relation // the hidden table; no identifier where there is none
	hidden    string           // the candidate's identifier as the run began: no worker changes it
	spec      *materialize.Spec
	state     materialize.State
	intake    *intake        // of a by_file model
	taker     *nodeRun       // the by_file model of the run that the ephemeral model is a part of which a test reads
	taken     *intake        // where that model is not built: all that it would take in
	batches   *batchRun      // of a microbatch model
	around    around         // of a batch: how it reads sources of which it has no rows in some file
	objects   string         // the statement that writes the manifest of an external model on object storage
	standing  []manifestFile // the files that are there, of an external model that grows
	finish    materialize.Finish
	write     materialize.Write
	columns   []engine.Column // of what was made of files, where they are known
	query     string          // what its shadow shows, of a table
	row       *state.Candidate
	written   project.Relation // the hidden table, once it exists
	warnings  diag.List
	after     []string  // statements of a test that run after the publish
	made      bool      // there is a candidate
	doomed    diag.List // what was found wrong before its turn, in a dbt project
	putOff    bool      // rendering failed, in a dbt project: it is tried again in its turn
	// unrendered says that rendering failed and the run will not begin.
	unrendered bool
	resumed    bool             // taken over from an earlier run
	anew       string           // why it was not, though that run had made it
	unseen     map[string]int64 // of a model that reads changes of others: its marks, by unique_id
	renewed    string           // why such a model is made anew, though nobody asks for it
	rows       int64
	sqlHash    string
	confHash   string
	formTexts  []string // of an incremental model: its query on the first build and on others
	result     *NodeResult

	ancestors graph.Set // of the node, once somebody has asked
	looked    []string  // what a test has looked at that it does not name, see [project.Node.IsLoose]
}

// worker is a goroutine that does units, on a session of its own.
type worker struct {
	*run
	session engine.Session
	number  int
}

// build makes the candidate of a node.
func (w *worker) build(ctx context.Context, n *nodeRun) *NodeResult {
	result := &NodeResult{Node: n.node, StartedAt: w.now(), Rows: -1, Worker: w.number, Resumed: n.resumed, Anew: n.anew}
	n.result = result
	started := time.Now()
	err := w.compileLate(ctx, n)
	result.CompileTime = time.Since(started)
	if err == nil {
		w.point("candidate-started")
		err = limited(ctx, n, func(ctx context.Context) error { return w.make(ctx, n) })
	}
	result.ExecuteTime = time.Since(started) - result.CompileTime
	result.Rows = n.rows
	result.FullRefresh = n.node.Type == project.Seed && w.fullRefresh(n.node)
	result.Batches = n.batches.outcome()
	if err != nil {
		w.fail(ctx, result, err)
		w.keepFailed(n)
		return result
	}
	warnings := w.opts.Warnings.Apply(append(n.warnings, n.finish.Warnings...))
	if warnings.HasErrors() {
		w.fail(ctx, result, warnings)
		w.keepFailed(n)
		return result
	}
	n.made = true
	result.Status = Success
	result.Rejected = w.rejectedOf(n)
	result.Diagnostics = warnings
	n.partial()
	n.partialBatches()
	return result
}

// fail writes an error into a result.
func (w *worker) fail(ctx context.Context, result *NodeResult, err error) {
	if ctx.Err() != nil {
		result.Status, result.Message = Skipped, string(ErrInterrupted)
		return
	}
	result.Status = Errored
	result.Diagnostics = diag.From(err, diag.Database)
	for _, d := range result.Diagnostics {
		if d.Node == "" {
			d.Node = result.Node.UniqueID
		}
		if id := w.ephemeralAt(d); id != "" {
			d.Node = id
		}
	}
	if len(result.Diagnostics) > 0 {
		result.Message = result.Diagnostics[0].Message
	}
}

// compileLate compiles a node whose template asked what only its parents' build could
// answer.
func (w *worker) compileLate(ctx context.Context, n *nodeRun) error {
	if len(n.doomed) > 0 {
		return n.doomed
	}
	late := n.node.Compiled == nil || n.node.Compiled.Deferred
	if n.node.Type == project.Seed && n.node.Compiled == nil || !late {
		return nil // a seed has nothing to render but hooks
	}
	w.compileMu.Lock() // ephemeral parents may be compiled with it
	err := w.compiler.CompileNode(ctx, w.view(n), n.node.UniqueID)
	w.compileMu.Unlock()
	if err != nil {
		return err
	}
	if n.node.Compiled == nil || n.node.Compiled.Deferred {
		return diag.New(diag.TemplateError, n.node.Place, "%q asks for a relation that is built after it", n.node.Name).
			WithHint("name that relation with ref(), so that it is built before")
	}
	return w.specify(ctx, w.session, n)
}

// specify reads a compiled node's config, as far as it is built at all.
func (r *run) specify(ctx context.Context, s engine.Session, n *nodeRun) error {
	n.sqlHash, n.confHash = hashes(n.node)
	switch n.node.Type {
	case project.UnitTest:
		n.sqlHash = textHash(n.sqlHash + nodeText(r.plan.UnitModel(n.node)))
		return nil
	case project.Test:
		return nil
	}
	spec, problems := materialize.SpecOf(n.node, n.candidate, r.fullRefresh(n.node))
	if r.plan.Project.AsDBT && spec != nil {
		spec.LikeDBT()
	}
	if problems.HasErrors() {
		return problems
	}
	if refused := r.refusedHooks(n); len(refused) > 0 {
		return refused
	}
	n.warnings = problems
	st, err := r.published.state(ctx, s, n.node.Relation, changesTable(spec))
	if err != nil {
		return err
	}
	if spec.Pointer.Identifier != "" {
		st.Pointer = r.published.find(spec.Pointer)
	}
	if r.hooksTouchThis(n) {
		spec.FullCopy = true
	}
	if spec.Keep != nil {
		spec.Keep.Before, spec.Keep.Remove = spec.Keep.Since(r.begun), r.opts.Expire
	}
	n.spec, n.state = spec, st
	n.formTexts = r.compileForms(ctx, n)
	if spec.External != nil {
		if err := r.placeExternal(ctx, s, n); err != nil {
			return err
		}
	}
	if n.node.Type == project.Seed {
		if err := r.readSeed(n); err != nil {
			return err
		}
	}
	if spec.Files != nil {
		if n.intake, err = r.planIntake(ctx, s, n, spec.Anew(st)); err != nil {
			return err
		}
		r.useFilesTable(n)
	}
	if spec.Batches != nil {
		if err := r.planBatches(ctx, s, n); err != nil {
			return err
		}
	}
	n.write, err = materialize.Begin(spec, st)
	return err
}

// changesTable reports whether a node changes its published table rather than replace
// it, and so must know the table's columns.
func changesTable(spec *materialize.Spec) bool {
	return spec.Materialized == materialize.Incremental || spec.Materialized == materialize.Snapshot
}

// readSeed reads a seed's file: what is wrong with it comes out before anything is
// touched.
func (r *run) readSeed(n *nodeRun) error {
	if n.spec.Custom { // macros read it
		_, content, err := r.seedContent(n.node)
		n.sqlHash = textHash(content)
		return err
	}
	table, path, content, err := r.seedTable(n.node, n.spec.Seed.SeedOptions)
	if err != nil {
		return err
	}
	n.warnings = append(n.warnings, table.Warnings...)
	n.spec.Seed.Path, n.spec.Seed.Table, n.spec.Seed.Empty = path, table, r.opts.Empty
	n.sqlHash = textHash(content)
	return nil
}

// seedTable reads the file of a seed.
func (r *run) seedTable(node *project.Node, opts materialize.SeedOptions) (table *materialize.SeedTable, path, content string, err error) {
	if path, content, err = r.seedContent(node); err != nil {
		return nil, "", "", err
	}
	opts.Numbers = !r.plan.Project.OwnDefaults()
	table, err = materialize.SeedFile(diag.NewSource(node.Source.Path, content), opts)
	return table, path, content, err
}

// seedContent is the file of a seed, by its path and as text.
func (r *run) seedContent(node *project.Node) (path, content string, err error) {
	path = filepath.Join(r.plan.ProjectOf(node).Root, filepath.FromSlash(node.OriginalPath))
	read, err := os.ReadFile(path)
	if err != nil {
		return "", "", &diag.Diagnostic{Code: diag.Seed, Place: node.Place, Node: node.UniqueID, Err: err,
			Message: fmt.Sprintf("seed %q cannot be read: %v", node.Name, err)}
	}
	return path, string(read), nil
}

// make runs what makes the candidate, in the order materialize asks for.
func (w *worker) make(ctx context.Context, n *nodeRun) error {
	if n.resumed {
		return w.takeOver(ctx, n)
	}
	if n.spec.Custom {
		return w.custom(ctx, n)
	}
	write := n.write
	if err := w.header(ctx, n, write.Header); err != nil {
		return err
	}
	if err := w.contract(ctx, n, write.Contract); err != nil {
		return err
	}
	if err := w.statements(ctx, n, write.Before); err != nil {
		return err
	}
	if err := w.hooks(ctx, n, n.pre(), len(write.Before) > 0); err != nil {
		return err
	}
	if err := w.describeFirst(ctx, n, &write); err != nil {
		return err
	}
	if err := w.loadFiles(ctx, n, write.Statements); err != nil {
		return err
	}
	n.written = write.Made
	if err := w.touch(ctx, n); err != nil {
		return err
	}
	if err := w.writtenFiles(ctx, n); err != nil {
		return err
	}
	w.point("candidate-created")
	if err := w.end(ctx, n, write.Made, true); err != nil {
		return err
	}
	if err := w.hooks(ctx, n, n.post(), true); err != nil {
		return err
	}
	if len(n.post()) > 0 && n.candidate.Identifier != "" {
		if err := w.count(ctx, n, write.Made); err != nil {
			return err
		}
	}
	w.record(n)
	return nil
}

// end settles what comes after the candidate was made, and shows it to the run.
func (w *worker) end(ctx context.Context, n *nodeRun, made project.Relation, apply bool) error {
	var columns []engine.Column
	if made.Identifier != "" && n.spec.NeedsColumns() {
		var err error
		if columns = n.columns; columns == nil || made.Key() != n.write.Made.Key() {
			columns, err = describe(ctx, w.session, made)
		}
		if err != nil {
			return w.fault(ctx, n, sent{query: -1}, err)
		}
	}
	finish, err := materialize.End(n.spec, n.state, columns)
	if err != nil {
		return err
	}
	n.finish = finish
	n.moveExternal()
	if n.intake != nil && w.elsewhere(n.candidate) {
		n.finish.Discard = append(n.finish.Discard, "drop table "+n.intake.table.String())
	}
	if !n.spec.Custom { // else the block runs the hooks
		n.addLateParts(w.lateParts(n))
	}
	if !apply {
		return w.present(ctx, n)
	}
	if err := w.checks(ctx, n, finish.Checks); err != nil {
		return err
	}
	rows := n.rows
	if err := w.statements(ctx, n, finish.Apply); err != nil {
		return err
	}
	if err := w.strategy(ctx, n); err != nil {
		return err
	}
	if err := w.expire(ctx, n); err != nil {
		return err
	}
	n.rows = rows // of the delta, not of what was done with it
	if finish.CountRows != "" {
		t, err := w.session.Query(ctx, finish.CountRows)
		if err != nil {
			return w.fault(ctx, n, sent{query: -1}, err)
		}
		n.rows, _ = t.Rows[0][0].(int64)
	}
	if err := w.checks(ctx, n, finish.Audit); err != nil {
		return err
	}
	return w.present(ctx, n)
}

// present shows the candidate to the run, and settles what is said of its columns when it
// is published.
func (w *worker) present(ctx context.Context, n *nodeRun) error {
	if err := w.show(ctx, n); err != nil || n.spec.Docs == nil {
		return err
	}
	columns := n.finish.Columns
	if columns == nil && len(n.spec.Docs.Columns) > 0 {
		rel := n.written
		if isView(n.spec) {
			rel = w.names.shadowOf(n.node.Relation)
		}
		var err error
		if columns, err = describe(ctx, w.session, rel); err != nil {
			return w.fault(ctx, n, sent{query: -1}, err)
		}
	}
	n.finish.Indexes = append(n.finish.Indexes, n.spec.Comments(columns)...)
	return nil
}

// describeFirst describes the query of a snapshot, whose statements depend on its columns,
// or of an external model, whose files are read back with their types.
func (w *worker) describeFirst(ctx context.Context, n *nodeRun, write *materialize.Write) error {
	if write.Probe == nil {
		return nil
	}
	query, err := w.prepare(ctx, n, *write.Probe, nil)
	if err != nil {
		return err
	}
	columns, err := describeQuery(ctx, w.session, &query)
	if err != nil {
		return w.fault(ctx, n, query, err)
	}
	if n.spec.External != nil {
		if err := write.External(n.spec, columns); err != nil {
			return err
		}
		return w.makeRoom(n)
	}
	write.Statements, err = write.Snapshot(n.spec, n.state, columns)
	return err
}

// contract compares a query's columns with what the model promises, before it is run.
func (w *worker) contract(ctx context.Context, n *nodeRun, probe *materialize.ContractProbe) error {
	if probe == nil {
		return nil
	}
	query, err := w.prepare(ctx, n, probe.Query, nil)
	if err != nil {
		return err
	}
	columns, err := describeQuery(ctx, w.session, &query)
	if err != nil {
		return w.fault(ctx, n, query, err)
	}
	declared := sent{sql: probe.Declared, query: -1}
	promised, err := describeQuery(ctx, w.session, &declared)
	if err != nil {
		return w.fault(ctx, n, declared, err)
	}
	return n.spec.CheckContract(columns, promised)
}

// describeQuery returns the columns of a query.
func describeQuery(ctx context.Context, s engine.Session, q *sent) ([]engine.Column, error) {
	const before = "describe "
	q.sql, q.back.shift = before+q.sql, len(before)
	t, err := s.Query(ctx, q.sql)
	if err != nil {
		return nil, err
	}
	return describedColumns(t), nil
}

// show lets the run read the candidate. The shadow of a table is made when somebody
// reads it; that of a view at once, since DuckDB checks its query then.
func (w *worker) show(ctx context.Context, n *nodeRun) error {
	if n.spec.Materialized == materialize.External {
		return w.showExternal(ctx, n)
	}
	if !n.spec.IsText() {
		n.query = n.finish.AsView
		if n.query == "" {
			n.query = plainQuery(n.candidate)
		}
		return w.forgetOwn(ctx, n)
	}
	s, err := w.prepareWith(ctx, n, materialize.Statement{SQL: n.finish.AsView}, nil, w.inMainDatabase(ctx, n.finish.AsView))
	if err != nil {
		return err
	}
	before := fmt.Sprintf("create or replace view %s as (\n", w.names.shadowOf(n.node.Relation))
	if n.spec.Materialized == materialize.Function {
		before = materialize.FunctionHead(w.names.shadowOf(n.node.Relation), n.spec.Parameters)
	}
	s.back.shift = len(before)
	s.sql = before + s.sql + "\n)"
	if err := w.shadows.putText(ctx, n.node.Relation, s.sql); err != nil {
		return w.fault(ctx, n, s, err)
	}
	return nil
}
