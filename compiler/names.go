package compiler

import (
	"maps"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
)

// names finds nodes by what ref(), source() and plain SQL call them. It is built once
// it is known which nodes are enabled, and only read afterwards. Names are exact for
// ref() and source(); in plain SQL letter case does not count, as in DuckDB.
type names struct {
	refs     map[string][]*project.Node // by name: models (every version), seeds, snapshots
	sources  map[string][]*project.Node // by "source.table", of several packages
	tables   map[string][]*project.Node // source tables by table name
	plainly  map[string][]*project.Node // by the lower-case "name", "table" and "source.table"
	schemed  map[string][]*project.Node // models, seeds and snapshots by the lower-case "schema.relation"
	disabled map[string]*project.Node   // disabled nodes by name or "source.table"
	schemas  map[string]bool            // names of sources, for unknown-source hints
	root     string                     // the root project's package
	files    func(table string) string  // the hint about a raw file that has the name of a table, or ""
}

func newNames(root string) *names {
	return &names{
		root:     root,
		files:    func(string) string { return "" },
		schemed:  map[string][]*project.Node{},
		refs:     map[string][]*project.Node{},
		sources:  map[string][]*project.Node{},
		tables:   map[string][]*project.Node{},
		plainly:  map[string][]*project.Node{},
		disabled: map[string]*project.Node{},
		schemas:  map[string]bool{},
	}
}

// add makes a node known. Two nodes that ref() could not tell apart give a diagnostic
// that names both places, and the first of them.
func (n *names) add(node *project.Node) (*project.Node, *diag.Diagnostic) {
	switch {
	case node.Type == project.Source:
		key := node.Table.SourceName + "." + node.Name
		n.sources[key] = append(n.sources[key], node)
		n.tables[node.Name] = append(n.tables[node.Name], node)
		n.schemas[node.Table.SourceName] = true
	case node.IsRefable():
		for _, first := range n.refs[node.Name] {
			bothVersions := first.Type == node.Type && first.Version != "" && node.Version != ""
			if first.Package == node.Package && !bothVersions {
				return first, duplicate(node, first)
			}
		}
		n.refs[node.Name] = append(n.refs[node.Name], node)
	}
	for _, key := range plainKeys(node) {
		n.plainly[key] = append(n.plainly[key], node)
	}
	return nil, nil
}

// disable makes a disabled node known, so that ref() of it is told apart from one
// that never was.
func (n *names) disable(node *project.Node) {
	switch {
	case node.Type == project.Source:
		n.disabled[node.Table.SourceName+"."+node.Name] = node
	case node.IsRefable():
		n.disabled[node.Name] = node
	}
}

// plainKeys are the names by which plain SQL may call a node.
func plainKeys(node *project.Node) []string {
	name := strings.ToLower(node.Name)
	switch {
	case node.Type == project.Source:
		return []string{name, strings.ToLower(node.Table.SourceName) + "." + name}
	case node.IsRefable() && node.Version == "":
		return []string{name}
	case node.IsRefable() && isLatest(node):
		return []string{name, name + "_v" + strings.ToLower(node.Version)}
	case node.IsRefable():
		return []string{name + "_v" + strings.ToLower(node.Version)}
	}
	return nil
}

// isLatest reports whether ref() without a version means the node.
func isLatest(node *project.Node) bool { return node.Version == node.LatestVersion }

// withLine is a place that shows a line: the first with a text of a file as a whole.
func withLine(place diag.Place) diag.Place {
	if place.IsZero() || place.Span != (diag.Span{}) {
		return place
	}
	text := place.Source.Text
	start := len(text) - len(strings.TrimLeft(text, " \t\r\n"))
	line, _, _ := strings.Cut(text[start:], "\n")
	place.Span = diag.Span{Start: start, End: start + len(strings.TrimRight(line, " \t\r"))}
	return place
}

func duplicate(node, first *project.Node) *diag.Diagnostic {
	d := diag.New(diag.DuplicateNode, withLine(node.Place), "two resources are named %q", node.Name).
		WithNote(first.Place, "the first %s %q is here", strings.ReplaceAll(string(first.Type), "_", " "), first.Name)
	if node.IsRefable() {
		return d.WithHint("give one of them another name; ref() could not tell them apart")
	}
	return d.WithHint("give one of them another name")
}

// nearest is the node among several of one name that package from means: its own, else
// that of the root project, as dbt searches; nil where neither has one.
func (n *names) nearest(found []*project.Node, from string) *project.Node {
	for _, pkg := range [...]string{from, n.root} {
		for _, node := range found {
			if node.Package == pkg {
				return node
			}
		}
	}
	return nil
}

// ref resolves a ref() made in package from.
func (n *names) ref(call project.RefCall, from string) (*project.Node, *diag.Diagnostic) {
	var found []*project.Node
	for _, node := range n.refs[call.Name] {
		wanted := call.Version == "" && isLatest(node) || call.Version != "" && node.Version == call.Version
		if wanted && (call.Package == "" || call.Package == node.Package) {
			found = append(found, node)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		if node := n.nearest(found, from); node != nil {
			return node, nil
		}
		d := diag.New(diag.AmbiguousName, call.Place, "%q is a node of several packages", call.Name)
		for _, node := range found {
			d.WithNote(node.Place, "in package %q", node.Package)
		}
		return nil, d.WithHint("name the package: ref('%s', '%s')", found[0].Package, call.Name)
	}
	return nil, n.unknownRef(call)
}

func (n *names) unknownRef(call project.RefCall) *diag.Diagnostic {
	if d := n.unknownVersion(call); d != nil {
		return d
	}
	if off, ok := n.disabled[call.Name]; ok {
		return disabledRef(off, call.Place, call.Name)
	}
	if call.Package != "" && len(n.refs[call.Name]) > 0 {
		return diag.New(diag.UnknownRef, call.Place, "the package %q has no node %q", call.Package, call.Name).
			WithHint("it is in package %q", n.refs[call.Name][0].Package)
	}
	d := diag.New(diag.UnknownRef, call.Place, "no model, seed or snapshot is named %q", call.Name)
	if s := diag.Suggest(call.Name, slices.Sorted(maps.Keys(n.refs))); s != "" {
		return d.WithHint("did you mean %q?", s)
	}
	if tables := n.tables[call.Name]; len(tables) > 0 {
		return d.WithHint("it is a source table: source('%s', '%s')", tables[0].Table.SourceName, call.Name)
	}
	if hint := n.files(call.Name); hint != "" {
		return d.WithHint("%s", hint)
	}
	return d.WithHint("`elt ls` lists the names there are")
}

// unknownVersion says that a model exists, but not in the version asked for.
func (n *names) unknownVersion(call project.RefCall) *diag.Diagnostic {
	var have []string
	for _, node := range n.refs[call.Name] {
		if call.Package == "" || call.Package == node.Package {
			have = append(have, node.Version)
		}
	}
	slices.Sort(have)
	switch {
	case len(have) == 0:
		return nil
	case have[0] == "":
		return diag.New(diag.UnknownRef, call.Place, "the model %q has no versions", call.Name).
			WithHint("leave the version out: ref('%s')", call.Name)
	case call.Version == "":
		return diag.New(diag.UnknownRef, call.Place, "the latest version of the model %q does not exist or is disabled", call.Name).
			WithHint("name a version: ref('%s', v=%s)", call.Name, have[0])
	}
	return diag.New(diag.UnknownRef, call.Place, "the model %q has no version %q", call.Name, call.Version).
		WithHint("it has %s", strings.Join(have, ", "))
}

func disabledRef(off *project.Node, place diag.Place, name string) *diag.Diagnostic {
	at := off.Place
	if set := off.Config.Place("enabled"); !set.IsZero() {
		at = set
	}
	return diag.New(diag.DisabledRef, place, "%q is disabled", name).
		WithNote(at, "its config has enabled: false").
		WithHint("enable it, or take this reference out")
}

// source resolves a source() call made in package from.
func (n *names) source(call project.SourceCall, from string) (*project.Node, *diag.Diagnostic) {
	key := call.Source + "." + call.Table
	if found := n.sources[key]; len(found) > 0 {
		node := n.nearest(found, from)
		if node == nil {
			node = found[0]
		}
		if d := rivalFiles(node, key, call.Place); d != nil {
			return nil, d
		}
		return node, nil
	}
	if off, ok := n.disabled[key]; ok {
		return nil, disabledRef(off, call.Place, key)
	}
	d := diag.New(diag.UnknownSource, call.Place, "no source table %q is declared", key)
	if s := diag.Suggest(key, slices.Sorted(maps.Keys(n.sources))); s != "" {
		source, table, _ := strings.Cut(s, ".")
		return nil, d.WithHint("did you mean source('%s', '%s')?", source, table)
	}
	if hint := n.files(call.Table); hint != "" {
		return nil, d.WithHint("%s", hint)
	}
	if !n.schemas[call.Source] {
		return nil, d.WithHint("declare source %q in a property file under `sources:`", call.Source)
	}
	return nil, d.WithHint("add table %q to source %q in its property file", call.Table, call.Source)
}

// plain returns what a plain table name of a query can mean (SQL first); nothing
// where it means nothing of the project. schema is what stands before the dot: the
// name of a source, else the schema of a relation that the project makes, or "". A node
// never means itself.
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
	if len(implicit) == 0 && schema != "" {
		return slices.DeleteFunc(slices.Clone(n.schemed[key]), func(node *project.Node) bool { return node == self })
	}
	return implicit
}

// relate makes a node known by its relation. It is called when all names are added.
func (n *names) relate(node *project.Node, target string) {
	rel := node.Relation
	if !node.IsRefable() || node.IsEphemeral() || rel.Database != "" && !strings.EqualFold(rel.Database, target) {
		return
	}
	key := strings.ToLower(rel.Schema + "." + rel.Identifier)
	n.schemed[key] = append(n.schemed[key], node)
}

// tablesOf are the tables of a source, sorted; letter case does not count.
func (n *names) tablesOf(source string) []string {
	var out []string
	for _, nodes := range n.sources {
		if strings.EqualFold(nodes[0].Table.SourceName, source) {
			out = append(out, nodes[0].Name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// keys are the names by which plain SQL may call the nodes, with or without a dot, sorted.
func (n *names) keys(dotted bool) []string {
	var out []string
	for key := range n.plainly {
		if strings.Contains(key, ".") == dotted {
			out = append(out, key)
		}
	}
	if dotted {
		out = slices.AppendSeq(out, maps.Keys(n.schemed))
	}
	slices.Sort(out)
	return slices.Compact(out)
}
