package runner

import (
	"context"
	"slices"
	"strings"

	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
	"elt/runner/engine"
	"elt/runner/unittest"
)

// sideColumn is the column by which dbt tells what came out from what was expected.
const sideColumn = "actual_or_expected"

// byMacros runs a unit test as dbt does, where a macro of the project takes part in that: by one query, whose
// rows say whether they came out or were expected.
func (u *unitRun) byMacros(ctx context.Context) error {
	q, err := u.query(ctx)
	if err != nil {
		return err
	}
	if err := u.header(ctx, q); err != nil {
		return err
	}
	rows, expected := rowValues(&u.unit.Expect), ""
	if u.unit.Expect.Format == "sql" {
		compiled, err := u.plan.CompileFixture(ctx, u.n.node.UniqueID, u.unit.Expect.SQL)
		if err != nil {
			return err
		}
		expected = compiled.SQL
	}
	kept, err := u.plan.JudgeUnit(ctx, u.bench, u.n.node.UniqueID, q.compiled, rows, expected)
	if err != nil {
		return u.inTest(err)
	}
	sides, ok := cutSides(kept)
	if !ok {
		return u.inTest(diag.New(diag.UnitTest, u.n.node.Place, "what the unit test %q is run by keeps no result with a column %q", u.n.node.VersionedName(), sideColumn).
			WithHint("write {%% call statement('main', fetch_result=True) %%}, as dbt's get_unit_test_sql does"))
	}
	u.tell(unittest.Compare(sides["expected"], sides["actual"], nil, false))
	return nil
}

// cutSides cuts the result of a unit test in two.
func cutSides(kept *dbtcontext.Table) (map[string]*engine.Table, bool) {
	if kept == nil {
		return nil, false
	}
	at := slices.IndexFunc(kept.Columns, func(c dbtcontext.Column) bool { return strings.EqualFold(c.Name, sideColumn) })
	if at < 0 {
		return nil, false
	}
	var columns []engine.Column
	for _, c := range slices.Delete(slices.Clone(kept.Columns), at, at+1) {
		columns = append(columns, engine.Column{Name: c.Name, Type: map[string]string{"Integer": "BIGINT", "Number": "DOUBLE"}[c.Type]})
	}
	sides := map[string]*engine.Table{"actual": {Columns: columns}, "expected": {Columns: columns}}
	for _, row := range kept.Rows {
		side := sides[template.Str(row[at])]
		if side == nil {
			continue
		}
		cells := make([]any, 0, len(columns))
		for i, v := range row {
			switch {
			case i == at:
			case v == nil:
				cells = append(cells, nil)
			default:
				cells = append(cells, template.Str(v))
			}
		}
		side.Rows = append(side.Rows, cells)
	}
	return sides, true
}

// rowValues are rows of a unit test as templates have them.
func rowValues(rows *project.UnitRows) *template.List {
	out := template.NewList()
	for _, line := range rows.Lines {
		row := template.NewDict()
		for _, cell := range line.Cells {
			_ = row.Set(cell.Column, cell.Value)
		}
		out.Elems = append(out.Elems, row)
	}
	return out
}

// fixture is the query that makes the rows of an input: by macros, where some of the project take part in that.
func (u *unitRun) fixture(ctx context.Context, f unittest.Fixture, node *project.Node) (string, error) {
	if u.n.node.Maker == "" || f.Columns == nil || !u.plan.RendersFixtures(node.Package) {
		return f.Select(), nil
	}
	types := template.NewDict()
	for _, c := range f.Columns {
		_ = types.Set(strings.ToLower(c.Name), c.Type)
	}
	return u.plan.FixtureSQL(ctx, u.bench, node, rowValues(f.Rows), types)
}
