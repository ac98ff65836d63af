package materialize

import (
	"slices"
	"strings"

	"elt/compiler/diag"
)

// ConfigText is a text of SQL in the config of an incremental model or a snapshot. DuckDB
// sees it only within the statements of a run, most of them only from the second run on.
type ConfigText struct {
	Key   string // "incremental_predicates"
	Text  string
	Place diag.Place // of the key
}

// ConfigTexts returns the conditions and expressions of a config, without those that are
// nothing but the name of a column, which End looks at.
func (s *Spec) ConfigTexts() []ConfigText {
	var out []ConfigText
	add := func(key string, texts ...string) {
		for _, text := range texts {
			if text = strings.TrimSpace(text); text != "" {
				out = append(out, ConfigText{key, text, s.place(key)})
			}
		}
	}
	expressions := func(texts []string) []string {
		return slices.DeleteFunc(slices.Clone(texts), func(text string) bool {
			_, isName := columnName(text, nil)
			return isName
		})
	}
	add("unique_key", expressions(s.UniqueKey)...)
	if snap := s.Snapshot; snap != nil {
		add("dbt_valid_to_current", snap.ValidToCurrent)
		if snap.Parts.RowChanged != "" {
			add("strategy", snap.Parts.RowChanged, snap.Parts.ScdID, snap.Parts.UpdatedAt)
		} else if snap.Parts.UpdatedAt != snap.Parts.Now {
			add("updated_at", expressions([]string{snap.Parts.UpdatedAt})...)
		}
		return out
	}
	add("partition_by", expressions(s.PartitionBy)...)
	add("order_by", expressions(s.OrderBy)...)
	add("event_time", expressions(s.eventTime())...)
	predicates := "incremental_predicates"
	if _, ok := s.places["predicates"]; ok {
		predicates = "predicates"
	}
	add(predicates, s.Predicates...)
	add("merge_update_condition", s.Merge.UpdateCondition)
	add("merge_insert_condition", s.Merge.InsertCondition)
	for _, set := range s.Merge.SetExpressions {
		add("merge_update_set_expressions", set.Column, set.Expression)
	}
	if c := s.Merge.Clauses; c != nil {
		for _, clause := range slices.Concat(c.Matched, c.NotMatched) {
			add("merge_clauses", clause.Conditions...)
			add("merge_clauses", clause.Columns...)
			add("merge_clauses", clause.Values...)
			for _, set := range clause.Set {
				add("merge_clauses", set.Column, set.Expression)
			}
		}
	}
	return out
}
