package dbtcontext

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"

	"elt/compiler/project"
	"elt/compiler/template"
)

// CTEPrefix is what dbt puts before the name of an ephemeral model's CTE.
const CTEPrefix = "__dbt__cte__"

func item(key string, v template.Value) template.Item { return template.Item{Key: key, Value: v} }

// NodeValue is a node as templates see it in model: dbt's dict of it. Each call makes
// a new one.
func NodeValue(n *project.Node) *template.Dict {
	d := GraphValue(n)
	if n.Compiled != nil && !n.Compiled.Deferred && hasQuery(n) {
		d.Update(template.NewDict(
			item("compiled", true),
			item("compiled_code", n.Compiled.SQL),
			item("compiled_sql", n.Compiled.SQL),
		))
	}
	return d
}

// GraphValue is a node as templates see it in graph: as it was parsed, whether it has
// been compiled meanwhile or not. The keys are those of dbt 1.11 for the node's type. It
// may be called while other goroutines compile.
func GraphValue(n *project.Node) *template.Dict {
	switch n.Type {
	case project.Source:
		return sourceValue(n)
	case project.Exposure:
		return exposureValue(n)
	case project.UnitTest:
		return unitTestValue(n)
	}
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
		item("checksum", Checksum(n)),
		item("config", ConfigValue(n)),
		item("tags", listOf(n.Tags)),
		item("description", n.Description),
		item("columns", columnsValue(n.Columns)),
		item("meta", dictOrEmpty(n.Meta)),
		item("group", noneIfEmpty(n.Group)),
		item("docs", docsOf(n)),
		item("patch_path", patchPath(n)),
		item("build_path", nil),
		item("unrendered_config", n.Config.Unrendered()),
		item("created_at", int64(0)),
		item("relation_name", relationName(n)),
		item("raw_code", n.RawCode),
		item("doc_blocks", listOf(n.DocBlocks)),
	)
	if n.Type == project.Seed {
		_ = d.Set("root_path", n.Root)
		_ = d.Set("depends_on", template.NewDict(item("macros", listOf(n.Macros))))
		return d
	}
	d.Update(template.NewDict(
		item("language", "sql"),
		item("refs", refsValue(n.Refs)),
		item("sources", sourcesValue(n.Sources)),
		item("metrics", template.NewList()),
		item("functions", template.NewList()),
		item("depends_on", dependsOn(n)),
		item("compiled_path", nil),
		item("contract", contractValue(n)),
	))
	addKind(d, n)
	return d
}

// hasQuery reports whether a node has SQL of its own to compile.
func hasQuery(n *project.Node) bool { return n.Template != nil }

func dependsOn(n *project.Node) *template.Dict {
	return template.NewDict(item("macros", listOf(n.Macros)), item("nodes", listOf(n.DependsOn)))
}

// relationName is the relation of a node that becomes one: not of an ephemeral model, nor of
// a test that keeps no failures.
func relationName(n *project.Node) template.Value {
	switch {
	case n.Relation.Identifier == "" || n.IsEphemeral():
		return nil
	case n.IsRefable(), n.Type == project.Source, n.Type == project.Test && storesFailures(n):
		return n.Relation.String()
	}
	return nil
}

func storesFailures(n *project.Node) bool {
	v, _ := n.Config.Get("store_failures")
	return v.Value != nil && template.Truth(v.Value)
}

// docsOf is what the documentation shows of a node.
func docsOf(n *project.Node) *template.Dict {
	return template.NewDict(
		item("show", fromConfig(n, "docs", "show", true)),
		item("node_color", fromConfig(n, "docs", "node_color", nil)),
	)
}

// fromConfig reads a key of a mapping in a node's config.
func fromConfig(n *project.Node, key, inside string, def template.Value) template.Value {
	v, _ := n.Config.Get(key)
	if d, ok := v.Value.(*template.Dict); ok {
		if found, ok := d.Get(inside); ok {
			return found
		}
	}
	return def
}

// Checksum is dbt's: SHA-256 of the file without white space around it. What has no file of
// its own has none, nor has a seed, whose file is not read here.
func Checksum(n *project.Node) *template.Dict {
	name, sum := "none", ""
	switch {
	case n.Type == project.Seed, n.Test != nil && n.Test.Generic != "", n.Place.Source == nil || n.Place.Source.Path == "":
	default:
		name = "sha256"
		digest := sha256.Sum256([]byte(strings.TrimSpace(strings.ReplaceAll(n.Place.Source.Text, "\r\n", "\n"))))
		sum = hex.EncodeToString(digest[:])
	}
	return template.NewDict(item("name", name), item("checksum", sum))
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

// addKind adds what only some kinds of nodes have.
func addKind(d *template.Dict, n *project.Node) {
	switch n.Type {
	case project.Model:
		d.Update(template.NewDict(
			item("access", n.Config.String("access", "protected")),
			item("constraints", constraintsOf(n)),
			item("version", versionOrNone(n.Version)),
			item("latest_version", versionOrNone(n.LatestVersion)),
			item("deprecation_date", n.Deprecation),
			item("primary_key", listOf(n.PrimaryKey)),
			item("time_spine", n.TimeSpine),
		))
	case project.Operation:
		if n.Hook != nil {
			_ = d.Set("index", int64(n.Hook.Index+1))
		}
	}
	if t := n.Test; t != nil && t.Generic != "" {
		d.Update(template.NewDict(
			item("column_name", noneIfEmpty(t.Column)),
			item("file_key_name", t.FileKey),
			item("attached_node", noneIfEmpty(t.Attached)),
			item("test_metadata", template.NewDict(
				item("name", t.Generic),
				item("kwargs", dictOrEmpty(t.Kwargs)),
				item("namespace", noneIfEmpty(t.Namespace)),
			)),
		))
	}
}

func versionOrNone(v string) template.Value {
	if v == "" {
		return nil
	}
	return versionValue(v)
}

func columnsValue(cols []*project.Column) *template.Dict {
	d := template.NewDict()
	for _, c := range cols {
		col := template.NewDict(
			item("name", c.Name),
			item("description", c.Description),
			item("meta", dictOrEmpty(c.Meta)),
			item("data_type", noneIfEmpty(c.DataType)),
			item("constraints", constraintsValue(c.Constraints, false)),
			item("quote", quoteOf(c)),
			item("config", template.NewDict(item("meta", dictOrEmpty(c.Meta)), item("tags", listOf(c.Tags)))),
			item("tags", listOf(c.Tags)),
			item("granularity", nil),
			item("doc_blocks", listOf(c.DocBlocks)),
		)
		_ = d.Set(c.Name, col)
	}
	return d
}

func quoteOf(c *project.Column) template.Value {
	if !c.QuoteSet {
		return nil
	}
	return c.Quote
}

func constraintsOf(n *project.Node) template.Value {
	if v, ok := n.Config.Get("constraints"); ok {
		return v.Value
	}
	return constraintsValue(n.Constraints, true)
}

// constraintsValue is a list of constraints, of a whole model or of one column.
func constraintsValue(list []project.Constraint, ofModel bool) *template.List {
	out := template.NewList()
	for _, c := range list {
		out.Elems = append(out.Elems, template.NewDict(
			item("type", c.Type), item("name", noneIfEmpty(c.Name)),
			item("expression", noneIfEmpty(c.Expression)),
			item("warn_unenforced", true), item("warn_unsupported", true),
			item("to", noneIfEmpty(c.To)), item("to_columns", listOf(c.ToColumns)),
		))
		if ofModel {
			out.Elems[len(out.Elems)-1].(*template.Dict).Update(template.NewDict(item("columns", listOf(c.Columns))))
		}
	}
	return out
}

func refsValue(refs []project.RefCall) *template.List {
	out := template.NewList()
	for _, r := range refs {
		out.Elems = append(out.Elems, template.NewDict(
			item("name", r.Name), item("package", noneIfEmpty(r.Package)), item("version", refVersion(r)),
		))
	}
	return out
}

// refVersion is the version of a ref() as it was given: a number or a text.
func refVersion(r project.RefCall) template.Value {
	if r.VersionIsText {
		return r.Version
	}
	return versionOrNone(r.Version)
}

func sourcesValue(sources []project.SourceCall) *template.List {
	out := template.NewList()
	for _, s := range sources {
		out.Elems = append(out.Elems, template.NewList(s.Source, s.Table))
	}
	return out
}
