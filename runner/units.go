package runner

import (
	"slices"

	"elt/compiler/project"
)

// makeUnits says what waits for what. A node waits for its parents; a test for the
// relations it reads; and, as in dbt, a node waits for every test whose relations are
// all among its ancestors. A unit test needs nothing of the run: its model waits for it.
// groups are tests that are done together; all tests of a
// group read the same one node.
func makeUnits(net *network, order []string, nodes map[string]*project.Node, groups [][]string) []*unit {
	m := &unitMaker{net: net, byID: map[string]*unit{}, parents: map[string][]string{}, children: map[string][]string{}}
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
	return m.units
}

type unitMaker struct {
	net      *network
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
		}
		return
	}
	for _, p := range m.parents[id] {
		m.byID[p].before(u)
	}
	if nodes[id].Type != project.Test {
		return
	}
	for _, child := range m.gated(m.parents[id]) {
		u.before(m.byID[child])
	}
}

// gated returns the first nodes that have all the given ones among their ancestors.
// What is behind those waits through them.
func (m *unitMaker) gated(parents []string) []string {
	switch len(parents) {
	case 0:
		return nil
	case 1:
		return m.children[parents[0]]
	}
	common := m.descendants(parents[0])
	for _, p := range parents[1:] {
		both := map[string]bool{}
		for id := range m.descendants(p) {
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
