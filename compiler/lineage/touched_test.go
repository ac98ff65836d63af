package lineage_test

import (
	"testing"

	"elt/compiler/lineage"
)

func TestOnlyOwnRows(t *testing.T) {
	session, _ := openShapes(t)
	table := lineage.Source{Catalog: "memory", Schema: "main", Table: "t"}
	for sql, want := range map[string]bool{
		"select d from t": true,
		"select d::timestamp as d, b + 1 as b from t":                          true,
		"select d from t where b > 0 order by a":                               true,
		"select d, unnest(l) from t":                                           true,
		"select t.d from t join u using (a)":                                   true,
		"select u.d from u join t using (a)":                                   true,
		"select t.d from t left join u using (a)":                              true,
		"select d from t where a in (select a from u)":                         true,
		"select d from t where not exists (from u where u.a = t.a)":            true,
		"select t.d, (select max(e) from u where u.a = t.a) from t":            true,
		"select d, sum(b) from t group by d":                                   true,
		"select date_trunc('month', d), sum(b) from t group by all":            true,
		"select distinct d, a from t":                                          true,
		"select d from t union all select d from u":                            true,
		"select d from t union all select d + 1 from t":                        true,
		"with x as (select * from t) select d from x":                          true,
		"with x as materialized (select * from t) select d from x where a > 1": true,
		"select d from u":                                 false,
		"select max(d) from t":                            false,
		"select max(d) from t group by a":                 false,
		"select d from t group by d having count(*) > 1":  false,
		"select d, row_number() over (order by d) from t": false,
		"select d from t qualify row_number() over (partition by a order by d desc) = 1":            false,
		"select d from t order by d desc limit 3":                                                   false,
		"select distinct on (a) d from t":                                                           false,
		"select x.d from t x join t y using (a)":                                                    false,
		"select d from t where d < (select max(d) from t)":                                          false,
		"select u.d from u left join t using (a)":                                                   false,
		"select d from u where a in (select a from t)":                                              false,
		"select d from t except select d from u":                                                    false,
		"select d from u except select d from t":                                                    false,
		"with x as (select d, sum(b) as b from t group by d) select x.d from x join u on x.b = u.a": false,
		"with x as materialized (select * from t) select x.d from x, x as y":                        false,
	} {
		plan, _ := planOf(t, session, sql)
		if got := lineage.OnlyOwnRows(plan, table); got != want {
			t.Errorf("%s: %t, want %t", sql, got, want)
		}
	}
	if lineage.OnlyOwnRows([]byte("{}"), table) {
		t.Error("a plan of nothing")
	}
}
