package runner

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/runner/engine"
	"elt/runner/materialize"
)

// unitQuery is a query in the bench's names.
type unitQuery struct {
	sql      string
	back     sqltoken.OffsetMap // to compiled.SQL
	compiled *project.Compiled
}

// query renders the model as the test asks for it and puts the bench's names into it.
func (u *unitRun) query(ctx context.Context) (unitQuery, error) {
	started := time.Now()
	compiled, err := u.plan.CompileUnit(ctx, u.bench, u.n.node.UniqueID)
	u.n.result.CompileTime = time.Since(started)
	if err != nil {
		if list := u.ungiven(); len(list) > 0 {
			return unitQuery{}, list
		}
		return unitQuery{}, u.inTest(err)
	}
	u.n.node.Compiled = compiled
	q := unitQuery{compiled: compiled}
	q.sql, q.back = u.bench.rewrite(strings.TrimRight(compiled.SQL, " \t\r\n;"))
	if list := u.ungiven(); len(list) > 0 {
		return unitQuery{}, list
	}
	return q, nil
}

// inTest says of an error in the model's template in which test it showed.
func (u *unitRun) inTest(err error) error {
	list := diag.From(err, diag.TemplateError)
	for _, d := range list {
		if d.Place.Source != u.n.node.Place.Source {
			d.WithNote(u.n.node.Place, "in the unit test %q", u.n.node.VersionedName())
		}
	}
	return list
}

// ungiven reports what the model reads and the test does not give.
func (u *unitRun) ungiven() diag.List {
	var list diag.List
	for _, id := range u.plan.Order {
		if !u.bench.missed[id] {
			continue
		}
		text, place := u.plan.UnitReference(u.n.node, id)
		if id == u.model.UniqueID {
			text = "this"
		}
		d := diag.New(diag.UnitTest, u.n.node.Place, "the unit test %q gives no rows of %s, which the model reads", u.n.node.VersionedName(), text)
		if !place.IsZero() {
			d.WithNote(place, "it is read here")
		}
		d.Node = u.n.node.UniqueID
		list = append(list, d.WithHint("add it under given:, as in {input: %s, rows: []}", yamlText(text)))
	}
	return list
}

// yamlText quotes a reference where a flow mapping would cut it at its comma.
func yamlText(text string) string {
	if strings.Contains(text, ",") {
		return `"` + text + `"`
	}
	return text
}

// fixtureQuery renders rows that are SQL.
func (u *unitRun) fixtureQuery(ctx context.Context, rows *project.UnitRows) (unitQuery, error) {
	compiled, err := u.plan.CompileFixture(ctx, u.n.node.UniqueID, rows.SQL)
	if err != nil {
		return unitQuery{}, err
	}
	if strings.TrimSpace(compiled.SQL) == "" {
		return unitQuery{}, diag.List{diag.New(diag.Fixture, rows.Place, "the query is empty").WithHint("write a select")}
	}
	q := unitQuery{compiled: compiled}
	q.sql, q.back = u.bench.rewrite(compiled.SQL)
	return q, nil
}

func (u *unitRun) describe(ctx context.Context, q unitQuery) ([]engine.Column, error) {
	return u.bench.session.(engine.Describer).Describe(ctx, q.sql)
}

// faultIn is an error of the database about a query of the test, at the place of the
// query that it is about.
func (u *unitRun) faultIn(q unitQuery, err error, place diag.Place) error {
	if err == nil {
		return nil
	}
	d := u.fault(err, place)
	var e *engine.Error
	if errors.As(err, &e) && d.Err == err {
		stand := &project.Node{Type: u.model.Type, Place: place, Compiled: q.compiled}
		u.pinpoint(d, &nodeRun{node: stand}, sent{back: offsets{inner: q.back}}, e)
	}
	return diag.List{d}
}

// actual is what the model gives on the inputs.
func (u *unitRun) actual(ctx context.Context) (*engine.Table, error) {
	q, err := u.query(ctx)
	if err != nil {
		return nil, u.withExpected(ctx, err)
	}
	if u.unit.ExpectFinal {
		return u.final(ctx, q)
	}
	if err := u.header(ctx, q); err != nil {
		return nil, err
	}
	t, err := u.bench.session.Query(ctx, q.sql)
	if err != nil {
		return nil, u.inTest(u.modelFault(q, err))
	}
	return t, nil
}

// header runs the model's sql_header, which may make what the query calls.
func (u *unitRun) header(ctx context.Context, q unitQuery) error {
	text := u.model.Config.String("sql_header", "")
	for _, at := range sqltoken.SplitStatements(text) {
		if _, err := u.bench.session.Exec(ctx, text[at.Start:at.End]); err != nil {
			return u.inTest(u.modelFault(q, positioned(err, -1)))
		}
	}
	return nil
}

// modelFault is an error about the model's query.
func (u *unitRun) modelFault(q unitQuery, err error) error {
	list := diag.From(u.faultIn(q, err, u.model.Place), diag.SQL)
	var e *engine.Error
	if errors.As(err, &e) {
		for _, d := range list {
			d.Code = codeOf(e)
		}
	}
	return list
}

// final is the whole table after the model's materialization has worked on it: what a
// build would publish. The statements are those of a build.
func (u *unitRun) final(ctx context.Context, q unitQuery) (*engine.Table, error) {
	u.bench.wild = true
	rel := u.bench.place(u.model.Relation)
	if err := u.bench.schema(ctx, u.model.Relation); err != nil {
		return nil, err
	}
	stand := *u.model
	stand.Pointer = project.Relation{} // a unit test is about the model alone
	stand.Relation, stand.Compiled = rel, &project.Compiled{SQL: q.sql, Map: q.compiled.Map}
	candidate := rel
	candidate.Identifier = "_elt_candidate"
	state := materialize.State{}
	incremental, _ := u.unit.Override("macros", "is_incremental")
	if u.bench.has(u.model.Relation) {
		columns, err := describe(ctx, u.bench.session, rel)
		if err != nil {
			return nil, err
		}
		rel.Type = "table"
		state.Existing = &engine.RelationInfo{Relation: rel, Columns: columns}
	}
	spec, problems := materialize.SpecOf(&stand, candidate, incremental == false)
	if problems.HasErrors() {
		return nil, problems
	}
	if err := u.materialize(ctx, spec, state, q); err != nil {
		return nil, err
	}
	return u.bench.session.Query(ctx, "select * from "+rel.String())
}

// materialize runs the statements of a materialization, those of the publish included.
func (u *unitRun) materialize(ctx context.Context, spec *materialize.Spec, state materialize.State, q unitQuery) error {
	write, err := materialize.Begin(spec, state)
	if err != nil {
		return err
	}
	var before []materialize.Statement
	for _, at := range sqltoken.SplitStatements(write.Header) {
		before = append(before, materialize.Statement{SQL: write.Header[at.Start:at.End], Query: -1})
	}
	if err := u.statements(ctx, slices.Concat(before, write.Before, write.Statements), q); err != nil {
		return err
	}
	var columns []engine.Column
	if write.Made.Identifier != "" && spec.NeedsColumns() {
		if columns, err = describe(ctx, u.bench.session, write.Made); err != nil {
			return err
		}
	}
	finish, err := materialize.End(spec, state, columns)
	if err != nil {
		return err
	}
	if err := u.checks(ctx, finish.Checks); err != nil {
		return err
	}
	if err := u.statements(ctx, finish.Apply, q); err != nil {
		return err
	}
	if err := u.checks(ctx, finish.Audit); err != nil {
		return err
	}
	var publish []materialize.Statement
	for _, sql := range slices.Concat([]string{"begin"}, finish.Publish, finish.Indexes, finish.Discard, []string{"commit"}) {
		publish = append(publish, materialize.Statement{SQL: sql, Query: -1})
	}
	return u.statements(ctx, publish, q)
}

func (u *unitRun) statements(ctx context.Context, list []materialize.Statement, q unitQuery) error {
	for _, st := range list {
		sql, _ := u.bench.rewrite(st.SQL) // predicates of the config are in published names
		if _, err := u.bench.session.Exec(ctx, sql); err != nil {
			_, _ = u.bench.session.Exec(ctx, "rollback") // fails where no transaction is open
			return u.inTest(u.modelFault(q, positioned(err, st.Query)))
		}
	}
	return nil
}

// positioned is an error with its position counted from where the model's query begins.
func positioned(err error, query int) error {
	var e *engine.Error
	if !errors.As(err, &e) {
		return err
	}
	moved := *e
	if moved.Position -= query; query < 0 || moved.Position < 0 {
		moved.Position = -1
	}
	return &moved
}

func (u *unitRun) checks(ctx context.Context, list []materialize.Check) error {
	for _, c := range list {
		sql, _ := u.bench.rewrite(c.Head(checkRows))
		t, err := u.bench.session.Query(ctx, sql)
		if err != nil {
			return err
		}
		if len(t.Rows) > 0 {
			u.n.result.Sample = sampleOf(t, u.sampleRows())
			return u.inTest(diag.List{c.Diagnostic(u.n.node.UniqueID)})
		}
	}
	return nil
}
