package project

import (
	"strings"

	"elt/compiler/diag"
	"elt/compiler/template"
)

// shape is what a mapping of the semantic layer holds: its keys in the order in which dbt's
// manifest has them. A mapping that is read by a shape has every key of it, as in dbt.
type shape struct {
	a      string // "a metric", for messages
	fields []field
}

// field is one key of a shape.
type field struct {
	key    string
	read   fieldReader           // nil for a key that nobody writes
	absent func() template.Value // where nothing is written; nil for None
	needed bool
}

// fieldReader reads the value of a key, which is not null.
type fieldReader func(f *propertyFile, c cursor, key string) template.Value

// known are the keys that may be written, with those beside the shape.
func (s *shape) known(beside ...string) *keys {
	for _, fd := range s.fields {
		if fd.read != nil {
			beside = append(beside, fd.key)
		}
	}
	return keySet(beside...)
}

// shaped reads a mapping by its shape. beside are keys that are read elsewhere.
func (f *propertyFile) shaped(c cursor, s *shape, beside ...string) *template.Dict {
	f.knownKeys(c, s.known(beside...), s.a)
	out := template.NewRecord()
	for _, fd := range s.fields {
		var v template.Value
		if fd.absent != nil {
			v = fd.absent()
		}
		if at := c.get(fd.key); fd.read != nil && !at.isNull() {
			v = fd.read(f, at, fd.key)
		} else if fd.needed {
			f.add(diag.New(diag.WrongType, c.place(), "%s has no %q", s.a, fd.key))
		}
		dictSet(out, fd.key, v)
	}
	return out
}

// The values that keys have where nothing is written.
func noItems() template.Value { return template.NewList() }
func notSet() template.Value  { return false }

func textOf(f *propertyFile, c cursor, key string) template.Value { return f.rendered().str(c, key) }

// rawText is a text whose Jinja is rendered later: a description.
func rawText(f *propertyFile, c cursor, key string) template.Value { return f.raw().str(c, key) }

// expression is a text, a number or a truth value, as Python's str has it.
func expression(f *propertyFile, c cursor, key string) template.Value {
	if v, ok := c.value(f.yaml).(bool); ok {
		return template.Str(v)
	}
	return f.rendered().str(c, key)
}

func flagOf(f *propertyFile, c cursor, key string) template.Value {
	return f.rendered().boolean(c, key, false)
}

func wholeOf(f *propertyFile, c cursor, key string) template.Value {
	return int64(f.rendered().integer(c, key, 0))
}

func numberOf(f *propertyFile, c cursor, key string) template.Value {
	switch v := c.value(f.yaml).(type) {
	case float64:
		return v
	case int64:
		return float64(v)
	}
	f.add(wrongType(c, key, "a number"))
	return nil
}

func textsOf(f *propertyFile, c cursor, key string) template.Value {
	if !c.isList() {
		f.add(wrongType(c, key, "a list of strings"))
		return template.NewList()
	}
	return stringList(f.rendered().strs(c, key))
}

// oneOf is one of the words that dbt knows for a key.
func oneOf(words ...string) fieldReader {
	return func(f *propertyFile, c cursor, key string) template.Value {
		text := f.rendered().str(c, key)
		if word := strings.ToLower(text); contains(words, word) {
			return word
		}
		f.add(wrongChoice(c.place(), key, text, words...))
		return text
	}
}

// filterOf is a condition, or a list of them. Its Jinja is MetricFlow's, not dbt's.
func filterOf(f *propertyFile, c cursor, key string) template.Value {
	list := template.NewList()
	for _, text := range f.raw().strs(c, key) {
		list.Elems = append(list.Elems, template.NewRecord(template.Item{Key: "where_sql_template", Value: text}))
	}
	return template.NewRecord(template.Item{Key: "where_filters", Value: list})
}

// windowOf is a length of time: "7 days".
func windowOf(f *propertyFile, c cursor, key string) template.Value {
	text := f.rendered().str(c, key)
	count, grain, ok := strings.Cut(strings.ToLower(text), " ")
	number, isNumber := plain(count).(int64)
	if !ok || !isNumber || number < 0 || grain == "" || strings.Contains(grain, " ") {
		f.add(diag.New(diag.WrongType, c.place(), "%q must be a number and a unit, not %q", key, text).WithHint(`write "7 days"`))
		return nil
	}
	if one := strings.TrimSuffix(grain, "s"); contains(timeGrains, one) {
		grain = one // of a granularity of the project's own the "s" may be part
	}
	return template.NewRecord(template.Item{Key: "count", Value: number}, template.Item{Key: "granularity", Value: grain})
}

// nested reads a mapping inside.
func nested(s *shape) fieldReader {
	return func(f *propertyFile, c cursor, key string) template.Value {
		if !c.isMap() {
			f.add(wrongType(c, key, "a mapping"))
			return nil
		}
		return f.shaped(c, s)
	}
}

// named reads a mapping inside, for which its name alone may stand.
func named(s *shape) fieldReader {
	return func(f *propertyFile, c cursor, key string) template.Value {
		if c.isMap() {
			return f.shaped(c, s)
		}
		out := template.NewRecord()
		for _, fd := range s.fields {
			var v template.Value
			if fd.absent != nil {
				v = fd.absent()
			}
			if fd.key == "name" {
				v = f.rendered().str(c, key)
			}
			dictSet(out, fd.key, v)
		}
		return out
	}
}

// listed reads a list of what one reads.
func listed(one fieldReader) fieldReader {
	return func(f *propertyFile, c cursor, key string) template.Value {
		out := template.NewList()
		for _, e := range f.raw().list(c, key) {
			if e.isNull() {
				f.add(wrongType(e, key, "a list without gaps"))
				continue
			}
			if v := one(f, e, key); v != nil {
				out.Elems = append(out.Elems, v)
			}
		}
		return out
	}
}

// elementConfig is config: of an entity, a dimension or a measure: its meta. That of the
// semantic model is joined with it when config is resolved.
func elementConfig(f *propertyFile, c cursor, key string) template.Value {
	if !c.isMap() {
		f.add(wrongType(c, key, "a mapping"))
		return nil
	}
	meta := f.rendered().mapping(c.get("meta"), "meta")
	if meta == nil {
		meta = template.NewDict()
	}
	return template.NewRecord(template.Item{Key: "meta", Value: meta})
}
