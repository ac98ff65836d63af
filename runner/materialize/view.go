package materialize

import (
	"fmt"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
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
func withoutCatalog(sql, database string) string {
	if database == "" {
		return sql
	}
	var edits []sqltoken.Edit
	for _, chain := range sqltoken.Chains(sql) {
		first := chain.Parts[0]
		if !strings.EqualFold(first.Name, database) {
			continue
		}
		switch n := len(chain.Parts); {
		case n >= 3 && strings.EqualFold(chain.Parts[1].Name, database):
			// Of a schema called like its catalog, schema.table would be ambiguous.
		case n >= 4, n == 3 && (chain.Call || namesTable(chain)):
			edits = append(edits, sqltoken.Edit{Span: diag.Span{Start: first.Span.Start, End: chain.Parts[1].Span.Start}})
		case n == 2 && namesTable(chain):
			edits = append(edits, sqltoken.Edit{Span: first.Span, Text: "main"})
		}
	}
	out, _ := sqltoken.Rewrite(sql, edits)
	return out
}

// namesTable reports whether a chain stands where a table does; elsewhere its first
// name may be an alias.
func namesTable(chain sqltoken.Chain) bool {
	switch chain.Clause {
	case "FROM", "JOIN", "PIVOT", "UNPIVOT", "TABLE":
		return !chain.Call
	}
	return false
}
