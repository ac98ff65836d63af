package compiler

import (
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/regex"
	"elt/compiler/template"
)

// loneWord is a text that is neither a number, an expression nor a template.
var loneWord = regex.Lazy(`^\s*[A-Za-z_]\w*\s*$`)

// argumentMistake says what the arguments of one of elt's own generic tests lack or have too
// much, where its macro would only make bad SQL of them; nil where they will do. What a
// template gives is not known here.
func argumentMistake(node *project.Node) *diag.Diagnostic {
	info := node.Test
	given := func(key string) template.Value {
		v, _ := info.Kwargs.Get(key)
		return v
	}
	wrong := func(format string, args ...any) *diag.Diagnostic {
		d := diag.New(diag.WrongType, node.Place, format, args...)
		d.Node = node.UniqueID
		return d
	}
	switch info.Generic {
	case "relationships":
		for _, key := range []string{"to", "field"} {
			if given(key) == nil {
				return wrong("the test \"relationships\" needs %q", key).WithHint("for example relationships: {to: ref('customers'), field: id}")
			}
		}
	case "accepted_values":
		switch given("values").(type) {
		case nil:
			return wrong("the test \"accepted_values\" needs \"values\"").WithHint("for example accepted_values: {values: [placed, shipped]}")
		case int64, float64, bool:
			return wrong("\"values\" of the test \"accepted_values\" must be a list").WithHint("write [%s]", template.Str(given("values")))
		}
	case "row_count":
		if info.Column != "" {
			return wrong("the test \"row_count\" is about a whole model, not about column %q", info.Column).
				WithHint("write it under data_tests: of the model")
		}
		for _, key := range []string{"equals", "min", "max"} {
			if text, ok := given(key).(string); ok && loneWord().MatchString(text) {
				return wrong("%q of the test \"row_count\" must be a number, not %q", key, text)
			}
		}
	}
	return nil
}
