package dbtcontext_test

import (
	"slices"
	"strings"
	"testing"
)

// What dbt-duckdb 1.11 prints for the same calls.
func TestAdapterSaysDDL(t *testing.T) {
	t.Parallel()
	p := testProject(t, nil)
	host := &fakeHost{name: "m", db: newTestDatabase()}
	const columns = `{'id': {'name': 'id', 'data_type': 'integer', 'constraints': [{'type': 'not_null'}, {'type': 'check', 'expression': 'id > 0'},
  {'type': 'foreign_key', 'to': '"w"."main"."parent"', 'to_columns': ['id']}, {'type': 'foreign_key', 'expression': 'parent (id)'}]},
 'Odd': {'name': 'Odd', 'quote': true, 'data_type': 'varchar', 'constraints': [{'type': 'unique'}, {'type': 'primary_key', 'expression': 'x'}, {'type': 'custom', 'expression': ' collate nocase '}, {'type': 'check'}]}}`
	for _, c := range []struct{ name, text, want string }{
		{"constraints of columns", "{{ adapter.render_raw_columns_constraints(raw_columns=" + columns + ") | join(' / ') }}",
			`id integer not null check (id > 0) references "main"."parent" (id) references parent (id) / "Odd" varchar unique primary key x collate nocase`},
		{"constraints of a model", `{{ adapter.render_raw_model_constraints([{'type': 'check', 'expression': 'a > 0', 'name': 'pos'}, {'type': 'unique', 'columns': ['a', 'b']},
  {'type': 'primary_key', 'columns': ['a'], 'name': 'pk', 'expression': 'x'}, {'type': 'foreign_key', 'columns': ['a'], 'to': '"w"."main"."p"', 'to_columns': ['id']},
  {'type': 'foreign_key', 'columns': ['a'], 'expression': 'p (id)', 'name': 'fk'}, {'type': 'custom', 'expression': 'whatever'}, {'type': 'check'}, {'type': 'not_null', 'columns': ['a']}]) | join(' / ') }}`,
			`constraint pos check (a > 0) / unique (a, b) / constraint pk primary key x (a) / foreign key (a) references "main"."p" (id) / constraint fk foreign key (a) references p (id) / whatever`},
		{"an index", "{% set ix = adapter.parse_index({'columns': ['a', 'b']}) %}{{ ix }} {{ ix.columns }} {{ ix.unique }} {{ ix.render(this) | length }} {{ adapter.parse_index(none) }}",
			"DuckDBIndexConfig(columns=['a', 'b'], unique=False) ['a', 'b'] False 32 None"},
		{"batches", "{{ adapter.batch_id_for_model({'batch': {'event_time_start': '2020-01-01 00:00:00+00:00'}}) }}/{{ adapter.batch_id_for_model({}) }}", "20200101_0000000000/"},
		{"the file of a seed", "{{ adapter.get_seed_file_path({'root_path': '/shop', 'original_file_path': 'seeds/a.csv'}) }}", "/shop/seeds/a.csv"},
		{"drop", "{{ get_drop_sql(this.incorporate(type='table')) }} {{ drop_view(this) }}", `drop table if exists "w"."main"."m" cascade drop view if exists "w"."main"."m" cascade`},
		{"grants", "{{ get_grant_sql(this, 'select', ['a', 'b']) }} {{ get_revoke_sql(this, 'select', ['a']) }}", `grant select on "w"."main"."m" to a, b revoke select on "w"."main"."m" from "a"`},
		{"comments", "{{ alter_relation_comment(this.incorporate(type='view'), \"it's\") | trim }}", `comment on view "w"."main"."m" is $dbt_comment_literal_block$it's$dbt_comment_literal_block$;`},
		{"a name for Python", `{{ resolve_model_name('a"b') }}`, `a"b`},
		{"the query of show", "{{ get_show_sql('select 1', none, 5).split() | join(' ') }}", "select 1 limit 5"},
		{"hooks", "{{ before_begin('select 1') }}", `{"sql": "select 1", "transaction": false}`},
		{"lists", "{{ normalize_string_or_list('a', 'f') }} {{ normalize_string_or_list(none, 'f') }} {{ is_core_v2() }}", "['a'] [] False"},
	} {
		if got := answer(t, p, host, c.text); got != c.want {
			t.Errorf("%s: %s\ngot  %q\nwant %q", c.name, c.text, got, c.want)
		}
	}
}

// A macro of the project in place of one of dbt's is what the adapter's method of that name does.
func TestProjectReplacesWhatTheAdapterDoes(t *testing.T) {
	t.Parallel()
	p := testProject(t, nil)
	addMacros(t, p, "probe", "macros/a.sql", `{% macro duckdb__drop_relation(relation) %}{% do run_query('drop of ' ~ relation.identifier) %}{{ dbt.duckdb__drop_relation(relation) }}{% endmacro %}
{% macro create_schema(relation) %}{% do run_query('schema ' ~ relation) %}{% endmacro %}
{% macro get_columns_in_relation(relation) %}{{ return(dbt.get_columns_in_relation(relation)[:1]) }}{% endmacro %}`)
	db := newTestDatabase()
	host := &fakeHost{name: "m", db: db}
	got := answer(t, p, host, `{% do adapter.drop_relation(ref('orders').incorporate(type='table')) %}{% do adapter.create_schema(ref('orders')) %}{{ adapter.get_columns_in_relation(ref('orders')) | map(attribute='name') | list }}`)
	want := []string{`drop of orders`, `drop table if exists "w"."main"."orders" cascade`, `schema "w"."main"`}
	ran := make([]string, len(db.ran))
	for i, sql := range db.ran {
		ran[i] = strings.TrimSpace(sql)
	}
	if got != "['id']" || !slices.Equal(ran, want) {
		t.Errorf("printed %s, ran\n%s\nwant\n%s", got, strings.Join(ran, "\n"), strings.Join(want, "\n"))
	}
}
