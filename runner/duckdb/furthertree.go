package duckdb

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// mask is an expression that was replaced by a null.
type mask struct {
	node   object
	alias  string
	within bool // the null is a part of the node
}

// unwrapValues takes away the subquery that DuckDB puts around VALUES each time it writes and reads
// them.
func unwrapValues(value any) {
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			unwrapValues(item)
		}
	case object:
		if inner := valuesIn(v); inner != nil {
			become(v, inner)
		}
		for _, item := range v {
			unwrapValues(item)
		}
	}
}

func valuesIn(node object) object {
	subquery, _ := node["subquery"].(object)
	query, _ := subquery["node"].(object)
	from, _ := query["from_table"].(object)
	if node["alias"] == "valueslist" && from["type"] == "EXPRESSION_LIST" {
		return from
	}
	return nil
}

// relocate gives the expressions of a tree the places that they have in another tree of the same
// query, and none where the trees differ.
func relocate(tree, told any) {
	switch t := tree.(type) {
	case []any:
		others, _ := told.([]any)
		for i := range t {
			if len(others) == len(t) {
				relocate(t[i], others[i])
			} else {
				relocate(t[i], nil)
			}
		}
	case object:
		other, _ := told.(object)
		if text(other["class"]) != text(t["class"]) || text(other["type"]) != text(t["type"]) {
			other = nil
		}
		for key := range t {
			relocate(t[key], other[key])
		}
		if t["query_location"] != nil {
			t["query_location"] = other["query_location"]
		}
	}
}

// location is where a node stands.
func location(node object) (int, bool) {
	number, _ := node["query_location"].(json.Number)
	at, err := strconv.Atoi(number.String())
	return at, err == nil
}

// find is the path of the first node, outermost first, that is asked for; "" for none.
func find(value any, path string, is func(node object) bool) string {
	switch v := value.(type) {
	case []any:
		for i, item := range v {
			if found := find(item, path+"/"+strconv.Itoa(i), is); found != "" {
				return found
			}
		}
	case object:
		if is(v) {
			return path
		}
		for _, key := range sortedKeys(v) {
			if found := find(v[key], path+"/"+key, is); found != "" {
				return found
			}
		}
	}
	return ""
}

func sortedKeys(node object) []string {
	keys := make([]string, 0, len(node))
	for key := range node {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// nameOf is the name that an expression is about, in small letters.
func nameOf(node object) string {
	switch parts, _ := node["column_names"].([]any); {
	case len(parts) > 0:
		return strings.ToLower(text(parts[len(parts)-1]))
	default:
		return strings.ToLower(text(node["function_name"]))
	}
}

// isListed reports whether a path is that of a whole item of a select list.
func isListed(path string) bool {
	steps := strings.Split(path, "/")
	return len(steps) > 2 && steps[len(steps)-2] == "select_list"
}

// set gives the null of a mask a type, "" for none.
func (m mask) set(typ string) {
	if m.within {
		m.node["else_expr"] = nullOf(typ)
		return
	}
	null := nullOf(typ)
	null["alias"] = m.alias
	become(m.node, null)
}

// become makes a node another one, where it stands.
func become(node, other object) {
	clear(node)
	maps.Copy(node, other)
}

// nullOf is a null of a type, "" for the type of null itself. It is a cast, since ORDER BY takes
// no constant.
func nullOf(typ string) object {
	constant := object{"class": "CONSTANT", "type": "VALUE_CONSTANT", "alias": "", "value": object{"type": object{"id": "NULL", "type_info": nil}, "is_null": true}}
	var info any
	if typ == "LIST" {
		info = object{"type": "LIST_TYPE_INFO", "alias": "", "extension_info": nil, "child_type": object{"id": "VARCHAR", "type_info": nil}}
	}
	return object{"class": "CAST", "type": "OPERATOR_CAST", "alias": "", "child": constant,
		"cast_type": object{"id": cmp.Or(typ, "NULL"), "type_info": info}, "try_cast": false}
}

// rowOf is a row of expressions, which may be of any types.
func rowOf(values []any) object {
	return object{"class": "FUNCTION", "type": "FUNCTION", "alias": "", "function_name": "row", "schema": "main", "catalog": "", "children": values,
		"filter": nil, "order_bys": object{"type": "ORDER_MODIFIER", "orders": []any{}}, "distinct": false, "is_operator": false, "export_state": false}
}

// argumentsOf are the arguments of a call that may stand by themselves.
func argumentsOf(node object) []any {
	children, _ := node["children"].([]any)
	var out []any
	for _, item := range children {
		child, _ := item.(object)
		switch text(child["class"]) {
		case "", "STAR", "LAMBDA":
			continue
		}
		child["alias"] = "" // a named argument
		out = append(out, child)
	}
	return out
}
