package lineage

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// PlanFunction is the call that makes the plans FromPlan reads, with the query as its one
// parameter. skip_default must stay off: together with skip_empty it drops the entry of a
// table's first column out of the list of columns, so that the others move.
const PlanFunction = "json_serialize_plan(%s, skip_null := true, skip_empty := true, optimize := false)"

// Kind is how a column's value comes from a source column: the strongest of all ways from
// one to the other, in this order.
type Kind string

// The kinds of edges.
const (
	Indirect    Kind = "indirect"    // decides only which rows are seen
	Passthrough Kind = "passthrough" // the value as it is
	Transformed Kind = "transformed" // computed from the value, row by row
	Aggregated  Kind = "aggregated"  // computed from the values of many rows
)

// Via is a part of a query through which a source column acts.
type Via string

// The parts of a query. The first four make values; a source column that acts only through
// the others has the kind Indirect.
const (
	ViaValue     Via = "value"     // an argument, or the column itself
	ViaCondition Via = "condition" // WHEN of a CASE
	ViaWindow    Via = "window"    // PARTITION BY, ORDER BY or frame of a window
	ViaSort      Via = "sort"      // ORDER BY of an aggregate, or with LIMIT or DISTINCT ON
	ViaFilter    Via = "filter"    // FILTER of an aggregate, WHERE, HAVING, QUALIFY, EXCEPT, INTERSECT
	ViaJoin      Via = "join"      // a condition of a join, or what UNNEST makes rows from
	ViaGroup     Via = "group"     // GROUP BY, DISTINCT
)

// Source is what a query reads: a table, files, or a table function.
type Source struct {
	Catalog  string   // of a table
	Schema   string   // of a table
	Table    string   // "" where it is no table
	Function string   // of files and functions: "parquet_scan"
	Files    []string // as they are after globbing
}

// Edge is one source column and how it acts.
type Edge struct {
	Source int    // index into Query.Sources
	Column string // as the source writes it
	Kind   Kind
	Via    []Via // never empty, in the order of the constants
}

// Column is an output column.
type Column struct {
	Name  string
	Edges []Edge // ordered by source and column; empty for a constant
}

// Query is the lineage of one query.
type Query struct {
	Sources  []Source // what is read, in the order of the plan
	Columns  []Column
	Indirect []Edge // what decides the rows of the whole result
}

// FromPlan computes the lineage of a query from DuckDB's bound plan. columns are the names
// of the query's result; the plan does not keep all of them.
//
// An error means that the lineage of this query cannot be told from its plan, and says why.
func FromPlan(plan []byte, columns []string) (*Query, error) {
	root, err := parsePlan(plan)
	if err != nil {
		return nil, err
	}
	w := newWalker()
	result, err := w.operator(root)
	if err != nil {
		return nil, err
	}
	if len(result.columns) != len(columns) {
		return nil, fmt.Errorf("the plan has %d columns, the query %d", len(result.columns), len(columns))
	}
	q := &Query{Sources: w.sources, Indirect: w.edges(result.rows)}
	for i, name := range columns {
		q.Columns = append(q.Columns, Column{name, w.edges(result.columns[i].uses)})
	}
	return q, nil
}

// edges turns uses into edges, ordered by source and column.
func (w *walker) edges(uses uses) []Edge {
	var edges []Edge
	for _, u := range uses {
		column := w.columns[u.column]
		edges = append(edges, Edge{column.source, column.name, u.kind(), u.via()})
	}
	slices.SortFunc(edges, func(a, b Edge) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), strings.Compare(a.Column, b.Column))
	})
	return edges
}
