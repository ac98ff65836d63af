package project

import "elt/compiler/template"

// resolved is what a config was resolved of.
type resolved struct {
	p  *Project
	in ResolveInput
}

// Unrendered is what a node's config says as dbt's unrendered_config has it: without
// defaults, with values of project files unrendered, and each level over the one before,
// whole values over whole values. The result is the caller's. A config that was not
// resolved has none.
func (c *Config) Unrendered() *template.Dict {
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
			setUnrendered(out, e.key, e.value.Value)
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
	for _, e := range calls.own {
		setUnrendered(out, e.key, e.value.Value)
	}
	if p.root != nil && in.Type != SemanticModel && in.Type != SavedQuery {
		setTree(out, p.root.configs[in.Type], in.FQN)
	}
	return out
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
