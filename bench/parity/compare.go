package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// difference is one field of one node in which the two programs differ.
type difference struct{ node, field, dbt, elt string }

// score says of one field how many nodes have the same in both, and in how many of the others
// dbt does not yield twice the same either.
type score struct{ same, unsteady, of int }

// report gathers differences.
type report struct {
	all      bool
	unsteady []difference // between two runs of dbt
	found    []difference
	scores   map[string]*score
	fields   []string // in the order of their first comparison
	passed   []string // what differs, and is no difference since it is unsteady
}

// compare compares all that two sides have left.
func (r *report) compare(ctx context.Context, dbt, elt *side) error {
	r.artifacts(dbt, elt)
	return r.relations(ctx, dbt, elt)
}

// sections are the parts of a manifest that hold nodes.
var sections = []string{"nodes", "sources", "exposures", "unit_tests", "metrics", "semantic_models", "saved_queries"}

// nodeFields are compared as they stand.
var nodeFields = []string{"fqn", "resource_type", "package_name", "path", "original_file_path", "alias", "schema",
	"database", "relation_name", "refs", "sources", "tags", "meta", "description", "columns", "group", "access",
	"version", "latest_version", "patch_path", "checksum", "raw_code", "compiled_code", "unrendered_config", "docs",
	"time_spine", "metrics", "label", "type", "type_params", "filter", "time_granularity", "model", "node_relation", "defaults",
	"entities", "measures", "dimensions", "primary_entity", "query_params", "exports", "owner", "url", "maturity"}

// artifacts compares manifests and results.
func (r *report) artifacts(dbt, elt *side) {
	a, b := dbt.nodes(), elt.nodes()
	for _, id := range union(a, b) {
		x, y := a[id], b[id]
		r.add(id, "unique_id", presence(x), presence(y))
		if x == nil || y == nil {
			continue
		}
		for _, field := range nodeFields {
			_, inDBT := x[field]
			_, inELT := y[field]
			if field == "compiled_code" && x["compiled"] != true {
				continue // dbt compiles what it runs, elt all that is selected
			}
			if inDBT || inELT {
				r.values(dbt, elt, id, field, x[field], y[field])
			}
		}
		if x["compiled"] != true && x["resource_type"] == "test" {
			delete(object(x["depends_on"]), "macros") // part of it comes to light when dbt compiles
			delete(object(y["depends_on"]), "macros")
		}
		for _, key := range union(object(x["depends_on"]), object(y["depends_on"])) {
			// dbt lists macros in the order in which they were called, elt as they are written
			r.values(dbt, elt, id, "depends_on."+key, sorted(object(x["depends_on"])[key]), sorted(object(y["depends_on"])[key]))
		}
		r.configs(dbt, elt, id, object(x["config"]), object(y["config"]))
	}
	for _, id := range union(dbt.results, elt.results) {
		x, y := dbt.results[id], elt.results[id]
		r.add(id, "result", presence(x), presence(y))
		if x != nil && y != nil {
			r.values(dbt, elt, id, "status", x["status"], y["status"])
			if x["status"] != "error" && x["status"] != "skipped" { // errors are told in other words
				r.values(dbt, elt, id, "message", x["message"], y["message"])
			}
			r.values(dbt, elt, id, "failures", x["failures"], y["failures"])
		}
	}
}

// configs compares all of config as one field and names just the keys that differ.
func (r *report) configs(dbt, elt *side, id string, x, y map[string]any) {
	a, b := map[string]any{}, map[string]any{}
	for _, key := range union(x, y) {
		left, inLeft := x[key]
		right, inRight := y[key]
		if inLeft != inRight || !same(dbt, elt, left, right) {
			if inLeft {
				a[key] = left
			}
			if inRight {
				b[key] = right
			}
		}
	}
	r.values(dbt, elt, id, "config", a, b)
}

// nodes are the nodes of the manifest by unique_id.
func (s *side) nodes() map[string]map[string]any {
	out := map[string]map[string]any{}
	for _, section := range sections {
		for id, v := range object(s.manifest[section]) {
			out[id] = object(v)
		}
	}
	return out
}

// sorted is a list of texts in order; what is no list stays as it is.
func sorted(v any) any {
	if l, ok := v.([]any); ok {
		slices.SortFunc(l, func(a, b any) int { return strings.Compare(text(a), text(b)) })
	}
	return v
}

func presence[V any](m map[string]V) string {
	if m == nil {
		return "missing"
	}
	return "there"
}

func union[V any](a, b map[string]V) []string {
	out := slices.Collect(maps.Keys(a))
	for key := range b {
		if _, ok := a[key]; !ok {
			out = append(out, key)
		}
	}
	slices.Sort(out)
	return out
}

// plain is a value as JSON, with the folder of the copy replaced.
func plain(s *side, v any) string {
	if t, ok := v.(string); ok {
		return s.hidden(t)
	}
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return s.hidden(string(data))
}

func same(dbt, elt *side, a, b any) bool {
	return reflect.DeepEqual(a, b) || plain(dbt, a) == plain(elt, b)
}

func (r *report) values(dbt, elt *side, id, field string, a, b any) {
	r.add(id, field, plain(dbt, a), plain(elt, b))
}

// add counts a comparison, and keeps it where it shows a difference.
func (r *report) add(id, field, dbt, elt string) {
	if r.scores == nil {
		r.scores = map[string]*score{}
	}
	s := r.scores[field]
	if s == nil {
		s = &score{}
		r.scores[field] = s
		r.fields = append(r.fields, field)
	}
	s.of++
	if dbt == elt {
		s.same++
		return
	}
	if slices.ContainsFunc(r.unsteady, func(d difference) bool { return d.node == id && d.field == field }) {
		s.unsteady++
		r.passed = append(r.passed, id+"  "+field)
		return
	}
	r.found = append(r.found, difference{id, field, dbt, elt})
}

func (r *report) differences() int { return len(r.found) }

// few is how many differences of one field are printed where not all are.
const few = 3

// print writes the differences, then the scores, then what each side took.
func (r *report) print(w io.Writer, name string, dbt, elt *side) {
	printed := map[string]int{}
	for _, d := range r.found {
		if printed[d.field]++; printed[d.field] <= few || r.all {
			fmt.Fprintf(w, "%s  %s\n  dbt  %s\n  elt  %s\n", d.node, d.field, cut(d.dbt, r.all), cut(d.elt, r.all))
		}
	}
	for _, what := range r.passed {
		fmt.Fprintf(w, "%s: not twice the same in dbt\n", what)
	}
	nodes := 0
	if s := r.scores["unique_id"]; s != nil { // else the project is empty
		nodes = s.of
	}
	fmt.Fprintf(w, "\n%s: %d nodes\n", name, nodes)
	for _, field := range r.fields {
		s := r.scores[field]
		mark := ""
		if differ := s.of - s.same - s.unsteady; differ > 0 {
			mark = fmt.Sprintf("  %d differ", differ)
		}
		if s.unsteady > 0 {
			mark += fmt.Sprintf("  %d differ between two runs of dbt as well", s.unsteady)
		}
		fmt.Fprintf(w, "  %-20s %5d of %d%s\n", field, s.same, s.of, mark)
	}
	for _, s := range []*side{dbt, elt} {
		fmt.Fprintf(w, "%s: exit %d, %.2f s, %d MB\n", s.name, s.exit, s.elapsed.Seconds(), s.memory/1024)
	}
}

// cut shortens a long text and keeps it on its lines.
func cut(text string, whole bool) string {
	text = strings.ReplaceAll(text, "\n", "\\n")
	const most = 400
	if runes := []rune(text); len(runes) > most && !whole {
		return string(runes[:most]) + "…"
	}
	return text
}
