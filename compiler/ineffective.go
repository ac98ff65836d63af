package compiler

import (
	"slices"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

// ineffective are the config keys of dbt and of elt's design that this version reads
// and checks, but that change nothing yet. Who sets one is told, once a key: a key
// that does nothing without a word would be taken for a promise.
var ineffective = []string{
	"reuse", "test_scope", "grants", "freshness",
}

// warnIneffective warns of config that changes nothing, at the first node that has it.
func (p *parser) warnIneffective() {
	seen := map[string]bool{}
	for _, node := range p.ordered() {
		p.warnUnpartitioned(node)
		for _, key := range ineffective {
			if v, ok := node.Config.Get(key); ok && !seen[key] && !(key == "freshness" && node.Type == project.Source) && template.Truth(v.Value) {
				seen[key] = true
				if key == "grants" {
					p.report(diag.Warn(diag.Unsupported, placeOf(node, key), "the config %q has no effect: DuckDB has no users", key))
					continue
				}
				p.report(diag.Warn(diag.Unsupported, placeOf(node, key), "the config %q has no effect in this version of elt", key))
			}
		}
	}
}

// warnUnpartitioned warns of partitions of a model that has none: a table of DuckDB is not cut by
// partition_by. Under dbt_project.yml it may be meant for another database.
func (p *parser) warnUnpartitioned(node *project.Node) {
	_, given := node.Config.Get("partition_by")
	_, keeps := node.Config.Get("keep") // by the column of partition_by
	if !given || keeps || node.Type != project.Model || !p.plan.Project.OwnDefaults() {
		return
	}
	what := "a " + node.Materialized()
	switch node.Materialized() {
	case "table", "view":
	case "incremental":
		strategy := node.Config.String("incremental_strategy", "")
		if !slices.Contains([]string{"append", "delete+insert", "merge"}, strategy) {
			return
		}
		what = "the strategy \"" + strategy + "\""
	default:
		return
	}
	p.report(diag.Warn(diag.Unsupported, placeOf(node, "partition_by"), "the config \"partition_by\" has no effect on %s", what).
		WithHint("the strategy insert_overwrite and external models have partitions"))
}

func placeOf(node *project.Node, key string) diag.Place {
	if at := node.Config.Place(key); !at.IsZero() {
		return at
	}
	return node.Place
}
