package compiler_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"elt/compiler"
	"elt/compiler/template"
)

// What dbt 1.12 has in its manifest for the same project.
func TestManifestAsDbt(t *testing.T) {
	t.Parallel()
	fs := files(
		"macros/gen.sql", "{% macro generate_schema_name(custom_schema_name, node) %}{{ 'zz_' ~ (custom_schema_name or 'none') ~ '_' ~ node.name }}{% endmacro %}",
		"seeds/s.csv", "id\n1\n",
		"models/m.sql", "select 1 as c",
		"models/off.sql", "{{ config(enabled=false, schema='hidden', alias='other') }} select 1 as id",
		"snapshots/sub/sn.yml", `snapshots:
  - name: ysnap
    relation: ref('s')
    config: {unique_key: id, strategy: check, check_cols: all, tags: ["{{ var('who') }}", plain], meta: {a: "{{ var('who') }}"}}
`,
		"models/p.yml", `exposures:
  - {name: e, type: dashboard, owner: {name: me}, depends_on: [ref('m')], config: {meta: {x: "{{ var('who') }}"}, tags: [own]}}
  - {name: e2, type: dashboard, owner: {name: me}, depends_on: [ref('m')], meta: {y: 1}, tags: [t1]}
`)
	fs["elt.yml"] = &fstest.MapFile{Data: []byte("name: shop\nvars: {who: bob}\nexposures:\n  shop: {+tags: [folder], +meta: {f: 1}}\n")}
	plan := parse(t, compiler.Options{FS: fs})
	snapshot, e, e2 := plan.Nodes["snapshot.shop.ysnap"], plan.Nodes["exposure.shop.e"], plan.Nodes["exposure.shop.e2"]
	off := plan.Disabled[0]
	unrendered := func(d *template.Dict, key string) string {
		v, _ := d.Get(key)
		return template.Repr(v)
	}
	for _, c := range []struct{ what, got, want string }{
		{"the path of a YAML snapshot", snapshot.Path, "ysnap.sql"},
		{"its tags as written", unrendered(snapshot.Unrendered(), "tags"), `["{{ var('who') }}", 'plain', 'bob', 'plain']`},
		{"its meta as written", unrendered(snapshot.Unrendered(), "meta"), `{'a': "{{ var('who') }}"}`},
		{"tags of an exposure's config", strings.Join(e.Tags, " "), "own"},
		{"its meta", unrendered(e.Unrendered(), "meta"), "{'x': 'bob'}"},
		{"tags beside config", strings.Join(e2.Tags, " "), "folder t1"},
		{"are not of the config", unrendered(e2.Unrendered(), "tags"), "['folder']"},
		{"nor is meta", unrendered(e2.Unrendered(), "meta"), "{'f': 1}"},
		{"a disabled model's schema", off.Relation.Schema, "zz_hidden_off"},
		{"and alias", off.Relation.Identifier, "other"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %s, want %s", c.what, c.got, c.want)
		}
	}
}
