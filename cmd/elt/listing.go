package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"elt/cmd/elt/internal/report"
	"elt/compiler/dbtcontext"
	"elt/compiler/project"
	"elt/compiler/template"
)

// listKeys are the keys of `elt ls --output json` where --output-keys names none.
var listKeys = []string{
	"name", "resource_type", "package_name", "original_file_path", "unique_id",
	"alias", "source_name", "depends_on", "direct_parents", "tags", "config",
}

// writeListed writes one node in a format of `elt ls`.
func (in *invocation) writeListed(n *project.Node, format string, keys []string) error {
	if format == "json" {
		return report.WriteJSON(in.stdout, describe(n, keys))
	}
	line := selectorOf(n)
	switch format {
	case "name":
		line = searchName(n)
	case "path":
		line = n.OriginalPath
	}
	_, err := io.WriteString(in.stdout, line+"\n")
	return err
}

// searchName is the name by which dbt tells a node: of a source with the source's, of a versioned model with the version.
func searchName(n *project.Node) string {
	switch {
	case n.Type == project.Source:
		return n.Table.SourceName + "." + n.Name
	case n.Type == project.Model && n.Version != "":
		return n.Name + ".v" + n.Version
	}
	return n.Name
}

// selectorOf is how dbt's ls calls a node: a text that --select understands.
func selectorOf(n *project.Node) string {
	switch n.Type {
	case project.Source:
		return "source:" + n.Package + "." + n.Table.SourceName + "." + n.Name
	case project.Exposure, project.UnitTest, project.Metric, project.SemanticModel, project.SavedQuery:
		return string(n.Type) + ":" + n.Package + "." + n.Name
	}
	return strings.Join(n.FQN, ".")
}

// describe gives the wanted keys of a node, in the order asked for, else in dbt's; a key with dots
// reaches inside. A key that a node does not have is left out, as dbt does, and so is one with dots that is null.
func describe(n *project.Node, keys []string) ordered {
	all := facts(n)
	var out ordered
	if len(keys) == 0 {
		for _, f := range all {
			if slices.Contains(listKeys, f.key) {
				out = append(out, f)
			}
		}
		return out
	}
	for _, key := range keys {
		path := strings.Split(key, ".")
		if value, ok := reach(all, path); ok && (value != nil || len(path) == 1) {
			out = append(out, field{key, value})
		}
	}
	return out
}

// facts are all that `elt ls --output json` can tell of a node: what stands in the manifest
// before anything is compiled.
func facts(n *project.Node) ordered {
	all, _ := plainValue(dbtcontext.NodeValue(n)).(ordered)
	for i, f := range all {
		switch {
		case f.key != "depends_on":
		case n.Type == project.Seed:
			all[i].value = ordered{{"macros", listOf(n.ParsedMacros())}}
		default:
			all[i].value = ordered{{"macros", listOf(n.ParsedMacros())}, {"nodes", listOf(n.DependsOn)}}
		}
	}
	if n.Type == project.Model {
		all = append(all, field{"direct_parents", listOf(n.DependsOn)})
	}
	return all
}

func listOf(names []string) []string {
	if names == nil {
		return []string{}
	}
	return names
}

// reach follows a path of keys into a value.
func reach(value any, keys []string) (any, bool) {
	if len(keys) == 0 {
		return value, true
	}
	switch v := value.(type) {
	case map[string]any:
		inner, ok := v[keys[0]]
		if !ok {
			return nil, false
		}
		return reach(inner, keys[1:])
	case ordered:
		for _, f := range v {
			if f.key == keys[0] {
				return reach(f.value, keys[1:])
			}
		}
	}
	return nil, false
}

// field and ordered are a JSON object that keeps the order of its keys.
type field struct {
	key   string
	value any
}

type ordered []field

// MarshalJSON writes the fields in order.
func (o ordered) MarshalJSON() ([]byte, error) {
	var b strings.Builder
	b.WriteByte('{')
	for i, f := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		value, err := json.Marshal(f.value)
		if err != nil {
			return nil, fmt.Errorf("key %q: %w", f.key, err)
		}
		key, _ := json.Marshal(f.key)
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return []byte(b.String()), nil
}

// plainValue turns a template value into what JSON can hold.
func plainValue(v template.Value) any {
	switch v := v.(type) {
	case *template.Dict:
		out := ordered{}
		for _, item := range v.Items() {
			out = append(out, field{fmt.Sprint(item.Key), plainValue(item.Value)})
		}
		return out
	case *template.List:
		return plainList(v.Elems)
	case template.Tuple:
		return plainList(v)
	case nil, bool, int64, float64, string:
		return v
	}
	return fmt.Sprint(v)
}

func plainList(values []template.Value) []any {
	out := make([]any, len(values))
	for i, v := range values {
		out[i] = plainValue(v)
	}
	return out
}
