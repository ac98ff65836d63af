package dbtcontext

import (
	"elt/compiler/template"
)

// record is a dict in the making: it puts each key with its value, in order and each once. A
// value may be a record itself, or a texts. So one description of a node serves templates, which
// get a dict of their own, and the manifest, which gets JSON: to make the dicts for it would
// take three times as long, and most of the memory of a compile.
type record func(put func(key string, v template.Value))

// texts is a list of strings in the making.
type texts []string

// dict makes the dict.
func (r record) dict() *template.Dict {
	d := template.NewRecord()
	r(func(key string, v template.Value) { d.AddNew(item(key, finished(v))) })
	return d
}

// recordOf is a dict that is made already.
func recordOf(d *template.Dict) record {
	return func(put func(string, template.Value)) {
		for _, e := range d.Items() {
			if key, ok := e.Key.(string); ok {
				put(key, e.Value)
			}
		}
	}
}

func finished(v template.Value) template.Value {
	switch x := v.(type) {
	case record:
		return x.dict()
	case texts:
		return listOf(x)
	}
	return v
}

// orEmpty is a dict as a value of a record; an empty one for nil.
func orEmpty(d *template.Dict) template.Value {
	if d == nil {
		return record(func(func(string, template.Value)) {})
	}
	return d
}

// appendTo appends what [template.AppendJSON] would append for the dict. Where changes has a
// value for a key, that comes in its place; what is left of changes comes last.
func (r record) appendTo(buffer []byte, changes ...template.Item) ([]byte, error) {
	w := &recordWriter{buffer: append(buffer, '{'), start: len(buffer) + 1}
	w.inner = w.put
	if len(changes) == 0 {
		r(w.inner)
		return append(w.buffer, '}'), w.err
	}
	used := 0 // changes that replace something, by bits
	r(func(key string, v template.Value) {
		for i, change := range changes {
			if name, ok := change.Key.(string); ok && name == key {
				v = change.Value
				used |= 1 << i
			}
		}
		w.put(key, v)
	})
	for i, change := range changes {
		if key, ok := change.Key.(string); ok && used&(1<<i) == 0 {
			w.put(key, change.Value)
		}
	}
	return append(w.buffer, '}'), w.err
}

// recordWriter writes the members of a record, and of the records in it. The first error
// sticks.
type recordWriter struct {
	buffer []byte
	start  int // where the first member begins
	err    error
	inner  func(key string, v template.Value) // put, made once
}

func (w *recordWriter) put(key string, v template.Value) {
	if w.err != nil {
		return
	}
	if len(w.buffer) > w.start {
		w.buffer = append(w.buffer, ", "...)
	}
	w.buffer = append(template.AppendJSONString(w.buffer, key), ": "...)
	switch x := v.(type) {
	case nil:
		w.buffer = append(w.buffer, "null"...)
	case string:
		w.buffer = template.AppendJSONString(w.buffer, x)
	case record:
		start := w.start
		w.buffer = append(w.buffer, '{')
		w.start = len(w.buffer)
		x(w.inner)
		w.buffer, w.start = append(w.buffer, '}'), start
	case texts:
		w.texts(x)
	case written:
		w.buffer = append(w.buffer, x...)
	default:
		w.buffer, w.err = template.AppendJSON(w.buffer, v)
	}
}

func (w *recordWriter) texts(list texts) {
	w.buffer = append(w.buffer, '[')
	for i, text := range list {
		if i > 0 {
			w.buffer = append(w.buffer, ", "...)
		}
		w.buffer = template.AppendJSONString(w.buffer, text)
	}
	w.buffer = append(w.buffer, ']')
}
