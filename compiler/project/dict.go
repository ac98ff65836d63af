package project

import "elt/compiler/template"

// dictSet sets a key of a dict. Keys come from YAML scalars, which can always be keys.
func dictSet(d *template.Dict, key, value template.Value) { _ = d.Set(key, value) }

// dictGet returns the value of a string key. A nil dict is empty.
func dictGet(d *template.Dict, key string) (template.Value, bool) {
	if d == nil {
		return nil, false
	}
	return d.Get(key)
}
