package project

import (
	"strings"

	"elt/compiler/diag"
)

// Entry is what of a property file a place belongs to: one of the things that it describes.
type Entry struct {
	Key   string // what the entry is listed under: "models", "sources", ...
	Name  string
	Table string   // of a source: the table the place belongs to, or ""
	Files []string // of a model with versions: the files that hold them, as far as they are named
	Tests bool     // it lies within the data tests that are declared there
}

// EntryAt finds the entry of a property file that an offset lies in. It is false where the file
// is not YAML, and of what stands in no entry with a name.
func EntryAt(src *diag.Source, offset int) (Entry, bool) {
	top, ok := parseDocument(src, &report{})
	if !ok || !top.isMap() {
		return Entry{}, false
	}
	section, ok := lastBefore(top.pairs(), func(p pair) cursor { return p.keyAt }, offset)
	if !ok {
		return Entry{}, false
	}
	item, ok := lastBefore(section.value.items(), itself, offset)
	if !ok || !item.isMap() {
		return Entry{}, false
	}
	e := Entry{Key: section.key, Name: item.get("name").text()}
	for _, version := range item.get("versions").items() {
		if file := version.get("defined_in").text(); file != "" {
			e.Files = append(e.Files, file)
		}
	}
	e.within(item, offset)
	return e, e.Name != "" && !strings.Contains(e.Name, "{{")
}

// within follows an offset down into a mapping.
func (e *Entry) within(c cursor, offset int) {
	for range maxDepth {
		p, ok := lastBefore(c.pairs(), func(p pair) cursor { return p.keyAt }, offset)
		if !ok {
			return
		}
		if p.key == "tests" || p.key == "data_tests" {
			e.Tests = true
		}
		c = p.value
		for c.isList() {
			item, ok := lastBefore(c.items(), itself, offset)
			if !ok {
				return
			}
			if c = item; e.Key == "sources" && p.key == "tables" {
				e.Table = c.get("name").text()
			}
		}
	}
}

func itself(c cursor) cursor { return c }

// lastBefore is the last of several values, in the order written, that begins at or before an offset.
func lastBefore[T any](all []T, at func(T) cursor, offset int) (last T, ok bool) {
	start := -1
	for _, one := range all {
		if begins := at(one).place().Span.Start; begins <= offset && begins > start {
			last, start, ok = one, begins, true
		}
	}
	return last, ok
}
