package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestWhatIsKeptChangesNothing edits a project at random, and after each edit compares what a
// command makes of it that finds what earlier ones have kept with what one makes of it that
// finds nothing: output, manifest and compiled SQL. Now and then a cache is damaged.
func TestWhatIsKeptChangesNothing(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			e := newEdited(t, seed)
			for step := range 10 {
				edit := e.edit()
				e.compare(t, fmt.Sprintf("step %d, %s", step, edit))
			}
		})
	}
}

// edited is a project in two folders, with the same files: in one of them target/ stays.
type edited struct {
	rand       *rand.Rand
	kept, bare string
	files      map[string]string
}

func newEdited(t *testing.T, seed uint64) *edited {
	e := &edited{rand: rand.New(rand.NewPCG(seed, 7)), kept: t.TempDir(), bare: t.TempDir(), files: map[string]string{
		"elt.yml":            "name: shop\nvars: {x: 1}\n",
		"lake/raw.csv":       "id,v\n1,a\n",
		"models/lake.yml":    "sources: [{name: lake, tables: [{name: raw, path: lake/raw.csv}]}]\n",
		"macros/m.sql":       "{% macro m(x) %}{{ x }} + 1{% endmacro %}",
		"seeds/plain.csv":    "id,v\n1,a\n",
		"tests/singular.sql": "select * from m1 where id < 0",
	}}
	for i := range 5 {
		e.files[fmt.Sprintf("models/m%d.sql", i)] = e.query(i)
	}
	return e
}

// query is a query of the model of a number. It reads what has a lower one, or what is
// not there at all.
func (e *edited) query(number int) string {
	parents := []string{"plain", "raw"}
	for i := range number {
		parents = append(parents, fmt.Sprint("m", i))
	}
	of := parents[e.rand.IntN(len(parents))]
	forms := []string{
		"select id, v from %[1]s",
		"select id, upper(v) as v from %[1]s -- a comment",
		"with %[1]s as (select 1 as id, 'x' as v) select * from %[1]s",
		"with c as (select * from %[1]s) select c.id, c.v from c join %[1]s on c.id = %[1]s.id",
		"select {{ m('id') }} as id, v from \"%[1]s\"",
		"select {{ var('x') }} as id, v from %[1]s",
		"select id, v from {{ ref('plain') }} where id in (select id from %[1]s)",
		"select id, missing as v from %[1]s",
		"select id, v from %[1]s_no",
		"select id, v frm %[1]s",
		"{{ config(materialized='view') }}select id, null as v from %[1]s",
		"{{ config(materialized='ephemeral') }}select id, v from %[1]s",
		"{{ config(alias='other%[2]d') }}select id, v from main.%[1]s",
		"{{ config(materialized='incremental', unique_key='id') }}select id, v from %[1]s{% if is_incremental() %} where id not in (select id from {{ this }}){% endif %}",
		"{{ config(materialized='incremental', on_schema_change='append_new_columns') }}select id, {{ var('x') }} as v from %[1]s{% if is_incremental() %} where v not in (select v from {{ this }}){% endif %}",
	}
	return fmt.Sprintf(forms[e.rand.IntN(len(forms))], of, number)
}

// edit changes something and says what.
func (e *edited) edit() string {
	number := e.rand.IntN(5)
	model := fmt.Sprintf("models/m%d.sql", number)
	pick := func(texts ...string) string { return texts[e.rand.IntN(len(texts))] }
	switch e.rand.IntN(9) {
	case 0:
		delete(e.files, model)
		return "without " + model
	case 1:
		e.files["macros/m.sql"] = pick("{% macro m(x) %}{{ x }} + 2{% endmacro %}", "{% macro m(x) %}nothing{% endmacro %}", "{% macro m(x) %}{{ x }} + 1{% endmacro %}")
		return "another macro"
	case 2:
		e.files["elt.yml"] = pick("name: shop\nvars: {x: 2}\n", "name: shop\nvars: {x: \"'a'\"}\nmodels: {+schema: s}\n", "name: shop\nvars: {x: 1}\nmodels: {+enabled: \"{{ var('x') == 1 }}\"}\n")
		return "another project file"
	case 3:
		e.files["models/p.yml"] = pick("models: [{name: m1, columns: [{name: id, tests: [unique]}]}]", "models: [{name: m1, config: {enabled: false}}]", "models: [{name: m1, columns: [{name: id, tests: [not_null, {relationships: {to: ref('plain'), field: id}}]}]}]")
		return "other properties"
	case 4:
		e.files["lake/raw.csv"] = pick("id,v\n1,a\n", "id,v,w\n1,a,2\n", "id,title\n1,abc\n")
		return "another raw file"
	case 5:
		e.files["seeds/plain.csv"] = pick("id,v\n1,a\n", "id,v\nx,a\n", "id\n1\n")
		return "another seed"
	case 6:
		return e.damage(pick("names.cache", "columns.cache", "trees.cache"))
	case 7:
		to := fmt.Sprintf("models/m%d.sql", e.rand.IntN(5))
		if text, ok := e.files[model]; ok {
			delete(e.files, model)
			e.files[to] = text
		}
		return model + " renamed to " + to
	}
	e.files[model] = e.query(number)
	return "another " + model
}

// damage does something to a cache.
func (e *edited) damage(name string) string {
	path := filepath.Join(e.kept, "target", name)
	data, err := os.ReadFile(path)
	if err != nil || len(data) == 0 {
		return name + " is not there"
	}
	switch e.rand.IntN(5) {
	case 0:
		data = data[:e.rand.IntN(len(data))]
	case 1:
		data[e.rand.IntN(len(data))] ^= 1
	case 2:
		data = append(data, "more\n"...)
	case 3:
		data = bytes.Replace(data, []byte(" 1 "), []byte(" 999 "), 1)
	case 4:
		_ = os.Remove(path)
		return name + " removed"
	}
	_ = os.WriteFile(path, data, 0o600)
	return name + " damaged"
}

// write makes the files of a folder those of the project. All have one time, so that nothing
// can be told by it but of raw files, which differ in size.
func (e *edited) write(t *testing.T, dir string) {
	t.Helper()
	for _, folder := range []string{"models", "macros", "seeds", "tests", "lake"} {
		if err := os.RemoveAll(filepath.Join(dir, folder)); err != nil {
			t.Fatal(err)
		}
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, text := range e.files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
}

// compare runs commands in both folders.
func (e *edited) compare(t *testing.T, what string) {
	t.Helper()
	e.write(t, e.kept)
	e.write(t, e.bare)
	e.compareOnce(t, what, "ls", "--output", "json")
	e.compareOnce(t, what, "compile")
	if e.rand.IntN(3) == 0 { // from then on incremental models have a table
		told(t, e.kept, []string{"build"})
		told(t, e.bare, []string{"build"})
		e.compareOnce(t, what+", built", "compile")
	}
}

// compareOnce runs one command in both folders.
func (e *edited) compareOnce(t *testing.T, what string, words ...string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(e.bare, "target")); err != nil {
		t.Fatal(err)
	}
	have, want := told(t, e.kept, words), told(t, e.bare, words)
	if diff := cmp.Diff(want, have); diff != "" {
		t.Fatalf("%s: elt %s (-bare +kept)\n%s\nfiles: %q", what, words[0], diff, e.files)
	}
	if words[0] == "compile" {
		e.compareArtifacts(t, what)
	}
}

// compareArtifacts compares what a command has written into both target folders.
func (e *edited) compareArtifacts(t *testing.T, what string) {
	t.Helper()
	want := artifactsOf(t, e.bare)
	have := artifactsOf(t, e.kept)
	for name, text := range want { // a file of a model that is gone may be there still
		if diff := cmp.Diff(text, have[name]); diff != "" {
			t.Fatalf("%s: %s (-bare +kept)\n%s\nfiles: %q", what, name, diff, e.files)
		}
	}
}

// ignoredCache is the warning about a damaged cache, which is the one thing that may differ,
// and the line that counts warnings.
var ignoredCache = regexp.MustCompile(`(?m)^warning: the cache .*\n(hint: it is written anew\n)?\n?|\n?^(\d+ errors?)?(, )?(\d+ warnings?)?\n?\z`)

// told is what a command says.
func told(t *testing.T, dir string, words []string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	env := func(name string) (string, bool) {
		value, ok := map[string]string{"HOME": dir, "TERM": "dumb"}[name]
		return value, ok
	}
	args := append([]string{"elt"}, words...)
	code := run(context.Background(), append(args, "--project-dir", dir), strings.NewReader(""), &stdout, &stderr, env)
	lines := strings.Split(strings.TrimSpace(ignoredCache.ReplaceAllString(stderr.String(), "")), "\n")
	return strings.ReplaceAll(fmt.Sprintf("exit %d\n%s\n%s", code, stdout.String(), strings.Join(lines, "\n")), dir, "DIR")
}

// artifactsOf are the manifest, less what differs from call to call, and the compiled SQL.
func artifactsOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(filepath.Join(dir, "target"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || slices.Contains([]string{"names.cache", "columns.cache", "trees.cache"}, entry.Name()) {
			return err
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		if entry.Name() == "manifest.json" {
			var manifest map[string]any
			if err := json.Unmarshal(data, &manifest); err != nil {
				return err
			}
			delete(manifest, "metadata")
			data, err = json.MarshalIndent(manifest, "", " ")
		}
		out[name] = strings.ReplaceAll(string(data), dir, "DIR")
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return out
}
