package dbtcontext

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

// ddl are the methods that say how a part of a table is written as DDL.
func (a *adapter) ddl(name string) method {
	switch name {
	case "render_raw_columns_constraints":
		return a.columnConstraints
	case "render_raw_model_constraints":
		return a.modelConstraints
	case "parse_index":
		return a.parseIndex
	case "existing_key_constraint_types":
		return a.keyConstraints
	case "batch_id_for_model":
		return batchID
	case "get_seed_file_path":
		return seedFilePath
	case "convert_datetimes_to_strs":
		return timesAsText
	}
	return nil
}

// constraintTypes are dbt's, in its order.
var constraintTypes = []string{"check", "not_null", "unique", "primary_key", "foreign_key", "custom"}

// constraintArg reads a constraint as a property file has it.
func constraintArg(v template.Value) (project.Constraint, error) {
	d, ok := v.(*template.Dict)
	if !ok {
		return project.Constraint{}, template.ValueErrorf("Could not parse constraint: %s", template.Repr(v))
	}
	text := func(key string) string {
		v, _ := d.Get(key)
		return stringOrEmpty(v)
	}
	texts := func(key string) []string {
		v, _ := d.Get(key)
		list, _ := v.(*template.List)
		var out []string
		if list != nil {
			for _, e := range list.Elems {
				out = append(out, template.Str(e))
			}
		}
		return out
	}
	c := project.Constraint{
		Type: text("type"), Name: text("name"), Expression: text("expression"), Columns: texts("columns"),
		To: text("to"), ToColumns: texts("to_columns"),
	}
	if !slices.Contains(constraintTypes, c.Type) {
		return c, template.ValueErrorf("Could not parse constraint: %s; the type is one of: %s", template.Repr(v), strings.Join(constraintTypes, ", "))
	}
	return c, nil
}

// columnConstraints is adapter.render_raw_columns_constraints(raw_columns): a line of DDL for each column.
func (a *adapter) columnConstraints(c *template.Call) (template.Value, error) {
	var columns *template.Dict
	if err := c.Unpack("render_raw_columns_constraints", "raw_columns", &columns); err != nil {
		return nil, err
	}
	out := template.NewList()
	for _, item := range columns.Items() {
		column, ok := item.Value.(*template.Dict)
		if !ok {
			return nil, fmt.Errorf("render_raw_columns_constraints() takes the columns of a model, as model['columns'] has them")
		}
		name, _ := column.Get("name")
		kind, ok := column.Get("data_type")
		if !ok {
			return nil, fmt.Errorf("the column %s has no data_type", template.Repr(name))
		}
		line := template.Str(name)
		if quote, _ := column.Get("quote"); template.Truth(quote) {
			line = project.QuoteIdent(line)
		}
		line += " " + template.Str(kind)
		constraints, _ := column.Get("constraints")
		list, _ := constraints.(*template.List)
		if list != nil {
			for _, v := range list.Elems {
				constraint, err := constraintArg(v)
				if err != nil {
					return nil, err
				}
				if text := columnConstraint(constraint); text != "" {
					line += " " + text
				}
			}
		}
		out.Elems = append(out.Elems, line)
	}
	return out, nil
}

// columnConstraint is a constraint of one column; "" where it says nothing.
func columnConstraint(c project.Constraint) string {
	switch c.Type {
	case "check":
		if c.Expression == "" {
			return ""
		}
		return "check (" + c.Expression + ")"
	case "foreign_key":
		if c.To != "" && len(c.ToColumns) > 0 {
			return "references " + withoutDatabase(c.To) + " (" + strings.Join(c.ToColumns, ", ") + ")"
		}
		return "references " + template.Str(noneIfEmpty(c.Expression))
	case "custom":
		return strings.TrimSpace(c.Expression)
	}
	return strings.TrimSpace(strings.ReplaceAll(c.Type, "_", " ") + " " + c.Expression)
}

// modelConstraints is adapter.render_raw_model_constraints(raw_constraints).
func (a *adapter) modelConstraints(c *template.Call) (template.Value, error) {
	var constraints *template.List
	if err := c.Unpack("render_raw_model_constraints", "raw_constraints", &constraints); err != nil {
		return nil, err
	}
	out := template.NewList()
	for _, v := range constraints.Elems {
		constraint, err := constraintArg(v)
		if err != nil {
			return nil, err
		}
		if text := modelConstraint(constraint); text != "" {
			out.Elems = append(out.Elems, text)
		}
	}
	return out, nil
}

// modelConstraint is a constraint of a whole table; "" where it says nothing.
func modelConstraint(c project.Constraint) string {
	prefix, columns := "", "("+strings.Join(c.Columns, ", ")+")"
	if c.Name != "" {
		prefix = "constraint " + c.Name + " "
	}
	switch {
	case c.Type == "unique" || c.Type == "primary_key":
		text := prefix + strings.ReplaceAll(c.Type, "_", " ")
		if c.Expression != "" {
			text += " " + c.Expression
		}
		return text + " " + columns
	case c.Type == "foreign_key" && c.To != "" && len(c.ToColumns) > 0:
		return prefix + "foreign key " + columns + " references " + withoutDatabase(c.To) + " (" + strings.Join(c.ToColumns, ", ") + ")"
	case c.Expression == "":
	case c.Type == "check":
		return prefix + "check (" + c.Expression + ")"
	case c.Type == "foreign_key":
		return prefix + "foreign key " + columns + " references " + c.Expression
	case c.Type == "custom":
		return prefix + c.Expression
	}
	return ""
}

// withoutDatabase leaves the database out of the name that a foreign key points to, which DuckDB
// does not take there.
func withoutDatabase(name string) string {
	if parts := strings.Split(name, "."); len(parts) > 2 {
		return strings.Join(parts[1:], ".")
	}
	return name
}

// parseIndex is adapter.parse_index(raw_index): an index that config asks for.
func (a *adapter) parseIndex(c *template.Call) (template.Value, error) {
	var raw template.Value
	if err := c.Unpack("parse_index", "raw_index", &raw); err != nil || raw == nil {
		return nil, err
	}
	fail := func(format string, args ...any) (template.Value, error) {
		return nil, diag.New(diag.WrongType, c.Place, "an index: "+format, args...).WithHint("write {columns: [id], unique: true}")
	}
	d, ok := raw.(*template.Dict)
	if !ok {
		return fail("%s is no mapping", template.Repr(raw))
	}
	columns, _ := d.Get("columns")
	list, ok := columns.(*template.List)
	if !ok {
		return fail("it names no list of columns: %s", template.Repr(raw))
	}
	var names []string
	for _, v := range list.Elems {
		s, ok := v.(string)
		if !ok {
			return fail("%s is no name of a column", template.Repr(v))
		}
		names = append(names, s)
	}
	unique, given := d.Get("unique")
	if _, ok := unique.(bool); given && !ok {
		return fail("%q is true or false, not %s", "unique", template.Repr(unique))
	}
	for _, item := range d.Items() {
		if key := template.Str(item.Key); key != "columns" && key != "unique" {
			return fail("%q is not known", key)
		}
	}
	return &indexConfig{s: a.s, columns: names, unique: unique == true}, nil
}

// indexConfig is dbt-duckdb's DuckDBIndexConfig.
type indexConfig struct {
	s       *Scope
	columns []string
	unique  bool
}

// TypeName is the Python type name.
func (*indexConfig) TypeName() string { return "DuckDBIndexConfig" }

// Str is how Python prints it.
func (x *indexConfig) Str() string {
	return "DuckDBIndexConfig(columns=" + template.Repr(listOf(x.columns)) + ", unique=" + template.Str(x.unique) + ")"
}

// Repr is the same.
func (x *indexConfig) Repr() string { return x.Str() }

// Attr returns an attribute or a method.
func (x *indexConfig) Attr(name string) (template.Value, bool) {
	switch name {
	case "columns":
		return listOf(x.columns), true
	case "unique":
		return x.unique, true
	case "to_dict":
		return bind("to_dict", func(*template.Call) (template.Value, error) {
			return template.NewDict(template.Item{Key: "columns", Value: listOf(x.columns)}, template.Item{Key: "unique", Value: x.unique}), nil
		})
	case "render":
		return bind("render", x.render)
	}
	return nil, false
}

// render is a name for the index, another one at each call: it is made anew beside the one before.
func (x *indexConfig) render(c *template.Call) (template.Value, error) {
	r, err := oneRelation(c, "render")
	if err != nil {
		return nil, err
	}
	parts := append(slices.Clone(x.columns), r.render(), template.Str(x.unique), time.Now().UTC().Format("2006-01-02T15:04:05.000000"))
	sum := md5.Sum([]byte(strings.Join(parts, "_")))
	return hex.EncodeToString(sum[:]), nil
}

// keyConstraints is adapter.existing_key_constraint_types(relation): those that the table has.
func (a *adapter) keyConstraints(c *template.Call) (template.Value, error) {
	r, err := oneRelation(c, "existing_key_constraint_types")
	if err != nil {
		return nil, err
	}
	rel := a.placed(r.rel)
	t, err := a.s.query(c, fmt.Sprintf("select distinct replace(lower(constraint_type), ' ', '_') from duckdb_constraints()\n"+
		"where lower(database_name) = lower(%s) and lower(schema_name) = lower(%s) and lower(table_name) = lower(%s)\n"+
		"and constraint_type in ('PRIMARY KEY', 'UNIQUE', 'FOREIGN KEY') order by 1",
		project.QuoteString(rel.Database), project.QuoteString(rel.Schema), project.QuoteString(rel.Identifier)))
	if err != nil {
		return nil, err
	}
	out := template.NewList()
	for _, row := range t.rows {
		out.Elems = append(out.Elems, row.values...)
	}
	return out, nil
}

// batchID is adapter.batch_id_for_model(model): a word for the batch of a microbatch model, "" without one.
func batchID(c *template.Call) (template.Value, error) {
	var model template.Value
	if err := c.Unpack("batch_id_for_model", "model", &model); err != nil {
		return nil, err
	}
	d, _ := model.(*template.Dict)
	batch, _ := d.Get("batch")
	var start template.Value
	switch b := batch.(type) {
	case *template.Dict:
		start, _ = b.Get("event_time_start")
	case template.Object:
		start, _ = b.Attr("event_time_start")
	}
	if !template.Truth(start) {
		return "", nil
	}
	return strings.NewReplacer("-", "", ":", "", " ", "_", "+", "").Replace(template.Str(start)), nil
}

// seedFilePath is adapter.get_seed_file_path(model): where the file of a seed is.
func seedFilePath(c *template.Call) (template.Value, error) {
	var model *template.Dict
	if err := c.Unpack("get_seed_file_path", "model", &model); err != nil {
		return nil, err
	}
	root, ok := model.Get("root_path")
	file, ok2 := model.Get("original_file_path")
	if !ok || !ok2 {
		return nil, fmt.Errorf("get_seed_file_path() takes the model of a seed")
	}
	return path.Join(stringOrEmpty(root), template.Str(file)), nil
}

// timesAsText is adapter.convert_datetimes_to_strs(table): its times as text.
func timesAsText(c *template.Call) (template.Value, error) {
	var v template.Value
	if err := c.Unpack("convert_datetimes_to_strs", "table", &v); err != nil {
		return nil, err
	}
	t, ok := v.(*tableObject)
	if !ok {
		return nil, fmt.Errorf("convert_datetimes_to_strs() takes a table, not %s", template.TypeName(v))
	}
	out := t.pick(t.allColumns())
	for i, kind := range t.types {
		if kind != "DateTime" {
			continue
		}
		out.types[i] = "Text"
		for _, row := range out.rows {
			row.values[i] = template.Str(row.values[i])
		}
	}
	return out, nil
}

// replaceable are the methods that are macros in dbt, which a project may put its own in place of.
var replaceable = []string{
	"check_schema_exists", "create_schema", "drop_relation", "drop_schema", "get_columns_in_relation",
	"rename_relation", "truncate_relation",
}

// replaced is what a project has in place of a method; nil where it has nothing.
func (a *adapter) replaced(name string) method {
	if a.plain || a.live() == nil || !slices.Contains(replaceable, name) {
		return nil
	}
	m := a.s.p.inOwn(name, a.s.p.set.Name)
	if m == nil {
		m = a.s.p.dispatched(name, dbtPackage, a.s.p.set.Name)
	}
	if m == nil || m.builtin {
		return nil
	}
	return func(c *template.Call) (template.Value, error) {
		fn, ok := a.s.macro(m).(template.Callable)
		if !ok {
			return nil, fmt.Errorf("the macro %q cannot be called", name)
		}
		call := *c
		switch name {
		case "create_schema", "drop_schema":
			r, err := oneRelation(c, "adapter."+name)
			if err != nil {
				return nil, err
			}
			r = r.clone()
			r.rel.Identifier = ""
			call.Args, call.Kwargs = []template.Value{r}, nil
		case "check_schema_exists":
			return a.schemaExists(&call, fn)
		}
		return fn.Call(&call)
	}
}

// schemaExists asks a macro of the project, which answers with a table of one number.
func (a *adapter) schemaExists(c *template.Call, fn template.Callable) (template.Value, error) {
	var database, schema template.Value
	if err := c.Unpack("check_schema_exists", "database", &database, "schema", &schema); err != nil {
		return nil, err
	}
	in := NewRelation(project.Relation{Database: stringOrEmpty(database), Schema: stringOrEmpty(schema), Identifier: "INFORMATION_SCHEMA"})
	c.Args, c.Kwargs = []template.Value{in, schema}, nil
	v, err := fn.Call(c)
	if err != nil {
		return nil, err
	}
	t, ok := v.(*tableObject)
	if !ok || len(t.rows) == 0 || len(t.rows[0].values) == 0 {
		return nil, fmt.Errorf("the macro check_schema_exists has to return a table of one number, not %s", template.TypeName(v))
	}
	return !template.Equal(t.rows[0].values[0], int64(0)), nil
}

// grantsDict is adapter.standardize_grants_dict(table): who may do what, by privilege.
func grantsDict(c *template.Call) (template.Value, error) {
	var v template.Value
	if err := c.Unpack("standardize_grants_dict", "grants_table", &v); err != nil {
		return nil, err
	}
	t, ok := v.(*tableObject)
	if !ok {
		return nil, fmt.Errorf("standardize_grants_dict() takes a table, not %s", template.TypeName(v))
	}
	out := template.NewDict()
	for _, row := range t.rows {
		grantee, _, _ := row.Index("grantee")
		privilege, _, _ := row.Index("privilege_type")
		list, ok := out.Get(privilege)
		if !ok {
			list = template.NewList()
			if err := out.Set(privilege, list); err != nil {
				return nil, err
			}
		}
		list.(*template.List).Elems = append(list.(*template.List).Elems, grantee)
	}
	return out, nil
}
