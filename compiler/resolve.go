package compiler

import (
	"maps"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
)

// names finds nodes by what ref(), source() and plain SQL call them. It is built
// once, before templates are rendered, and only read afterwards. Names are exact for
// ref() and source(); in plain SQL letter case does not count, as in DuckDB.
type names struct {
	refs     map[string][]*project.Node // by name: models, seeds, snapshots
	sources  map[string]*project.Node   // by "source.table"
	tables   map[string][]*project.Node // source tables by table name
	plainly  map[string][]*project.Node // by the lower-case "name", "table" and "source.table"
	disabled map[string]*project.Node   // disabled refable nodes by name
	schemas  map[string]bool            // names of sources, for unknown-source hints
}

func newNames() *names {
	return &names{
		refs:     map[string][]*project.Node{},
		sources:  map[string]*project.Node{},
		tables:   map[string][]*project.Node{},
		plainly:  map[string][]*project.Node{},
		disabled: map[string]*project.Node{},
		schemas:  map[string]bool{},
	}
}

// add makes a node known. Two nodes that ref() or source() could not tell apart give
// a diagnostic that names both places.
func (n *names) add(node *project.Node) *diag.Diagnostic {
	switch {
	case node.Type == project.Source:
		key := node.Table.SourceName + "." + node.Name
		if first, ok := n.sources[key]; ok {
			return duplicate(node, first, "source table", key)
		}
		n.sources[key] = node
		n.tables[node.Name] = append(n.tables[node.Name], node)
		n.schemas[node.Table.SourceName] = true
	case node.IsRefable():
		for _, first := range n.refs[node.Name] {
			if first.Package == node.Package {
				return duplicate(node, first, "node", node.Name)
			}
		}
		n.refs[node.Name] = append(n.refs[node.Name], node)
	}
	for _, key := range n.plainKeys(node) {
		n.plainly[key] = append(n.plainly[key], node)
	}
	return nil
}

// plainKeys are the names by which plain SQL may call a node.
func (n *names) plainKeys(node *project.Node) []string {
	name := strings.ToLower(node.Name)
	switch {
	case node.Type == project.Source:
		return []string{name, strings.ToLower(node.Table.SourceName) + "." + name}
	case node.IsRefable():
		return []string{name}
	}
	return nil
}

func duplicate(node, first *project.Node, kind, name string) *diag.Diagnostic {
	return diag.New(diag.DuplicateNode, node.Place, "two resources are named %q", name).
		WithNote(first.Place, "the first %s %q is here", kind, name).
		WithHint("give one of them another name; ref() could not tell them apart")
}

// ref resolves a ref() made in package from.
func (n *names) ref(call project.RefCall, from string) (*project.Node, *diag.Diagnostic) {
	candidates := n.refs[call.Name]
	if call.Package != "" {
		candidates = slices.DeleteFunc(slices.Clone(candidates), func(c *project.Node) bool { return c.Package != call.Package })
	}
	switch {
	case len(candidates) == 1:
		return candidates[0], nil
	case len(candidates) > 1:
		for _, c := range candidates {
			if c.Package == from {
				return c, nil
			}
		}
		d := diag.New(diag.AmbiguousName, call.Place, "%q is a node of several packages", call.Name)
		for _, c := range candidates {
			d.WithNote(c.Place, "in package %q", c.Package)
		}
		return nil, d.WithHint("name the package: ref('%s', '%s')", candidates[0].Package, call.Name)
	}
	return nil, n.unknownRef(call)
}

func (n *names) unknownRef(call project.RefCall) *diag.Diagnostic {
	if off, ok := n.disabled[call.Name]; ok {
		return diag.New(diag.DisabledRef, call.Place, "%q is disabled", call.Name).
			WithNote(off.Place, "its config has enabled: false").
			WithHint("enable it, or take this reference out")
	}
	d := diag.New(diag.UnknownRef, call.Place, "no model, seed or snapshot is named %q", call.Name)
	known := slices.Sorted(maps.Keys(n.refs))
	if s := diag.Suggest(call.Name, known); s != "" {
		return d.WithHint("did you mean %q?", s)
	}
	if tables := n.tables[call.Name]; len(tables) > 0 {
		return d.WithHint("it is a source table: source('%s', '%s')", tables[0].Table.SourceName, call.Name)
	}
	return d.WithHint("`elt ls` lists the names there are")
}

// source resolves a source() call.
func (n *names) source(call project.SourceCall) (*project.Node, *diag.Diagnostic) {
	key := call.Source + "." + call.Table
	if node, ok := n.sources[key]; ok {
		return node, nil
	}
	d := diag.New(diag.UnknownSource, call.Place, "no source table %q is declared", key)
	if s := diag.Suggest(key, slices.Sorted(maps.Keys(n.sources))); s != "" {
		source, table, _ := strings.Cut(s, ".")
		return nil, d.WithHint("did you mean source('%s', '%s')?", source, table)
	}
	if !n.schemas[call.Source] {
		return nil, d.WithHint("declare source %q in a property file under `sources:`", call.Source)
	}
	return nil, d.WithHint("add table %q to source %q in its property file", call.Table, call.Source)
}

// plain returns what a plain table name of a query can mean (SQL first); nothing
// where it means nothing of the project. schema is what stands before the dot: the
// name of a source, or "". A node never means itself.
func (n *names) plain(schema, table string, self *project.Node) []*project.Node {
	key := strings.ToLower(table)
	if schema != "" {
		key = strings.ToLower(schema) + "." + key
	}
	var declared, implicit []*project.Node
	for _, node := range n.plainly[key] {
		switch {
		case node == self:
		case isImplicit(node):
			implicit = append(implicit, node)
		default:
			declared = append(declared, node)
		}
	}
	if len(declared) > 0 {
		return declared // a file found by convention never stands in for what is declared
	}
	return implicit
}

// disable takes a node out of what names can mean; ref() of it is then told apart
// from one that never was.
func (n *names) disable(node *project.Node) {
	same := func(other *project.Node) bool { return other == node }
	switch {
	case node.Type == project.Source:
		delete(n.sources, node.Table.SourceName+"."+node.Name)
		n.tables[node.Name] = slices.DeleteFunc(n.tables[node.Name], same)
	case node.IsRefable():
		n.refs[node.Name] = slices.DeleteFunc(n.refs[node.Name], same)
		if len(n.refs[node.Name]) == 0 {
			delete(n.refs, node.Name)
		}
		n.disabled[node.Name] = node
	}
	for _, key := range n.plainKeys(node) {
		n.plainly[key] = slices.DeleteFunc(n.plainly[key], same)
	}
}
