package duckdb

import (
	"context"
	"fmt"
	"strings"

	"elt/compiler/project"
	"elt/runner/engine"
)

// Relations lists the tables and views of some schemas of a database, with their
// columns, ordered by schema and name. With no schemas it lists all of them. Names
// match without regard to letter case. It takes two queries, however many relations
// there are.
func Relations(ctx context.Context, session engine.Session, database string, schemas []string) ([]engine.RelationInfo, error) {
	schema := "database_name ILIKE " + likeLiteral(database) + " AND NOT internal"
	if len(schemas) > 0 {
		names := make([]string, len(schemas))
		for i, name := range schemas {
			names[i] = project.QuoteString(strings.ToLower(name))
		}
		schema += " AND lower(schema_name) IN (" + strings.Join(names, ", ") + ")"
	}
	return relations(ctx, session, schema, "")
}

// Columns lists the columns of one relation, or returns nil where it does not exist.
// A relation without a database is looked for in all of them, without a schema
// likewise; the first found by name counts.
func Columns(ctx context.Context, session engine.Session, relation project.Relation) ([]engine.Column, error) {
	found, err := Find(ctx, session, relation)
	if found == nil || err != nil {
		return nil, err
	}
	return found.Columns, nil
}

// Find looks one relation up and returns nil where it does not exist.
func Find(ctx context.Context, session engine.Session, relation project.Relation) (*engine.RelationInfo, error) {
	schema := "NOT internal"
	if relation.Database != "" {
		schema += " AND database_name ILIKE " + likeLiteral(relation.Database)
	}
	if relation.Schema != "" {
		schema += " AND schema_name ILIKE " + likeLiteral(relation.Schema)
	}
	found, err := relations(ctx, session, schema, relation.Identifier)
	if err != nil {
		return nil, err
	}
	for i := range found {
		if strings.EqualFold(found[i].Identifier, relation.Identifier) {
			return &found[i], nil
		}
	}
	return nil, nil
}

// likeLiteral makes a pattern that matches only the text itself, whatever its case.
func likeLiteral(text string) string {
	escaped := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text)
	return project.QuoteString(escaped) + ` ESCAPE '\'`
}

// relations reads relations by a condition on schemas, all or those of one name.
func relations(ctx context.Context, session engine.Session, schema, name string) ([]engine.RelationInfo, error) {
	tables, views := schema, schema
	if name != "" {
		tables += " AND table_name ILIKE " + likeLiteral(name)
		views += " AND view_name ILIKE " + likeLiteral(name)
	}
	table, err := session.Query(ctx, fmt.Sprintf(`
SELECT database_name, schema_name, table_name, 'table', index_count > 0, '' FROM duckdb_tables() WHERE %s
UNION ALL
SELECT database_name, schema_name, view_name, 'view', false, sql FROM duckdb_views() WHERE %s
ORDER BY 1, 2, 3`, tables, views))
	if err != nil {
		return nil, err
	}
	found := make([]engine.RelationInfo, 0, len(table.Rows))
	index := make(map[string]int, len(table.Rows))
	for _, row := range table.Rows {
		info := engine.RelationInfo{
			Relation:   project.Relation{Database: text(row[0]), Schema: text(row[1]), Identifier: text(row[2]), Type: text(row[3])},
			HasIndexes: row[4] == true,
		}
		if info.Type == "view" {
			info.ViewSQL = ViewQuery(text(row[5]))
		}
		index[info.Key()] = len(found)
		found = append(found, info)
	}
	if len(found) == 0 {
		return found, nil
	}
	return found, addColumns(ctx, session, found, index, tables)
}

func addColumns(ctx context.Context, session engine.Session, found []engine.RelationInfo, index map[string]int, where string) error {
	table, err := session.Query(ctx, fmt.Sprintf(`
SELECT database_name, schema_name, table_name, column_name, data_type
FROM duckdb_columns() WHERE %s ORDER BY 1, 2, 3, column_index`, where))
	if err != nil {
		return err
	}
	for _, row := range table.Rows {
		key := project.Relation{Database: text(row[0]), Schema: text(row[1]), Identifier: text(row[2])}.Key()
		if i, ok := index[key]; ok {
			found[i].Columns = append(found[i].Columns, engine.Column{Name: text(row[3]), Type: text(row[4])})
		}
	}
	return nil
}

// ViewQuery returns the query of a view out of the CREATE VIEW statement that
// duckdb_views() shows. Where the view names its columns, the query is wrapped so that
// it has these names.
func ViewQuery(sql string) string {
	tokens := lex(sql)
	depth, open, columns := 0, 0, ""
	for _, t := range tokens {
		switch {
		case isOne(sql, t, "("):
			if depth == 0 {
				open = t.start
			}
			depth++
		case isOne(sql, t, ")"):
			depth--
			if depth == 0 {
				columns = sql[open:t.end]
			}
		case depth == 0 && is(sql, t, "as"):
			query := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(sql[t.end:]), ";"))
			if columns == "" {
				return query
			}
			return "SELECT * FROM (" + query + ") AS _" + columns
		}
	}
	return ""
}
