package materialize

import (
	"fmt"
	"strings"

	"elt/compiler/project"
	"elt/runner/engine"
)

// Docs are the descriptions that persist_docs puts into the database as comments.
type Docs struct {
	Relation string // "" where the relation gets none
	Columns  []DocColumn
}

// DocColumn is the description of a column.
type DocColumn struct {
	Name, Description string
	Exact             bool // quote: letter case counts
}

// docs reads persist_docs; nil where nothing is asked for. A relation without a
// description gets no comment, a column that is listed without one an empty comment, as
// under dbt.
func (r *reader) docs() *Docs {
	d := r.dict("persist_docs")
	if d == nil {
		return nil
	}
	r.unknownKeys("persist_docs", "persist_docs", d, "relation", "columns")
	on := func(key string) bool {
		v, ok := d.Get(key)
		if !ok || v == nil {
			return false
		}
		b, isBool := v.(bool)
		if !isBool {
			r.wrong("persist_docs", "%q must be true or false", key)
		}
		return b
	}
	out := &Docs{}
	if on("relation") {
		out.Relation = r.node.Description
	}
	if on("columns") {
		for _, c := range r.node.Columns {
			out.Columns = append(out.Columns, DocColumn{Name: c.Name, Description: c.Description, Exact: c.Quote})
		}
	}
	if out.Relation == "" && len(out.Columns) == 0 {
		return nil
	}
	return out
}

// Comments are the statements that put the descriptions of a node on its published
// relation; columns are those that it has. A description of a column that is not there
// is left out, as under dbt.
func (s *Spec) Comments(columns []engine.Column) []string {
	if s.Docs == nil {
		return nil
	}
	kind := "table"
	switch s.Materialized {
	case View, External:
		kind = "view"
	case Function:
		kind = "macro table"
	}
	var out []string
	if s.Docs.Relation != "" {
		out = append(out, fmt.Sprintf("comment on %s %s is %s", kind, s.Published, project.QuoteString(s.Docs.Relation)))
	}
	for _, doc := range s.Docs.Columns {
		for _, col := range columns {
			if col.Name == doc.Name || !doc.Exact && strings.EqualFold(col.Name, doc.Name) {
				out = append(out, fmt.Sprintf("comment on column %s.%s is %s", s.Published, project.QuoteIdent(col.Name), project.QuoteString(doc.Description)))
			}
		}
	}
	return out
}
