package project

import (
	"elt/compiler/diag"
	"elt/compiler/template"
)

// ConfigValue is one value of a node's config and where it was set.
type ConfigValue struct {
	Value template.Value
	Place diag.Place // zero where it was set by config() with no place of its own, or by default
}

// Config is the final config of a node: keys in the order of first setting.
// It may be read concurrently once the parse pass is over.
type Config struct {
	keys   []string
	values map[string]ConfigValue
}

// NewConfig returns an empty config.
func NewConfig() *Config { return &Config{values: map[string]ConfigValue{}} }

// Keys returns the keys in the order of first setting.
func (c *Config) Keys() []string { return c.keys }

// Get returns the value of a key. A nil config is empty.
func (c *Config) Get(key string) (ConfigValue, bool) {
	if c == nil {
		return ConfigValue{}, false
	}
	v, ok := c.values[key]
	return v, ok
}

// Set sets a key, replacing what it had.
func (c *Config) Set(key string, v ConfigValue) {
	if _, ok := c.values[key]; !ok {
		c.keys = append(c.keys, key)
	}
	c.values[key] = v
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
