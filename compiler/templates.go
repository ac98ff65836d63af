package compiler

import (
	"strings"
	"sync"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

// templates parses small texts once each: thousands of generic tests share a
// handful of arguments and bodies. It is safe for concurrent use.
type templates struct {
	mu     sync.Mutex
	byText map[string]*template.Template
}

func newTemplates() *templates { return &templates{byText: map[string]*template.Template{}} }

// parse returns the template of a text that has no file of its own: its source has
// an empty path, so that errors are given the place of the node.
func (t *templates) parse(text string) (*template.Template, error) {
	t.mu.Lock()
	have, ok := t.byText[text]
	t.mu.Unlock()
	if ok {
		return have, nil
	}
	made, err := template.Parse(diag.NewSource("", text))
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.byText[text] = made
	return made, nil
}

// hasTags reports whether a text may hold Jinja.
func hasTags(text string) bool {
	return strings.Contains(text, "{{") || strings.Contains(text, "{%") || strings.Contains(text, "{#")
}

// isNowhere reports whether a place is in a text that has no file of its own.
func isNowhere(place diag.Place) bool { return place.Source == nil || place.Source.Path == "" }

// placeIn is the place of what is wrong with something that is declared elsewhere: a place in a
// text that has no file of its own is that of the text in the property file, if it is a value
// there, else that of the declaration.
func placeIn(place, declared diag.Place) diag.Place {
	if !isNowhere(place) {
		return place
	}
	if place.Source != nil {
		if found, ok := project.TextPlace(declared, place.Source.Text, place.Span); ok {
			return found
		}
	}
	return declared
}

// at moves the diagnostics of a text that has no file of its own to a place that a
// person knows: offsets inside the text mean nothing to them.
func at(err error, place diag.Place) error {
	list := diag.From(err, diag.TemplateError)
	for _, d := range list {
		d.Place = placeIn(d.Place, place)
		for i := range d.Notes { // a call out of a text that elt has made, such as that of a generic test
			if d.Notes[i].Place.Source != nil && isNowhere(d.Notes[i].Place) {
				d.Notes[i].Place = placeIn(d.Notes[i].Place, place)
			}
		}
	}
	if len(list) == 1 {
		return list[0]
	}
	return list
}

// rendering is a rendered template.
type rendering struct {
	text   string
	origin project.Origin
}

// renderTemplate renders a node's template, or its block of one, as dbt would render
// what it keeps as raw_code: without the white space in front, and if there is no Jinja
// at all, not even with line ends made one.
func renderTemplate(how pass, scope template.Scope, node *project.Node) (rendering, error) {
	source := node.Template.Source()
	isFile := !isNowhere(diag.Place{Source: source})
	if isFile && node.Template.IsPlain() {
		text := strings.TrimLeft(source.Text, blank)
		return rendering{text, plainMap{source, len(source.Text) - len(text)}}, nil
	}
	if node.Block != nil {
		out, err := node.Block.RenderBody(how.thread(), scope)
		return rendering{out.Text, out.Map}, err
	}
	out, err := node.Template.Render(how.thread(), scope)
	if err != nil || !isFile {
		return rendering{out.Text, wholeMap(node.Place)}, err
	}
	return rendering{out.Text, out.Map}.withoutLeading(source), nil
}

// blank is the white space that dbt cuts off around a template.
const blank = " \t\r\n\v\f"

// withoutLeading cuts off the white space in front of the template's first character,
// unless a "-" has done so already.
func (r rendering) withoutLeading(source *diag.Source) rendering {
	text := source.Text
	leading := len(text) - len(strings.TrimLeft(text, blank))
	if leading == 0 {
		return r
	}
	first, ok := r.origin.Origin(0)
	if !ok || first.Source != source || first.Span.Start >= leading {
		return r
	}
	cut := len(strings.ReplaceAll(text[:leading], "\r\n", "\n"))
	var out stitch
	out.copy(r.text, min(cut, len(r.text)), len(r.text), r.origin)
	cutText, origin := out.done()
	return rendering{cutText, origin}
}

// plainMap is the Origin of a text that was not rendered.
type plainMap struct {
	source *diag.Source
	from   int
}

// Origin returns the same place in the source.
func (m plainMap) Origin(offset int) (diag.Place, bool) {
	start := m.from + offset
	if offset < 0 || start > len(m.source.Text) {
		return diag.Place{}, false
	}
	return diag.Place{Source: m.source, Span: diag.Span{Start: start, End: min(start+1, len(m.source.Text))}}, true
}
