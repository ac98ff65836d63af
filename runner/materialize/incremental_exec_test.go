package materialize_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"elt/compiler/project"
	"elt/runner/materialize"
)

// row is one row of the reference: two key columns and a value, NULLs allowed.
type row struct{ a, b, v *int }

const oddKey, oddValue = `ke"y ü`, `val'ue`

func (r row) text(sep, null string) string {
	cells := make([]string, 3)
	for i, p := range []*int{r.a, r.b, r.v} {
		cells[i] = null
		if p != nil {
			cells[i] = fmt.Sprint(*p)
		}
	}
	return strings.Join(cells, sep)
}

func sameInt(a, b *int) bool { return a == nil && b == nil || a != nil && b != nil && *a == *b }

func query(rows []row) string {
	columns := fmt.Sprintf("(a, %s, %s)", project.QuoteIdent(oddKey), project.QuoteIdent(oddValue))
	if len(rows) == 0 {
		return "select null::int as a, null::int as " + project.QuoteIdent(oddKey) + ", null::int as " +
			project.QuoteIdent(oddValue) + " where false"
	}
	items := make([]string, len(rows))
	for i, r := range rows {
		items[i] = "(" + r.text("::int, ", "null") + "::int)"
	}
	return "select * from (values " + strings.Join(items, ", ") + ") t" + columns + " -- and a comment"
}

func rendered(rows []row) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = r.text("|", "NULL")
	}
	slices.Sort(out)
	return out
}

// reference is what a strategy has to make of a table, written the slow way.
func reference(spec materialize.Spec, table, delta []row) []row {
	match := func(x, y row) bool {
		for _, k := range spec.UniqueKey {
			if k == "a" && !sameInt(x.a, y.a) || k == oddKey && !sameInt(x.b, y.b) {
				return false
			}
		}
		return len(spec.UniqueKey) > 0
	}
	var out []row
	for _, old := range table {
		at := slices.IndexFunc(delta, func(d row) bool { return match(old, d) })
		switch {
		case at < 0 || spec.Strategy == materialize.Append:
			out = append(out, old)
		case spec.Strategy == materialize.MergeInto:
			merged := delta[at]
			if len(spec.UniqueKey) == 1 && len(spec.Merge.ExcludeColumns) > 0 {
				merged.b = old.b
			}
			if c := spec.Merge.UpdateCondition; c != "" && !(delta[at].v != nil && *delta[at].v > 2) {
				merged = old
			}
			out = append(out, merged)
		}
	}
	for _, d := range delta {
		if spec.Strategy == materialize.MergeInto &&
			slices.ContainsFunc(table, func(old row) bool { return match(old, d) }) {
			continue
		}
		out = append(out, d)
	}
	return out
}

func repeated(spec materialize.Spec, delta []row) bool {
	seen := map[string]bool{}
	for _, d := range delta {
		key := d.a
		text := row{a: key}.text("|", "NULL")
		if len(spec.UniqueKey) > 1 {
			text = row{a: d.a, b: d.b}.text("|", "NULL")
		}
		if seen[text] {
			return true
		}
		seen[text] = true
	}
	return false
}

func randomRows(r *rand.Rand) []row {
	cell := func() *int {
		if n := r.IntN(5); n > 0 {
			return &n
		}
		return nil
	}
	rows := make([]row, r.IntN(5))
	for i := range rows {
		rows[i] = row{cell(), cell(), cell()}
	}
	return rows
}

func TestIncrementalAgainstReference(t *testing.T) {
	t.Parallel()
	one, two := []string{"a"}, []string{"a", oddKey}
	cases := []struct {
		name string
		spec materialize.Spec
	}{
		{"append", materialize.Spec{Strategy: materialize.Append}},
		{"delete+insert without a key", materialize.Spec{Strategy: materialize.DeleteInsert}},
		{"delete+insert by one key", materialize.Spec{Strategy: materialize.DeleteInsert, UniqueKey: one}},
		{"delete+insert by two keys", materialize.Spec{Strategy: materialize.DeleteInsert, UniqueKey: two}},
		{"merge without a key", materialize.Spec{Strategy: materialize.MergeInto}},
		{"merge by one key", materialize.Spec{Strategy: materialize.MergeInto, UniqueKey: one}},
		{"merge by two keys", materialize.Spec{Strategy: materialize.MergeInto, UniqueKey: two}},
		{"merge of some columns", materialize.Spec{Strategy: materialize.MergeInto, UniqueKey: one,
			Merge: materialize.Merge{ExcludeColumns: []string{oddKey}}}},
		{"merge with a condition", materialize.Spec{Strategy: materialize.MergeInto, UniqueKey: one,
			Merge: materialize.Merge{UpdateCondition: "DBT_INTERNAL_SOURCE." + project.QuoteIdent(oddValue) + " > 2"}}},
	}
	for _, c := range cases {
		for _, copied := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, full copy %t", c.name, copied), func(t *testing.T) {
				t.Parallel()
				spec := c.spec
				spec.FullCopy = copied
				compareRuns(t, spec)
			})
		}
	}
}

// compareRuns runs random deltas one after the other, each twice, and compares the
// published table with the reference after each.
func compareRuns(t *testing.T, spec materialize.Spec) {
	w := openWarehouse(t)
	r := rand.New(rand.NewPCG(7, 11))
	spec.Node, spec.Materialized = "model.shop.orders", materialize.Incremental
	spec.Published = relation(`or"ders`)
	spec.SQL = query(randomRows(r))
	if err := w.build(spec); err != nil {
		t.Fatal(err)
	}
	table := w.table(spec.Published)
	for range 15 {
		delta := randomRows(r)
		spec.SQL = query(delta)
		stops := spec.Strategy == materialize.MergeInto && len(spec.UniqueKey) > 0 && repeated(spec, delta)
		for range 2 {
			if err := w.build(spec); stops {
				wantFailure(t, err, "duplicate-key")
				w.dropLeftovers()
				break
			} else if err != nil {
				t.Fatal(err)
			}
			table = reference(spec, table, delta)
			if diff := cmp.Diff(rendered(table), rendered(w.table(spec.Published))); diff != "" {
				t.Fatalf("after %v (-want +got):\n%s", rendered(delta), diff)
			}
		}
	}
}

// table reads a published table back.
func (w *warehouse) table(rel project.Relation) []row {
	var out []row
	for _, cells := range w.query("select * from " + rel.String()).Rows {
		var r row
		for i, p := range []**int{&r.a, &r.b, &r.v} {
			if n, ok := cells[i].(int64); ok {
				v := int(n)
				*p = &v
			}
		}
		out = append(out, r)
	}
	return out
}

func (w *warehouse) dropLeftovers() {
	for _, r := range w.query("select table_name from information_schema.tables where table_name like '%elt_run%'").Rows {
		w.exec("drop table " + relation(r[0].(string)).String())
	}
}
