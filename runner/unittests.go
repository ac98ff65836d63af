package runner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner/engine"
	"elt/runner/materialize"
	"elt/runner/unittest"
)

// unitTest runs one unit test: its inputs are made on a bench, the model's query runs on
// them, and what comes out is compared with what is expected. The target's database is
// not touched.
func (w *worker) unitTest(ctx context.Context, n *nodeRun) *NodeResult {
	result := &NodeResult{Node: n.node, StartedAt: w.now(), Rows: -1, Worker: w.number}
	n.result = result
	started := time.Now()
	err := limited(ctx, n, func(ctx context.Context) error { return w.onBench(ctx, n) })
	result.ExecuteTime = time.Since(started) - result.CompileTime
	if err != nil {
		w.fail(ctx, result, err)
	}
	return result
}

func (w *worker) onBench(ctx context.Context, n *nodeRun) error {
	b, err := w.lab.take(ctx)
	if err != nil {
		return err
	}
	defer w.lab.give(b)
	u := &unitRun{worker: w, bench: b, n: n, unit: n.node.Unit, model: w.plan.UnitModel(n.node)}
	if err := u.setUp(ctx); err != nil {
		return err
	}
	if n.node.Maker != "" && !u.unit.ExpectFinal {
		return u.byMacros(ctx)
	}
	actual, err := u.actual(ctx)
	if err != nil {
		return err
	}
	return u.judge(ctx, actual)
}

// unitRun is one unit test on its bench.
type unitRun struct {
	*worker
	bench *bench
	n     *nodeRun
	unit  *project.UnitTestInfo
	model *project.Node
}

// setUp makes the inputs. Whatever is wrong with any of them comes out.
func (u *unitRun) setUp(ctx context.Context) error {
	var problems diag.List
	var wrong []string
	told := false // of one of them a mistake was told before
	for i := range u.unit.Given {
		input := &u.unit.Given[i]
		if input.Wrong {
			told = true
			continue
		}
		err := u.input(ctx, input)
		var list diag.List
		if err != nil && !errors.As(err, &list) {
			return err
		}
		if list.HasErrors() {
			wrong = append(wrong, input.Node)
		}
		problems = append(problems, list...)
	}
	if len(problems) == 0 && !told {
		return nil
	}
	return append(problems, u.expectedAhead(ctx, wrong)...) // if there is none, this is still no test to be run
}

// expectedAhead says what is wrong with the expected rows where inputs are wrong, which are given by
// unique_id: empty relations stand for these, so that the columns of the model's query are known.
// Nothing is said where they may be others with the rows that are meant.
func (u *unitRun) expectedAhead(ctx context.Context, wrong []string) diag.List {
	var q unitQuery
	for {
		for _, id := range wrong {
			if !u.standIn(ctx, u.plan.Nodes[id]) {
				return nil
			}
		}
		var err error
		if q, err = u.query(ctx); err == nil {
			break
		}
		if wrong = slices.Sorted(maps.Keys(u.bench.missed)); len(wrong) == 0 {
			return nil
		}
		u.bench.missed = nil
	}
	if u.bench.asked || u.header(ctx, q) != nil {
		return nil
	}
	columns, err := u.describe(ctx, q)
	if err != nil {
		return nil
	}
	_, _, err = u.expected(ctx, columns)
	var list diag.List
	_ = errors.As(err, &list)
	return list
}

// standIn makes an empty relation for an input that is not right, and reports whether it could.
func (u *unitRun) standIn(ctx context.Context, node *project.Node) bool {
	columns := u.columnsOf(node)
	if columns == nil || u.bench.has(node.Relation) {
		return false
	}
	f := unittest.Fixture{Rows: &project.UnitRows{Given: true}, Columns: columns}
	if u.bench.create(ctx, node.Relation, f.Select()) != nil {
		return false
	}
	u.bench.add(node.Relation)
	return true
}

// withExpected adds to what is wrong with a unit test, which does not give what its model reads, what
// is wrong with its expected rows.
func (u *unitRun) withExpected(ctx context.Context, err error) error {
	missed := slices.Sorted(maps.Keys(u.bench.missed))
	if len(missed) == 0 {
		return err
	}
	u.bench.missed = nil
	return append(diag.From(err, diag.UnitTest), u.expectedAhead(ctx, missed)...)
}

// expectation is the expected rows as a fixture of the model.
func (u *unitRun) expectation(columns []engine.Column) unittest.Fixture {
	return unittest.Fixture{Rows: &u.unit.Expect, Of: fmt.Sprintf("the model %q", u.model.Name), Columns: columns}
}

// input makes the relation of one input.
func (u *unitRun) input(ctx context.Context, input *project.UnitInput) error {
	node := u.plan.Nodes[input.Node]
	rows := &input.Rows
	var err error
	switch {
	case !rows.Given:
		err = u.seed(ctx, node)
	case rows.Format == "sql":
		err = u.inputSQL(ctx, node, input)
	default:
		f := unittest.Fixture{Rows: rows, Of: named(input.Input, node), Columns: u.columnsOf(node)}
		if list := f.Check(); len(list) > 0 {
			return append(list, u.wrongCells(ctx, f)...)
		}
		u.guessed(f, input)
		query, failed := u.fixture(ctx, f, node)
		if failed != nil {
			return u.inTest(failed)
		}
		if err = u.bench.create(ctx, node.Relation, query); err != nil {
			return u.badRows(ctx, f, err)
		}
	}
	if err != nil {
		return err
	}
	u.bench.add(node.Relation)
	return nil
}

// named is what an input stands for, in messages.
func named(input string, node *project.Node) string {
	if strings.TrimSpace(input) == "this" {
		return fmt.Sprintf("%q", node.Name)
	}
	return strings.TrimSpace(input)
}

// columnsOf are the columns of a relation as the project would make it; else those that
// its property file declares with types; nil where nobody knows.
func (u *unitRun) columnsOf(node *project.Node) []engine.Column {
	var out []engine.Column
	same := u.lab.ids[u.lab.names.full(node.Relation).Key()] // a source may be what a model makes
	for _, id := range append([]string{node.UniqueID}, same...) {
		if columns, ok := u.lab.shells.Columns(id); ok {
			return engineColumns(columns)
		}
	}
	for _, c := range node.Columns {
		if c.DataType == "" {
			return nil
		}
		out = append(out, engine.Column{Name: c.Name, Type: c.DataType})
	}
	return out
}

// guessed says that an input has the types of what is written in it.
func (u *unitRun) guessed(f unittest.Fixture, input *project.UnitInput) {
	if f.Columns != nil {
		return
	}
	d := diag.Warn(diag.Fixture, input.Place, "the columns of %s are not known without the database, so the rows say what it has", f.Of).
		WithHint("declare its columns with their data_type in a property file")
	d.Node = u.n.node.UniqueID
	u.n.result.Diagnostics = append(u.n.result.Diagnostics, d)
}

// badRows finds the cells that DuckDB could not read. It is asked only once something is
// wrong, so that rows that are right cost one statement.
func (u *unitRun) badRows(ctx context.Context, f unittest.Fixture, err error) error {
	if problems := u.wrongCells(ctx, f); len(problems) > 0 {
		return problems
	}
	return diag.List{u.fault(err, f.Rows.Place)}
}

// wrongCells are the cells of known columns that are none of their type.
func (u *unitRun) wrongCells(ctx context.Context, f unittest.Fixture) diag.List {
	var problems diag.List
	for _, c := range f.Casts() {
		if _, failed := u.bench.session.Query(ctx, "select "+c.SQL); failed != nil {
			problems = append(problems, f.Wrong(c))
		}
	}
	return problems
}

// fault is an error of the database about rows of the test.
func (u *unitRun) fault(err error, place diag.Place) *diag.Diagnostic {
	var d *diag.Diagnostic
	if errors.As(err, &d) {
		return d
	}
	out := &diag.Diagnostic{Code: diag.Fixture, Place: place, Message: u.bench.publicText(err.Error()), Node: u.n.node.UniqueID, Err: err}
	var e *engine.Error
	if errors.As(err, &e) {
		out.Message, out.Hint = u.bench.publicText(lowerFirst(e.Message)), u.hintOf(e)
	}
	return out
}

// seed makes a seed of its file, as a build would.
func (u *unitRun) seed(ctx context.Context, node *project.Node) error {
	candidate := u.bench.place(node.Relation)
	if node.Maker != "" { // its macros are for the run
		plain := *node
		plain.Maker, node = "", &plain
	}
	spec, problems := materialize.SpecOf(node, candidate, false)
	if problems.HasErrors() {
		return problems
	}
	seed := &nodeRun{node: node, spec: spec}
	if err := u.readSeed(seed); err != nil {
		return err
	}
	write, err := materialize.Begin(spec, materialize.State{})
	if err != nil {
		return err
	}
	if err := u.bench.schema(ctx, node.Relation); err != nil {
		return err
	}
	for _, st := range write.Statements {
		if _, err := u.bench.session.Exec(ctx, st.SQL); err != nil {
			return diag.List{u.fault(err, node.Place)}
		}
	}
	return nil
}

// inputSQL makes an input of a query. Its columns get the types that the relation has,
// and those it leaves out are NULL.
func (u *unitRun) inputSQL(ctx context.Context, node *project.Node, input *project.UnitInput) error {
	q, err := u.fixtureQuery(ctx, &input.Rows)
	if err != nil {
		return err
	}
	f := unittest.Fixture{Rows: &input.Rows, Of: named(input.Input, node), Columns: u.columnsOf(node)}
	if f.Columns == nil {
		err = u.bench.create(ctx, node.Relation, q.sql)
		return u.faultIn(q, err, input.Rows.Place)
	}
	have, err := u.describe(ctx, q)
	if err != nil {
		return u.faultIn(q, err, input.Rows.Place)
	}
	if list := f.Unknown(have); len(list) > 0 {
		return list
	}
	if err := u.bench.create(ctx, node.Relation, f.Typed(q.sql, have)); err != nil {
		return diag.List{u.fault(err, input.Rows.Place)}
	}
	return nil
}

// judge compares what came out with what was expected.
func (u *unitRun) judge(ctx context.Context, actual *engine.Table) error {
	expected, places, err := u.expected(ctx, actual.Columns)
	if err != nil {
		return err
	}
	diff := unittest.Compare(expected, unittest.Project(actual, expected.Columns), places, u.unit.Expect.Ordered)
	u.tell(diff)
	return nil
}

// tell says how what came out differs from what was expected, if it does.
func (u *unitRun) tell(diff *unittest.Diff) {
	result := u.n.result
	if diff == nil {
		result.Status = Pass
		return
	}
	result.Status, result.Failures, result.Diff = Failed, 1, diff
	result.Message = "\n\nactual differs from expected:\n\n" + diff.Text() + "\n"
	place := u.n.node.Place
	if i := slices.IndexFunc(diff.Rows, func(r unittest.Row) bool { return !r.Place.IsZero() }); i >= 0 {
		place = diff.Rows[i].Place
	}
	d := diag.New(diag.UnitTest, place, "unit test %q of %q: %s", u.n.node.VersionedName(), u.model.Name, diff.Counts())
	d.Node = u.n.node.UniqueID
	result.Diagnostics = append(result.Diagnostics, d)
}

// expected reads the rows that are expected, with the types of those that came out.
func (u *unitRun) expected(ctx context.Context, columns []engine.Column) (*engine.Table, []diag.Place, error) {
	rows := &u.unit.Expect
	f := u.expectation(columns)
	if rows.Format == "sql" {
		t, err := u.expectedSQL(ctx, f)
		return t, nil, err
	}
	list := f.Check()
	if len(list) == 0 {
		list = f.Ragged()
	}
	if len(list) > 0 {
		return nil, nil, append(list, u.wrongCells(ctx, f)...)
	}
	wanted := f.Wanted()
	if len(rows.Lines) == 0 {
		return &engine.Table{Columns: wanted}, nil, nil
	}
	var places []diag.Place
	for _, row := range rows.Lines {
		places = append(places, row.Place)
	}
	f.Columns = wanted
	t, err := u.bench.session.Query(ctx, f.Select())
	if err != nil {
		return nil, nil, u.badRows(ctx, f, err)
	}
	return t, places, nil
}

// expectedSQL runs the query that gives the expected rows.
func (u *unitRun) expectedSQL(ctx context.Context, f unittest.Fixture) (*engine.Table, error) {
	q, err := u.fixtureQuery(ctx, f.Rows)
	if err != nil {
		return nil, err
	}
	have, err := u.describe(ctx, q)
	if err != nil {
		return nil, u.faultIn(q, err, f.Rows.Place)
	}
	if list := f.Unknown(have); len(list) > 0 {
		return nil, list
	}
	f.Columns = unittest.Only(f.Columns, have)
	t, err := u.bench.session.Query(ctx, f.Typed(q.sql, have))
	if err != nil {
		return nil, diag.List{u.fault(err, f.Rows.Place)}
	}
	return t, nil
}
