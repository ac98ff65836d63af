package runner

import (
	"context"

	"elt/compiler"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/runner/engine"
)

// ShowDirect returns the rows of SQL that is no template. Of the project nothing but the connection is
// looked at, so that the SQL runs whatever is wrong with the models. Of several statements the rows of
// the last one are returned. The database is opened for reading only.
func ShowDirect(ctx context.Context, p *project.Project, sql string, opts ShowOptions) (*engine.Table, error) {
	r := newRun(&compiler.Plan{Project: p}, Options{Command: "show", Wait: opts.Wait}, nil)
	if err := r.openToRead(ctx, false); err != nil {
		return nil, diagnostics(err)
	}
	defer r.close()
	source := diag.NewSource("<inline>", sql)
	var table *engine.Table
	for _, span := range sqltoken.SplitStatements(sql) {
		text := sql[span.Start:span.End]
		n := &nodeRun{node: &project.Node{Name: "inline", OriginalPath: "inline", Compiled: &project.Compiled{
			SQL: text, Map: written{source, span.Start},
		}}}
		var err error
		if table, err = r.showQuery(ctx, n, text, opts.Limit); err != nil {
			return nil, diagnostics(err)
		}
	}
	if table == nil {
		return &engine.Table{}, nil
	}
	return table, nil
}

// written maps a part of a text that nothing has rendered to itself.
type written struct {
	source *diag.Source
	start  int
}

// Origin returns the place of an offset.
func (w written) Origin(offset int) (diag.Place, bool) {
	at := w.start + offset
	return diag.Place{Source: w.source, Span: diag.Span{Start: at, End: at}}, true
}
