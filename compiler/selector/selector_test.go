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

func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, spec, want string }{
		{"a name", "orders", "fqn:orders"},
		{"a path", "models/a.sql", "path:models/a.sql"},
		{"a file", "Orders.SQL", "file:Orders.SQL"},
		{"a file of data", "a.csv", "file:a.csv"},
		{"other files are names", "a.yml", "fqn:a.yml"},
		{"a method", "tag:nightly", "tag:nightly"},
		{"a method with keys", "config.meta.owner:me", "config.meta.owner:me"},
		{"a value with colons", "tag:a:b:c", "tag:a:b:c"},
		{"no method has a minus", "my-tag:x", "fqn:my-tag:x"},
		{"ancestors", "+a", "+fqn:a"},
		{"levels of ancestors", "02+a", "2+fqn:a"},
		{"no levels at all", "0+a", "0+fqn:a"},
		{"more levels than can be", "99999999999+a", "2147483647+fqn:a"},
		{"descendants", "a+", "fqn:a+"},
		{"levels of descendants", "a+3", "fqn:a+3"},
		{"both", "1+tag:a+2", "1+tag:a+2"},
		{"descendants' ancestors", "@a", "@fqn:a"},
		{"and ancestors", "@1+a", "@1+fqn:a"},
		{"a plus inside", "a+b", "fqn:a+b"},
		{"only the last plus counts", "a+1+2", "fqn:a+1+2"},
		{"digits alone are a name", "2024", "fqn:2024"},
		{"an at sign inside", "a@b", "fqn:a@b"},
		{"intersection", "a,tag:b", "fqn:a,tag:b"},
		{"union", "a b", "fqn:a fqn:b"},
		{"any white space", " a\n\tb ", "fqn:a fqn:b"},
		{"comma binds tighter", "a,b c,d", "fqn:a,fqn:b fqn:c,fqn:d"},
		{"nothing", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			spec, d := selector.Parse(tt.spec)
			if d != nil {
				t.Fatal(d)
			}
			if got := spec.String(); got != tt.want {
				t.Errorf("%q is %q, want %q", tt.spec, got, tt.want)
			}
		})
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	tests := []struct{ spec, message, hint string }{
		{"@a+", `the selector "@a+" has both "@" and a trailing "+"`, `"@" takes descendants already, and their ancestors; leave out the "+"`},
		{"tga:x", `the selector "tga:x" uses the method "tga", which does not exist`, `did you mean "tag:"?`},
		{"nothing_like_it:x", `the selector "nothing_like_it:x" uses the method "nothing_like_it", which does not exist`,
			"methods are fqn, tag, group, access, source, path, file, package, config, test_name, test_type, resource_type, state, exposure, metric, result, source_status, version, semantic_model, saved_query, unit_test, selector"},
		{"tag:", `the selector "tag:" has no value`, `write what to select, such as "tag:name"`},
		{"+", `the selector "+" has no value`, `write what to select, such as "orders"`},
		{"a,", `a selector is empty`, "leave out the comma that has nothing beside it"},
		{"config:x", `the selector "config:x" does not say which config`, `write the key behind a dot: "config.materialized:table"`},
		{"state:modfied", `the selector "state:modfied" names "modfied", which is no state`, `did you mean "modified"?`},
		{"source:a.b.c.d", `the selector "source:a.b.c.d" names more than a source table`, `write "source:name", "source:name.table" or "source:package.name.table"`},
		{"exposure:a.b.c", `the selector "exposure:a.b.c" has too many dots`, `write "exposure:name" or "exposure:package.name"`},
		{"resource_type:modle", `the selector "resource_type:modle" names "modle", which is no resource_type`, `did you mean "model"?`},
		{"test_type:x", `the selector "test_type:x" names "x", which is no test_type`, `it can be generic, singular, data, unit, schema`},
		{"version:newest", `the selector "version:newest" names "newest", which is no version`, `it can be latest, prerelease, old, none`},
	}
	for _, tt := range tests {
		t.Run(tt.spec, func(t *testing.T) {
			t.Parallel()
			_, d := selector.Parse(tt.spec)
			if d == nil {
				t.Fatal("no error")
			}
			if d.Code != diag.BadSelector || d.Severity != diag.Error || d.Message != tt.message || d.Hint != tt.hint {
				t.Errorf("got %s %q\nhint %q", d.Code, d.Message, d.Hint)
			}
		})
	}
}

// TestSelectDiagnostics uses the project of testdata/dbt.
func TestSelectDiagnostics(t *testing.T) {
	t.Parallel()
	u, defs := readGolden(t).universe(t), definitions(t)
	tests := []struct{ name, args, want string }{
		{"a misspelt name", "--select oders", `warning: the selector "oders" matches no node (did you mean "orders"?)`},
		{"a misspelt path of names", "--select marts.finanse.revenue", `warning: the selector "marts.finanse.revenue" matches no node (did you mean "marts.finance.revenue"?)`},
		{"a misspelt tag", "--select tag:nightli", `warning: the selector "tag:nightli" matches no node (did you mean "tag:nightly"?)`},
		{"a misspelt source", "--select source:row+", `warning: the selector "source:row+" matches no node (did you mean "source:raw"?)`},
		{"a misspelt table", "--select source:raw.order", `warning: the selector "source:raw.order" matches no node (did you mean "source:raw.orders"?)`},
		{"a misspelt folder", "--select models/stagin", `warning: the selector "models/stagin" matches no node (did you mean "path:models/staging"?)`},
		{"a misspelt config", "--select config.materialized:tabel", `warning: the selector "config.materialized:tabel" matches no node (did you mean "config.materialized:table"?)`},
		{"a misspelt group", "--select group:sale", `warning: the selector "group:sale" matches no node (did you mean "group:sales"?)`},
		{"a tag without its method", "--select nightly", `warning: the selector "nightly" matches no node (did you mean "tag:nightly"?)`},
		{"a source without its method", "--select raw", `warning: the selector "raw" matches no node (did you mean "source:raw"?)`},
		{"a file without its method", "--select marts.yml", `warning: the selector "marts.yml" matches no node (did you mean "file:marts.yml"?)`},
		{"a disabled model", "--select +retired", `warning: the selector "+retired" matches no node ("model.shop.retired" is disabled)`},
		{"nothing like it", "--select tag:zzzzzzz", `warning: the selector "tag:zzzzzzz" matches no node`},
		{"in --exclude", "--exclude oders", `warning: the selector "oders" matches no node (did you mean "orders"?)`},
		{"one of two", "--select orders oders", `warning: the selector "oders" matches no node (did you mean "orders"?)`},
		{"one part of an intersection", "--select orders,tag:nightli", `warning: the selector "orders,tag:nightli" matches no node (did you mean "tag:nightly"?)`},
		{"an intersection of nothing", "--select resource_type:seed,tag:staging", `warning: the selector "resource_type:seed,tag:staging" matches no node (each of its parts matches some node, but no node matches all of them)`},
		{"an empty argument", `--select ""`, `warning: the selector "" matches no node`},
		{"a metric there is not", "--select metric:x", `warning: the selector "metric:x" matches no node`},
		{"all errors at once", "--select tga:x @a+", `error: the selector "tga:x" uses the method "tga", which does not exist (did you mean "tag:"?)
error: the selector "@a+" has both "@" and a trailing "+" ("@" takes descendants already, and their ancestors; leave out the "+")`},
		{"an unknown selector", "--selector nightli", `error: the selector "nightli" is not defined (did you mean "nightly"?)`},
		{"an unknown selector inside", "--select selector:nightli", `error: the selector "nightli" is not defined (did you mean "nightly"?)`},
		{"a selector and more", "--select orders --selector nightly", `error: --selector "nightly" is given together with --select or --exclude (write "--select selector:nightly" to combine them)`},
		{"a selector that matches nothing", "--selector commas", `warning: the selector "selector:commas" matches no node`},
		{"an unknown mode", "--indirect-selection lazy", `error: indirect selection "lazy" does not exist (it can be "eager", "cautious", "buildable" or "empty")`},
		{"nothing wrong", "--select orders", ``},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, diags := selector.Select(u, request(t, tt.args, defs))
			if diff := cmp.Diff(tt.want, lines(diags)); diff != "" {
				t.Errorf("diagnostics (-want +got):\n%s", diff)
			}
		})
	}
}

// lines writes diagnostics as "severity: message (hint)".
func lines(diags diag.List) string {
	var out []string
	for _, d := range diags {
		line := d.Severity.String() + ": " + d.Error()
		if d.Hint != "" {
			line += " (" + d.Hint + ")"
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

func TestSelectionIsInTheOrderOfTheNodes(t *testing.T) {
	t.Parallel()
	u := chain("c", "b", "a")
	s, _ := selector.Select(u, selector.Request{Select: []string{"a", "c"}})
	if got := strings.Join(s.IDs, " "); got != "model.p.c model.p.a" {
		t.Errorf("selected %q", got)
	}
	if len(s.Nodes) != 2 || s.Nodes[0] != u.Nodes[0] || s.Nodes[1] != u.Nodes[2] {
		t.Error("the nodes are others than the list of ids")
	}
}

// chain makes models of which each reads the one before.
func chain(names ...string) selector.Universe {
	var u selector.Universe
	var ids []string
	parents := map[string][]string{}
	for i, name := range names {
		n := &project.Node{UniqueID: "model.p." + name, Type: project.Model, Name: name, Package: "p",
			FQN: []string{"p", name}, OriginalPath: "models/" + name + ".sql", Config: project.NewConfig()}
		if i > 0 {
			n.DependsOn = []string{ids[i-1]}
			parents[n.UniqueID] = n.DependsOn
		}
		ids = append(ids, n.UniqueID)
		u.Nodes = append(u.Nodes, n)
	}
	u.Graph = graph.New(ids, parents)
	return u
}

func TestNothingIsReachedThroughDisabledNodes(t *testing.T) {
	t.Parallel()
	u := chain("a", "b", "c")
	u.Nodes[1].Config.Set("enabled", project.ConfigValue{Value: false})
	s, _ := selector.Select(u, selector.Request{Select: []string{"a+", "+c"}})
	if got := strings.Join(s.IDs, " "); got != "model.p.a model.p.c" {
		t.Errorf("selected %q", got)
	}
}

func TestPathOfTheProjectItselfTakesAll(t *testing.T) {
	t.Parallel()
	u := chain("a", "b")
	u.Root = "/home/you/shop"
	for _, glob := range []string{"path:.", "./", "/home/you/shop/", "/home/you/shop/models"} {
		s, diags := selector.Select(u, selector.Request{Select: []string{glob}})
		if len(diags) > 0 || len(s.IDs) != 2 {
			t.Errorf("%q selects %v, %v", glob, s, diags)
		}
	}
}

func TestSelectorInsideASelection(t *testing.T) {
	t.Parallel()
	u := chain("a", "b", "c", "d")
	defs, diags := selector.ParseSelectors(diag.NewSource("selectors.yml", `
selectors:
  - {name: middle, definition: {union: [b, c]}, default: true}
`))
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	tests := []struct {
		name string
		req  selector.Request
		want string
	}{
		{"the default", selector.Request{}, "b c"},
		{"named", selector.Request{Selector: "middle"}, "b c"},
		{"not the default when something is excluded", selector.Request{Exclude: []string{"a"}}, "b c d"},
		{"inside", selector.Request{Select: []string{"selector:middle"}}, "b c"},
		{"with neighbours", selector.Request{Select: []string{"1+selector:middle"}}, "a b c"},
		{"excluded", selector.Request{Exclude: []string{"selector:middle"}}, "a d"},
		{"intersected", selector.Request{Select: []string{"selector:middle,c+"}}, "c"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.req.Selectors = defs
			s, diags := selector.Select(u, tt.req)
			if len(diags) > 0 {
				t.Fatal(diags)
			}
			if got := strings.ReplaceAll(strings.Join(s.IDs, " "), "model.p.", ""); got != tt.want {
				t.Errorf("selected %q, want %q", got, tt.want)
			}
		})
	}
}

// FuzzParse checks that what a spec prints means the same.
func FuzzParse(f *testing.F) {
	for _, spec := range []string{"a", "+a+", "@2+config.a.b:c d,e+1", "tag:a:b", "a+1+2", "\xff:x", "é:x", "", "0+0", "1+1+1", "my-tag:+", ".:x", "x.:y"} {
		f.Add(spec)
	}
	f.Fuzz(func(t *testing.T, text string) {
		spec, d := selector.Parse(text)
		if d != nil {
			return
		}
		printed := spec.String()
		again, d := selector.Parse(printed)
		if d != nil {
			t.Fatalf("%q prints %q, which is refused: %v", text, printed, d)
		}
		if diff := cmp.Diff(spec, again, cmp.FilterPath(unexported, cmp.Ignore())); diff != "" {
			t.Errorf("%q prints %q (-before +after):\n%s", text, printed, diff)
		}
	})
}

// unexported leaves out the fields for messages, which differ.
func unexported(p cmp.Path) bool {
	field, ok := p.Last().(cmp.StructField)
	return ok && strings.ToLower(field.Name()[:1]) == field.Name()[:1]
}

// project40k is 40,000 models in layers, and a test for every fourth.
func project40k() selector.Universe {
	var u selector.Universe
	var ids []string
	parents := map[string][]string{}
	add := func(n *project.Node, reads ...string) {
		n.Package, n.Config, n.DependsOn = "shop", project.NewConfig(), reads
		ids = append(ids, n.UniqueID)
		parents[n.UniqueID] = reads
		u.Nodes = append(u.Nodes, n)
	}
	for i := range 32_000 {
		name := fmt.Sprintf("model_%05d", i)
		n := &project.Node{UniqueID: "model.shop." + name, Type: project.Model, Name: name,
			FQN: []string{"shop", "marts", fmt.Sprintf("area_%02d", i%50), name}, Tags: []string{"daily"},
			OriginalPath: fmt.Sprintf("models/marts/area_%02d/%s.sql", i%50, name)}
		var reads []string
		if i >= 200 {
			reads = []string{ids[i-200], ids[i-199], ids[i-150]}
		}
		add(n, reads...)
	}
	for i := range 8_000 {
		name := fmt.Sprintf("unique_model_%05d_id", i*4)
		add(&project.Node{UniqueID: "test.shop." + name, Type: project.Test, Name: name, FQN: []string{"shop", "marts", name},
			OriginalPath: "models/marts/marts.yml", Test: &project.TestInfo{Generic: "unique"}}, ids[i*4])
	}
	u.Graph = graph.New(ids, parents)
	return u
}

func BenchmarkSelect(b *testing.B) {
	u := project40k()
	for _, spec := range []string{"", "+model_30000", "model_10000+", "marts.area_07", "*_3000?", "tag:daily", "models/marts/area_07", "@model_20000", "nosuch_model"} {
		b.Run("select "+spec, func(b *testing.B) {
			req := selector.Request{PackageName: "shop"}
			if spec != "" {
				req.Select = []string{spec}
			}
			b.ReportAllocs()
			for b.Loop() {
				selector.Select(u, req)
			}
		})
	}
}
