package runner

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
	"elt/runner/check"
	"elt/runner/engine"
	"elt/runner/materialize"
)

// test runs one data test. Where it reads candidates, it sees them under the names of
// the run.
func (w *worker) test(ctx context.Context, n *nodeRun) *NodeResult {
	result := &NodeResult{Node: n.node, StartedAt: w.now(), Rows: -1, Worker: w.number}
	result.OfCandidates = len(w.net.workParents(n.node.UniqueID)) > 0
	n.result = result
	started := time.Now()
	err := w.compileLate(ctx, n)
	result.CompileTime = time.Since(started)
	if err == nil {
		err = limited(ctx, n, func(ctx context.Context) error { return w.judge(ctx, n) })
	}
	result.ExecuteTime = time.Since(started) - result.CompileTime
	result.OfCandidates = result.OfCandidates || len(n.looked) > 0
	if err != nil {
		w.fail(ctx, result, err)
	}
	return result
}

// judge runs a test's statement and reads what it says.
func (w *worker) judge(ctx context.Context, n *nodeRun) error {
	c, problems := check.Statement(n.node, w.checkOptions(n))
	if problems.HasErrors() {
		return problems
	}
	n.result.Diagnostics = problems
	if w.keptBySieve(n.node) && c.Stored.Identifier == "" {
		return w.verdict(ctx, n, check.Verdict{Status: check.Pass})
	}
	if n.node.Maker != "" {
		return w.judgeByMacros(ctx, n, c)
	}
	query := c.Query
	for i, sql := range c.Prepare {
		at := -1
		if i == len(c.Prepare)-1 {
			at, query = c.Query, -1
		}
		s, err := w.prepare(ctx, n, materialize.Statement{SQL: sql, Query: at}, nil)
		if err != nil {
			return err
		}
		if _, err := w.session.Exec(ctx, s.sql); err != nil {
			return w.failed(ctx, w.session, n, s, err)
		}
	}
	s, err := w.prepare(ctx, n, materialize.Statement{SQL: c.SQL, Query: query}, nil)
	if err != nil {
		return err
	}
	t, err := w.session.Query(ctx, s.sql)
	if err != nil {
		return w.failed(ctx, w.session, n, s, err)
	}
	return w.conclude(ctx, n, c, t)
}

// judgeByMacros runs a test as dbt does, where a macro of the project takes part in that.
func (w *worker) judgeByMacros(ctx context.Context, n *nodeRun, c check.Check) error {
	if rel, stores := check.StoredRelation(n.node, w.checkOptions(n)); stores {
		schema := project.Relation{Database: rel.Database, Schema: rel.Schema}
		if _, err := w.session.Exec(ctx, "create schema if not exists "+schema.String()); err != nil {
			return w.failed(ctx, w.session, n, sent{query: -1}, err)
		}
	}
	m := w.maker(n, "the materialization of a test")
	m.apart = true
	kept, err := w.plan.Judge(ctx, m, n.node.UniqueID)
	if err = errors.Join(err, m.tidy(ctx)); err != nil {
		return err
	}
	if err != nil {
		return err
	}
	t, err := testRow(kept)
	if err != nil {
		return diag.New(diag.DataTest, n.node.Place, "data test %q: %s", n.node.Name, err)
	}
	c.Stored, c.AfterPublish = project.Relation{}, nil
	return w.conclude(ctx, n, c, t)
}

// testRow is the result of a test that macros have run, with dbt's columns in their order: macros may
// name them in any.
func testRow(kept *dbtcontext.Table) (*engine.Table, error) {
	if kept == nil {
		return nil, errors.New("its materialization keeps no result: write {% call statement('main', fetch_result=True) %}")
	}
	t := &engine.Table{}
	var at []int
	for _, name := range []string{"failures", "should_warn", "should_error"} {
		i := slices.IndexFunc(kept.Columns, func(c dbtcontext.Column) bool { return strings.EqualFold(c.Name, name) })
		if i < 0 {
			return nil, fmt.Errorf("its materialization keeps a result without a column %q", name)
		}
		at, t.Columns = append(at, i), append(t.Columns, engine.Column{Name: name})
	}
	for _, row := range kept.Rows {
		cells := make([]any, len(at))
		for i, from := range at {
			cells[i] = plainCell(row[from])
		}
		t.Rows = append(t.Rows, cells)
	}
	return t, nil
}

// plainCell is a value of a template as a result has it.
func plainCell(v template.Value) any {
	switch x := v.(type) {
	case nil, bool, int64, string, *big.Int, float64:
		return x
	}
	if f, err := strconv.ParseFloat(template.Str(v), 64); err == nil {
		return f
	}
	return template.Str(v)
}

// conclude reads the row that a test's statement came to.
func (w *worker) conclude(ctx context.Context, n *nodeRun, c check.Check, t *engine.Table) error {
	row, err := check.ReadRow(t)
	if err != nil {
		return diag.New(diag.DataTest, n.node.Place, "data test %q: %s", n.node.Name, err)
	}
	verdict := c.Outcome(row, w.opts.Warnings.Errors(diag.DataTest, testEvent))
	n.after = c.AfterPublish
	if err := w.verdict(ctx, n, verdict); err != nil {
		return err
	}
	if c.Stored.Identifier != "" && verdict.Status != check.Pass {
		last := n.result.Diagnostics[len(n.result.Diagnostics)-1]
		last.Notes = append(last.Notes, diag.Note{Message: "the failing rows are kept in " + c.Stored.String()})
	}
	return nil
}

// testEvent is dbt's name for what a test came to, also where it only warns.
const testEvent = "LogTestResult"

// verdict writes what a test came to into its result, with the first failing rows.
func (w *worker) verdict(ctx context.Context, n *nodeRun, v check.Verdict) error {
	n.result.Status = Status(v.Status)
	n.result.Failures = v.Failures
	n.result.Message = v.Message
	if v.Status == check.Pass {
		return nil
	}
	calc := check.FailCalc(n.node)
	found := "found " + rowCount(v.Failures)
	if calc != "" {
		found = "failed: " + calc + " is " + thousands(v.Failures)
	}
	d := diag.New(diag.DataTest, n.node.Place, "data test %q %s", n.node.Name, found).WithEvent(testEvent)
	d.Node = n.node.UniqueID
	if v.Status == check.Warn {
		d.Severity = diag.Warning
	}
	n.result.Diagnostics = append(n.result.Diagnostics, d)
	sample, err := w.sample(ctx, n)
	if err != nil {
		return err
	}
	if sample != nil && calc == "" {
		sample.Total = v.Failures
	}
	n.result.Sample = sample
	return nil
}

// sample reads the first failing rows of a test.
func (w *worker) sample(ctx context.Context, n *nodeRun) (*Sample, error) {
	sql := check.SampleSQL(n.node, w.builtIn(n.node), w.sampleRows())
	if sql == "" {
		return nil, nil
	}
	s, err := w.prepare(ctx, n, materialize.Statement{SQL: sql, Query: -1}, nil)
	if err != nil {
		return nil, err
	}
	t, err := w.session.Query(ctx, s.sql)
	if err != nil {
		return nil, w.failed(ctx, w.session, n, s, err)
	}
	if len(t.Columns) == 1 && repeats(t) {
		return w.countedSample(ctx, n, t.Columns[0].Name)
	}
	return sampleOf(t, w.sampleRows()), nil
}

// countedSample reads the most frequent failing values of a test, with their numbers.
func (w *worker) countedSample(ctx context.Context, n *nodeRun, column string) (*Sample, error) {
	sql := check.CountedSampleSQL(n.node, w.builtIn(n.node), column, w.sampleRows())
	s, err := w.prepare(ctx, n, materialize.Statement{SQL: sql, Query: -1}, nil)
	if err != nil {
		return nil, err
	}
	t, err := w.session.Query(ctx, s.sql)
	if err != nil {
		return nil, w.failed(ctx, w.session, n, s, err)
	}
	sample := sampleOf(t, w.sampleRows())
	sample.Shown = 0
	for _, row := range t.Rows {
		rows, _ := row[1].(int64)
		sample.Shown += rows
	}
	return sample, nil
}

// repeats reports whether rows that are in order have one value twice.
func repeats(t *engine.Table) bool {
	for i := 1; i < len(t.Rows); i++ {
		if t.Text(i, 0) == t.Text(i-1, 0) {
			return true
		}
	}
	return false
}

// fused runs several tests of one relation in one scan. What the scan does not clear
// is run by itself, so that every test reports the numbers of its own statement.
func (w *worker) fused(ctx context.Context, tests []*nodeRun, group check.Group) []*NodeResult {
	started := w.now()
	clock := time.Now()
	cleared := make([]bool, len(tests))
	s, err := w.prepare(ctx, tests[0], materialize.Statement{SQL: group.SQL, Query: -1}, nil)
	if err == nil {
		var t *engine.Table
		if t, err = w.session.Query(ctx, s.sql); err == nil {
			cleared, err = group.Cleared(t)
		}
	}
	if err != nil { // each test by itself says which of them is wrong
		cleared = make([]bool, len(tests))
	}
	share := time.Since(clock) / time.Duration(len(tests))
	results := make([]*NodeResult, len(tests))
	for i, n := range tests {
		if !cleared[i] {
			results[i] = w.test(ctx, n)
			continue
		}
		n.result = &NodeResult{
			Node: n.node, Status: Pass, StartedAt: started, Rows: -1,
			ExecuteTime: share, Worker: w.number,
		}
		results[i] = n.result
	}
	return results
}

// checkOptions is what a test's statement depends on beside the test.
func (r *run) checkOptions(n *nodeRun) check.Options {
	opts := check.Options{StoreFailures: r.opts.StoreFailures, Store: r.storeSchema()}
	if rel, ok := check.StoredRelation(n.node, opts); ok {
		if info := r.published.find(rel); info != nil {
			opts.Existing = info.Type
		}
	}
	return opts
}

// storedTwice reports tests of the run that would keep their failing rows in a table which
// another test, or a node of the project, has.
func (r *run) storedTwice() diag.List {
	var problems diag.List
	opts := check.Options{StoreFailures: r.opts.StoreFailures, Store: r.storeSchema()}
	owner := map[string]*project.Node{}
	for _, id := range r.plan.Order {
		if node := r.plan.Nodes[id]; node.Type != project.Test && node.Type != project.Source && !node.IsEphemeral() && node.Relation.Identifier != "" {
			owner[r.names.full(node.Relation).Key()] = node
		}
	}
	for _, n := range r.nodes {
		if n.node.Type != project.Test {
			continue
		}
		rel, stores := check.StoredRelation(n.node, opts)
		if !stores {
			continue
		}
		key := r.names.full(rel).Key()
		other, taken := owner[key]
		if !taken {
			owner[key] = n.node
			continue
		}
		place := n.node.Config.Place("alias")
		if place.IsZero() {
			place = n.node.Place
		}
		d := diag.New(diag.DuplicateNode, place, "%s %q and data test %q would both be the table %s", typeWords(other), other.Name, n.node.Name, r.plainName(rel)).
			WithNote(other.Place, "the other one is here").
			WithHint("give one of them another alias")
		d.Node = n.node.UniqueID
		problems = append(problems, d)
	}
	return problems
}

// typeWords is what a node is called in messages.
func typeWords(node *project.Node) string {
	if node.Type == project.Test {
		return "data test"
	}
	return string(node.Type)
}

// storeSchema is where failing rows are stored, by dbt's rule.
func (r *run) storeSchema() project.Relation {
	target := r.plan.Project.Target
	return project.Relation{Database: r.database, Schema: target.Schema + "_dbt_test__audit"}
}

// sampleOf is the head of a result as text.
func sampleOf(t *engine.Table, rows int) *Sample {
	s := &Sample{Total: int64(len(t.Rows))}
	for _, c := range t.Columns {
		s.Columns = append(s.Columns, c.Name)
	}
	for i := range min(rows, len(t.Rows)) {
		cells := make([]string, len(t.Columns))
		for c := range cells {
			cells[c] = t.Text(i, c)
		}
		s.Rows = append(s.Rows, cells)
	}
	s.Shown = int64(len(s.Rows))
	return s
}

// sampleRows is how many failing rows a result carries.
func (r *run) sampleRows() int {
	if r.opts.SampleRows > 0 {
		return r.opts.SampleRows
	}
	return 5
}

func rowCount(n int64) string {
	if n == 1 {
		return "1 failing row"
	}
	return thousands(n) + " failing rows"
}

// thousands writes a number with commas, for a person.
func thousands(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
