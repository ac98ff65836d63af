package runner

import (
	"context"
	"strings"
	"time"

	"elt/compiler"
	"elt/compiler/project"
)

// CatalogTable is a published relation of a node, or a source table, as it is in the
// database.
type CatalogTable struct {
	Nodes    []*project.Node  // that are this relation: a node, or source tables
	Relation project.Relation // names as the database spells them
	Type     string           // "BASE TABLE" or "VIEW", as dbt has it
	Comment  *string
	Columns  []CatalogColumn
}

// CatalogColumn is a column of a [CatalogTable].
type CatalogColumn struct {
	Name, Type string
	Index      int64 // from 1
	Comment    *string
}

// CatalogOptions say what [Catalog] looks at.
type CatalogOptions struct {
	Nodes []string // unique_ids; nil for all
	Wait  time.Duration
}

const catalogSQL = `select r.db, r.sch, r.name, r.kind, r.comment, c.column_name, c.data_type, c.column_index, c.comment
from (
	select database_name, schema_name, table_name, 'BASE TABLE', comment from duckdb_tables() where not internal and not temporary
	union all
	select database_name, schema_name, view_name, 'VIEW', comment from duckdb_views() where not internal and not temporary
) r(db, sch, name, kind, comment)
join duckdb_columns() c on c.database_name = r.db and c.schema_name = r.sch and c.table_name = r.name
order by r.db, r.sch, r.name, c.column_index`

// Catalog describes what is published of a project's nodes, and its source tables. The
// database is opened for reading, if it is there. Relations come in the order of their
// names.
func Catalog(ctx context.Context, plan *compiler.Plan, opts CatalogOptions) ([]CatalogTable, error) {
	r := newRun(plan, Options{Command: "docs generate", Wait: opts.Wait}, nil)
	if err := r.openToRead(ctx, true); err != nil {
		return nil, err
	}
	defer r.close()
	t, err := r.main.Query(ctx, catalogSQL)
	if err != nil {
		return nil, diagnostics(err)
	}
	wanted := r.relationsOf(opts.Nodes)
	var out []CatalogTable
	last := ""
	for _, row := range t.Rows {
		rel := project.Relation{Database: row[0].(string), Schema: row[1].(string), Identifier: row[2].(string)}
		key := rel.Key()
		nodes := wanted[key]
		if len(nodes) == 0 || isHidden(rel) {
			continue
		}
		if key != last {
			out = append(out, CatalogTable{Nodes: nodes, Relation: rel, Type: row[3].(string), Comment: textOrNil(row[4])})
			last = key
		}
		index, _ := row[7].(int64)
		table := &out[len(out)-1]
		table.Columns = append(table.Columns, CatalogColumn{Name: row[5].(string), Type: row[6].(string), Index: index, Comment: textOrNil(row[8])})
	}
	return out, nil
}

// relationsOf returns the nodes that are relations, by the relation's key.
func (r *run) relationsOf(ids []string) map[string][]*project.Node {
	if ids == nil {
		ids = r.plan.Order
	}
	out := map[string][]*project.Node{}
	for _, id := range ids {
		node := r.plan.Nodes[id]
		if node == nil || node.Relation.Identifier == "" || node.Type == project.Test || node.IsEphemeral() {
			continue
		}
		key := r.names.full(node.Relation).Key()
		out[key] = append(out[key], node)
	}
	return out
}

func textOrNil(cell any) *string {
	if text, ok := cell.(string); ok {
		text = strings.Clone(text)
		return &text
	}
	return nil
}
