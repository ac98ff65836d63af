package runner

import (
	"context"

	"elt/compiler/dbtcontext"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
)

// startHooks is the database as the hooks at the start of a run see it: what one of them has made or dropped is
// there, or not, for what comes behind it. It is used by one goroutine.
type startHooks struct {
	view
	now   *published // what there is since a hook has changed something; nil as long as none has
	stale bool       // something was changed since then
}

var _ hookDatabase = (*startHooks)(nil)

// present is what there is now.
func (h *startHooks) present(ctx context.Context) (*published, error) {
	if h.stale {
		fresh, err := readPublished(ctx, h.run.main, h.run.names)
		if err != nil {
			return nil, h.run.queryFault(err)
		}
		h.close()
		h.now, h.stale = fresh, false
	}
	return h.now, nil
}

// close gives back what reading what there is has taken.
func (h *startHooks) close() {
	if h.now != nil {
		h.now.parser.Close()
		h.now = nil
	}
}

// Relation returns the relation with its type where it exists.
func (h *startHooks) Relation(ctx context.Context, rel project.Relation) (project.Relation, bool, error) {
	now, err := h.present(ctx)
	if err != nil || now == nil {
		if err != nil {
			return rel, false, err
		}
		return h.view.Relation(ctx, rel)
	}
	info := now.find(rel)
	if info == nil {
		return rel, false, nil
	}
	rel.Type = info.Type
	return rel, true, nil
}

// Columns returns a relation's columns, none where it does not exist.
func (h *startHooks) Columns(ctx context.Context, rel project.Relation) ([]dbtcontext.Column, error) {
	now, err := h.present(ctx)
	if err != nil {
		return nil, err
	}
	if now == nil {
		return h.view.Columns(ctx, rel)
	}
	info := now.find(rel)
	if info == nil {
		return nil, nil
	}
	columns, err := describe(ctx, h.run.main, info.Relation)
	if err != nil {
		return nil, h.run.queryFault(err)
	}
	out := make([]dbtcontext.Column, len(columns))
	for i, c := range columns {
		out[i] = dbtcontext.Column(c)
	}
	return out, nil
}

// Query runs a statement of a template.
func (h *startHooks) Query(ctx context.Context, sql string) (*dbtcontext.Table, error) {
	t, err := h.view.Query(ctx, sql)
	h.stale = h.stale || err == nil && !sqltoken.IsQuery(sql)
	return t, err
}

// do runs a statement of a hook.
func (h *startHooks) do(ctx context.Context, sql string) error {
	err := h.view.do(ctx, sql)
	h.stale = h.stale || err == nil && !sqltoken.IsQuery(sql)
	return err
}
