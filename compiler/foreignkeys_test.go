package compiler_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"elt/compiler"
	"elt/compiler/dbtcontext"
	"elt/compiler/template"
)

// What dbt 1.12 has in its manifest: the reference of a foreign key is one of the model, once for each key, and
// once the model is compiled the key points to a relation.
func TestForeignKeyIsAReference(t *testing.T) {
	t.Parallel()
	plan := parse(t, compiler.Options{FS: files(
		"models/parent.sql", "select 1 as id",
		"models/child.sql", "select 1 as id",
		"models/m.yml", `models:
  - name: child
    constraints: [{type: foreign_key, columns: [id], to: ref('parent'), to_columns: [id]}]
    columns:
      - {name: id, data_type: integer, constraints: [{type: foreign_key, to: "ref('parent')", to_columns: [id]}]}
`)})
	child := plan.Nodes["model.shop.child"]
	if len(child.Refs) != 2 || !slices.Equal(child.DependsOn, []string{"model.shop.parent"}) {
		t.Errorf("it refers to %v and depends on %v", child.Refs, child.DependsOn)
	}
	if text := template.Repr(dbtcontext.NodeValue(child)); !strings.Contains(text, `'to': "ref('parent')"`) {
		t.Errorf("parsed: %s", text)
	}
	if diags := plan.Compile(context.Background(), nil, plan.Order); len(diags) > 0 {
		t.Fatal(diags)
	}
	text := template.Repr(dbtcontext.NodeValue(child))
	if n := strings.Count(text, `"main"."parent"`); n != 2 || strings.Contains(text, `ref('parent')`) {
		t.Errorf("compiled: %s", text)
	}
}

func TestForeignKeyToNothing(t *testing.T) {
	t.Parallel()
	_, err := compiler.Parse(context.Background(), compiler.Options{FS: files(
		"models/child.sql", "select 1 as id",
		"models/m.yml", `models:
  - name: child
    constraints:
      - {type: foreign_key, columns: [id], to: parent, to_columns: [id]}
      - {type: foreign_key, columns: [id], to: ref('parent'), to_columns: [id]}
`)})
	for _, want := range []string{`"parent" is no reference`, `models/m.yml:5:9`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v says nothing of %s", err, want)
		}
	}
}
