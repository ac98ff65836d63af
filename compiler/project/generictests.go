package project

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"slices"
	"strings"
	"unicode/utf8"

	"elt/compiler/diag"
	"elt/compiler/template"
)

// tested is a resource that tests are declared on.
type tested struct {
	p        *Project
	name     string // as it goes into the names of tests
	kind     string // "" or "source_", in front of the test's name
	ref      string // how a template names it: "ref('orders')"
	path     string // property file
	fileKey  string // "models.orders"
	attached string
	refs     []RefCall
	sources  []SourceCall
	tags     []string // of the source, for all its tests
	quote    bool     // quote_columns
	yaml     *renderer
	*report
}

// GenericTests returns the data tests a property file declares on a model, seed or
// snapshot and its columns, named and hashed as dbt names and hashes them. attached
// is the unique_id of the resource, "" where it does not exist. It is safe for
// concurrent use.
//
// Refs names the resource alone; what arguments name (relationships' "to") comes out
// when the arguments are rendered.
func GenericTests(p *Project, patch *Patch, attached string) ([]*Node, diag.List) {
	name, ref := patch.Name, callOf("ref", patch.Name)
	if v := patch.Version; v != "" {
		name, ref = name+"_v"+v, "ref("+template.Repr(name)+", version="+template.Repr(v)+")"
	}
	return genericTests(p, patch.Tests, patch.Columns, tested{
		name: name, ref: ref, path: patch.Path,
		fileKey: patch.Key + "." + patch.Name, attached: attached, quote: patch.QuoteColumns,
		refs: []RefCall{{Name: patch.Name, Version: patch.Version, Place: patch.Place}},
	})
}

// callOf writes a call in Jinja. Names may hold quotes.
func callOf(function string, names ...string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = template.Repr(name)
	}
	return function + "(" + strings.Join(quoted, ", ") + ")"
}

// SourceTests returns the data tests declared on source tables and their columns.
func SourceTests(p *Project) ([]*Node, diag.List) {
	var out []*Node
	var diags diag.List
	for _, s := range p.Patches.Sources {
		for _, t := range s.Tables {
			nodes, ds := genericTests(p, t.Tests, t.Columns, tested{
				name: s.Name + "_" + t.Name, kind: "source_", ref: callOf("source", s.Name, t.Name),
				path: s.Path, fileKey: "sources." + s.Name, quote: t.QuoteColumns,
				attached: "source." + p.Name + "." + s.Name + "." + t.Name,
				sources:  []SourceCall{{Source: s.Name, Table: t.Name, Place: t.Place}},
				tags:     slices.Concat(s.Tags, t.Tags),
			})
			out = append(out, nodes...)
			diags = append(diags, ds...)
		}
	}
	return out, diags
}

// genericTests makes the tests of columns first, then those of the whole relation.
func genericTests(p *Project, tests []*TestPatch, columns []*ColumnPatch, on tested) ([]*Node, diag.List) {
	on.p, on.report = p, &report{}
	var out []*Node
	for _, c := range columns {
		for _, t := range c.Tests {
			out = on.append(out, on.node(t, c))
		}
	}
	for _, t := range tests {
		out = on.append(out, on.node(t, nil))
	}
	return out, on.list
}

// append adds a node unless it is nil or there is one like it already.
func (on *tested) append(nodes []*Node, n *Node) []*Node {
	if n == nil {
		return nodes
	}
	for _, first := range nodes {
		if first.UniqueID == n.UniqueID {
			on.add(diag.New(diag.DuplicateNode, n.Place, "the test %q is declared twice", n.Name).
				WithNote(first.Place, "first here").
				WithHint("remove one of them, or tell them apart with name:"))
			return nodes
		}
	}
	return append(nodes, n)
}

// splitTestName takes the name of a test apart as dbt does, into a package, which may be
// "", and a macro; what follows behind them does not count. ok is false where there is no
// name.
func splitTestName(text string) (namespace, name string, ok bool) {
	n := wordLength(text)
	if n < len(text) && text[n] == '.' {
		if m := wordLength(text[n+1:]); m > 0 && n > 0 {
			return text[:n], text[n+1 : n+1+m], true
		}
	}
	return "", text[:n], n > 0
}

// wordLength is the length in bytes of the identifier that a text begins with.
func wordLength(text string) int {
	for i := range len(text) {
		c := text[i]
		letter := c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return i
		}
	}
	return len(text)
}

// node makes the node of one test.
func (on *tested) node(t *TestPatch, column *ColumnPatch) *Node {
	namespace, name, ok := splitTestName(t.Name)
	if !ok {
		on.add(diag.New(diag.WrongType, t.Place, "%q cannot be the name of a test", t.Name).
			WithHint("a test is named like unique or dbt_utils.recency"))
		return nil
	}
	info := &TestInfo{Generic: name, Namespace: namespace, Attached: on.attached, FileKey: on.fileKey,
		AttachedExpr: "{{ get_where_subquery(" + on.ref + ") }}", AttachedRefs: on.refs, AttachedSources: on.sources}
	if column != nil {
		info.Column = column.Name
		if column.Quote || !column.QuoteSet && on.quote {
			info.Column = QuoteIdent(column.Name)
		}
	}
	args := on.arguments(t, info)
	config := on.testConfig(t, args)
	var description, full string
	named := false
	if t.Args.Len() > 0 {
		description, _ = takeString(args, "description")
		full, named = takeString(args, "name")
	}
	short := full
	if !named {
		short, full = on.synthesize(info, args)
		if _, has := dictGet(config, "alias"); short != full && !has {
			dictSet(config, "alias", short)
		}
	}
	info.Kwargs = args
	info.Config = config
	return on.build(t, column, info, short, full, description)
}

// arguments gathers a test's keyword arguments in dbt's order: flat ones, the column,
// those under arguments:, the model.
func (on *tested) arguments(t *TestPatch, info *TestInfo) *template.Dict {
	args := template.NewDict()
	for _, item := range t.Args.Items() {
		if name, _ := item.Key.(string); !contains(t.Nested, name) {
			dictSet(args, name, item.Value)
		}
	}
	if info.Column != "" {
		dictSet(args, "column_name", info.Column)
	}
	for _, name := range t.Nested {
		v, _ := dictGet(t.Args, name)
		dictSet(args, name, v)
	}
	dictSet(args, "model", info.AttachedExpr)
	return args
}

// testConfig takes the config out of a test's arguments: known keys in dbt's order,
// then the rest of config:. Strings in it are rendered.
func (on *tested) testConfig(t *TestPatch, args *template.Dict) *template.Dict {
	if !hasConfig(args) {
		return template.NewDict()
	}
	block, _ := dictGet(args, "config")
	args.Delete("config")
	rest := template.NewDict()
	if d, ok := block.(*template.Dict); ok {
		rest = d.Copy()
	}
	out := template.NewDict()
	set := func(key string, v template.Value) {
		if text, ok := v.(string); ok && hasJinja(text) {
			v = on.render(t, key, text)
			if d := checkConfig(Test, configKey(key), ConfigValue{Value: v, Place: on.argPlace(t, key)}); d != nil {
				on.add(d)
				v = nil
			}
		} else if ok { // dbt renders it, too, and a template loses its last newline
			v = strings.TrimSuffix(text, "\n")
		}
		if v != nil {
			dictSet(out, key, v)
		}
	}
	for _, key := range testConfigKeys {
		flat, isFlat := dictGet(args, key)
		args.Delete(key)
		nested, isNested := dictGet(rest, key)
		rest.Delete(key)
		if isFlat && isNested && flat != nil {
			on.add(diag.New(diag.WrongType, on.argPlace(t, key), "%q is given here and under config", key).
				WithNote(on.argPlace(t, "config"), "config is here"))
		}
		if isFlat && flat != nil {
			set(key, flat)
		} else if isNested {
			set(key, nested)
		}
	}
	for _, item := range rest.Items() {
		set(template.Str(item.Key), item.Value)
	}
	return out
}

// hasConfig reports whether there is any config among a test's arguments; mostly
// there is none.
func hasConfig(args *template.Dict) bool {
	for _, item := range args.Items() {
		if name, ok := item.Key.(string); ok && (name == "config" || testConfigSet[name]) {
			return true
		}
	}
	return false
}

func (on *tested) argPlace(t *TestPatch, key string) diag.Place {
	for _, name := range []string{key, inConfig + key} {
		if at, ok := t.ArgPlaces[name]; ok {
			return at
		}
	}
	return t.Place
}

// configPlaces are the places of the keys of a test's config; nil where it has none.
func (on *tested) configPlaces(t *TestPatch, config *template.Dict) []KeyPlace {
	if config.Len() == 0 {
		return nil
	}
	places := make([]KeyPlace, 0, config.Len())
	for _, item := range config.Items() {
		places = append(places, KeyPlace{Place: on.argPlace(t, template.Str(item.Key))})
	}
	return places
}

// render renders a string of a test's config.
func (on *tested) render(t *TestPatch, key, text string) template.Value {
	if on.yaml == nil {
		on.yaml = newRenderer(context.Background(), on.p.yamlScope())
	}
	v, errs := on.yaml.evaluate(diag.NewSource(on.p.shown(on.path), text))
	for _, d := range errs {
		moved := *d
		moved.Place = on.argPlace(t, key)
		on.add(&moved)
	}
	return v
}

func takeString(d *template.Dict, key string) (string, bool) {
	v, ok := dictGet(d, key)
	if !ok {
		return "", false
	}
	d.Delete(key)
	return template.Str(v), true
}

// cleanName replaces each run of characters that are not letters, digits or
// underscores by one underscore.
func cleanName(s string) string {
	var out []byte
	run := false
	for i := 0; i < len(s); i++ {
		c := s[i]
		good := c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		switch {
		case good:
			out = append(out, c)
		case !run:
			out = append(out, '_')
		}
		run = !good
	}
	return string(out)
}

// maxTestName is the length from which a test's name is cut and hashed.
const maxTestName = 64

// synthesize makes the name of a test from what it is and its arguments: one that
// fits file names, and the whole one.
func (on *tested) synthesize(info *TestInfo, args *template.Dict) (short, full string) {
	name := on.kind + info.Generic
	if info.Namespace != "" {
		name = info.Namespace + "_" + name
	}
	var flat []string
	for _, key := range sortedArgs(args) {
		if key == "model" {
			continue
		}
		v, _ := dictGet(args, key)
		for _, part := range parts(v) {
			flat = append(flat, cleanName(template.Str(part)))
		}
	}
	identifier := name + "_" + on.name
	full = identifier + "_" + strings.Join(flat, "__")
	if utf8.RuneCountInString(full) < maxTestName {
		return full, full
	}
	runes := []rune(identifier)
	return string(runes[:min(30, len(runes))]) + "_" + md5Hex(full), full
}

func parts(v template.Value) []template.Value {
	if d, ok := v.(*template.Dict); ok {
		return d.Values()
	}
	if elems, ok := elements(v); ok {
		return elems
	}
	return []template.Value{v}
}

func sortedArgs(d *template.Dict) []string {
	var out []string
	for _, k := range d.Keys() {
		out = append(out, template.Str(k))
	}
	slices.Sort(out)
	return out
}

func md5Hex(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

// testHash is the end of a test's unique_id: of its name and of what it is. The text that
// is hashed is Python's repr of a dict.
func testHash(name string, info *TestInfo) string {
	namespace := "None"
	if info.Namespace != "" {
		namespace = info.Namespace
	}
	text := make([]byte, 0, 256)
	text = append(text, name...)
	text = appendHashable(append(text, "{'kwargs': "...), info.Kwargs)
	text = append(append(text, ", 'name': "...), template.Repr(info.Generic)...)
	text = append(append(text, ", 'namespace': "...), template.Repr(namespace)...)
	digest := md5.Sum(append(text, '}'))
	sum := hex.EncodeToString(digest[:])
	return sum[len(sum)-10:]
}

// appendHashable appends the repr of a value in which dicts are sorted and all else but
// lists is text.
func appendHashable(text []byte, v template.Value) []byte {
	comma := func(i int) {
		if i > 0 {
			text = append(text, ", "...)
		}
	}
	switch x := v.(type) {
	case *template.Dict:
		text = append(text, '{')
		for i, key := range sortedArgs(x) {
			comma(i)
			value, _ := dictGet(x, key)
			text = append(append(text, template.Repr(key)...), ": "...)
			text = appendHashable(text, value)
		}
		return append(text, '}')
	case *template.List:
		text = append(text, '[')
		for i, e := range x.Elems {
			comma(i)
			text = appendHashable(text, e)
		}
		return append(text, ']')
	}
	return append(text, template.Repr(template.Str(v))...)
}

// build puts the node together.
func (on *tested) build(t *TestPatch, column *ColumnPatch, info *TestInfo, short, full, description string) *Node {
	p := on.p
	n := &Node{UniqueID: "test." + p.Name + "." + full + "." + testHash(full, info), Type: Test, Name: full,
		Package: p.Name, Path: short + ".sql", OriginalPath: on.path,
		Source: t.Place.Source, Place: t.Place, Description: description, PatchPlace: t.Place,
		Refs: on.refs, Sources: on.sources, Test: info}
	_, below, _ := strings.Cut(on.path, "/")
	n.FQN = p.FQN(below, full)
	macro := "test_" + info.Generic
	if info.Namespace != "" {
		macro = info.Namespace + "." + macro
	}
	n.RawCode = "{{ " + macro + "(**_dbt_generic_test_kwargs) }}" + configSource(info.Config)
	tags := slices.Clone(on.tags)
	if column != nil {
		tags = append(tags, column.Tags...)
	}
	if own, ok := dictGet(info.Config, "tags"); ok {
		for _, v := range appended(nil, own).Elems {
			tags = append(tags, template.Str(v))
		}
	}
	slices.Sort(tags)
	n.Tags = slices.Compact(tags)
	calls := []ConfigCall{{Values: info.Config, Place: t.Place, Places: on.configPlaces(t, info.Config)}}
	if info.Generic != "not_null" && info.Generic != "unique" {
		calls = append(info.TagsTwice(), calls...)
	}
	cfg, ds := ResolveConfig(p, ResolveInput{Type: Test, Package: p.Name, FQN: n.FQN, InFile: calls})
	on.list = append(on.list, ds...)
	n.setConfig(cfg)
	return n
}

// TagsTwice is what dbt sets before it renders a test, which sets the same again: only tags are none the same for it.
func (info *TestInfo) TagsTwice() []ConfigCall {
	tags, ok := dictGet(info.Config, "tags")
	if !ok {
		return nil
	}
	return []ConfigCall{{Values: template.NewDict(template.Item{Key: "tags", Value: tags})}}
}

// IsUnrenderedTest reports whether a node is a generic test of those two that dbt does not render when it parses:
// its own, whatever else is named like them.
func (n *Node) IsUnrenderedTest() bool {
	return n.Test != nil && len(n.Macros) > 0 && (n.Macros[0] == "macro.dbt.test_not_null" || n.Macros[0] == "macro.dbt.test_unique")
}

// configSource writes config as the call dbt puts behind a test's code.
func configSource(config *template.Dict) string {
	if config.Len() == 0 {
		return ""
	}
	var out []string
	for _, item := range config.Items() {
		value := template.Str(item.Value)
		if text, ok := item.Value.(string); ok {
			value = `"` + strings.ReplaceAll(text, `"`, `\"`) + `"`
		}
		out = append(out, template.Str(item.Key)+"="+value)
	}
	return "{{ config(" + strings.Join(out, ",") + ") }}"
}
