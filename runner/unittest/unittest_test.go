package unittest

import (
	"context"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
	"elt/runner/duckdb"
	"elt/runner/engine"
)

func cells(pairs ...any) project.UnitRow {
	var row project.UnitRow
	for i := 0; i < len(pairs); i += 2 {
		row.Cells = append(row.Cells, project.UnitCell{Column: pairs[i].(string), Value: pairs[i+1]})
	}
	return row
}

func dict(pairs ...any) *template.Dict {
	d := template.NewDict()
	for i := 0; i < len(pairs); i += 2 {
		_ = d.Set(pairs[i], pairs[i+1])
	}
	return d
}

func session(t testing.TB) engine.Session {
	t.Helper()
	db, err := duckdb.Open(context.Background(), duckdb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	s, err := db.Session(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Every kind of value arrives in DuckDB as what was written.
func TestValuesAreWhatWasWritten(t *testing.T) {
	t.Parallel()
	s := session(t)
	huge, _ := new(big.Int).SetString("170141183460469231731687303715884105727", 10)
	for _, c := range []struct {
		name  string
		value template.Value
		typ   string
		want  string
	}{
		{"null", nil, "INTEGER", "NULL"},
		{"a number", int64(-7), "INTEGER", "-7"},
		{"the smallest number", int64(math.MinInt64), "BIGINT", "-9223372036854775808"},
		{"a number beyond 64 bits", huge, "HUGEINT", huge.String()},
		{"a number for a text", int64(5), "VARCHAR", "5"},
		{"true for a number, as in dbt", true, "INTEGER", "1"},
		{"all digits of a decimal", 0.1, "DECIMAL(20,18)", "0.100000000000000000"},
		{"a large float", 1e300, "DOUBLE", "1e+300"},
		{"a small float", 1e-12, "DOUBLE", "1e-12"},
		{"a whole float", 100.0, "DOUBLE", "100.0"},
		{"infinity", math.Inf(-1), "DOUBLE", "-inf"},
		{"not a number", math.NaN(), "DOUBLE", "nan"},
		{"a quote", "it's", "VARCHAR", "it's"},
		{"a backslash and a line end", "a\\n\nb", "VARCHAR", "a\\n\nb"},
		{"a date", "2024-02-29", "DATE", "2024-02-29"},
		{"a timestamp as YAML has it", "2024-02-29T10:00:00", "TIMESTAMP", "2024-02-29 10:00:00"},
		{"a list with a hole", template.NewList(int64(1), nil), "INTEGER[]", "[1, NULL]"},
		{"an array", template.NewList(int64(1), int64(2)), "INTEGER[2]", "[1, 2]"},
		{"an empty list", template.NewList(), "VARCHAR[]", "[]"},
		{"lists in a list", template.NewList(template.NewList("a")), "VARCHAR[][]", "[[a]]"},
		{"a struct in another order", dict("b", "x", "a", int64(1)), "STRUCT(a INTEGER, b VARCHAR)", "{'a': 1, 'b': x}"},
		{"a map", dict("k", int64(1)), "MAP(VARCHAR, INTEGER)", "{k=1}"},
		{"an empty map", dict(), "MAP(VARCHAR, INTEGER)", "{}"},
		{"JSON of a mapping", dict("a", template.NewList(int64(1), nil, "x")), "JSON", `{"a": [1, null, "x"]}`},
		{"JSON of a text", `{"a":1}`, "JSON", `{"a":1}`},
		{"text of a list", "[1, 2]", "INTEGER[]", "[1, 2]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rows := &project.UnitRows{Lines: []project.UnitRow{cells("c", c.value)}}
			f := Fixture{Rows: rows, Of: "it", Columns: []engine.Column{{Name: "c", Type: c.typ}}}
			if list := f.Check(); len(list) > 0 {
				t.Fatal(list)
			}
			got, err := s.Query(context.Background(), f.Select())
			if err != nil {
				t.Fatal(err)
			}
			if text := got.Text(0, 0); text != c.want || got.Columns[0].Type != c.typ {
				t.Errorf("got %s of type %s, want %s of type %s", text, got.Columns[0].Type, c.want, c.typ)
			}
		})
	}
}

func TestValuesThatAreNone(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]template.Value{
		"an empty mapping": dict(),
		"a function":       template.NewFunc("f", nil),
		"undefined":        template.NewUndefined("x", "", diag.Place{}),
	} {
		f := Fixture{Rows: &project.UnitRows{Lines: []project.UnitRow{cells("c", value)}}, Of: "it"}
		if list := f.Check(); len(list) != 1 || list[0].Code != diag.Fixture {
			t.Errorf("%s: got %v", name, list)
		}
	}
}

func TestRowsHaveAllColumns(t *testing.T) {
	t.Parallel()
	s := session(t)
	columns := []engine.Column{{Name: "id", Type: "INTEGER"}, {Name: "my name", Type: "VARCHAR"}, {Name: "nothing", Type: `"NULL"`}}
	for _, c := range []struct {
		name string
		rows []project.UnitRow
		want string
	}{
		{"no rows", nil, ""},
		{"a row that mentions nothing", []project.UnitRow{cells(), cells()}, "NULL|NULL|NULL\nNULL|NULL|NULL\n"},
		{"letter case does not count", []project.UnitRow{cells("ID", int64(1)), cells("My Name", "x")}, "1|NULL|NULL\nNULL|x|NULL\n"},
	} {
		f := Fixture{Rows: &project.UnitRows{Lines: c.rows}, Columns: columns}
		got, err := s.Query(context.Background(), f.Select())
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if text := textOf(got); text != c.want {
			t.Errorf("%s: got\n%swant\n%s", c.name, text, c.want)
		}
	}
}

// Of a relation that nobody knows, the rows say what it has.
func TestRowsOfAnUnknownRelation(t *testing.T) {
	t.Parallel()
	s := session(t)
	f := Fixture{Rows: &project.UnitRows{Lines: []project.UnitRow{cells("id", int64(1)), cells("id", int64(2), "name", "x")}}}
	got, err := s.Query(context.Background(), f.Select())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]engine.Column{{Name: "id", Type: "INTEGER"}, {Name: "name", Type: "VARCHAR"}}, got.Columns); diff != "" {
		t.Error(diff)
	}
	if text := textOf(got); text != "1|NULL\n2|x\n" {
		t.Error(text)
	}
}

func textOf(t *engine.Table) string {
	var b strings.Builder
	for i := range t.Rows {
		var line []string
		for j := range t.Columns {
			line = append(line, t.Text(i, j))
		}
		b.WriteString(strings.Join(line, "|") + "\n")
	}
	return b.String()
}

// table makes a result of lines "1 a", "_" is NULL.
func table(text string) *engine.Table {
	t := &engine.Table{Columns: []engine.Column{{Name: "id", Type: "VARCHAR"}, {Name: "a", Type: "VARCHAR"}, {Name: "b", Type: "VARCHAR"}}}
	for line := range strings.Lines(text) {
		var row []any
		for _, word := range strings.Fields(line) {
			if word == "_" {
				row = append(row, nil)
			} else {
				row = append(row, word)
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func TestCompare(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name             string
		expected, actual string
		ordered          bool
		want             string
	}{
		{"nothing and nothing", "", "", false, "alike"},
		{"the same rows in another order", "1 a x\n2 b y", "2 b y\n1 a x", false, "alike"},
		{"another order that counts", "1 a x\n2 b y", "2 b y\n1 a x", true, "~ 1→2 a→b x→y\n~ 2→1 b→a y→x\nthe rows are right, their order is not"},
		{"a row too often", "1 a x", "1 a x\n1 a x", false, "+ 1 a x\n1 row is not expected"},
		{"a row too seldom", "1 a x\n1 a x", "1 a x", false, "- 1 a x\n1 row is missing"},
		{"NULL is not a text", "1 _ x", "1 NULL x", false, "~ 1 NULL→'NULL' x\n1 row differs"},
		{"by key", "1 a x\n2 b y", "2 b z\n3 c w", false, "- 1 a x\n~ 2 b y→z\n+ 3 c w\n1 row differs, 1 is missing, 1 is not expected"},
		{"by a later column where the first is no key", "1 a x\n1 b y", "1 b z\n1 a w", false, "~ 1 a x→w\n~ 1 b y→z\n2 rows differ"},
		{"without a key, by what is alike", "1 a x\n1 a y\n1 a y", "1 a x\n1 a x\n1 a y", false, "~ 1 a y→x\n1 row differs"},
		{"a key that is wrong", "1 a x\n2 b y", "1 a x\n9 b y", false, "~ 2→9 b y\n1 row differs"},
		{"one for one", "1 a x", "2 b y", false, "~ 1→2 a→b x→y\n1 row differs"},
		{"a key with NULL is none", "_ a x\n1 b y", "_ a z\n1 b y", false, "~ NULL a x→z\n1 row differs"},
		{"none expected", "", "1 a x", false, "+ 1 a x\n1 row is not expected"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := Compare(table(c.expected), table(c.actual), nil, c.ordered)
			if got := drawnDiff(d); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func drawnDiff(d *Diff) string {
	if d == nil {
		return "alike"
	}
	var b strings.Builder
	for _, row := range d.Rows {
		line := []string{map[Kind]string{Changed: "~", Missing: "-", Extra: "+"}[row.Kind]}
		for _, cell := range row.Cells {
			switch {
			case cell.Changed:
				line = append(line, cell.Expected+"→"+cell.Actual)
			case row.Kind == Extra:
				line = append(line, cell.Actual)
			default:
				line = append(line, cell.Expected)
			}
		}
		b.WriteString(strings.Join(line, " ") + "\n")
	}
	return b.String() + d.Counts()
}

// What is equal in DuckDB is equal here.
func TestEqualValues(t *testing.T) {
	t.Parallel()
	s := session(t)
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"interval 48 hours", "interval 2 days", true},
		{"interval 1 month", "interval 30 days", true},
		{"interval 1 day", "interval 25 hours", false},
		{`'{"a": 1, "b": [1]}'::json`, `'{"b":[1],"a":1}'::json`, true},
		{`'{"a": 1}'::json`, `'{"a": 1.0}'::json`, false},
		{"'a'", "'A'", false},
		{"[1, null]", "[1, null]", true},
	} {
		read := func(sql string) *engine.Table {
			got, err := s.Query(context.Background(), "select "+sql+" as c")
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		if got := Compare(read(c.a), read(c.b), nil, false) == nil; got != c.want {
			t.Errorf("%s = %s: got %v", c.a, c.b, got)
		}
	}
}

// Rows of thousands that have nothing in common are compared without trying all pairs.
func TestManyRowsThatDiffer(t *testing.T) {
	t.Parallel()
	var a, b strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&a, "1 a%d x\n1 _ _\n", i)
		fmt.Fprintf(&b, "2 b%d y\n2 _ _\n", i)
	}
	d := Compare(table(a.String()), table(b.String()), nil, false)
	if got := d.Counts(); got != "6,000 rows are missing, 6,000 are not expected" {
		t.Error(got)
	}
}

// The message in run_results.json has dbt's form.
func TestTextIsDbts(t *testing.T) {
	t.Parallel()
	d := Compare(table("1 a x\n3 c y"), table("1 a z\n2 b w"), nil, false)
	if got, want := d.Text(), "@@ ,id,a,b\n→  ,1 ,a,x→z\n---,3 ,c,y\n+++,2 ,b,w\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
