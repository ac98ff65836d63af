package selector

import (
	"slices"

	"elt/compiler/diag"
	"elt/compiler/graph"
	"elt/compiler/project"
)

// Universe is what can be selected. Disabled nodes may be among Nodes; they are
// never selected and nothing is reached through them. Every other node must be in
// the graph.
type Universe struct {
	Nodes []*project.Node
	Graph *graph.Graph
	Root  string // absolute path of the project, for path: with an absolute glob
}

// Request is what to select. The zero Request selects every node but operations and
// analyses.
type Request struct {
	Select  []string // arguments of --select; what any of them selects; none for all
	Exclude []string // arguments of --exclude

	Selector  string       // name in Selectors, instead of Select and Exclude
	Selectors *Definitions // selectors.yml; nil where there is none

	// ResourceTypes are the types wanted; none for all but operations and analyses.
	// ExcludeResourceTypes are taken away from those.
	ResourceTypes        []project.ResourceType
	ExcludeResourceTypes []project.ResourceType

	Indirect    Indirect // how tests are selected along; "" is Eager
	PackageName string   // the project's own package: package:this
	// State decides over the methods state, result and source_status, which compare with an
	// earlier run; nil where none is known.
	State func(method, value string) (func(*project.Node) bool, error)
}

// Selection is what was chosen, in the order of the universe's nodes.
type Selection struct {
	IDs   []string
	Nodes []*project.Node // of the same length
}

// Select chooses nodes as dbt does. A selector that cannot be understood is an error,
// and then the selection is nil; one that matches nothing is a warning.
//
// Without Select, Exclude and Selector the default of Selectors applies, if it has one.
func Select(u Universe, req Request) (*Selection, diag.List) {
	spec, diags := req.spec()
	if diags.HasErrors() {
		return nil, diags
	}
	chosen := func(n *project.Node) bool { return n.Config.Bool("enabled", true) } // where nothing is said
	if spec != all {
		e := newEvaluation(u, req)
		direct := e.eval(spec).direct
		diags = append(diags, e.diags...)
		if diags.HasErrors() {
			return nil, diags.Errors() // what was not found may be their consequence
		}
		chosen = func(n *project.Node) bool {
			i := u.Graph.Number(n.UniqueID)
			return i >= 0 && direct[i]
		}
	}
	out := &Selection{}
	for _, n := range u.Nodes {
		if chosen(n) && req.wants(n.Type) {
			out.IDs, out.Nodes = append(out.IDs, n.UniqueID), append(out.Nodes, n)
		}
	}
	return out, diags
}

// wants reports whether the request asks for a type of resource.
func (r *Request) wants(t project.ResourceType) bool {
	if slices.Contains(r.ExcludeResourceTypes, t) {
		return false
	}
	if len(r.ResourceTypes) == 0 {
		return t != project.Operation && t != project.Analysis
	}
	return slices.Contains(r.ResourceTypes, t)
}

// all is every node.
var all = &Spec{Op: Match, Criterion: &Criterion{Method: "fqn", Value: everything}}

// spec turns the request into one spec.
func (r *Request) spec() (*Spec, diag.List) {
	if r.Indirect != "" && !r.Indirect.valid() {
		return nil, diag.List{diag.New(diag.BadSelector, diag.Place{}, "indirect selection %q does not exist", r.Indirect).
			WithHint("it can be %s", indirectModes)}
	}
	if r.Selector != "" {
		return r.named()
	}
	if len(r.Select) == 0 && len(r.Exclude) == 0 && r.Selectors != nil {
		if d := r.Selectors.Default(); d != nil {
			return d.Spec, nil
		}
	}
	if len(r.Select) == 0 && len(r.Exclude) == 0 {
		return all, nil
	}
	included, diags := parseAll(r.Select)
	excluded, more := parseAll(r.Exclude)
	diags = append(diags, more...)
	if len(r.Select) == 0 {
		included = all
	}
	return &Spec{Op: Difference, Parts: []*Spec{included, excluded}, Indirect: Eager}, diags
}

// named looks up the definition that --selector names.
func (r *Request) named() (*Spec, diag.List) {
	if len(r.Select) > 0 || len(r.Exclude) > 0 {
		return nil, diag.List{diag.New(diag.BadSelector, diag.Place{}, "--selector %q is given together with --select or --exclude", r.Selector).
			WithHint(`write "--select selector:%s" to combine them`, r.Selector)}
	}
	def := r.Selectors.Lookup(r.Selector)
	if def == nil {
		return nil, diag.List{r.Selectors.unknown(r.Selector, diag.Place{})}
	}
	return &Spec{Op: Union, Parts: []*Spec{def.Spec}, Indirect: Eager, raw: "selector:" + r.Selector, warn: true}, nil
}

// parseAll unites arguments.
func parseAll(args []string) (*Spec, diag.List) {
	var diags diag.List
	union := &Spec{Op: Union}
	for _, arg := range args {
		one, d := Parse(arg)
		if d != nil {
			diags = append(diags, d)
			continue
		}
		if one.warn { // an argument of white space
			union.Parts = append(union.Parts, one)
			continue
		}
		union.Parts = append(union.Parts, one.Parts...)
	}
	return union, diags
}
