package artifact

import (
	"bufio"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"elt/compiler"
	"elt/compiler/dbtcontext"
	"elt/compiler/project"
	"elt/compiler/template"
)

// Manifest writes manifest.json, version 12: what a project is made of.
func Manifest(w io.Writer, plan *compiler.Plan, meta Meta) error {
	m := &manifestWriter{out: bufio.NewWriterSize(w, 1<<16), plan: plan, meta: meta}
	m.text("{")
	m.key("metadata", m.metadata(meta))
	m.section("nodes", func(t project.ResourceType) bool { return !hasSection(t) })
	m.section("sources", only(project.Source))
	m.macros()
	m.key("docs", empty)
	m.section("exposures", only(project.Exposure))
	for _, key := range []string{"metrics", "groups", "selectors"} {
		m.key(key, empty)
	}
	m.disabled()
	m.maps()
	for _, key := range []string{"group_map", "saved_queries", "semantic_models"} {
		m.key(key, empty)
	}
	m.section("unit_tests", only(project.UnitTest))
	m.key("functions", empty)
	m.text("}\n")
	if m.err != nil {
		return m.err
	}
	return m.out.Flush()
}

var empty = json.RawMessage("{}")

func only(t project.ResourceType) func(project.ResourceType) bool {
	return func(other project.ResourceType) bool { return other == t }
}

// hasSection reports whether a resource type has a section of its own.
func hasSection(t project.ResourceType) bool {
	return t == project.Source || t == project.Exposure || t == project.UnitTest
}

// manifestWriter writes the document key by key: a manifest of 20,000 nodes never
// exists in memory as a whole. The first error sticks.
type manifestWriter struct {
	out   *bufio.Writer
	plan  *compiler.Plan
	meta  Meta
	comma bool
	err   error
}

func (m *manifestWriter) text(s string) {
	if m.err == nil {
		_, m.err = m.out.WriteString(s)
	}
}

// key writes one key of the object that is open, and its value.
func (m *manifestWriter) key(name string, value any) {
	m.open(name)
	data, err := json.Marshal(value)
	if err != nil && m.err == nil {
		m.err = err
	}
	m.text(string(data))
}

func (m *manifestWriter) open(name string) {
	if m.comma {
		m.text(", ")
	}
	m.comma = true
	quoted, _ := json.Marshal(name) // a string always marshals
	m.text(string(quoted) + ": ")
}

// object writes a key whose value is an object that write fills.
func (m *manifestWriter) object(name string, write func()) {
	m.open(name)
	m.text("{")
	m.comma = false
	write()
	m.text("}")
	m.comma = true
}

// value writes a key whose value is a template value.
func (m *manifestWriter) value(name string, v template.Value) {
	m.open(name)
	text, err := template.ToJSON(v, false)
	if err != nil && m.err == nil {
		m.err = err
	}
	m.text(m.meta.hidden(text))
}

func (m *manifestWriter) metadata(meta Meta) any {
	id := md5.Sum([]byte(m.plan.Project.Name)) // dbt's project_id
	return struct {
		metadata
		ProjectName   string         `json:"project_name"`
		ProjectID     string         `json:"project_id"`
		UserID        *string        `json:"user_id"`
		Anonymous     bool           `json:"send_anonymous_usage_stats"`
		AdapterType   string         `json:"adapter_type"`
		Quoting       map[string]any `json:"quoting"`
		RunStartedAt  string         `json:"run_started_at"`
		EltVersion    string         `json:"elt_version"`
		ProjectFormat string         `json:"elt_project_file"`
	}{
		metadata:    newMetadata("manifest/v12", meta),
		ProjectName: m.plan.Project.Name, ProjectID: hex.EncodeToString(id[:]),
		AdapterType:  "duckdb",
		Quoting:      map[string]any{"database": true, "schema": true, "identifier": true, "column": nil},
		RunStartedAt: meta.StartedAt.UTC().Format("2006-01-02T15:04:05.000000+00:00"),
		EltVersion:   meta.Version, ProjectFormat: m.plan.Project.FileName,
	}
}

// section writes the nodes of some types by unique_id.
func (m *manifestWriter) section(name string, in func(project.ResourceType) bool) {
	m.object(name, func() {
		for _, id := range m.plan.Order {
			if node := m.plan.Nodes[id]; in(node.Type) {
				m.value(id, m.node(node))
			}
		}
	})
}

// node is a node as dbt writes it: what templates see of it, and what compiling added.
func (m *manifestWriter) node(node *project.Node) *template.Dict {
	out := dbtcontext.NodeValue(node)
	addMissing(out, checksum(node))
	if path := CompiledPath(node); path != "" && node.Compiled != nil && !node.Compiled.Deferred {
		target := m.plan.Project.TargetPath
		ctes := template.NewList()
		for _, id := range node.Compiled.CTEs {
			ctes.Elems = append(ctes.Elems, template.NewDict(template.Item{Key: "id", Value: id}))
		}
		out.Update(template.NewDict(
			template.Item{Key: "compiled", Value: true},
			template.Item{Key: "compiled_path", Value: filepath.ToSlash(filepath.Join(target, path))},
			template.Item{Key: "compiled_code", Value: node.Compiled.SQL},
			template.Item{Key: "extra_ctes_injected", Value: true},
			template.Item{Key: "extra_ctes", Value: ctes},
			template.Item{Key: "build_path", Value: filepath.ToSlash(filepath.Join(target, RunPath(node)))},
		))
	}
	return out
}

// checksum is dbt's: SHA-256 of the file without white space around it. What has no
// file of its own has none.
func checksum(node *project.Node) *template.Dict {
	name, sum := "none", ""
	if node.Source != nil && node.Source.Path != "" && (node.Test == nil || node.Test.Generic == "") {
		name = "sha256"
		digest := sha256.Sum256([]byte(strings.TrimSpace(node.Source.Text)))
		sum = hex.EncodeToString(digest[:])
	}
	return template.NewDict(template.Item{Key: "name", Value: name}, template.Item{Key: "checksum", Value: sum})
}

// addMissing adds what dbt's schema requires and templates do not see.
func addMissing(out, checksum *template.Dict) {
	for _, item := range []template.Item{
		{Key: "checksum", Value: checksum},
		{Key: "docs", Value: template.NewDict(template.Item{Key: "show", Value: true}, template.Item{Key: "node_color", Value: nil})},
		{Key: "unrendered_config", Value: template.NewDict()},
		{Key: "created_at", Value: int64(0)},
	} {
		if _, ok := out.Get(item.Key); !ok {
			out.Update(template.NewDict(item))
		}
	}
}

// macros writes the macros of the project; those that come with elt are left out.
func (m *manifestWriter) macros() {
	m.object("macros", func() {
		for _, macro := range m.plan.Macros() {
			m.key(macro.UniqueID, map[string]any{
				"unique_id": macro.UniqueID, "name": macro.Name, "package_name": macro.Package,
				"resource_type": "macro", "path": macro.OriginalPath, "original_file_path": macro.OriginalPath,
				"macro_sql":  macro.Block.Place.Source.Text[macro.Block.Whole.Start:macro.Block.Whole.End],
				"depends_on": map[string]any{"macros": []string{}},
				"docs":       map[string]any{"show": true, "node_color": nil},
				"meta":       empty, "description": "", "arguments": []string{}, "patch_path": nil,
				"created_at": 0, "supported_languages": nil, "config": empty,
			})
		}
	})
}

func (m *manifestWriter) disabled() {
	m.object("disabled", func() {
		off := slices.Clone(m.plan.Disabled)
		slices.SortFunc(off, func(a, b *project.Node) int { return strings.Compare(a.UniqueID, b.UniqueID) })
		for _, node := range off {
			list := template.NewList(dbtcontext.NodeValue(node))
			m.value(node.UniqueID, list)
		}
	})
}

// maps writes parent_map and child_map.
func (m *manifestWriter) maps() {
	neighbours := func(name string, of func(id string) []string) {
		m.object(name, func() {
			for _, id := range m.plan.Order {
				ids := slices.Sorted(slices.Values(of(id)))
				if ids == nil {
					ids = []string{}
				}
				m.key(id, ids)
			}
		})
	}
	neighbours("parent_map", m.plan.Graph.Parents)
	neighbours("child_map", m.plan.Graph.Children)
}

func hasRelation(node *project.Node) bool {
	return node.IsRefable() && !node.IsEphemeral()
}
