package project

import (
	"strings"

	"elt/compiler/diag"
	"elt/compiler/template"
)

// resolved is what a config was resolved of.
type resolved struct {
	p  *Project
	in ResolveInput
}

// Unrendered is what a node's config says as dbt's unrendered_config has it: without
// defaults, with values of project files and of config() unrendered, and each level over
// the one before, whole values over whole values. The result is the caller's. A config that
// was not resolved has none.
func (n *Node) Unrendered() *template.Dict { return n.Config.unrendered(n.configTexts()) }

// configTexts are the arguments of config() in a node's own code where dbt (since 1.12) keeps
// their texts, and nil where it keeps their values.
func (n *Node) configTexts() *template.Dict {
	generic := n.Test != nil && n.Test.Generic != ""
	if !strings.Contains(n.RawCode, "config(") || n.Template == nil && !generic {
		return nil
	}
	if n.IsUnrenderedTest() || n.IsPython() { // of a Python model dbt reads the values
		return nil
	}
	t := n.Template
	if n.Block != nil || generic { // its template is more than its code, or another's
		var err error
		if t, err = template.Parse(diag.NewSource("", n.RawCode)); err != nil {
			return nil
		}
	}
	if n.Static {
		return nil
	}
	return t.ConfigTexts()
}

// unrendered is [Node.Unrendered]. texts are what counts of the calls of config(), where there
// are any; nil stands for their values.
func (c *Config) unrendered(texts *template.Dict) *template.Dict {
	out := template.NewDict()
	if c == nil || c.from == nil {
		return out
	}
	p, in := c.from.p, c.from.in
	if in.Type != SemanticModel && in.Type != SavedQuery { // dbt looks for theirs under keys that no project file has
		setTree(out, p.configs[in.Type], in.FQN)
	}
	if in.Type == Source {
		dictSet(out, "loaded_at_field", nil)
		dictSet(out, "loaded_at_query", nil)
	}
	if in.Patch != nil {
		for _, e := range in.Patch.own {
			if in.Type == Exposure && e.value.Beside {
				continue
			}
			if e.value.Spelled != "" {
				dictSet(out, e.value.Spelled, e.value.written(in.Type, e.key))
				continue
			}
			setUnrendered(out, e.key, e.value.written(in.Type, e.key))
		}
	}
	calls := NewConfig() // several calls of config() are joined first
	for _, call := range in.InFile {
		if call.Values == nil {
			continue
		}
		for _, item := range call.Values.Items() {
			if name, ok := item.Key.(string); ok {
				joinCalls(calls, configKey(name), item.Value)
			}
		}
	}
	if texts != nil && len(calls.own) > 0 {
		calls = NewConfig()
		for _, item := range texts.Items() {
			dictSet(out, template.Str(item.Key), item.Value) // pre_hook keeps its name, too
		}
	}
	for _, e := range calls.own {
		setUnrendered(out, e.key, e.value.Value)
	}
	if p.root != nil && in.Type != SemanticModel && in.Type != SavedQuery {
		setTree(out, p.root.configs[in.Type], in.FQN)
	}
	return out
}

// written is a value of a property file as unrendered_config has it. Of what stands beside config of a
// snapshot dbt keeps what is written, but tags as they are written and as they are rendered; of the rest see
// [asPatched].
func (v ConfigValue) written(t ResourceType, key string) template.Value {
	switch {
	case v.Raw == nil:
		return v.Value
	case t == Snapshot && v.Beside && key != "tags":
		return v.Raw
	}
	return asPatched(v.Raw, v.Value)
}

// asPatched is a value of a property file as dbt has it among what is unrendered: as it is
// written, but each list with the rendered elements behind those that are written.
func asPatched(raw, rendered template.Value) template.Value {
	switch raw := raw.(type) {
	case *template.List:
		out := template.NewList(raw.Elems...)
		if more, ok := rendered.(*template.List); ok {
			out.Elems = append(out.Elems, more.Elems...)
		}
		return out
	case *template.Dict:
		values, _ := rendered.(*template.Dict)
		out := template.NewDict()
		for _, item := range raw.Items() {
			v, _ := values.Get(item.Key)
			_ = out.Set(item.Key, asPatched(item.Value, v))
		}
		return out
	}
	return raw
}

// joinCalls sets a key of a config() call over that of an earlier one.
func joinCalls(c *Config, key string, v template.Value) {
	if _, twice := c.Get(key); twice {
		mergeConfig(c, key, ConfigValue{Value: v})
		return
	}
	c.Set(key, ConfigValue{Value: v})
}

// setTree sets what the folders of a project file say, from the top down.
func setTree(out *template.Dict, tree *configTree, fqn []string) {
	for at := tree; at != nil; {
		for _, e := range at.config.own {
			v := e.value.Value
			if e.value.Raw != nil {
				v = e.value.Raw
			}
			setUnrendered(out, e.key, v)
		}
		if len(fqn) == 0 {
			return
		}
		at, fqn = at.children[fqn[0]], fqn[1:]
	}
}

func setUnrendered(out *template.Dict, key string, v template.Value) {
	switch key {
	case "pre_hook":
		key = "pre-hook"
	case "post_hook":
		key = "post-hook"
	}
	dictSet(out, key, v)
}
