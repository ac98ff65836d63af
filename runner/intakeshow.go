package runner

import (
	"context"
	"slices"

	"elt/compiler/project"
	"elt/runner/engine"
)

// takenFor finds what a test sees of raw files: of an ephemeral model that is a part of a by_file
// model, what that one takes in; all there is where the run does not build it.
func (r *run) takenFor(ctx context.Context, n *nodeRun) error {
	if n == nil || n.node.Type != project.Test || n.seen() != nil || n.taker != nil {
		return nil
	}
	taker := project.TakerOf(n.node, r.takers())
	if taker == nil {
		return nil
	}
	s, err := r.sessions.get(ctx)
	if err != nil {
		return err
	}
	defer r.sessions.put(s)
	n.taken, err = r.liveIntake(ctx, s, taker)
	return err
}

// liveIntake shows a by_file model its sources whole.
func (r *run) liveIntake(ctx context.Context, s engine.Session, node *project.Node) (*intake, error) {
	if node.FileColumn() == "" {
		return nil, nil
	}
	in := &intake{column: node.FileColumn(), whole: true}
	for _, src := range r.sourcesOf(node) {
		si := &sourceIntake{src: src}
		in.sources = append(in.sources, si)
		if src.formatted() {
			if err := r.lake.expandFormats(ctx, s, src); err != nil {
				return nil, err
			}
			for _, f := range src.files {
				si.take = append(si.take, intakeFile{lakeFile: f})
			}
			continue
		}
		if err := r.lookAtEnds(ctx, si); err != nil {
			return nil, err
		}
		for _, p := range src.node.Table.Paths {
			// A pattern is no file to look at, as one that is remote.
			si.take = append(si.take, intakeFile{lakeFile: lakeFile{path: r.lake.absolute(p.Text), remote: true}})
		}
	}
	return in, nil
}

// lookAtEnds finds out whether the lines of the source's files end alike.
func (r *run) lookAtEnds(ctx context.Context, si *sourceIntake) error {
	si.known = r.sourceColumns(si.src.node)
	if si.src.node.Table.Format != "csv" {
		return nil
	}
	var local []lakeFile
	for _, p := range si.src.node.Table.Paths {
		if isRemote(p.Text) {
			continue
		}
		files, err := r.lake.expand(ctx, nil, p.Text)
		if err != nil {
			return err
		}
		local = append(local, slices.DeleteFunc(files, lakeFile.isEmpty)...)
	}
	si.unlikeEnds = endsDiffer(local)
	return nil
}
