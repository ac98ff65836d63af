package selector

import (
	"strings"

	"elt/compiler/project"
	"elt/compiler/template"
)

// configMatches compares the value at the criterion's path, or an element of it if it
// is a list, with the criterion's value.
func (c *Criterion) configMatches(n *project.Node) bool {
	switch n.Type {
	case project.Exposure, project.UnitTest, project.Metric, project.SemanticModel, project.SavedQuery:
		return false // dbt looks at no config of theirs
	}
	value, ok := configAt(n, c.Args)
	if !ok {
		return false
	}
	fold := len(c.Args) == 1 && c.Args[0] == "severity"
	for _, e := range elements(value) {
		if c.valueEquals(e, fold) {
			return true
		}
	}
	return false
}

// configAt is the value at a path of keys.
func configAt(n *project.Node, keys []string) (template.Value, bool) {
	value, ok := configValue(n, keys[0])
	for _, key := range keys[1:] {
		d, isDict := value.(*template.Dict)
		if !ok || !isDict {
			return nil, false
		}
		value, ok = d.Get(key)
	}
	return value, ok
}

// elements are those of a list, else the value alone.
func elements(v template.Value) []template.Value {
	switch x := v.(type) {
	case *template.List:
		return x.Elems
	case template.Tuple:
		return x
	}
	return []template.Value{v}
}

// valueEquals compares as dbt does: a number in config is not its text, but true and
// false in any letter case mean the truth values.
func (c *Criterion) valueEquals(v template.Value, fold bool) bool {
	if c.Typed != nil {
		return template.Equal(v, c.Typed)
	}
	switch x := v.(type) {
	case string:
		return x == c.Value || fold && strings.EqualFold(x, c.Value)
	case bool:
		return strings.EqualFold(c.Value, "true") == x && (x || strings.EqualFold(c.Value, "false"))
	}
	return false
}

// configValue is one key of a node's config, with dbt's default where nobody set it.
func configValue(n *project.Node, key string) (template.Value, bool) {
	if v, ok := n.Config.Get(key); ok {
		return v.Value, true
	}
	switch key {
	case "enabled":
		return true, true
	case "tags":
		if n.Type == project.Test {
			break // its Tags hold those of its column, which is no config
		}
		list := template.NewList()
		for _, t := range n.Tags {
			list.Elems = append(list.Elems, t)
		}
		return list, true
	case "meta":
		return n.Meta, n.Meta != nil
	case "group":
		return n.Group, n.Group != ""
	case "materialized":
		if m := n.Materialized(); m != "" {
			return m, true
		}
	}
	return defaultConfig(n.Type, key)
}

// defaultConfig is what dbt gives to a key that nobody set, where that is a text, a
// truth value or a mapping of those.
func defaultConfig(of project.ResourceType, key string) (template.Value, bool) {
	if of == project.Source {
		return nil, false
	}
	if of == project.Test {
		switch key {
		case "severity":
			return "ERROR", true
		case "fail_calc":
			return "count(*)", true
		case "warn_if", "error_if":
			return "!= 0", true
		case "schema":
			return "dbt_test__audit", true
		}
		return nil, false
	}
	switch {
	case key == "on_schema_change":
		return "ignore", true
	case key == "on_configuration_change":
		return "apply", true
	case key == "docs":
		return template.NewDict(template.Item{Key: "show", Value: true}), true
	case key == "contract":
		return template.NewDict(template.Item{Key: "enforced", Value: false}, template.Item{Key: "alias_types", Value: true}), true
	case key == "materialized" && (of == project.Operation || of == project.Analysis):
		return "view", true
	case key == "access" && of == project.Model:
		return "protected", true
	case key == "delimiter" && of == project.Seed:
		return ",", true
	}
	return nil, false
}
