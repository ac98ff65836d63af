package compiler

import (
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

// ineffective are the config keys of dbt and of elt's design that this version reads
// and checks, but that change nothing yet. Who sets one is told, once a key: a key
// that does nothing without a word would be taken for a promise.
var ineffective = []string{
	"reuse", "on_error", "test_scope", "grants", "freshness",
}

// warnIneffective warns of config that changes nothing, at the first node that has it.
func (p *parser) warnIneffective() {
	seen := map[string]bool{}
	for _, node := range p.ordered() {
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

func placeOf(node *project.Node, key string) diag.Place {
	if at := node.Config.Place(key); !at.IsZero() {
		return at
	}
	return node.Place
}
