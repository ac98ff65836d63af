package project

import (
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"elt/compiler/diag"
)

// TextPlace is where a piece of a text stands in the YAML file in which something is declared:
// in the value of a key there, however deep. declared is a place of the declaration, that of its
// name or of its key. ok is false where that is no YAML file, or none of its values is the text.
// The file is parsed again, so this is for what is wrong only.
func TextPlace(declared diag.Place, text string, piece diag.Span) (at diag.Place, ok bool) {
	if declared.Source == nil || !isYAML(declared.Source.Path) || strings.TrimSpace(text) == "" {
		return diag.Place{}, false
	}
	root, ok := parseDocument(declared.Source, &report{})
	if !ok {
		return diag.Place{}, false
	}
	around := root.around(declared.Span.Start)
	for _, mapping := range slices.Backward(around) {
		if value, shift, ok := mapping.valueOf(text); ok {
			return value.inner(diag.Span{Start: max(0, piece.Start-shift), End: max(0, piece.End-shift)}), true
		}
	}
	return diag.Place{}, false
}

// around are the mappings and lists around the key or value that begins at an offset, outermost
// first; none where there is no such value.
func (c cursor) around(offset int) []cursor {
	if c.node == nil {
		return nil
	}
	for _, child := range c.node.Content {
		inside := cursor{c.doc, child}
		if child.Kind == yaml.ScalarNode && inside.place().Span.Start == offset {
			return []cursor{c}
		}
		if found := inside.around(offset); found != nil {
			return append([]cursor{c}, found...)
		}
	}
	return nil
}

// valueOf is the value below a mapping or list that is a text, the least deep one first. What
// stands in a place of the text, less the shift, stands there in the value: a text that is read
// as a call ("ref('orders')") got braces around it.
func (c cursor) valueOf(text string) (value cursor, shift int, ok bool) {
	inBraces := strings.HasPrefix(text, "{{ ") && strings.HasSuffix(text, " }}")
	for todo := []cursor{c}; len(todo) > 0; todo = todo[1:] {
		n := todo[0].node
		if n.Kind == yaml.ScalarNode {
			switch {
			case strings.TrimSpace(n.Value) == strings.TrimSpace(text):
				return todo[0], leading(text) - leading(n.Value), true
			case inBraces && n.Value == text[3:len(text)-3]:
				return todo[0], 3, true
			}
		}
		for _, child := range n.Content {
			todo = append(todo, cursor{c.doc, child})
		}
	}
	return cursor{}, 0, false
}

// leading is how many bytes of white space a text begins with.
func leading(text string) int { return len(text) - len(strings.TrimLeft(text, " \t\r\n")) }

// isUnrendered reports whether a code tells of what may be wrong with the template in a value.
func isUnrendered(code diag.Code) bool {
	switch code {
	case diag.MissingEnvVar, diag.UnknownVar, diag.UndefinedName, diag.UnknownFilter,
		diag.TemplateSyntax, diag.TemplateError, diag.RaisedError:
		return true
	}
	return false
}

// WithoutFollowing returns diagnostics without those that only follow from others: a value whose
// template is wrong has no type, nor has a list or mapping which holds it.
func WithoutFollowing(list diag.List) diag.List {
	failed := map[*diag.Source][]int{} // where, by file
	for _, d := range list {
		if d.Severity == diag.Error && isUnrendered(d.Code) && d.Place.Source != nil {
			failed[d.Place.Source] = append(failed[d.Place.Source], d.Place.Span.Start)
		}
	}
	following := map[diag.Place]bool{}
	for src, offsets := range failed {
		wrong := func(d *diag.Diagnostic) bool { return d.Code == diag.WrongType && d.Place.Source == src }
		if !isYAML(src.Path) || !slices.ContainsFunc(list, wrong) {
			continue
		}
		root, _ := parseDocument(src, &report{})
		for _, offset := range offsets {
			root.follow(offset, following)
		}
	}
	return slices.DeleteFunc(slices.Clone(list), func(d *diag.Diagnostic) bool {
		return d.Code == diag.WrongType && following[diag.Place{Source: d.Place.Source, Span: diag.Span{Start: d.Place.Span.Start}}]
	})
}

// follow notes where the value begins in which an offset lies, and where the lists and mappings
// begin that hold it, and reports whether there is one.
func (c cursor) follow(offset int, starts map[diag.Place]bool) bool {
	if c.node == nil {
		return false
	}
	at := c.place()
	inside := c.node.Kind == yaml.ScalarNode && at.Span.Start <= offset && offset < max(at.Span.End, at.Span.Start+len(c.node.Value))
	for _, child := range c.node.Content {
		inside = cursor{c.doc, child}.follow(offset, starts) || inside
	}
	if inside {
		starts[diag.Place{Source: at.Source, Span: diag.Span{Start: at.Span.Start}}] = true
	}
	return inside
}

func isYAML(path string) bool { return slices.Contains([]string{".yml", ".yaml"}, filepath.Ext(path)) }
