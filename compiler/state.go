package compiler

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path"
	"reflect"
	"slices"
	"time"

	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

// State is what an earlier run of elt or dbt has left: a folder with manifest.json and
// perhaps run_results.json and sources.json. It is read-only.
type State struct {
	shown   string
	nodes   map[string]map[string]any // nodes, sources, exposures and unit tests by unique_id
	macros  map[string]string         // text of a macro by unique_id
	results map[string]string         // status by unique_id; nil without run_results.json
	loaded  map[string]time.Time      // max_loaded_at of sources; nil without sources.json
}

// ReadState reads an earlier run's artifacts. shown is what messages call the folder.
func ReadState(fsys fs.FS, shown string) (*State, error) {
	s := &State{shown: shown, nodes: map[string]map[string]any{}, macros: map[string]string{}}
	var manifest struct {
		Nodes, Sources, Exposures map[string]map[string]any
		Metrics                   map[string]map[string]any
		UnitTests                 map[string]map[string]any `json:"unit_tests"`
		SemanticModels            map[string]map[string]any `json:"semantic_models"`
		SavedQueries              map[string]map[string]any `json:"saved_queries"`
		Macros                    map[string]struct {
			Text string `json:"macro_sql"`
		}
	}
	if found, err := s.read(fsys, "manifest.json", &manifest); err != nil || !found {
		if err == nil {
			err = diag.New(diag.BadSelector, diag.Place{}, "--state: %q has no manifest.json", shown).
				WithHint("name the target folder of an earlier run of elt or dbt, or a copy of it")
		}
		return nil, err
	}
	for _, section := range []map[string]map[string]any{manifest.Nodes, manifest.Sources, manifest.Exposures, manifest.UnitTests,
		manifest.Metrics, manifest.SemanticModels, manifest.SavedQueries} {
		for id, node := range section {
			s.nodes[id] = node
		}
	}
	for id, m := range manifest.Macros {
		s.macros[id] = m.Text
	}
	return s, s.readResults(fsys)
}

func (s *State) readResults(fsys fs.FS) error {
	var run struct {
		Results []struct {
			ID     string `json:"unique_id"`
			Status string
		}
	}
	found, err := s.read(fsys, "run_results.json", &run)
	if err != nil {
		return err
	}
	if found {
		s.results = map[string]string{}
		for _, r := range run.Results {
			s.results[r.ID] = r.Status
		}
	}
	s.loaded, err = readLoaded(fsys, s.shown)
	return err
}

// readLoaded reads when each source was loaded last, of sources.json; nil without one.
func readLoaded(fsys fs.FS, shown string) (map[string]time.Time, error) {
	var sources struct {
		Results []struct {
			ID     string    `json:"unique_id"`
			Loaded time.Time `json:"max_loaded_at"`
		}
	}
	s := &State{shown: shown}
	found, err := s.read(fsys, "sources.json", &sources)
	if err != nil || !found {
		return nil, err
	}
	out := map[string]time.Time{}
	for _, r := range sources.Results {
		out[r.ID] = r.Loaded
	}
	return out, nil
}

// read decodes a file that may not be there.
func (s *State) read(fsys fs.FS, name string, into any) (bool, error) {
	data, err := fs.ReadFile(fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		d := diag.New(diag.BadSelector, diag.Place{}, "%q cannot be read: %v", path.Join(s.shown, name), err)
		d.Err = err
		return false, d
	}
	return true, nil
}

// UseState makes selections compare with an earlier run. current is the folder of the
// project's own artifacts, for source_status:; nil where there is none.
func (p *Plan) UseState(s *State, current fs.FS) { p.state, p.current = s, current }

// earlier decides over the methods that compare with an earlier run.
func (p *Plan) earlier(method, value string) (func(*project.Node) bool, error) {
	switch method {
	case "result":
		if p.state.results == nil {
			return nil, diag.New(diag.BadSelector, diag.Place{}, "--state: %q has no run_results.json", p.state.shown)
		}
		return func(n *project.Node) bool { return p.state.results[n.UniqueID] == value }, nil
	case "source_status":
		return p.fresher()
	}
	c := &comparison{plan: p, state: p.state}
	return func(n *project.Node) bool { return c.holds(n, value) }, nil
}

// fresher finds the sources that have been loaded since: newly seen, or with later rows.
func (p *Plan) fresher() (func(*project.Node) bool, error) {
	if p.state.loaded == nil || p.current == nil {
		return nil, diag.New(diag.BadSelector, diag.Place{}, "source_status: needs a sources.json in the state and in the target folder")
	}
	now, err := readLoaded(p.current, p.Project.TargetPath)
	if err != nil {
		return nil, err
	}
	return func(n *project.Node) bool {
		loaded, ok := now[n.UniqueID]
		before, seen := p.state.loaded[n.UniqueID]
		return ok && (!seen || loaded.After(before))
	}, nil
}

// comparison compares nodes with those of an earlier run, as dbt's state: does.
type comparison struct {
	plan    *Plan
	state   *State
	changed map[string]bool // macros that differ, are new or are gone
	macros  map[string]dbtcontext.MacroInfo
}

func (c *comparison) holds(n *project.Node, value string) bool {
	old := c.state.nodes[n.UniqueID]
	switch value {
	case "new":
		return old == nil
	case "old":
		return old != nil
	case "modified":
		return c.modified(n, old)
	case "unmodified":
		return !c.modified(n, old)
	case "modified.macros":
		return c.macrosDiffer(n)
	}
	if n.Type == project.Exposure || n.Type == project.UnitTest || n.Type.IsSemantic() {
		return false
	}
	if old == nil {
		return n.Type != project.Source || value == "modified.configs" || value == "modified.relation"
	}
	return c.differs(n, old, value)
}

// modified is state:modified: a new node, or one that differs in anything that counts. A
// new source, exposure, metric, semantic model or saved query is none, as dbt has it.
func (c *comparison) modified(n *project.Node, old map[string]any) bool {
	if old == nil {
		return n.Type != project.Source && n.Type != project.Exposure && !n.Type.IsSemantic()
	}
	kinds := []string{"modified.body", "modified.configs", "modified.persisted_descriptions", "modified.relation", "modified.contract"}
	switch {
	case isGeneric(n):
		kinds = []string{"modified.configs"}
	case n.Type == project.Exposure:
		return c.exposureDiffers(n, old)
	case n.Type.IsSemantic():
		return semanticDiffers(n, old)
	case n.Type == project.UnitTest:
		new := plainNode(n)
		return !sameKeys(new, old, "model", "versions", "given", "expect", "overrides")
	case n.Type == project.Source:
		kinds = []string{"modified.configs", "modified.relation"}
		if !sameKeys(plainNode(n), old, "quoting", "freshness", "external", "loaded_at_field") {
			return true
		}
	case n.Type == project.Model && !sameKeys(plainNode(n), old, "latest_version", "access", "deprecation_date"):
		return true
	}
	if !reflect.DeepEqual(plainNode(n)["fqn"], old["fqn"]) || c.macrosDiffer(n) {
		return true
	}
	return slices.ContainsFunc(kinds, func(kind string) bool { return c.differs(n, old, kind) })
}

func (c *comparison) exposureDiffers(n *project.Node, old map[string]any) bool {
	return !sameKeys(plainNode(n), old, "fqn", "type", "owner", "maturity", "url", "description", "label", "depends_on", "unrendered_config")
}

// semanticDiffers compares metrics, semantic models and saved queries, each by what dbt
// looks at: of a metric that is not what it measures.
func semanticDiffers(n *project.Node, old map[string]any) bool {
	now := plainNode(n)
	switch n.Type {
	case project.Metric:
		return !sameKeys(now, old, "type", "description", "label", "unrendered_config")
	case project.SemanticModel:
		return !sameKeys(now, old, "model", "description", "defaults", "entities", "dimensions", "measures", "config", "primary_entity", "group")
	}
	return !sameKeys(object(now["query_params"]), object(old["query_params"]), "metrics", "group_by", "where") ||
		!sameKeys(now, old, "description", "label", "config", "group", "tags") ||
		!reflect.DeepEqual(exportsOf(now), exportsOf(old))
}

// exportsOf are the exports of a saved query, as far as dbt compares them.
func exportsOf(query map[string]any) [][]any {
	list, _ := query["exports"].([]any)
	var out [][]any
	for _, e := range list {
		export := object(e)
		written := object(export["unrendered_config"])
		out = append(out, []any{export["name"], written["export_as"], written["schema"], written["alias"]})
	}
	return out
}

// plainNode is a node as its JSON would be read.
func plainNode(n *project.Node) map[string]any {
	out := map[string]any{}
	text, err := template.ToJSON(dbtcontext.GraphValue(n), false)
	if err == nil {
		_ = json.Unmarshal([]byte(text), &out) // what was just written can be read
	}
	return out
}

func sameKeys(a, b map[string]any, keys ...string) bool {
	return !slices.ContainsFunc(keys, func(key string) bool { return !reflect.DeepEqual(a[key], b[key]) })
}

// notCompared are the config keys that modified.configs does not look at.
var notCompared = map[string]bool{"alias": true, "schema": true, "database": true, "tags": true, "group": true}

// ofTests are the only config keys that count for data tests.
var ofTests = []string{"severity", "where", "limit", "fail_calc", "warn_if", "error_if", "store_failures", "store_failures_as"}

// differs compares one aspect.
func (c *comparison) differs(n *project.Node, old map[string]any, kind string) bool {
	new := plainNode(n)
	config, before := object(new["unrendered_config"]), object(old["unrendered_config"])
	switch kind {
	case "modified.body":
		if n.Type == project.Seed {
			return !reflect.DeepEqual(object(new["checksum"]), object(old["checksum"]))
		}
		return !reflect.DeepEqual(new["raw_code"], old["raw_code"])
	case "modified.configs":
		if n.Type == project.Test {
			return !sameKeys(config, before, ofTests...)
		}
		for _, m := range []map[string]any{config, before} {
			for key := range m {
				if !notCompared[key] && !reflect.DeepEqual(config[key], before[key]) {
					return true
				}
			}
		}
	case "modified.relation":
		if n.Type == project.Source {
			return !sameKeys(new, old, "database", "schema", "identifier")
		}
		return !sameKeys(config, before, "database", "schema", "alias")
	case "modified.persisted_descriptions":
		return descriptionsDiffer(new, old)
	case "modified.contract":
		return contractDiffers(new, old)
	}
	return false
}

func object(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

// descriptionsDiffer compares descriptions as far as the database keeps them.
func descriptionsDiffer(new, old map[string]any) bool {
	keep := object(object(new["config"])["persist_docs"])
	if keep["relation"] == true && new["description"] != old["description"] {
		return true
	}
	if keep["columns"] != true {
		return false
	}
	return !reflect.DeepEqual(described(new), described(old))
}

func described(node map[string]any) map[string]any {
	out := map[string]any{}
	for name, column := range object(node["columns"]) {
		out[name] = object(column)["description"]
	}
	return out
}

// contractDiffers compares enforced contracts: the columns and their types.
func contractDiffers(new, old map[string]any) bool {
	now, before := object(new["contract"])["enforced"] == true, object(old["contract"])["enforced"] == true
	if !now || !before {
		return now != before
	}
	return !reflect.DeepEqual(typed(new), typed(old))
}

func typed(node map[string]any) map[string]any {
	out := map[string]any{}
	for name, column := range object(node["columns"]) {
		out[name] = object(column)["data_type"]
	}
	return out
}

// macrosDiffer reports whether a macro that the node depends on, by others too, has changed.
// Macros that come with elt or dbt are left out: theirs are written differently.
func (c *comparison) macrosDiffer(n *project.Node) bool {
	if c.changed == nil {
		c.findChanged()
	}
	return len(c.changed) > 0 && c.reaches(n.Macros, map[string]bool{})
}

func (c *comparison) findChanged() {
	c.changed, c.macros = map[string]bool{}, map[string]dbtcontext.MacroInfo{}
	for _, m := range c.plan.Macros() {
		c.macros[m.UniqueID] = m
		text, ok := c.state.macros[m.UniqueID]
		if !ok || text != m.Text() {
			c.changed[m.UniqueID] = true
		}
	}
	for id := range c.state.macros {
		if _, there := c.macros[id]; !there && !isBuiltinID(id) {
			c.changed[id] = true
		}
	}
}

func (c *comparison) reaches(ids []string, seen map[string]bool) bool {
	for _, id := range ids {
		if seen[id] {
			continue
		}
		seen[id] = true
		if c.changed[id] {
			return true
		}
		if m, ok := c.macros[id]; ok && c.reaches(c.plan.MacroDependsOn(m), seen) {
			return true
		}
	}
	return false
}
