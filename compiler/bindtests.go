package compiler

import (
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

// columnTests are the tests of elt's own that hold for a column of any plain type: they
// need no bind.
var columnTests = []string{"unique", "not_null", "accepted_values"}

// testIsSettled checks a generic test by looking at the columns of what it is declared
// on, and reports whether that is enough.
func (b *binder) testIsSettled(node *project.Node, n *boundNode) bool {
	info := node.Test
	if info.Generic == "" || info.Attached == "" || !isWord(info.Column) {
		return false
	}
	columns, ok := b.Columns(info.Attached)
	if !ok {
		return false
	}
	i := slices.IndexFunc(columns, func(c Column) bool { return strings.EqualFold(c.Name, info.Column) })
	if i < 0 {
		b.settle(node, n, b.noColumn(node, columns))
		return true
	}
	if !slices.Contains(columnTests, info.Generic) || !b.plan.isUsualTest(node) || strings.ContainsAny(columns[i].Type, `([{"`) {
		return false
	}
	b.settle(node, n, b.facts.Judged(b.ctx, node, nil))
	return true
}

// isUsualTest reports whether a test is elt's own, as it comes: no macro of the project
// takes a part in it, and neither a condition nor an expression over its rows.
func (p *Plan) isUsualTest(node *project.Node) bool {
	for _, key := range []string{"where", "fail_calc"} {
		if v, ok := node.Config.Get(key); ok && v.Value != nil && template.Truth(v.Value) {
			return false
		}
	}
	macro := p.dbt.GenericTest(node.Test.Namespace, node.Test.Generic, node.Package)
	where, ok := p.dbt.Macro("get_where_subquery")
	return macro != nil && isBuiltin(macro) && ok && isBuiltin(&where)
}

// noColumn is the error of a test on a column that is not there. All tests on that column
// have the same.
func (b *binder) noColumn(node *project.Node, columns []Column) error {
	info, place := node.Test, node.Place
	on := b.plan.Nodes[info.Attached]
	for _, c := range on.Columns {
		if c.Name == info.Column && !c.Place.IsZero() && c.Place.Source == place.Source {
			place = c.Place
		}
	}
	d := diag.New(diag.SQL, place, "%s %q has no column %q, which is tested", on.Type, on.Name, info.Column)
	d.Node = node.UniqueID
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	if meant := diag.Suggest(info.Column, names); meant != "" {
		return d.WithHint("did you mean %q?", meant)
	}
	return d.WithHint("it has %s", quotedNames(names))
}

// mostNames is how many names a hint lists.
const mostNames = 8

func quotedNames(names []string) string {
	more := ""
	if len(names) > mostNames {
		names, more = names[:mostNames], " and others"
	}
	return `"` + strings.Join(names, `", "`) + `"` + more
}

// isWord reports whether a text is a name that needs no quotes.
func isWord(text string) bool {
	for i, r := range text {
		if r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return text != ""
}
