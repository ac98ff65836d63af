package materialize

import (
	"fmt"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

// reader reads typed values of a node's config and collects what is wrong with them,
// each at the place of its key.
type reader struct {
	node     *project.Node
	problems diag.List
	places   map[string]project.KeyPlace
	unsure   bool // the strategy that is meant is not known
}

// place returns where a key was set, or where the node is declared.
func (r *reader) place(key string) diag.Place {
	if p := r.node.Config.Place(key); !p.IsZero() {
		return p
	}
	return r.node.Place
}

func (r *reader) add(d *diag.Diagnostic) *diag.Diagnostic {
	d.Node = r.node.UniqueID
	r.problems = append(r.problems, d)
	return d
}

// wrong reports a value of the wrong type.
func (r *reader) wrong(key, format string, args ...any) *diag.Diagnostic {
	return r.add(diag.New(diag.WrongType, r.place(key), format, args...))
}

// refuse reports a config that cannot work.
func (r *reader) refuse(key, format string, args ...any) *diag.Diagnostic {
	return r.add(diag.New(diag.IncrementalConfig, r.place(key), format, args...))
}

// warn reports a config without effect.
func (r *reader) warn(key, format string, args ...any) *diag.Diagnostic {
	return r.add(diag.Warn(diag.IncrementalConfig, r.place(key), format, args...))
}

// get returns a value that is set, is not None and is not empty.
func (r *reader) get(key string) (template.Value, bool) {
	v, ok := r.node.Config.Get(key)
	if !ok || v.Value == nil || v.Value == "" {
		return nil, false
	}
	r.places[key] = project.KeyPlace{Place: r.place(key), Each: v.Each}
	return v.Value, true
}

func (r *reader) text(key string) string {
	v, ok := r.get(key)
	if !ok {
		return ""
	}
	s, ok := v.(string)
	if !ok {
		r.wrong(key, "%q must be a text", key)
	}
	return s
}

// choice reads one of some words.
func (r *reader) choice(key, def string, choices ...string) string {
	s := r.text(key)
	switch {
	case s == "":
		return def
	case slices.Contains(choices, s):
		return s
	}
	d := r.wrong(key, "%q is no value of %q", s, key)
	if near := diag.Suggest(s, choices); near != "" {
		d.WithHint("did you mean %q?", near)
	} else {
		d.WithHint("use %s", strings.Join(choices, ", "))
	}
	return def
}

// texts reads a text or a list of texts.
func (r *reader) texts(key string) []string {
	v, ok := r.get(key)
	if !ok {
		return nil
	}
	return r.textsOf(key, key, v)
}

// textsOf reads the same from a value inside the value of key; name is how messages
// call it.
func (r *reader) textsOf(key, name string, v template.Value) []string {
	if s, ok := v.(string); ok {
		return []string{s}
	}
	elems, ok := elements(v)
	if !ok {
		r.wrong(key, "%q must be a text or a list of texts", name)
		return nil
	}
	var out []string
	for _, e := range elems {
		s, ok := e.(string)
		if !ok {
			r.wrong(key, "%q must hold texts only", name)
			return nil
		}
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

// elements returns the elements of a list or tuple.
func elements(v template.Value) ([]template.Value, bool) {
	switch x := v.(type) {
	case *template.List:
		return x.Elems, true
	case template.Tuple:
		return x, true
	}
	return nil, false
}

// dict reads a mapping.
func (r *reader) dict(key string) *template.Dict {
	v, ok := r.get(key)
	if !ok {
		return nil
	}
	d, ok := v.(*template.Dict)
	if !ok {
		r.wrong(key, "%q must be a mapping", key)
	}
	return d
}

// pairs reads a mapping of names to texts, in its order.
func (r *reader) pairs(key, name string, v template.Value) []SetClause {
	d, ok := v.(*template.Dict)
	if !ok {
		r.wrong(key, "%q must be a mapping", name)
		return nil
	}
	var out []SetClause
	for _, item := range d.Items() {
		column, isName := item.Key.(string)
		value, isText := item.Value.(string)
		if !isText && item.Value != nil {
			value, isText = fmt.Sprint(item.Value), isPlain(item.Value)
		}
		if !isName || !isText {
			r.wrong(key, "%q must map names to texts", name)
			return nil
		}
		out = append(out, SetClause{Column: column, Expression: value})
	}
	return out
}

// isPlain reports whether a value prints as SQL would write it.
func isPlain(v template.Value) bool {
	switch v.(type) {
	case int64, float64:
		return true
	}
	return false
}

// unknownKeys warns about keys of a mapping that mean nothing.
func (r *reader) unknownKeys(key, name string, d *template.Dict, known ...string) {
	for _, k := range d.Keys() {
		s, _ := k.(string)
		if slices.Contains(known, s) {
			continue
		}
		w := r.add(diag.Warn(diag.UnknownKey, r.place(key), "%q has no key %q", name, fmt.Sprint(k)))
		if near := diag.Suggest(s, known); near != "" {
			w.WithHint("did you mean %q?", near)
		} else {
			w.WithHint("its keys are %s", strings.Join(known, ", "))
		}
	}
}
