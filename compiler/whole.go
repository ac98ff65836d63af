package compiler

import (
	"maps"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/regex"
)

// takenOut is what is not in a plan because of mistakes: the nodes that have one, and all below them.
type takenOut struct {
	nodes map[string]*project.Node
	// hooks says that statements beside queries may be among what they run: what those make, others
	// may read.
	hooks bool
}

// IsPartial reports whether nodes with mistakes were taken out of the plan. Such a plan is there to
// look for mistakes in the rest of it, and for nothing else.
func (p *Plan) IsPartial() bool { return p.without != nil }

// MayLackHooks reports whether hooks were taken out of the plan.
func (p *Plan) MayLackHooks() bool { return p.without != nil && p.without.hooks }

// whole returns the plan without the nodes that errors are about and all below them: what is found
// in the rest of it is not a consequence of these errors. It is nil where one of them is about the
// project as a whole, or cannot be laid at nodes.
func (p *parser) whole() *Plan {
	broken := map[string]*project.Node{}
	found := make(map[string][]*project.Node, len(p.found))
	for _, node := range p.found {
		found[node.UniqueID] = append(found[node.UniqueID], node)
	}
	for _, d := range p.diags.Errors() {
		nodes, ok := p.blamed(d, found)
		if !ok {
			return nil
		}
		for _, node := range nodes {
			broken[node.UniqueID] = node
		}
	}
	maps.Copy(broken, p.lacking)
	p.takeOut(broken)
	return p.plan
}

// takeOut takes nodes out of the plan, and all below them.
func (p *parser) takeOut(broken map[string]*project.Node) {
	plan := p.plan
	plan.without = &takenOut{nodes: map[string]*project.Node{}}
	p.takeAway(slices.Sorted(maps.Keys(broken)))
	for _, node := range broken { // the second of two of one name is in no plan
		plan.without.hooks = plan.without.hooks || p.mayHook(node)
	}
	plan.semantics = slices.DeleteFunc(plan.semantics, func(node *project.Node) bool { return plan.Nodes[node.UniqueID] == nil })
	p.takeAway(p.unclear())
	plan.hasEphemeral = false
	p.graph(p.ordered())
}

// takeAway takes nodes that are in the plan out of it, and all below them.
func (p *parser) takeAway(ids []string) {
	plan := p.plan
	below := plan.Graph.Descendants(ids, -1)
	own := make(map[string]bool, len(ids))
	for _, id := range ids {
		own[id] = true
	}
	for id, node := range plan.Nodes {
		if below.Has(id) || own[id] || node.IsLoose() { // a loose one may read what is taken out
			plan.without.nodes[id] = node
			plan.without.hooks = plan.without.hooks || p.mayHook(node)
			delete(plan.Nodes, id)
		}
	}
}

// unclear are the ephemeral models of raw files that a model may read of which is not known what it
// reads: what they see of the files depends on who reads them.
func (p *parser) unclear() []string {
	plan := p.plan
	unknown := false
	for _, node := range plan.without.nodes {
		unknown = unknown || node.Type == project.Model && (node.Template == nil || len(node.DependsOn) == 0)
	}
	if !unknown {
		return nil
	}
	var out []string
	takers := plan.takers()
	for id, node := range plan.Nodes {
		ofFiles := func(id string) bool { parent := plan.Nodes[id]; return parent != nil && parent.Type == project.Source }
		if node.IsEphemeral() && takers[id] == nil && slices.ContainsFunc(node.DependsOn, ofFiles) {
			out = append(out, id)
		}
	}
	return out
}

// takers are the by_file models that read ephemeral models, those that were taken out included.
func (p *Plan) takers() map[string]*project.Node {
	if p.without == nil {
		return project.Takers(p.Order, p.Nodes)
	}
	nodes := maps.Clone(p.Nodes)
	maps.Copy(nodes, p.without.nodes)
	for id, node := range nodes {
		if node.Config == nil {
			delete(nodes, id)
		}
	}
	return project.Takers(slices.Sorted(maps.Keys(nodes)), nodes)
}

// mayHook reports whether a node may run statements beside its query. Of one that was not rendered
// only the text is known.
func (p *parser) mayHook(node *project.Node) bool {
	if node.Type == project.Operation {
		return true
	}
	if node.Source != nil && (strings.Contains(node.Source.Text, "hook") || strings.Contains(node.Source.Text, "sql_header")) {
		return true
	}
	if node.Config == nil && hasRelation(&project.Node{Type: node.Type, Config: project.NewConfig()}) {
		node.Config = p.host(node).base
	}
	return node.Config != nil && (hasHooks(node) || node.Config.String("sql_header", "") != "")
}

// blamed returns the nodes that an error is about. It is false where that is not to be told.
func (p *parser) blamed(d *diag.Diagnostic, found map[string][]*project.Node) ([]*project.Node, bool) {
	if nodes, ok := p.concerned[d]; ok {
		return nodes, true
	}
	if d.Node != "" {
		nodes := found[d.Node]
		if len(nodes) == 0 && p.plan.Nodes[d.Node] != nil { // a unit test of one version
			nodes = []*project.Node{p.plan.Nodes[d.Node]}
		}
		return nodes, len(nodes) > 0 && nodes[0].Type != project.Operation
	}
	src := d.Place.Source
	if src == nil {
		return nil, false
	}
	for _, proj := range p.plan.Project.All() {
		if slices.Contains(proj.PropertyFiles, src) {
			return p.described(proj, d.Place), true
		}
		files := proj.Files
		at := slices.IndexFunc(files, func(f project.File) bool { return f.Source == src })
		if at < 0 {
			files = proj.Unread
			at = slices.IndexFunc(files, func(f project.File) bool { return f.Source == src })
		}
		if at < 0 {
			continue
		}
		switch files[at].Kind {
		case project.MacroFile, project.GenericTestFile:
			return nil, false
		}
		// Of a file that gave no node, whatever reads what it would have given is lacking it; a text
		// of the documentation changes no query.
		return p.nodesWhere(func(node *project.Node) bool { return node.Source == src }), true
	}
	return nil, false
}

// described are the nodes that an entry of a property file is about in which a mistake lies; where it
// cannot be told which entry that is, all whose names occur in the file.
func (p *parser) described(proj *project.Project, at diag.Place) []*project.Node {
	entry, ok := project.EntryAt(at.Source, at.Span.Start)
	switch {
	case !ok:
		names := map[string]bool{}
		for _, m := range nameEntry().FindAllStringSubmatch(at.Source.Text, -1) {
			names[m[1]] = true
		}
		return p.nodesWhere(func(node *project.Node) bool {
			before, versioned := cutVersion(node.Name)
			inSource := node.Type != project.Source || names[node.Table.SourceName]
			return inSource && (names[node.Name] || versioned && names[before])
		})
	case entry.Tests, entry.Key == "macros", entry.Key == "groups":
		return nil // no query depends on them
	}
	return p.nodesWhere(func(node *project.Node) bool {
		if node.Package != proj.Name {
			return false
		}
		if entry.Key == "sources" {
			return node.Type == project.Source && node.Table.SourceName == entry.Name && (entry.Table == "" || entry.Table == node.Name)
		}
		before, versioned := cutVersion(node.Name)
		return node.Type != project.Source && (node.Name == entry.Name || slices.Contains(entry.Files, node.Name) || versioned && before == entry.Name)
	})
}

var nameEntry = regex.Lazy(`\b(?:name|defined_in)["']?\s*:\s*["']?([^"'\s,}#]+)`)

// cutVersion takes the version off the name of a file that holds one of a model: orders_v2.
func cutVersion(name string) (before string, ok bool) {
	at := strings.LastIndex(name, "_v")
	return name[:max(at, 0)], at > 0
}

func (p *parser) nodesWhere(is func(*project.Node) bool) []*project.Node {
	var out []*project.Node
	for _, node := range p.found {
		if is(node) {
			out = append(out, node)
		}
	}
	return out
}

// reportOf reports an error about several nodes, or about none of which anything has to be taken out.
func (p *parser) reportOf(d *diag.Diagnostic, nodes ...*project.Node) {
	p.report(d)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.concerned[d] = nodes
}

// lacks notes that a node reads what is not there because of a mistake that was told.
func (p *parser) lacks(node *project.Node) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lacking[node.UniqueID] = node
}
