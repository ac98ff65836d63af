package runner

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"elt/compiler"
	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/compiler/template"
	"elt/runner/engine"
)

// OperationOptions say which macro [Operation] calls.
type OperationOptions struct {
	Macro string         // "macro" or "package.macro"
	Args  *template.Dict // keyword arguments; nil for none
	SQL   string         // in place of a macro: statements, which may be a template
	Wait  time.Duration
}

// Operation calls a macro whose statements act on the database. They are one
// transaction, which is committed when the macro has ended well and rolled back when
// not; COMMIT commits what was done so far, as do statements that DuckDB runs outside of
// transactions only. It returns what the macro prints or returns.
func Operation(ctx context.Context, plan *compiler.Plan, opts OperationOptions) (string, error) {
	r := newRun(plan, Options{Command: "run-operation", Wait: opts.Wait}, nil)
	if err := r.makeTargetFolder(); err != nil {
		return "", err
	}
	if err := r.open(ctx); err != nil {
		return "", err
	}
	o := &operation{run: r}
	text, err := r.operate(ctx, o, opts)
	if closed := r.close(); closed != nil && err == nil {
		err = logStays(closed, diag.Error)
	}
	if !o.wrote && r.made {
		r.unmake()
	}
	if err != nil && ctx.Err() != nil {
		return "", ErrInterrupted
	}
	return text, diagnostics(err)
}

func (r *run) operate(ctx context.Context, o *operation, opts OperationOptions) (string, error) {
	var err error
	if r.published, err = readPublished(ctx, r.main, r.names); err != nil {
		return "", err
	}
	r.lake = unpinnedLake(r.plan)
	r.assemble(nil)
	r.started = true
	var text string
	if opts.SQL != "" {
		err = r.plan.RunSQL(ctx, o, opts.SQL)
	} else {
		text, err = r.plan.RunMacro(ctx, o, opts.Macro, opts.Args)
	}
	if err == nil {
		err = ctx.Err()
	}
	return text, o.end(ctx, err)
}

// operation is the database as a macro sees it that may change it: everything happens on
// one session, and what was done is seen at once. It implements [dbtcontext.Database].
type operation struct {
	run   *run
	open  bool // a transaction is open
	wrote bool
	stale bool // what is known of relations is older than what was done
}

var _ dbtcontext.Database = (*operation)(nil)

// do runs a statement of a hook.
func (o *operation) do(ctx context.Context, sql string) error {
	_, err := o.statement(ctx, sql)
	return err
}

// view looks at relations as they are now.
func (o *operation) view(ctx context.Context) (view, error) {
	r := o.run
	if o.stale {
		fresh, err := readPublished(ctx, r.main, r.names)
		if err != nil {
			return view{}, err
		}
		r.published.parser.Close()
		r.published, o.stale = fresh, false
	}
	return view{run: r}, nil
}

// Relation returns the relation with its type where it exists.
func (o *operation) Relation(ctx context.Context, rel project.Relation) (project.Relation, bool, error) {
	v, err := o.view(ctx)
	if err != nil {
		return rel, false, err
	}
	return v.Relation(ctx, rel)
}

// Relations lists a schema.
func (o *operation) Relations(ctx context.Context, database, schema string) ([]project.Relation, error) {
	v, err := o.view(ctx)
	if err != nil {
		return nil, err
	}
	return v.Relations(ctx, database, schema)
}

// Columns returns a relation's columns, none where it does not exist.
func (o *operation) Columns(ctx context.Context, rel project.Relation) ([]dbtcontext.Column, error) {
	v, err := o.view(ctx)
	if err != nil {
		return nil, err
	}
	info := v.run.published.find(rel)
	if info == nil {
		return nil, nil
	}
	columns, err := describe(ctx, o.run.main, info.Relation)
	if err != nil {
		return nil, o.run.queryFault(err)
	}
	out := make([]dbtcontext.Column, len(columns))
	for i, c := range columns {
		out[i] = dbtcontext.Column(c)
	}
	return out, nil
}

// alone are the first words of statements that DuckDB does not run, or that mean
// nothing, inside a transaction which has written.
var alone = []string{"CHECKPOINT", "FORCE", "VACUUM", "ATTACH", "DETACH", "INSTALL", "LOAD"}

// Query runs statements, one or several, and returns the rows of the last.
func (o *operation) Query(ctx context.Context, sql string) (*dbtcontext.Table, error) {
	edits, err := o.run.editsSieved(ctx, nil, sql)
	if err != nil {
		return nil, err
	}
	text, _ := sqltoken.Rewrite(sql, edits)
	t := &engine.Table{}
	for _, at := range sqltoken.SplitStatements(text) {
		var err error
		if t, err = o.statement(ctx, strings.TrimSpace(text[at.Start:at.End])); err != nil {
			return nil, o.run.queryFault(err)
		}
	}
	return templateTable(t), nil
}

func (o *operation) statement(ctx context.Context, sql string) (*engine.Table, error) {
	word := strings.ToUpper(sqltoken.FirstKeyword(sql))
	switch {
	case word == "BEGIN" || word == "START": // one is begun when it is needed
		return &engine.Table{}, nil
	case word == "COMMIT" || word == "END":
		return &engine.Table{}, o.commit(ctx)
	case word == "ROLLBACK" || word == "ABORT":
		return &engine.Table{}, o.rollback(ctx)
	case slices.Contains(alone, word):
		if err := o.commit(ctx); err != nil {
			return nil, err
		}
	case !o.open:
		if _, err := o.run.main.Exec(ctx, "begin transaction"); err != nil {
			return nil, err
		}
		o.open = true
	}
	if !sqltoken.IsQuery(sql) {
		o.wrote, o.stale = true, true
	}
	return o.run.main.Query(ctx, sql)
}

func (o *operation) commit(ctx context.Context) error {
	if !o.open {
		return nil
	}
	o.open = false
	_, err := o.run.main.Exec(context.WithoutCancel(ctx), "commit")
	return err
}

func (o *operation) rollback(ctx context.Context) error {
	if !o.open {
		return nil
	}
	o.open, o.stale = false, true
	_, err := o.run.main.Exec(context.WithoutCancel(ctx), "rollback")
	return err
}

// end commits, or takes back what was not committed where there was an error.
func (o *operation) end(ctx context.Context, err error) error {
	if err == nil {
		return o.commit(ctx)
	}
	return errors.Join(err, o.rollback(ctx))
}
