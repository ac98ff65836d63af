package artifact

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"elt/compiler"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// TestSemanticLayerAsDBT holds the manifest and the semantic manifest against those that dbt
// has written of the same project.
func TestSemanticLayerAsDBT(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"semantic_layer", "semantic_models"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			semanticsAsDBT(t, "testdata/"+name+".txtar")
		})
	}
}

func semanticsAsDBT(t *testing.T, path string) {
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	files, want := fstest.MapFS{}, map[string]any{}
	for _, f := range archive.Files {
		if name, ok := strings.CutPrefix(f.Name, "want/"); ok {
			want[strings.TrimSuffix(name, ".json")] = decoded(t, f.Data)
			continue
		}
		files[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	plan, err := compiler.Parse(context.Background(), compiler.Options{FS: files, Root: "/project", Command: "build", Now: at})
	if err != nil {
		t.Fatal(err)
	}
	var manifest, semantic bytes.Buffer
	if err := Manifest(&manifest, plan, meta); err != nil {
		t.Fatal(err)
	}
	if err := SemanticManifest(&semantic, plan); err != nil {
		t.Fatal(err)
	}
	got := decoded(t, manifest.Bytes()).(map[string]any)
	if len(want) < 9 {
		t.Fatalf("only %d parts are recorded", len(want))
	}
	for name, part := range want {
		have := got[name]
		switch name {
		case "semantic_manifest":
			part, have = byName(part), byName(decoded(t, semantic.Bytes()))
		case "nodes":
			have = recordedOnly(part, have)
		}
		if diff := cmp.Diff(part, have); diff != "" {
			t.Errorf("%s (-dbt +elt)\n%s", name, diff)
		}
	}
}

// decoded is JSON without the times at which nodes were made.
func decoded(t *testing.T, text []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return withoutTimes(v)
}

func withoutTimes(v any) any {
	switch x := v.(type) {
	case map[string]any:
		delete(x, "created_at")
		for _, inner := range x {
			withoutTimes(inner)
		}
	case []any:
		for _, inner := range x {
			withoutTimes(inner)
		}
	}
	return v
}

// byName sorts the lists of a semantic manifest: dbt has metrics of measures last.
func byName(v any) any {
	for _, key := range []string{"metrics", "semantic_models", "saved_queries"} {
		list, _ := v.(map[string]any)[key].([]any)
		slices.SortFunc(list, func(a, b any) int {
			return strings.Compare(a.(map[string]any)["name"].(string), b.(map[string]any)["name"].(string))
		})
	}
	return v
}

// recordedOnly is what there is of the nodes and keys that were recorded.
func recordedOnly(want, have any) any {
	out := map[string]any{}
	for id, keys := range want.(map[string]any) {
		node := map[string]any{}
		for key := range keys.(map[string]any) {
			node[key] = have.(map[string]any)[id].(map[string]any)[key]
		}
		out[id] = node
	}
	return out
}
