package runner_test

import (
	"crypto/md5"
	"encoding/hex"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"elt/compiler/project"
	"elt/runner"
)

var modelProjects = flag.Int("model", 12, "random projects that TestAgainstNaiveReference builds")

// TestAgainstNaiveReference builds random graphs of tables, views, incremental and ephemeral
// models, snapshots and seeds with random failing tests, broken nodes and selections, several
// times each.
// After every run each relation must hold exactly what a naive reference says: so no
// published relation was built from, or shows, rows that were not published.
//
// Tests read sources too, which hold what reads them.
//
// A relation's rows are hashes of what the node read, so any difference anywhere
// above a relation shows in it.
func TestAgainstNaiveReference(t *testing.T) {
	t.Parallel()
	for seed := range *modelProjects {
		t.Run(fmt.Sprintf("project %d", seed), func(t *testing.T) {
			t.Parallel()
			newNaive(t, uint64(seed)).play(5)
		})
	}
}

// naive is the reference: the whole protocol on Go values, without any cleverness.
type naive struct {
	t     *testing.T
	rand  *rand.Rand
	w     *warehouse
	nodes []*naiveNode // parents before children, sources before all
	tests []*naiveTest
}

type naiveNode struct {
	name    string
	kind    string // what it is built as next; "source" and "ephemeral" are what no run makes
	version int
	broken  bool
	parents []*naiveNode

	shown    string   // what is published: "", "table" or "view"
	rows     []string // of a published table
	shownAt  versions // of a published view
	status   string   // of this run
	next     []string // rows of this run's candidate
	selected bool
	held     bool
}

// versions are those of a view, and of the ephemeral models that have become part of its text.
type versions map[*naiveNode]int

type naiveTest struct {
	name     string
	parents  []*naiveNode
	fails    bool
	warns    bool
	status   string
	selected bool
}

func newNaive(t *testing.T, seed uint64) *naive {
	n := &naive{t: t, rand: rand.New(rand.NewPCG(seed, 7)), w: newWarehouse(t)}
	for i := range 1 + n.rand.IntN(2) {
		source := &naiveNode{name: fmt.Sprintf("s%02d", i), kind: "source", shown: "table", rows: []string{fmt.Sprintf("source %d", i)}}
		n.w.exec(fmt.Sprintf("create table %s as select 'source %d' as s", source.name, i))
		n.nodes = append(n.nodes, source)
	}
	kinds := []string{"table", "table", "view", "view", "view", "incremental", "ephemeral", "snapshot", "seed"}
	for i := range 4 + n.rand.IntN(9) {
		node := &naiveNode{name: fmt.Sprintf("n%02d", i), kind: kinds[n.rand.IntN(len(kinds))]}
		for _, p := range n.nodes {
			if node.kind == "seed" {
				break
			}
			if n.rand.IntN(3) == 0 {
				node.parents = append(node.parents, p)
			}
		}
		n.nodes = append(n.nodes, node)
	}
	for i := range n.rand.IntN(8) {
		test := &naiveTest{name: fmt.Sprintf("t%02d", i), warns: n.rand.IntN(5) == 0}
		for range 1 + n.rand.IntN(2) {
			if p := n.nodes[n.rand.IntN(len(n.nodes))]; !slices.Contains(test.parents, p) {
				test.parents = append(test.parents, p)
			}
		}
		n.tests = append(n.tests, test)
	}
	return n
}

// play runs several builds, the first one of everything and green.
func (n *naive) play(runs int) {
	for run := range runs {
		n.change(run == 0)
		var names []string
		for _, node := range n.nodes {
			if node.selected {
				names = append(names, node.name)
			}
		}
		for _, test := range n.tests {
			if test.selected {
				names = append(names, test.name)
			}
		}
		n.reference()
		if len(names) > 0 {
			n.compare(run, n.w.build(names...))
		}
		if n.t.Failed() {
			n.describe(run)
			return
		}
	}
}

// change makes the next version of the project and picks what is built.
func (n *naive) change(first bool) {
	all := first || n.rand.IntN(3) == 0
	for _, node := range n.nodes {
		if node.kind == "source" {
			n.w.add(project.Source, node.name, "")
			continue
		}
		if node.kind != "snapshot" || n.rand.IntN(2) == 0 { // which records only what has changed
			node.version++
		}
		node.broken = !first && n.rand.IntN(12) == 0 && node.kind != "seed"
		node.selected = (all || n.rand.IntN(3) > 0) && node.kind != "ephemeral"
		if other, ok := map[string]string{"table": "view", "view": "table"}[node.kind]; ok && !first && n.rand.IntN(8) == 0 {
			node.kind = other
		}
		if made := n.define(node); node.broken { // in a way that only shows when it is made
			hook(made, "select error('on purpose')")
		}
	}
	for _, test := range n.tests {
		test.fails = !first && n.rand.IntN(4) == 0
		test.selected = all || n.rand.IntN(4) > 0
		severity := "error"
		if test.warns {
			severity = "warn"
		}
		n.w.check(test.name, test.sql(), "severity", severity)
	}
}

// define adds a node as it is now to the project.
func (n *naive) define(node *naiveNode) *project.Node {
	switch node.kind {
	case "seed":
		seed := n.w.add(project.Seed, node.name, "")
		seed.OriginalPath, seed.Compiled = node.name+".csv", nil
		text := fmt.Sprintf("s\n%s\n", node.make(node.now(), nil))
		if err := os.WriteFile(filepath.Join(filepath.Dir(n.w.path), seed.OriginalPath), []byte(text), 0o644); err != nil {
			n.t.Fatal(err)
		}
		return seed
	case "snapshot":
		return n.w.snapshot(node.name, "select 1 as k, * from ("+node.sql()+")", "strategy", "check", "unique_key", "k", "check_cols", "all")
	}
	return n.w.add(project.Model, node.name, node.sql(), "materialized", node.kind, "incremental_strategy", "append")
}

func (node *naiveNode) sql() string {
	parts := []string{fmt.Sprintf("'%s@%d'", node.name, node.version)}
	for _, p := range node.parents {
		parts = append(parts, fmt.Sprintf("(select coalesce(string_agg(s, ',' order by s), '') from {%s})", p.name))
	}
	return "select md5(" + strings.Join(parts, " || ';' || ") + ") as s"
}

func (test *naiveTest) sql() string {
	var reads []string
	for _, p := range test.parents {
		reads = append(reads, fmt.Sprintf("(select s from {%s} where %t)", p.name, test.fails))
	}
	return strings.Join(reads, " union all ")
}

// make is what a node's query returns, given what it reads. Ephemeral models are part of it.
func (node *naiveNode) make(at versions, read func(*naiveNode) []string) string {
	text := fmt.Sprintf("%s@%d", node.name, at[node])
	for _, p := range node.parents {
		if p.kind == "ephemeral" {
			text += ";" + p.make(at, read)
			continue
		}
		rows := slices.Sorted(slices.Values(read(p)))
		text += ";" + strings.Join(rows, ",")
	}
	sum := md5.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

// now is the version of a node, and of the ephemeral models in its query.
func (node *naiveNode) now() versions {
	at := versions{node: node.version}
	for _, p := range node.parents {
		if p.kind == "ephemeral" {
			maps.Copy(at, p.now())
		}
	}
	return at
}

// visible is what a reader of the published database sees.
func (node *naiveNode) visible() []string {
	if node.shown == "view" {
		return []string{node.make(node.shownAt, (*naiveNode).visible)}
	}
	return node.rows
}

// inside is what the run reads under a node's name.
func (node *naiveNode) inside() []string {
	switch {
	case node.selected:
		return node.next
	case node.shown == "view":
		return []string{node.make(node.shownAt, (*naiveNode).inside)}
	}
	return node.rows
}

// above lists the nodes of the run above a node.
func (n *naive) above(node *naiveNode) map[*naiveNode]bool {
	found := map[*naiveNode]bool{}
	for _, p := range node.parents {
		if p.selected {
			found[p] = true
		}
		for q := range n.above(p) {
			found[q] = true
		}
	}
	return found
}

// direct lists the nearest nodes of the run at or above some nodes.
func (n *naive) direct(nodes []*naiveNode) map[*naiveNode]bool {
	found := map[*naiveNode]bool{}
	for _, p := range nodes {
		if p.selected {
			found[p] = true
			continue
		}
		for q := range n.direct(p.parents) {
			found[q] = true
		}
	}
	return found
}

// inputs are what a test reads and the run does not make, as far as it is to blame.
func (n *naive) inputs(test *naiveTest) []*naiveNode {
	besides := len(n.direct(test.parents)) > 0
	var found []*naiveNode
	for _, p := range test.parents {
		if !p.selected && (p.kind == "source" || p.kind == "ephemeral" || !besides) {
			found = append(found, p)
		}
	}
	return found
}

// reads reports whether a node reads another one, directly or not.
func (node *naiveNode) reads(other *naiveNode) bool {
	return slices.ContainsFunc(node.parents, func(p *naiveNode) bool { return p == other || p.reads(other) })
}

// reference runs the protocol.
func (n *naive) reference() {
	for _, node := range n.nodes {
		node.status, node.held = "", false
	}
	for _, test := range n.tests {
		test.status = ""
	}
	for _, node := range n.nodes { // parents first
		n.judgeTests()
		if !node.selected {
			continue
		}
		above := n.above(node)
		node.status = "success"
		for p := range above {
			if p.status != "success" {
				node.status = "skipped"
			}
		}
		for _, test := range n.tests {
			reads := n.direct(test.parents)
			inputs := n.inputs(test)
			gates := test.selected
			if len(reads) == 0 {
				for _, p := range inputs {
					gates = gates && node.reads(p)
				}
			}
			for p := range reads {
				gates = gates && above[p]
			}
			if gates && (test.status == "fail" || test.status == "skipped") {
				node.status = "skipped"
			}
		}
		if node.status == "success" && node.broken {
			node.status = "error"
		}
		if node.status != "success" {
			continue
		}
		made := node.make(node.now(), (*naiveNode).inside)
		node.next = []string{made}
		switch {
		case node.shown != "table":
		case node.kind == "incremental", node.kind == "snapshot" && made != node.rows[len(node.rows)-1]:
			node.next = append(slices.Clone(node.rows), made)
		case node.kind == "snapshot":
			node.next = node.rows
		}
	}
	n.judgeTests()
	n.hold()
	for _, node := range n.nodes {
		if !node.published() {
			continue
		}
		if node.kind == "view" {
			node.shown, node.shownAt, node.rows = "view", node.now(), nil
		} else {
			node.shown, node.rows = "table", node.next
		}
	}
}

func (node *naiveNode) published() bool { return node.status == "success" && !node.held }

// judgeTests decides the tests whose nodes are all decided.
func (n *naive) judgeTests() {
	for _, test := range n.tests {
		if !test.selected || test.status != "" {
			continue
		}
		status := "pass"
		for p := range n.direct(test.parents) {
			switch p.status {
			case "":
				status = ""
			case "success":
			default:
				if status != "" {
					status = "skipped"
				}
			}
		}
		switch {
		case status != "pass":
		case !test.fails:
		case test.warns:
			status = "warn"
		default:
			status = "fail"
		}
		test.status = status
	}
}

// hold repeats the rules until nothing is added.
func (n *naive) hold() {
	for _, node := range n.nodes {
		node.held = node.selected && node.status != "success"
	}
	for _, test := range n.tests {
		if test.status == "fail" || test.status == "skipped" && !test.warns {
			for p := range n.direct(test.parents) {
				p.held = true
			}
			for _, input := range n.inputs(test) {
				for _, node := range n.nodes {
					node.held = node.held || node.selected && node.reads(input)
				}
			}
		}
	}
	for changed := true; changed; {
		changed = false
		set := func(node *naiveNode) {
			if !node.held {
				node.held, changed = true, true
			}
		}
		for _, node := range n.nodes {
			for _, p := range node.parents {
				if p.held {
					set(node)
				}
			}
			if node.held && node.shown == "view" {
				for _, p := range shownBy(node) {
					set(p)
				}
			}
		}
	}
}

// shownBy lists the candidates that a published view shows, through views without one.
func shownBy(view *naiveNode) []*naiveNode {
	var found []*naiveNode
	for _, p := range view.parents {
		switch {
		case p.status == "success":
			found = append(found, p)
		case p.shown == "view", p.kind == "ephemeral":
			found = append(found, shownBy(p)...)
		}
	}
	return found
}

// compare holds a run against the reference.
func (n *naive) compare(run int, s *runner.Summary) {
	got := map[string]*runner.NodeResult{}
	for _, res := range s.Results {
		got[res.Node.Name] = res
	}
	for _, node := range n.nodes {
		if !node.selected {
			continue
		}
		res := got[node.name]
		if string(res.Status) != node.status || res.Published != node.published() {
			n.t.Errorf("run %d: %s is %s, published %t; the reference says %s, %t", run, node.name, res.Status, res.Published, node.status, node.published())
		}
	}
	for _, test := range n.tests {
		if test.selected && string(got[test.name].Status) != test.status {
			n.t.Errorf("run %d: %s is %s; the reference says %s", run, test.name, got[test.name].Status, test.status)
		}
	}
	for _, node := range n.nodes {
		if node.kind == "ephemeral" {
			continue
		}
		want := strings.Join(slices.Sorted(slices.Values(node.visible())), "\n")
		if got := n.w.rows("select s from " + node.name + " order by s"); got != want {
			n.t.Errorf("run %d: %s shows\n%s\nand not\n%s", run, node.name, got, want)
		}
	}
}

// describe prints the project of a failure.
func (n *naive) describe(run int) {
	for _, node := range n.nodes {
		var parents []string
		for _, p := range node.parents {
			parents = append(parents, p.name)
		}
		n.t.Logf("run %d: %s %s (shown %q) selected %t: %s held %t, reads %v", run, node.name, node.kind, node.shown, node.selected, node.status, node.held, parents)
	}
	for _, test := range n.tests {
		var parents []string
		for _, p := range test.parents {
			parents = append(parents, p.name)
		}
		n.t.Logf("run %d: %s on %v selected %t: %s", run, test.name, parents, test.selected, test.status)
	}
}
