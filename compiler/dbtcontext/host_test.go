package dbtcontext_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

// fakeHost is a Host over a few nodes; it stands in for the compiler.
type fakeHost struct {
	name        string
	parsing     bool
	incremental bool
	config      map[string]template.Value
	node        *project.Node
	db          dbtcontext.Database
	refs        []project.RefCall
	sources     []project.SourceCall
	configured  []*template.Dict
	external    string
}

func (h *fakeHost) Ref(call project.RefCall) (project.Relation, error) {
	h.refs = append(h.refs, call)
	if strings.HasPrefix(call.Name, "eph") {
		return project.Relation{Identifier: "__dbt__cte__" + call.Name, Type: "cte"}, nil
	}
	if call.Name == "nope" {
		return project.Relation{}, diag.New(diag.UnknownRef, call.Place, "there is no model %q", call.Name)
	}
	return project.Relation{Database: "w", Schema: "main", Identifier: call.Name}, nil
}

func (h *fakeHost) Source(call project.SourceCall) (project.Relation, string, error) {
	h.sources = append(h.sources, call)
	return project.Relation{Database: "w", Schema: call.Source, Identifier: call.Table}, h.external, nil
}

func (h *fakeHost) Config(values *template.Dict, _ diag.Place, _ []project.KeyPlace) error {
	h.configured = append(h.configured, values)
	return nil
}

func (h *fakeHost) ConfigGet(key string) (template.Value, bool) {
	v, ok := h.config[key]
	return v, ok
}

func (h *fakeHost) This() project.Relation {
	return project.Relation{Database: "w", Schema: "main", Identifier: h.name}
}

func (h *fakeHost) IsIncremental() bool           { return h.incremental }
func (h *fakeHost) Node() *project.Node           { return h.node }
func (h *fakeHost) Execute() bool                 { return !h.parsing }
func (h *fakeHost) Database() dbtcontext.Database { return h.db }

// fakeDatabase answers queries from a list.
type fakeDatabase struct {
	tables    map[string]*dbtcontext.Table // by SQL
	relations map[string]project.Relation  // by identifier
	columns   map[string][]dbtcontext.Column
	err       error
	ran       []string
}

func (d *fakeDatabase) Relation(_ context.Context, rel project.Relation) (project.Relation, bool, error) {
	found, ok := d.relations[rel.Identifier]
	return found, ok, d.err
}

func (d *fakeDatabase) Relations(context.Context, string, string) ([]project.Relation, error) {
	return []project.Relation{{Database: "w", Schema: "main", Identifier: "orders", Type: "table"}}, d.err
}

func (d *fakeDatabase) Columns(_ context.Context, rel project.Relation) ([]dbtcontext.Column, error) {
	return d.columns[rel.Identifier], d.err
}

func (d *fakeDatabase) Query(_ context.Context, sql string) (*dbtcontext.Table, error) {
	sql = strings.Join(strings.Fields(sql), " ")
	d.ran = append(d.ran, sql)
	if d.err != nil {
		return nil, d.err
	}
	if t, ok := d.tables[sql]; ok {
		return t, nil
	}
	if strings.HasPrefix(sql, "select") {
		return nil, fmt.Errorf("the test has no answer for %q", sql)
	}
	return &dbtcontext.Table{}, nil
}

func newTestDatabase() *fakeDatabase {
	two := &dbtcontext.Table{
		Columns: []dbtcontext.Column{{Name: "id", Type: "INTEGER"}, {Name: "name", Type: "VARCHAR"}},
		Rows:    [][]template.Value{{int64(1), "a"}, {int64(2), nil}},
	}
	return &fakeDatabase{
		tables: map[string]*dbtcontext.Table{
			"select 1 as id, 'a' as name union all select 2, null order by 1": two,
			"select (date_diff('day', cast('2024-01-01' as date)::timestamp, cast('2024-01-03' as date)::timestamp ))": {
				Columns: []dbtcontext.Column{{Name: "n", Type: "BIGINT"}}, Rows: [][]template.Value{{int64(2)}},
			},
			"select * from ( select 1 as a, 2 as b ) as __dbt_sbq where false limit 0": {
				Columns: []dbtcontext.Column{{Name: "a", Type: "INTEGER"}, {Name: "b", Type: "INTEGER"}},
			},
		},
		relations: map[string]project.Relation{
			"orders": {Database: "w", Schema: "main", Identifier: "orders", Type: "table"},
		},
		columns: map[string][]dbtcontext.Column{
			"orders":    {{Name: "id", Type: "INTEGER"}, {Name: "Amount", Type: "DECIMAL(18,2)"}},
			"customers": {{Name: "id", Type: "INTEGER"}},
		},
	}
}

// testProject is the context of a project named probe, as record.py makes one.
func testProject(t testing.TB, change func(*dbtcontext.Settings)) *dbtcontext.Project {
	t.Helper()
	vars := map[string]template.Value{
		"v1": "one", "list": template.NewList(int64(1), int64(2)), "templated": "{{ 1 + 1 }}{{ target.name }}",
	}
	s := dbtcontext.Settings{
		Name: "probe",
		Target: template.NewDict(
			template.Item{Key: "name", Value: "dev"}, template.Item{Key: "schema", Value: "main"},
			template.Item{Key: "database", Value: "w"}, template.Item{Key: "type", Value: "duckdb"},
		),
		Vars:         func(_, name string) (template.Value, bool) { v, ok := vars[name]; return v, ok },
		VarNames:     func(string) []string { return []string{"v1", "list", "templated"} },
		Env:          func(name string) (string, bool) { return "set", name == "ELT_SET" || name == "DBT_ENV_SECRET_X" },
		Now:          time.Date(2024, 2, 29, 13, 4, 5, 678000, time.UTC),
		InvocationID: "11111111-2222-3333-4444-555555555555",
		Command:      "compile",
	}
	if change != nil {
		change(&s)
	}
	return dbtcontext.New(s)
}

func addMacros(t testing.TB, p *dbtcontext.Project, pkg, path, text string) {
	t.Helper()
	parsed, err := template.Parse(diag.NewSource(path, text))
	if err != nil {
		t.Fatalf("the macros of the test: %v", err)
	}
	if err := p.AddMacros(pkg, parsed.Blocks(), path).Err(); err != nil {
		t.Fatalf("the macros of the test: %v", err)
	}
}

func render(p *dbtcontext.Project, host *fakeHost, text string) (string, error) {
	parsed, err := template.Parse(diag.NewSource("models/m.sql", text))
	if err != nil {
		return "", err
	}
	out, err := parsed.Render(template.NewThread(context.Background()), p.Scope(host, "probe"))
	return out.Text, err
}

// answer renders a template that must render.
func answer(t testing.TB, p *dbtcontext.Project, host *fakeHost, text string) string {
	t.Helper()
	out, err := render(p, host, text)
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	return out
}
