package runner

import (
	"strings"
	"testing"

	"elt/compiler/project"
)

func TestRewriteReplacesRelationsOnly(t *testing.T) {
	t.Parallel()
	shadowed := map[string]bool{}
	for _, name := range []string{"orders", "Größe", `we"ird`} {
		shadowed[project.Relation{Database: "w", Schema: "main", Identifier: name}.Key()] = true
	}
	shadowed[project.Relation{Database: "other", Schema: "main", Identifier: "orders"}.Key()] = true
	tests := []struct {
		name, sql, want string
		short           bool
	}{
		{name: "a table", sql: `select * from "w"."main"."orders"`, want: `select * from "_elt_shadow"."main"."orders"`},
		{name: "letter case does not count", sql: `from W.Main.ORDERS`, want: `from "_elt_shadow".Main.ORDERS`},
		{name: "a column behind it", sql: `select "w"."main"."orders".id from "w"."main"."orders"`,
			want: `select "_elt_shadow"."main"."orders".id from "_elt_shadow"."main"."orders"`},
		{name: "an alias stays", sql: `select orders.id from "w"."main"."orders"`, want: `select orders.id from "_elt_shadow"."main"."orders"`},
		{name: "strings and comments stay", sql: `select '"w"."main"."orders"' -- w.main.orders
			/* w.main.orders */`, want: `select '"w"."main"."orders"' -- w.main.orders
			/* w.main.orders */`},
		{name: "white space and comments around dots", sql: `from w . /* x */ main.orders`, want: `from "_elt_shadow" . /* x */ main.orders`},
		{name: "another schema", sql: `from w.raw.orders`, want: `from w.raw.orders`},
		{name: "another database has a schema of its own", sql: `from other.main.orders`, want: `from "_elt_shadow"."other.main".orders`},
		{name: "quotes and letters", sql: `from "w"."main"."Größe", "w"."main"."we""ird"`,
			want: `from "_elt_shadow"."main"."Größe", "_elt_shadow"."main"."we""ird"`},
		{name: "two parts where relations have three", sql: `from main.orders`, want: `from main.orders`},
		{name: "two parts where relations have two", sql: `select main.orders.id from main.orders`, short: true,
			want: `select "_elt_shadow".main.orders.id from "_elt_shadow".main.orders`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n := newNames("w", tt.short)
			got, back := n.rewrite(tt.sql, nil, func(rel project.Relation) (project.Relation, bool) {
				return n.shadowOf(rel), shadowed[rel.Key()]
			})
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			for i, word := range []string{"orders", "id"} {
				at := strings.LastIndex(got, word)
				if at < 0 || strings.Contains(tt.sql, "Größe") {
					continue
				}
				if old := back.Old(at); old != strings.LastIndex(tt.sql, word) {
					t.Errorf("word %d at %d leads back to %d", i, at, old)
				}
			}
		})
	}
}

func TestPublicTextHidesHiddenNames(t *testing.T) {
	t.Parallel()
	r := &run{id: "abc", database: "w"}
	for i, name := range []string{"orders", "customers"} {
		rel := project.Relation{Database: "w", Schema: "main", Identifier: name}
		r.nodes = append(r.nodes, &nodeRun{
			node: &project.Node{Relation: rel}, hidden: hiddenRelation(rel, "abc", i+1).Identifier,
		})
	}
	got := r.publicText(`"_elt_shadow".main.x, _elt_shadow.main.y, _elt_abc_1, _elt_abc_2, _elt_abc_12, _elt_abc_1_t2, _elt_abc_2_touched, _elt_abc_2_files`)
	if want := `"w".main.x, w.main.y, orders, customers, (a table that is not published), orders, customers, customers`; got != want {
		t.Errorf("got %s", got)
	}
}

func TestViewTextIsTakenApart(t *testing.T) {
	t.Parallel()
	for _, create := range []string{
		`CREATE VIEW main.v AS SELECT 1;`,
		`CREATE VIEW v (a, "as") AS SELECT 1;`,
		`CREATE VIEW "ext as"."v"("n") AS SELECT 1;`,
	} {
		query, _ := viewQuery(create)
		start, end, ok := viewName(create)
		if strings.TrimSpace(query) != "SELECT 1" || !ok || !strings.Contains(create[start:end], "v") {
			t.Errorf("%s: query %q, name %q", create, query, create[start:end])
		}
	}
}

func TestHiddenNames(t *testing.T) {
	t.Parallel()
	for name, hidden := range map[string]bool{
		"_elt_abc12_3": true, "_elt_abc_3_delta": true, "_elt_abc_3_whole": true,
		"_elt_abc": false, "_elt_ABC_1": false, "elt_abc_1": false, "_elt_abc_1_x": false, "orders": false,
	} {
		if got := isHidden(project.Relation{Database: "w", Schema: "main", Identifier: name}); got != hidden {
			t.Errorf("%s: %t", name, got)
		}
	}
	if id := newRunID(); !hiddenName().MatchString("_elt_" + id + "_1") {
		t.Errorf("run id %q", id)
	}
}
