package runner

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"elt/compiler/project"
	"elt/compiler/regex"
	"elt/compiler/sqltoken"
	"elt/runner/duckdb"
	"elt/runner/engine"
	"elt/runner/materialize"
)

// unseen finds what a query reads that elt cannot see change: tables it did not make,
// files that are not declared, the time, chance. It errs on the side of finding something.
type unseen struct {
	run       *run
	functions map[string]functionFacts

	identifiers map[string]bool // of all relations, once somebody has asked
}

// functionFacts is what DuckDB says about the functions of a name.
type functionFacts struct {
	foreign bool // a macro of the user's
	varies  bool // it does not always answer the same
	reads   bool // it is a table function only: it may read anything
}

// Where duckdb_functions() does not say it, or says it too strictly.
var (
	variable  = []string{"age", "current_localtime", "current_localtimestamp", "getenv", "getvariable", "current_setting", "version"}
	harmless  = []string{"sleep_ms", "error", "stats"}
	pureTable = []string{"range", "generate_series", "unnest", "repeat", "repeat_row", "json_each", "json_tree"}
	clocks    = []string{"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"} // without parentheses
)

// newUnseen asks the database about its functions, which takes it fifteen milliseconds: of an
// [unseen] that is made without it, only what needs no functions may be asked.
func newUnseen(ctx context.Context, r *run) (*unseen, error) {
	t, err := r.main.Query(ctx, `select lower(function_name), bool_or(not internal),
		bool_or(function_type = 'scalar' and stability <> 'CONSISTENT'), bool_and(function_type in ('table', 'table_macro', 'pragma'))
		from duckdb_functions() group by 1`)
	if err != nil {
		return nil, err
	}
	u := &unseen{run: r, functions: make(map[string]functionFacts, len(t.Rows))}
	for _, row := range t.Rows {
		name, _ := row[0].(string)
		var f functionFacts
		f.foreign, _ = row[1].(bool)
		f.varies, _ = row[2].(bool)
		f.reads, _ = row[3].(bool)
		f.varies = (f.varies || slices.Contains(variable, name)) && !slices.Contains(harmless, name)
		f.reads = f.reads && !slices.Contains(pureTable, name)
		u.functions[name] = f
	}
	return u, nil
}

// ofNode says in words what building a node depends on that elt cannot see; "" for
// nothing. What is said of the nodes it reads is said of them.
func (u *unseen) ofNode(n *nodeRun) string {
	if why := u.ofBuild(n, "", materialize.Append, materialize.DeleteInsert, materialize.MergeInto); why != "" || n.node.Type == project.Seed {
		return why
	}
	return u.ofQuery(n.node.Compiled.SQL)
}

// ofBuild is ofNode without the node's query. Of the strategies some look at nothing else.
func (u *unseen) ofBuild(n *nodeRun, strategies ...string) string {
	if n.spec.Custom {
		return fmt.Sprintf("the materialization %q may look at more than its query", n.node.Materialized())
	}
	switch n.spec.Materialized {
	case materialize.Table, materialize.View, materialize.Seed:
	case materialize.Incremental:
		if !slices.Contains(strategies, n.spec.Strategy) {
			return fmt.Sprintf("the strategy %q may look at more than its query", n.spec.Strategy)
		}
	default:
		return fmt.Sprintf("the materialization %q may look at more than its query", n.spec.Materialized)
	}
	return u.aroundBuild(n)
}

// aroundBuild is what comes before and after a node's query.
func (u *unseen) aroundBuild(n *nodeRun) string {
	if n.spec.Header != "" {
		return "it has a sql_header"
	}
	hooks := 0
	for _, hook := range slices.Concat(n.pre(), n.post()) {
		hooks += len(sqltoken.SplitStatements(hook.SQL))
		if hook.Late != "" {
			return "it has hooks"
		}
	}
	if len(u.run.lateParts(n)) < hooks { // indexes and comments are part of the publish
		return "it has hooks"
	}
	return ""
}

// ofQuery says what a compiled query depends on that elt cannot see.
func (u *unseen) ofQuery(sql string) string {
	return u.in(u.withoutLake(sql), nil, isLakeTable)
}

// lakeTable stands for the files of sources.
const lakeTable = "_elt_lake"

// withoutLake is a query with a name where it reads files of sources.
func (u *unseen) withoutLake(sql string) string {
	text, _ := sqltoken.Rewrite(sql, u.run.lake.replacing(sql, func(*lakeSource) string { return project.QuoteIdent(lakeTable) }))
	return text
}

func isLakeTable(ref duckdb.TableRef) bool { return ref.Schema == "" && ref.Name == lakeTable }

// in looks through a query: of a published view, or of a node where view is nil.
func (u *unseen) in(sql string, view *engine.RelationInfo, known func(duckdb.TableRef) bool) string {
	if why := u.calls(sql); why != "" {
		return why
	}
	refs, err := u.run.published.parser.TableRefs(sql)
	if err != nil {
		return "what it reads cannot be told from its SQL"
	}
	for _, ref := range refs {
		if known != nil && known(ref) {
			continue
		}
		if why := u.relation(ref, view); why != "" {
			return why
		}
	}
	return ""
}

// relation looks at a table that a query names.
func (u *unseen) relation(ref duckdb.TableRef, view *engine.RelationInfo) string {
	r := u.run
	at := view
	if at == nil {
		at = &engine.RelationInfo{Relation: project.Relation{Database: r.database, Schema: "main"}}
	}
	rel := project.Relation{Database: ref.Catalog, Schema: ref.Schema, Identifier: ref.Name}
	if info, ok := r.published.resolve(ref, at); ok {
		rel = info.Relation
	} else if ref.Catalog == "" && ref.Schema != "" {
		rel.Database = at.Database
	}
	node := r.plan.Nodes[r.net.relations().makers[rel.Key()]]
	info := r.published.relations[rel.Key()]
	switch {
	case node != nil && r.byID[node.UniqueID] != nil:
		return "" // made in this run: it is looked at by itself
	case info != nil && info.Type == "view":
		query, _ := viewQuery(info.ViewSQL)
		if why := u.in(query, info, nil); why != "" {
			return fmt.Sprintf("of view %s: %s", r.plainName(info.Relation), why)
		}
		return ""
	case node != nil && node.Type != project.Source:
		return ""
	}
	return fmt.Sprintf("it reads %s, which elt did not make", r.plainName(rel))
}

// plainName is a relation's name as a person writes it.
func (r *run) plainName(rel project.Relation) string {
	name := rel.Schema + "." + rel.Identifier
	if rel.Database != "" && !strings.EqualFold(rel.Database, r.database) {
		name = rel.Database + "." + name
	}
	return name
}

// calls looks at the functions that a query calls, the clock it reads and the files it
// names.
func (u *unseen) calls(sql string) string {
	called, why := functionsOf(sql)
	if why != "" {
		return why
	}
	return u.functionsVary(called)
}

// fromMark comes before the name of a function that is read from as a table is.
const fromMark = "from "

// functionsOf are the functions that a query calls, sorted, with a mark before those that it reads
// from; or it says in words what the query depends on, whatever its functions are.
func functionsOf(sql string) (called []string, why string) {
	for _, chain := range sqltoken.Chains(sql) {
		name := strings.ToLower(chain.Name())
		switch alias := chain.Prev == "" || chain.Prev == "AS" || chain.Prev == ")"; { // range(3) t(i)
		case chain.Call && name == "values" && len(chain.Parts) == 1 && !chain.Parts[0].Quoted: // from (values (1), (2))
		case !chain.Call:
			if len(chain.Parts) == 1 && !chain.Parts[0].Quoted && slices.Contains(clocks, name) {
				return nil, "it asks for " + name
			}
		case (chain.Clause == "FROM" || chain.Clause == "JOIN") && !alias:
			called = append(called, fromMark+name)
		default:
			called = append(called, name)
		}
	}
	slices.Sort(called)
	return slices.Compact(called), literalFile(sql)
}

// functionsVary says which of the functions that a query calls may not answer as before; "" too
// where the database was not asked about its functions.
func (u *unseen) functionsVary(called []string) string {
	if u.functions == nil {
		return ""
	}
	for _, name := range called {
		name, source := strings.CutPrefix(name, fromMark)
		f, found := u.functions[name]
		switch {
		case f.foreign:
			return fmt.Sprintf("it calls %s(), which is not DuckDB's own", name)
		case f.varies:
			return fmt.Sprintf("it calls %s(), which does not always answer the same", name)
		case f.reads, !found && source: // of an extension that is not loaded yet
			return fmt.Sprintf("it reads by %s(), which is no declared source", name)
		}
	}
	return ""
}

// fileEnding ends the name of a file, in quotes.
var fileEnding = regex.Lazy(`[.][A-Z0-9_]{2,}'$`)

// literalFile finds from 'file.csv', and samples.
func literalFile(sql string) string {
	before := ""
	for tok := range sqltoken.Tokens(sql) {
		text := strings.ToUpper(tok.Text(sql))
		switch {
		case tok.Kind == sqltoken.Comment:
			continue
		case tok.Kind == sqltoken.String && (before == "FROM" || before == "JOIN"):
			return "it reads a file that is no declared source"
		case tok.Kind == sqltoken.String && before == "," && fileEnding().MatchString(text):
			return "it may read a file that is no declared source"
		case text == "TABLESAMPLE", text == "SAMPLE" && before == "USING":
			return "it takes a sample"
		}
		before = text
	}
	return ""
}
