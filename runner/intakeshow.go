package runner

import (
	"context"

	"elt/compiler/project"
)

// liveIntake shows a by_file model its sources whole, for `elt show`.
func (r *run) liveIntake(ctx context.Context, node *project.Node) (*intake, error) {
	if node.FileColumn() == "" {
		return nil, nil
	}
	in := &intake{column: node.FileColumn()}
	for _, src := range r.sourcesOf(node) {
		si := &sourceIntake{src: src}
		in.sources = append(in.sources, si)
		if src.formatted() {
			if err := r.lake.expandFormats(ctx, r.main, src); err != nil {
				return nil, err
			}
			for _, f := range src.files {
				si.take = append(si.take, intakeFile{lakeFile: f})
			}
			continue
		}
		for _, p := range src.node.Table.Paths {
			// A pattern is no file to look at, as one that is remote.
			si.take = append(si.take, intakeFile{lakeFile: lakeFile{path: r.lake.absolute(p.Text), remote: true}})
		}
	}
	return in, nil
}
