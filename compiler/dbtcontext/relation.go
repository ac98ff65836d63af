package dbtcontext

import (
	"strconv"
	"strings"

	"elt/compiler/project"
	"elt/compiler/template"
)

// policy says for each part of a name whether it is quoted, or printed.
type policy struct{ database, schema, identifier bool }

// Relation is dbt's Relation object: a name, how it is printed, and what a
// template can ask of it. It does not change; methods answer with a new one.
type Relation struct {
	rel      project.Relation
	external string // FROM item of a source that reads files; printed as it is
	quote    policy
	include  policy
	limit    int // rows to read at most, as --empty asks; -1 for all
	times    EventTimeFilter

	// isInfo marks an information schema; view is its view, or "".
	isInfo bool
	view   string
}

// NewRelation returns a relation as ref() answers it: quoted, with all parts. A
// CTE is printed without quotes, as dbt prints an ephemeral model.
func NewRelation(rel project.Relation) *Relation {
	all := policy{true, true, true}
	r := &Relation{rel: rel, quote: all, include: all, limit: -1}
	if rel.Type == "cte" {
		r.quote.identifier = false
	}
	return r
}

// NewSourceRelation returns a relation as source() answers it; expression is the FROM item
// of a table that reads files, or "".
func NewSourceRelation(rel project.Relation, expression string) *Relation {
	r := NewRelation(rel)
	r.external = expression
	return r
}

// relation returns a relation under the project's quoting.
func (p *Project) relation(rel project.Relation) *Relation {
	r := NewRelation(rel)
	if rel.Type == "cte" {
		return r
	}
	q := p.set.Quoting
	for _, part := range []struct {
		set *bool
		to  *bool
	}{{q.Database, &r.quote.database}, {q.Schema, &r.quote.schema}, {q.Identifier, &r.quote.identifier}} {
		if part.set != nil {
			*part.to = *part.set
		}
	}
	return r
}

// Written is the name of a relation as ref() prints it, under the project's quoting.
func (p *Project) Written(rel project.Relation) string { return p.relation(rel).render() }

// Expression is the FROM item a source that reads files prints, else "".
func (r *Relation) Expression() string { return r.external }

func (r *Relation) clone() *Relation {
	c := *r
	return &c
}

// TypeName is the Python type name.
func (r *Relation) TypeName() string {
	if r.isInfo {
		return "InformationSchema"
	}
	return "DuckDBRelation"
}

// Str is what {{ relation }} prints.
func (r *Relation) Str() string {
	text := r.render()
	switch {
	case r.limit == 0:
		text = "(select * from " + text + " where false limit 0)"
	case r.limit > 0:
		text = "(select * from " + text + " limit " + strconv.Itoa(r.limit) + ")"
	}
	return r.times.Around(text)
}

// Repr is how a relation shows inside a list.
func (r *Relation) Repr() string { return "<" + r.TypeName() + " " + r.render() + ">" }

// Truth is always true.
func (r *Relation) Truth() bool { return true }

// Mapping is the relation's fields; that it has some makes "is mapping" true, which
// macros of packages ask for.
func (r *Relation) Mapping() *template.Dict { return r.fields() }

// Equal reports whether two relations have the same name, type and policies.
func (r *Relation) Equal(other template.Value) bool {
	o, ok := other.(*Relation)
	return ok && *r == *o
}

// HashKey makes a relation a possible key; equal relations have equal text.
func (r *Relation) HashKey() string { return r.render() }

// render is the name without the limit of --empty.
func (r *Relation) render() string {
	if r.external != "" {
		return r.external
	}
	if r.include == (policy{true, true, true}) && r.quote == r.include && r.view == "" {
		return r.rel.String()
	}
	var parts []string
	add := func(part string, include, quote bool) {
		if !include || part == "" {
			return
		}
		if quote {
			part = project.QuoteIdent(part)
		}
		parts = append(parts, part)
	}
	add(r.rel.Database, r.include.database, r.quote.database)
	add(r.rel.Schema, r.include.schema, r.quote.schema)
	add(r.rel.Identifier, r.include.identifier, r.quote.identifier)
	if r.view != "" {
		parts = append(parts, r.view)
	}
	return strings.Join(parts, ".")
}

// informationSchema is the relation's information schema, without the schema.
func (r *Relation) informationSchema(view string) *Relation {
	c := r.clone()
	c.isInfo, c.view, c.external = true, view, ""
	c.rel.Schema, c.rel.Identifier, c.rel.Type = "", "INFORMATION_SCHEMA", "view"
	c.include = policy{database: r.rel.Database != "", identifier: true}
	c.quote.identifier = false
	return c
}

// noneIfEmpty is a part of a name as templates see it.
func noneIfEmpty(s string) template.Value {
	if s == "" {
		return nil
	}
	return s
}

// part returns a pointer to a part of the name by dbt's word for it.
func (r *Relation) part(name string) *string {
	switch name {
	case "database":
		return &r.rel.Database
	case "schema":
		return &r.rel.Schema
	case "identifier":
		return &r.rel.Identifier
	}
	return nil
}

// flag returns a pointer to one part of a policy.
func (p *policy) flag(name string) *bool {
	switch name {
	case "database":
		return &p.database
	case "schema":
		return &p.schema
	case "identifier":
		return &p.identifier
	}
	return nil
}

func (p policy) dict() *template.Dict {
	d := template.NewDict()
	_ = d.Set("database", p.database)
	_ = d.Set("schema", p.schema)
	_ = d.Set("identifier", p.identifier)
	return d
}
