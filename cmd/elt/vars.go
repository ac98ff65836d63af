package main

import (
	"strings"

	"elt/compiler/template"

	"go.yaml.in/yaml/v3"
)

// parseVars reads the value of --vars.
func parseVars(text string) (*template.Dict, error) {
	return parseMapping("--vars", text, "{start: 2013-01-01, top: 10}")
}

// parseMapping reads the value of a flag that is a YAML mapping, as dbt takes it. A text
// of the form "key: value" and {key: value} are the same. example is shown where the value
// is none.
func parseMapping(flag, text, example string) (*template.Dict, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		return nil, usagef("%s is not YAML: %s", flag, strings.TrimPrefix(err.Error(), "yaml: ")).
			withHint("for example %s '%s'", flag, example)
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, usagef("%s needs names and values, not %q", flag, text).
			withHint("for example %s '%s'", flag, example)
	}
	value, err := yamlValue(doc.Content[0])
	if err != nil {
		return nil, usagef("%s: %v", flag, err)
	}
	return value.(*template.Dict), nil
}

// yamlValue turns a YAML node into a template value; mappings keep their order.
func yamlValue(n *yaml.Node) (template.Value, error) {
	switch n.Kind {
	case yaml.MappingNode:
		dict := template.NewDict()
		for i := 0; i+1 < len(n.Content); i += 2 {
			value, err := yamlValue(n.Content[i+1])
			if err != nil {
				return nil, err
			}
			if err := dict.Set(n.Content[i].Value, value); err != nil {
				return nil, err
			}
		}
		return dict, nil
	case yaml.SequenceNode:
		list := template.NewList()
		for _, item := range n.Content {
			value, err := yamlValue(item)
			if err != nil {
				return nil, err
			}
			list.Elems = append(list.Elems, value)
		}
		return list, nil
	case yaml.AliasNode:
		return yamlValue(n.Alias)
	}
	var scalar any
	if err := n.Decode(&scalar); err != nil {
		return nil, err
	}
	switch v := scalar.(type) {
	case int:
		return int64(v), nil
	case nil, bool, float64, string:
		return v, nil
	}
	return n.Value, nil // dates and numbers beyond int64 stay text
}
