package runner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/runner/engine"
	"elt/runner/materialize"
	"elt/runner/state"
)

// changeBook is what is known, as the run begins, of models whose changes others read by
// changes(). Of each such model the publishes are numbered. A reader has seen all up to one
// of them: its mark. What readers have not seen is kept in a table for each model, the log.
type changeBook struct {
	heads map[string]state.ChangeHead // by state.ChangeKey of the model
	marks map[[2]string]int64         // by reader and model
	last  map[string]string           // the run that has published a relation last

	readers map[string][]*project.Node // by the model whose changes they read, in plan order
}

// planChanges finds which changes each reader of the run has to see. A reader that cannot
// be brought up to date by them is made anew, and that is said: what it has not seen is not
// known any more.
func (r *run) planChanges(ctx context.Context) error {
	readers := map[string][]*project.Node{}
	for _, id := range r.plan.Order {
		for _, parent := range r.plan.Nodes[id].Changes {
			readers[parent] = append(readers[parent], r.plan.Nodes[id])
		}
	}
	if len(readers) == 0 {
		return nil
	}
	book := changeBook{heads: map[string]state.ChangeHead{}, marks: map[[2]string]int64{}, last: map[string]string{}, readers: readers}
	r.changes = &book
	if r.stateVersion >= state.ChangesVersion {
		var err error
		if book.heads, err = state.ChangeHeads(ctx, r.main, r.database); err != nil {
			return err
		}
		if book.marks, err = state.ChangeMarks(ctx, r.main, r.database); err != nil {
			return err
		}
		if book.last, err = state.LastPublishes(ctx, r.main, r.database); err != nil {
			return err
		}
	}
	var refused diag.List
	for _, n := range r.nodes { // parents first
		if len(n.node.Changes) == 0 || !r.growsNow(n.node) {
			continue
		}
		n.unseen = map[string]int64{}
		for _, id := range n.node.Changes {
			parent := r.plan.Nodes[id]
			n.unseen[id] = book.marks[[2]string{state.ChangeKey(n.node.Relation), state.ChangeKey(parent.Relation)}]
			if why := r.unknownChanges(n.node, parent); why != "" && n.renewed == "" {
				n.renewed = why
			}
		}
		if n.renewed != "" {
			refused = append(refused, r.renew(n)...)
		}
	}
	return refused.Err()
}

// growsNow reports whether a build of an incremental model changes its table: it is there,
// and nobody asks for a full refresh.
func (r *run) growsNow(node *project.Node) bool {
	info := r.published.find(node.Relation)
	return info != nil && info.Type != "view" && !r.fullRefresh(node)
}

// unknownChanges says why the changes of a model since a reader was built are not known; ""
// where they are.
func (r *run) unknownChanges(reader, parent *project.Node) string {
	key := state.ChangeKey(parent.Relation)
	head, known := r.changes.heads[key]
	mark, seen := r.changes.marks[[2]string{state.ChangeKey(reader.Relation), key}]
	made := r.byID[parent.UniqueID]
	switch {
	case made != nil && made.renewed != "", made != nil && !r.growsNow(parent):
		return fmt.Sprintf("%q is made anew", parent.Name)
	case made != nil && parent.Maker != "":
		return fmt.Sprintf("%q is made by a materialization of the project", parent.Name)
	case !seen:
		return fmt.Sprintf("it has not read changes of %q before", parent.Name)
	case !known, mark < head.Base, mark > head.Seq, head.RunID != r.changes.last[key]:
		return fmt.Sprintf("changes of %q since it was built have not been kept", parent.Name)
	}
	return ""
}

// renew says that a reader is made anew, and refuses one that must not be.
func (r *run) renew(n *nodeRun) diag.List {
	if v, ok := n.node.Config.Get("full_refresh"); ok && v.Value == false {
		d := diag.New(diag.IncrementalConfig, v.Place, "%q cannot be brought up to date by changes: %s", n.node.Name, n.renewed).
			WithHint("it has to be made anew once, which full_refresh: false does not allow")
		d.Node = n.node.UniqueID
		return diag.List{d}
	}
	if why := n.renewed; !strings.HasSuffix(why, "is made anew") {
		d := diag.New(diag.IncrementalConfig, n.node.Place, "%q is made anew: %s", n.node.Name, why)
		d.Severity, d.Node = diag.Remark, n.node.UniqueID
		r.notice(d)
	}
	return nil
}

// Renewed reports whether the node is made anew because of changes that are not known.
func (v view) Renewed() bool { return v.n != nil && v.n.renewed != "" }

// changeEdits put into a statement of a reader the changes that it has not seen: those that
// are kept, and those of this run.
func (r *run) changeEdits(n *nodeRun, sql string) []sqltoken.Edit {
	if n == nil || n.unseen == nil || n.renewed != "" {
		return nil
	}
	var edits []sqltoken.Edit
	for _, id := range n.node.Changes {
		mark := dbtcontext.ChangesMark(id)
		for at := 0; ; {
			i := strings.Index(sql[at:], mark)
			if i < 0 {
				break
			}
			start := at + i
			at = start + len(mark)
			edits = append(edits, sqltoken.Edit{Span: span(start, at), Text: r.unseenRows(id, n.unseen[id])})
		}
	}
	return edits
}

// unseenRows is what is put into changes(): nothing of the table, but the changes behind a mark.
func (r *run) unseenRows(id string, mark int64) string {
	parent := r.plan.Nodes[id]
	key := state.ChangeKey(parent.Relation)
	parts := []string{"where false"}
	if head := r.changes.heads[key]; mark < head.Seq {
		parts = append(parts, fmt.Sprintf("select * exclude (%s) from %s where %s > %d", state.SeqColumn,
			state.ChangeLog(r.database, key), state.SeqColumn, mark))
	}
	if made := r.byID[id]; made != nil && made.made && made.finish.Changes != nil {
		parts = append(parts, changeRows(made.finish.Changes))
	}
	return strings.Join(parts, "\nunion all by name\n")
}

// changeRows is the query for rows that go and rows that come.
func changeRows(c *materialize.Changes) string {
	const one = "select *, '%s' as %s from (%s)"
	in := fmt.Sprintf(one, "in", dbtcontext.ChangeColumn, c.In)
	if c.Out == "" {
		return in
	}
	return fmt.Sprintf(one, "out", dbtcontext.ChangeColumn, c.Out) + "\nunion all by name\n" + in
}

// touch makes the relation of the keys that changes touch: a key whose rows are all gone has
// no row in what was made, and goes, too.
func (w *worker) touch(ctx context.Context, n *nodeRun) error {
	if n.unseen == nil || n.renewed != "" || !n.write.Delta {
		return nil
	}
	var parts []string
	for _, id := range n.node.Changes {
		rel := w.plan.Nodes[id].Relation
		part := n.spec.TouchedKeys("(select *, 'in' as " + dbtcontext.ChangeColumn + " from " + rel.String() + " " + dbtcontext.ChangesMark(id) + ")")
		if part == "" {
			return nil
		}
		parts = append(parts, part)
	}
	touched := n.candidate
	touched.Identifier += "_touched"
	q, err := w.prepare(ctx, n, materialize.Statement{SQL: "create table " + touched.String() + " as\n" + strings.Join(parts, "\nunion\n"), Query: -1}, nil)
	if err != nil {
		return err
	}
	if _, err := w.session.Exec(ctx, q.sql); err != nil {
		var e *engine.Error
		if errors.As(err, &e) && e.Kind == engine.Binder {
			return w.untouchable(n.node, n.spec, e)
		}
		return w.fault(ctx, n, q, err)
	}
	n.spec.Touched = touched
	return nil
}

// untouchable is the error about keys that mean nothing among the columns of a model whose
// changes are read.
func (r *run) untouchable(node *project.Node, spec *materialize.Spec, e *engine.Error) error {
	key := "change_key"
	if len(spec.ChangeKey) == 0 {
		key = "unique_key"
		if spec.Strategy == materialize.InsertOverwrite {
			key = "partition_by"
		}
	}
	message, _, _ := strings.Cut(e.Message, "\n")
	place := node.Config.Place(key)
	if place.IsZero() {
		place = node.Place
	}
	d := diag.New(diag.IncrementalConfig, place, "which keys of %q the changes touch cannot be told: %s", node.Name, r.publicText(lowerFirst(message)))
	d.Node, d.Err = node.UniqueID, e
	return diag.List{d.WithHint("say in change_key what the %s of %q is in the columns of the model whose changes it reads", strings.ReplaceAll(key, "change_key", "key"), node.Name)}
}

// rehearseTouched finds keys that mean nothing in a model whose changes are read before a
// run needs them.
func (f *bindFacts) rehearseTouched(ctx context.Context, node *project.Node, spec *materialize.Spec) error {
	if len(node.Changes) == 0 {
		return nil
	}
	shell, err := f.open(ctx)
	if err != nil {
		return err
	}
	for _, id := range node.Changes {
		rel := f.run.plan.Nodes[id].Relation.String()
		query := spec.TouchedKeys("(select *, 'in' as " + dbtcontext.ChangeColumn + " from " + rel + ")")
		if query == "" {
			return nil
		}
		if _, err := shell.Bind(ctx, "from "+rel); err != nil {
			continue // its columns are known when it has been built
		}
		_, err := shell.Bind(ctx, query)
		var e *engine.Error
		if errors.As(err, &e) && e.Kind == engine.Binder {
			return f.run.untouchable(node, spec, e)
		}
	}
	return nil // what else is wrong, the query itself says
}

// changeStatements keep the changes of the models that are published, for the readers that
// do not see them in this run, and note what each reader has seen. They stand before the
// statements that change the tables.
func (r *run) changeStatements(published []*nodeRun) []string {
	if r.changes == nil {
		return nil
	}
	var out []string
	heads := maps.Clone(r.changes.heads)
	byID := map[string]*nodeRun{}
	for _, n := range published {
		byID[n.node.UniqueID] = n
	}
	for _, n := range published {
		if readers := r.changes.readers[n.node.UniqueID]; len(readers) > 0 {
			head, statements := r.nextHead(n, readers, byID)
			heads[head.Relation] = head
			out = append(out, statements...)
		}
	}
	for _, n := range published {
		if n.node.Type == project.Model && len(n.node.Changes) > 0 {
			out = append(out, r.markStatements(n, heads)...)
		}
	}
	return append(out, r.pruneStatements(published, heads)...)
}

// nextHead is what is known of a model once it is published.
func (r *run) nextHead(n *nodeRun, readers []*project.Node, published map[string]*nodeRun) (state.ChangeHead, []string) {
	key := state.ChangeKey(n.node.Relation)
	was, known := r.changes.heads[key]
	head := state.ChangeHead{Relation: key, Seq: was.Seq + 1, Base: was.Base, RunID: r.id, Columns: encodeColumns(n.finish.Columns)}
	log := state.ChangeLog(r.database, key)
	names := make([]string, len(readers))
	for i, reader := range readers {
		names[i] = state.ChangeKey(reader.Relation)
	}
	if !known || n.finish.Changes == nil || was.RunID != r.changes.last[key] || was.Columns != "" && was.Columns != head.Columns {
		head.Base = head.Seq // what was before is not told by changes
		return head, append([]string{state.ForgetReaders(r.database, key, names), "drop table if exists " + log.String()}, state.PutChangeHead(r.database, head)...)
	}
	out := []string{state.ForgetReaders(r.database, key, names)}
	if slices.ContainsFunc(readers, func(reader *project.Node) bool {
		mark, seen := r.changes.marks[[2]string{state.ChangeKey(reader.Relation), key}]
		return seen && mark >= was.Base && published[reader.UniqueID] == nil
	}) {
		out = append(out, state.LogChanges(log, changeRows(n.finish.Changes), head.Seq)...)
	}
	return head, append(out, state.PutChangeHead(r.database, head)...)
}

// markStatements note what a reader has seen: all, up to this run. A model of which nothing
// is known yet begins with what the reader has read of it.
func (r *run) markStatements(n *nodeRun, heads map[string]state.ChangeHead) []string {
	var out []string
	seen := map[string]int64{}
	for _, id := range n.node.Changes {
		key := state.ChangeKey(r.plan.Nodes[id].Relation)
		head, known := heads[key]
		if !known || head.RunID != r.id && head.RunID != r.changes.last[key] {
			head = state.ChangeHead{Relation: key, Seq: head.Seq + 1, Base: head.Seq + 1, RunID: r.changes.last[key], Columns: r.columnsNow(id)}
			heads[key] = head
			out = append(out, "drop table if exists "+state.ChangeLog(r.database, key).String())
			out = append(out, state.PutChangeHead(r.database, head)...)
		}
		seen[key] = head.Seq
	}
	reader := state.ChangeKey(n.node.Relation)
	for key, mark := range seen {
		r.changes.marks[[2]string{reader, key}] = mark
	}
	return append(out, state.PutChangeMarks(r.database, reader, seen, slices.Sorted(maps.Keys(seen)))...)
}

// columnsNow are the columns of a model as it is published.
func (r *run) columnsNow(id string) string {
	if info := r.published.find(r.plan.Nodes[id].Relation); info != nil {
		return encodeColumns(info.Columns)
	}
	return ""
}

// pruneStatements drop what no reader has still to see.
func (r *run) pruneStatements(published []*nodeRun, heads map[string]state.ChangeHead) []string {
	var out []string
	done := map[string]bool{}
	for _, n := range published {
		for _, id := range n.node.Changes {
			key := state.ChangeKey(r.plan.Nodes[id].Relation)
			if done[key] {
				continue
			}
			done[key] = true
			log := state.ChangeLog(r.database, key)
			if oldest := r.oldestMark(id, heads[key]); oldest >= heads[key].Seq {
				out = append(out, "drop table if exists "+log.String())
			} else { // a reader that is behind has its changes in the log
				out = append(out, fmt.Sprintf("delete from %s where %s <= %d", log, state.SeqColumn, oldest))
			}
		}
	}
	return out
}

// oldestMark is the mark of the reader that is furthest behind.
func (r *run) oldestMark(id string, head state.ChangeHead) int64 {
	oldest := head.Seq
	for _, reader := range r.changes.readers[id] {
		mark, seen := r.changes.marks[[2]string{state.ChangeKey(reader.Relation), head.Relation}]
		if seen && mark >= head.Base {
			oldest = min(oldest, mark)
		}
	}
	return oldest
}
