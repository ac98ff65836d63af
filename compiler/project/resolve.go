package project

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"elt/compiler/diag"
	"elt/compiler/template"
)

// configTree is one folder of the project file's config of a resource type.
type configTree struct {
	name     string
	place    diag.Place
	config   *Config // what is said at this folder itself
	children map[string]*configTree
	used     atomic.Bool
	t        ResourceType

	merge  sync.Once
	parent *configTree
	merged *Config // defaults and all folders down to this one; never changed
}

// treeKeys says which key of the project file configures which resources.
var treeKeys = []struct {
	t    ResourceType
	keys []string
}{
	{Model, []string{"models"}}, {Seed, []string{"seeds"}}, {Snapshot, []string{"snapshots"}},
	{Source, []string{"sources"}}, {Test, []string{"data_tests", "tests"}}, {Exposure, []string{"exposures"}},
	{UnitTest, []string{"unit_tests"}}, {Analysis, []string{"analyses"}}, {Metric, []string{"metrics"}},
	{SemanticModel, []string{"semantic-models"}}, {SavedQuery, []string{"saved-queries"}},
}

// loadConfigTrees reads the config of folders in the project file.
func (l *loader) loadConfigTrees(file cursor) {
	for _, tk := range treeKeys {
		var found cursor
		for _, key := range tk.keys {
			c := file.get(key)
			if c.isNull() {
				continue
			}
			if found.exists() {
				l.add(diag.New(diag.WrongType, c.place(), "both %q and %q are given", tk.keys[0], key).
					WithNote(found.place(), "the other is here").WithHint("put all of it under %s:", tk.keys[0]))
				continue
			}
			found = c
			if !c.isMap() {
				l.add(wrongType(c, key, "a mapping of config keys and folders"))
			}
		}
		root := l.configTree(tk.t, found, nil)
		l.p.configs[tk.t] = root
	}
	// As in dbt, hooks and analyses are configured like models; analyses: is elt's own.
	l.p.configs[Operation] = l.p.configs[Model]
	if file.get("analyses").isNull() {
		l.p.configs[Analysis] = l.p.configs[Model]
	}
}

// configTree reads one folder: keys with "+" and plain values are config, mappings
// are folders.
func (l *loader) configTree(t ResourceType, c cursor, parent *configTree) *configTree {
	tree := &configTree{config: NewConfig(), t: t, parent: parent, place: c.place()}
	for _, p := range c.pairs() {
		if !strings.HasPrefix(p.key, "+") && p.value.isMap() {
			if tree.children == nil {
				tree.children = map[string]*configTree{}
			}
			child := l.configTree(t, p.value, tree)
			child.name, child.place = p.key, p.keyAt.place()
			tree.children[p.key] = child
			continue
		}
		l.treeConfig(tree, t, p)
	}
	return tree
}

func (l *loader) treeConfig(tree *configTree, t ResourceType, p pair) {
	key := configKey(p.key)
	r := l.yaml
	if isLateConfig(key) {
		r = nil
	}
	v := p.value.configValue(r)
	if r != nil {
		v.Raw = p.value.value(nil)
	}
	if l.isFolderText(t, p, v) {
		d := diag.New(diag.WrongType, p.value.place(), "%q must be a mapping of config keys and folders, not %s", p.key, article(kindName(p.value.resolve())))
		if text, ok := v.Value.(string); ok && t == Model && isMaterialization(text) {
			d.WithHint("write %s: {+materialized: %s}", p.key, text)
		}
		l.add(d)
		return
	}
	if strings.HasPrefix(p.key, "+") || !p.value.isNull() {
		l.checkConfigKey(t, p.key, p.keyAt.place())
	}
	if d := checkConfig(t, key, v); d != nil {
		l.add(d)
		return
	}
	tree.config.Set(key, v)
}

// isFolderText reports whether a value stands where the config of the project, or of a folder,
// is due.
func (l *loader) isFolderText(t ResourceType, p pair, v ConfigValue) bool {
	if strings.HasPrefix(p.key, "+") || v.Value == nil || knownConfig(t).set[configKey(p.key)] {
		return false
	}
	text, _ := v.Value.(string)
	return p.key == l.p.Name || t == Model && isMaterialization(text)
}

// isMaterialization reports whether a text is one of dbt's materializations of models.
func isMaterialization(text string) bool {
	return slices.Contains([]string{"view", "table", "incremental", "ephemeral"}, text)
}

// find walks down the folders of an fqn and marks them used.
func (t *configTree) find(fqn []string) *configTree {
	t.used.Store(true)
	for _, level := range fqn {
		child := t.children[level]
		if child == nil {
			break
		}
		child.used.Store(true)
		t = child
	}
	return t
}

// base is the config all resources of a folder share: dbt's defaults and what the
// folders from the top down to this one say.
func (t *configTree) base() *Config {
	t.merge.Do(func() {
		out := defaultConfig(t.t)
		var chain []*configTree
		for tree := t; tree != nil; tree = tree.parent {
			chain = append(chain, tree)
		}
		for _, tree := range slices.Backward(chain) {
			for _, e := range tree.config.own {
				mergeConfig(out, e.key, e.value)
			}
		}
		t.merged = out
	})
	return t.merged
}

// defaultConfig is what dbt says where nobody says anything, less what is None.
func defaultConfig(t ResourceType) *Config {
	c := NewConfig()
	set := func(key string, v template.Value) { c.Set(key, ConfigValue{Value: v}) }
	set("enabled", true)
	switch t {
	case Model:
		set("materialized", "view")
		set("on_schema_change", "ignore")
	case Seed:
		set("materialized", "seed")
		set("on_schema_change", "ignore")
		set("delimiter", ",")
	case Snapshot:
		set("materialized", "snapshot")
		set("on_schema_change", "ignore")
	case Test:
		set("schema", "dbt_test__audit")
		set("materialized", "test")
		set("severity", "ERROR")
		set("fail_calc", "count(*)")
		set("warn_if", "!= 0")
		set("error_if", "!= 0")
	}
	return c
}

// ResolveInput says what config to resolve.
type ResolveInput struct {
	Type    ResourceType
	Package string
	FQN     []string
	Patch   *Config      // of the property file, or nil
	InFile  []ConfigCall // calls of config() in the template, in order
}

// ConfigCall is one call of config().
type ConfigCall struct {
	Values *template.Dict
	Place  diag.Place
	Places []KeyPlace // of the keys in the order of Values; none, or zero, where they have none
}

// KeyPlace is where a key is set in a call of config().
type KeyPlace struct {
	diag.Place              // from the key to the end of its value
	Each       []diag.Place // of the elements, where the value is written out as a list
}

// ResolveConfig merges dbt's defaults, the project file, the property file and
// config() calls, each over the one before: tags and hooks are appended, meta,
// quoting, column_types, docs and contract joined key by key, grants key by key with
// "+" appending, everything else replaced. Of a package's resource, the root project's
// file comes last and over all. What config() sets is checked against the
// types elt knows; the rest was checked when it was read. It is safe for concurrent
// use.
func ResolveConfig(p *Project, in ResolveInput) (*Config, diag.List) {
	out := NewConfig()
	out.from = &resolved{p, in}
	if tree := p.configs[in.Type]; tree != nil {
		out.base = tree.find(in.FQN).base()
	} else {
		out.base = defaultConfig(in.Type)
	}
	if in.Patch != nil {
		for _, e := range in.Patch.own {
			if in.Type == Exposure && !e.value.Beside { // theirs is not joined with that of folders
				out.Set(e.key, e.value)
				continue
			}
			mergeConfig(out, e.key, e.value)
		}
	}
	var diags report
	for _, call := range in.InFile {
		if call.Values == nil {
			continue
		}
		for i, item := range call.Values.Items() {
			name, ok := item.Key.(string)
			if !ok {
				continue
			}
			key, v := configKey(name), ConfigValue{Value: item.Value, Place: call.Place}
			if i < len(call.Places) && !call.Places[i].IsZero() {
				v.Place, v.Each = call.Places[i].Place, call.Places[i].Each
			}
			if in.Type != Test { // a test's declaration was checked, key by key, when it was read
				diags.checkConfigKey(in.Type, name, v.Place)
			}
			if d := checkConfig(in.Type, key, v); d != nil {
				diags.add(d)
				continue
			}
			mergeConfig(out, key, v)
		}
	}
	p.rootConfig(out, in.Type, in.FQN)
	if in.Type == Test {
		storeFailures(out)
	}
	return out, diags.list
}

// storeFailures lets store_failures_as decide over store_failures, as dbt does.
func storeFailures(c *Config) {
	as, _ := c.Get("store_failures_as")
	if text, ok := as.Value.(string); ok {
		c.Set("store_failures", ConfigValue{Value: text != "ephemeral", Place: as.Place})
		return
	}
	if store, ok := c.Get("store_failures"); ok {
		if b, ok := store.Value.(bool); ok {
			c.Set("store_failures_as", ConfigValue{Value: map[bool]string{true: "table", false: "ephemeral"}[b], Place: store.Place})
		}
	}
}

// mergeConfig sets a key over what lower levels say.
func mergeConfig(c *Config, key string, v ConfigValue) {
	old, _ := c.Get(key)
	switch key {
	case "tags", "packages":
		v.Value, v.Each = appended(old.Value, v.Value), nil
	case "pre_hook", "post_hook":
		v.Each = append(old.each(), v.each()...)
		v.Value = appended(old.Value, v.Value)
	case "meta", "quoting", "column_types", "docs", "contract", "snapshot_meta_column_names", "latest_version_pointer":
		newDict, ok := v.Value.(*template.Dict)
		oldDict, _ := old.Value.(*template.Dict)
		if ok && oldDict != nil {
			v.Value = mergedDicts(oldDict, newDict)
		}
	case "grants":
		if d, ok := v.Value.(*template.Dict); ok {
			oldDict, _ := old.Value.(*template.Dict)
			v.Value = mergedGrants(oldDict, d)
		}
	}
	c.Set(key, v)
}

// appended joins two values as lists. A value that is no list is one element.
func appended(old, more template.Value) *template.List {
	out := template.NewList()
	for _, v := range []template.Value{old, more} {
		if elems, ok := elements(v); ok {
			out.Elems = append(out.Elems, elems...)
		} else if v != nil {
			out.Elems = append(out.Elems, v)
		}
	}
	return out
}

func mergedGrants(old, more *template.Dict) *template.Dict {
	out := mergedDicts(old)
	for _, item := range more.Items() {
		name, ok := item.Key.(string)
		if !ok {
			continue
		}
		value := appended(nil, item.Value)
		if plain, extend := strings.CutPrefix(name, "+"); extend {
			name = plain
			before, _ := dictGet(out, name)
			value = appended(before, item.Value)
		}
		dictSet(out, name, value)
	}
	return out
}

// UnusedConfig warns of folders in the project file's config under which no
// resource was found. Call it when all configs are resolved.
func (p *Project) UnusedConfig() diag.List {
	var diags report
	for _, tk := range treeKeys {
		if root := p.configs[tk.t]; root != nil {
			root.reportUnused(&diags, nil)
		}
	}
	return diags.list.Sorted()
}

func (t *configTree) reportUnused(diags *report, path []string) {
	for _, name := range sortedKeys(t.children) {
		child := t.children[name]
		full := append(slices.Clone(path), name)
		if child.used.Load() {
			child.reportUnused(diags, full)
			continue
		}
		d := diag.Warn(diag.UnknownNode, child.place, "no %s is in %q", word(t.t), strings.Join(full, ".")).WithEvent("UnusedResourceConfigPath")
		if child.isDictKey() {
			d.WithHint("if %q is a config key, write \"+%s\"", name, name)
		} else {
			d.WithHint("the path is: name of the project, folders, name of the resource")
		}
		diags.add(d)
	}
}

// isDictKey reports whether a folder's name is really a config key that takes a
// mapping.
func (t *configTree) isDictKey() bool {
	ct, ok := configTypes(t.t)[configKey(t.name)]
	return ok && ct.kind == mapping
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
