package dbtcontext_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"elt/compiler/project"
	"elt/compiler/template"
)

func readJSON(t *testing.T, path string, to any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, to); err != nil {
		t.Fatal(err)
	}
}

func readText(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestAsDbt renders every template of testdata/cases.txt and compares it with what
// dbt made of it (testdata/record.py records that).
func TestAsDbt(t *testing.T) {
	t.Parallel()
	var cases []struct{ Name, Model, Template, Want string }
	readJSON(t, "testdata/dbt.json", &cases)
	p := testProject(t, nil)
	addMacros(t, p, "probe", "macros/m.sql", readText(t, "testdata/macros.sql"))
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			host := &fakeHost{name: c.Model, db: newTestDatabase(), config: map[string]template.Value{}}
			host.node = &project.Node{
				UniqueID: "model.probe." + c.Model, Type: project.Model, Name: c.Model, Package: "probe",
				Relation: host.This(), Config: project.NewConfig(),
			}
			if c.Name == "parse: config" {
				host.config["materialized"], host.config["tags"] = "table", template.NewList("x")
			}
			got, err := render(p, host, c.Template)
			if err != nil {
				t.Fatalf("%s\n%v", c.Template, err)
			}
			if diff := cmp.Diff(c.Want, got); diff != "" {
				t.Errorf("%s\n(-dbt +elt)\n%s", c.Template, diff)
			}
		})
	}
}

// TestGenericTestsAsDbt renders dbt's generic tests as the compiler does: their
// arguments become native values, the test is called with them.
func TestGenericTestsAsDbt(t *testing.T) {
	t.Parallel()
	var cases []struct {
		Name, Test, Raw, Want string
		Where                 *string
		Kwargs                map[string]json.RawMessage
	}
	readJSON(t, "testdata/dbttests.json", &cases)
	p := testProject(t, nil)
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			host := &fakeHost{name: c.Name, config: map[string]template.Value{}}
			if c.Where != nil {
				host.config["where"] = *c.Where
			}
			if c.Name == "not_null_store" {
				host.config["store_failures"] = true
			}
			text := "{{ test_" + c.Test + "(model=get_where_subquery(ref('orders'))"
			for _, name := range []string{"column_name", "values", "quote", "to", "field"} {
				v, ok := c.Kwargs[name]
				if !ok {
					continue
				}
				value, err := template.FromJSON(string(v))
				if err != nil {
					t.Fatal(err)
				}
				if name == "to" {
					text += ", to=" + value.(string)
				} else {
					text += ", " + name + "=" + template.Repr(value)
				}
			}
			if diff := cmp.Diff(c.Want, answer(t, p, host, text+") }}")); diff != "" {
				t.Errorf("(-dbt +elt)\n%s", diff)
			}
		})
	}
}
