package project

import (
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/template"
)

// keys is a set of known keys, with their names in order for suggestions.
type keys struct {
	set   map[string]bool
	names []string
}

func keySet(names ...string) *keys {
	k := &keys{set: make(map[string]bool, len(names)), names: slices.Sorted(slices.Values(names))}
	for _, n := range names {
		k.set[n] = true
	}
	return k
}

// with returns a set with more names.
func (k *keys) with(names ...string) *keys { return keySet(append(slices.Clone(k.names), names...)...) }

// knownKeys warns of keys of a mapping that are not in the set. where names the
// mapping in messages: "a model", "vars.yml".
func (r *report) knownKeys(c cursor, known *keys, where string) {
	n := c.resolve()
	if n == nil {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := cursor{c.doc, n.Content[i]}.text()
		if key == "<<" || known.set[key] || strings.HasPrefix(key, "x-") {
			continue
		}
		r.add(unknownKey(cursor{c.doc, n.Content[i]}.place(), key, known, where))
	}
}

func unknownKey(at diag.Place, key string, known *keys, where string) *diag.Diagnostic {
	d := diag.Warn(diag.UnknownKey, at, "%q is not a key of %s", key, where).WithEvent("CustomKeyInObjectDeprecation")
	switch {
	case known == eltKeys && connectionKeys.set[key]:
		return d.WithHint("it is ignored; keys of the connection belong under target:")
	case known == projectKeys && connectionKeys.set[key]:
		return d.WithHint("it is ignored; keys of the connection belong into profiles.yml")
	case strings.HasSuffix(key, ")") && !strings.Contains(key, "("): // decimal(10, 2) between { and }
		return d.WithHint("a value with a comma has to be quoted here")
	}
	if meant := diag.Suggest(key, known.names); meant != "" {
		return d.WithHint("did you mean %q?", meant)
	}
	if known.set["meta"] && !known.set["vars"] {
		return d.WithHint("it is ignored; own keys belong under meta:")
	}
	return d.WithHint("it is ignored")
}

// wrongType reports a value of the wrong type. want reads "a list of strings".
func wrongType(c cursor, key, want string) *diag.Diagnostic {
	kind := kindName(c.resolve())
	return withoutQuotes(diag.New(diag.WrongType, c.place(), "%q must be %s, not %s", key, want, article(kind)), want, kind)
}

// wrongValue is wrongType for a value that only rendering gave.
func wrongValue(at diag.Place, key, want string, v template.Value) *diag.Diagnostic {
	kind := typeName(v)
	return withoutQuotes(diag.New(diag.WrongType, at, "%q must be %s, not %s", key, want, article(kind)), want, kind)
}

// withoutQuotes says how a boolean is written where there is a text.
func withoutQuotes(d *diag.Diagnostic, want, kind string) *diag.Diagnostic {
	if want == kindWords[boolean] && kind == "string" {
		return d.WithHint("write true or false, without quotes")
	}
	return d
}

func article(kind string) string {
	switch kind {
	case "null", "nothing":
		return kind
	}
	return "a " + kind
}

// reader reads typed values of a document and reports what has another type.
type reader struct {
	*report
	r *renderer
}

// str reads a string. Numbers are taken as they are written; null and absent is "".
func (rd reader) str(c cursor, key string) string {
	if c.isNull() {
		return ""
	}
	if c.isMap() || c.isList() {
		rd.add(wrongType(c, key, "a string"))
		return ""
	}
	switch v := c.value(rd.r).(type) {
	case string:
		return v
	case nil:
		return ""
	case bool:
		if hasJinja(c.text()) {
			rd.add(wrongValue(c.place(), key, "a string", v))
			return ""
		}
	}
	return c.text()
}

// name reads a name: a string that must be there.
func (rd reader) name(c cursor, key, of string) (string, bool) {
	at := c.get(key)
	if at.isNull() {
		rd.add(diag.New(diag.WrongType, c.place(), "%s has no %q", of, key))
		return "", false
	}
	s := rd.str(at, key)
	return s, s != ""
}

// boolean reads true or false.
func (rd reader) boolean(c cursor, key string, def bool) bool {
	if c.isNull() {
		return def
	}
	if v, ok := c.value(rd.r).(bool); ok {
		return v
	}
	rd.add(wrongType(c, key, "true or false"))
	return def
}

// integer reads a whole number.
func (rd reader) integer(c cursor, key string, def int) int {
	if c.isNull() {
		return def
	}
	switch v := c.value(rd.r).(type) {
	case int64:
		return int(v)
	case string: // a rendered environment variable
		if n, ok := plain(strings.TrimSpace(v)).(int64); ok && hasJinja(c.text()) {
			return int(n)
		}
	}
	rd.add(wrongType(c, key, "a whole number"))
	return def
}

// strs reads a string or a list of strings.
func (rd reader) strs(c cursor, key string) []string {
	var out []string
	for _, l := range rd.located(c, key) {
		out = append(out, l.Text)
	}
	return out
}

// located is strs with places.
func (rd reader) located(c cursor, key string) []Located {
	if c.isNull() {
		return nil
	}
	if !c.isList() {
		return rd.locatedValue(c, key)
	}
	var out []Located
	for _, e := range c.items() {
		if e.isMap() || e.isList() || e.isNull() {
			rd.add(wrongType(e, key, "a list of strings"))
			continue
		}
		out = append(out, Located{rd.str(e, key), e.place()})
	}
	return out
}

// locatedValue reads what is no list as it stands; rendering may make a list of it.
func (rd reader) locatedValue(c cursor, key string) []Located {
	if c.isMap() {
		rd.add(wrongType(c, key, "a string or a list of strings"))
		return nil
	}
	switch v := c.value(rd.r).(type) {
	case string:
		return []Located{{v, c.place()}}
	case nil:
		return nil
	case *template.List:
		var out []Located
		for _, e := range v.Elems {
			if s, ok := e.(string); ok {
				out = append(out, Located{s, c.place()})
			}
		}
		return out
	}
	rd.add(wrongType(c, key, "a string or a list of strings"))
	return nil
}

// list returns the elements of a list that must be one.
func (rd reader) list(c cursor, key string) []cursor {
	if c.isNull() {
		return nil
	}
	if !c.isList() {
		rd.add(wrongType(c, key, "a list"))
		return nil
	}
	return c.items()
}

// mapping returns a mapping as a dict, or nil where nothing is said.
func (rd reader) mapping(c cursor, key string) *template.Dict {
	if c.isNull() {
		return nil
	}
	v := c.value(rd.r.free(key))
	if d, ok := v.(*template.Dict); ok {
		return d
	}
	if v == nil {
		return nil // rendering failed and was reported
	}
	rd.add(wrongType(c, key, "a mapping"))
	return nil
}
