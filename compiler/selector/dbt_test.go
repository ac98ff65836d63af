package selector_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"elt/compiler/diag"
	"elt/compiler/graph"
	"elt/compiler/project"
	"elt/compiler/selector"
	"elt/compiler/template"

	"github.com/google/go-cmp/cmp"
)

// golden is what testdata/record.py has asked dbt.
type golden struct {
	Nodes []goldenNode
	Cases []goldenCase
}

type goldenNode struct {
	Type, Name, Package, Path, Group, Access, Version, Source, Generic string

	ID            string `json:"unique_id"`
	PatchPath     string `json:"patch_path"`
	LatestVersion string `json:"latest_version"`
	FQN, Tags     []string
	DependsOn     []string `json:"depends_on"`
	Config        map[string]any
}

type goldenCase struct {
	Args     string
	Selected []string
	Error    string
}

func readGolden(t testing.TB) golden {
	t.Helper()
	text, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// universe turns dbt's nodes into ours. Their config is what the project sets, so
// that dbt's defaults have to be known by the package itself.
func (g golden) universe(t testing.TB) selector.Universe {
	t.Helper()
	var nodes []*project.Node
	var ids []string
	parents := map[string][]string{}
	for _, n := range g.Nodes {
		node := n.node()
		nodes = append(nodes, node)
		ids = append(ids, node.UniqueID)
		parents[node.UniqueID] = node.DependsOn
	}
	return selector.Universe{Nodes: nodes, Graph: graph.New(ids, parents)}
}

func (n goldenNode) node() *project.Node {
	out := &project.Node{
		UniqueID: n.ID, Type: project.ResourceType(n.Type), Name: n.Name, Package: n.Package,
		OriginalPath: n.Path, PatchPath: n.PatchPath, FQN: n.FQN, Tags: n.Tags, Group: n.Group,
		Version: n.Version, LatestVersion: n.LatestVersion, DependsOn: n.DependsOn,
		Config: project.NewConfig(),
	}
	for _, key := range sortedKeys(n.Config) {
		out.Config.Set(key, project.ConfigValue{Value: fromJSON(n.Config[key])})
	}
	switch out.Type {
	case project.Source:
		out.Table = &project.SourceTable{SourceName: n.Source}
	case project.Test:
		out.Test = &project.TestInfo{Generic: n.Generic}
	}
	return out
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func fromJSON(v any) template.Value {
	switch x := v.(type) {
	case float64:
		return int64(x)
	case []any:
		list := template.NewList()
		for _, e := range x {
			list.Elems = append(list.Elems, fromJSON(e))
		}
		return list
	case map[string]any:
		dict := template.NewDict()
		for _, k := range sortedKeys(x) {
			_ = dict.Set(k, fromJSON(x[k]))
		}
		return dict
	}
	return v
}

// request reads the flags of "dbt ls".
func request(t testing.TB, args string, defs *selector.Definitions) selector.Request {
	t.Helper()
	req := selector.Request{Selectors: defs, PackageName: "shop"}
	var into *[]string
	var words []string
	for i, part := range strings.Split(args, `"`) {
		if i%2 == 1 {
			words = append(words, part)
			continue
		}
		words = append(words, strings.Fields(part)...)
	}
	for i := 0; i < len(words); i++ {
		flag := words[i]
		if flag == "--select" || flag == "--exclude" {
			into = &req.Select
			if flag == "--exclude" {
				into = &req.Exclude
			}
			continue
		}
		if !strings.HasPrefix(flag, "--") {
			*into = append(*into, flag)
			continue
		}
		i++
		setFlag(t, &req, flag, words[i])
	}
	return req
}

func setFlag(t testing.TB, req *selector.Request, flag, value string) {
	t.Helper()
	switch flag {
	case "--selector":
		req.Selector = value
	case "--indirect-selection":
		req.Indirect = selector.Indirect(value)
	case "--exclude-resource-type":
		req.ExcludeResourceTypes = append(req.ExcludeResourceTypes, project.ResourceType(value))
	case "--resource-type":
		if value == "all" {
			req.ResourceTypes = append(req.ResourceTypes, project.Model, project.Seed, project.Snapshot,
				project.Source, project.Test, project.UnitTest, project.Exposure, project.Analysis)
			break
		}
		req.ResourceTypes = append(req.ResourceTypes, project.ResourceType(value))
	default:
		t.Fatalf("flag %q", flag)
	}
}

func definitions(t testing.TB) *selector.Definitions {
	t.Helper()
	path := filepath.Join("testdata", "dbt", "selectors.yml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defs, diags := selector.ParseSelectors(diag.NewSource("selectors.yml", string(text)))
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return defs
}

// stricter are selections that dbt takes for ones that match nothing and that are
// errors here, since they cannot have been meant.
var stricter = map[string]bool{
	`--select tag:`: true, `--select +`: true, `--select orders,`: true, `--select config.delimiter:,`: true,
}

// TestAsDbt compares with what dbt selected.
func TestAsDbt(t *testing.T) {
	t.Parallel()
	g := readGolden(t)
	u, defs := g.universe(t), definitions(t)
	for _, c := range g.Cases {
		t.Run(c.Args, func(t *testing.T) {
			t.Parallel()
			selection, diags := selector.Select(u, request(t, c.Args, defs))
			if c.Error != "" || stricter[c.Args] {
				if !diags.HasErrors() {
					t.Errorf("no error; dbt says %q", c.Error)
				}
				return
			}
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			got := slices.Sorted(slices.Values(selection.IDs))
			if diff := cmp.Diff(c.Selected, got, cmp.Transformer("empty", func(s []string) []string { return append([]string{}, s...) })); diff != "" {
				t.Errorf("selection (-dbt +elt):\n%s", diff)
			}
			if len(slices.Compact(got)) != len(selection.IDs) || len(selection.Nodes) != len(selection.IDs) {
				t.Errorf("%d different ids of %d, %d nodes", len(slices.Compact(got)), len(selection.IDs), len(selection.Nodes))
			}
		})
	}
}
