package project

import (
	"fmt"
	"slices"
	"time"

	"elt/compiler/diag"
	"elt/compiler/template"
)

// Freshness says how old the newest data of a source table may be, and how to find out.
type Freshness struct {
	WarnAfter, ErrorAfter *Age    // nil where there is no such limit
	Filter                string  // an SQL condition on the rows that are looked at
	Field                 Located // loaded_at_field: a column or expression
	Query                 Located // loaded_at_query: a template
}

// Age is a limit: dbt's {count: 12, period: hour}.
type Age struct {
	Count  int64
	Period string // minute, hour or day
}

// periods are the lengths of dbt's periods.
var periods = map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}

// Duration is the limit as a duration.
func (a Age) Duration() time.Duration { return time.Duration(a.Count) * periods[a.Period] }

// freshness joins what source, table and project file say of a table's freshness, by
// dbt's rules: the table's limits over the source's, limit by limit; null takes back
// what was said before; the project file counts only where the property file is silent.
// raw is the dict that the manifest shows.
func (p *Project) freshness(s *SourcePatch, t *TablePatch, n *Node, diags *report) (raw *template.Dict, out *Freshness) {
	var at diag.Place
	for _, v := range freshnessLevels(s, t) {
		if v.Place.IsZero() {
			continue
		}
		at = v.Place
		d, ok := v.Value.(*template.Dict)
		if !ok {
			raw = nil
			continue
		}
		raw = mergedLimits(raw, d)
	}
	if v, ok := n.Config.Get("freshness"); ok && at.IsZero() {
		raw, _ = v.Value.(*template.Dict)
		at = v.Place
	}
	out = &Freshness{
		WarnAfter: readAge(raw, "warn_after", at, diags), ErrorAfter: readAge(raw, "error_after", at, diags),
	}
	if text, ok := raw.Get("filter"); ok {
		out.Filter, _ = text.(string)
	}
	p.loadedAt(out, s, t, n, diags)
	if out.WarnAfter == nil && out.ErrorAfter == nil {
		return raw, nil
	}
	return raw, out
}

// freshnessLevels are the places of a property file where freshness may stand, from the weakest;
// one without a Place is not there.
func freshnessLevels(s *SourcePatch, t *TablePatch) []ConfigValue {
	levels := []ConfigValue{s.Freshness, {}, t.Freshness, {}}
	levels[1], _ = s.Config.Get("freshness")
	levels[3], _ = t.Config.Get("freshness")
	return levels
}

func saysFreshness(s *SourcePatch, t *TablePatch) bool {
	return slices.ContainsFunc(freshnessLevels(s, t), func(v ConfigValue) bool { return !v.Place.IsZero() })
}

// mergedLimits puts the limits of more over those of before. Half a limit is none, and
// null takes one back.
func mergedLimits(before, more *template.Dict) *template.Dict {
	out := mergedDicts(before, more)
	for _, key := range []string{"warn_after", "error_after"} {
		old, had := before.Get(key)
		now, _ := more.Get(key)
		if d, ok := now.(*template.Dict); ok && had && !isLimit(d) {
			dictSet(out, key, old)
		}
	}
	return out
}

func isLimit(d *template.Dict) bool {
	count, _ := d.Get("count")
	period, _ := d.Get("period")
	return count != nil && period != nil
}

// readAge reads a limit; nil where there is none, or half of one.
func readAge(raw *template.Dict, key string, at diag.Place, diags *report) *Age {
	v, _ := raw.Get(key)
	d, ok := v.(*template.Dict)
	if !ok {
		if v != nil {
			diags.add(diag.New(diag.WrongType, at, "%q must be a mapping", key).WithHint("write %s: {count: 12, period: hour}", key))
		}
		return nil
	}
	if !isLimit(d) {
		return nil
	}
	count, _ := d.Get("count")
	period, _ := d.Get("period")
	number, isNumber := count.(int64)
	word, _ := period.(string)
	if !isNumber || number < 0 {
		diags.add(diag.New(diag.WrongType, at, "the count of %q must be a whole number, it is %s", key, template.Repr(count)))
		return nil
	}
	if _, known := periods[word]; !known {
		diags.add(diag.New(diag.WrongType, at, "the period of %q is %s", key, template.Repr(period)).WithHint("it is minute, hour or day"))
		return nil
	}
	return &Age{Count: number, Period: word}
}

// loadedAt fills in how to find out: the table's loaded_at_field or loaded_at_query, or
// else the source's, or else the project file's.
func (p *Project) loadedAt(f *Freshness, s *SourcePatch, t *TablePatch, n *Node, diags *report) {
	levels := []struct {
		field, query []ConfigValue
	}{
		{[]ConfigValue{t.LoadedAt, of(t.Config, "loaded_at_field")}, []ConfigValue{t.LoadedAtQuery, of(t.Config, "loaded_at_query")}},
		{[]ConfigValue{s.LoadedAt, of(s.Config, "loaded_at_field")}, []ConfigValue{s.LoadedAtQuery, of(s.Config, "loaded_at_query")}},
		{[]ConfigValue{of(n.Config, "loaded_at_field")}, []ConfigValue{of(n.Config, "loaded_at_query")}},
	}
	for _, level := range levels {
		field, saidField := firstText(level.field)
		query, saidQuery := firstText(level.query)
		if field.Text != "" && query.Text != "" {
			diags.add(diag.New(diag.WrongType, query.Place, "%q has both loaded_at_field and loaded_at_query", fmt.Sprintf("%s.%s", s.Name, t.Name)).
				WithHint("keep one of them"))
		}
		if saidField || saidQuery {
			f.Field, f.Query = field, query
			return
		}
	}
}

func of(c *Config, key string) ConfigValue {
	v, _ := c.Get(key)
	return v
}

// firstText returns the first text that is set; said is true for null, too.
func firstText(values []ConfigValue) (text Located, said bool) {
	for _, v := range values {
		said = said || !v.Place.IsZero()
		if s, ok := v.Value.(string); ok && s != "" {
			return Located{Text: s, Place: v.Place}, true
		}
	}
	return Located{}, said
}
