package lineage_test

import (
	"fmt"
	"strings"
	"testing"

	"elt/compiler/lineage"

	gocmp "github.com/google/go-cmp/cmp"
)

// from is a step to "node.column" with a value passed through; "node.column?" only filters.
func from(refs ...string) []lineage.Step {
	var steps []lineage.Step
	for _, ref := range refs {
		step := lineage.Step{Kind: lineage.Passthrough, Via: []lineage.Via{lineage.ViaValue}}
		if name, ok := strings.CutSuffix(ref, "?"); ok {
			ref, step = name, lineage.Step{Kind: lineage.Indirect, Via: []lineage.Via{lineage.ViaFilter}}
		}
		step.Node, step.Column, _ = strings.Cut(ref, ".")
		steps = append(steps, step)
	}
	return steps
}

// shop is raw → stg → (mart, opaque) → late, and an exposure of late; stg reads itself.
func shop() *lineage.Graph {
	return lineage.NewGraph([]*lineage.Node{
		{ID: "raw", Type: "source"},
		{ID: "stg", Type: "model", DependsOn: []string{"raw"}, Rows: from("raw.status?"), Columns: []lineage.NodeColumn{
			{Name: "Id", From: from("raw.id")}, {Name: "n", From: from("raw.amount", "stg.n")},
		}},
		{ID: "mart", Type: "model", DependsOn: []string{"stg"}, Rows: from("stg.id?"), Columns: []lineage.NodeColumn{{Name: "n", From: from("STG.n", "stg.n")[1:]}}},
		{ID: "opaque", Type: "model", DependsOn: []string{"stg"}, Note: "it cannot be told", Columns: []lineage.NodeColumn{{Name: "x"}}},
		{ID: "late", Type: "model", DependsOn: []string{"mart", "opaque"}, Columns: []lineage.NodeColumn{{Name: "n", From: from("mart.n")}, {Name: "x", From: from("opaque.x")}}},
		{ID: "weekly", Type: "exposure", DependsOn: []string{"late"}},
	})
}

// written is a graph in lines: node: column<-from ..., and what decides rows.
func written(g *lineage.Graph) string {
	var b strings.Builder
	for _, n := range g.Nodes() {
		fmt.Fprintf(&b, "%s(%s):", n.ID, strings.Join(n.DependsOn, ","))
		for _, c := range n.Columns {
			fmt.Fprintf(&b, " %s", c.Name)
			for _, step := range c.From {
				fmt.Fprintf(&b, "<%s.%s", step.Node, step.Column)
			}
		}
		for _, step := range n.Rows {
			fmt.Fprintf(&b, " rows<%s.%s", step.Node, step.Column)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestReach(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		start lineage.Ref
		way   lineage.Direction
		want  string
	}{
		{"up from a column", lineage.Ref{Node: "late", Column: "n"}, lineage.Up, `
raw(): amount
stg(raw): n<raw.amount<stg.n
mart(stg): n<stg.n
late(mart): n<mart.n
`},
		{"up by table", lineage.Ref{Node: "late", Column: "x"}, lineage.Up, `
raw(): id amount status
stg(raw): Id<raw.id n<raw.amount<stg.n rows<raw.status
opaque(stg): x
late(opaque): x<opaque.x
`},
		{"down, on by table, to an exposure", lineage.Ref{Node: "raw", Column: "amount"}, lineage.Down, `
raw(): amount
stg(raw): n<raw.amount<stg.n
mart(stg): n<stg.n
opaque(stg):
late(mart,opaque): n<mart.n
weekly(late):
`},
		{"down to rows, which are not followed", lineage.Ref{Node: "raw", Column: "status"}, lineage.Down, `
raw(): status
stg(raw): rows<raw.status
`},
		{"letter case", lineage.Ref{Node: "stg", Column: "ID"}, lineage.Up | lineage.Down, `
raw(): id
stg(raw): Id<raw.id
mart(stg): rows<stg.id
opaque(stg):
late(mart,opaque):
weekly(late):
`},
		{"a whole node", lineage.Ref{Node: "stg"}, lineage.Up, `
raw(): id amount status
stg(raw): Id<raw.id n<raw.amount<stg.n rows<raw.status
`},
		{"an exposure", lineage.Ref{Node: "weekly"}, lineage.Up, `
raw(): id amount status
stg(raw): Id<raw.id n<raw.amount<stg.n rows<raw.status
mart(stg): n<stg.n rows<stg.id
opaque(stg): x
late(mart,opaque): n<mart.n x<opaque.x
weekly(late):
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := "\n" + written(shop().Reach([]lineage.Ref{c.start}, c.way))
			if diff := gocmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}
