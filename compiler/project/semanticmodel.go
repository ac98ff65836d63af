package project

import (
	"cmp"

	"elt/compiler/diag"
	"elt/compiler/template"
)

// What dbt (since 1.12) reads of the semantic layer under a model: semantic_model: makes a
// semantic model of it, columns say which dimensions and entities they are, metrics: are
// those of the model. It comes to the same nodes as entries of their own do.

// The shapes of what stands under a model.
var (
	ownDimension = &shape{"dimension", []field{{key: "name", read: textOf}, {key: "type", read: oneOf(dimensionTypes...), needed: true},
		{key: "description", read: rawText}, {key: "label", read: textOf}, {key: "is_partition", read: flagOf, absent: notSet},
		{key: "config", read: plainMapping, absent: noConfig}, {key: "validity_params", read: nested(validityParams)}}}
	ownEntity = &shape{"entity", []field{{key: "name", read: textOf}, {key: "type", read: oneOf(entityTypes...), needed: true},
		{key: "description", read: rawText}, {key: "label", read: textOf}, {key: "config", read: plainMapping, absent: noConfig}}}
	derivedDimension = &shape{"a derived dimension", []field{{key: "name", read: textOf, needed: true},
		{key: "type", read: oneOf(dimensionTypes...), needed: true}, {key: "description", read: rawText}, {key: "label", read: textOf},
		{key: "is_partition", read: flagOf, absent: notSet}, {key: "expr", read: textOf, needed: true},
		{key: "granularity", read: oneOf(timeGrains...)}, {key: "validity_params", read: nested(validityParams)},
		{key: "config", read: plainMapping, absent: noConfig}}}
	derivedEntity = &shape{"a derived entity", []field{{key: "name", read: textOf, needed: true},
		{key: "type", read: oneOf(entityTypes...), needed: true}, {key: "description", read: rawText}, {key: "label", read: textOf},
		{key: "expr", read: textOf, needed: true}, {key: "config", read: plainMapping, absent: noConfig}}}
	derivedSemantics = &shape{"derived_semantics", []field{{key: "entities", read: listed(nested(derivedEntity)), absent: noItems},
		{key: "dimensions", read: listed(nested(derivedDimension)), absent: noItems}}}
	ownNonAdditive = &shape{"non_additive_dimension", []field{{key: "name", read: textOf, needed: true},
		{key: "window_agg", read: oneOf(aggregations...), needed: true}, {key: "group_by", read: textsOf, absent: noItems}}}
	ownMetric = &shape{"a metric", []field{{key: "label", read: textOf}, {key: "type", read: oneOf(metricTypes...), absent: simple},
		{key: "filter", read: filterOf}, {key: "time_granularity", read: textOf}, {key: "hidden", read: flagOf, absent: notSet},
		{key: "agg", read: oneOf(aggregations...)}, {key: "percentile", read: numberOf}, {key: "percentile_type", read: oneOf("discrete", "continuous")},
		{key: "join_to_timespine", read: flagOf, absent: notSet}, {key: "fill_nulls_with", read: wholeOf}, {key: "expr", read: expression},
		{key: "non_additive_dimension", read: nested(ownNonAdditive)}, {key: "agg_time_dimension", read: textOf},
		{key: "window", read: windowOf}, {key: "grain_to_date", read: textOf},
		{key: "period_agg", read: oneOf("first", "last", "average"), absent: func() template.Value { return "first" }},
		{key: "input_metric", read: named(metricInput)}, {key: "numerator", read: named(metricInput)}, {key: "denominator", read: named(metricInput)},
		{key: "input_metrics", read: listed(named(metricInput)), absent: noItems}, {key: "entity", read: textOf},
		{key: "calculation", read: oneOf("conversions", "conversion_rate"), absent: func() template.Value { return "conversion_rate" }},
		{key: "base_metric", read: named(metricInput)}, {key: "conversion_metric", read: named(metricInput)},
		{key: "constant_properties", read: listed(nested(constantProperty))}}}

	semanticKeys = keySet("name", "enabled", "group", "config")
)

func simple() template.Value { return "simple" }

// plainMapping is a mapping as it is written.
func plainMapping(f *propertyFile, c cursor, key string) template.Value {
	if d := f.rendered().mapping(c, key); d != nil {
		return d
	}
	return noConfig()
}

// columnSemantics reads what a column is to a semantic model: a kind, or a mapping.
func (f *propertyFile) columnSemantics(c cursor, col *ColumnPatch) {
	read := func(key string, s *shape, kinds []string) template.Value {
		at := c.get(key)
		switch {
		case at.isNull():
			return nil
		case !at.isMap():
			return oneOf(kinds...)(f, at, key)
		}
		d := f.shaped(at, s)
		for name, otherwise := range map[string]string{"name": col.Name, "description": col.Description} {
			if text := stringAt(d, name); text == "" {
				dictSet(d, name, otherwise)
			}
		}
		return d
	}
	col.Dimension = read("dimension", ownDimension, dimensionTypes)
	col.Entity = read("entity", ownEntity, entityTypes)
	kind := col.Dimension
	d, isMap := kind.(*template.Dict)
	if isMap {
		kind, _ = d.Get("type")
	}
	if kind == "time" && col.Granularity == "" {
		f.add(diag.New(diag.WrongType, c.get("dimension").place(), "the column %q is a dimension of type \"time\" and has no %q", col.Name, "granularity").
			WithHint("write granularity: day beside it"))
	}
}

// modelSemantics reads the semantic model that a model's entry makes, and its metrics.
func (f *propertyFile) modelSemantics(c cursor, model *Patch) {
	at := c.get("semantic_model")
	if at.isNull() {
		return
	}
	p := &SemanticPatch{Type: SemanticModel, Name: model.Name, Place: model.Place, Path: f.entry.original(), RelPath: f.entry.rel,
		Description: model.Description, Config: NewConfig(), ofModel: true, under: model.Name}
	if at.isMap() {
		f.knownKeys(at, semanticKeys, "semantic_model")
		if !f.rendered().boolean(at.get("enabled"), "enabled", true) {
			return
		}
		p.Name = cmp.Or(f.rendered().str(at.get("name"), "name"), p.Name)
		if !at.get("config").isNull() { // as in dbt, its group counts beside a config only
			p.Config = f.config(at, SemanticModel, "enabled", "group")
			if _, said := p.Config.Get("enabled"); !said {
				p.Config.Set("enabled", ConfigValue{Value: true})
			}
		}
	} else if !f.rendered().boolean(at, "semantic_model", false) {
		return
	}
	if !c.get("versions").isNull() {
		f.add(diag.Warn(diag.Unsupported, at.place(), "%q has no effect on a model with versions", "semantic_model").
			WithHint("as in dbt: write an entry of semantic_models: with model: ref('%s')", model.Name))
		return
	}
	p.Body = shapedName(semanticModelShape, "")
	dictSet(p.Body, "model", "ref('"+model.Name+"')")
	dictSet(p.Body, "defaults", template.NewRecord(template.Item{Key: "agg_time_dimension", Value: f.optional(c, "agg_time_dimension")}))
	dictSet(p.Body, "primary_entity", f.optional(c, "primary_entity"))
	dimensions, entities := template.NewList(), template.NewList()
	for _, col := range model.Columns {
		if e := columnDimension(col); e != nil {
			dimensions.Elems = append(dimensions.Elems, e)
		}
		if e := columnEntity(col); e != nil {
			entities.Elems = append(entities.Elems, e)
		}
	}
	f.derived(c.get("derived_semantics"), dimensions, entities)
	dictSet(p.Body, "dimensions", dimensions)
	dictSet(p.Body, "entities", entities)
	f.patches.Semantics = append(f.patches.Semantics, p)
	for _, e := range f.entries(c, "metrics") {
		f.newMetric(e, model, p)
	}
}

// optional is a text, or nil where none is written.
func (f *propertyFile) optional(c cursor, key string) template.Value {
	if at := c.get(key); !at.isNull() {
		return f.rendered().str(at, key)
	}
	return nil
}

// derived adds the dimensions and entities that are no columns.
func (f *propertyFile) derived(c cursor, dimensions, entities *template.List) {
	if c.isNull() {
		return
	}
	given, ok := nested(derivedSemantics)(f, c, "derived_semantics").(*template.Dict)
	if !ok {
		return
	}
	list, _ := given.Get("dimensions")
	for _, e := range list.(*template.List).Elems {
		d := e.(*template.Dict)
		grain, _ := d.Get("granularity")
		dimensions.Elems = append(dimensions.Elems, element(dimensionShape, d, grain))
	}
	list, _ = given.Get("entities")
	for _, e := range list.(*template.List).Elems {
		entities.Elems = append(entities.Elems, element(entityShape, e.(*template.Dict), nil))
	}
}

// element is a dimension or an entity of a semantic model, made of what is said of it: grain
// is the granularity of a dimension, or nil.
func element(s *shape, said *template.Dict, grain template.Value) *template.Dict {
	out := shapedName(s, "")
	for _, item := range said.Items() {
		switch item.Key {
		case "config", "validity_params", "granularity":
		default:
			dictSet(out, item.Key, item.Value)
		}
	}
	config, _ := said.Get("config")
	inside, _ := config.(*template.Dict)
	meta, _ := dictGet(inside, "meta")
	own, _ := meta.(*template.Dict)
	dictSet(out, "config", template.NewRecord(template.Item{Key: "meta", Value: mergedDicts(own)}))
	if grain != nil {
		validity, _ := said.Get("validity_params")
		dictSet(out, "type_params", template.NewRecord(template.Item{Key: "time_granularity", Value: grain},
			template.Item{Key: "validity_params", Value: validity}))
	}
	return out
}

// columnDimension is the dimension that a column is, or nil. As in dbt, one of which only
// the kind is written has no granularity.
func columnDimension(col *ColumnPatch) *template.Dict {
	switch x := col.Dimension.(type) {
	case string:
		return ofColumn(dimensionShape, col, x)
	case *template.Dict:
		var grain template.Value
		if col.Granularity != "" {
			grain = col.Granularity
		}
		d := element(dimensionShape, x, grain)
		own, _ := d.Get("config")
		meta, _ := own.(*template.Dict).Get("meta")
		dictSet(d, "config", template.NewRecord(template.Item{Key: "meta", Value: mergedDicts(col.Meta, meta.(*template.Dict))}))
		return namedOther(d, col)
	}
	return nil
}

// columnEntity is the entity that a column is, or nil.
func columnEntity(col *ColumnPatch) *template.Dict {
	switch x := col.Entity.(type) {
	case string:
		return ofColumn(entityShape, col, x)
	case *template.Dict:
		d := element(entityShape, x, nil)
		config, _ := x.Get("config")
		if _, has := dictGet(config.(*template.Dict), "meta"); !has {
			dictSet(d, "config", template.NewRecord(template.Item{Key: "meta", Value: mergedDicts(col.Meta)}))
		}
		return namedOther(d, col)
	}
	return nil
}

// ofColumn is a dimension or an entity that has all but its kind from its column.
func ofColumn(s *shape, col *ColumnPatch, kind string) *template.Dict {
	d := shapedName(s, col.Name)
	dictSet(d, "type", kind)
	dictSet(d, "description", col.Description)
	dictSet(d, "config", template.NewRecord(template.Item{Key: "meta", Value: mergedDicts(col.Meta)}))
	return d
}

// namedOther says by which column an element is found that has a name of its own.
func namedOther(d *template.Dict, col *ColumnPatch) *template.Dict {
	if stringAt(d, "name") != col.Name {
		dictSet(d, "expr", col.Name)
	}
	return d
}
