package runner

import (
	"maps"
	"slices"

	"elt/compiler/project"
)

// makeUnits says what waits for what. A node waits for its parents; a test for the
// relations it reads; and, as in dbt, a node waits for every test whose relations are
// all among its ancestors, be they made by the run or, as sources are, given to it. A unit
// test needs nothing of the run, and its model waits for it; asDBT lets it wait for what its
// model waits for, so that it is skipped where its model is.
// groups are tests that are done together; all tests of a
// group read the same one node.
func makeUnits(net *network, order []string, nodes map[string]*project.Node, groups [][]string, asDBT bool) []*unit {
	m := &unitMaker{net: net, asDBT: asDBT, byID: map[string]*unit{}, parents: map[string][]string{}, children: map[string][]string{}}
	for _, group := range groups {
		u := &unit{ids: group, tests: true}
		for _, id := range group {
			m.byID[id] = u
		}
	}
	for i, id := range order {
		u := m.byID[id]
		if u == nil {
			u = &unit{ids: []string{id}, tests: nodes[id].Type == project.Test || nodes[id].Type == project.UnitTest}
			m.byID[id] = u
		}
		if id == u.ids[0] {
			u.order = i
			m.units = append(m.units, u)
		}
		m.parents[id] = net.workParents(id)
		if nodes[id].Type != project.Test && nodes[id].Type != project.UnitTest {
			for _, p := range m.parents[id] {
				m.children[p] = append(m.children[p], id)
			}
		}
	}
	for _, u := range m.units {
		m.connect(u, nodes)
	}
	waitForAll(m.units, nodes)
	return m.units
}

type unitMaker struct {
	net      *network
	asDBT    bool
	units    []*unit
	byID     map[string]*unit
	parents  map[string][]string // nearest nodes of the run above
	children map[string][]string // nodes (no tests) below
	below    map[string]map[string]bool
}

func (m *unitMaker) connect(u *unit, nodes map[string]*project.Node) {
	id := u.ids[0] // tests of a group have the same parents
	if nodes[id].Type == project.UnitTest {
		for _, blocked := range m.net.blockedBy(nodes[id], nodes) {
			u.before(m.byID[blocked])
			for _, p := range m.parents[blocked] {
				if m.asDBT {
					m.byID[p].before(u)
				}
			}
		}
		return
	}
	for _, p := range m.parents[id] {
		m.byID[p].before(u)
	}
	if nodes[id].Type != project.Test {
		return
	}
	for _, child := range m.gated(id, nodes) {
		u.before(m.byID[child])
	}
}

// belowEach returns, for each node of the run that a test reads, what the run makes below
// it; for a test of what the run does not make, the same for that.
func (m *unitMaker) belowEach(test string, nodes map[string]*project.Node) []map[string]bool {
	var below []map[string]bool
	for _, p := range m.parents[test] {
		below = append(below, m.descendants(p))
	}
	if len(below) > 0 {
		return below
	}
	for _, input := range m.net.inputsOf(test, nodes) {
		found := map[string]bool{}
		for _, reader := range m.net.workReaders(input, nodes) {
			found[reader] = true
			maps.Copy(found, m.descendants(reader))
		}
		below = append(below, found)
	}
	return below
}

// gated returns the first nodes that are below all that a test reads. What is behind
// those waits through them.
func (m *unitMaker) gated(test string, nodes map[string]*project.Node) []string {
	if parents := m.parents[test]; len(parents) == 1 {
		return m.children[parents[0]]
	}
	below := m.belowEach(test, nodes)
	if len(below) == 0 {
		return nil
	}
	common := below[0]
	for _, others := range below[1:] {
		both := map[string]bool{}
		for id := range others {
			if common[id] {
				both[id] = true
			}
		}
		common = both
	}
	var first []string
	for id := range common {
		if !slices.ContainsFunc(m.parents[id], func(p string) bool { return common[p] }) {
			first = append(first, id)
		}
	}
	slices.Sort(first)
	return first
}

// descendants of a node among the nodes of the run, itself excluded.
func (m *unitMaker) descendants(id string) map[string]bool {
	if found, ok := m.below[id]; ok {
		return found
	}
	found := map[string]bool{}
	todo := []string{id}
	for len(todo) > 0 {
		next := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, c := range m.children[next] {
			if !found[c] {
				found[c] = true
				todo = append(todo, c)
			}
		}
	}
	if m.below == nil {
		m.below = map[string]map[string]bool{}
	}
	m.below[id] = found
	return found
}
