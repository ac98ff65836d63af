package dbtcontext

import (
	"context"
	"fmt"

	"elt/compiler/diag"
	"elt/compiler/template"
)

// storedResult is what statement() keeps for load_result(); loaded says that it
// has been handed out, which dbt allows once.
type storedResult struct {
	value  *template.Dict
	loaded bool
}

func (s *Scope) loadResult(c *template.Call) (template.Value, error) {
	var name string
	if err := c.Unpack("load_result", "name", &name); err != nil {
		return nil, err
	}
	r, ok := s.results[name]
	switch {
	case !ok:
		return nil, nil
	case r.loaded && name != "main":
		return nil, diag.New(diag.TemplateError, c.Place, "the result %q has been loaded already", name).
			WithHint("keep what load_result(%s) answers in a variable", template.Repr(name))
	}
	r.loaded = true
	return r.value, nil
}

func (s *Scope) storeResult(c *template.Call) (template.Value, error) {
	var name, response, table template.Value
	if err := c.Unpack("store_result", "name", &name, "response", &response, "agate_table?", &table); err != nil {
		return nil, err
	}
	s.store(template.Str(name), response, table)
	return "", nil
}

func (s *Scope) storeRawResult(c *template.Call) (template.Value, error) {
	var name, message, code, rows, table template.Value
	if err := c.Unpack("store_raw_result", "name", &name, "message?", &message, "code?", &code,
		"rows_affected?", &rows, "agate_table?", &table); err != nil {
		return nil, err
	}
	s.store(template.Str(name), response{message, code, rows}, table)
	return "", nil
}

func (s *Scope) store(name string, resp, table template.Value) {
	t, ok := table.(*tableObject)
	if !ok {
		t = newTable(nil, s.printer())
	}
	data := template.NewList()
	for _, row := range t.rows {
		data.Elems = append(data.Elems, template.Tuple(row.values))
	}
	if s.results == nil {
		s.results = map[string]*storedResult{}
	}
	s.results[name] = &storedResult{value: template.NewDict(
		template.Item{Key: "response", Value: resp},
		template.Item{Key: "data", Value: data},
		template.Item{Key: "table", Value: t},
	)}
}

// response is dbt's AdapterResponse.
type response struct{ message, code, rows template.Value }

// TypeName is the Python type name.
func (response) TypeName() string { return "AdapterResponse" }

// Str is the message.
func (r response) Str() string { return template.Str(r.message) }

// Repr is Python's.
func (r response) Repr() string {
	return fmt.Sprintf("AdapterResponse(_message=%s, code=%s, rows_affected=%s, query_id=None)",
		template.Repr(r.message), template.Repr(r.code), template.Repr(r.rows))
}

// Attr returns an attribute.
func (r response) Attr(name string) (template.Value, bool) {
	switch name {
	case "_message", "message":
		return r.message, true
	case "code":
		return r.code, true
	case "rows_affected":
		return r.rows, true
	}
	return nil, false
}

// contextOf is the context of the rendering a call belongs to.
func contextOf(c *template.Call) context.Context {
	if c.Thread != nil && c.Thread.Ctx != nil {
		return c.Thread.Ctx
	}
	return context.Background()
}

// query runs one statement; without a database the answer is empty.
func (s *Scope) query(c *template.Call, sql string) (*tableObject, error) {
	db := s.host.Database()
	if db == nil || !s.host.Execute() {
		return newTable(nil, s.printer()), nil
	}
	t, err := db.Query(contextOf(c), sql)
	if err != nil {
		return nil, err
	}
	return newTable(t, s.printer()), nil
}

// render is render(text): a template rendered with the names of this rendering.
func (s *Scope) render(c *template.Call) (template.Value, error) {
	var v template.Value
	if err := c.Unpack("render", "string", &v); err != nil {
		return nil, err
	}
	text, ok := v.(string)
	if !ok {
		return nil, fmt.Errorf("render() takes a string, not %s", template.TypeName(v))
	}
	return renderText(c, text, "render()", s)
}

// TableOf is the result of a query that a template hands out; nil for anything else.
func TableOf(v template.Value) *Table {
	t, ok := v.(*tableObject)
	if !ok {
		return nil
	}
	out := &Table{}
	for i, name := range t.names {
		out.Columns = append(out.Columns, Column{Name: name, Type: t.types[i]})
	}
	for _, row := range t.rows {
		out.Rows = append(out.Rows, row.values)
	}
	return out
}

// seedRows is load_agate_table(): the rows of a seed's file, while the seed is made.
func (s *Scope) seedRows(c *template.Call) (template.Value, error) {
	db, ok := s.host.Database().(SeedDatabase)
	if !ok || !s.host.Execute() {
		return nil, diag.New(diag.TemplateError, c.Place, "load_agate_table() can only load agate tables for seeds").
			WithHint("it can be called while a seed is made: in a materialization block for seeds, or in what it calls")
	}
	rows, err := db.SeedRows()
	if err != nil {
		return nil, err
	}
	t := newTable(rows, s.printer())
	for i, col := range rows.Columns {
		if col.Type == "Text" {
			t.types[i] = col.Type
		}
	}
	return t, nil
}
