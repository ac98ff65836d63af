package selector_test

import (
	"fmt"
	"strings"
	"testing"

	"elt/compiler/diag"
	"elt/compiler/graph"
	"elt/compiler/project"
	"elt/compiler/selector"

	"github.com/google/go-cmp/cmp"
)

func TestDefinitionsPrint(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, definition, want string }{
		{"a text", `"1+tag:a+"`, "1+tag:a+"},
		{"one key", `{tag: a}`, "tag:a"},
		{"one key with a path", `{config.meta.x: 2}`, "config.meta.x:2"},
		{"method and value", `{method: tag, value: a}`, "tag:a"},
		{"neighbours", `{method: tag, value: a, parents: true, children: true, children_depth: 2}`, "+tag:a+2"},
		{"a depth alone does nothing", `{method: tag, value: a, parents_depth: 2}`, "tag:a"},
		{"depth as text", `{method: tag, value: a, parents: true, parents_depth: "2"}`, "2+tag:a"},
		{"at", `{method: tag, value: a, childrens_parents: true}`, "@tag:a"},
		{"union", `{union: [a, {tag: b}]}`, "fqn:a tag:b"},
		{"intersection", `{intersection: [a, {tag: b}]}`, "fqn:a,tag:b"},
		{"nested", `{intersection: [{union: [a, b]}, {tag: c}]}`, "(fqn:a fqn:b),tag:c"},
		{"exclude", `{union: [a, {exclude: [b, {tag: c}]}]}`, "(fqn:a) except (fqn:b tag:c)"},
		{"exclude of a criterion", `{method: fqn, value: a, exclude: [b]}`, "fqn:a except (fqn:b)"},
		{"a name that is a number", `{tag: 2024}`, "tag:2024"},
		{"a truth value", `{config.enabled: yes}`, "config.enabled:true"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			defs, diags := selector.ParseSelectors(diag.NewSource("selectors.yml", "selectors: [{name: x, definition: "+tt.definition+"}]"))
			if len(diags) > 0 {
				t.Fatal(diags)
			}
			if got := defs.Lookup("x").Spec.String(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestDefinitionDiagnostics(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"an empty file", "", ""},
		{"no list", "selectors:", `error: selectors.yml:1:11: "selectors" is not a list`},
		{"not YAML", "selectors: [", `error: selectors.yml:1:1: not valid YAML: did not find expected node content (check the indentation, quotes and colons near this line)`},
		{"a definition that is part of itself", "selectors:\n  - name: a\n    definition: &d {union: [b, *d]}", `error: selectors.yml:3:32: "*d" stands for a value it is part of`},
		{"a list instead of a mapping", "- a", `error: selectors.yml:1:1: selectors.yml is not a mapping of keys to values`},
		{"an unknown key", "selectors:\n  - {name: a, definition: b, descripton: c}", `warning: selectors.yml:2:30: a selector has no key "descripton" (did you mean "description"?)`},
		{"no name", "selectors:\n  - definition: b", `error: selectors.yml:2:5: a selector has no "name"`},
		{"no definition", "selectors:\n  - name: é", `error: selectors.yml:2:5: a selector has no "definition"`},
		{"twice", "selectors:\n  - {name: a, definition: b}\n  - {name: a, definition: c}", `warning: selectors.yml:3:12: the selector "a" is defined twice (the later definition counts)`},
		{"two defaults", "selectors:\n  - {name: a, definition: b, default: true}\n  - {name: c, definition: b, default: true}", `error: selectors.yml:3:12: the selectors "a" and "c" are both the default (keep default: true in one of them)`},
		{"a bad criterion", "selectors:\n  - name: é\n    definition: 'tga:x'", `error: selectors.yml:3:17: the selector "tga:x" uses the method "tga", which does not exist (did you mean "tag:"?)`},
		{"several at once", "selectors:\n  - name: a\n    definition: {union: ['@a+', {tga: y}]}", `error: selectors.yml:3:26: the selector "@a+" has both "@" and a trailing "+" ("@" takes descendants already, and their ancestors; leave out the "+")
error: selectors.yml:3:39: the selector "tga:y" uses the method "tga", which does not exist (did you mean "tag:"?)`},
		{"commas in a text", "selectors:\n  - {name: x, definition: 'a,b'}", `warning: selectors.yml:2:27: the definition "a,b" is one criterion (commas and spaces do not combine criteria here; write union: or intersection:)`},
		{"keys beside a union", "selectors:\n  - {name: x, definition: {union: [a], exclude: [b]}}", `error: selectors.yml:2:27: "union" stands beside other keys (a definition has a single union: or intersection:; put exclude: into its list)`},
		{"exclude beside a method in a list", "selectors:\n  - {name: x, definition: {union: [{method: tag, value: a, exclude: [b]}, c]}}", `warning: selectors.yml:2:36: only exclude: counts in this entry of the union, as in dbt (make the rest an entry of its own)`},
		{"two excludes", "selectors:\n  - {name: x, definition: {union: [a, exclude: [b], exclude: [c]]}}", `error: selectors.yml:2:53: a second exclude: stands in one union (put all that is excluded into one list)`},
		{"method without a value", "selectors:\n  - {name: x, definition: {method: tag, valeu: a}}", `error: selectors.yml:2:27: a definition has neither one key nor method: and value: (write "tag: nightly", or method: and value: with what else it needs)`},
		{"an unknown mode", "selectors:\n  - {name: x, definition: {method: tag, value: a, indirect_selection: lazy}}", `error: selectors.yml:2:71: indirect selection "lazy" does not exist (it can be "eager", "cautious", "buildable" or "empty")`},
		{"a flag that is none", "selectors:\n  - {name: x, definition: {method: tag, value: a, parents: 'no'}}", `error: selectors.yml:2:60: "parents" is not true or false`},
		{"a negative depth", "selectors:\n  - {name: x, definition: {method: tag, value: a, parents: true, parents_depth: -1}}", `error: selectors.yml:2:81: "parents_depth" is not a number of levels`},
		{"a list for a value", "selectors:\n  - {name: x, definition: {method: tag, value: [a]}}", `error: selectors.yml:2:48: "value" is not a text, number or truth value`},
		{"a selector further down", "selectors:\n  - {name: x, definition: {method: selector, value: y}}\n  - {name: y, definition: a}", `error: selectors.yml:2:27: the selector "y" is not defined (define it in selectors.yml; there is none; a selector can only name one that stands above it)`},
		{"more beside a selector", "selectors:\n  - {name: y, definition: a}\n  - {name: x, definition: {method: selector, value: y, parents: true}}", `warning: selectors.yml:3:27: only method: and value: count beside the method "selector", as in dbt (put the selector into a union: with an exclude: of its own)`},
		{"Jinja", "selectors:\n  - {name: x, definition: a, default: \"{{ target.name == 'prod' }}\"}", `error: selectors.yml:2:39: selectors.yml holds Jinja, which is not rendered here (write the value itself)`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			defs, diags := selector.ParseSelectors(diag.NewSource("selectors.yml", tt.text))
			if diff := cmp.Diff(tt.want, lines(diags)); diff != "" {
				t.Errorf("diagnostics (-want +got):\n%s", diff)
			}
			if (defs == nil) != diags.HasErrors() {
				t.Errorf("definitions %v beside %d diagnostics", defs, len(diags))
			}
		})
	}
}

func TestJinjaInDefinitions(t *testing.T) {
	t.Parallel()
	render := func(text string, at diag.Place) (any, error) {
		if strings.Contains(text, "fail") {
			return nil, diag.New(diag.UndefinedName, at, `"fail" is undefined`)
		}
		return strings.Contains(text, "prod"), nil
	}
	src := diag.NewSource("selectors.yml", "selectors:\n  - {name: a, definition: b, default: off}\n  - {name: c, definition: b, default: \"{{ prod }}\"}")
	defs, diags := selector.ParseRendered(src, render)
	if len(diags) > 0 || defs.Default().Name != "c" {
		t.Errorf("default is %v, %v", defs.Default(), diags)
	}
	_, diags = selector.ParseRendered(diag.NewSource("selectors.yml", "selectors:\n  - {name: c, definition: '{{ fail }}'}"), render)
	if got := lines(diags); got != `error: selectors.yml:2:27: "fail" is undefined` {
		t.Errorf("got %s", got)
	}
}

func FuzzParseSelectors(f *testing.F) {
	f.Add("selectors:\n  - name: a\n    definition: {union: [a, {exclude: [b]}]}")
	f.Add("selectors: [{name: &a b, definition: *a}]")
	f.Add("selectors:\n  - {name: é, definition: {method: tag, value: 1e3}}")
	f.Add("a: &a [*a]")
	f.Fuzz(func(t *testing.T, text string) {
		defs, diags := selector.ParseSelectors(diag.NewSource("selectors.yml", text))
		for _, d := range diags {
			if d.Place.Span.End < d.Place.Span.Start || d.Place.Span.End > len(text) && d.Place.Span.End > d.Place.Span.Start+1 {
				t.Errorf("place %v of %d bytes", d.Place.Span, len(text))
			}
		}
		if (defs == nil) != diags.HasErrors() {
			t.Errorf("definitions %v beside %v", defs, diags)
		}
	})
}

// TestSharedDefinitions has selectors that each use the one before twice: they are
// evaluated once each, or this would not end.
func TestSharedDefinitions(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString("selectors:\n  - {name: s0, definition: {union: [a, b]}}\n")
	const depth = 60
	for i := 1; i <= depth; i++ {
		fmt.Fprintf(&text, "  - {name: s%d, definition: {union: [{method: selector, value: s%d}, {method: selector, value: s%d}]}}\n", i, i-1, i-1)
	}
	defs, diags := selector.ParseSelectors(diag.NewSource("selectors.yml", text.String()))
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	a := &project.Node{UniqueID: "model.shop.a", Type: project.Model, Name: "a", Package: "shop", FQN: []string{"shop", "a"}, Config: project.NewConfig()}
	universe := selector.Universe{Nodes: []*project.Node{a}, Graph: graph.New([]string{a.UniqueID}, nil)}
	got, diags := selector.Select(universe, selector.Request{Selector: fmt.Sprintf("s%d", depth), Selectors: defs})
	if len(diags) > 0 || len(got.IDs) != 1 {
		t.Errorf("got %v, %v", got, diags)
	}
}
