package runner

import (
	"context"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
)

// inMainDatabase are the edits that put the target's database before the tables of a view
// that are named without: schema.table. DuckDB looks such names up in the view's own
// database, which for a view that is not published yet is another one.
func (r *run) inMainDatabase(ctx context.Context, sql string) []sqltoken.Edit {
	if !namesSchemas(sql) {
		return nil
	}
	refs, err := r.published.parser.TableRefs(sql)
	if err != nil {
		return nil // making the view will say what is wrong
	}
	var edits []sqltoken.Edit
	for _, ref := range refs {
		rel := project.Relation{Database: r.database, Schema: ref.Schema, Identifier: ref.Name}
		_, ofProject := r.net.relations().makers[rel.Key()]
		if ref.Catalog != "" || ref.Schema == "" || isSystem(ref.Schema) || ofProject && r.names.short || r.isDatabase(ctx, ref.Schema) {
			continue
		}
		edits = append(edits, sqltoken.Edit{Span: diag.Span{Start: ref.Start, End: ref.Start}, Text: project.QuoteIdent(r.database) + "."})
	}
	return edits
}

// namesSchemas reports whether a query may name a table as schema.table.
func namesSchemas(sql string) bool {
	for _, chain := range sqltoken.Chains(sql) {
		if len(chain.Parts) == 2 && !chain.Call && (chain.Clause == "FROM" || chain.Clause == "JOIN") {
			return true
		}
	}
	return false
}

// isSystem reports whether a schema is one that every database has.
func isSystem(schema string) bool {
	return strings.EqualFold(schema, "information_schema") || strings.EqualFold(schema, "pg_catalog")
}

// isDatabase reports whether a name is that of an attached database.
func (r *run) isDatabase(ctx context.Context, name string) bool {
	r.attachedOnce.Do(func() {
		r.attached = map[string]bool{}
		s, err := r.sessions.get(ctx)
		if err != nil {
			return
		}
		defer r.sessions.put(s)
		t, err := s.Query(ctx, "select lower(database_name) from duckdb_databases()")
		if err != nil {
			return
		}
		for _, row := range t.Rows {
			text, _ := row[0].(string)
			r.attached[text] = true
		}
	})
	return r.attached[strings.ToLower(name)]
}
