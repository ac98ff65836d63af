package selector

import (
	"strings"

	"elt/compiler/project"
)

// fqn is a value of the method of that name: a name, or a path of names with dots.
type fqn struct {
	value   string
	parts   []string
	wild    int     // index of the first part with a wildcard, or -1
	rest    pattern // the parts from wild on
	leaf    pattern // the value, if it is one part
	version string  // the last two parts joined by "_", for versioned models
}

func newFQN(value string) *fqn {
	f := &fqn{value: value, parts: strings.Split(value, "."), wild: -1, leaf: newPattern(value)}
	for i, p := range f.parts {
		if strings.ContainsAny(p, "*?[]") {
			f.wild = i
			f.rest = newPattern(strings.Join(f.parts[i:], "."))
			break
		}
	}
	f.version = strings.Join(f.parts[max(0, len(f.parts)-2):], "_")
	return f
}

// matches compares with the node's fqn, and with the same less the package. A test may be
// meant by its unique_id too, which is all that tells two of one name apart; dbt has no
// selector for one of them.
func (f *fqn) matches(n *project.Node) bool {
	if n.Type == project.Source || len(n.FQN) == 0 {
		return false
	}
	if n.Type == project.Test && n.UniqueID == f.value {
		return true
	}
	versioned := n.Type == project.Model && n.Version != ""
	return f.matchesPath(n.FQN, versioned) || f.matchesPath(n.FQN[1:], versioned)
}

func (f *fqn) matchesPath(names []string, versioned bool) bool {
	if len(names) == 0 || versioned && len(names) < 2 {
		return false
	}
	leaf := names[len(names)-1]
	if versioned {
		leaf = names[len(names)-2]
		if joined := leaf + "_" + names[len(names)-1]; joined == f.version {
			return true
		}
	}
	if leaf == f.value {
		return true
	}
	return f.matchesPrefix(flatten(names)) || f.wild == 0 && len(f.parts) == 1 && f.leaf.match(leaf)
}

// matchesPrefix compares part by part, from the first wildcard on as one text.
func (f *fqn) matchesPrefix(names []string) bool {
	if len(names) < len(f.parts) {
		return false
	}
	for i, p := range f.parts {
		if i == f.wild {
			return f.rest.text == "*" || f.rest.match(strings.Join(names[i:], "."))
		}
		if names[i] != p {
			return false
		}
	}
	return true
}

// flatten splits names that hold dots; nearly none do.
func flatten(names []string) []string {
	for _, n := range names {
		if strings.Contains(n, ".") {
			return strings.Split(strings.Join(names, "."), ".")
		}
	}
	return names
}
