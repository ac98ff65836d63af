package runner

import (
	"context"
	"strings"

	"elt/compiler/project"
	"elt/runner/engine"
	"elt/runner/state"
)

// inventory is what the databases have. DuckDB takes a millisecond for each question about
// its catalog, and only this process writes while it holds the database: so what a run asks of
// the catalog before it writes is asked once.
type inventory struct {
	relations []stocked
	hidden    []project.Relation // candidates that somebody has left
	indexes   *engine.Table      // nil where there is none
	version   int                // of elt's own tables, 0 where there are none
	filled    map[string]bool    // those of elt's own tables in which there are rows, or were
	longLog   bool               // what runs have noted last is to be moved
}

// stocked is a relation, hidden or not.
type stocked struct {
	engine.RelationInfo
	rows int64 // about; -1 of a view
}

const relationsSQL = `select database_name, schema_name, table_name, 'table', null, has_primary_key or index_count > 0, estimated_size
  from duckdb_tables() where not internal and not temporary
union all
select database_name, schema_name, view_name, 'view', sql, false, -1
  from duckdb_views() where not internal and not temporary
order by 1, 2, 3`

const indexesSQL = `select database_name, schema_name, table_name, index_name, sql from duckdb_indexes() order by 1, 2, 3, 4`

// takeStock looks at what there is. alone says that there is no database but the target's own, whose
// name is given. What was asked ahead is not asked again.
func takeStock(ctx context.Context, s engine.Session, database string, alone bool, ahead *ahead) (*inventory, error) {
	t, version, err := (*engine.Table)(nil), 0, error(nil)
	if ahead != nil {
		t, version = ahead.stock.get(), ahead.version.get()
	}
	if t == nil {
		t, err = s.Query(ctx, relationsSQL)
	}
	if err != nil {
		return nil, err
	}
	l, indexed, recorded := &inventory{filled: map[string]bool{}}, !alone, false
	for _, row := range t.Rows {
		one := stocked{}
		one.Relation = project.Relation{Database: row[0].(string), Schema: row[1].(string), Identifier: row[2].(string), Type: row[3].(string)}
		one.ViewSQL, _ = row[4].(string)
		one.HasIndexes, _ = row[5].(bool)
		one.rows, _ = row[6].(int64)
		l.relations = append(l.relations, one)
		if hiddenName().MatchString(one.Identifier) {
			l.hidden = append(l.hidden, one.Relation)
		}
		indexed = indexed || one.HasIndexes
		if one.Schema == state.Schema && strings.EqualFold(one.Database, database) {
			recorded = recorded || one.Identifier == state.VersionTable
			l.filled[one.Identifier] = one.rows != 0
			l.longLog = l.longLog || one.Identifier == state.LogTable && one.rows > state.LongLog
		}
	}
	if indexed {
		if l.indexes, err = s.Query(ctx, indexesSQL); err != nil {
			return nil, err
		}
	}
	if !recorded {
		return l, nil
	}
	if l.version = version; version == 0 {
		l.version, err = state.RecordedVersion(ctx, s, database)
	}
	return l, err
}

// inventory is what there was when the database was opened, or since that was last changed.
func (r *run) inventory(ctx context.Context) (*inventory, error) {
	var err error
	if r.seen == nil {
		r.seen, err = takeStock(ctx, r.main, r.database, r.isAlone(), r.ahead)
	}
	return r.seen, err
}

// lookAgain forgets what was seen: it is changed now.
func (r *run) lookAgain() {
	r.ahead.wait()
	r.seen, r.ahead = nil, nil
}

// isAlone reports whether the target has no database but its own.
func (r *run) isAlone() bool { return len(r.plan.Project.Target.Attach) == 0 }
