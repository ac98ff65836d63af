package project

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
)

// Manifest is a compiled project: what manifest.json tells of its seeds, models and tests.
type Manifest struct {
	Nodes   map[string]Node     `json:"nodes"`
	Parents map[string][]string `json:"parent_map"`
}

// Node is a seed, a model or a test of a manifest.
type Node struct {
	Type     string `json:"resource_type"`
	Name     string `json:"name"`
	Path     string `json:"original_file_path"`
	Relation string `json:"relation_name"`
	Database string `json:"database"`
	Schema   string `json:"schema"`
	Alias    string `json:"alias"`
	Compiled string `json:"compiled_code"`
	Attached string `json:"attached_node"`
	Column   string `json:"column_name"`
	Config   struct {
		Materialized string `json:"materialized"`
	} `json:"config"`
	Test struct {
		Name   string `json:"name"`
		Kwargs struct {
			Values []any `json:"values"`
			Quote  *bool `json:"quote"`
		} `json:"kwargs"`
	} `json:"test_metadata"`
}

// ReadManifest reads target/manifest.json.
func ReadManifest(path string) (*Manifest, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	m := &Manifest{}
	if err := json.Unmarshal(data, m); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for id, n := range m.Nodes {
		if n.Type == "model" && n.Compiled == "" {
			return nil, fmt.Errorf("%s: %s has no compiled_code", path, id)
		}
	}
	return m, nil
}

// order returns the nodes so that parents come first; equals by name.
func (m *Manifest) order() []string {
	ids := make([]string, 0, len(m.Nodes))
	for id := range m.Nodes {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	seen := map[string]bool{}
	var out []string
	var visit func(id string)
	visit = func(id string) {
		if seen[id] {
			return
		}
		seen[id] = true
		for _, parent := range m.Parents[id] {
			visit(parent)
		}
		if _, ok := m.Nodes[id]; ok {
			out = append(out, id)
		}
	}
	for _, id := range ids {
		visit(id)
	}
	return out
}

// Below returns the node and everything that depends on it.
func (m *Manifest) Below(id string) map[string]bool {
	below := map[string]bool{id: true}
	for _, n := range m.order() { // parents first, so one pass is enough
		if slices.ContainsFunc(m.Parents[n], func(p string) bool { return below[p] }) {
			below[n] = true
		}
	}
	return below
}

// Bare returns the statements of a project for DuckDB's shell, in the order of the graph:
// what is left of a build when the tool is taken away. Only nodes that take says yes to
// are part of it; a nil take is all.
func (m *Manifest) Bare(take func(id string, n Node) bool) string {
	var b strings.Builder
	for _, id := range m.order() {
		n := m.Nodes[id]
		if take != nil && !take(id, n) {
			continue
		}
		switch n.Type {
		case "seed":
			fmt.Fprintf(&b, "create or replace table %s as from read_csv('%s');\n", n.Relation, n.Path)
		case "model":
			fmt.Fprintf(&b, "create or replace %s %s as %s;\n", n.Config.Materialized, n.Relation, strings.TrimSpace(n.Compiled))
		case "test":
			fmt.Fprintf(&b, "select count(*) from (%s);\n", strings.TrimSpace(n.Compiled))
		}
	}
	return b.String()
}
