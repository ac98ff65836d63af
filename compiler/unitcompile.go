package compiler

import (
	"context"
	"strings"

	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

// CompileUnit renders the model of a unit test as the test asks for it: with its
// overrides, and with every ref() and source() naming a relation, whatever it is in the
// project. Names are published names. is_incremental() is what the overrides say; else
// it is true of an incremental model whose own table is given. The model's own Compiled
// stays as it is. It is safe for concurrent use.
func (p *Plan) CompileUnit(ctx context.Context, db dbtcontext.Database, id string) (*project.Compiled, error) {
	unit := p.Nodes[id]
	model := p.UnitModel(unit)
	host := &compileHost{ctx: ctx, plan: p, node: model, pkg: model.Package, db: db, this: model.Relation, unit: unit}
	scope := overridden(p.dbt.Scope(host, model.Package), unit.Unit)
	query, err := renderTemplate(pass{ctx: ctx}, scope, model)
	if err == nil {
		query, err = p.resolvePlainNames(host, query)
	}
	if err != nil {
		return nil, namedUnit(err, unit, model.Place)
	}
	return &project.Compiled{SQL: query.text, Map: query.origin}, nil
}

// UnitModel is the model that a unit test tests.
func (p *Plan) UnitModel(unit *project.Node) *project.Node { return p.Nodes[unit.DependsOn[0]] }

// CompileFixture renders rows of a unit test that are SQL. Jinja in them may use what a
// model may use.
func (p *Plan) CompileFixture(ctx context.Context, id string, text project.Embedded) (*project.Compiled, error) {
	sql := strings.TrimRight(text.Text, blank+";")
	if !hasTags(sql) {
		return &project.Compiled{SQL: sql, Map: text}, nil
	}
	unit := p.Nodes[id]
	model := p.UnitModel(unit)
	source := diag.NewSource("", sql)
	t, err := template.Parse(source)
	if err == nil {
		host := &compileHost{ctx: ctx, plan: p, node: model, pkg: model.Package, this: model.Relation, unit: unit}
		var out template.Output
		if out, err = t.Render(pass{ctx: ctx}.thread(), overridden(p.dbt.Scope(host, model.Package), unit.Unit)); err == nil {
			return &project.Compiled{SQL: out.Text, Map: fixtureMap{source, out.Map, text}}, nil
		}
	}
	list := diag.From(err, diag.TemplateError)
	for _, d := range list {
		if d.Place.Source == source {
			d.Place = text.Place(d.Place.Span)
		}
	}
	return nil, namedUnit(list, unit, text.Whole())
}

// namedUnit puts the unit test's id on diagnostics, and a place where they have none.
func namedUnit(err error, unit *project.Node, place diag.Place) error {
	list := diag.From(err, diag.TemplateError)
	for _, d := range list {
		if d.Node == "" {
			d.Node = unit.UniqueID
		}
		if isNowhere(d.Place) {
			d.Place = place
		}
	}
	return list
}

// fixtureMap leads from rendered SQL through its template to the file it stands in.
type fixtureMap struct {
	source *diag.Source
	inner  project.Origin
	text   project.Embedded
}

// Origin returns where a byte of the rendered text comes from.
func (m fixtureMap) Origin(offset int) (diag.Place, bool) {
	place, ok := m.inner.Origin(offset)
	if !ok || place.Source != m.source {
		return m.text.Whole(), ok
	}
	return m.text.Place(place.Span), true
}

// UnitReference is how the model of a unit test reads a node, and where: the zero place
// where it does not say.
func (p *Plan) UnitReference(unit *project.Node, id string) (text string, place diag.Place) {
	model, read := p.UnitModel(unit), p.Nodes[id]
	for _, call := range model.Refs {
		if found, d := p.names.ref(call, model.Package); d == nil && found == read {
			place = call.Place
		}
	}
	for _, call := range model.Sources {
		if found, d := p.names.source(call, model.Package); d == nil && found == read {
			place = call.Place
		}
	}
	return refText(read), place
}
