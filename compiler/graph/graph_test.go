package graph_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"elt/compiler/graph"

	"github.com/google/go-cmp/cmp"
)

// build reads "c: a b; b: a" (c reads a and b); ids are given in order of the text.
func build(t testing.TB, text string) *graph.Graph {
	t.Helper()
	var ids []string
	parents := map[string][]string{}
	for part := range strings.SplitSeq(text, ";") {
		id, reads, _ := strings.Cut(strings.TrimSpace(part), ":")
		ids = append(ids, id)
		parents[id] = strings.Fields(reads)
	}
	return graph.New(ids, parents)
}

func list(s graph.Set) string {
	var out []string
	for id := range s {
		out = append(out, id)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func TestOrder(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, graph, want string }{
		{"nothing to order keeps what is given", "b; a; c", "b a c"},
		{"parents come first", "c: b; b: a; a", "a b c"},
		{"ties go by the given order", "d: a; c: a; b: a; a", "a d c b"},
		{"a freed node overtakes later ones", "x; z: x; y", "x z y"},
		{"an edge given twice counts once", "b: a a; a", "a b"},
		{"an unknown parent is left out", "b: nosuch a; a", "a b"},
		{"an id given twice counts once", "a; b: a; a", "a b"},
		{"a cycle is cut at its first node", "c: b; a: c; b: a; d: c", "c a b d"},
		{"a cycle behind a cycle comes after it", "a: b x; b: a; x: y; y: x", "x y a b"},
		{"a node that reads itself", "b: b; a: b", "b a"},
		{"two cycles that share a node", "a: b c; b: a; c: a; d: b", "a b c d"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := build(t, tt.graph)
			if got := strings.Join(g.Order(), " "); got != tt.want {
				t.Errorf("order is %q, want %q", got, tt.want)
			}
			for i, id := range g.Order() {
				if g.Position(id) != i {
					t.Errorf("position of %q is %d, want %d", id, g.Position(id), i)
				}
			}
		})
	}
}

func TestCycles(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, graph, want string }{
		{"none", "a; b: a; c: a b", ""},
		{"a node that reads itself", "a: a; b: a", "a"},
		{"two nodes, once, from the smaller one", "b: a; a: b", "a>b"},
		{"each reads the next", "a: b; b: c; c: a", "a>b>c"},
		{"the shortest of a group", "a: b; b: c; c: d a; d: c", "c>d"},
		{"one for each group", "y: z; z: y; a: b; b: a; m: a y", "y>z a>b"},
		{"a self edge is the shortest there is", "a: b; b: a b", "b"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, c := range build(t, tt.graph).Cycles() {
				got = append(got, strings.Join(c, ">"))
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("cycles are %q, want %q", got, tt.want)
			}
		})
	}
}

func TestReach(t *testing.T) {
	t.Parallel()
	g := build(t, "a; b: a; c: b; d: b c; e: d; x; y: x d")
	tests := []struct {
		name      string
		ids       []string
		depth     int
		ancestors bool
		want      string
	}{
		{"all ancestors", []string{"d"}, -1, true, "a b c"},
		{"parents", []string{"d"}, 1, true, "b c"},
		{"two levels", []string{"e"}, 2, true, "b c d"},
		{"depth 0 is nothing", []string{"e"}, 0, true, ""},
		{"all descendants", []string{"b"}, -1, false, "c d e y"},
		{"children", []string{"b"}, 1, false, "c d"},
		{"the distance is to the nearest", []string{"a", "d"}, 1, false, "b e y"},
		{"a start is in when another start reaches it", []string{"b", "d"}, -1, true, "a b c"},
		{"unknown ids reach nothing", []string{"nosuch"}, -1, true, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			walk := g.Descendants
			if tt.ancestors {
				walk = g.Ancestors
			}
			if got := list(walk(tt.ids, tt.depth)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestReachInACycleFindsTheStart(t *testing.T) {
	t.Parallel()
	g := build(t, "a: c; b: a; c: b")
	if got := list(g.Ancestors([]string{"a"}, -1)); got != "a b c" {
		t.Errorf("ancestors are %q, want the whole cycle", got)
	}
}

func TestAbove(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, graph, of, want string }{
		{"what one id reads, parents first", "d: c b; c: a; b: a; a; x", "d", "a c b"},
		{"without the ids themselves", "d: c; c: b; b: a; a", "d b", "a c"},
		{"a cycle is above its ids", "a: c; b: a; c: b", "a", "b c"},
		{"nothing is above all", "b: a; a", "a b", ""},
		{"an unknown id reads nothing", "b: a; a", "nosuch", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g, of := build(t, tt.graph), strings.Fields(tt.of)
			above := g.Above(of)
			if got := strings.Join(above, " "); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			want := g.Ancestors(of, -1)
			for _, id := range of {
				delete(want, id)
			}
			if diff := cmp.Diff(g.Sorted(want), above); diff != "" {
				t.Errorf("not what Ancestors says (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNeighboursAndSorted(t *testing.T) {
	t.Parallel()
	g := build(t, "d: b a b; a; b: a; c: a")
	if diff := cmp.Diff([]string{"b", "a"}, g.Parents("d")); diff != "" {
		t.Errorf("parents (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"d", "b", "c"}, g.Children("a")); diff != "" {
		t.Errorf("children (-want +got):\n%s", diff)
	}
	set := graph.Set{"d": {}, "a": {}, "nosuch": {}}
	if diff := cmp.Diff([]string{"a", "d"}, g.Sorted(set)); diff != "" {
		t.Errorf("sorted (-want +got):\n%s", diff)
	}
	if g.Has("nosuch") || !g.Has("a") || g.Parents("nosuch") != nil || g.Position("nosuch") != -1 {
		t.Error("an unknown id is known")
	}
}

// FuzzGraph checks the promises on graphs drawn from bytes: each pair is an edge.
func FuzzGraph(f *testing.F) {
	f.Add([]byte{1, 0, 2, 1, 3, 2})
	f.Add([]byte{0, 1, 1, 2, 2, 0, 3, 3, 4, 3})
	f.Add([]byte{7, 7, 6, 5, 5, 6, 6, 7, 1, 5})
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		edges := make([]byte, r.IntN(60))
		for i := range edges {
			edges[i] = byte(r.IntN(12))
		}
		f.Add(edges)
	}
	f.Fuzz(func(t *testing.T, edges []byte) {
		ids, parents := fromBytes(edges)
		g := graph.New(ids, parents)
		checkOrder(t, g)
		checkCycles(t, g)
	})
}

func fromBytes(edges []byte) ([]string, map[string][]string) {
	var ids []string
	for i := range 32 {
		ids = append(ids, fmt.Sprintf("n%d", i))
	}
	parents := map[string][]string{}
	for i := 0; i+1 < len(edges); i += 2 {
		child := ids[edges[i]%32]
		parents[child] = append(parents[child], ids[edges[i+1]%32])
	}
	return ids, parents
}

// checkOrder: every id once, and every edge that is not within a cycle respected.
func checkOrder(t *testing.T, g *graph.Graph) {
	t.Helper()
	got := slices.Clone(g.Order())
	want := slices.Clone(g.IDs())
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("order holds %q, want each of %q once", got, want)
	}
	for _, id := range g.IDs() {
		for _, p := range g.Parents(id) {
			within := g.Ancestors([]string{p}, -1).Has(id)
			if !within && g.Position(p) > g.Position(id) {
				t.Errorf("%q stands before its parent %q", id, p)
			}
		}
	}
}

// checkCycles: a reported cycle is one, and every node on any cycle is in the
// group of exactly one that is reported.
func checkCycles(t *testing.T, g *graph.Graph) {
	t.Helper()
	cycles := g.Cycles()
	for _, c := range cycles {
		for i, id := range c {
			if next := c[(i+1)%len(c)]; !slices.Contains(g.Parents(id), next) {
				t.Errorf("cycle %q: %q does not read %q", c, id, next)
			}
		}
		if slices.Min(c) != c[0] {
			t.Errorf("cycle %q does not start at its smallest id", c)
		}
	}
	for _, id := range g.IDs() {
		around := g.Ancestors([]string{id}, -1)
		if !around.Has(id) {
			continue
		}
		groups := 0
		for _, c := range cycles {
			if around.Has(c[0]) && g.Ancestors([]string{c[0]}, -1).Has(id) {
				groups++
			}
		}
		if groups != 1 {
			t.Errorf("%q lies on a cycle and is in %d reported groups, want 1", id, groups)
		}
	}
}

// layered makes n nodes, each reading three of an earlier layer.
func layered(n int) ([]string, map[string][]string) {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("model.shop.model_%05d", i)
	}
	parents := make(map[string][]string, n)
	for i := 200; i < n; i++ {
		parents[ids[i]] = []string{ids[i-200], ids[i-199], ids[i-150]}
	}
	return ids, parents
}

func TestLongChainsDoNotOverflow(t *testing.T) {
	t.Parallel()
	const n = 40_000
	ids, _ := layered(n)
	parents := map[string][]string{ids[0]: {ids[n-1]}}
	for i := 1; i < n; i++ {
		parents[ids[i]] = []string{ids[i-1]}
	}
	g := graph.New(ids, parents)
	if cycles := g.Cycles(); len(cycles) != 1 || len(cycles[0]) != n {
		t.Error("a ring of 40,000 nodes is not one cycle")
	}
}

func BenchmarkNew(b *testing.B) {
	ids, parents := layered(40_000)
	b.ReportAllocs()
	for b.Loop() {
		graph.New(ids, parents)
	}
}

func BenchmarkCyclesOfNone(b *testing.B) {
	g := graph.New(layered(40_000))
	b.ReportAllocs()
	for b.Loop() {
		g.Cycles()
	}
}

func BenchmarkDescendants(b *testing.B) {
	g := graph.New(layered(40_000))
	from := g.IDs()[:1]
	b.ReportAllocs()
	for b.Loop() {
		g.Descendants(from, -1)
	}
}

func TestReachWithin(t *testing.T) {
	t.Parallel()
	g := build(t, "a; b: a; c: b; d: a")
	from := make(graph.Mask, 4)
	from[g.Number("a")] = true
	within := graph.Mask{true, false, true, true}
	got := g.DescendantsOf(from, -1, within)
	if diff := cmp.Diff(graph.Mask{false, false, false, true}, got); diff != "" {
		t.Errorf("descendants without b (-want +got):\n%s", diff)
	}
	from = graph.Mask{false, false, true, true}
	if diff := cmp.Diff(graph.Mask{true, true, false, false}, g.AncestorsOf(from, -1, nil)); diff != "" {
		t.Errorf("ancestors (-want +got):\n%s", diff)
	}
	if g.Number("nosuch") != -1 {
		t.Error("an unknown id has a number")
	}
}
