package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"elt/compiler"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/regex"
	"elt/compiler/sqltoken"
	"elt/runner/culprit"
	"elt/runner/duckdb"
	"elt/runner/engine"
	"elt/runner/materialize"
)

// Missing looks in the target's databases for the relation that a query has missed.
func (f *bindFacts) Missing(ctx context.Context, query compiler.ShellQuery, err error) (compiler.ShellRelation, bool) {
	var e *engine.Error
	if !errors.As(err, &e) || e.Kind != engine.Catalog || e.Position < 0 || !missingTable().MatchString(e.Message) {
		return compiler.ShellRelation{}, false
	}
	for _, chain := range sqltoken.Chains(query.SQL) {
		if chain.Span.Start > e.Position || e.Position >= chain.Span.End {
			continue
		}
		for _, rel := range f.meanings(chain) {
			if info := f.run.published.find(rel); info != nil {
				columns, err := f.run.describeRelation(ctx, info.Relation)
				return compiler.ShellRelation{Relation: info.Relation, Columns: columns}, err == nil
			}
		}
	}
	return compiler.ShellRelation{}, false
}

// readsAbsent finds the relation that a query has missed in a database that could not be opened.
func (f *bindFacts) readsAbsent(query compiler.ShellQuery, e *engine.Error) (project.Relation, bool) {
	if len(f.run.absent) == 0 || e.Kind != engine.Catalog || e.Position < 0 {
		return project.Relation{}, false
	}
	for _, chain := range sqltoken.Chains(query.SQL) {
		if chain.Span.Start > e.Position || e.Position >= chain.Span.End {
			continue
		}
		for _, rel := range f.meanings(chain) {
			if f.run.isAbsent(rel) {
				return rel, true
			}
		}
	}
	return project.Relation{}, false
}

// meanings are the relations that a dotted name may mean.
func (f *bindFacts) meanings(chain sqltoken.Chain) []project.Relation {
	names := make([]string, len(chain.Parts))
	for i, p := range chain.Parts {
		names[i] = p.Name
	}
	main := f.run.database
	switch len(names) {
	case 1:
		return []project.Relation{{Database: main, Schema: "main", Identifier: names[0]}}
	case 2:
		return []project.Relation{{Database: main, Schema: names[0], Identifier: names[1]}, {Database: names[0], Schema: "main", Identifier: names[1]}}
	case 3:
		return []project.Relation{{Database: names[0], Schema: names[1], Identifier: names[2]}}
	}
	return nil
}

// Fault says what an error means for who wrote the node.
func (f *bindFacts) Fault(ctx context.Context, node *project.Node, query compiler.ShellQuery, err error) error {
	var e *engine.Error
	if !errors.As(err, &e) {
		return err
	}
	if e.Message == duckdb.PivotWithoutIn && node.Type == project.Model && node.Materialized() == materialize.View {
		return diag.New(diag.SQL, node.Place, "a view cannot hold a PIVOT without IN, which takes its columns from the data").
			WithHint("name the values, as in pivot ... on day in ('mon', 'tue'), or set materialized='table'")
	}
	if rel, ok := f.readsAbsent(query, e); ok {
		return absentDoubt(rel)
	}
	n := &nodeRun{node: node, key: f.run.names.full(node.Relation).Key()}
	query0 := sent{sql: query.SQL, back: offsets{inner: query.Back}, query: 0}
	if why := f.doubt(node, query, e); why != "" {
		if d := f.run.fault(ctx, n, query0, err); d.Place != node.Place {
			return compiler.Placed{Doubt: compiler.Doubt(why), Place: d.Place, Hint: d.Hint}
		}
		return compiler.Doubt(why)
	}
	if d := f.run.whereFault(node, query.SQL, e); d != nil {
		return d
	}
	d := f.run.fault(ctx, n, query0, err)
	if e.Position < 0 && d.Place == node.Place && node.Compiled != nil {
		f.seek(ctx, d, n, query, e)
	}
	return d
}

// seek looks for the piece of a query that cannot be bound, where DuckDB names no place.
func (f *bindFacts) seek(ctx context.Context, d *diag.Diagnostic, n *nodeRun, query compiler.ShellQuery, first *engine.Error) {
	left := mostPieces
	at, ok := culprit.Unbound(query.SQL, func(sql string) culprit.Outcome {
		if left--; left < 0 || ctx.Err() != nil {
			return culprit.FailsElse
		}
		_, err := f.shell.Bind(ctx, sql)
		var e *engine.Error
		switch {
		case err == nil:
			return culprit.Binds
		case errors.As(err, &e) && e.Kind == first.Kind && e.Original == first.Original:
			return culprit.FailsSo
		}
		return culprit.FailsElse
	})
	if !ok || left < 0 {
		begin, found := f.shell.Seek(ctx, query.SQL, first)
		if !found {
			return
		}
		at = span(begin, tokenEnd(query.SQL, begin))
	}
	start := query.Back.Old(at.Start)
	end := max(query.Back.Old(at.End-1)+1, start)
	sql := n.node.Compiled.SQL
	if end > len(sql) {
		return
	}
	line, _, _ := strings.Cut(sql[start:end], "\n")
	f.run.placeAt(d, n, span(start, start+len(strings.TrimRight(line, " \t\r"))))
	f.sayCalled(d, sql[start:end])
}

// mostPieces is how many pieces of one query are bound to find the one that cannot be.
const mostPieces = 500

// madeOf is a message about a function that may stand for the one that is called.
var madeOf = regex.Lazy(`^function "(\w+)" (does not take .*)$`)

// sayCalled names the function that is called in a message about one that it is made of.
func (f *bindFacts) sayCalled(d *diag.Diagnostic, piece string) {
	m := madeOf().FindStringSubmatch(d.Message)
	if m == nil {
		return
	}
	for _, chain := range sqltoken.Chains(piece) {
		if chain.Call && chain.Span.Start == 0 && !strings.EqualFold(chain.Name(), m[1]) {
			d.Message = fmt.Sprintf("function %q is made of %q, which %s", chain.Name(), m[1], m[2])
		}
	}
}

// certain are the kinds of errors that a query would give when it is run, too.
var certain = []engine.Kind{engine.Binder, engine.Catalog, engine.Parser, engine.Conversion}

// doubt says why a query that does not bind may yet work, "" where it cannot.
func (f *bindFacts) doubt(node *project.Node, query compiler.ShellQuery, e *engine.Error) string {
	raw := ""
	if e.Err != nil {
		raw = e.Err.Error()
	}
	switch {
	case f.hooked && ofNull(e) && readsVariable(node):
		return "it reads a variable, which a hook may set"
	case e.Kind == engine.Input && !compiler.ReadsOutside(query.SQL): // a constant that its function refuses
		return ""
	case !slices.Contains(certain, e.Kind):
		return e.Message
	case strings.Contains(raw, "exists in the ") && strings.Contains(raw, " extension"):
		return e.Message
	case e.Kind == engine.Catalog || missingCatalog(e):
		return f.missingDoubt(node, query, e)
	case f.macros()[strings.ToLower(e.Name)]:
		return "it calls a macro of the database"
	}
	return ""
}

// ofNull reports whether an error may come from a variable that is not set here: not one about
// a name, nor one about how the query is written, unless query(...) got no text.
func ofNull(e *engine.Error) bool {
	switch e.Kind {
	case engine.Binder, engine.Input, engine.Parser:
		return e.Subtype == "" || e.Kind == engine.Parser && strings.Contains(e.Message, `near "NULL"`)
	}
	return false
}

// missingCatalog is an error about a database that is not there.
func missingCatalog(e *engine.Error) bool {
	return e.Kind == engine.Binder && strings.HasPrefix(e.Message, "database \"")
}

// missingDoubt says where what a query names may come from.
func (f *bindFacts) missingDoubt(node *project.Node, query compiler.ShellQuery, e *engine.Error) string {
	missed := f.run.notBuilt(&nodeRun{node: node}, e)
	switch {
	case missed != nil && missed.IsFunction() && missed != node && missingTable().MatchString(e.Message): // it is not called
		return ""
	case f.hooked:
		return e.Message + "; a hook may make it"
	case len(f.shell.Missing()) > 0:
		return e.Message + "; it may come from the " + strings.Join(f.shell.Missing(), ", ")
	case f.macros()[strings.ToLower(e.Name)]:
		return "it calls a macro of the database"
	case missingTable().MatchString(e.Message) && f.run.opts.Command == "compile":
		if _, certain := f.run.tableMeant(query.SQL, e); certain {
			return ""
		}
		return strings.Replace(e.Message, "does not exist", "does not exist yet", 1)
	}
	return ""
}
