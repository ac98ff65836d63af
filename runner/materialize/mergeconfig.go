package materialize

import (
	"fmt"
	"slices"
	"strings"

	"elt/compiler/template"
)

// mergeOptions are the options of merge that merge_clauses replaces.
var mergeOptions = []string{
	"merge_update_columns", "merge_exclude_columns", "merge_update_condition",
	"merge_insert_condition", "merge_update_set_expressions",
}

// merge reads the options of the merge strategy.
func (r *reader) merge(spec *Spec) {
	m := &spec.Merge
	m.UpdateColumns = r.texts("merge_update_columns")
	m.ExcludeColumns = r.texts("merge_exclude_columns")
	m.UpdateCondition = r.text("merge_update_condition")
	m.InsertCondition = r.text("merge_insert_condition")
	m.OnUsingColumns = r.texts("merge_on_using_columns")
	r.texts("merge_returning_columns")
	if v, ok := r.get("merge_update_set_expressions"); ok {
		m.SetExpressions = r.pairs("merge_update_set_expressions", "merge_update_set_expressions", v)
	}
	if d := r.dict("merge_clauses"); d != nil {
		m.Clauses = r.clauses(d)
		spec.FullCopy = true
	}
	if spec.Strategy != MergeInto {
		for _, key := range append(slices.Clone(mergeOptions), "merge_on_using_columns", "merge_clauses") {
			if _, set := r.places[key]; set && !r.unsure {
				r.warn(key, "%q has no effect under the strategy %s", key, spec.Strategy).
					WithHint("set incremental_strategy: merge")
			}
		}
		m.Clauses, spec.FullCopy = nil, false
		return
	}
	if len(m.UpdateColumns) > 0 && len(m.ExcludeColumns) > 0 {
		r.refuse("merge_exclude_columns", "merge_update_columns and merge_exclude_columns contradict each other").
			WithHint("keep one of them")
	}
	if m.Clauses == nil {
		return
	}
	for _, key := range mergeOptions {
		if _, set := r.places[key]; set {
			r.refuse(key, "%q is replaced by merge_clauses", key).WithHint("say it in merge_clauses, or take merge_clauses away")
		}
	}
}

// clauses reads merge_clauses.
func (r *reader) clauses(d *template.Dict) *Clauses {
	const key = "merge_clauses"
	r.unknownKeys(key, key, d, "when_matched", "when_not_matched")
	c := &Clauses{
		Matched:    []Clause{{Action: "update", Mode: "by_name"}},
		NotMatched: []Clause{{Action: "insert", Mode: "by_name"}},
	}
	found := false
	for _, side := range []struct {
		name string
		into *[]Clause
	}{{"when_matched", &c.Matched}, {"when_not_matched", &c.NotMatched}} {
		v, ok := d.Get(side.name)
		if !ok {
			continue
		}
		found = true
		elems, ok := elements(v)
		if !ok || len(elems) == 0 {
			r.wrong(key, "%q must be a list of mappings", side.name)
			continue
		}
		*side.into = nil
		for _, e := range elems {
			clause, ok := e.(*template.Dict)
			if !ok {
				r.wrong(key, "%q must be a list of mappings", side.name)
				continue
			}
			*side.into = append(*side.into, r.clause(side.name, clause))
		}
	}
	if !found {
		r.wrong(key, "%q must hold when_matched or when_not_matched", key)
	}
	return c
}

// clause reads one WHEN clause.
func (r *reader) clause(side string, d *template.Dict) Clause {
	const key = "merge_clauses"
	actions := []string{"update", "delete", "do_nothing", "error"}
	if side == "when_not_matched" {
		actions = []string{"insert", "update", "delete", "do_nothing", "error"}
	}
	r.unknownKeys(key, side, d, "action", "mode", "by", "condition", "update", "insert", "set_expressions", "error_message")
	c := Clause{
		Action:  r.word(side, d, "action", "", actions...),
		Mode:    r.word(side, d, "mode", "by_name", "by_name", "by_position", "star", "explicit"),
		By:      r.word(side, d, "by", "", "source", "target"),
		Message: r.word(side, d, "error_message", ""),
	}
	if c.Action == "" {
		r.wrong(key, "a clause of %q has no action", side).WithHint("use %s", strings.Join(actions, ", "))
	}
	if v, ok := d.Get("condition"); ok && v != nil {
		c.Conditions = r.textsOf(key, "condition", v)
	}
	r.parts(&c, d)
	switch {
	case c.By == "source" && c.Action == "insert":
		r.refuse(key, "a row that the query does not have cannot be inserted").WithHint("by: source goes with update and delete")
	case side == "when_not_matched" && c.By != "source" && (c.Action == "update" || c.Action == "delete"):
		r.refuse(key, "a row that the table does not have cannot be changed by %q", c.Action).WithHint("add by: source to change rows that the query does not have")
	case c.By == "source" && c.Action == "update" && len(c.Set) == 0:
		r.refuse(key, "update by source needs set_expressions")
	case c.Action == "insert" && c.Mode == "explicit" && (len(c.Columns) == 0 || len(c.Columns) != len(c.Values)):
		r.refuse(key, "an explicit insert needs as many values as columns, it has %d and %d", len(c.Values), len(c.Columns))
	}
	return c
}

// parts reads the nested mappings of a clause.
func (r *reader) parts(c *Clause, d *template.Dict) {
	const key = "merge_clauses"
	if v, ok := d.Get("set_expressions"); ok && v != nil {
		c.Set = r.pairs(key, "set_expressions", v)
	}
	if u := r.inner(d, "update"); u != nil {
		r.unknownKeys(key, "update", u, "include", "exclude", "set_expressions")
		c.Include, c.Exclude = r.innerTexts(u, "include"), r.innerTexts(u, "exclude")
		if v, ok := u.Get("set_expressions"); ok && v != nil {
			c.Set = append(c.Set, r.pairs(key, "set_expressions", v)...)
		}
		if len(c.Include) > 0 && len(c.Exclude) > 0 {
			r.refuse(key, "include and exclude of an update contradict each other").WithHint("keep one of them")
		}
	}
	if i := r.inner(d, "insert"); i != nil {
		r.unknownKeys(key, "insert", i, "columns", "values")
		c.Columns, c.Values = r.innerTexts(i, "columns"), r.innerTexts(i, "values")
	}
}

func (r *reader) inner(d *template.Dict, name string) *template.Dict {
	v, ok := d.Get(name)
	if !ok || v == nil {
		return nil
	}
	inner, ok := v.(*template.Dict)
	if !ok {
		r.wrong("merge_clauses", "%q must be a mapping", name)
	}
	return inner
}

func (r *reader) innerTexts(d *template.Dict, name string) []string {
	v, ok := d.Get(name)
	if !ok || v == nil {
		return nil
	}
	return r.textsOf("merge_clauses", name, v)
}

// word reads a text of a clause; where choices are given it is one of them.
func (r *reader) word(side string, d *template.Dict, name, def string, choices ...string) string {
	v, ok := d.Get(name)
	if !ok || v == nil {
		return def
	}
	s, ok := v.(string)
	switch {
	case !ok:
		r.wrong("merge_clauses", "%q must be a text", name)
		return def
	case len(choices) == 0:
		return s
	case !slices.Contains(choices, strings.ToLower(s)):
		r.wrong("merge_clauses", "%q is no %s of %q", s, name, side).WithHint("%s", fmt.Sprintf("use %s", strings.Join(choices, ", ")))
		return def
	}
	return strings.ToLower(s)
}
