package project

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"elt/compiler/template"
)

// dbtWant is testdata/dbt/want.json: what dbt-core 1.11 makes of the project beside
// it, recorded by testdata/dbt/record.py.
type dbtWant struct {
	Tests     map[string]map[string]any `json:"tests"`
	Nodes     map[string]map[string]any `json:"nodes"`
	Sources   map[string]map[string]any `json:"sources"`
	Exposures map[string]map[string]any `json:"exposures"`
	UnitTests map[string]map[string]any `json:"unit_tests"`
}

func loadDbtProject(t *testing.T) (*Project, dbtWant) {
	t.Helper()
	data, err := os.ReadFile("testdata/dbt/want.json")
	if err != nil {
		t.Fatal(err)
	}
	var want dbtWant
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("testdata/dbt/project")
	if err != nil {
		t.Fatal(err)
	}
	p, diags := Load(context.Background(), LoadOptions{FS: os.DirFS(root), Root: root})
	for _, d := range diags {
		t.Errorf("unexpected: %v (%s)", d, d.Hint)
	}
	return p, want
}

func TestGenericTestsAreNamedAndHashedAsByDbt(t *testing.T) {
	t.Parallel()
	p, want := loadDbtProject(t)
	nodes, diags := SourceTests(p)
	for _, patch := range p.Patches.Resources {
		id := string(patch.Type) + "." + p.Name + "." + patch.Name
		ns, ds := GenericTests(p, patch, id)
		nodes, diags = append(nodes, ns...), append(diags, ds...)
	}
	for _, d := range diags {
		t.Errorf("unexpected: %v", d)
	}
	got := map[string]map[string]any{}
	for _, n := range nodes {
		got[n.UniqueID] = testFacts(n)
	}
	for id, w := range want.Tests {
		if w["generic"] == "is_even" { // has a config() of its own, which only rendering finds
			for _, facts := range []map[string]any{w, got[id]} {
				facts["config"].(map[string]any)["severity"] = "of the macro"
			}
		}
		if w["attached"] == nil { // dbt attaches no tests to sources; elt does
			got[id]["attached"] = nil
		}
	}
	if diff := cmp.Diff(want.Tests, got); diff != "" {
		t.Errorf("tests differ from dbt's (-dbt +elt):\n%s", diff)
	}
}

// testFacts are those facts of a data test that record.py takes from dbt.
func testFacts(n *Node) map[string]any {
	config := map[string]any{}
	for _, k := range n.Config.Keys() {
		switch k {
		case "enabled", "materialized", "schema", "group", "tags":
			continue
		}
		v, _ := n.Config.Get(k)
		config[k] = plainJSON(v.Value)
	}
	var column any
	if n.Test.Column != "" {
		column = n.Test.Column
	}
	order := append([]any{}, n.Test.Kwargs.Keys()...)
	slices.Sort(n.Tags)
	return map[string]any{
		"name": n.Name, "alias": n.Config.String("alias", n.Name), "path": n.Path, "original_path": n.OriginalPath,
		"fqn": plainJSON(stringList(n.FQN)), "tags": plainJSON(stringList(n.Tags)), "column": column,
		"attached": n.Test.Attached, "file_key": n.Test.FileKey, "generic": n.Test.Generic,
		"kwargs": plainJSON(n.Test.Kwargs), "kwarg_order": order, "raw_code": n.RawCode,
		"description": n.Description, "config": config,
	}
}

func plainJSON(v template.Value) any {
	switch x := v.(type) {
	case *template.Dict:
		out := map[string]any{}
		for _, item := range x.Items() {
			out[template.Str(item.Key)] = plainJSON(item.Value)
		}
		return out
	case *template.List:
		out := []any{}
		for _, e := range x.Elems {
			out = append(out, plainJSON(e))
		}
		return out
	case int64:
		return float64(x)
	}
	return v
}

func TestConfigIsMergedAsByDbt(t *testing.T) {
	t.Parallel()
	p, want := loadDbtProject(t)
	inFile := map[string]*template.Dict{
		"stg_orders": template.NewDict(template.Item{Key: "tags", Value: template.NewList("infile")},
			template.Item{Key: "meta", Value: template.NewDict(template.Item{Key: "level", Value: "file"})}),
		"orders": template.NewDict(template.Item{Key: "materialized", Value: "incremental"},
			template.Item{Key: "unique_key", Value: template.NewList("order_id")},
			template.Item{Key: "post_hook", Value: "select 2"}),
	}
	got := map[string]map[string]any{}
	nodes, diags := BuildSeeds(p)
	for _, f := range p.FilesOf(ModelFile) {
		n := &Node{UniqueID: "model.shop." + f.Name, Path: f.Path, OriginalPath: f.OriginalPath, FQN: p.FQN(f.Path, f.Name)}
		in := ResolveInput{Type: Model, Package: "shop", FQN: n.FQN, InFile: []ConfigCall{{Values: inFile[f.Name]}}}
		if patch := p.Patches.Find(Model, f.Name); patch != nil {
			in.Patch = patch.Config
			patch.Apply(n)
		}
		c, ds := ResolveConfig(p, in)
		diags = append(diags, ds...)
		n.SetConfig(c)
		nodes = append(nodes, n)
	}
	for _, d := range diags {
		t.Errorf("unexpected: %v", d)
	}
	for _, n := range nodes {
		got[n.UniqueID] = nodeFacts(n)
	}
	for _, w := range want.Nodes {
		config := w["config"].(map[string]any)
		if config["access"] == "protected" { // dbt's default, which elt leaves out
			delete(config, "access")
		}
		docs := config["docs"].(map[string]any)
		delete(docs, "node_color")
		if docs["show"] == true {
			delete(config, "docs")
		}
	}
	if diff := cmp.Diff(want.Nodes, got); diff != "" {
		t.Errorf("config differs from dbt's (-dbt +elt):\n%s", diff)
	}
}

func nodeFacts(n *Node) map[string]any {
	config := map[string]any{}
	for _, k := range n.Config.Keys() {
		v, _ := n.Config.Get(k)
		config[k] = plainJSON(v.Value)
	}
	for _, k := range []string{"pre_hook", "post_hook"} {
		list := []any{}
		for _, h := range n.Config.Hooks(k) {
			list = append(list, []any{h.SQL, h.Transaction})
		}
		config[k] = list
	}
	columns := map[string]any{}
	for _, c := range n.Columns {
		facts := map[string]any{"description": c.Description, "data_type": nil, "meta": map[string]any{}, "tags": []any{}, "quote": nil}
		if c.DataType != "" {
			facts["data_type"] = c.DataType
		}
		if c.Meta != nil {
			facts["meta"] = plainJSON(c.Meta)
		}
		slices.Sort(c.Tags)
		facts["tags"] = plainJSON(stringList(c.Tags))
		if c.Quote || c.Name == "b" {
			facts["quote"] = c.Quote
		}
		columns[c.Name] = facts
	}
	var group any
	if n.Group != "" {
		group = n.Group
	}
	meta := map[string]any{}
	if n.Meta != nil {
		meta = plainJSON(n.Meta).(map[string]any)
	}
	slices.Sort(n.Tags)
	return map[string]any{"fqn": plainJSON(stringList(n.FQN)), "path": n.Path, "original_path": n.OriginalPath,
		"tags": plainJSON(stringList(n.Tags)), "meta": meta, "group": group, "config": config, "columns": columns}
}

func TestSourcesExposuresAndUnitTestsAreDbts(t *testing.T) {
	t.Parallel()
	p, want := loadDbtProject(t)
	sources, ds1 := BuildSources(p)
	exposures, ds2 := BuildExposures(p)
	units, ds3 := BuildUnitTests(p)
	for _, d := range slices.Concat(ds1, ds2, ds3) {
		t.Errorf("unexpected: %v", d)
	}
	got := dbtWant{Tests: want.Tests, Nodes: want.Nodes, Sources: map[string]map[string]any{},
		Exposures: map[string]map[string]any{}, UnitTests: map[string]map[string]any{}}
	for _, n := range sources {
		got.Sources[n.UniqueID] = map[string]any{"relation": n.Relation.String(), "fqn": plainJSON(stringList(n.FQN)),
			"tags": plainJSON(stringList(n.Tags)), "meta": plainJSON(n.Meta), "loader": n.Table.Loader,
			"description": n.Description, "source_description": n.Table.SourceDescription, "loaded_at": n.Table.LoadedAt,
			"freshness": n.Table.Freshness != nil, "path": n.Path, "enabled": n.Config.Bool("enabled", false)}
	}
	for _, n := range exposures {
		refs, calls := []any{}, []any{}
		for _, r := range n.Refs {
			refs = append(refs, r.Name)
		}
		for _, s := range n.Sources {
			calls = append(calls, []any{s.Source, s.Table})
		}
		got.Exposures[n.UniqueID] = map[string]any{"fqn": plainJSON(stringList(n.FQN)), "refs": refs, "sources": calls,
			"tags": plainJSON(stringList(n.Tags)), "label": n.Exposure.Label, "path": n.Path}
	}
	for _, n := range units {
		got.UnitTests[n.UniqueID] = map[string]any{"fqn": plainJSON(stringList(n.FQN)), "path": n.Path}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("differs from dbt (-dbt +elt):\n%s", diff)
	}
}
