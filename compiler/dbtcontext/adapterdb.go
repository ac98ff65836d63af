package dbtcontext

import (
	"fmt"
	"math/big"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

// live is the database, nil while the project is parsed.
func (a *adapter) live() Database {
	if !a.s.host.Execute() {
		return nil
	}
	return a.s.host.Database()
}

// asking are the methods that look something up in the database.
func (a *adapter) asking(name string) method {
	switch name {
	case "get_relation":
		return a.getRelation
	case "load_relation", "load_cached_relation":
		return func(c *template.Call) (template.Value, error) {
			r, err := oneRelation(c, name)
			if err != nil {
				return nil, err
			}
			return a.find(c, r.rel)
		}
	case "already_exists":
		return a.alreadyExists
	case "get_columns_in_relation":
		return a.getColumns
	case "get_columns_in_table":
		return a.getColumnsInTable
	case "get_missing_columns":
		return a.getMissingColumns
	case "get_column_schema_from_query":
		return a.describe
	case "check_schema_exists":
		return a.checkSchema
	case "list_relations", "list_relations_without_caching":
		return a.listRelations
	case "execute":
		return a.execute
	case "add_query", "run_sql_for_tests":
		return func(c *template.Call) (template.Value, error) {
			var sql string
			var rest [3]template.Value
			err := c.Unpack(name, "sql", &sql, "auto_begin?", &rest[0], "bindings?", &rest[1], "abridge_sql_log?", &rest[2])
			if err != nil || a.live() == nil {
				return template.Tuple{nil, nil}, err
			}
			if rest[1] != nil {
				if sql, err = bound(sql, rest[1]); err != nil {
					return nil, err
				}
			}
			t, err := a.s.query(c, sql)
			return template.Tuple{nil, t}, err
		}
	}
	return nil
}

// bound puts values in the place of the question marks of a statement.
func bound(sql string, bindings template.Value) (string, error) {
	values, err := template.Iterate(bindings)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	quote, used := byte(0), 0
	for i := range len(sql) {
		c := sql[i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '?' && used < len(values):
			out.WriteString(literal(values[used]))
			used++
			continue
		}
		out.WriteByte(c)
	}
	if used != len(values) {
		return "", fmt.Errorf("the statement has a place for %d of %d bindings", used, len(values))
	}
	return out.String(), nil
}

// literal is a value as SQL.
func literal(v template.Value) string {
	switch x := v.(type) {
	case nil:
		return "null"
	case bool, int64, *big.Int, float64, *decimalValue:
		return strings.ToLower(template.Str(x))
	}
	return project.QuoteString(template.Str(v))
}

func oneRelation(c *template.Call, fn string) (*Relation, error) {
	var v template.Value
	if err := c.Unpack(fn, "relation", &v); err != nil {
		return nil, err
	}
	return relationArg(v, fn)
}

// find returns a relation as it is in the database, or None.
func (a *adapter) find(c *template.Call, rel project.Relation) (template.Value, error) {
	db := a.live()
	if db == nil {
		return nil, nil
	}
	found, ok, err := db.Relation(contextOf(c), rel)
	if err != nil || !ok {
		return nil, err
	}
	return a.s.p.relation(found), nil
}

func (a *adapter) getRelation(c *template.Call) (template.Value, error) {
	var database, schema, identifier template.Value
	if err := c.Unpack("get_relation", "database", &database, "schema", &schema, "identifier", &identifier); err != nil {
		return nil, err
	}
	if database == nil || schema == nil {
		return nil, nil // there is nothing without a database or a schema, says dbt
	}
	rel := project.Relation{Database: stringOrEmpty(database), Schema: stringOrEmpty(schema), Identifier: stringOrEmpty(identifier)}
	return a.find(c, a.placed(rel))
}

// placed fills in the target's database and schema where a name has none.
func (a *adapter) placed(rel project.Relation) project.Relation {
	home := a.s.home()
	if rel.Database == "" {
		rel.Database = home.Database
	}
	if rel.Schema == "" {
		rel.Schema = home.Schema
	}
	return rel
}

func (a *adapter) alreadyExists(c *template.Call) (template.Value, error) {
	var schema, name string
	if err := c.Unpack("already_exists", "schema", &schema, "name", &name); err != nil {
		return nil, err
	}
	v, err := a.find(c, a.placed(project.Relation{Schema: schema, Identifier: name}))
	return v != nil, err
}

func (a *adapter) columns(c *template.Call, r *Relation) ([]Column, error) {
	db := a.live()
	if db == nil {
		return nil, nil
	}
	return db.Columns(contextOf(c), r.rel)
}

func columnList(cols []Column) *template.List {
	out := template.NewList()
	for _, c := range cols {
		out.Elems = append(out.Elems, newColumn(c.Name, c.Type))
	}
	return out
}

func (a *adapter) getColumns(c *template.Call) (template.Value, error) {
	var v template.Value
	if err := c.Unpack("get_columns_in_relation", "relation", &v); err != nil {
		return nil, err
	}
	if a.live() == nil {
		return template.NewList(), nil
	}
	r, err := relationArg(v, "adapter.get_columns_in_relation")
	if err != nil {
		return nil, err
	}
	cols, err := a.columns(c, r)
	return columnList(cols), err
}

func (a *adapter) getColumnsInTable(c *template.Call) (template.Value, error) {
	var schema, name string
	if err := c.Unpack("get_columns_in_table", "schema", &schema, "identifier", &name); err != nil {
		return nil, err
	}
	cols, err := a.columns(c, NewRelation(a.placed(project.Relation{Schema: schema, Identifier: name})))
	return columnList(cols), err
}

func (a *adapter) getMissingColumns(c *template.Call) (template.Value, error) {
	var from, to template.Value
	if err := c.Unpack("get_missing_columns", "from_relation", &from, "to_relation", &to); err != nil {
		return nil, err
	}
	if a.live() == nil {
		return template.NewList(), nil
	}
	var cols [2][]Column
	for i, v := range []template.Value{from, to} {
		r, err := relationArg(v, "adapter.get_missing_columns")
		if err != nil {
			return nil, err
		}
		if cols[i], err = a.columns(c, r); err != nil {
			return nil, err
		}
	}
	return missingColumns(cols[0], cols[1]), nil
}

// describe is get_column_schema_from_query: the columns of a query, structs
// flattened.
func (a *adapter) describe(c *template.Call) (template.Value, error) {
	var sql string
	if err := c.Unpack("get_column_schema_from_query", "sql", &sql); err != nil {
		return nil, err
	}
	out := template.NewList()
	t, err := a.s.query(c, "describe ("+sql+")")
	if err != nil {
		return nil, err
	}
	for _, row := range t.rows {
		if len(row.values) < 2 {
			continue
		}
		col := newColumn(template.Str(row.values[0]), template.Str(row.values[1]))
		for _, leaf := range col.flatten() {
			out.Elems = append(out.Elems, leaf)
		}
	}
	return out, nil
}

func (a *adapter) checkSchema(c *template.Call) (template.Value, error) {
	var database, schema template.Value
	if err := c.Unpack("check_schema_exists", "database", &database, "schema", &schema); err != nil {
		return nil, err
	}
	sql := "select count(*) from system.information_schema.schemata where lower(schema_name) = lower(" +
		project.QuoteString(template.Str(schema)) + ")"
	if database != nil {
		sql += " and lower(catalog_name) = lower(" + project.QuoteString(template.Str(database)) + ")"
	}
	t, err := a.s.query(c, sql)
	if err != nil || len(t.rows) == 0 || len(t.rows[0].values) == 0 {
		return false, err
	}
	return !template.Equal(t.rows[0].values[0], int64(0)), nil
}

// listRelations takes a relation that names a schema, or a database and a schema.
func (a *adapter) listRelations(c *template.Call) (template.Value, error) {
	var first, second template.Value
	if err := c.Unpack("list_relations", "schema_relation", &first, "schema?", &second); err != nil {
		return nil, err
	}
	rel := project.Relation{Database: stringOrEmpty(first), Schema: stringOrEmpty(second)}
	if r, ok := first.(*Relation); ok {
		rel = r.rel
	}
	db := a.live()
	if db == nil {
		return template.NewList(), nil
	}
	rel = a.placed(rel)
	found, err := db.Relations(contextOf(c), rel.Database, rel.Schema)
	if err != nil {
		return nil, err
	}
	out := template.NewList()
	for _, r := range found {
		out.Elems = append(out.Elems, a.s.p.relation(r))
	}
	return out, nil
}

// execute is adapter.execute(sql, auto_begin, fetch, limit): a pair of a response
// and a table, which is empty unless fetch is true.
func (a *adapter) execute(c *template.Call) (template.Value, error) {
	var sql string
	var begin, fetch, limit template.Value
	if err := c.Unpack("execute", "sql", &sql, "auto_begin?", &begin, "fetch?", &fetch, "limit?", &limit); err != nil {
		return nil, err
	}
	if a.live() == nil {
		return template.Tuple{"", newTable(nil, a.s.printer())}, nil
	}
	t, err := a.s.query(c, sql)
	if err != nil {
		return nil, err
	}
	if !template.Truth(fetch) {
		t = newTable(nil, a.s.printer())
	}
	if n, ok := limit.(int64); ok && n >= 0 {
		t = t.withRows(t.rows[:min(int(n), len(t.rows))])
	}
	return template.Tuple{response{message: "OK"}, t}, nil
}

// changing are the methods that change the database: each is one statement.
func (a *adapter) changing(name string) method {
	switch name {
	case "create_schema":
		return a.statement(name, func(r *Relation) string { return "create schema if not exists " + schemaOf(r) })
	case "drop_schema":
		return a.statement(name, func(r *Relation) string { return "drop schema if exists " + schemaOf(r) + " cascade" })
	case "drop_relation":
		return a.statement(name, func(r *Relation) string {
			return "drop " + kindOf(r) + " if exists " + r.render() + " cascade"
		})
	case "truncate_relation":
		return a.statement(name, func(r *Relation) string { return "truncate table " + r.render() })
	case "rename_relation":
		return a.rename
	case "alter_column_type", "store_relation", "test_sql":
		return func(c *template.Call) (template.Value, error) {
			return nil, diag.New(diag.Unsupported, c.Place, "adapter.%s() is not supported", name).
				WithHint("write the SQL and run it with run_query()")
		}
	}
	return nil
}

func schemaOf(r *Relation) string {
	c := r.clone()
	c.rel.Identifier = ""
	return c.render()
}

// kindOf is the word of DDL for a relation.
func kindOf(r *Relation) string {
	if r.rel.Type == "view" {
		return "view"
	}
	return "table"
}

func (a *adapter) statement(name string, sql func(*Relation) string) method {
	return func(c *template.Call) (template.Value, error) {
		if a.live() == nil {
			return nil, nil
		}
		r, err := oneRelation(c, "adapter."+name)
		if err != nil {
			return nil, err
		}
		if r, err = a.withType(c, r, name); err != nil {
			return nil, err
		}
		_, err = a.s.query(c, sql(r))
		return nil, err
	}
}

// withType looks up whether a relation to be dropped is a view, where that is not
// known.
func (a *adapter) withType(c *template.Call, r *Relation, name string) (*Relation, error) {
	if r.rel.Type != "" || name != "drop_relation" {
		return r, nil
	}
	found, ok, err := a.live().Relation(contextOf(c), r.rel)
	if err != nil || !ok {
		return r, err
	}
	r = r.clone()
	r.rel.Type = found.Type
	return r, nil
}

func (a *adapter) rename(c *template.Call) (template.Value, error) {
	var from, to template.Value
	if err := c.Unpack("rename_relation", "from_relation", &from, "to_relation", &to); err != nil {
		return nil, err
	}
	if a.live() == nil {
		return nil, nil
	}
	src, err := relationArg(from, "adapter.rename_relation")
	if err != nil {
		return nil, err
	}
	dst, err := relationArg(to, "adapter.rename_relation")
	if err != nil {
		return nil, err
	}
	_, err = a.s.query(c, fmt.Sprintf("alter %s %s rename to %s", kindOf(dst), src.render(), project.QuoteIdent(dst.rel.Identifier)))
	return nil, err
}

// files are the methods about files that models read and write.
func (a *adapter) files(name string) method {
	switch name {
	case "external_root":
		return answers(func() template.Value { return a.s.p.set.ExternalRoot })
	case "location_exists":
		return func(c *template.Call) (template.Value, error) {
			var path string
			if err := c.Unpack(name, "location", &path); err != nil {
				return nil, err
			}
			return a.s.p.set.LocationExists != nil && a.s.p.set.LocationExists(path), nil
		}
	case "external_write_options":
		return externalWriteOptions
	case "external_read_location":
		return externalReadLocation
	}
	return nil
}

func externalReadLocation(c *template.Call) (template.Value, error) {
	var location string
	var options *template.Dict
	if err := c.Unpack("external_read_location", "write_location", &location, "rendered_options", &options); err != nil {
		return nil, err
	}
	partition, _ := options.Get("partition_by")
	perThread, _ := options.Get("per_thread_output")
	if !template.Truth(partition) && !template.Truth(perThread) {
		return location, nil
	}
	globs := []string{location, "*"}
	if template.Truth(partition) {
		for range strings.Split(template.Str(partition), ",") {
			globs = append(globs, "*")
		}
	}
	format, ok := options.Get("format")
	if !ok {
		format = "parquet"
	}
	return strings.Join(globs, "/") + "." + template.Str(format), nil
}

// externalWriteOptions is adapter.external_write_options.
func externalWriteOptions(c *template.Call) (template.Value, error) {
	var location string
	var options *template.Dict
	if err := c.Unpack("external_write_options", "write_location", &location, "rendered_options", &options); err != nil {
		return nil, err
	}
	return ExternalWriteOptions(location, options), nil
}

// ExternalWriteOptions is the text between the parentheses of the COPY that writes an
// external model; like dbt-duckdb's, it fills the dict it is given with what the name of
// the file says of its format and compression.
func ExternalWriteOptions(location string, options *template.Dict) string {
	setDefault := func(key string, v template.Value) {
		if _, ok := options.Get(key); !ok {
			_ = options.Set(key, v)
		}
	}
	if _, ok := options.Get("format"); !ok {
		format, compression := formatOf(location)
		if _, delimited := options.Get("delimiter"); format == "" && delimited {
			format = "csv"
		}
		if format == "" {
			format = "parquet"
		}
		_ = options.Set("format", format)
		if compression != "" {
			setDefault("compression", compression)
		}
	}
	if v, _ := options.Get("format"); v == template.Value("csv") {
		setDefault("header", int64(1))
	}
	if v, ok := options.Get("partition_by"); ok {
		if text := template.Str(v); strings.Contains(text, ",") && !strings.HasPrefix(text, "(") {
			_ = options.Set("partition_by", "("+text+")")
		}
	}
	var parts []string
	for _, it := range options.Items() {
		key, value := template.Str(it.Key), template.Str(it.Value)
		switch strings.ToLower(key) {
		case "delimiter", "quote", "escape", "null":
			if !strings.HasPrefix(value, "'") {
				value = "'" + value + "'"
			}
		}
		parts = append(parts, key+" "+value)
	}
	return strings.Join(parts, ", ")
}

// formatOf is what a file's name says of its format and compression.
func formatOf(location string) (format, compression string) {
	lower := strings.ToLower(location[strings.LastIndexAny(location, `/\`)+1:])
	for suffix, name := range map[string]string{".gz": "gzip", ".zst": "zstd"} {
		if strings.HasSuffix(lower, suffix) {
			lower, compression = strings.TrimSuffix(lower, suffix), name
		}
	}
	if at := strings.LastIndexByte(lower, '.'); at > 0 {
		return lower[at+1:], compression
	}
	return "", ""
}
