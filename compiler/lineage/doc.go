// Package lineage says where the columns of a query come from: which source columns each
// is computed from, and how; and which source columns only decide the rows. It joins the
// queries of a project into one graph, from the raw files to the exposures.
//
// What it knows, it knows from DuckDB's own bound plan (see [PlanFunction]): names are
// resolved, stars and macros are expanded, types are known. It never guesses. Of what it
// does not understand it returns an error, and the caller falls back to the tables that
// the query reads; an edge it returns is never wrong. The form of the plan is DuckDB's
// private matter and is pinned here to 1.5: the shapes under testdata, which run through a
// real DuckDB, show when it changes.
//
// The package is pure: it opens nothing, and the same plan gives the same result. Start
// reading at [FromPlan], then walk.go (operators), expression.go and uses.go. graph.go
// joins queries.
//
// # What counts as an edge
//
//   - A column is computed from all columns that its expression names: arguments,
//     conditions of CASE, PARTITION BY and ORDER BY of a window, FILTER and ORDER BY of an
//     aggregate. Via says which of these it is.
//   - What the plan computes without looking at a value has no source: literals, typeof,
//     GROUPING, count(*), row_number() over ().
//   - WHERE, HAVING, QUALIFY, JOIN, GROUP BY, DISTINCT, set operations, and ORDER BY under
//     a LIMIT decide the rows of the whole result. They are [Query.Indirect], no edge of
//     any column. Inside a scalar subquery they decide only what that one column sees, and
//     are edges of that column with the kind [Indirect].
//   - A cast to another type transforms; the type of what is stored changed.
//   - The columns of UNION and INTERSECT come from both sides, those of EXCEPT from the
//     left one; the columns compared by INTERSECT and EXCEPT filter.
package lineage
