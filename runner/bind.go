package runner

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"elt/compiler"
	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/runner/duckdb"
	"elt/runner/engine"
)

// Bind compiles nodes and binds their queries against empty relations, as `elt compile`
// does: it tells the columns of all that they read and make, or what is wrong with
// them. The database is opened for reading, if it is there; no row is read. Where errors
// are among the diagnostics, Bound still tells what is known. It is to be closed.
func Bind(ctx context.Context, plan *compiler.Plan, ids []string, opts CompileOptions) (*compiler.Bound, diag.List) {
	bound, problems := bindAll(ctx, plan, ids, opts, (*run).impact)
	return bound, problems.Sorted()
}

// Mistakes is what [CompileAll] finds wrong in a plan that [compiler.Parse] returns beside an error,
// without what is only remarked, since nothing is built. Where the database cannot be read, that is
// left for when the project has no mistakes.
func Mistakes(ctx context.Context, plan *compiler.Plan, ids []string, opts CompileOptions) diag.List {
	bound, problems := bindAll(ctx, plan, ids, opts, nil)
	if bound == nil {
		return nil
	}
	problems = append(problems, checkUnitTests(ctx, plan, bound, ids, problems)...)
	_ = bound.Close() // an in-memory database that nobody reads any more
	for _, d := range problems {
		d.Compiled = nil // compiled SQL is written with the rest of a plan
	}
	return slices.DeleteFunc(problems, func(d *diag.Diagnostic) bool { return d.Severity == diag.Remark })
}

// bindAll is Bind; then tells more once queries are bound, if it is not nil.
func bindAll(ctx context.Context, plan *compiler.Plan, ids []string, opts CompileOptions,
	then func(*run, context.Context, *compiler.Bound, []string) diag.List) (*compiler.Bound, diag.List) {
	r := newRun(plan, Options{Command: "compile", Wait: opts.Wait, Compiler: opts.Compiler, Spare: opts.Spare}, nil)
	go r.openCache() // read while the database is opened and templates are rendered
	if err := r.openToRead(ctx, true); err != nil {
		return nil, diag.From(err, diag.Database)
	}
	var meanwhile sync.WaitGroup
	defer meanwhile.Wait() // when the database is closed: what is written does not need it
	defer r.close()
	problems := append(slices.Clone(r.absentNotes), r.compiler.Compile(ctx, r.view(nil), ids)...)
	if ctx.Err() != nil {
		return nil, problems
	}
	// What is wrong with the parents is not asked for.
	above := plan.Graph.Above(ids)
	_ = r.compiler.Compile(ctx, r.view(nil), above)
	if opts.Rendered != nil {
		meanwhile.Go(opts.Rendered)
	}
	r.openLakeToDescribe(ctx, ids)
	checked := ids
	if plan.Project.OwnDefaults() { // what becomes part of a node is looked at with it
		for _, id := range above {
			if plan.Nodes[id].IsEphemeral() && plan.Nodes[id].Compiled != nil {
				checked = append(slices.Clip(checked), id)
			}
		}
	}
	facts, err := r.bindFacts(ctx, ids)
	if err != nil {
		return nil, append(problems, diag.From(err, diag.Database)...)
	}
	bound, found := r.bindWith(ctx, facts, compiler.BindOptions{IDs: checked})
	problems = append(problems, found...)
	problems = append(problems, r.hookSyntax(ctx, ids, true)...)
	if then != nil {
		problems = append(problems, then(r, ctx, bound, ids)...)
	}
	return bound, problems
}

// openLakeToDescribe lists the raw files as a run does, so that they are described
// alike. A source whose files are not there stays as it is.
func (r *run) openLakeToDescribe(ctx context.Context, ids []string) {
	local, remote := r.lakeSources(ids)
	for _, node := range append(local, remote...) {
		one, err := openLake(ctx, r.main, r.plan.Project.Root, []*project.Node{node})
		if err != nil {
			continue // describing the files will say so
		}
		if src := one.sources[node.UniqueID]; src != nil {
			r.lake.sources[node.UniqueID] = src
		}
	}
}

// checkQueries binds the queries of a run before anything is touched, and returns all that
// is wrong with them.
func (r *run) checkQueries(ctx context.Context) (diag.List, error) {
	ids := r.checked()
	defer r.opts.Spare.Close() // where all is known from before, it was not needed
	bound, found, err := r.bind(ctx, ids, compiler.BindOptions{IDs: ids, FromPublished: true})
	if err != nil {
		return nil, err
	}
	found = append(found, r.hookSyntax(ctx, ids, r.stopsAtMistakes())...)
	r.closing.Go(func() { _ = bound.Close() }) // nothing is in its database
	return found, nil
}

// bind binds queries.
func (r *run) bind(ctx context.Context, ids []string, opts compiler.BindOptions) (*compiler.Bound, diag.List, error) {
	facts, err := r.bindFacts(ctx, ids)
	if err != nil {
		return nil, nil, err
	}
	bound, found := r.bindWith(ctx, facts, opts)
	return bound, found, nil
}

// bindWith binds queries with what is known of the target, and keeps what was found out.
func (r *run) bindWith(ctx context.Context, facts *bindFacts, opts compiler.BindOptions) (*compiler.Bound, diag.List) {
	bound, found := r.plan.Bind(ctx, facts, opts)
	if err := facts.cache.Save(); err != nil {
		found = append(found, diag.Warn(diag.Database, diag.Place{}, "what was checked cannot be kept for the next time: %v", err))
	}
	if facts.damaged != nil {
		found = append(found, facts.damaged)
	}
	return bound, found
}

// bindFacts answers what binding asks. It implements [compiler.BindFacts].
type bindFacts struct {
	run    *run
	world  world
	hooked bool // a hook or header may make what queries name

	// macros are those of the target's databases, by their lower-case names. They are
	// asked for only when a name was not found: listing functions takes ten milliseconds.
	macros func() map[string]bool

	opened sync.Once
	shell  *duckdb.Shell
	err    error

	cache   *bindCache
	damaged *diag.Diagnostic // what is wrong with the cache
}

var _ compiler.BindFacts = (*bindFacts)(nil)

// world is what the target's databases have that queries can name beside relations.
type world struct {
	databases []string
	schemas   []project.Relation
	setup     []string // statements that make its types and sequences
}

// worldSQL lists databases, schemas, types and sequences; those of DuckDB itself are
// internal.
const worldSQL = `select 'database', database_name, null, null from duckdb_databases() where not internal
union all
select 'enum', type_name, schema_name, database_name || chr(0) || array_to_string(labels, chr(0)) from duckdb_types() where not internal and logical_type = 'ENUM'
union all
select 'schema', schema_name, null, database_name from duckdb_schemas() where not internal
union all
select 'sequence', sequence_name, schema_name, database_name from duckdb_sequences()
order by 1, 4, 3, 2`

func (r *run) bindFacts(ctx context.Context, ids []string) (*bindFacts, error) {
	f := &bindFacts{run: r, hooked: r.hooksMake(ctx, ids)}
	f.macros = sync.OnceValue(func() map[string]bool { return r.readMacros(ctx) })
	if err := f.readWorld(ctx); err != nil {
		return nil, err
	}
	f.cache, f.damaged = r.openCache()
	f.cache.salt = f.salt()
	return f, nil
}

// readWorld lists what the databases have.
func (f *bindFacts) readWorld(ctx context.Context) error {
	if f.run.isNew() {
		f.world.databases = []string{f.run.database}
		f.world.schemas = []project.Relation{{Database: f.run.database, Schema: "main"}}
		return nil
	}
	var t *engine.Table
	if f.run.ahead != nil {
		t = f.run.ahead.world.get()
	}
	if t == nil {
		var err error
		if t, err = f.run.main.Query(ctx, worldSQL); err != nil {
			return err
		}
	}
	for _, row := range t.Rows {
		name, _ := row[1].(string)
		schema, _ := row[2].(string)
		more, _ := row[3].(string)
		switch row[0] {
		case "database":
			if name != duckdb.ShadowDatabase {
				f.world.databases = append(f.world.databases, name)
			}
		case "schema":
			if more != duckdb.ShadowDatabase {
				f.world.schemas = append(f.world.schemas, project.Relation{Database: more, Schema: name})
			}
		case "enum":
			parts := strings.Split(more, "\x00")
			labels := make([]string, len(parts)-1)
			for i, label := range parts[1:] {
				labels[i] = project.QuoteString(label)
			}
			of := project.Relation{Database: parts[0], Schema: schema, Identifier: name}
			f.world.setup = append(f.world.setup, schemaSQL(of), "create type "+of.String()+" as enum ("+strings.Join(labels, ", ")+")")
		case "sequence":
			of := project.Relation{Database: more, Schema: schema, Identifier: name}
			f.world.setup = append(f.world.setup, schemaSQL(of), "create sequence "+of.String())
		}
	}
	return nil
}

// readMacros lists the macros of the target's databases.
func (r *run) readMacros(ctx context.Context) map[string]bool {
	s, err := r.sessions.get(ctx)
	if err != nil {
		return nil
	}
	defer r.sessions.put(s)
	t, err := s.Query(ctx, "select distinct lower(function_name) from duckdb_functions() where not internal and function_type in ('macro', 'table_macro')")
	if err != nil {
		return nil
	}
	macros := make(map[string]bool, len(t.Rows))
	for _, row := range t.Rows {
		name, _ := row[0].(string)
		macros[name] = true
	}
	return macros
}

// checks is what is looked at beside the binding of a query. It changes with each new
// check: what an earlier elt found in order was not asked it.
const checks = "literals"

// salt is what the columns of every query depend on.
func (f *bindFacts) salt() string {
	target := f.run.plan.Project.Target
	parts := append([]string{checks, f.run.db.Version(), f.run.database, fmt.Sprint(target.Settings), fmt.Sprint(target.Extensions)}, f.world.setup...)
	return strings.Join(append(parts, f.run.startStatements...), "\x00")
}

// Known returns what an earlier command has found out about a query.
func (f *bindFacts) Known(query string) ([]compiler.Column, bool) {
	return f.cache.get(f.cache.key("query", query))
}

// Keep notes the columns of a query.
func (f *bindFacts) Keep(query string, columns []compiler.Column) {
	f.cache.put(f.cache.key("query", query), columns)
}

// KnownText returns what was noted about a query under a word.
func (f *bindFacts) KnownText(what, query string) (string, bool) {
	return f.cache.Text(f.cache.key(what, query))
}

// KeepText notes a text about a query.
func (f *bindFacts) KeepText(what, query, text string) {
	f.cache.Keep(f.cache.key(what, query), text)
}

// SaveKept writes the cache.
func (f *bindFacts) SaveKept() error { return f.cache.Save() }

func schemaSQL(rel project.Relation) string {
	return "create schema if not exists " + project.Relation{Database: rel.Database, Schema: rel.Schema}.String()
}

// Shells opens the catalog, with what the target sets up and the first hooks make.
func (f *bindFacts) Shells(ctx context.Context) (compiler.ShellCatalog, error) {
	shell, err := f.open(ctx)
	if err != nil {
		return nil, err
	}
	return shell, nil
}

func (f *bindFacts) open(ctx context.Context) (*duckdb.Shell, error) {
	f.opened.Do(func() {
		target := openOptions(f.run.plan.Project.Target)
		f.shell, f.err = duckdb.OpenShell(ctx, duckdb.ShellOptions{
			Database: f.run.database, Schema: "main", Attached: f.world.databases, Schemas: f.world.schemas,
			Settings: target.Settings, Extensions: target.Extensions, ExtensionDirectory: target.ExtensionDirectory,
			Spare: f.run.opts.Spare,
		})
		if f.err != nil {
			return
		}
		for _, sql := range append(f.world.setup, f.run.startStatements...) {
			// What cannot be made here leaves a doubt about the queries that name it.
			_ = f.shell.Apply(ctx, sql)
		}
	})
	return f.shell, f.err
}

// replayable are the first words of a hook's statements that make what queries can
// name, and nothing else.
var replayable = []string{"MACRO", "FUNCTION", "TYPE", "SEQUENCE", "SCHEMA", "TABLE", "VIEW"}

// hooksMake reports whether the project has hooks that run before or between the
// queries. Those at the start that only make macros, types and the like are noted, to be
// repeated on the shells.
func (r *run) hooksMake(ctx context.Context, ids []string) bool {
	hooked := r.plan.MayLackHooks()
	for _, id := range r.plan.Order {
		node := r.plan.Nodes[id]
		if node.Type == project.Operation && node.Hook != nil && node.Hook.When == "on-run-start" {
			hooked = true
			if err := r.compiler.CompileNode(ctx, aheadView{view{run: r}}, id); err != nil || node.Compiled == nil || node.Compiled.Deferred {
				continue // the run will say what is wrong with it
			}
			for _, at := range sqltoken.SplitStatements(node.Compiled.SQL) {
				if sql := node.Compiled.SQL[at.Start:at.End]; isReplayable(sql) {
					r.startStatements = append(r.startStatements, sql)
				}
			}
		}
	}
	for _, id := range ids {
		node := r.plan.Nodes[id]
		if c := node.Compiled; c != nil && node.Config != nil {
			written := slices.Concat(node.Config.Hooks("pre_hook"), node.Config.Hooks("post_hook"))
			hooked = hooked || slices.ContainsFunc(slices.Concat(c.PreHooks, c.PostHooks), func(h project.RenderedHook) bool { return hookMakes(h, written) })
		}
		if node.Config != nil && node.Config.String("sql_header", "") != "" {
			hooked = true
		}
	}
	return hooked
}

// isReplayable reports whether a statement defines something without reading data.
func isReplayable(sql string) bool {
	words := make([]string, 0, 8)
	for tok := range sqltoken.Tokens(sql) {
		if tok.Kind == sqltoken.Comment {
			continue
		}
		words = append(words, strings.ToUpper(tok.Text(sql)))
		if len(words) == cap(words) {
			break
		}
	}
	if len(words) < 3 || words[0] != "CREATE" {
		return false
	}
	for _, word := range words[1:] {
		switch {
		case word == "OR" || word == "REPLACE" || word == "TEMP" || word == "TEMPORARY":
		case word == "TABLE":
			return !slices.Contains(words, "AS") && sqltoken.FirstKeyword(sql) == "CREATE" && !strings.Contains(strings.ToUpper(sql), " AS ")
		default:
			return slices.Contains(replayable, word)
		}
	}
	return false
}

// Database is what a node's template may ask.
func (f *bindFacts) Database(node *project.Node) dbtcontext.Database {
	return f.run.view(f.run.byID[node.UniqueID])
}

// Published returns the columns of a node's relation as it is.
func (f *bindFacts) Published(ctx context.Context, node *project.Node) ([]compiler.Column, error) {
	if f.run.isAbsent(node.Relation) {
		return nil, absentDoubt(node.Relation)
	}
	info := f.run.published.find(node.Relation)
	if info == nil {
		return nil, nil
	}
	if info.Type == "view" && !node.GrowsFiles() && f.run.rebuiltAbove(node) {
		return nil, compiler.Doubt("it is a view over what this run makes")
	}
	columns, err := f.run.describePublished(ctx, info.Relation)
	if err != nil {
		return nil, compiler.Doubt("its columns cannot be read: " + err.Error())
	}
	return columns, nil
}

// rebuiltAbove reports whether the run makes anything that a node reads.
func (r *run) rebuiltAbove(node *project.Node) bool {
	above := r.net.graph.Ancestors([]string{node.UniqueID}, -1)
	return slices.ContainsFunc(r.nodes, func(n *nodeRun) bool {
		return n.node.Type != project.Test && above.Has(n.node.UniqueID)
	})
}

// describeRelation reads the columns of a relation of the database.
func (r *run) describeRelation(ctx context.Context, rel project.Relation) ([]compiler.Column, error) {
	s, err := r.sessions.get(ctx)
	if err != nil {
		return nil, err
	}
	defer r.sessions.put(s)
	columns, err := describe(ctx, s, rel)
	return plainColumns(columns), err
}

// describePublished reads the columns of what is published.
func (r *run) describePublished(ctx context.Context, rel project.Relation) ([]compiler.Column, error) {
	s, err := r.sessions.get(ctx)
	if err != nil {
		return nil, err
	}
	defer r.sessions.put(s)
	columns, err := r.published.columnsOf(ctx, s, rel)
	return plainColumns(columns), err
}

// plainColumns turns the engine's columns into the compiler's.
func plainColumns(in []engine.Column) []compiler.Column {
	out := make([]compiler.Column, len(in))
	for i, c := range in {
		out[i] = compiler.Column(c)
	}
	return out
}

func engineColumns(in []compiler.Column) []engine.Column {
	out := make([]engine.Column, len(in))
	for i, c := range in {
		out[i] = engine.Column(c)
	}
	return out
}
