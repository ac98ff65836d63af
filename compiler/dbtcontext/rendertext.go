package dbtcontext

import (
	"context"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/template"
)

// renderText renders a text made on the way, such as the value of a variable. name
// stands for the file's path in messages.
func renderText(c *template.Call, text, name string, scope template.Scope) (template.Value, error) {
	if !hasTag(text) {
		return text, nil
	}
	t, err := template.Parse(diag.NewSource(name, text))
	if err != nil {
		return nil, err
	}
	out, err := t.Render(threadOf(c), scope)
	if err != nil {
		return nil, err
	}
	return out.Text, nil
}

// hasTag reports whether a text is worth rendering.
func hasTag(text string) bool {
	return strings.Contains(text, "{{") || strings.Contains(text, "{%") || strings.Contains(text, "{#")
}

// threadOf is the thread of a call; a call made by Go code may have none.
func threadOf(c *template.Call) *template.Thread {
	if c.Thread != nil {
		return c.Thread
	}
	return template.NewThread(context.Background())
}
