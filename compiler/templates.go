package compiler

import (
	"sync"

	"elt/compiler/diag"
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
	t.byText[text] = made
	t.mu.Unlock()
	return made, nil
}
