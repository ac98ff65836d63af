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
		"a number":                  {`select 300::tinyint, cast(1e9 as int), x + 5::int`, []string{`300::tinyint`, `cast(1e9 as int)`, `5::int`}},
	} {
		var got []string
		for _, cast := range literalsOf(c.sql).found {
			got = append(got, c.sql[cast.span.Start:cast.span.End])
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestComparedTexts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sql  string
		want []string // the text, and what it is compared with
	}{
		"either side":            {`select 1 from t where day > 'x' and 'y' <= t.day`, []string{`'x' day`, `'y' `}},
		"the other side first":   {`select 'y' = day`, []string{`'y' day`}},
		"a quoted name":          {`select "The Day" = 'x'`, []string{`'x' the day`}},
		"an expression":          {`select max(day) = 'x'`, []string{`'x' `}},
		"a list":                 {`select day in ('x', 'y'), kind not in ('z')`, []string{`'x' day`, `'y' day`, `'z' kind`}},
		"a list of expressions":  {`select day in (lower('x'), 'y' || 'z')`, nil},
		"a call in a list":       {`select day in (f('x', 'y'))`, nil},
		"a range":                {`select day not between 'x' and 'y'`, []string{`'x' day`, `'y' day`}},
		"a cast":                 {`select day = 'x'::date, day > date 'y', date 'z' < day`, nil},
		"what a case may skip":   {`select case when day = 'x' then 1 end, coalesce(day = 'y', true)`, nil},
		"two texts":              {`select 'x' = 'y' or 'z' <> day`, []string{`'z' day`}},
		"not compared":           {`select 'x' as a, f('y') and like 'z'`, nil},
		"other kinds of a text":  {`select day = E'x', day = $$y$$, day = x'41'`, nil},
		"inside another bracket": {`select (day = 'x')`, []string{`'x' day`}},
	} {
		var got []string
		for _, text := range literalsOf(c.sql).texts {
			got = append(got, c.sql[text.span.Start:text.span.End]+" "+text.other)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
