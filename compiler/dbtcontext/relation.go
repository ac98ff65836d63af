package dbtcontext

import (
	"strings"

	"elt/compiler/project"
	"elt/compiler/template"
)

// policy says which parts of a name are quoted, or printed.
type policy struct{ database, schema, identifier bool }

// Relation is dbt's Relation object: a name, how it is printed, and what a
// template can ask of it. It does not change; methods answer with a new one.
type Relation struct {
	rel      project.Relation
	external string // FROM item of a source that reads files; it is printed as it is
	quote    policy
	include  policy
	limit    int // rows to read at most, as --empty asks; -1 for all
	infoView string
}

// NewRelation returns a relation as ref() answers it: quoted, with all parts. A
// CTE is printed without quotes, as dbt prints an ephemeral model.
func NewRelation(rel project.Relation) *Relation {
	r := &Relation{
		rel:     rel,
		quote:   policy{true, true, true},
		include: policy{true, true, true},
		limit:   -1,
	}
	if rel.Type == "cte" {
		r.quote.identifier = false
	}
	return r
}

// RelationOf returns the name a template value stands for, if it is a relation.
func RelationOf(v template.Value) (project.Relation, bool) {
	if r, ok := v.(*Relation); ok {
		return r.rel, true
	}
	return project.Relation{}, false
}

// IsExternal reports whether the relation prints as something else than its name:
// a function or a location that reads files.
func (r *Relation) IsExternal() bool { return r.external != "" }

func (r *Relation) clone() *Relation {
	c := *r
	return &c
}

// TypeName is the Python type name.
func (r *Relation) TypeName() string { return "DuckDBRelation" }

// Str is what {{ relation }} prints.
func (r *Relation) Str() string {
	text := r.render()
	if r.limit < 0 {
		return text
	}
	if r.limit == 0 {
		return "(select * from " + text + " where false limit 0)"
	}
	return "(select * from " + text + " limit " + itoa(r.limit) + ")"
}

// Repr is how dbt shows a relation inside a list.
func (r *Relation) Repr() string { return "<DuckDBRelation " + r.Str() + ">" }

// Truth is always true.
func (r *Relation) Truth() bool { return true }

// Equal reports whether two relations have the same name, type and policies.
func (r *Relation) Equal(other template.Value) bool {
	o, ok := other.(*Relation)
	return ok && *r == *o
}

func (r *Relation) render() string {
	if r.external != "" {
		return r.external
	}
	var parts []string
	add := func(part string, include, quote bool) {
		if !include || part == "" {
			return
		}
		if quote {
			part = `"` + part + `"`
		}
		parts = append(parts, part)
	}
	add(r.rel.Database, r.include.database, r.quote.database)
	add(r.rel.Schema, r.include.schema, r.quote.schema)
	if r.infoView != "" {
		parts = append(parts, "INFORMATION_SCHEMA")
		if r.infoView != noInfoView {
			parts = append(parts, r.infoView)
		}
		return strings.Join(parts, ".")
	}
	add(r.rel.Identifier, r.include.identifier, r.quote.identifier)
	return strings.Join(parts, ".")
}

// noInfoView marks an information schema without a view.
const noInfoView = "-"
