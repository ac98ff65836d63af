package materialize

import (
	"elt/compiler/diag"
	"elt/compiler/project"
)

// pointer reads the view that shows the latest version of a model under a name without a version.
func (r *reader) pointer(spec *Spec) {
	spec.Pointer = r.node.Pointer
	if spec.Pointer.Identifier == "" {
		return
	}
	const key = "latest_version_pointer"
	switch {
	case spec.Pointer.Key() == spec.Published.Key():
		r.add(diag.New(diag.DuplicateNode, r.place(key), "the latest version of %q is called %q already, without a pointer", r.node.Name, spec.Pointer.Identifier)).
			WithHint("set %s to false, or give the model or the pointer another alias", key)
	case spec.Materialized == Function:
		r.add(diag.New(diag.Unsupported, r.place(key), "a table function cannot have a latest version pointer, which is a view")).
			WithHint("set %s to false", key)
	}
}

// point makes the view that shows the latest version. It is made with every publish, for it has the
// columns that the version has then.
func (s *Spec) point(state State) []string {
	if s.Pointer.Identifier == "" {
		return nil
	}
	shown := project.Relation{Database: s.Published.Database, Schema: s.Published.Schema, Identifier: s.Published.Identifier}
	view := Spec{SQL: "select * from " + shown.String(), Published: s.Pointer}
	return endView(&view, State{Existing: state.Pointer}).Publish
}
