package compiler

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLiteralCasts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sql  string
		want []string
	}{
		"a double colon":            {`select 'x'::integer`, []string{`'x'::integer`}},
		"numbers of a type":         {`select 'x'::decimal(9, 2) + 1`, []string{`'x'::decimal(9, 2)`}},
		"a call of cast":            {`select CAST('x' AS date), 1`, []string{`CAST('x' AS date)`}},
		"a type before the text":    {`select date 'x', timestamp 'y'`, []string{`date 'x'`, `timestamp 'y'`}},
		"several":                   {`select 'x'::int from t where d > '2024'::date`, []string{`'x'::int`, `'2024'::date`}},
		"try_cast":                  {`select try_cast('x' as integer)`, nil},
		"a column":                  {`select x::integer, cast(y as date)`, nil},
		"what a case need not do":   {`select case when true then 1 else 'x'::int end, 'y'::int`, []string{`'y'::int`}},
		"what try catches":          {`select try('x'::int), coalesce(1, 'x'::int), if(true, 1, 'x'::int)`, nil},
		"lists, arrays and structs": {`select '[1]'::int[], '{}'::struct(a int), 'x'::timestamp with time zone`, nil},
		"a type of a schema":        {`select 'x'::main.mood`, nil},
		"a comment between":         {"select 'x' -- what\n::date", []string{"'x' -- what\n::date"}},
		"a cast of a cast":          {`select 'x'::varchar::int`, nil},
		"inside a text":             {`select 'it''s ''x''::int'`, nil},
	} {
		var got []string
		for _, at := range literalCasts(c.sql) {
			got = append(got, c.sql[at.Start:at.End])
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
