package project

import "elt/compiler/template"

// ExternalParts is what an external model's config says after rendering.
type ExternalParts struct {
	Location string         // as given: relative to the project, absolute or a URL
	Options  *template.Dict // of COPY, by lower-case names, values without templates
}
