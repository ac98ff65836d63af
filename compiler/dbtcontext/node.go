package dbtcontext

import (
	"strconv"

	"elt/compiler/project"
	"elt/compiler/template"
)

func item(key string, v template.Value) template.Item { return template.Item{Key: key, Value: v} }

// NodeValue is a node as templates see it in model: dbt's dict of it. Each call makes
// a new one.
func NodeValue(n *project.Node) *template.Dict {
	d := GraphValue(n)
	addCompiled(d, n)
	return d
}

// GraphValue is a node as templates see it in graph: as it was parsed, whether it has
// been compiled meanwhile or not. It may be called while other goroutines compile.
func GraphValue(n *project.Node) *template.Dict {
	d := template.NewDict(
		item("database", noneIfEmpty(n.Relation.Database)),
		item("schema", noneIfEmpty(n.Relation.Schema)),
		item("name", n.Name),
		item("resource_type", string(n.Type)),
		item("package_name", n.Package),
		item("path", n.Path),
		item("original_file_path", n.OriginalPath),
		item("unique_id", n.UniqueID),
		item("fqn", listOf(n.FQN)),
		item("alias", aliasOf(n)),
		item("config", configValue(n.Config)),
		item("tags", listOf(n.Tags)),
		item("description", n.Description),
		item("columns", columnsValue(n.Columns)),
		item("meta", dictOrEmpty(n.Meta)),
		item("group", noneIfEmpty(n.Group)),
		item("patch_path", patchPath(n)),
		item("raw_code", n.RawCode),
		item("raw_sql", n.RawCode),
		item("language", "sql"),
		item("refs", refsValue(n.Refs)),
		item("sources", sourcesValue(n.Sources)),
		item("metrics", template.NewList()),
		item("depends_on", template.NewDict(item("macros", listOf(n.Macros)), item("nodes", listOf(n.DependsOn)))),
		item("constraints", constraintsOf(n)),
	)
	if n.Relation.Identifier != "" {
		_ = d.Set("relation_name", n.Relation.String())
	}
	if n.Version != "" {
		_ = d.Set("version", versionValue(n.Version))
		_ = d.Set("latest_version", versionValue(n.LatestVersion))
	}
	addKind(d, n)
	return d
}

// versionValue is a version as its property file has it: a number where it is one.
func versionValue(v string) template.Value {
	if n, err := strconv.ParseInt(v, 10, 64); err == nil {
		return n
	}
	if f, err := strconv.ParseFloat(v, 64); err == nil {
		return f
	}
	return v
}

func aliasOf(n *project.Node) string {
	if n.Relation.Identifier != "" {
		return n.Relation.Identifier
	}
	return n.Config.String("alias", n.Name)
}

func patchPath(n *project.Node) template.Value {
	if n.PatchPath == "" {
		return nil
	}
	return n.Package + "://" + n.PatchPath
}

func addCompiled(d *template.Dict, n *project.Node) {
	_ = d.Set("compiled", n.Compiled != nil)
	if n.Compiled != nil {
		_ = d.Set("compiled_code", n.Compiled.SQL)
		_ = d.Set("compiled_sql", n.Compiled.SQL)
	}
}

// addKind adds what only some kinds of nodes have.
func addKind(d *template.Dict, n *project.Node) {
	if t := n.Table; t != nil {
		d.Update(template.NewDict(
			item("source_name", t.SourceName),
			item("source_description", t.SourceDescription),
			item("identifier", n.Relation.Identifier),
			item("loader", t.Loader),
			item("quoting", dictOrEmpty(t.Quoting)),
			item("loaded_at_field", noneIfEmpty(t.LoadedAt)),
			item("freshness", dictOrEmpty(t.Freshness)),
			item("source_meta", template.NewDict()),
		))
	}
	if t := n.Test; t != nil {
		_ = d.Set("column_name", noneIfEmpty(t.Column))
		_ = d.Set("attached_node", noneIfEmpty(t.Attached))
		if t.Generic != "" {
			_ = d.Set("test_metadata", template.NewDict(
				item("name", t.Generic),
				item("kwargs", dictOrEmpty(t.Kwargs)),
				item("namespace", noneIfEmpty(t.Namespace)),
			))
		}
	}
	if e := n.Exposure; e != nil {
		d.Update(template.NewDict(
			item("type", e.Kind), item("label", e.Label), item("maturity", e.Maturity), item("url", e.URL),
			item("owner", template.NewDict(item("name", e.OwnerName), item("email", e.OwnerEmail))),
		))
	}
}

func configValue(c *project.Config) *template.Dict {
	d := template.NewDict()
	if c == nil {
		return d
	}
	for _, key := range c.Keys() {
		v, _ := c.Get(key)
		_ = d.Set(key, v.Value)
	}
	return d
}

func columnsValue(cols []*project.Column) *template.Dict {
	d := template.NewDict()
	for _, c := range cols {
		col := template.NewDict(
			item("name", c.Name),
			item("description", c.Description),
			item("meta", dictOrEmpty(c.Meta)),
			item("data_type", noneIfEmpty(c.DataType)),
			item("constraints", constraintsValue(c.Constraints)),
			item("quote", c.Quote),
			item("tags", listOf(c.Tags)),
		)
		_ = d.Set(c.Name, col)
	}
	return d
}

func constraintsOf(n *project.Node) template.Value {
	if v, ok := n.Config.Get("constraints"); ok {
		return v.Value
	}
	return constraintsValue(n.Constraints)
}

func constraintsValue(list []project.Constraint) *template.List {
	out := template.NewList()
	for _, c := range list {
		out.Elems = append(out.Elems, template.NewDict(
			item("type", c.Type), item("name", noneIfEmpty(c.Name)),
			item("expression", noneIfEmpty(c.Expression)), item("columns", listOf(c.Columns)),
		))
	}
	return out
}

func refsValue(refs []project.RefCall) *template.List {
	out := template.NewList()
	for _, r := range refs {
		out.Elems = append(out.Elems, template.NewDict(
			item("name", r.Name), item("package", noneIfEmpty(r.Package)), item("version", noneIfEmpty(r.Version)),
		))
	}
	return out
}

func sourcesValue(sources []project.SourceCall) *template.List {
	out := template.NewList()
	for _, s := range sources {
		out.Elems = append(out.Elems, template.NewList(s.Source, s.Table))
	}
	return out
}
