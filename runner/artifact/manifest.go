package artifact

import (
	"bufio"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"io"
	"path"
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
	return writeManifest(w, plan, meta, func() {})
}

// writeManifest calls meanwhile when the nodes are written: what is left keeps one core busy.
func writeManifest(w io.Writer, plan *compiler.Plan, meta Meta, meanwhile func()) error {
	m := &manifestWriter{out: bufio.NewWriterSize(w, 1<<16), plan: plan, lost: lostTests(plan), meta: meta}
	m.divide()
	m.text("{")
	m.key("metadata", m.metadata(meta))
	m.section("nodes")
	meanwhile()
	m.section("sources")
	m.macros()
	m.docs()
	m.section("exposures")
	m.section("metrics")
	m.groups()
	m.key("selectors", empty)
	m.disabled()
	m.maps()
	m.groupMap()
	m.section("saved_queries")
	m.section("semantic_models")
	m.section("unit_tests")
	m.key("functions", empty)
	m.text("}\n")
	if m.err != nil {
		return m.err
	}
	return m.out.Flush()
}

var empty = json.RawMessage("{}")

// sectionOf is the section that nodes of a type stand in.
func sectionOf(t project.ResourceType) string {
	switch t {
	case project.Source:
		return "sources"
	case project.Exposure:
		return "exposures"
	case project.Metric:
		return "metrics"
	case project.SavedQuery:
		return "saved_queries"
	case project.SemanticModel:
		return "semantic_models"
	case project.UnitTest:
		return "unit_tests"
	}
	return "nodes"
}

// manifestWriter writes the document key by key: a manifest of 20,000 nodes never
// exists in memory as a whole. The first error sticks.
type manifestWriter struct {
	out   *bufio.Writer
	nodes dbtcontext.NodeWriter
	plan  *compiler.Plan
	lost  []*project.Node            // see lostTests
	parts map[string][]*project.Node // what stands in each section, in the plan's order
	meta  Meta
	comma bool
	err   error
}

func (m *manifestWriter) text(s string) {
	if m.err == nil {
		_, m.err = m.out.WriteString(s)
	}
}

func (m *manifestWriter) bytes(text []byte) {
	if m.err == nil {
		_, m.err = m.out.Write(text)
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
	m.bytes(append(appendString(nil, name), ": "...))
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

func (m *manifestWriter) metadata(meta Meta) any {
	id := md5.Sum([]byte(m.plan.Project.Name)) // dbt's project_id
	return struct {
		metadata
		ProjectName  string         `json:"project_name"`
		ProjectID    string         `json:"project_id"`
		UserID       *string        `json:"user_id"`
		Anonymous    bool           `json:"send_anonymous_usage_stats"`
		AdapterType  string         `json:"adapter_type"`
		Quoting      map[string]any `json:"quoting"`
		RunStartedAt string         `json:"run_started_at"`
	}{
		metadata:    newMetadata("manifest/v12", meta),
		ProjectName: m.plan.Project.Name, ProjectID: hex.EncodeToString(id[:]),
		AdapterType:  "duckdb",
		Quoting:      map[string]any{"database": true, "schema": true, "identifier": true, "column": nil},
		RunStartedAt: meta.StartedAt.UTC().Format("2006-01-02T15:04:05.000000+00:00"),
	}
}

// divide finds what stands in each section.
func (m *manifestWriter) divide() {
	m.parts = map[string][]*project.Node{}
	add := func(node *project.Node) {
		name := sectionOf(node.Type)
		m.parts[name] = append(m.parts[name], node)
	}
	for _, id := range m.plan.Order {
		add(m.plan.Nodes[id])
	}
	for _, node := range m.lost {
		add(node)
	}
}

// section writes the nodes of a section by unique_id.
func (m *manifestWriter) section(name string) {
	members(m, name, m.parts[name], func(node *project.Node) string { return node.UniqueID }, m.node)
}

// lostTests are the data tests that have lost what they read. dbt leaves them among the nodes, not enabled.
func lostTests(plan *compiler.Plan) []*project.Node {
	var out []*project.Node
	for _, node := range plan.Disabled {
		if node.Lost && plan.Nodes[node.UniqueID] == nil {
			out = append(out, node)
		}
	}
	slices.SortFunc(out, func(a, b *project.Node) int { return strings.Compare(a.UniqueID, b.UniqueID) })
	return slices.CompactFunc(out, func(a, b *project.Node) bool { return a.UniqueID == b.UniqueID })
}

// members writes an object that has a member for each of some items, of other names each, whose
// values add appends. It is called by several goroutines.
func members[T comparable](m *manifestWriter, name string, items []T, nameOf func(T) string, add func(buffer []byte, item T) ([]byte, error)) {
	m.object(name, func() {
		err := inOrder(items, func(buffer []byte, item T) ([]byte, error) {
			if item != items[0] {
				buffer = append(buffer, ", "...)
			}
			return add(append(appendString(buffer, nameOf(item)), ": "...), item)
		}, m.bytes)
		if err != nil && m.err == nil {
			m.err = err
		}
	})
}

// appendString appends a text as JSON.
func appendString(buffer []byte, text string) []byte {
	if isPlain(text) {
		return append(append(append(buffer, '"'), text...), '"')
	}
	quoted, _ := json.Marshal(text) // a string always marshals
	return append(buffer, quoted...)
}

// isPlain reports whether a text is JSON once it stands in quotes, as names are.
func isPlain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c != '_' && c != '.' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

// node appends a node as dbt writes it: what templates see of it, and what compiling added. It
// is called by several goroutines.
func (m *manifestWriter) node(buffer []byte, node *project.Node) ([]byte, error) {
	start := len(buffer)
	buffer, err := m.nodes.Append(buffer, node, m.additions(node)...)
	if m.meta.Mask != nil {
		buffer = append(buffer[:start], m.meta.hidden(string(buffer[start:]))...)
	}
	return buffer, err
}

// additions are what a manifest says of a node beyond what templates see.
func (m *manifestWriter) additions(node *project.Node) []template.Item {
	var out []template.Item
	target := path.Clean(filepath.ToSlash(m.plan.Project.TargetPath))
	set := func(key string, v template.Value) { out = append(out, template.Item{Key: key, Value: v}) }
	if m.meta.ran[node.UniqueID] && node.IsRefable() {
		set("build_path", path.Join(target, RunPath(node)))
	}
	if node.Type == project.Test || node.Type != project.UnitTest && len(node.LateMacros) > 0 {
		set("depends_on", template.NewRecord(
			template.Item{Key: "macros", Value: texts(m.dependedMacros(node))},
			template.Item{Key: "nodes", Value: texts(node.DependsOn)}))
	}
	if compiled := CompiledPath(node); compiled != "" && node.Type != project.UnitTest && node.Compiled != nil && !node.Compiled.Deferred {
		ctes := template.NewList()
		for _, id := range node.Compiled.CTEs {
			ctes.Elems = append(ctes.Elems, m.injected(id))
		}
		if file, ok := strings.CutPrefix(node.OriginalPath, "./"); ok { // of an operation; dbt has it as it is
			compiled = strings.Replace(compiled, "/"+file+"/", "/./"+file+"/", 1)
		}
		if target != "." { // joined by hand: there are tens of thousands
			compiled = target + "/" + compiled
		}
		set("compiled_path", compiled)
		set("extra_ctes_injected", true)
		set("extra_ctes", ctes)
	}
	return out
}

// injected is an ephemeral model as it was injected into its readers.
func (m *manifestWriter) injected(id string) *template.Dict {
	return template.NewDict(template.Item{Key: "id", Value: id}, template.Item{Key: "sql", Value: m.plan.Injected(id)})
}

// testMacros are the macros a test depends on. dbt sees some of them only when it compiles
// a test, and others only when it runs it.
func (m *manifestWriter) testMacros(node *project.Node) []string {
	macros := slices.Clone(node.CalledMacros())
	if node.Compiled == nil {
		macros = node.ParsedMacros()
	}
	if m.meta.ran[node.UniqueID] {
		macros = append(macros, "macro.dbt.get_limit_subquery_sql", "macro.dbt.should_store_failures", "macro.dbt.statement")
	}
	return macros
}

// dependedMacros are the macros that a node says it depends on.
func (m *manifestWriter) dependedMacros(node *project.Node) []string {
	if node.Type == project.Test {
		return m.testMacros(node)
	}
	return node.CalledMacros()
}

func texts(list []string) *template.List {
	out := template.NewList()
	for _, s := range list {
		out.Elems = append(out.Elems, s)
	}
	return out
}

// jsonOf is a template value as JSON; what has none is null.
func jsonOf(v template.Value) json.RawMessage {
	text, err := template.ToJSON(v, false)
	if err != nil {
		return json.RawMessage("null")
	}
	return json.RawMessage(text)
}

// docs writes the docs blocks.
func (m *manifestWriter) docs() {
	m.object("docs", func() {
		for _, d := range m.plan.Docs() {
			m.key(d.UniqueID, map[string]any{
				"name": d.Name, "resource_type": "doc", "package_name": d.Package, "path": d.Path,
				"original_file_path": d.OriginalPath, "unique_id": d.UniqueID, "block_contents": d.Text,
			})
		}
	})
}

// groups writes the groups of the project and its packages.
func (m *manifestWriter) groups() {
	m.object("groups", func() {
		for _, proj := range m.plan.Project.All() {
			for _, g := range proj.Patches.Groups {
				id := "group." + proj.Name + "." + g.Name
				m.key(id, map[string]any{
					"name": g.Name, "resource_type": "group", "package_name": proj.Name, "path": g.RelPath,
					"original_file_path": g.Path, "unique_id": id,
					"owner":       map[string]any{"email": orNull(g.OwnerEmail), "name": orNull(g.OwnerName)},
					"description": orNull(g.Description), "config": map[string]any{"meta": empty},
				})
			}
		}
	})
}

// groupMap writes which nodes are in each group.
func (m *manifestWriter) groupMap() {
	members := map[string][]string{}
	for _, proj := range m.plan.Project.All() {
		for _, g := range proj.Patches.Groups {
			members[g.Name] = []string{}
		}
	}
	for _, id := range m.plan.Order {
		if node := m.plan.Nodes[id]; node.Group != "" {
			members[node.Group] = append(members[node.Group], id)
		}
	}
	m.key("group_map", members)
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func (m *manifestWriter) disabled() {
	m.object("disabled", func() {
		off := slices.DeleteFunc(slices.Clone(m.plan.Disabled), func(node *project.Node) bool { return node.Lost })
		slices.SortStableFunc(off, func(a, b *project.Node) int { return strings.Compare(a.UniqueID, b.UniqueID) })
		for i := 0; i < len(off); {
			id, list, err := off[i].UniqueID, []byte("["), error(nil)
			for ; i < len(off) && off[i].UniqueID == id && err == nil; i++ {
				if len(list) > 1 {
					list = append(list, ", "...)
				}
				list, err = m.node(list, off[i])
			}
			if err != nil && m.err == nil {
				m.err = err
			}
			m.open(id)
			m.bytes(append(list, ']'))
		}
	})
}

// maps writes parent_map and child_map.
func (m *manifestWriter) maps() {
	ids := slices.Clone(m.plan.Order)
	parents, children := map[string][]string{}, map[string][]string{}
	for _, node := range m.lost {
		ids = append(ids, node.UniqueID)
		for _, parent := range node.DependsOn {
			if m.plan.Nodes[parent] != nil {
				parents[node.UniqueID] = append(parents[node.UniqueID], parent)
				children[parent] = append(children[parent], node.UniqueID)
			}
		}
	}
	neighbours := func(name string, of func(id string) []string, more map[string][]string) {
		members(m, name, ids, func(id string) string { return id }, func(buffer []byte, id string) ([]byte, error) {
			buffer = append(buffer, '[')
			for i, neighbour := range slices.Sorted(slices.Values(slices.Concat(of(id), more[id]))) {
				if i > 0 {
					buffer = append(buffer, ',')
				}
				buffer = appendString(buffer, neighbour)
			}
			return append(buffer, ']'), nil
		})
	}
	neighbours("parent_map", m.plan.Graph.Parents, parents)
	neighbours("child_map", m.plan.Graph.Children, children)
}

func hasRelation(node *project.Node) bool {
	return node.IsRefable() && !node.IsEphemeral()
}
