package check_test

import (
	"flag"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
	"elt/runner/check"
	"elt/runner/engine"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares a text with testdata/name.sql.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", strings.ReplaceAll(name, " ", "_")+".sql")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// testNode is a data test with a config of alternating keys and values.
func testNode(sql string, config ...any) *project.Node {
	node := &project.Node{
		UniqueID: "test.shop.not_null_orders_id", Type: project.Test, Name: "not_null_orders_id",
		Config: project.NewConfig(), Compiled: &project.Compiled{SQL: sql},
	}
	source := diag.NewSource("models/orders.yml", "severity: x")
	for i := 0; i < len(config); i += 2 {
		node.Config.Set(config[i].(string), project.ConfigValue{
			Value: config[i+1], Place: diag.Place{Source: source, Span: diag.Span{Start: 0, End: 8}},
		})
	}
	return node
}

func TestStatement(t *testing.T) {
	t.Parallel()
	const sql = "\n\nselect id\nfrom orders -- all of them\nwhere id is null; -- end\n"
	audit := project.Relation{Database: "db", Schema: "main_dbt_test__audit"}
	cases := []struct {
		name   string
		config []any
		opts   check.Options
	}{
		{"defaults", nil, check.Options{Store: audit}},
		{"conditions and limit", []any{"warn_if", ">1", "error_if", ">10", "fail_calc", "sum(n)", "limit", int64(100)}, check.Options{}},
		{"store failures by flag", nil, check.Options{Store: audit, StoreFailures: true}},
		{"store failures by config over a view", []any{"store_failures", true, "alias", `we"ird`}, check.Options{Store: audit, Existing: "view"}},
		{"store failures off by config", []any{"store_failures", false}, check.Options{Store: audit, StoreFailures: true}},
		{"store failures as view", []any{"store_failures_as", "view", "store_failures", false}, check.Options{Store: audit, Existing: "table"}},
		{"store failures ephemeral", []any{"store_failures_as", "ephemeral", "store_failures", true}, check.Options{Store: audit, StoreFailures: true}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, problems := check.Statement(testNode(sql, c.config...), c.opts)
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			var b strings.Builder
			for _, part := range []struct {
				title string
				list  []string
			}{{"prepare", got.Prepare}, {"run", []string{got.SQL}}, {"after publish", got.AfterPublish}} {
				for _, s := range part.list {
					b.WriteString("-- " + part.title + "\n" + s + "\n;\n")
				}
			}
			golden(t, "statement "+c.name, b.String())
			holds := got.SQL
			if len(got.Prepare) > 0 {
				holds = got.Prepare[len(got.Prepare)-1]
			}
			if !strings.HasPrefix(holds[got.Query:], sql[:20]) {
				t.Errorf("the query does not begin at offset %d of\n%s", got.Query, holds)
			}
			stored, ok := check.StoredRelation(testNode(sql, c.config...), c.opts)
			if ok != (got.Stored.Identifier != "") || stored != got.Stored {
				t.Errorf("stored in %v, said %v", got.Stored, stored)
			}
		})
	}
}

func TestConfigProblems(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		config []any
		want   string
	}{
		{"unknown severity", []any{"severity", "fatal"}, `models/orders.yml:1:1: "fatal" is not a severity`},
		{"severity of another type", []any{"severity", true}, `models/orders.yml:1:1: "severity" must be a text`},
		{"limit that is a text", []any{"limit", "ten"}, `models/orders.yml:1:1: "limit" must be a whole number that is not negative`},
		{"negative limit", []any{"limit", int64(-1)}, `models/orders.yml:1:1: "limit" must be a whole number that is not negative`},
		{"unknown store", []any{"store_failures_as", "file"}, `models/orders.yml:1:1: "file" is not a way to store failures`},
		{"store that is a text", []any{"store_failures", "yes"}, `models/orders.yml:1:1: "store_failures" must be true or false`},
		{"two at once", []any{"limit", "x", "severity", "y"},
			"models/orders.yml:1:1: \"limit\" must be a whole number that is not negative\nmodels/orders.yml:1:1: \"y\" is not a severity"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, problems := check.Statement(testNode("select 1", c.config...), check.Options{})
			if got := problems.Error(); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestOutcome(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name      string
		config    []any
		row       check.Row
		warnError bool
		want      check.Verdict
	}{
		{"nothing found", nil, check.Row{}, false, check.Verdict{Status: check.Pass}},
		{"one row", nil, check.Row{Failures: 1, ShouldWarn: true, ShouldError: true}, false,
			check.Verdict{Status: check.Fail, Failures: 1, Message: "Got 1 result, configured to fail if != 0"}},
		{"three rows", []any{"error_if", ">2"}, check.Row{Failures: 3, ShouldWarn: true, ShouldError: true}, false,
			check.Verdict{Status: check.Fail, Failures: 3, Message: "Got 3 results, configured to fail if >2"}},
		{"severity warn", []any{"severity", "WARN"}, check.Row{Failures: 3, ShouldWarn: true, ShouldError: true}, false,
			check.Verdict{Status: check.Warn, Failures: 3, Message: "Got 3 results, configured to warn if != 0"}},
		{"warnings are errors", []any{"severity", "warn"}, check.Row{Failures: 3, ShouldWarn: true, ShouldError: true}, true,
			check.Verdict{Status: check.Fail, Failures: 3, Message: "Got 3 results, configured to fail if != 0"}},
		{"below the error threshold", []any{"error_if", ">10"}, check.Row{Failures: 3, ShouldWarn: true}, false,
			check.Verdict{Status: check.Warn, Failures: 3, Message: "Got 3 results, configured to warn if != 0"}},
		{"below both thresholds", []any{"error_if", ">10", "warn_if", ">5"}, check.Row{Failures: 3}, false, check.Verdict{Status: check.Pass}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			statement, _ := check.Statement(testNode("select 1", c.config...), check.Options{})
			if got := statement.Outcome(c.row, c.warnError); got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

func TestReadRowRefuses(t *testing.T) {
	t.Parallel()
	for name, table := range map[string]*engine.Table{
		"no rows":           {},
		"two columns":       {Rows: [][]any{{int64(1), true}}},
		"failures of text":  {Rows: [][]any{{"x", true, true}}},
		"condition of text": {Rows: [][]any{{int64(1), "x", true}}},
		"half a failure":    {Rows: [][]any{{0.5, true, true}}},
		"not a number":      {Rows: [][]any{{math.NaN(), true, true}}},
		"a tenth":           {Rows: [][]any{{engine.Decimal{Unscaled: big.NewInt(1), Width: 2, Scale: 1}, true, true}}},
	} {
		if _, err := check.ReadRow(table); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}

func TestReadRowTakesWholeNumbers(t *testing.T) {
	t.Parallel()
	for name, cell := range map[string]any{
		"an integer": int64(3), "a double": 3.0, "a decimal": engine.Decimal{Unscaled: big.NewInt(300), Width: 9, Scale: 2},
	} {
		row, err := check.ReadRow(&engine.Table{Rows: [][]any{{cell, true, false}}})
		if err != nil || row.Failures != 3 {
			t.Errorf("%s: got %v, %v", name, row, err)
		}
	}
}

func TestSampleSQL(t *testing.T) {
	t.Parallel()
	kwargs := template.NewDict()
	for _, kv := range [][2]string{{"model", `"db"."main"."orders"`}, {"column_name", "id"}} {
		if err := kwargs.Set(kv[0], kv[1]); err != nil {
			t.Fatal(err)
		}
	}
	for _, generic := range []string{"", "not_null", "unique", "accepted_values", "relationships"} {
		node := testNode("select id from orders where id is null")
		node.Test = &project.TestInfo{Generic: generic}
		if generic != "" {
			node.Compiled.Kwargs = kwargs
		}
		golden(t, "sample "+generic, check.SampleSQL(node, true, 5)+"\n")
		if got, plain := check.SampleSQL(node, false, 5), check.SampleSQL(testNode(node.Compiled.SQL), true, 5); got != plain {
			t.Errorf("a macro of the project's own is sampled by\n%s", got)
		}
		if generic == "relationships" {
			golden(t, "sample counted", check.CountedSampleSQL(node, true, "id", 5)+"\n")
		}
	}
}
