package runner

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/runner/duckdb"
)

// What is asked of DuckDB's own catalog while a run goes on. Its tables hold hidden names then, and views that are
// not published yet are not in it: so what a node asks reads views over it that tell of the node's ancestors what they will
// be once they are published, as dbt's nodes find it.

// catalogTable is a table, or a table function, of DuckDB's that tells of relations: the columns in which
// it has the database, the schema and the name of each.
type catalogTable struct {
	name                       string
	call                       bool
	database, schema, relation string
}

// catalogTables are those that are led to a view. The name of a schema's relation is "".
var catalogTables = []catalogTable{
	{"tables", false, "table_catalog", "table_schema", "table_name"},
	{"columns", false, "table_catalog", "table_schema", "table_name"},
	{"views", false, "table_catalog", "table_schema", "table_name"},
	{"schemata", false, "catalog_name", "schema_name", ""},
	{"duckdb_tables", true, "database_name", "schema_name", "table_name"},
	{"duckdb_views", true, "database_name", "schema_name", "view_name"},
	{"duckdb_columns", true, "database_name", "schema_name", "table_name"},
}

// asked is a place of a statement that reads a catalogTable.
type asked struct {
	table catalogTable
	edit  sqltoken.Edit // but for its text
}

// catalogAsked finds where a statement asks DuckDB's catalog.
func catalogAsked(sql string) []asked {
	lower := strings.ToLower(sql)
	if !strings.Contains(lower, "information_schema") && !strings.Contains(lower, "duckdb_") {
		return nil
	}
	var out []asked
	for _, chain := range sqltoken.Chains(sql) {
		parts := chain.Parts
		at := slices.IndexFunc(parts, func(p sqltoken.Part) bool { return strings.EqualFold(p.Name, "information_schema") })
		for _, t := range catalogTables {
			switch {
			case t.call && chain.Call && len(parts) == 1 && strings.EqualFold(parts[0].Name, t.name):
				out = append(out, asked{t, sqltoken.Edit{Span: span(parts[0].Span.Start, parts[0].Span.Start)}})
			case !t.call && at >= 0 && at <= 1 && len(parts) > at+1 && strings.EqualFold(parts[at+1].Name, t.name):
				out = append(out, asked{t, sqltoken.Edit{Span: span(parts[0].Span.Start, parts[at+1].Span.Start)}})
			}
		}
	}
	return out
}

// waitsForCatalog reports whether a node asks DuckDB's catalog before its ancestors are made.
func (r *run) waitsForCatalog(n *nodeRun, sql string) bool {
	if n == nil || len(catalogAsked(sql)) == 0 {
		return false
	}
	r.madeMu.RLock()
	defer r.madeMu.RUnlock()
	for id := range r.net.work {
		other := r.plan.Nodes[id]
		if other == nil || other.Type == project.Test || other.Type == project.UnitTest {
			continue
		}
		if id != n.node.UniqueID && !r.over[id] && (n.node.IsLoose() || r.isAncestor(id, n)) {
			return true
		}
	}
	return false
}

// catalogEdits lead what a node's statement asks of DuckDB's catalog to views that are made for it.
func (r *run) catalogEdits(ctx context.Context, n *nodeRun, sql string) ([]sqltoken.Edit, error) {
	places := catalogAsked(sql)
	if n == nil || len(places) == 0 || r.shadows == nil {
		return nil, nil
	}
	schema := project.QuoteIdent(duckdb.ShadowDatabase) + "." + project.QuoteIdent(fmt.Sprintf("_elt_catalog_%d", n.number))
	known := r.knownTo(n)
	r.shadows.mu.Lock()
	defer r.shadows.mu.Unlock()
	statements := []string{"create schema if not exists " + schema}
	var edits []sqltoken.Edit
	for _, p := range places {
		statements = append(statements, p.table.viewIn(schema, known))
		p.edit.Text = schema + "."
		edits = append(edits, p.edit)
	}
	for _, statement := range statements {
		if _, err := r.shadows.session.Exec(ctx, statement); err != nil {
			return nil, err
		}
	}
	return edits, nil
}

// knownTo are the relations that the run has made and a node may know of: rows of where each is, and of what
// it is called. Of one that only grows, the published table is the one to be told of.
func (r *run) knownTo(n *nodeRun) []string {
	var out []string
	for _, id := range r.plan.Order {
		maker := r.byID[id]
		if maker == nil || maker == n || !r.net.work[id] || !n.node.IsLoose() && !r.isAncestor(id, n) {
			continue
		}
		r.madeMu.RLock()
		made := r.over[id] && maker.made
		r.madeMu.RUnlock()
		if !made || maker.spec == nil {
			continue
		}
		rel, at := r.names.full(maker.node.Relation), maker.written
		switch {
		case isView(maker.spec):
			at = r.names.shadowOf(rel)
		case at.Identifier == "" || maker.write.Delta && !maker.spec.FullCopy:
			continue
		}
		at = r.names.full(at)
		var cells []string
		for _, text := range []string{at.Database, at.Schema, at.Identifier, rel.Database, rel.Schema, rel.Identifier} {
			cells = append(cells, project.QuoteString(text))
		}
		out = append(out, "("+strings.Join(cells, ", ")+")")
	}
	return out
}

// viewIn is the statement that makes the view, or macro, over a table of DuckDB's.
func (t catalogTable) viewIn(schema string, known []string) string {
	from := "system.information_schema." + t.name
	head := "create or replace view " + schema + "." + t.name + " as\n"
	if t.call {
		from = t.name + "()"
		head = "create or replace macro " + schema + "." + t.name + "() as table\n"
	}
	own := fmt.Sprintf(`t.%s not like '\_elt%%' escape '\' and t.%s <> '_elt' and t.%[2]s not like '\_elt\_%%' escape '\'`, t.database, t.schema)
	if t.relation == "" {
		return head + "select t.* from " + from + " t where " + own
	}
	own += fmt.Sprintf(` and t.%s not like '\_elt\_%%' escape '\'`, t.relation)
	if len(known) == 0 {
		return head + "select t.* from " + from + " t where " + own
	}
	more := ""
	if t.name == "duckdb_tables" {
		more = ", case when m.name is null then t.sql else replace(t.sql, m.hidden_name, m.name) end as sql"
	}
	return fmt.Sprintf(`%[1]swith m(hidden_database, hidden_schema, hidden_name, database, schema, name) as (values %[2]s)
select t.* replace (coalesce(m.database, t.%[3]s) as %[3]s, coalesce(m.schema, t.%[4]s) as %[4]s, coalesce(m.name, t.%[5]s) as %[5]s%[6]s)
from %[7]s t left join m on t.%[3]s = m.hidden_database and t.%[4]s = m.hidden_schema and t.%[5]s = m.hidden_name
where m.name is not null or %[8]s
  and not exists (select 1 from m as p where p.database = t.%[3]s and p.schema = t.%[4]s and p.name = t.%[5]s)`,
		head, strings.Join(known, ", "), t.database, t.schema, t.relation, more, from, own)
}
