package runner

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"elt/compiler"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/runner/duckdb"
	"elt/runner/engine"
	"elt/runner/materialize"
	"elt/runner/state"
)

// Show returns rows of a node or of an inline query. A model or test is compiled and
// its query run on what is published, as dbt does; a seed, snapshot or source is read.
// The database is opened for reading only.
func Show(ctx context.Context, plan *compiler.Plan, opts ShowOptions) (*engine.Table, error) {
	r := newRun(plan, Options{Command: "show", Wait: opts.Wait, Compiler: opts.Compiler}, nil)
	if err := r.openToRead(ctx, false); err != nil {
		return nil, err
	}
	defer r.close()
	t, err := r.show(ctx, opts)
	return t, diagnostics(err)
}

func (r *run) show(ctx context.Context, opts ShowOptions) (*engine.Table, error) {
	if opts.Inline != "" {
		compiled, err := r.compiler.CompileInline(ctx, r.view(nil), opts.Inline)
		if err != nil {
			return nil, err
		}
		n := &nodeRun{node: &project.Node{Name: "inline", OriginalPath: "inline", Compiled: compiled}}
		return r.showQuery(ctx, n, compiled.SQL, opts.Limit)
	}
	node := r.plan.Nodes[opts.Node]
	if node == nil {
		return nil, diag.New(diag.UnknownNode, diag.Place{}, "there is no node %q", opts.Node)
	}
	intake, err := r.liveIntake(ctx, r.main, node)
	if err != nil {
		return nil, diagnostics(err)
	}
	n := &nodeRun{node: node, intake: intake}
	if node.IsFunction() {
		return nil, diag.New(diag.Unsupported, node.Place, "%q is a table function: it has rows where it is called", node.Name).
			WithHint("elt show --inline \"from {{ ref('%s') }}(%s)\"", node.Name, strings.Join(node.Parameters(), ", "))
	}
	if opts.Candidate {
		return r.showCandidate(ctx, n, opts.Limit)
	}
	switch node.Type {
	case project.Seed, project.Snapshot:
		return r.showQuery(ctx, n, "select * from "+node.Relation.String(), opts.Limit)
	case project.Source:
		from := compiler.SourceExpression(node)
		if from == "" {
			from = node.Relation.String()
		}
		return r.showQuery(ctx, n, "select * from "+from, opts.Limit)
	}
	if problems := r.compiler.Compile(ctx, r.view(nil), []string{opts.Node}); problems.HasErrors() {
		return nil, problems
	}
	if node.Compiled == nil {
		return nil, diag.New(diag.Unsupported, node.Place, "%s %q has no query to show", node.Type, node.Name)
	}
	return r.showQuery(ctx, n, node.Compiled.SQL, opts.Limit)
}

// showQuery runs a query with a limit. An error leads back to the node's template.
func (r *run) showQuery(ctx context.Context, n *nodeRun, sql string, limit int) (*engine.Table, error) {
	const before = "select * from (\n"
	edits, err := r.editsSieved(ctx, n, sql)
	if err != nil {
		return nil, err
	}
	text, back := sqltoken.Rewrite(sql, edits)
	s := sent{sql: before + sqltoken.StripTrailing(text) + "\n)", back: offsets{inner: back, shift: len(before)}}
	if !sqltoken.IsQuery(sql) {
		s.sql, s.back.shift = text, 0
	} else if limit >= 0 {
		s.sql += fmt.Sprintf(" limit %d", limit)
	}
	t, err := r.main.Query(ctx, s.sql)
	if err != nil {
		prepare := func(sql string) (sent, error) {
			edits, err := r.editsSieved(ctx, n, sql)
			if err != nil {
				return sent{}, err
			}
			sql, _ = sqltoken.Rewrite(sql, edits)
			return sent{sql: sql, query: -1}, nil
		}
		return nil, r.search(ctx, &hunt{session: r.main, prepare: prepare, n: n}, s, err)
	}
	return t, nil
}

// showCandidate reads what the last run has made of a node and not published.
func (r *run) showCandidate(ctx context.Context, n *nodeRun, limit int) (*engine.Table, error) {
	if n.node.Type == project.Test {
		return r.showTest(ctx, n, limit)
	}
	none := diag.New(diag.UnknownNode, n.node.Place, "the last run has left no candidate of %q", n.node.Name).
		WithHint("a candidate stays when a node or its tests fail, until the next run that writes")
	version, err := state.ReadVersion(ctx, r.main, r.database)
	if err != nil {
		return nil, err
	}
	if version == 0 {
		return nil, none
	}
	if err := state.Check(version); err != nil {
		return nil, err
	}
	all, err := state.Candidates(ctx, r.main, r.database)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(c state.Candidate) bool { return c.UniqueID == n.node.UniqueID })
	if i < 0 {
		return nil, none
	}
	if c := all[i]; c.Kind == state.KindTable || c.Kind == state.KindFailed {
		return r.showQuery(ctx, n, "select * from "+c.Relation.String(), limit)
	}
	if err := r.shadowAll(ctx, all); err != nil {
		return nil, err
	}
	return r.showQuery(ctx, n, "select * from "+r.names.shadowOf(n.node.Relation).String(), limit)
}

// showTest runs a test on the candidates that the last run has left, and on what is
// published where it has left none.
func (r *run) showTest(ctx context.Context, n *nodeRun, limit int) (*engine.Table, error) {
	if problems := r.compiler.Compile(ctx, r.view(nil), []string{n.node.UniqueID}); problems.HasErrors() {
		return nil, problems
	}
	if version, err := state.ReadVersion(ctx, r.main, r.database); err != nil {
		return nil, err
	} else if version > 0 {
		all, err := state.Candidates(ctx, r.main, r.database)
		if err != nil {
			return nil, err
		}
		if err := r.shadowAll(ctx, all); err != nil {
			return nil, err
		}
	}
	sql, _ := r.names.rewrite(n.node.Compiled.SQL, nil, func(rel project.Relation) (project.Relation, bool) {
		return r.names.shadow(rel.Key())
	})
	return r.showQuery(ctx, n, sql, limit)
}

// shadowAll makes the shadows of stored candidates, in the order in which they were
// made, which has parents first.
func (r *run) shadowAll(ctx context.Context, all []state.Candidate) error {
	for _, c := range all {
		node := r.plan.Nodes[c.UniqueID]
		if node == nil || c.Kind == state.KindFailed {
			continue
		}
		query := c.ViewSQL
		switch c.Kind {
		case state.KindTable:
			query = "select * from " + c.Relation.String()
		case state.KindView:
			own := r.names.full(node.Relation).Key()
			query, _ = r.names.rewrite(query, r.lake.edits(query), func(rel project.Relation) (project.Relation, bool) {
				shadow, ok := r.names.shadow(rel.Key())
				return shadow, ok && rel.Key() != own
			})
		}
		text := fmt.Sprintf("create or replace view %s as (\n%s\n)", r.names.shadowOf(node.Relation), query)
		if node.IsFunction() {
			text = materialize.FunctionSQL(r.names.shadowOf(node.Relation), node.Parameters(), query)
		}
		if err := r.shadows.putText(ctx, node.Relation, text); err != nil {
			return r.fault(ctx, &nodeRun{node: node}, sent{query: -1}, err)
		}
	}
	return nil
}

// openToRead opens the database for reading. With empty, one that does not exist is
// taken for an empty one. elt compile goes on without what else the target names and
// cannot be opened: see noteAbsent.
func (r *run) openToRead(ctx context.Context, empty bool) error {
	r.readOnly = true
	target := r.plan.Project.Target
	options := openOptions(target)
	options.Wait, options.Lenient, options.Looking = r.opts.Wait, r.opts.Command == "compile", true
	var db *duckdb.DB
	var err error
	if empty && missing(target) {
		options.Path, options.Shadow, r.standsIn = "", true, true
		if db, err = duckdb.Open(ctx, options); err != nil {
			return targetFault(target, err)
		}
	} else if db, err = openReadOnlyWith(ctx, target, options); err != nil {
		return err
	}
	r.noteAbsent(db.Absent())
	if err := r.use(ctx, db); err != nil {
		return err
	}
	if r.published = newPublished(r.names); !r.isNew() {
		if r.published, err = readPublished(ctx, r.main, r.names); err != nil {
			return errors.Join(diagnostics(err), r.close())
		}
	}
	r.lake = unpinnedLake(r.plan)
	r.assemble(nil)
	return nil
}

// unpinnedLake reads whatever files there are: only the globs are made absolute.
func unpinnedLake(plan *compiler.Plan) *lake {
	l := &lake{root: plan.Project.Root, sources: map[string]*lakeSource{}}
	for id, node := range plan.Nodes {
		if node.Type != project.Source || node.Table == nil || len(node.Table.Paths) == 0 {
			continue
		}
		globs := make([]string, len(node.Table.Paths))
		for i, p := range node.Table.Paths {
			globs[i] = l.absolute(p.Text)
		}
		from := node.Table.From(globs)
		if len(node.Table.Formats) > 0 {
			from = "" // see lake.expandFormats
		}
		l.sources[id] = &lakeSource{node: node, root: filepath.ToSlash(plan.Project.Root), text: compiler.SourceExpression(node), pinned: from, live: from}
	}
	return l
}

// CompileAll renders nodes against what is published, where the database does not exist
// yet against an empty one, and checks their queries as [Bind] does. Nothing is created.
func CompileAll(ctx context.Context, plan *compiler.Plan, ids []string, opts CompileOptions) diag.List {
	bound, problems := Bind(ctx, plan, ids, opts)
	if bound == nil {
		return problems
	}
	problems = append(problems, checkUnitTests(ctx, plan, bound, ids, problems)...).Sorted()
	if err := bound.Close(); err != nil {
		problems = append(problems, diag.From(err, diag.Database)...)
	}
	return problems
}

// CompileInline renders one template against what is published.
func CompileInline(ctx context.Context, plan *compiler.Plan, text string, opts CompileOptions) (*project.Compiled, error) {
	r := newRun(plan, Options{Command: "compile", Wait: opts.Wait, Compiler: opts.Compiler}, nil)
	if err := r.openToRead(ctx, true); err != nil {
		return nil, err
	}
	defer r.close()
	compiled, err := r.compiler.CompileInline(ctx, r.view(nil), text)
	return compiled, diagnostics(err)
}
