package project

import (
	"encoding/json"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/template"
)

// ConfigValue is one value of a node's config and where it was set.
type ConfigValue struct {
	Value template.Value
	Place diag.Place // zero where it was set by config() with no place of its own, or by default
	// Each holds the places of a list's elements, where the list was joined from
	// several or comes from YAML; else it is nil.
	Each []diag.Place
	// Raw is the value as it is written, Jinja unrendered, where that differs.
	Raw template.Value
	// Beside says that the value stands beside config: in a property file, not in it.
	Beside bool
	// Spelled is the key as a property file has it, where it has two forms: pre_hook or pre-hook.
	Spelled string
}

// Config is the final config of a node: keys in the order of first setting.
// It may be read concurrently once the parse pass is over.
type Config struct {
	// base holds what the node shares with all others of its folder; it is never
	// changed. own comes on top. A node has few keys of its own, so a list beats a map.
	base *Config
	own  []configEntry
	// from is what the config was resolved of, for Unrendered; nil for others.
	from *resolved
}

type configEntry struct {
	key   string
	value ConfigValue
}

// NewConfig returns an empty config.
func NewConfig() *Config { return &Config{} }

// Keys returns the keys in the order of first setting. A nil config has none.
func (c *Config) Keys() []string {
	if c == nil {
		return nil
	}
	keys := c.base.Keys()
	shared := len(keys)
	keys = append(make([]string, 0, shared+len(c.own)), keys...)
	for _, e := range c.own {
		if shared == 0 || !c.base.has(e.key) {
			keys = append(keys, e.key)
		}
	}
	return keys
}

func (c *Config) has(key string) bool {
	_, ok := c.Get(key)
	return ok
}

// Shared returns what tells the config of a resource that says nothing of its own: all of
// the same folder have the same one, rendered and unrendered. It is nil for others.
func (c *Config) Shared() *Config {
	if c == nil || c.from == nil || len(c.own) > 0 || c.from.p.root != nil {
		return nil
	}
	in := c.from.in
	said := func(call ConfigCall) bool { return call.Values != nil && call.Values.Len() > 0 }
	if in.Patch != nil && len(in.Patch.own) > 0 || slices.ContainsFunc(in.InFile, said) {
		return nil
	}
	return c.base
}

// Get returns the value of a key. A nil config is empty.
func (c *Config) Get(key string) (ConfigValue, bool) {
	for ; c != nil; c = c.base {
		for i := range c.own {
			if c.own[i].key == key {
				return c.own[i].value, true
			}
		}
	}
	return ConfigValue{}, false
}

// Set sets a key, replacing what it had.
func (c *Config) Set(key string, v ConfigValue) {
	for i := range c.own {
		if c.own[i].key == key {
			c.own[i].value = v
			return
		}
	}
	c.own = append(c.own, configEntry{key, v})
}

// String returns the value of a key that is a string, else def.
func (c *Config) String(key, def string) string {
	if v, ok := c.Get(key); ok {
		if s, ok := v.Value.(string); ok {
			return s
		}
	}
	return def
}

// Bool returns the value of a key that is a bool, else def.
func (c *Config) Bool(key string, def bool) bool {
	if v, ok := c.Get(key); ok {
		if b, ok := v.Value.(bool); ok {
			return b
		}
	}
	return def
}

// Strings returns the value of a key that is a string or a list of strings.
// What is neither gives nil.
func (c *Config) Strings(key string) []string {
	v, ok := c.Get(key)
	if !ok {
		return nil
	}
	switch x := v.Value.(type) {
	case string:
		return []string{x}
	case *template.List:
		var out []string
		for _, e := range x.Elems {
			if s, ok := e.(string); ok {
				out = append(out, s)
			}
		}
		return out
	case template.Tuple:
		var out []string
		for _, e := range x {
			if s, ok := e.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

// Place returns where a key was set, or the zero place.
func (c *Config) Place(key string) diag.Place {
	v, _ := c.Get(key)
	return v.Place
}

// Hooks returns the pre_hook or post_hook, each with its place. A hook is a string,
// {sql: ..., transaction: ...}, or that as JSON, which before_begin() and its like make.
func (c *Config) Hooks(key string) []HookText {
	v, _ := c.Get(key)
	elems, ok := elements(v.Value)
	if !ok && v.Value != nil {
		elems = []template.Value{v.Value}
	}
	var out []HookText
	for i, e := range elems {
		h := HookText{Transaction: true, Place: v.Place}
		if i < len(v.Each) {
			h.Place = v.Each[i]
		}
		switch x := e.(type) {
		case string:
			h.SQL = x
			h.fromJSON()
		case *template.Dict:
			sql, _ := dictGet(x, "sql")
			h.SQL, _ = sql.(string)
			if t, ok := dictGet(x, "transaction"); ok {
				h.Transaction, _ = t.(bool)
			}
		}
		out = append(out, h)
	}
	return out
}

// fromJSON unpacks a hook that is a JSON object with "sql" in it.
func (h *HookText) fromJSON() {
	if !strings.HasPrefix(strings.TrimSpace(h.SQL), "{\"") {
		return
	}
	var object struct {
		SQL         *string `json:"sql"`
		Transaction *bool   `json:"transaction"`
	}
	if json.Unmarshal([]byte(h.SQL), &object) != nil || object.SQL == nil {
		return
	}
	h.SQL = *object.SQL
	if object.Transaction != nil {
		h.Transaction = *object.Transaction
	}
}
