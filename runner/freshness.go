package runner

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"elt/compiler"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/runner/engine"
)

// The statuses of [Freshness], by dbt's names.
const (
	FreshPass  Status = "pass"
	FreshWarn  Status = "warn"
	FreshError Status = "error"         // older than error_after
	FreshFault Status = "runtime error" // it could not be found out
)

// FreshnessOptions say which sources [Freshness] looks at.
type FreshnessOptions struct {
	Sources  []string // unique_ids
	Threads  int      // at a time; 0 for the target's, else the default
	Wait     time.Duration
	Compiler Compiler
	Now      func() time.Time // for when a result was found; nil for time.Now
}

// SourceFreshness is how fresh a source table is.
type SourceFreshness struct {
	Node         *project.Node
	Status       Status
	MaxLoadedAt  time.Time // UTC; dbt's 0001-01-01 where there is no row
	SnapshotAt   time.Time // when it was looked at, by the database's clock
	Age          time.Duration
	ByFiles      bool // MaxLoadedAt is when the newest file was written
	StartedAt    time.Time
	Took         time.Duration
	Diagnostic   *diag.Diagnostic // of a runtime error, or of a table that is too old
	Worker       int
	WarnAfter    *project.Age
	ErrorAfter   *project.Age
	RowCondition string // the filter
}

// AgeSeconds is the age in seconds, also where it is longer than a [time.Duration] holds.
func (f SourceFreshness) AgeSeconds() float64 {
	if f.Age == math.MaxInt64 { // Sub saturates
		return float64(f.SnapshotAt.Unix()-f.MaxLoadedAt.Unix()) + float64(f.SnapshotAt.Nanosecond())/1e9
	}
	return f.Age.Seconds()
}

// Freshness finds out how old the newest data of source tables is, and compares it with
// their limits. Tables without a limit are left out, as dbt does. The database is opened
// for reading, if it is there. Results are in the order of opts.Sources; what is wrong
// with one table is in its result.
func Freshness(ctx context.Context, plan *compiler.Plan, opts FreshnessOptions) ([]SourceFreshness, error) {
	r := newRun(plan, Options{Command: "source freshness", Wait: opts.Wait, Compiler: opts.Compiler, Now: opts.Now}, nil)
	if err := r.openToRead(ctx, true); err != nil {
		return nil, err
	}
	defer r.close()
	var out []SourceFreshness
	for _, id := range opts.Sources {
		if node := plan.Nodes[id]; node != nil && node.Table != nil && node.Table.Fresh != nil {
			out = append(out, SourceFreshness{Node: node})
		}
	}
	r.opts.Threads = opts.Threads
	r.nodes = make([]*nodeRun, len(out)) // for the number of workers
	next := make(chan int)
	var wg sync.WaitGroup
	for number := range r.workerCount() {
		wg.Go(func() {
			for i := range next {
				out[i].Worker = number
				r.freshness(ctx, &out[i])
			}
		})
	}
	for i := range out {
		next <- i
	}
	close(next)
	wg.Wait()
	if ctx.Err() != nil {
		return nil, ErrInterrupted
	}
	return out, nil
}

// freshness finds out about one table.
func (r *run) freshness(ctx context.Context, f *SourceFreshness) {
	f.StartedAt = r.now()
	began := time.Now()
	limits := f.Node.Table.Fresh
	f.WarnAfter, f.ErrorAfter, f.RowCondition = limits.WarnAfter, limits.ErrorAfter, limits.Filter
	err := r.lookAtSource(ctx, f)
	f.Took = time.Since(began)
	if err != nil {
		f.Status, f.Diagnostic = FreshFault, diag.From(err, diag.Database)[0]
		if f.Diagnostic.Node == "" {
			f.Diagnostic.Node = f.Node.UniqueID
		}
		return
	}
	f.Age = f.SnapshotAt.Sub(f.MaxLoadedAt)
	f.Status = FreshPass
	exceeded := func(limit *project.Age) bool { return limit != nil && f.AgeSeconds() > limit.Duration().Seconds() }
	switch {
	case exceeded(limits.ErrorAfter):
		f.Status = FreshError
	case exceeded(limits.WarnAfter):
		f.Status = FreshWarn
	}
}

// lookAtSource fills in when the newest data came and when that was looked at.
func (r *run) lookAtSource(ctx context.Context, f *SourceFreshness) error {
	node, limits := f.Node, f.Node.Table.Fresh
	sql, place, err := r.freshnessQuery(ctx, node)
	if err != nil {
		return err
	}
	if sql == "" {
		return r.newestFile(ctx, f)
	}
	if r.plan.CollectsFreshness(limits.Query.Text != "") {
		return r.collectFreshness(ctx, f, place)
	}
	s, err := r.sessions.get(ctx)
	if err != nil {
		return err
	}
	defer r.sessions.put(s)
	edits, err := r.editsSieved(ctx, nil, sql)
	if err != nil {
		return err
	}
	text, _ := sqltoken.Rewrite(sql, edits)
	t, err := s.Query(ctx, text)
	if err != nil {
		d := diag.From(r.queryFault(err), diag.SQL)[0]
		d.Place, d.Message = place, fmt.Sprintf("the freshness of %q cannot be told: %s", sourceName(node), d.Message)
		return d
	}
	now, err := momentOf(t.Rows[0][1])
	if err != nil {
		return err
	}
	f.SnapshotAt, f.MaxLoadedAt = now, time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	if t.Rows[0][0] == nil { // dbt's word for: there is nothing
		return nil
	}
	if f.MaxLoadedAt, err = momentOf(t.Rows[0][0]); err != nil {
		what := limits.Field.Text
		if what == "" {
			what = "loaded_at_query"
		}
		return diag.New(diag.WrongType, place, "the freshness of %q cannot be told: %q is %s, not a timestamp", sourceName(node), what, t.Columns[0].Type).
			WithHint("cast it: loaded_at_field: \"%s::timestamp\"", what)
	}
	return nil
}

// collectFreshness has a macro of the project look.
func (r *run) collectFreshness(ctx context.Context, f *SourceFreshness, place diag.Place) error {
	query := ""
	if f.Node.Table.Fresh.Query.Text != "" {
		var err error
		if query, err = r.plan.CompileLoadedAt(ctx, r.view(nil), f.Node); err != nil {
			return err
		}
	}
	found, err := r.plan.CollectFreshness(ctx, r.view(nil), f.Node, query)
	if err != nil {
		d := diag.From(err, diag.SQL)[0]
		d.Place, d.Message = place, fmt.Sprintf("the freshness of %q cannot be told: %s", sourceName(f.Node), d.Message)
		return d
	}
	f.SnapshotAt, f.MaxLoadedAt = found.LookedAt, found.LoadedAt
	return nil
}

// freshnessQuery is the query that finds out about a table; "" where its files tell.
func (r *run) freshnessQuery(ctx context.Context, node *project.Node) (sql string, place diag.Place, err error) {
	limits := node.Table.Fresh
	from := compiler.SourceExpression(node)
	if from == "" {
		from = node.Relation.String()
	}
	switch {
	case limits.Query.Text != "":
		query, err := r.plan.CompileLoadedAt(ctx, r.view(nil), node)
		if err != nil {
			return "", place, err
		}
		return "with source_query as (\n" + sqltoken.StripTrailing(query) + "\n)\nselect (select * from source_query) as max_loaded_at, now() as snapshotted_at", limits.Query.Place, nil
	case limits.Field.Text != "":
		where := ""
		if limits.Filter != "" {
			where = "\nwhere " + limits.Filter
		}
		return fmt.Sprintf("select max(%s) as max_loaded_at, now() as snapshotted_at\nfrom %s%s", limits.Field.Text, from, where), limits.Field.Place, nil
	case len(node.Table.Paths) == 0:
		return "", place, diag.New(diag.WrongType, node.Place, "the freshness of %q cannot be told: it has no loaded_at_field", sourceName(node)).
			WithHint("name the column that says when a row came: loaded_at_field: loaded_at")
	}
	return "", place, nil
}

func sourceName(node *project.Node) string { return node.Table.SourceName + "." + node.Name }

// newestFile takes the time at which the newest of a table's files was written for the
// time at which its newest data came.
func (r *run) newestFile(ctx context.Context, f *SourceFreshness) error {
	f.ByFiles = true
	s, err := r.sessions.get(ctx)
	if err != nil {
		return err
	}
	defer r.sessions.put(s)
	src, err := r.lake.open(ctx, s, f.Node, compiler.SourceExpression(f.Node))
	if err != nil {
		return err
	}
	f.SnapshotAt, f.MaxLoadedAt = r.now().UTC(), time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, file := range src.files {
		if file.unseen {
			return diag.New(diag.LakeFile, f.Node.Place, "the freshness of %q cannot be told: when %q was written is not known", sourceName(f.Node), file.path).
				WithHint("name the column that says when a row came: loaded_at_field: loaded_at")
		}
		if file.modified.After(f.MaxLoadedAt) {
			f.MaxLoadedAt = file.modified.UTC()
		}
	}
	return nil
}

// momentOf is a cell as a moment; a time without a zone is UTC, as in dbt.
func momentOf(cell any) (time.Time, error) {
	if t, ok := cell.(time.Time); ok {
		return t.UTC(), nil
	}
	return time.Time{}, fmt.Errorf("%v is no time", engine.Text(cell, ""))
}
