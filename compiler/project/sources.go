package project

import (
	"slices"

	"elt/compiler/diag"
	"elt/compiler/template"
)

// source reads an entry of sources.
func (f *propertyFile) source(c cursor) {
	f.knownKeys(c, sourceKeys, "a source")
	rd := f.rendered()
	name, ok := rd.name(c, "name", "a source")
	if !ok {
		return
	}
	s := &SourcePatch{Name: name, Place: c.get("name").place(), Path: f.entry.original(), RelPath: f.entry.rel}
	s.Description, _ = f.description(c)
	s.Overrides = rd.str(c.get("overrides"), "overrides")
	s.Database = rd.str(c.get("database"), "database")
	s.Schema = rd.str(c.get("schema"), "schema")
	s.RawDatabase, s.RawSchema = c.get("database").text(), c.get("schema").text()
	s.Loader = rd.str(c.get("loader"), "loader")
	s.Quoting = rd.mapping(c.get("quoting"), "quoting")
	s.Freshness = f.valueOf(c.get("freshness"))
	s.LoadedAt = f.valueOf(c.get("loaded_at_field"))
	s.LoadedAtQuery = f.lateValueOf(c.get("loaded_at_query"))
	s.Meta = rd.mapping(c.get("meta"), "meta")
	s.Tags = rd.strs(c.get("tags"), "tags")
	s.Config = f.config(c, Source)
	s.Lake = f.lake(c)
	for _, t := range rd.list(c.get("tables"), "tables") {
		if !t.isMap() {
			f.add(wrongType(t, "tables", "a list of mappings").WithHint("write \"- name: ...\""))
			continue
		}
		if table := f.table(t); table != nil {
			s.Tables = append(s.Tables, table)
		}
	}
	f.patches.Sources = append(f.patches.Sources, s)
}

func (f *propertyFile) valueOf(c cursor) ConfigValue {
	if !c.exists() {
		return ConfigValue{}
	}
	return c.configValue(f.yaml)
}

// lateValueOf is a text that is rendered when it is used.
func (f *propertyFile) lateValueOf(c cursor) ConfigValue {
	if !c.exists() {
		return ConfigValue{}
	}
	return ConfigValue{Value: f.raw().str(c, "loaded_at_query"), Place: c.place()}
}

func (f *propertyFile) table(c cursor) *TablePatch {
	f.knownKeys(c, tableKeys, "a source table")
	rd := f.rendered()
	name, ok := rd.name(c, "name", "a source table")
	if !ok {
		return nil
	}
	t := &TablePatch{Name: name, Place: c.get("name").place()}
	t.Description, _ = f.description(c)
	t.Identifier = rd.str(c.get("identifier"), "identifier")
	t.Loader = rd.str(c.get("loader"), "loader")
	t.Quoting = rd.mapping(c.get("quoting"), "quoting")
	t.Freshness = f.valueOf(c.get("freshness"))
	t.LoadedAt = f.valueOf(c.get("loaded_at_field"))
	t.LoadedAtQuery = f.lateValueOf(c.get("loaded_at_query"))
	t.Meta = rd.mapping(c.get("meta"), "meta")
	t.Tags = rd.strs(c.get("tags"), "tags")
	t.Config = f.config(c, Source)
	t.QuoteColumns = rd.boolean(c.get("quote_columns"), "quote_columns", false)
	t.Columns = f.columns(c)
	t.Tests = f.tests(c)
	t.External = f.valueOf(c.get("external")).Value
	t.Lake = f.lake(c)
	return t
}

// lakeKeys are the keys that say which files a source reads. They may stand beside
// the others, under config: and under meta:.
type lakeKeys struct {
	paths      []Located
	location   Located // external_location
	formatter  string
	format     ConfigValue
	options    *template.Dict
	optionsAt  diag.Place
	allowEmpty *bool
	onBadRows  string
	maxRejects *RejectLimit
	formats    []*FileFormat
	fileDate   Located
}

// lake reads the lake keys of a source or a table: its own first, then config, then
// meta. In a dbt project meta may hold anything, so that only dbt-duckdb's keys count
// there.
func (f *propertyFile) lake(c cursor) lakeKeys {
	var out lakeKeys
	for i, level := range []cursor{c, c.get("config"), c.get("config").get("meta"), c.get("meta")} {
		f.locationLevel(&out, level)
		if i < 2 || f.isElt {
			f.lakeLevel(&out, level)
		}
	}
	return out
}

// locationLevel reads dbt-duckdb's keys.
func (f *propertyFile) locationLevel(out *lakeKeys, c cursor) {
	rd := f.rendered()
	if v := c.get("plugin"); !v.isNull() {
		f.add(diag.Warn(diag.Unsupported, v.place(), "%q has no effect", "plugin").
			WithHint("plugins are Python code; read the data with path: or external_location:"))
	}
	if v := c.get("external_location"); !v.isNull() && out.location.Text == "" {
		out.location = Located{rd.str(v, "external_location"), v.place()}
	}
	if v := c.get("formatter"); !v.isNull() && out.formatter == "" {
		out.formatter = rd.str(v, "formatter")
		if known := []string{"newstyle", "oldstyle", "template"}; !contains(known, out.formatter) {
			f.add(wrongChoice(v.place(), "formatter", out.formatter, known...))
		}
	}
}

// lakeLevel reads elt's keys.
func (f *propertyFile) lakeLevel(out *lakeKeys, c cursor) {
	rd := f.rendered()
	if v := c.get("path"); !v.isNull() && out.paths == nil {
		out.paths = rd.located(v, "path")
	}
	if v := c.get("format"); !v.isNull() && out.format.Value == nil {
		text := rd.str(v, "format")
		out.format = ConfigValue{Value: text, Place: v.place()}
		if formats := []string{"csv", "parquet", "json"}; !contains(formats, text) {
			f.add(wrongChoice(v.place(), "format", text, formats...))
		}
	}
	if v := c.get("options"); !v.isNull() && out.options == nil {
		out.options, out.optionsAt = rd.mapping(v, "options"), v.place()
	}
	if v := c.get("allow_empty"); !v.isNull() && out.allowEmpty == nil {
		b := rd.boolean(v, "allow_empty", false)
		out.allowEmpty = &b
	}
	if v := c.get("on_bad_rows"); !v.isNull() && out.onBadRows == "" {
		out.onBadRows = rd.str(v, "on_bad_rows")
		if known := []string{"fail", "quarantine"}; !contains(known, out.onBadRows) {
			f.add(wrongChoice(v.place(), "on_bad_rows", out.onBadRows, known...))
		}
	}
	if v := c.get("formats"); !v.isNull() && out.formats == nil {
		out.formats = f.formats(c)
	}
	if v := c.get("file_date"); !v.isNull() && out.fileDate.Text == "" {
		out.fileDate = Located{rd.str(v, "file_date"), v.place()}
	}
	if v := c.get("max_rejects"); !v.isNull() && out.maxRejects == nil {
		text := rd.str(v, "max_rejects")
		limit, ok := ParseRejectLimit(text)
		if !ok {
			f.add(diag.New(diag.WrongType, v.place(), "%q must be a number of rows or a share of them, not %q", "max_rejects", text).
				WithHint("as in max_rejects: 10, or max_rejects: 1%%"))
		} else {
			limit.Place = v.place()
			out.maxRejects = &limit
		}
	}
}

// BuildSources returns a node for each table of the patches' sources, disabled ones
// included (config "enabled").
func BuildSources(p *Project) ([]*Node, diag.List) {
	var out []*Node
	var diags report
	for _, s := range p.Patches.Sources {
		for _, t := range s.Tables {
			out = append(out, p.sourceNode(s, t, &diags))
		}
	}
	return out, diags.list
}

func (p *Project) sourceNode(s *SourcePatch, t *TablePatch, diags *report) *Node {
	n := &Node{UniqueID: "source." + p.Name + "." + s.Name + "." + t.Name, Type: Source, Name: t.Name, Package: p.Name,
		Path: s.Path, OriginalPath: s.Path, Source: t.Place.Source, Place: t.Place,
		Description: t.Description, PatchPlace: t.Place}
	n.FQN = append(p.fqnPrefix(s.RelPath), s.Name, t.Name)
	n.Relation = Relation{Database: orElse(s.Database, p.Target.Database), Schema: orElse(s.Schema, s.Name),
		Identifier: orElse(t.Identifier, t.Name)}
	patch := NewConfig()
	for _, c := range []*Config{s.Config, t.Config} {
		for _, k := range c.Keys() {
			v, _ := c.Get(k)
			patch.Set(k, v)
		}
	}
	tags := slices.Concat(s.Tags, s.Config.Strings("tags"), t.Tags, t.Config.Strings("tags"))
	slices.Sort(tags)
	patch.Set("tags", ConfigValue{Value: stringList(slices.Compact(tags))})
	patch.Set("meta", ConfigValue{Value: mergedDicts(s.Meta, metaOf(s.Config), t.Meta, metaOf(t.Config))})
	how := &Freshness{}
	p.loadedAt(how, s, t, n, &report{}) // told with its freshness
	if how.Field.Text != "" {
		patch.Set("loaded_at_field", ConfigValue{Value: how.Field.Text, Place: how.Field.Place})
	}
	cfg, ds := ResolveConfig(p, ResolveInput{Type: Source, Package: p.Name, FQN: n.FQN, Patch: patch})
	diags.list = append(diags.list, ds...)
	n.setConfig(cfg)
	n.Columns = columnsOf(t.Columns)
	n.Table = p.sourceTable(s, t, n, diags)
	return n
}

func metaOf(c *Config) *template.Dict {
	v, _ := c.Get("meta")
	d, _ := v.Value.(*template.Dict)
	return d
}

// mergedDicts joins dicts; later ones win.
func mergedDicts(dicts ...*template.Dict) *template.Dict {
	out := template.NewDict()
	for _, d := range dicts {
		if d != nil {
			out.Update(d)
		}
	}
	return out
}

func (p *Project) sourceTable(s *SourcePatch, t *TablePatch, n *Node, diags *report) *SourceTable {
	st := &SourceTable{SourceName: s.Name, SourceDescription: s.Description, Identifier: n.Relation.Identifier,
		Loader: orElse(t.Loader, s.Loader), Quoting: mergedDicts(s.Quoting, t.Quoting)}
	st.Freshness, st.Fresh = p.freshness(s, t, n, diags)
	st.FreshnessSaid = saysFreshness(s, t)
	how := &Freshness{}
	p.loadedAt(how, s, t, n, &report{}) // told with its freshness
	st.LoadedAt, st.LoadedAtQuery = how.Field.Text, how.Query.Text
	st.External, st.SourceMeta = t.External, mergedDicts(s.Meta, metaOf(s.Config))
	st.RawDatabase, st.RawSchema = s.RawDatabase, s.RawSchema
	p.fillLake(st, s, t, n, diags)
	return st
}

// columnsOf returns the columns alone, without their tests.
func columnsOf(patches []*ColumnPatch) []*Column {
	if len(patches) == 0 {
		return nil
	}
	out := make([]*Column, len(patches))
	for i, c := range patches {
		out[i] = &c.Column
	}
	return out
}
