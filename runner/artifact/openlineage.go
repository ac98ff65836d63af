package artifact

import (
	"encoding/json"
	"io"
	"path/filepath"
	"strings"
	"time"

	"elt/compiler"
	"elt/compiler/lineage"
)

// The schemas of OpenLineage that OpenLineage follows.
const (
	jobEventSchema      = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/JobEvent"
	columnLineageSchema = "https://openlineage.io/spec/facets/1-2-0/ColumnLineageDatasetFacet.json#/$defs/ColumnLineageDatasetFacet"
	schemaSchema        = "https://openlineage.io/spec/facets/1-1-1/SchemaDatasetFacet.json#/$defs/SchemaDatasetFacet"
)

type (
	jobEvent struct {
		EventTime string     `json:"eventTime"`
		Producer  string     `json:"producer"`
		Schema    string     `json:"schemaURL"`
		Job       jobName    `json:"job"`
		Inputs    []dataset  `json:"inputs"`
		Outputs   [1]dataset `json:"outputs"`
	}
	jobName struct {
		Namespace string `json:"namespace"`
		Name      string `json:"name"`
	}
	dataset struct {
		Namespace string         `json:"namespace"`
		Name      string         `json:"name"`
		Facets    *datasetFacets `json:"facets,omitempty"`
	}
	datasetFacets struct {
		Schema  schemaFacet   `json:"schema"`
		Lineage *lineageFacet `json:"columnLineage,omitempty"`
	}
	facet struct {
		Producer string `json:"_producer"`
		Schema   string `json:"_schemaURL"`
	}
	schemaFacet struct {
		facet
		Fields []schemaField `json:"fields"`
	}
	schemaField struct {
		Name string `json:"name"`
		Type string `json:"type,omitempty"`
	}
	lineageFacet struct {
		facet
		Fields  map[string]outputField `json:"fields"`
		Dataset []inputField           `json:"dataset,omitempty"`
	}
	outputField struct {
		Inputs []inputField `json:"inputFields"`
	}
	inputField struct {
		Namespace       string           `json:"namespace"`
		Name            string           `json:"name"`
		Field           string           `json:"field"`
		Transformations []transformation `json:"transformations"`
	}
	transformation struct {
		Type    string `json:"type"`
		Subtype string `json:"subtype"`
		Masking bool   `json:"masking"`
	}
)

// OpenLineage writes a graph as OpenLineage's job events, one JSON object a line: one for
// each model and snapshot, with the column lineage facet of its relation.
func OpenLineage(w io.Writer, plan *compiler.Plan, graph *lineage.Graph, meta Meta) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	o := &openLineage{
		plan: plan, graph: graph, producer: "urn:elt:" + meta.Version,
		time: meta.Now.UTC().Format(time.RFC3339Nano),
	}
	for _, n := range graph.Nodes() {
		if n.Type != "model" && n.Type != "snapshot" || n.Relation == "" {
			continue
		}
		if err := enc.Encode(o.event(n)); err != nil {
			return err
		}
	}
	return nil
}

type openLineage struct {
	plan           *compiler.Plan
	graph          *lineage.Graph
	producer, time string
}

func (o *openLineage) event(n *lineage.Node) jobEvent {
	e := jobEvent{
		EventTime: o.time, Producer: o.producer, Schema: jobEventSchema, Inputs: []dataset{},
		Job: jobName{o.plan.Project.Name, n.ID},
	}
	for _, id := range o.inputs(n, nil) {
		e.Inputs = append(e.Inputs, o.dataset(o.graph.Node(id)))
	}
	output := o.dataset(n)
	output.Facets = &datasetFacets{Schema: schemaFacet{facet: facet{o.producer, schemaSchema}, Fields: []schemaField{}}}
	for _, c := range n.Columns {
		output.Facets.Schema.Fields = append(output.Facets.Schema.Fields, schemaField{c.Name, c.Type})
	}
	if n.Note == "" {
		output.Facets.Lineage = o.facet(n)
	}
	e.Outputs[0] = output
	return e
}

// inputs are the nodes with a relation that a node reads; ephemeral ones have none, and
// their parents stand for them.
func (o *openLineage) inputs(n *lineage.Node, ids []string) []string {
	seen := map[string]bool{}
	for _, id := range ids {
		seen[id] = true
	}
	for _, id := range n.DependsOn {
		parent := o.graph.Node(id)
		switch {
		case parent == nil || seen[id]:
		case parent.Type == "model" && parent.Relation == "":
			ids = o.inputs(parent, ids)
		default:
			ids = append(ids, id)
		}
		for _, id := range ids {
			seen[id] = true
		}
	}
	return ids
}

func (o *openLineage) facet(n *lineage.Node) *lineageFacet {
	f := &lineageFacet{facet: facet{o.producer, columnLineageSchema}, Fields: map[string]outputField{}, Dataset: o.fields(n.Rows)}
	for _, c := range n.Columns {
		if len(c.From) > 0 {
			f.Fields[c.Name] = outputField{o.fields(c.From)}
		}
	}
	return f
}

func (o *openLineage) fields(steps []lineage.Step) []inputField {
	var fields []inputField
	for _, step := range steps {
		from := o.graph.Node(step.Node)
		if from == nil {
			continue
		}
		d := o.dataset(from)
		field := inputField{Namespace: d.Namespace, Name: d.Name, Field: step.Column}
		for _, via := range step.Via {
			field.Transformations = append(field.Transformations, transformationOf(step.Kind, via))
		}
		fields = append(fields, field)
	}
	return fields
}

// transformationOf is OpenLineage's word for a part of a query.
func transformationOf(kind lineage.Kind, via lineage.Via) transformation {
	if via == lineage.ViaValue {
		return transformation{Type: "DIRECT", Subtype: map[lineage.Kind]string{
			lineage.Passthrough: "IDENTITY", lineage.Transformed: "TRANSFORMATION", lineage.Aggregated: "AGGREGATION",
		}[kind]}
	}
	return transformation{Type: "INDIRECT", Subtype: map[lineage.Via]string{
		lineage.ViaCondition: "CONDITIONAL", lineage.ViaWindow: "WINDOW", lineage.ViaSort: "SORT",
		lineage.ViaFilter: "FILTER", lineage.ViaJoin: "JOIN", lineage.ViaGroup: "GROUP_BY",
	}[via]}
}

// dataset names a node as OpenLineage's naming rules do where they say something: files by
// their absolute path or bucket. They say nothing of DuckDB; its database file is the
// datasource here.
func (o *openLineage) dataset(n *lineage.Node) dataset {
	if n.Relation == "" && len(n.Files) > 0 {
		name := n.Files[0]
		if scheme, rest, ok := strings.Cut(name, "://"); ok {
			host, path, _ := strings.Cut(rest, "/")
			return dataset{Namespace: scheme + "://" + host, Name: path}
		}
		if !filepath.IsAbs(name) {
			name = filepath.Join(o.plan.Project.Root, name)
		}
		return dataset{Namespace: "file", Name: filepath.ToSlash(name)}
	}
	if n.Relation == "" {
		return dataset{Namespace: "duckdb", Name: n.ID}
	}
	return dataset{Namespace: "duckdb://" + filepath.ToSlash(o.plan.Project.Target.Path), Name: plainName(n.Relation)}
}

// plainName is a quoted name without its quotes: database.schema.identifier.
func plainName(relation string) string {
	return strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(relation, `"`), `"`), `"."`, ".")
}
