package project

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"elt/compiler/template"
)

// load makes a project of a few files: name, content, name, content.
func load(t *testing.T, pairs ...string) *Project {
	t.Helper()
	files := fstest.MapFS{}
	for i := 0; i+1 < len(pairs); i += 2 {
		files[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	p, diags := Load(context.Background(), LoadOptions{FS: files, Root: "/home/you/shop"})
	for _, d := range diags {
		t.Errorf("unexpected: %v", d)
	}
	return p
}

func dict(pairs ...any) *template.Dict {
	d := template.NewDict()
	for i := 0; i+1 < len(pairs); i += 2 {
		dictSet(d, pairs[i], pairs[i+1])
	}
	return d
}

func TestResolveConfigMerges(t *testing.T) {
	t.Parallel()
	p := load(t, "elt.yml", `
name: shop
models:
  +grants: {select: [ann], insert: bob}
  +pre-hook: a
  +tags: x
  shop:
    +pre_hook: [b]
    +quoting: {identifier: true}
`, "models/m.yml", `
models:
  - name: m
    config:
      grants: {+select: [cid], insert: [dan]}
      pre_hook: "{{ late }}"
      tags: [y, x]
      quoting: {schema: false}
      schema: patched
`)
	calls := []ConfigCall{
		{Values: dict("pre-hook", template.NewList("d", dict("sql", "e", "transaction", false)), "schema", "file")},
		{Values: dict("post_hook", `{"sql": "f", "transaction": false}`, "tags", template.Tuple{"z"})},
	}
	c, diags := ResolveConfig(p, ResolveInput{Type: Model, Package: "shop", FQN: []string{"shop", "m"},
		Patch: p.Patches.Find(Model, "m").Config, InFile: calls})
	if len(diags) > 0 {
		t.Errorf("unexpected: %v", diags)
	}
	for key, want := range map[string]string{
		"grants": "{'select': ['ann', 'cid'], 'insert': ['dan']}", "tags": "['x', 'y', 'x', 'z']",
		"quoting": "{'identifier': True, 'schema': False}", "schema": "'file'", "materialized": "'view'",
	} {
		v, _ := c.Get(key)
		if got := template.Repr(v.Value); got != want {
			t.Errorf("%s: got %s, want %s", key, got, want)
		}
	}
	var hooks []string
	for _, h := range append(c.Hooks("pre_hook"), c.Hooks("post_hook")...) {
		hooks = append(hooks, fmt.Sprintf("%s %t %s", h.SQL, h.Transaction, h.Place))
	}
	want := []string{"a true elt.yml:5:14", "b true elt.yml:8:17", "{{ late }} true models/m.yml:6:17", "d true ", "e false ", "f false "}
	if diff := cmp.Diff(want, hooks); diff != "" {
		t.Errorf("hooks (-want +got)\n%s", diff)
	}
	again, _ := ResolveConfig(p, ResolveInput{Type: Model, Package: "shop", FQN: []string{"shop", "other"}})
	if got := configDump(again); !strings.Contains(got, "pre_hook=['a', 'b']") || strings.Contains(got, "'y'") {
		t.Errorf("one node's config changed another's: %s", got)
	}
}

func TestConfigCallsAreChecked(t *testing.T) {
	t.Parallel()
	p := load(t, "elt.yml", "name: shop")
	for _, c := range []struct {
		name   string
		t      ResourceType
		values *template.Dict
		want   []string
	}{
		{"a wrong type", Model, dict("materialized", int64(3)), []string{`"materialized" must be a string, not a number`}},
		{"an impossible value", Model, dict("on_schema_change", "sync"), []string{`"on_schema_change" must be "ignore", "append_new_columns", "sync_all_columns" or "fail", not "sync"`}},
		{"null is always allowed", Model, dict("unique_key", nil), nil},
		{"a set of tags", Model, dict("tags", template.NewList("a", int64(1))), []string{`"tags" must be a string or a list of strings, not a list`}},
		{"a slip of the pen", Model, dict("uniqe_key", "id"), []string{`"uniqe_key" is not a config key of a model`}},
		{"a key of one's own", Model, dict("my_team", "x"), nil},
		{"severity in any letters", Test, dict("severity", "Warn"), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, diags := ResolveConfig(p, ResolveInput{Type: c.t, FQN: []string{"shop", "m"}, InFile: []ConfigCall{{Values: c.values}}})
			var got []string
			for _, d := range diags {
				got = append(got, d.Message)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestAProjectIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	p := load(t, "elt.yml", "name: shop\nvars: {on: true}\nmodels: {shop: {a: {+tags: t}}}", "models/a/m.yml",
		`models: [{name: m, tests: [unique: {column_name: x, config: {enabled: "{{ var('on') }}"}}]}]`)
	var wg sync.WaitGroup
	ids := make([]string, 8)
	for i := range ids {
		wg.Go(func() {
			nodes, _ := GenericTests(p, p.Patches.Find(Model, "m"), "")
			c, _ := ResolveConfig(p, ResolveInput{Type: Model, FQN: []string{"shop", "a", "m"}})
			ids[i] = nodes[0].UniqueID + fmt.Sprint(nodes[0].Config.Bool("enabled", false)) + configDump(c)
		})
	}
	wg.Wait()
	if len(slices.Compact(ids)) != 1 {
		t.Errorf("different answers: %q", ids)
	}
}

func TestSecretsStaySecret(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{"elt.yml": {Data: []byte(`
name: shop
target:
  path: a.duckdb
  extension_directory: "{{ env_var('ELT_SECRET_DIR') }}"
  secrets: [{type: s3, key_id: KEYKEY, url_style: path, region: eu-north-1, headers: {auth: bearer-token}, secret: "{{ env_var('DBT_ENV_SECRET_S') }}"}]
`)}}
	env := map[string]string{"ELT_SECRET_DIR": "/hidden", "DBT_ENV_SECRET_S": "hunter22"}
	p, diags := Load(context.Background(), LoadOptions{FS: files, Root: "/home/you/shop",
		Env: func(n string) (string, bool) { v, ok := env[n]; return v, ok }})
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	want := []string{"/hidden", "KEYKEY", "bearer-token", "hunter22"}
	if diff := cmp.Diff(want, p.SecretValues()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, text := range []string{fmt.Sprint(p.Target.Secrets), fmt.Sprintf("%+v %#v", *p.Target, p.Target.Secrets), template.Repr(p.Target.Raw)} {
		for _, secret := range want[1:] {
			if strings.Contains(text, secret) {
				t.Errorf("%q tells %q", text, secret)
			}
		}
	}
}

func TestFoldersOnDisk(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write := func(name, text string) {
		file := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("elt.yml", "name: shop")
	write("models/a.sql", "select 1")
	write("models/old/b.sql", "select 1")
	write("models/old/keep.sql", "select 1")
	write("models/.hidden/c.sql", "select 1")
	write("models/draft_d.sql", "select 1")
	write("shared/e.sql", "select 1")
	write(".dbtignore", "# drafts\ndraft_*\nmodels/old/*.sql\n!keep.sql\n")
	for link, target := range map[string]string{"models/linked": "../shared", "models/up": "../models"} {
		if err := os.Symlink(target, filepath.Join(root, filepath.FromSlash(link))); err != nil {
			t.Skip(err)
		}
	}
	p, diags := Load(context.Background(), LoadOptions{FS: os.DirFS(root), Root: root})
	if len(diags) > 0 {
		t.Errorf("unexpected: %v", diags)
	}
	var got []string
	for _, f := range p.FilesOf(ModelFile) {
		got = append(got, f.Path)
	}
	want := []string{".hidden/c.sql", "a.sql", "linked/e.sql", "old/keep.sql"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestParseReference(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"ref('a')":                     "ref  a ",
		`{{ ref("a", 'b') }}`:          "ref a b ",
		"ref('a', v=2)":                "ref  a 2",
		"ref('p', 'a', version='1.1')": "ref p a 1.1",
		`source('s', "t")`:             "source s t",
		"ref(a)":                       "no",
		"orders":                       "no",
		"ref('a') where ref('b')":      "no",
	} {
		ref, source, ok := ParseReference(Located{Text: text})
		got := "no"
		switch {
		case ok && source.Table != "":
			got = "source " + source.Source + " " + source.Table
		case ok:
			got = "ref " + ref.Package + " " + ref.Name + " " + ref.Version
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

func TestLoadStopsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	p, diags := Load(ctx, LoadOptions{FS: fstest.MapFS{"elt.yml": {Data: []byte("name: x")}}, Root: "/x"})
	if p != nil || !diags.HasErrors() {
		t.Errorf("got %v, %v", p, diags)
	}
}

func TestNamesWithQuotesInTests(t *testing.T) {
	t.Parallel()
	p := load(t, "elt.yml", "name: shop", "models/m.yml", `
models:
  - name: "o'brien \"x\""
    data_tests: [some_test]
sources:
  - name: raw's
    tables:
      - {name: plain, data_tests: [some_test]}
`)
	nodes, diags := GenericTests(p, p.Patches.Resources[0], "")
	more, ds := SourceTests(p)
	if len(diags)+len(ds) > 0 || len(nodes) != 1 || len(more) != 1 {
		t.Fatalf("got %d and %d tests, %v %v", len(nodes), len(more), diags, ds)
	}
	got := []string{nodes[0].Test.AttachedExpr, more[0].Test.AttachedExpr}
	want := []string{`{{ get_where_subquery(ref('o\'brien "x"')) }}`, `{{ get_where_subquery(source("raw's", 'plain')) }}`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
