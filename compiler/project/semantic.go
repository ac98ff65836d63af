package project

import (
	"cmp"
	"slices"

	"elt/compiler/diag"
	"elt/compiler/template"
)

// SemanticPatch is one entry of metrics:, semantic_models: or saved_queries:.
type SemanticPatch struct {
	Type              ResourceType
	Name, Description string
	Place             diag.Place
	Path, RelPath     string
	Meta              *template.Dict // beside config
	Tags              []string       // beside config
	Config            *Config
	Body              *template.Dict // all else, as dbt writes it

	ofModel   bool   // a semantic model that stands under its model
	unwrapped bool   // a metric without type_params: its meta is in its config only
	under     string // the model in whose entry it stands, or ""
}

// SemanticInfo is what a metric, a semantic model or a saved query has beyond other nodes.
type SemanticInfo struct {
	// Body holds what its entry says, with every key that dbt writes for its type, in dbt's
	// order. What only other nodes tell (input_measures, node_relation, the names of exports)
	// the parse pass puts in.
	Body *template.Dict
	// FromMeasure is the semantic model whose measure with create_metric a metric stands for, or "".
	FromMeasure string
	// OfModel says that a semantic model stands under its model and has its description.
	OfModel bool
	// Unwrapped says that a metric has its parameters without type_params around them.
	Unwrapped bool
}

// MetricCall is a metric() as it was called, or the name of one.
type MetricCall struct {
	Package, Name string
	Place         diag.Place
}

// IsSemantic reports whether nodes of a type belong to the semantic layer, whose queries are
// MetricFlow's.
func (t ResourceType) IsSemantic() bool { return t == Metric || t == SemanticModel || t == SavedQuery }

// semanticLayer reads metrics:, semantic_models: and saved_queries:.
func (f *propertyFile) semanticLayer(top cursor) {
	for _, c := range f.entries(top, "metrics") {
		if !c.get("type_params").exists() { // this is how dbt tells new from old ones
			f.newMetric(c, nil, nil)
			continue
		}
		if p := f.semantic(c, Metric, metricShape); p != nil {
			cumulative(p.Body, c)
		}
	}
	for _, c := range f.entries(top, "semantic_models") {
		f.semantic(c, SemanticModel, semanticModelShape)
	}
	for _, c := range f.entries(top, "saved_queries") {
		f.semantic(c, SavedQuery, savedQueryShape)
	}
}

// semantic reads one entry, or returns nil where it has no name.
func (f *propertyFile) semantic(c cursor, t ResourceType, s *shape) *SemanticPatch {
	name, ok := f.rendered().name(c, "name", s.a)
	if !ok {
		return nil
	}
	p := &SemanticPatch{Type: t, Name: name, Place: c.get("name").place(), Path: f.entry.original(), RelPath: f.entry.rel}
	beside := []string{"name", "description", "config"}
	if t == Metric {
		beside = append(beside, "meta")
		p.Meta = f.rendered().mapping(c.get("meta"), "meta")
	}
	if t != SemanticModel {
		beside = append(beside, "tags")
		p.Tags = f.rendered().strs(c.get("tags"), "tags")
	}
	p.Description, _ = f.description(c)
	p.Body = f.shaped(c, s, beside...)
	p.Config = f.config(c, t)
	f.patches.Semantics = append(f.patches.Semantics, p)
	return p
}

// cumulative gives a cumulative metric the parameters of its kind, from where they stood
// before they had a mapping of their own, and takes them from any other metric, as dbt does.
func cumulative(body *template.Dict, c cursor) {
	v, _ := body.Get("type_params")
	params, ok := v.(*template.Dict)
	if !ok {
		return
	}
	if kind, _ := body.Get("type"); kind != "cumulative" {
		dictSet(params, "cumulative_type_params", nil)
		return
	}
	given, _ := params.Get("cumulative_type_params")
	own, ok := given.(*template.Dict)
	if !ok {
		own = template.NewRecord(template.Item{Key: "window"}, template.Item{Key: "grain_to_date"},
			template.Item{Key: "period_agg", Value: "first"}, template.Item{Key: "metric"})
		dictSet(params, "cumulative_type_params", own)
	}
	for _, key := range []string{"window", "grain_to_date"} {
		if have, _ := own.Get(key); have == nil {
			old, _ := params.Get(key)
			dictSet(own, key, old)
		}
	}
}

// BuildSemantics returns a node for each metric, semantic model and saved query, and one for
// each measure with create_metric. Refs and Metrics are set; what is named by measures is
// left to the parse pass.
func BuildSemantics(p *Project) ([]*Node, diag.List) {
	var out []*Node
	var diags report
	models := map[string]bool{"": true}
	for _, file := range p.Files {
		if file.Kind == ModelFile {
			models[file.Name] = true
		}
	}
	for _, patch := range p.Patches.Semantics {
		if !models[patch.under] {
			continue // as its model, which is reported
		}
		n := patch.node(p, patch.Type, patch.Name)
		n.Description = patch.Description
		n.Semantic = &SemanticInfo{Body: patch.Body, OfModel: patch.ofModel, Unwrapped: patch.unwrapped}
		config, list := ResolveConfig(p, ResolveInput{Type: patch.Type, Package: p.Name, FQN: n.FQN, Patch: patch.Config})
		diags.list = append(diags.list, list...)
		n.setConfig(config)
		n.Tags = patch.Tags
		out = append(out, n)
		switch patch.Type {
		case Metric:
			if patch.unwrapped {
				n.Meta = nil
			} else if mergedDicts(metaOf(config)).Len() == 0 {
				n.Meta = patch.Meta
			}
		case SemanticModel:
			if call, ok := parseModel(patch, &diags); ok {
				n.Refs = []RefCall{call}
			}
			joinMeta(patch.Body, metaOf(config))
			out = append(out, createdMetrics(p, patch, config, &diags)...)
		case SavedQuery:
			n.Tags = slices.Sorted(slices.Values(append(slices.Clone(patch.Tags), config.Strings("tags")...)))
			n.Tags = slices.Compact(n.Tags)
			n.Metrics = patch.queried()
		}
	}
	return out, diags.list
}

// node is the node of an entry, or of a metric that an entry makes.
func (patch *SemanticPatch) node(p *Project, t ResourceType, name string) *Node {
	return &Node{UniqueID: string(t) + "." + p.Name + "." + name, Type: t, Name: name, Package: p.Name,
		Path: patch.RelPath, OriginalPath: patch.Path, FQN: p.FQN(patch.RelPath, name),
		Source: patch.Place.Source, Place: patch.Place, PatchPlace: patch.Place}
}

// parseModel reads model: of a semantic model.
func parseModel(patch *SemanticPatch, diags *report) (RefCall, bool) {
	v, _ := patch.Body.Get("model")
	text, _ := v.(string)
	ref, source, ok := ParseReference(Located{Text: text, Place: patch.Place})
	if text == "" {
		return ref, false // reported as missing
	}
	if !ok || source.Table != "" {
		diags.add(diag.New(diag.WrongType, patch.Place, "the model of the semantic model %q is %q, which is no ref()", patch.Name, text).
			WithHint("write model: ref('orders')"))
		return ref, false
	}
	return ref, true
}

// queried are the metrics that a saved query names.
func (patch *SemanticPatch) queried() []MetricCall {
	v, _ := patch.Body.Get("query_params")
	params, _ := v.(*template.Dict)
	var out []MetricCall
	names, _ := dictGet(params, "metrics")
	list, _ := elements(names)
	for _, name := range list {
		out = append(out, MetricCall{Name: template.Str(name), Place: patch.Place})
	}
	return out
}

// joinMeta puts the meta of a semantic model under that of its elements.
func joinMeta(body, meta *template.Dict) {
	for _, part := range []string{"dimensions", "entities", "measures"} {
		v, _ := body.Get(part)
		elements, _ := elements(v)
		for _, e := range elements {
			element, ok := e.(*template.Dict)
			if !ok {
				continue
			}
			v, _ := element.Get("config")
			config, ok := v.(*template.Dict)
			if !ok {
				continue
			}
			own, _ := config.Get("meta")
			ownMeta, _ := own.(*template.Dict)
			dictSet(config, "meta", mergedDicts(meta, ownMeta))
		}
	}
}

// createdMetrics are the metrics of measures with create_metric, as dbt makes them. What is
// left of the measure does not say that it has one.
func createdMetrics(p *Project, patch *SemanticPatch, config *Config, diags *report) []*Node {
	var out []*Node
	v, _ := patch.Body.Get("measures")
	measures, _ := elements(v)
	for _, e := range measures {
		measure, ok := e.(*template.Dict)
		if !ok {
			continue
		}
		wanted, _ := measure.Get("create_metric")
		dictSet(measure, "create_metric", false) // as dbt writes it
		if wanted != true {
			continue
		}
		name := stringAt(measure, "name")
		n := patch.node(p, Metric, name)
		n.Description = cmp.Or(stringAt(measure, "description"), "Metric created from measure "+name)
		input := shapedName(measureInput, name)
		params := shapedName(metricParams, "")
		dictSet(params, "measure", input)
		dictSet(params, "expr", cmp.Or(stringAt(measure, "expr"), name))
		body := shapedName(metricShape, "")
		dictSet(body, "label", cmp.Or(stringAt(measure, "label"), name))
		dictSet(body, "type", "simple")
		dictSet(body, "type_params", params)
		n.Semantic = &SemanticInfo{Body: body, FromMeasure: patch.Name}
		own := NewConfig()
		own.Set("enabled", ConfigValue{Value: config.Bool("enabled", true)})
		own.Set("meta", ConfigValue{Value: mergedDicts(metaOf(config))})
		resolved, list := ResolveConfig(p, ResolveInput{Type: Metric, Package: p.Name, FQN: n.FQN, Patch: own})
		diags.list = append(diags.list, list...)
		n.setConfig(resolved)
		out = append(out, n)
	}
	return out
}

// shapedName is a mapping of a shape of which only the name is written.
func shapedName(s *shape, name string) *template.Dict {
	out := template.NewRecord()
	for _, fd := range s.fields {
		var v template.Value
		if fd.absent != nil {
			v = fd.absent()
		}
		if fd.key == "name" {
			v = name
		}
		dictSet(out, fd.key, v)
	}
	return out
}

func stringAt(d *template.Dict, key string) string {
	v, _ := d.Get(key)
	text, _ := v.(string)
	return text
}
