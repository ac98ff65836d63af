package dbtcontext

import (
	"strings"

	"elt/compiler/diag"
	"elt/compiler/template"
)

// raising are the functions of exceptions that end the rendering with their
// message. The map's value is what they call the thing that is wrong, put in front
// of the message; most say it themselves.
var raising = map[string]string{
	"raise_compiler_error":               "",
	"raise_database_error":               "",
	"raise_dependency_error":             "",
	"raise_fail_fast_error":              "",
	"raise_not_implemented":              "",
	"raise_parsing_error":                "",
	"raise_contract_error":               "the contract of the model is not kept: ",
	"raise_ambiguous_alias":              "two resources have the same alias: ",
	"raise_dep_not_found":                "a dependency was not found: ",
	"raise_cache_inconsistent":           "",
	"raise_ambiguous_catalog_match":      "",
	"raise_dataclass_not_dict":           "",
	"raise_duplicate_patch_name":         "",
	"raise_duplicate_resource_name":      "",
	"raise_invalid_property_yml_version": "",
	"missing_config":                     "a required config is missing: ",
	"missing_materialization":            "a materialization is missing: ",
	"missing_relation":                   "a relation is missing: ",
	"relation_wrong_type":                "a relation has the wrong type: ",
	"column_type_missing":                "columns have no data_type: ",
}

// exceptions is dbt's exceptions namespace.
type exceptions struct {
	p     *Project
	quiet bool // warnings are for nobody
}

// TypeName is the Python type name.
func (exceptions) TypeName() string { return "dict" }

// Attr returns one of its functions.
func (e exceptions) Attr(name string) (template.Value, bool) {
	if name == "warn" {
		return template.NewFunc("exceptions.warn", e.warn), true
	}
	if name == "warn_snapshot_timestamp_data_types" {
		return template.NewFunc("exceptions."+name, func(*template.Call) (template.Value, error) {
			return nil, nil
		}), true
	}
	what, ok := raising[name]
	if !ok {
		return nil, false
	}
	return template.NewFunc("exceptions."+name, func(c *template.Call) (template.Value, error) {
		return nil, diag.New(diag.RaisedError, c.Place, "%s%s", what, raisedMessage(c))
	}), true
}

// raisedMessage is the message of a raising call: its first argument; of those
// that name things, all arguments that are not the node.
func raisedMessage(c *template.Call) string {
	var parts []string
	for _, v := range c.Args {
		if !isNode(v) {
			parts = append(parts, template.Str(v))
		}
	}
	for _, kw := range c.Kwargs {
		if kw.Name != "node" && kw.Name != "model" {
			parts = append(parts, template.Str(kw.Value))
		}
	}
	return strings.TrimSpace(strings.Join(parts, ", "))
}

// isNode reports whether a value is the dict of a node.
func isNode(v template.Value) bool {
	d, ok := v.(*template.Dict)
	if !ok {
		return false
	}
	_, ok = d.Get("unique_id")
	return ok
}

func (e exceptions) warn(c *template.Call) (template.Value, error) {
	var msg, node template.Value
	if err := c.Unpack("warn", "msg", &msg, "node?", &node); err != nil {
		return nil, err
	}
	text, place := template.Str(msg), c.Place
	if e.p.builtins().sources[place.Source] { // nobody can do anything about the place inside
		place = diag.Place{}
	}
	switch {
	case e.quiet:
	case e.p.set.Warn != nil:
		e.p.set.Warn(diag.Warn(diag.RaisedError, place, "%s", text).WithEvent("JinjaLogWarning"))
	case e.p.set.Log != nil:
		e.p.set.Log(text, true)
	}
	return "", nil
}
