package dbtcontext

import (
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

// ChangeColumn is the column of changes() that says whether a row came or went: "in" or
// "out".
const ChangeColumn = "_change"

// ChangesMark stands in the FROM item of changes() where a run writes which rows there are;
// id is the unique_id of the model.
func ChangesMark(id string) string { return "/* changes of " + id + " */" }

// ChangesHost is what a Host may have beside its methods, for models that read the changes
// of others.
type ChangesHost interface {
	// Changes returns the unique_id of the model that has a relation, and refuses one whose
	// changes the node cannot read.
	Changes(rel project.Relation, place diag.Place) (id string, err error)
}

// changes is changes(ref('x')): the FROM item of the rows that came to and went from a model.
// It prints all rows, each as one that came, which is right where the reader is made anew;
// where it is not, a run puts the changes that the reader has not seen in the place of the
// mark.
func (s *Scope) changes(c *template.Call) (template.Value, error) {
	var model template.Value
	if err := c.Unpack("changes", "model", &model); err != nil {
		return nil, err
	}
	rel, ok := model.(*Relation)
	if !ok {
		return nil, diag.New(diag.TemplateError, c.Place, "changes() takes a model, not %s", template.TypeName(model)).
			WithHint("write changes(ref('name'))")
	}
	if !s.host.Execute() {
		return template.Str(model), nil
	}
	host, ok := s.host.(ChangesHost)
	if !ok {
		return nil, diag.New(diag.TemplateError, c.Place, "changes() can be read by a model only")
	}
	id, err := host.Changes(rel.rel, c.Place)
	if err != nil {
		return nil, err
	}
	return "(select *, 'in' as " + ChangeColumn + " from " + template.Str(model) + " " + ChangesMark(id) + ")", nil
}
