package project

import (
	"io/fs"
	"strings"
	"unicode"

	"elt/compiler/diag"
	"elt/compiler/template"
)

// propertyFile walks one property file. It belongs to one goroutine.
type propertyFile struct {
	report
	patches Patches
	entry   entry
	text    *diag.Source // nil where it could not be read
	yaml    *renderer
	isElt   bool
	pkg     string
}

func (l *loader) readPropertyFile(e entry, r *renderer) *propertyFile {
	f := &propertyFile{entry: e, yaml: r, isElt: l.p.IsElt, pkg: l.p.Name}
	f.asDBT = !l.p.IsElt
	data, err := fs.ReadFile(l.opts.FS, e.original())
	if err != nil {
		f.add(unreadable(l.p.shown(e.original()), err))
		return f
	}
	text := string(data)
	if f.asDBT { // dbt strips its files: a block of text that ends one has no line end
		text = strings.TrimRightFunc(text, unicode.IsSpace)
	}
	f.text = diag.NewSource(l.p.shown(e.original()), text)
	f.parse(f.text, l.kept)
	return f
}

// parse reads a property file's text.
func (f *propertyFile) parse(src *diag.Source, kept Keeper) {
	top, ok := keptDocument(src, &f.report, kept)
	if !ok || top.isNull() {
		return
	}
	if !top.isMap() {
		f.add(diag.New(diag.WrongType, top.place(), "a property file must be a mapping, not %s", article(kindName(top.resolve()))).
			WithHint("it begins with keys such as models: or sources:"))
		return
	}
	f.knownKeys(top, fileKeys, "a property file")
	for _, key := range unsupportedKeys {
		if c := top.get(key); !c.isNull() {
			f.add(diag.Warn(diag.Unsupported, c.place(), "%q has no effect", key).WithHint("elt does not run %s", key))
		}
	}
	for _, rk := range resourceKeys {
		for _, c := range f.entries(top, rk.key) {
			if p := f.resource(c, rk.t, rk.key, rk.known, rk.a); p != nil {
				f.patches.Resources = append(f.patches.Resources, p)
			}
		}
	}
	for _, c := range f.entries(top, "data_tests") {
		if p := f.resource(c, Test, "data_tests", singularKeys, "a data test"); p != nil {
			f.patches.SingularTests = append(f.patches.SingularTests, p)
		}
	}
	f.others(top)
}

func (f *propertyFile) others(top cursor) {
	for _, c := range f.entries(top, "macros") {
		f.macro(c)
	}
	for _, c := range f.entries(top, "sources") {
		f.source(c)
	}
	for _, c := range f.entries(top, "exposures") {
		f.exposure(c)
	}
	f.semanticLayer(top)
	for _, c := range f.entries(top, "unit_tests") {
		f.unitTest(c)
	}
	for _, c := range f.entries(top, "groups") {
		f.group(c)
	}
}

// rendered and raw read values with their Jinja rendered, or as they stand.
func (f *propertyFile) rendered() reader { return reader{&f.report, f.yaml} }
func (f *propertyFile) raw() reader      { return reader{&f.report, nil} }

// entries returns the mappings listed under a key.
func (f *propertyFile) entries(top cursor, key string) []cursor {
	var out []cursor
	for _, c := range f.raw().list(top.get(key), key) {
		if !c.isMap() {
			f.add(wrongType(c, key, "a list of mappings").WithHint("write \"- name: ...\""))
			continue
		}
		out = append(out, c)
	}
	return out
}

// resource reads an entry of models, seeds, snapshots, analyses or data_tests.
func (f *propertyFile) resource(c cursor, t ResourceType, key string, known *keys, a string) *Patch {
	f.knownKeys(c, known, a)
	name, ok := f.rendered().name(c, "name", a)
	if !ok {
		return nil
	}
	p := &Patch{Type: t, Key: key, Name: name, Place: c.get("name").place(), Package: f.pkg, Path: f.entry.original()}
	p.Description, p.DescPlace = f.description(c)
	p.Config = f.config(c, t, "meta", "docs", "group", "access", "contract")
	f.resourceTags(c, p, a)
	p.QuoteColumns = f.rendered().boolean(c.get("quote_columns"), "quote_columns", false)
	p.Columns = f.columns(c)
	p.Tests = f.tests(c)
	p.Constraints = f.constraints(c.get("constraints"))
	p.LatestVersion = f.rendered().str(c.get("latest_version"), "latest_version")
	for _, extra := range []string{"relation", "time_spine", "deprecation_date", "freshness"} {
		if v := c.get(extra); v.exists() {
			if p.Raw == nil {
				p.Raw = map[string]ConfigValue{}
			}
			p.Raw[extra] = v.configValue(f.yaml)
		}
	}
	if t == Model {
		f.modelSemantics(c, p)
	}
	if v := c.get("versions"); !v.isNull() && t == Model {
		p.Versions = v.value(nil)
		f.versions(v, c.get("latest_version"), p)
	}
	return p
}

// resourceTags handles tags beside config. dbt ignores them there; an elt project
// takes them for what they say.
func (f *propertyFile) resourceTags(c cursor, p *Patch, a string) {
	tags := c.get("tags")
	if tags.isNull() {
		return
	}
	if !f.isElt {
		f.add(diag.Warn(diag.UnknownKey, tags.place(), "dbt ignores %q here", "tags").WithEvent("CustomKeyInObjectDeprecation").
			WithHint("write the tags of %s under config:", a))
		return
	}
	list := f.rendered().strs(tags, "tags")
	if list == nil {
		return
	}
	if _, ok := p.Config.Get("tags"); ok {
		f.add(diag.New(diag.WrongType, tags.place(), "%q is given here and under config", "tags").
			WithNote(p.Config.Place("tags"), "and here"))
		return
	}
	p.Config.Set("tags", ConfigValue{Value: stringList(list), Place: tags.place()})
}

func stringList(items []string) *template.List {
	out := template.NewList()
	for _, s := range items {
		out.Elems = append(out.Elems, s)
	}
	return out
}

func (f *propertyFile) description(c cursor) (string, diag.Place) {
	d := c.get("description")
	if !d.exists() {
		return "", diag.Place{}
	}
	return f.raw().str(d, "description"), d.place()
}

// config reads a config: block. The keys named as beside may stand next to it too.
func (f *propertyFile) config(c cursor, t ResourceType, beside ...string) *Config {
	out := NewConfig()
	block := c.get("config")
	if !block.isNull() && !block.isMap() {
		f.add(wrongType(block, "config", "a mapping"))
	}
	for _, p := range block.pairs() {
		f.setConfig(out, t, p, false)
	}
	for _, key := range beside {
		v := c.get(key)
		if v.isNull() {
			continue
		}
		if _, ok := out.Get(key); ok {
			f.add(diag.New(diag.WrongType, v.place(), "%q is given here and under config", key).
				WithNote(out.Place(key), "and here").WithHint("keep the one under config:"))
			continue
		}
		f.setConfig(out, t, pair{key, v, v}, true)
	}
	return out
}

// setConfig sets one config key of a property file, checked and rendered.
func (f *propertyFile) setConfig(out *Config, t ResourceType, p pair, beside bool) {
	r := f.yaml
	key := configKey(p.key)
	if isLateConfig(key) {
		r = nil
	}
	v := p.value.configValue(r.free(key))
	v.Beside = beside
	if t == Snapshot && r != nil || (t == Model || t == Seed || t == Snapshot) && !beside { // dbt keeps what is written
		v.Raw = p.value.value(nil)
	}
	if r == nil {
		v.Spelled = p.key
	}
	f.checkConfigKey(t, p.key, p.keyAt.place())
	if d := checkConfig(t, key, v); d != nil {
		f.add(d)
		return
	}
	out.Set(key, v)
}

// columns reads the columns of a resource.
func (f *propertyFile) columns(c cursor) []*ColumnPatch {
	list := f.raw().list(c.get("columns"), "columns")
	if len(list) == 0 {
		return nil
	}
	out := make([]*ColumnPatch, 0, len(list))
	for _, e := range list {
		if !e.isMap() {
			f.add(wrongType(e, "columns", "a list of mappings").WithHint("write \"- name: ...\""))
			continue
		}
		if col := f.column(e); col != nil {
			out = append(out, col)
		}
	}
	return out
}

func (f *propertyFile) column(c cursor) *ColumnPatch {
	f.knownKeys(c, columnKeys, "a column")
	rd := f.rendered()
	name, ok := rd.name(c, "name", "a column")
	if !ok {
		return nil
	}
	col := &ColumnPatch{}
	col.Name, col.Place = name, c.get("name").place()
	col.Description, _ = f.description(c)
	col.DataType = rd.str(c.get("data_type"), "data_type")
	col.Meta = rd.mapping(c.get("meta"), "meta")
	col.Tags = rd.strs(c.get("tags"), "tags")
	if q := c.get("quote"); !q.isNull() {
		col.Quote, col.QuoteSet = rd.boolean(q, "quote", false), true
	}
	col.Constraints = f.constraints(c.get("constraints"))
	col.Granularity = rd.str(c.get("granularity"), "granularity")
	if cfg := c.get("config"); !cfg.isNull() {
		f.columnConfig(col, cfg)
	}
	f.columnSemantics(c, col)
	f.columnExtra(c, col)
	col.Tests = f.tests(c)
	return col
}

// columnExtra keeps what is said under keys that mean nothing.
func (f *propertyFile) columnExtra(c cursor, col *ColumnPatch) {
	if len(c.node.Content)/2 <= 1 { // the name
		return
	}
	for _, p := range c.pairs() {
		if columnKeys.set[p.key] {
			continue
		}
		if col.Extra == nil {
			col.Extra = template.NewDict()
		}
		_ = col.Extra.Set(p.key, p.value.value(f.yaml))
	}
}

// columnConfig reads config: of a column: meta and tags, joined with those beside it.
func (f *propertyFile) columnConfig(col *ColumnPatch, cfg cursor) {
	if !cfg.isMap() {
		f.add(wrongType(cfg, "config", "a mapping"))
		return
	}
	rd := f.rendered()
	if meta := rd.mapping(cfg.get("meta"), "meta"); meta != nil {
		if col.Meta == nil {
			col.Meta = template.NewDict()
		}
		col.Meta.Update(meta)
	}
	for _, tag := range rd.strs(cfg.get("tags"), "tags") {
		col.Tags = appendNew(col.Tags, tag)
	}
}

func appendNew(list []string, s string) []string {
	for _, e := range list {
		if e == s {
			return list
		}
	}
	return append(list, s)
}

var constraintTypes = []string{"check", "not_null", "unique", "primary_key", "foreign_key", "custom"}

func (f *propertyFile) constraints(c cursor) []Constraint {
	var out []Constraint
	rd := f.rendered()
	for _, e := range rd.list(c, "constraints") {
		if !e.isMap() {
			f.add(wrongType(e, "constraints", "a list of mappings"))
			continue
		}
		f.knownKeys(e, constraintKeys, "a constraint")
		kind, ok := rd.name(e, "type", "a constraint")
		if !ok {
			continue
		}
		known := false
		for _, k := range constraintTypes {
			known = known || k == kind
		}
		if !known {
			f.add(wrongChoice(e.get("type").place(), "type", kind, constraintTypes...))
			continue
		}
		out = append(out, Constraint{Type: kind, Name: rd.str(e.get("name"), "name"),
			Expression: rd.str(e.get("expression"), "expression"),
			Columns:    rd.strs(e.get("columns"), "columns"),
			To:         rd.str(e.get("to"), "to"), ToColumns: rd.strs(e.get("to_columns"), "to_columns"), Place: e.place()})
	}
	return out
}

// macro reads an entry of macros.
func (f *propertyFile) macro(c cursor) {
	f.knownKeys(c, macroKeys, "a macro")
	name, ok := f.rendered().name(c, "name", "a macro")
	if !ok {
		return
	}
	m := &MacroPatch{Name: name, Place: c.get("name").place(), Path: f.entry.original()}
	m.Description, _ = f.description(c)
	m.Meta = f.rendered().mapping(c.get("meta"), "meta")
	if f.raw().list(c.get("arguments"), "arguments") != nil {
		m.Arguments = c.get("arguments").value(nil)
	}
	f.patches.Macros = append(f.patches.Macros, m)
}

// group reads an entry of groups.
func (f *propertyFile) group(c cursor) {
	f.knownKeys(c, groupKeys, "a group")
	rd := f.rendered()
	name, ok := rd.name(c, "name", "a group")
	if !ok {
		return
	}
	g := &GroupPatch{Name: name, Place: c.get("name").place(), Path: f.entry.original(), RelPath: f.entry.rel, Config: NewConfig()}
	g.Description, _ = f.description(c)
	owner := c.get("owner")
	if rd.mapping(owner, "owner") != nil {
		g.OwnerName = rd.str(owner.get("name"), "name")
		g.OwnerEmail = rd.str(owner.get("email"), "email")
	}
	f.patches.Groups = append(f.patches.Groups, g)
}
