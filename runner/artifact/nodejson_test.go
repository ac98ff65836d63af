package artifact

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"elt/compiler/dbtcontext"
	"elt/compiler/template"
)

// A node's JSON is that of the dict which templates see, and no key of it occurs twice.
func TestNodesAreWrittenAsTemplatesSeeThem(t *testing.T) {
	t.Parallel()
	plan := compileFiles(t, fstest.MapFS{
		"elt.yml":           {Data: []byte("name: shop\nmodels:\n  +meta: {team: a}\n  +tags: [x]\non-run-start: select 1\n")},
		"models/raw.sql":    {Data: []byte("{{ config(materialized='incremental', pre_hook=['select 1', {'sql': 'select 2', 'transaction': false}], docs={'show': false}, own_key=1, meta={'b': 'é'}) }}select 1 as id")},
		"models/orders.sql": {Data: []byte("select * from {{ ref('raw') }}")},
		"models/p.yml": {Data: []byte(`
groups: [{name: g, owner: {email: a@b.c}}]
models:
  - name: orders
    description: "All \"orders\"."
    config: {group: g, contract: {enforced: true}, grants: {select: [me]}, persist_docs: {relation: true}}
    columns:
      - {name: id, data_type: integer, description: é, constraints: [{type: not_null}], tests: [unique, {accepted_values: {values: [1], config: {severity: warn, tags: [t]}}}]}
exposures: [{name: e, type: dashboard, owner: {email: a@b.c}, depends_on: [ref('orders')]}]
sources: [{name: lake, tables: [{name: raw, path: lake/*.csv, freshness: {warn_after: {count: 1, period: day}}}]}]
unit_tests: [{name: u, model: orders, given: [{input: ref('raw'), rows: [{id: 1}]}], expect: {rows: [{id: 1}]}}]
`)},
		"seeds/countries.csv":   {Data: []byte("code\nNL\n")},
		"tests/singular.sql":    {Data: []byte("select * from {{ ref('orders') }} where id < 0")},
		"snapshots/history.sql": {Data: []byte("{% snapshot history %}{{ config(unique_key='id', strategy='check', check_cols='all', snapshot_meta_column_names={'dbt_valid_to': 'until'}) }}select * from {{ ref('orders') }}{% endsnapshot %}")},
	})
	var writer dbtcontext.NodeWriter
	nodes := slices.Collect(maps.Values(plan.Nodes))
	for _, node := range append(nodes, nodes...) { // the second time with what is known from the first
		id := node.UniqueID
		value := dbtcontext.NodeValue(node)
		value.Delete("compiled_sql")
		want, err := template.ToJSON(value, false)
		if err != nil {
			t.Fatal(err)
		}
		have, err := writer.Append([]byte("before "), node)
		if err != nil || string(have) != "before "+want {
			t.Errorf("%s: %v\n%s\nwant\n%s", id, err, have, want)
		}
		keysOnce(t, json.NewDecoder(strings.NewReader(want)))
	}
	node := plan.Nodes["model.shop.orders"]
	have, err := writer.Append(nil, node, template.Item{Key: "build_path", Value: "x"}, template.Item{Key: "more", Value: int64(1)})
	if text := string(have); err != nil || !strings.Contains(text, `"build_path": "x"`) || !strings.HasSuffix(text, `, "more": 1}`) {
		t.Errorf("%v\n%s", err, text)
	}
}

// keysOnce reads one value and reports keys that an object has twice.
func keysOnce(t *testing.T, dec *json.Decoder) {
	t.Helper()
	token, err := dec.Token()
	if err != nil {
		t.Fatal(err)
	}
	delim, _ := token.(json.Delim)
	seen := map[json.Token]bool{}
	for (delim == '{' || delim == '[') && dec.More() {
		if delim == '{' {
			key, err := dec.Token()
			if err != nil || seen[key] {
				t.Errorf("the key %v, %v", key, err)
			}
			seen[key] = true
		}
		keysOnce(t, dec)
	}
	if delim == '{' || delim == '[' {
		_, _ = dec.Token()
	}
}
