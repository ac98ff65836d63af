package dbtcontext

import (
	"fmt"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

// relationTypes are the names a relation's class gives its types.
var relationTypes = map[string]string{
	"Table": "table", "View": "view", "CTE": "cte", "External": "external",
	"MaterializedView": "materialized_view", "PointerTable": "pointer_table",
	"Function": "function", "Ephemeral": "ephemeral",
}

// Attr returns an attribute or a method.
func (r *Relation) Attr(name string) (template.Value, bool) {
	switch name {
	case "database":
		return noneIfEmpty(r.rel.Database), true
	case "schema":
		return noneIfEmpty(r.rel.Schema), true
	case "identifier", "name", "table":
		return noneIfEmpty(r.rel.Identifier), true
	case "type":
		return noneIfEmpty(r.rel.Type), true
	case "external":
		return noneIfEmpty(r.external), true
	case "information_schema_view":
		return noneIfEmpty(r.view), r.isInfo
	case "is_table", "is_view", "is_cte", "is_function":
		return r.rel.Type == name[len("is_"):], true
	case "is_materialized_view":
		return r.rel.Type == "materialized_view", true
	case "is_pointer":
		return r.rel.Type == "pointer_table", true
	case "can_be_renamed", "can_be_replaced", "dbt_created", "require_alias":
		return false, true
	case "quote_character":
		return `"`, true
	case "limit":
		if r.limit < 0 {
			return nil, true
		}
		return int64(r.limit), true
	case "event_time_filter":
		return r.times.value(), true
	case "catalog":
		return nil, true
	case "path":
		return r.path(), true
	case "quote_policy":
		return r.quote.dict(), true
	case "include_policy":
		return r.include.dict(), true
	}
	if t, ok := relationTypes[name]; ok {
		return t, true
	}
	if m := findRelationMethod(name); m != nil {
		return template.NewFunc(name, func(c *template.Call) (template.Value, error) { return m(r, c) }), true
	}
	return nil, false
}

func (r *Relation) path() *template.Dict {
	d := template.NewDict()
	for _, name := range []string{"database", "schema", "identifier"} {
		_ = d.Set(name, noneIfEmpty(*r.part(name)))
	}
	return d
}

type relationMethod func(r *Relation, c *template.Call) (template.Value, error)

// findRelationMethod returns a method by name, or nil.
func findRelationMethod(name string) relationMethod {
	switch name {
	case "render":
		return func(r *Relation, _ *template.Call) (template.Value, error) { return r.render(), nil }
	case "render_event_time_filtered":
		return func(r *Relation, _ *template.Call) (template.Value, error) { return r.times.Around(r.render()), nil }
	case "render_limited":
		return func(r *Relation, _ *template.Call) (template.Value, error) {
			all := r.clone()
			all.times = EventTimeFilter{}
			return all.Str(), nil
		}
	case "include":
		return relationInclude
	case "quote":
		return relationQuote
	case "quoted":
		return relationQuoted
	case "without_identifier":
		return relationWithoutIdentifier
	case "incorporate", "replace":
		return relationIncorporate
	case "replace_path":
		return relationReplacePath
	case "matches":
		return relationMatches
	case "information_schema", "information_schema_only":
		return relationInformationSchema
	case "get":
		return relationGet
	case "to_dict":
		return relationToDict
	case "add_ephemeral_prefix":
		return relationEphemeralName
	case "scd_args":
		return func(_ *Relation, c *template.Call) (template.Value, error) { return scdArgs(c) }
	case "create":
		return func(_ *Relation, c *template.Call) (template.Value, error) {
			return createRelation(policy{true, true, true}, c)
		}
	}
	return nil
}

func relationInclude(r *Relation, c *template.Call) (template.Value, error) {
	out := r.clone()
	return out, out.include.read(c, "include")
}

func relationQuote(r *Relation, c *template.Call) (template.Value, error) {
	out := r.clone()
	return out, out.quote.read(c, "quote")
}

// read sets the parts of a policy that the call names; None leaves one as it is.
func (p *policy) read(c *template.Call, fn string) error {
	var database, schema, identifier template.Value
	if err := c.Unpack(fn, "database?", &database, "schema?", &schema, "identifier?", &identifier); err != nil {
		return err
	}
	return p.merge(map[string]template.Value{"database": database, "schema": schema, "identifier": identifier}, fn)
}

func (p *policy) merge(parts map[string]template.Value, fn string) error {
	for name, v := range parts {
		flag := p.flag(name)
		switch {
		case v == nil:
		case flag == nil:
			return fmt.Errorf("%s() knows database, schema and identifier, not %q", fn, name)
		default:
			*flag = template.Truth(v)
		}
	}
	return nil
}

func relationQuoted(_ *Relation, c *template.Call) (template.Value, error) {
	var name template.Value
	if err := c.Unpack("quoted", "identifier", &name); err != nil {
		return nil, err
	}
	return project.QuoteIdent(template.Str(name)), nil
}

func relationWithoutIdentifier(r *Relation, _ *template.Call) (template.Value, error) {
	out := r.clone()
	out.include.identifier = false
	out.rel.Identifier = ""
	return out, nil
}

// relationIncorporate is incorporate(path={...}, type=..., ...), and replace() with
// the same arguments.
func relationIncorporate(r *Relation, c *template.Call) (template.Value, error) {
	out := r.clone()
	for _, kw := range c.Kwargs {
		if err := out.incorporate(kw.Name, kw.Value); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (r *Relation) incorporate(key string, v template.Value) error {
	switch key {
	case "path":
		return r.setPath(v)
	case "type":
		r.rel.Type = stringOrEmpty(v)
		return nil
	case "quote_policy":
		return r.quote.merge(entries(v), "quote_policy")
	case "include_policy":
		return r.include.merge(entries(v), "include_policy")
	case "external":
		r.external = stringOrEmpty(v)
		return nil
	case "information_schema_view":
		r.view = stringOrEmpty(v)
		return nil
	case "limit":
		r.limit = -1
		if n, ok := v.(int64); ok {
			r.limit = int(n)
		}
		return nil
	case "quote_character", "dbt_created", "require_alias", "event_time_filter", "catalog", "catalog_name":
		return nil
	}
	return fmt.Errorf("a relation has no field %q", key)
}

func (r *Relation) setPath(v template.Value) error {
	for name, value := range entries(v) {
		part := r.part(name)
		if part == nil { // dbt takes no notice of it either
			continue
		}
		if err := setPart(part, name, value); err != nil {
			return err
		}
	}
	return nil
}

func setPart(part *string, name string, v template.Value) error {
	switch x := v.(type) {
	case nil:
		*part = ""
	case string:
		*part = x
	default:
		return fmt.Errorf("the %s of a relation must be a string, not %s", name, template.TypeName(v))
	}
	return nil
}

func relationReplacePath(r *Relation, c *template.Call) (template.Value, error) {
	out := r.clone()
	for _, kw := range c.Kwargs {
		part := out.part(kw.Name)
		if part == nil {
			return nil, fmt.Errorf("the path of a relation has database, schema and identifier, not %q", kw.Name)
		}
		if err := setPart(part, kw.Name, kw.Value); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func relationMatches(r *Relation, c *template.Call) (template.Value, error) {
	var database, schema, identifier template.Value
	if err := c.Unpack("matches", "database?", &database, "schema?", &schema, "identifier?", &identifier); err != nil {
		return nil, err
	}
	asked, exact, near := 0, true, true
	for name, v := range map[string]template.Value{"database": database, "schema": schema, "identifier": identifier} {
		if v == nil {
			continue
		}
		asked++
		want, have := template.Str(v), *r.part(name)
		exact = exact && want == have
		near = near && strings.EqualFold(strings.Trim(want, `"`), strings.Trim(have, `"`))
	}
	if asked == 0 {
		return nil, fmt.Errorf("matches() needs a database, a schema or an identifier")
	}
	if near && !exact {
		want := project.Relation{Database: stringOrEmpty(database), Schema: stringOrEmpty(schema), Identifier: stringOrEmpty(identifier)}
		return nil, diag.New(diag.AmbiguousName, c.Place,
			"%s differs from %s only in letter case", NewRelation(want).render(), r.render()).
			WithHint("rename one of them, or write the name as it is in the database")
	}
	return exact, nil
}

func relationInformationSchema(r *Relation, c *template.Call) (template.Value, error) {
	var view template.Value
	if err := c.Unpack("information_schema", "view_name?", &view); err != nil {
		return nil, err
	}
	return r.informationSchema(stringOrEmpty(view)), nil
}

func relationGet(r *Relation, c *template.Call) (template.Value, error) {
	var key string
	var def template.Value
	if err := c.Unpack("get", "key", &key, "default?", &def); err != nil {
		return nil, err
	}
	if key == "metadata" {
		d := template.NewDict()
		_ = d.Set("type", r.TypeName())
		return d, nil
	}
	if v, ok := r.Attr(key); ok {
		return v, nil
	}
	return def, nil
}

func relationToDict(r *Relation, c *template.Call) (template.Value, error) {
	var none template.Value
	if err := c.Unpack("to_dict", "omit_none?", &none); err != nil {
		return nil, err
	}
	if template.Truth(none) {
		return withoutNone(r.fields()), nil
	}
	return r.fields(), nil
}

func (r *Relation) fields() *template.Dict {
	d := template.NewDict()
	for _, name := range []string{"path", "type", "quote_character", "include_policy", "quote_policy",
		"dbt_created", "limit", "event_time_filter", "require_alias", "catalog", "external"} {
		if name == "external" { // of which DuckDB has none
			_ = d.Set("renameable_relations", template.NewList())
			_ = d.Set("replaceable_relations", template.NewList())
		}
		v, _ := r.Attr(name)
		_ = d.Set(name, v)
	}
	return d
}

func relationEphemeralName(_ *Relation, c *template.Call) (template.Value, error) {
	var name string
	if err := c.Unpack("add_ephemeral_prefix", "name", &name); err != nil {
		return nil, err
	}
	return "__dbt__cte__" + name, nil
}

// createRelation is Relation.create(...).
func createRelation(quote policy, c *template.Call) (template.Value, error) {
	r := NewRelation(project.Relation{})
	r.quote = quote
	order := []string{"database", "schema", "identifier", "type"}
	if len(c.Args) > len(order) {
		return nil, fmt.Errorf("Relation.create() takes at most %d arguments without a name", len(order))
	}
	for i, v := range c.Args {
		if err := r.field(order[i], v); err != nil {
			return nil, err
		}
	}
	for _, kw := range c.Kwargs {
		if err := r.field(kw.Name, kw.Value); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *Relation) field(name string, v template.Value) error {
	if part := r.part(name); part != nil {
		return setPart(part, name, v)
	}
	return r.incorporate(name, v)
}

// relationClass is api.Relation: the class itself.
type relationClass struct{ p *Project }

// TypeName is the Python type name.
func (relationClass) TypeName() string { return "RelationProxy" }

// Attr returns a method or a constant of the class.
func (k relationClass) Attr(name string) (template.Value, bool) {
	switch name {
	case "create":
		return template.NewFunc("api.Relation.create", func(c *template.Call) (template.Value, error) {
			return createRelation(k.p.relation(project.Relation{}).quote, c)
		}), true
	case "scd_args":
		return template.NewFunc("api.Relation.scd_args", scdArgs), true
	case "add_ephemeral_prefix", "get_relation_type":
		return NewRelation(project.Relation{}).Attr(name)
	}
	t, ok := relationTypes[name]
	return t, ok
}

func scdArgs(c *template.Call) (template.Value, error) {
	var key, updatedAt template.Value
	if err := c.Unpack("scd_args", "primary_key", &key, "updated_at", &updatedAt); err != nil {
		return nil, err
	}
	out := template.NewList(key)
	if list, ok := key.(*template.List); ok {
		out.Elems = slices.Clone(list.Elems)
	}
	out.Elems = append(out.Elems, updatedAt)
	return out, nil
}

func stringOrEmpty(v template.Value) string {
	s, _ := v.(string)
	return s
}

// entries are the string-keyed entries of a dict; none of anything else.
func entries(v template.Value) map[string]template.Value {
	out := map[string]template.Value{}
	if d, ok := v.(*template.Dict); ok {
		for _, key := range d.Keys() {
			if name, ok := key.(string); ok {
				out[name], _ = d.Get(key)
			}
		}
	}
	return out
}
