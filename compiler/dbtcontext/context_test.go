package dbtcontext_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

func TestMacroLookup(t *testing.T) {
	t.Parallel()
	p := testProject(t, func(s *dbtcontext.Settings) {
		s.Packages = []string{"helper"}
		s.Dispatch = []dbtcontext.Dispatch{{Namespace: "ordered", SearchOrder: []string{"helper", "probe"}}}
	})
	addMacros(t, p, "helper", "dbt_packages/helper/macros/m.sql", `
{% macro who() %}helper{% endmacro %}
{% macro only_helper() %}only helper, {{ who() }}{% endmacro %}
{% macro default__thing() %}helper default{% endmacro %}
{% macro _hidden() %}underscore{% endmacro %}`)
	addMacros(t, p, "probe", "macros/m.sql", `
{% macro who() %}probe{% endmacro %}
{% macro default__thing() %}probe default{% endmacro %}
{% macro ref(name) %}{{ return(builtins.ref(name).include(database=false)) }}{% endmacro %}
{% macro duckdb__date_trunc(datepart, date) %}mine({{ date }}){% endmacro %}
{% macro generate_schema_name(custom_schema_name, node) %}always{% endmacro %}
{% macro calls_later() %}{{ defined_later() }}{% endmacro %}`)
	addMacros(t, p, "probe", "macros/z.sql", `{% macro defined_later() %}late{% endmacro %}`)
	for _, c := range []struct{ name, text, want string }{
		{"the project's own macro comes first", "{{ who() }}", "probe"},
		{"a package's macro by its namespace", "{{ helper.who() }}", "helper"},
		{"the names inside a macro are those of the node", "{{ helper.only_helper() }}", "only helper, probe"},
		{"a package's macro is not a plain name", "{{ only_helper is defined }}", "False"},
		{"a macro that begins with an underscore", "{{ helper._hidden() }}", "underscore"},
		{"dispatch looks in the project before the package", "{{ adapter.dispatch('thing', 'helper')() }}", "probe default"},
		{"dispatch follows the search order of the project", "{{ adapter.dispatch('thing', 'ordered')() }}", "helper default"},
		{"a project overrides a macro of dbt by dispatch", "{{ dbt.date_trunc('day', 'x') }}", "mine(x)"},
		{"a project overrides a macro of dbt by name", "{{ generate_schema_name(none, none) }}", "always"},
		{"the namespace dbt keeps dbt's own", "{{ dbt.generate_schema_name(none, none) }}", "main"},
		{"a project's ref wraps the built-in one", "{{ ref('orders') }}", `"main"."orders"`},
		{"builtins.ref is the built-in one", "{{ builtins.ref('orders') }}", `"w"."main"."orders"`},
		{"a macro is found wherever it is defined", "{{ calls_later() }}", "late"},
		{"context finds macros", "{{ context['who']() }} {{ context.who() }}", "probe probe"},
		{"a local variable hides a macro", "{% set who = 1 %}{{ who }}", "1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := answer(t, p, &fakeHost{name: "m"}, c.text); got != c.want {
				t.Errorf("%s = %q, want %q", c.text, got, c.want)
			}
		})
	}
	t.Run("in a package, its own macro comes first", func(t *testing.T) {
		t.Parallel()
		parsed, err := template.Parse(diag.NewSource("m.sql", "{{ who() }} {{ only_helper() }}"))
		if err != nil {
			t.Fatal(err)
		}
		out, err := parsed.Render(template.NewThread(context.Background()), p.Scope(&fakeHost{}, "helper"))
		if err != nil || out.Text != "helper only helper, helper" {
			t.Errorf("got %q, %v", out.Text, err)
		}
	})
	for call, want := range map[string]string{
		"who": "macro.probe.who", "helper.who": "macro.helper.who", "dbt.dateadd": "macro.dbt.dateadd",
		"dateadd": "macro.dbt.dateadd", "duckdb__dateadd": "macro.dbt_duckdb.duckdb__dateadd",
		"only_helper": "", "helper.nope": "", "is_incremental": "macro.dbt.is_incremental",
	} {
		if got, ok := p.ResolveMacro(call, "probe"); got != want || ok != (want != "") {
			t.Errorf("ResolveMacro(%q) = %q, %v, want %q", call, got, ok, want)
		}
	}
}

func TestOverriddenMacros(t *testing.T) {
	t.Parallel()
	p := testProject(t, func(s *dbtcontext.Settings) { s.Packages = []string{"helper"} })
	addMacros(t, p, "helper", "h.sql", "{% macro h() %}h{% endmacro %}")
	addMacros(t, p, "probe", "m.sql", "{% macro own() %}own {{ is_incremental() }}{% endmacro %}")
	scope := p.Scope(&fakeHost{name: "m"}, "probe").OverrideVars(template.NewDict(template.Item{Key: "v", Value: "over"})).
		OverrideEnv(template.NewDict(template.Item{Key: "E", Value: int64(7)}))
	for name, answer := range map[string]template.Value{"is_incremental": true, "helper.h": int64(5), "dbt.type_string": "text", "invocation_id": "me"} {
		if !scope.Override(name, answer) {
			t.Errorf("Override(%q) finds nothing", name)
		}
	}
	for _, name := range []string{"nope", "helper.nope", "nope.h"} {
		if scope.Override(name, true) {
			t.Errorf("Override(%q) finds something", name)
		}
	}
	parsed, err := template.Parse(diag.NewSource("m.sql",
		"{{ is_incremental() }} {{ dbt.is_incremental() }} {{ own() }} {{ helper.h() + 1 }} {{ type_string() }} {{ dbt.type_string() }} {{ dbt.type_int() }} {{ var('v') }} {{ env_var('E') }} {{ env_var('NO', 'no') }} {{ invocation_id }}"))
	if err != nil {
		t.Fatal(err)
	}
	out, err := parsed.Render(template.NewThread(context.Background()), scope)
	if want := "True True own True 6 text text integer over 7 no me"; err != nil || out.Text != want {
		t.Errorf("got %q, %v, want %q", out.Text, err, want)
	}
}

func TestAddMacrosNamesAsDbt(t *testing.T) {
	t.Parallel()
	p := testProject(t, nil)
	addMacros(t, p, "probe", "macros/m.sql", `
{% test is_even(model, column_name) %}x{% endtest %}
{% materialization lake, adapter='duckdb' %}x{% endmaterialization %}
{% materialization other, default %}x{% endmaterialization %}
{% macro plain(a, b=1) %}x{% endmacro %}
{% docs not_a_macro %}x{% enddocs %}`)
	var names []string
	for _, m := range p.Macros() {
		if m.Package == "probe" {
			names = append(names, m.UniqueID)
		}
	}
	want := []string{"macro.probe.test_is_even", "macro.probe.materialization_lake_duckdb",
		"macro.probe.materialization_other_default", "macro.probe.plain"}
	if !slices.Equal(names, want) {
		t.Errorf("macros are %v, want %v", names, want)
	}
	if p.GenericTest("", "is_even", "probe") == nil || p.GenericTest("", "unique", "probe") == nil || p.GenericTest("dbt_utils", "recency", "probe") == nil {
		t.Error("a generic test is not found")
	}
	if p.GenericTest("dbt_utils", "unique", "probe") != nil || p.GenericTest("", "nope", "probe") != nil {
		t.Error("a generic test is found that does not exist")
	}
	if tests := p.GenericTestNames(); !slices.Contains(tests, "is_even") || !slices.Contains(tests, "row_count") {
		t.Errorf("the generic tests are %v", tests)
	}
	m, ok := p.Macro("plain")
	if !ok || m.OriginalPath != "macros/m.sql" || len(m.Params()) != 2 {
		t.Errorf("macro plain is %+v, %v", m, ok)
	}
}

func TestDuplicateMacroNamesBothFiles(t *testing.T) {
	t.Parallel()
	p := testProject(t, nil)
	addMacros(t, p, "probe", "macros/a.sql", "{% macro x() %}1{% endmacro %}")
	parsed, err := template.Parse(diag.NewSource("macros/b.sql", "\n{% macro x() %}2{% endmacro %}"))
	if err != nil {
		t.Fatal(err)
	}
	list := p.AddMacros("probe", parsed.Blocks(), "macros/b.sql")
	if len(list) != 1 || list[0].Code != diag.DuplicateNode || !strings.Contains(list[0].Place.String(), "macros/b.sql:2") ||
		len(list[0].Notes) != 1 || !strings.Contains(list[0].Notes[0].Place.String(), "macros/a.sql:1") {
		t.Errorf("got %+v", list)
	}
	if got := answer(t, p, &fakeHost{}, "{{ x() }}"); got != "1" {
		t.Errorf("x() = %q: the first definition must stay", got)
	}
	if list := p.AddMacros("other", parsed.Blocks(), "macros/b.sql"); len(list) != 0 {
		t.Errorf("another package may have the name: %v", list)
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	p := testProject(t, func(s *dbtcontext.Settings) { s.Packages = []string{"helper"} })
	addMacros(t, p, "helper", "h.sql", "{% macro known() %}{% endmacro %}")
	for _, c := range []struct {
		name, text string
		code       diag.Code
		want       []string // in the message, the hint or a note
	}{
		{"a variable that is misspelt", "{{ var('v') }} ", diag.UnknownVar, []string{`variable "v" is not set`, `did you mean "v1"?`}},
		{"a variable that nobody knows", "{{ var('somethingelse') }}", diag.UnknownVar, []string{"templated", "--vars"}},
		{"an environment variable that is not set", "{{ env_var('NOPE') }}", diag.MissingEnvVar, []string{`environment variable "NOPE" is not set`, "env_var('NOPE', '...')"}},
		{"a secret in a model", "{{ env_var('DBT_ENV_SECRET_X') }}", diag.MissingEnvVar, []string{"secret", "cannot be used here"}},
		{"raise_compiler_error", "{{ exceptions.raise_compiler_error('my message') }}", diag.RaisedError, []string{"my message"}},
		{"raise_compiler_error with the node", "{% do exceptions.raise_compiler_error('oh', model) %}", diag.RaisedError, []string{"oh"}},
		{"dispatch without a macro", "{{ adapter.dispatch('nope', 'helper')() }}", diag.UndefinedName, []string{"helper.duckdb__nope", "probe.default__nope"}},
		{"dispatch with a dot", "{{ adapter.dispatch('helper.known')() }}", diag.TemplateError, []string{"adapter.dispatch('known', 'helper')"}},
		{"a macro that a package lacks", "{{ helper.knwon() }}", diag.UndefinedName, []string{`package "helper" has no macro "knwon"`, `did you mean "known"?`}},
		{"a package that is not installed", "{{ dbt_utils.star(ref('x')) }}", diag.UndefinedName, []string{`package "dbt_utils" is not installed`}},
		{"a name that is misspelt", "{{ reff('x') }}", diag.UndefinedName, []string{"ref"}},
		{"ref of what does not exist", "{{ ref('nope') }}", diag.UnknownRef, []string{"nope"}},
		{"ref without arguments", "{{ ref() }}", diag.TemplateError, []string{"ref() takes a name"}},
		{"config with both forms", "{{ config({'a': 1}, b=2) }}", diag.TemplateError, []string{"not both"}},
		{"a config that is required", "{{ config.require('unique_key') }}", diag.TemplateError, []string{"unique_key"}},
		{"a result loaded twice", "{% call statement('a') %}create table x{% endcall %}{{ load_result('a') }}{{ load_result('a') }}", diag.TemplateError, []string{"loaded already"}},
		{"columns of what is no relation", "{{ adapter.get_columns_in_relation('x') }}", diag.TemplateError, []string{"takes a relation", "not str"}},
		{"a bad regular expression", "{{ modules.re.match('(', 'x') }}", diag.TemplateError, []string{"not valid"}},
		{"a zone that does not exist", "{{ modules.pytz.timezone('Mars/Base') }}", diag.TemplateError, []string{"Mars/Base"}},
		{"row_count without a condition", "{{ test_row_count(ref('x')) }}", diag.RaisedError, []string{"needs equals, min, max"}},
		{"row_count between three numbers", "{{ test_row_count(ref('x'), between=[1, 2, 3]) }}", diag.RaisedError, []string{"takes two numbers"}},
		{"python models", "{{ submit_python_job({}, '') }}", diag.Unsupported, []string{"python"}},
		{"a value validation refuses", "{{ config.require('materialized', validator=validation.any('view')) }}", diag.TemplateError, []string{"table", "view"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			host := &fakeHost{name: "m", db: newTestDatabase(), config: map[string]template.Value{"materialized": "table"}}
			host.node = &project.Node{UniqueID: "model.probe.m", Name: "m"}
			out, err := render(p, host, c.text)
			var d *diag.Diagnostic
			if !errors.As(err, &d) {
				t.Fatalf("rendered %q, error %v; want a diagnostic", out, err)
			}
			if d.Code != c.code {
				t.Errorf("code %q, want %q (%v)", d.Code, c.code, err)
			}
			if d.Place.IsZero() {
				t.Errorf("%v has no place", err)
			}
			for _, want := range c.want {
				if !strings.Contains(d.Message+"\n"+d.Hint, want) {
					t.Errorf("%q / %q does not say %q", d.Message, d.Hint, want)
				}
			}
		})
	}
}

// What goes wrong inside a built-in macro is reported where the project called it.
func TestMistakesInBuiltinMacrosAreTheCallers(t *testing.T) {
	t.Parallel()
	p := testProject(t, nil)
	addMacros(t, p, "probe", "macros/own.sql", "{% macro own() %}\n  {{ run_query('broken') }}{% endmacro %}")
	for _, c := range []struct{ text, place, note string }{
		{"select\n  {{ run_query('broken') }}", "models/m.sql:2:6", ""},
		{"{{ dbt.date_spine('day', none, 1) }}", "models/m.sql:1:4", ""},
		{"{{ test_row_count(this) }}", "models/m.sql:1:4", ""},
		{"{{ own() }}", "macros/own.sql:2:6", "models/m.sql:1:4"},
	} {
		db := newTestDatabase()
		db.err = errors.New("the database says no")
		_, err := render(p, &fakeHost{name: "m", db: db}, c.text)
		var d *diag.Diagnostic
		if !errors.As(err, &d) || d.Place.String() != c.place {
			t.Errorf("%s: %v, want it at %s", c.text, err, c.place)
			continue
		}
		var notes []string
		for _, n := range d.Notes {
			notes = append(notes, n.Place.String())
		}
		if strings.Join(notes, " ") != c.note {
			t.Errorf("%s: notes at %v, want %q", c.text, notes, c.note)
		}
	}
}

func TestDeferredPassesThrough(t *testing.T) {
	t.Parallel()
	p := testProject(t, nil)
	addMacros(t, p, "probe", "m.sql", `{% macro deep(r) %}{% if true %}{{ return(run_query('select 1')) }}{% endif %}{% endmacro %}`)
	for _, text := range []string{
		"{{ run_query('select 1') }}",
		"{{ deep(1) }}",
		"{% call statement('x', fetch_result=true) %}select 1{% endcall %}",
		"{{ adapter.get_columns_in_relation(ref('x')) }}",
		"{{ adapter.get_relation('w', 'main', 'x') }}",
		"{{ load_relation(this) }}",
		"{{ adapter.get_missing_columns(ref('x'), this) }}",
		"{{ dbt.date_spine('day', 'a', 'b') }}",
		"{{ try_or_compiler_error('message', run_query, 'select 1') }}",
		"{{ test_equality(ref('x'), ref('y')) }}",
		"{% for c in adapter.get_columns_in_relation(ref('x')) | map(attribute='name') %}{{ c }}{% endfor %}",
	} {
		db := newTestDatabase()
		db.err = fmt.Errorf("asked too early: %w", dbtcontext.ErrDeferred)
		out, err := render(p, &fakeHost{name: "m", db: db}, text)
		if !errors.Is(err, dbtcontext.ErrDeferred) {
			t.Errorf("%s: rendered %q, error %v; want ErrDeferred", text, out, err)
		}
	}
}

func TestWhileParsing(t *testing.T) {
	t.Parallel()
	p := testProject(t, nil)
	for _, c := range []struct{ name, text, want string }{
		{"nothing is executed", "{{ execute }}", "False"},
		{"run_query answers nothing", "{{ run_query('select 1') }}", ""},
		{"statements are not rendered", "[{% call statement('x') %}{{ nope() }}{% endcall %}]{{ load_result('x') }}", "[]None"},
		{"get_relation is None", "{{ adapter.get_relation('a', 'b', 'c') }} {{ load_relation(this) }}", "None None"},
		{"there are no columns", "{{ adapter.get_columns_in_relation(none) }} {{ adapter.get_missing_columns(none, none) }}", "[] []"},
		{"adapter.execute gives a pair", "{{ adapter.execute('x')[1].columns | length }}", "0"},
		{"a variable that is not set is None", "{{ var('nope') }}", "None"},
		{"is_incremental is false", "{{ is_incremental() }}", "False"},
		{"changes do nothing", "{{ adapter.drop_relation(this) }} {{ adapter.create_schema(none) }}", "None None"},
		{"a required config is empty", "[{{ config.require('x') }}]", "[]"},
		{"a date spine assumes one step", "{{ dbt.get_intervals_between('a', 'b', 'day') }}", "1"},
		{"config() prints nothing", "[{{ config(a=1) }}{{ config({'b': 2}) }}]", "[]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			db := newTestDatabase()
			host := &fakeHost{name: "m", parsing: true, incremental: true, db: db}
			if got := answer(t, p, host, c.text); got != c.want {
				t.Errorf("%s = %q, want %q", c.text, got, c.want)
			}
			if len(db.ran) > 0 {
				t.Errorf("%s asked the database %q", c.text, db.ran)
			}
		})
	}
}

func TestHostIsAsked(t *testing.T) {
	t.Parallel()
	p := testProject(t, func(s *dbtcontext.Settings) {
		off := false
		s.Quoting.Schema = &off
	})
	host := &fakeHost{name: "m", incremental: true, config: map[string]template.Value{"meta": template.NewDict(template.Item{Key: "owner", Value: "me"})}}
	got := answer(t, p, host, `{{ ref('a') }} {{ ref('pkg', 'b', v=2) }} {{ ref('eph') }} {{ source('raw', 't') }} {{ this }} {{ is_incremental() }} {{ config.meta_get('owner') }}{{ config(a=1) }}`)
	want := `"w".main."a" "w".main."b" __dbt__cte__eph "w"."raw"."t" "w".main."m" True me`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if len(host.refs) != 3 || host.refs[1].Package != "pkg" || host.refs[1].Version != "2" || host.refs[0].Place.Text() == "" {
		t.Errorf("refs are %+v", host.refs)
	}
	if len(host.sources) != 1 || host.sources[0].Source != "raw" || len(host.configured) != 1 {
		t.Errorf("sources are %+v, configs %+v", host.sources, host.configured)
	}
	host.external = "read_csv('x.csv')"
	if got := answer(t, p, host, "{{ source('raw', 't') }} {{ source('raw', 't').identifier }}"); got != "read_csv('x.csv') t" {
		t.Errorf("a source that reads files is %q", got)
	}
}

func TestEmptyFlagReadsNoRows(t *testing.T) {
	t.Parallel()
	p := testProject(t, func(s *dbtcontext.Settings) { s.Flags = map[string]template.Value{"EMPTY": true} })
	got := answer(t, p, &fakeHost{name: "m"}, "{{ ref('a') }} {{ this }} {{ ref('a').render() }}")
	want := `(select * from "w"."main"."a" where false limit 0) "w"."main"."m" "w"."main"."a"`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := answer(t, p, &fakeHost{name: "m", parsing: true}, "{{ ref('a') }}"); got != `"w"."main"."a"` {
		t.Errorf("while parsing: %s", got)
	}
}

func TestAdapterAsksTheDatabase(t *testing.T) {
	t.Parallel()
	p := testProject(t, nil)
	db := newTestDatabase()
	host := &fakeHost{name: "m", db: db}
	for _, c := range []struct{ name, text, want string }{
		{"a relation that exists has its type", "{{ adapter.get_relation('w', 'main', 'orders').type }} {{ load_relation(ref('orders')).is_table }}", "table True"},
		{"one that does not is None", "{{ adapter.get_relation('w', 'main', 'nope') }}", "None"},
		{"columns", "{{ adapter.get_columns_in_relation(ref('orders')) | map(attribute='quoted') | join(',') }}", `"id","Amount"`},
		{"columns of a type", "{% for c in adapter.get_columns_in_relation(ref('orders')) %}{{ c.name }}={{ c.data_type }} {% endfor %}", "id=INTEGER Amount=DECIMAL(18,2) "},
		{"missing columns", "{{ adapter.get_missing_columns(ref('orders'), ref('customers')) | map(attribute='name') | list }}", "['Amount']"},
		{"relations of a schema", "{{ adapter.list_relations_without_caching(this) }}", `[<DuckDBRelation "w"."main"."orders">]`},
		{"get_columns_in_relation as a macro", "{{ get_columns_in_relation(ref('customers')) | length }}", "1"},
	} {
		if got := answer(t, p, host, c.text); got != c.want {
			t.Errorf("%s: %s = %q, want %q", c.name, c.text, got, c.want)
		}
	}
	db.ran = nil
	answer(t, p, host, `{% do adapter.create_schema(api.Relation.create(database='w', schema='s')) %}
{% do adapter.drop_relation(ref('orders')) %}{% do adapter.drop_relation(api.Relation.create(schema='s', identifier='v', type='view')) %}
{% do adapter.rename_relation(ref('a'), ref('b')) %}{% do adapter.truncate_relation(ref('a')) %}{% do drop_relation_if_exists(none) %}{% do adapter.drop_schema(this) %}`)
	want := []string{
		`create schema if not exists "w"."s"`,
		`drop table if exists "w"."main"."orders" cascade`,
		`drop view if exists "s"."v" cascade`,
		`alter table "w"."main"."a" rename to "b"`,
		`truncate table "w"."main"."a"`,
		`drop schema if exists "w"."main" cascade`,
	}
	if !slices.Equal(db.ran, want) {
		t.Errorf("ran\n%s\nwant\n%s", strings.Join(db.ran, "\n"), strings.Join(want, "\n"))
	}
}

func TestLogPrintAndWarn(t *testing.T) {
	t.Parallel()
	var said []string
	p := testProject(t, func(s *dbtcontext.Settings) {
		s.Log = func(m string, info bool) { said = append(said, fmt.Sprintf("log %s %v", m, info)) }
		s.Print = func(m string) { said = append(said, "print "+m) }
		s.Warn = func(d *diag.Diagnostic) { said = append(said, d.Severity.String()+" "+d.Error()) }
	})
	host := &fakeHost{name: "m", db: newTestDatabase()}
	answer(t, p, host, `{{ log('a') }}{{ log(1, info=true) }}{{ print('p') }}{% do exceptions.warn('careful') %}`)
	want := []string{"log a false", "log 1 true", "print p", "warning models/m.sql:1:60: careful"}
	if !slices.Equal(said, want) {
		t.Errorf("said %q, want %q", said, want)
	}
	said = nil
	answer(t, p, host, `{% do run_query("select 1 as id, 'a' as name union all select 2, null order by 1").print_table() %}`)
	table := "print | id | name |\n| -- | ---- |\n|  1 | a    |\n|  2 |      |"
	if len(said) != 1 || said[0] != table {
		t.Errorf("said %q, want %q", said, table)
	}
}

func TestYAMLScope(t *testing.T) {
	t.Parallel()
	var secret string
	p := testProject(t, func(s *dbtcontext.Settings) {
		s.SecretSeen = func(v string) { secret = v }
		s.Doc = func(_, name string) (string, bool) { return "described", name == "d" }
	})
	eval := func(text string, o dbtcontext.YAMLOptions) (string, error) {
		parsed, err := template.Parse(diag.NewSource("x.yml", text))
		if err != nil {
			t.Fatal(err)
		}
		out, err := parsed.Render(template.NewThread(context.Background()), p.YAMLScope(o))
		return out.Text, err
	}
	for _, c := range []struct {
		text, want string
		o          dbtcontext.YAMLOptions
	}{
		{"{{ var('v1') }} {{ env_var('ELT_SET') }} {{ target.name }} {{ doc('d') }} {{ fromjson('[1]') }}", "one set dev described [1]", dbtcontext.YAMLOptions{}},
		{"{{ env_var('DBT_ENV_SECRET_X') }}", "set", dbtcontext.YAMLOptions{Secrets: true}},
		{"{{ var('nope') }}", "None", dbtcontext.YAMLOptions{LaxVars: true}},
		{"{{ target is defined }} {{ ref is defined }} {{ adapter is defined }}", "False False False", dbtcontext.YAMLOptions{NoTarget: true}},
		{"{{ name }}", "more", dbtcontext.YAMLOptions{Names: map[string]template.Value{"name": "more"}}},
	} {
		if got, err := eval(c.text, c.o); err != nil || got != c.want {
			t.Errorf("%s = %q, %v; want %q", c.text, got, err, c.want)
		}
	}
	if secret != "set" {
		t.Errorf("the secret read was told as %q", secret)
	}
	for text, code := range map[string]diag.Code{
		"{{ env_var('DBT_ENV_SECRET_X') }}": diag.MissingEnvVar, "{{ var('nope') }}": diag.UnknownVar, "{{ targt.x }}": diag.UndefinedName,
	} {
		_, err := eval(text, dbtcontext.YAMLOptions{})
		var d *diag.Diagnostic
		if !errors.As(err, &d) || d.Code != code {
			t.Errorf("%s: %v, want %q", text, err, code)
		}
	}
}

func TestScopesRenderTogether(t *testing.T) {
	t.Parallel()
	p := testProject(t, nil)
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			host := &fakeHost{name: fmt.Sprint("m", i), db: newTestDatabase()}
			out, err := render(p, host, "{{ this.name }} {{ dbt.dateadd('day', 1, 'x') | trim }} {{ modules.re.sub('a', 'b', 'a') }} {{ is_incremental() }}")
			want := fmt.Sprintf("m%d (x + cast(1 as bigint) * interval 1 day) b False", i)
			if err != nil || out != want {
				t.Errorf("got %q, %v, want %q", out, err, want)
			}
		}()
	}
	wg.Wait()
}

func TestNamesKnowsWhatLookupKnows(t *testing.T) {
	t.Parallel()
	p := testProject(t, nil)
	addMacros(t, p, "probe", "m.sql", "{% macro mine() %}{% endmacro %}")
	scope := p.Scope(&fakeHost{name: "m"}, "probe").With("extra", 1)
	names := scope.Names()
	if !slices.IsSorted(names) {
		t.Error("the names are not sorted")
	}
	for _, name := range names {
		if _, ok := scope.Lookup(name); !ok {
			t.Errorf("%q is listed but not found", name)
		}
	}
	for _, name := range strings.Fields(`ref source config var env_var this target is_incremental should_full_refresh execute
		log print return run_query statement load_result store_result exceptions adapter api modules fromjson tojson fromyaml
		toyaml set set_strict zip zip_strict local_md5 flags graph model selected_resources builtins context dbt_version
		run_started_at invocation_id thread_id project_name doc dbt_metadata_envs invocation_args_dict diff_of_two_dicts
		render write validation try_or_compiler_error load_relation store_raw_result pre_hooks post_hooks sql database
		schema dbt probe mine extra`) {
		if !slices.Contains(names, name) {
			t.Errorf("%q is not listed", name)
		}
	}
}
