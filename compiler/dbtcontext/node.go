package dbtcontext

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"time"

	"elt/compiler/project"
	"elt/compiler/template"
)

// CTEPrefix is what dbt puts before the name of an ephemeral model's CTE.
const CTEPrefix = "__dbt__cte__"

func item(key string, v template.Value) template.Item { return template.Item{Key: key, Value: v} }

// NodeValue is a node as templates see it in model: dbt's dict of it. Each call makes
// a new one.
func NodeValue(n *project.Node) *template.Dict {
	d := graphRecord(n, n.Compiled != nil).dict()
	if isCompiled(n) {
		d.AddNew(
			item("compiled", true),
			item("compiled_code", n.Compiled.SQL),
			item("compiled_sql", n.Compiled.SQL),
		)
	}
	return d
}

// CompiledValue is a node as the hooks at the end of a run see it in graph, once it has been compiled. injected is
// the text of an ephemeral model that is a part of it.
func CompiledValue(n *project.Node, injected func(id string) string) *template.Dict {
	d := graphRecord(n, true).dict()
	_ = d.Set("depends_on", template.NewRecord(item("macros", listOf(n.CalledMacros())), item("nodes", listOf(n.DependsOn))))
	ctes := template.NewList()
	for _, id := range n.Compiled.CTEs {
		ctes.Elems = append(ctes.Elems, template.NewDict(item("id", id), item("sql", injected(id))))
	}
	d.AddNew(item("compiled", true), item("compiled_code", n.Compiled.SQL), item("extra_ctes_injected", true), item("extra_ctes", ctes))
	return d
}

// IsCompiled reports whether a node has a query of its own and that has been compiled.
func IsCompiled(n *project.Node) bool { return n != nil && isCompiled(n) }

func isCompiled(n *project.Node) bool {
	return n.Compiled != nil && !n.Compiled.Deferred && hasQuery(n)
}

// GraphValue is a node as templates see it in graph: as it was parsed, whether it has
// been compiled meanwhile or not. The keys are those of dbt 1.12 for the node's type. It
// may be called while other goroutines compile.
func GraphValue(n *project.Node) *template.Dict { return graphRecord(n, false).dict() }

// graphRecord is GraphValue in the making; compiled says whether foreign keys have their
// relations already.
func graphRecord(n *project.Node, compiled bool) record {
	switch n.Type {
	case project.Source:
		return recordOf(sourceValue(n))
	case project.Exposure:
		return recordOf(exposureValue(n))
	case project.Metric:
		return metricRecord(n)
	case project.SemanticModel:
		return semanticModelRecord(n)
	case project.SavedQuery:
		return savedQueryRecord(n)
	case project.UnitTest:
		return recordOf(unitTestValue(n))
	}
	return func(put func(string, template.Value)) {
		commonKeys(n, compiled, put)
		if n.Type == project.Seed {
			put("root_path", n.Root)
			put("depends_on", record(func(put func(string, template.Value)) { put("macros", texts(n.Macros)) }))
			return
		}
		queryKeys(n, put)
		kindKeys(n, compiled, put)
	}
}

// commonKeys are the keys of whatever comes from a file of the project.
func commonKeys(n *project.Node, compiled bool, put func(string, template.Value)) {
	put("database", noneIfEmpty(n.Relation.Database))
	put("schema", noneIfEmpty(n.Relation.Schema))
	put("name", n.Name)
	put("resource_type", string(n.Type))
	put("package_name", n.Package)
	put("path", n.Path)
	put("original_file_path", n.OriginalPath)
	put("unique_id", n.UniqueID)
	put("fqn", texts(n.FQN))
	put("alias", aliasOf(n))
	put("checksum", checksum(n))
	put("config", configRecord(n))
	put("tags", texts(n.Tags))
	put("description", n.Description)
	put("columns", columnsRecord(n.Columns, compiled))
	put("meta", orEmpty(n.Meta))
	put("group", noneIfEmpty(n.Group))
	put("docs", docsOf(n))
	put("patch_path", patchPath(n))
	put("build_path", nil)
	put("unrendered_config", record(func(put func(string, template.Value)) { recordOf(n.Unrendered())(put) }))
	put("created_at", int64(0))
	put("relation_name", relationName(n))
	put("raw_code", n.RawCode)
	put("doc_blocks", texts(n.DocBlocks))
}

// queryKeys are the keys of what has a query.
func queryKeys(n *project.Node, put func(string, template.Value)) {
	put("language", map[bool]string{true: "python", false: "sql"}[n.IsPython()])
	put("refs", refsValue(n.Refs))
	put("sources", sourcesValue(seenSources(n)))
	put("metrics", metricsValue(n.Metrics))
	put("functions", texts(nil))
	put("depends_on", record(func(put func(string, template.Value)) {
		put("macros", texts(seenMacros(n)))
		put("nodes", texts(n.DependsOn))
	}))
	put("compiled_path", nil)
	put("contract", contractRecord(n))
}

// seenSources are the calls of source() of a node. Where dbt does not render a model to find
// them, it has each once.
func seenSources(n *project.Node) []project.SourceCall {
	if !n.Static || len(n.Sources) < 2 {
		return n.Sources
	}
	var out []project.SourceCall
	for _, s := range n.Sources {
		if !slices.ContainsFunc(out, func(have project.SourceCall) bool { return have.Source == s.Source && have.Table == s.Table }) {
			out = append(out, s)
		}
	}
	return out
}

// hasQuery reports whether a node has SQL of its own to compile.
func hasQuery(n *project.Node) bool { return n.Template != nil }

// seenMacros are the macros a node is known to depend on before it is compiled.
func seenMacros(n *project.Node) []string {
	if n.IsUnrenderedTest() {
		return n.Macros[:1] // dbt renders these two when it compiles them
	}
	return n.Macros
}

func dependsOn(n *project.Node) *template.Dict {
	return template.NewRecord(item("macros", listOf(seenMacros(n))), item("nodes", listOf(n.DependsOn)))
}

// relationName is the relation of a node that becomes one: not of an ephemeral model, nor of
// a test that keeps no failures.
func relationName(n *project.Node) template.Value {
	switch {
	case n.Relation.Identifier == "" || n.IsEphemeral():
		return nil
	case n.Table != nil && n.Table.Location != "":
		return n.Table.Location
	case n.IsRefable() && n.Written != "":
		return n.Written
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
func docsOf(n *project.Node) record {
	return func(put func(string, template.Value)) {
		put("show", fromConfig(n, "docs", "show", true))
		put("node_color", fromConfig(n, "docs", "node_color", nil))
	}
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

// checksum is dbt's since 1.12: SHA-256 of the words of the file, with one space between two.
// What has no file of its own has none; a seed's file has a checksum of another kind.
func checksum(n *project.Node) record {
	name, sum := "none", ""
	switch {
	case n.Type == project.Seed:
		if n.FileSum != nil {
			name, sum = n.FileSum()
		}
	case n.Test != nil && n.Test.Generic != "", n.Place.Source == nil || n.Place.Source.Path == "":
	default:
		name = "sha256"
		var room [2 << 10]byte // most files are smaller
		digest := sha256.Sum256(template.AppendWords(room[:0], n.Place.Source.Text))
		sum = hex.EncodeToString(digest[:])
	}
	return func(put func(string, template.Value)) {
		put("name", name)
		put("checksum", sum)
	}
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
	return cmp.Or(n.PatchPackage, n.Package) + "://" + n.PatchPath
}

// deprecationValue is a date as dbt writes it: with a time and a zone.
func deprecationValue(v template.Value) template.Value {
	if v == nil {
		return nil
	}
	if t, ok := DeprecationTime(v); ok {
		return t.Format("2006-01-02T15:04:05-07:00")
	}
	return v
}

// DeprecationTime reads a deprecation_date: a date or a point in time, UTC where it has no zone. ok
// is false for anything else.
func DeprecationTime(v template.Value) (t time.Time, ok bool) {
	for _, layout := range []string{time.DateOnly, time.DateTime, "2006-01-02T15:04:05", time.RFC3339, "2006-01-02 15:04:05-07:00"} {
		if t, err := time.Parse(layout, template.Str(v)); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// kindKeys are the keys that only some kinds of nodes have.
func kindKeys(n *project.Node, compiled bool, put func(string, template.Value)) {
	switch n.Type {
	case project.Model:
		put("access", n.Config.String("access", "protected"))
		put("constraints", constraintsOf(n, compiled))
		put("version", versionOrNone(n.Version))
		put("latest_version", versionOrNone(n.LatestVersion))
		put("deprecation_date", deprecationValue(n.Deprecation))
		put("primary_key", texts(n.PrimaryKey))
		put("time_spine", timeSpineValue(n.TimeSpine))
	case project.Operation:
		if n.Hook != nil {
			put("index", int64(n.Hook.Index+1))
		}
	}
	if t := n.Test; t != nil && t.Generic != "" {
		put("column_name", noneIfEmpty(t.Column))
		put("file_key_name", t.FileKey)
		put("attached_node", noneIfEmpty(t.Attached))
		put("test_metadata", record(func(put func(string, template.Value)) {
			put("name", t.Generic)
			put("kwargs", orEmpty(t.Kwargs))
			put("namespace", noneIfEmpty(t.Namespace))
		}))
	}
}

func versionOrNone(v string) template.Value {
	if v == "" {
		return nil
	}
	return versionValue(v)
}

func columnsValue(cols []*project.Column) *template.Dict { return columnsRecord(cols, false).dict() }

// columnsRecord are columns by name. Of two that have the same name the second counts.
func columnsRecord(cols []*project.Column, compiled bool) record {
	return func(put func(string, template.Value)) {
		seen := make(map[string]int, len(cols))
		for i, c := range cols {
			seen[c.Name] = i
		}
		for i, c := range cols {
			if last, ok := seen[c.Name]; ok {
				delete(seen, c.Name)
				put(cols[i].Name, columnRecord(cols[last], compiled))
			}
		}
	}
}

func columnRecord(c *project.Column, compiled bool) record {
	return func(put func(string, template.Value)) {
		put("name", c.Name)
		put("description", c.Description)
		put("meta", orEmpty(c.Meta))
		put("data_type", noneIfEmpty(c.DataType))
		put("constraints", constraintsValue(c.Constraints, false, compiled))
		put("quote", quoteOf(c))
		put("config", record(func(put func(string, template.Value)) {
			put("meta", orEmpty(c.Meta))
			put("tags", texts(c.Tags))
		}))
		put("tags", texts(c.Tags))
		put("granularity", noneIfEmpty(c.Granularity))
		put("dimension", c.Dimension)
		put("entity", c.Entity)
		put("doc_blocks", texts(c.DocBlocks))
		if c.Extra != nil {
			for _, item := range c.Extra.Items() {
				put(item.Key.(string), item.Value)
			}
		}
	}
}

func quoteOf(c *project.Column) template.Value {
	if !c.QuoteSet {
		return nil
	}
	return c.Quote
}

func constraintsOf(n *project.Node, compiled bool) template.Value {
	if v, ok := n.Config.Get("constraints"); ok {
		return v.Value
	}
	return constraintsValue(n.Constraints, true, compiled)
}

// constraintsValue is a list of constraints, of a whole model or of one column. Once the model
// is compiled a foreign key points to a relation.
func constraintsValue(list []project.Constraint, ofModel, compiled bool) *template.List {
	out := template.NewList()
	for _, c := range list {
		to := c.To
		if compiled && c.Target != "" {
			to = c.Target
		}
		out.Elems = append(out.Elems, template.NewRecord(
			item("type", c.Type), item("name", noneIfEmpty(c.Name)),
			item("expression", noneIfEmpty(c.Expression)),
			item("warn_unenforced", true), item("warn_unsupported", true),
			item("to", noneIfEmpty(to)), item("to_columns", listOf(c.ToColumns)),
		))
		if ofModel {
			out.Elems[len(out.Elems)-1].(*template.Dict).AddNew(item("columns", listOf(c.Columns)))
		}
	}
	return out
}

func refsValue(refs []project.RefCall) *template.List {
	out := template.NewList()
	for _, r := range refs {
		out.Elems = append(out.Elems, template.NewRecord(
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
