package report

import (
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner"
)

// mistake is what tells one mistake from another.
type mistake struct {
	code  diag.Code
	node  string // the model in which it is made, or empty
	path  string
	start int
	text  string // the message; empty of a model, whose query may fail with any of its values
}

// mistakeOf is the mistake because of which a node has failed, where it is not made in the node's
// own file: but in an ephemeral model or a view that it reads, in a raw file or in a macro. ok is
// false where it is.
func mistakeOf(d *diag.Diagnostic, failed *project.Node) (m mistake, ok bool) {
	switch {
	case d.Severity != diag.Error || d.Node == "" || d.Place.IsZero():
		return mistake{}, false
	case d.Node != failed.UniqueID && strings.HasPrefix(d.Node, string(project.Model)+"."):
		return mistake{d.Code, d.Node, d.Place.Source.Path, d.Place.Span.Start, ""}, true
	case failed.Source == nil || d.Place.Source.Path == failed.Source.Path:
		return mistake{}, false
	}
	return mistake{d.Code, "", d.Place.Source.Path, d.Place.Span.Start, d.Message}, true
}

// shared are, for each mistake, the nodes that have failed because of it and are not those in
// which it is made.
type shared map[mistake][]*project.Node

// sharedOf finds the mistakes that are made in other nodes than those that fail.
func sharedOf(results []*runner.NodeResult) shared {
	s := shared{}
	for _, r := range results {
		if r.Status != runner.Errored {
			continue
		}
		for _, d := range r.Diagnostics {
			if m, ok := mistakeOf(d, r.Node); ok && !slices.Contains(s[m], r.Node) {
				s[m] = append(s[m], r.Node)
			}
		}
	}
	return s
}

// once is a diagnostic of a node as it is told: where the mistake is another node's, with all
// that fail because of it, when the first of them is told of. told says that it has been.
func (p *plain) once(d *diag.Diagnostic, failed *project.Node) (_ *diag.Diagnostic, told bool) {
	m, ok := mistakeOf(d, failed)
	nodes := p.shared[m]
	switch {
	case !ok || !slices.Contains(nodes, failed):
		return d, false
	case nodes[0] != failed:
		return nil, true
	case len(nodes) == 1 && m.node == "":
		return d, false
	}
	verb := " fail"
	if len(nodes) == 1 {
		verb = " fails"
	}
	c := *d
	c.Notes = append(slices.Clone(d.Notes), diag.Note{Message: nameSome(nodes, p.opts.Width-40) + verb + " because of it"})
	return &c, false
}
