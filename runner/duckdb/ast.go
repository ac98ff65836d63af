package duckdb

import (
	"encoding/json"
	"sort"
	"strconv"
	"strings"
)

// object is a node of DuckDB's syntax tree.
type object = map[string]any

// scope is the CTEs a part of a query can name: a list, innermost first, of names in
// lower case. nil is the empty scope.
type scope struct {
	name  string
	outer *scope
}

func (s *scope) with(name string) *scope { return &scope{strings.ToLower(name), s} }

func (s *scope) has(name string) bool {
	for name = strings.ToLower(name); s != nil; s = s.outer {
		if s.name == name {
			return true
		}
	}
	return false
}

// walker collects the table names of a syntax tree.
type walker struct {
	sql    string
	tokens []token
	refs   []TableRef
}

// walk visits a value and all below it.
func (w *walker) walk(value any, in *scope) {
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			w.walk(item, in)
		}
	case object:
		w.object(v, in)
	}
}

func (w *walker) object(node object, in *scope) {
	switch node["type"] {
	case "BASE_TABLE":
		w.table(node, in)
	case "RECURSIVE_CTE_NODE":
		w.recursive(node, in)
		return
	}
	in = w.ctes(node, in)
	w.fields(node, in)
}

// fields visits what is below a node, its CTEs aside.
func (w *walker) fields(node object, in *scope) {
	names := make([]string, 0, len(node))
	for name := range node {
		if name != "cte_map" {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	for _, name := range names {
		w.walk(node[name], in)
	}
}

// ctes visits the WITH of a node and returns the scope with its names. Each CTE sees
// the ones before it, never itself: with stg as (select * from stg) reads the table.
func (w *walker) ctes(node object, in *scope) *scope {
	list, _ := node["cte_map"].(object)
	entries, _ := list["map"].([]any)
	for _, item := range entries {
		entry, _ := item.(object)
		w.walk(entry["value"], in)
		if name, ok := entry["key"].(string); ok {
			in = in.with(name)
		}
	}
	return in
}

// recursive visits a recursive CTE: only its second half can name it.
func (w *walker) recursive(node object, in *scope) {
	in = w.ctes(node, in)
	name, _ := node["cte_name"].(string)
	for field, value := range node {
		switch field {
		case "cte_map", "right":
		default:
			w.walk(value, in)
		}
	}
	w.walk(node["right"], in.with(name).with(recurring+name))
}

// recurring is the schema by which a recursive CTE with USING KEY names all its rows.
const recurring = "recurring."

// table adds a table name that does not mean a CTE.
func (w *walker) table(node object, in *scope) {
	ref := TableRef{Catalog: text(node["catalog_name"]), Schema: text(node["schema_name"]), Name: text(node["table_name"])}
	ref.Aliased = text(node["alias"]) != ""
	if ref.Catalog == "" && ref.Schema == "" && in.has(ref.Name) {
		return
	}
	if ref.Catalog == "" && in.has(ref.Schema+"."+ref.Name) {
		return
	}
	number, _ := node["query_location"].(json.Number)
	at, err := strconv.Atoi(number.String())
	if err != nil {
		return // made by DuckDB, not written in the text
	}
	i := sort.Search(len(w.tokens), func(i int) bool { return w.tokens[i].start >= at })
	name, ok := dottedAt(w.sql, w.tokens, i)
	if !ok || name.start != at || !strings.EqualFold(name.name, ref.Name) {
		return // a file in quotes
	}
	ref.Start, ref.End = name.start, name.end
	w.refs = append(w.refs, ref)
}

func text(value any) string {
	s, _ := value.(string)
	return s
}
