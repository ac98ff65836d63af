package lineage

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// relation is what an operator returns.
type relation struct {
	columns  []value
	bindings []binding // the plan's own names of the columns
	rows     uses      // what decides which rows there are
	order    uses      // what they are ordered by, until something else comes
	one      bool      // exactly one row, whatever the data
}

// with is a relation of the same rows with other columns.
func (r *relation) with(columns []value, bindings []binding) *relation {
	return &relation{columns: columns, bindings: bindings, rows: r.rows, order: r.order, one: r.one}
}

// column is a column of a source.
type column struct {
	source int
	name   string
}

// walker computes relations, from the leaves up.
type walker struct {
	sources []Source
	columns []column
	known   map[column]int
	found   map[string]int // sources by name
	ctes    map[uint64]*cte
	outer   [][]value // the correlated columns of the joins around here, innermost last
}

// cte is a common table expression. It is walked when it is first read, so that one that
// nobody reads is no source.
type cte struct {
	body  *operator
	outer [][]value // where it was defined
	done  *relation
	open  bool // it is being walked
}

func newWalker() *walker {
	return &walker{known: map[column]int{}, found: map[string]int{}, ctes: map[uint64]*cte{}}
}

// operator walks one operator and what is below it.
func (w *walker) operator(op *operator) (*relation, error) {
	switch op.Type {
	case "LOGICAL_GET":
		return w.get(op)
	case "LOGICAL_DUMMY_SCAN":
		return &relation{columns: make([]value, 1), bindings: numbered(op.TableIndex, 1), one: true}, nil
	case "LOGICAL_CHUNK_GET":
		return &relation{columns: make([]value, len(op.ChunkTypes)), bindings: numbered(op.TableIndex, len(op.ChunkTypes))}, nil
	case "LOGICAL_DELIM_GET":
		return w.correlated(op)
	case "LOGICAL_CTE_REF":
		return w.cteRef(op)
	case "LOGICAL_MATERIALIZED_CTE":
		if err := children(op, 2); err != nil {
			return nil, err
		}
		w.ctes[op.TableIndex] = &cte{body: &op.Children[0], outer: slices.Clone(w.outer)}
		return w.operator(&op.Children[1])
	case "LOGICAL_RECURSIVE_CTE":
		return w.recursive(op)
	case "LOGICAL_COMPARISON_JOIN", "LOGICAL_ASOF_JOIN", "LOGICAL_DELIM_JOIN", "LOGICAL_ANY_JOIN",
		"LOGICAL_CROSS_PRODUCT", "LOGICAL_POSITIONAL_JOIN":
		return w.join(op)
	case "LOGICAL_UNION", "LOGICAL_INTERSECT", "LOGICAL_EXCEPT":
		return w.setOperation(op)
	}
	return w.unary(op)
}

// unary walks an operator with one child.
func (w *walker) unary(op *operator) (*relation, error) {
	if err := children(op, 1); err != nil {
		return nil, err
	}
	if op.Type == "LOGICAL_PROJECTION" {
		if inner := scalarSubquery(op); inner != nil {
			return w.scalar(op, inner)
		}
	}
	child, err := w.operator(&op.Children[0])
	if err != nil {
		return nil, err
	}
	switch op.Type {
	case "LOGICAL_PROJECTION":
		columns, err := w.each(op.Expressions.list(), child)
		return child.with(columns, numbered(op.TableIndex, len(columns))), err
	case "LOGICAL_FILTER":
		return w.filter(op, child)
	case "LOGICAL_AGGREGATE_AND_GROUP_BY":
		return w.aggregate(op, child)
	case "LOGICAL_WINDOW":
		return w.extend(op, op.WindowIndex, child)
	case "LOGICAL_UNNEST":
		return w.unnest(op, child)
	case "LOGICAL_DISTINCT":
		return w.distinct(op, child)
	case "LOGICAL_ORDER_BY":
		return w.order(op, child)
	case "LOGICAL_LIMIT":
		return w.limit(op, child)
	case "LOGICAL_SAMPLE":
		return &relation{columns: child.columns, bindings: child.bindings, rows: child.rows}, nil
	case "LOGICAL_EXPRESSION_GET":
		return w.values(op, child)
	case "LOGICAL_PIVOT":
		return w.pivot(op, child)
	}
	return nil, fmt.Errorf("the operator %s is not known", op.Type)
}

func children(op *operator, n int) error {
	if len(op.Children) != n {
		return fmt.Errorf("the operator %s has %d children, want %d", op.Type, len(op.Children), n)
	}
	return nil
}

func numbered(table uint64, n int) []binding {
	bindings := make([]binding, n)
	for i := range bindings {
		bindings[i] = binding{table, uint64(i)}
	}
	return bindings
}

// picked keeps the columns of a projection map; an empty one keeps all.
func (r *relation) picked(indexes []int) (*relation, error) {
	if len(indexes) == 0 {
		return r, nil
	}
	var columns []value
	var bindings []binding
	for _, i := range indexes {
		if i < 0 || i >= len(r.columns) {
			return nil, fmt.Errorf("column %d of %d is kept", i, len(r.columns))
		}
		columns, bindings = append(columns, r.columns[i]), append(bindings, r.bindings[i])
	}
	return r.with(columns, bindings), nil
}

func (w *walker) filter(op *operator, child *relation) (*relation, error) {
	out := child.with(child.columns, child.bindings)
	out.order, out.one = nil, false
	for i := range op.Expressions.list() {
		test := &op.Expressions.list()[i]
		v, err := w.expression(test, child)
		if err != nil {
			return nil, err
		}
		part := asFilter
		if limitsCorrelated(test) {
			part = asSort
		}
		out.rows = out.rows.with(v.uses.in(part, rowsOnly))
	}
	return out.picked(op.ProjectionMap)
}

// limitsCorrelated reports whether a filter is the LIMIT of a correlated subquery, which
// DuckDB turns into a filter on a row number.
func limitsCorrelated(test *expression) bool {
	return test.Class == "BOUND_COMPARISON" && test.Left != nil && test.Left.Class == "BOUND_REF" && test.Left.Alias == "limit_rownum"
}

func (w *walker) aggregate(op *operator, child *relation) (*relation, error) {
	groups, err := w.each(op.Groups, child)
	if err != nil {
		return nil, err
	}
	results, err := w.each(op.Expressions.list(), child)
	if err != nil {
		return nil, err
	}
	out := &relation{rows: child.rows, one: len(op.Groups) == 0 && len(op.GroupingSets) == 0}
	for _, group := range groups {
		if group.outer == 0 {
			out.rows = out.rows.with(group.uses.in(asGroup, rowsOnly))
		}
	}
	out.columns = slices.Concat(groups, results, make([]value, len(op.Groupings)))
	out.bindings = slices.Concat(numbered(op.GroupIndex, len(groups)),
		numbered(op.AggregateIndex, len(results)), numbered(op.GroupingsIndex, len(op.Groupings)))
	return out, nil
}

// extend adds the operator's expressions to the columns of its child.
func (w *walker) extend(op *operator, table uint64, child *relation) (*relation, error) {
	added, err := w.each(op.Expressions.list(), child)
	out := child.with(slices.Concat(child.columns, added), slices.Concat(child.bindings, numbered(table, len(added))))
	out.order = nil
	return out, err
}

func (w *walker) unnest(op *operator, child *relation) (*relation, error) {
	out, err := w.extend(op, op.UnnestIndex, child)
	if err != nil {
		return nil, err
	}
	for i := range op.Expressions.list() {
		call := &op.Expressions.list()[i]
		if call.Class != "BOUND_UNNEST" { // whose child was walked already
			return nil, fmt.Errorf("the operator %s has the expression %s", op.Type, call.Class)
		}
		list, err := w.expression(call.Child, child)
		if err != nil {
			return nil, err
		}
		if !list.fixed {
			out.rows = out.rows.with(list.uses.in(asJoin, rowsOnly))
		}
	}
	out.one = false
	return out, nil
}

func (w *walker) distinct(op *operator, child *relation) (*relation, error) {
	targets, err := w.each(op.DistinctTargets, child)
	if err != nil {
		return nil, err
	}
	out := &relation{columns: child.columns, bindings: child.bindings, rows: child.rows, one: child.one}
	for _, target := range targets {
		if target.outer == 0 {
			out.rows = out.rows.with(target.uses.in(asGroup, rowsOnly))
		}
	}
	if op.OrderBy != nil {
		sorted, err := w.orders(op.OrderBy.Orders, child)
		if err != nil {
			return nil, err
		}
		out.rows = out.rows.with(sorted.in(asSort, rowsOnly))
	}
	return out, nil
}

func (w *walker) order(op *operator, child *relation) (*relation, error) {
	sorted, err := w.orders(op.Orders, child)
	if err != nil {
		return nil, err
	}
	out := child.with(child.columns, child.bindings)
	out.order = sorted.in(asSort, rowsOnly)
	return out.picked(op.Projections)
}

func (w *walker) limit(op *operator, child *relation) (*relation, error) {
	out := &relation{columns: child.columns, bindings: child.bindings, rows: child.rows.with(child.order)}
	for _, bound := range []*limit{op.Limit, op.Offset} {
		if bound == nil || bound.Expression == nil {
			continue
		}
		v, err := w.expression(bound.Expression, child)
		if err != nil {
			return nil, err
		}
		out.rows = out.rows.with(v.uses.in(asFilter, rowsOnly))
	}
	return out, nil
}

// values walks VALUES: a column comes from that column of any row.
func (w *walker) values(op *operator, child *relation) (*relation, error) {
	width := len(op.ExprTypes)
	out := &relation{columns: make([]value, width), bindings: numbered(op.TableIndex, width), rows: child.rows}
	for n, row := range op.Expressions {
		columns, err := w.each(row, child)
		if err != nil {
			return nil, err
		}
		if len(columns) != width {
			return nil, fmt.Errorf("a row of VALUES has %d columns, want %d", len(columns), width)
		}
		for i, v := range columns {
			if n > 0 {
				v = out.columns[i].or(v)
			}
			out.columns[i] = v
		}
	}
	out.one = child.one && len(op.Expressions) == 1
	return out, nil
}

// pivot walks the operator that DuckDB uses for many pivot values. Its child has the
// groups, a list of values for each aggregate, and the list of pivot values.
func (w *walker) pivot(op *operator, child *relation) (*relation, error) {
	if op.Pivot == nil || len(op.Pivot.Aggregates) == 0 ||
		len(child.columns) != op.Pivot.GroupCount+len(op.Pivot.Aggregates)+1 {
		return nil, fmt.Errorf("the operator %s has %d columns below it", op.Type, len(child.columns))
	}
	groups, n := op.Pivot.GroupCount, len(op.Pivot.Aggregates)
	names := child.columns[groups+n].uses
	// The aggregate below groups by the pivot column as well; the query does not.
	out := &relation{rows: child.rows.without(asGroup, names)}
	for i := range op.Pivot.Types {
		if i < groups {
			out.columns = append(out.columns, child.columns[i])
			out.rows = out.rows.with(child.columns[i].uses.in(asGroup, rowsOnly))
			continue
		}
		v := child.columns[groups+(i-groups)%n]
		out.columns = append(out.columns, value{uses: v.uses.with(names.in(asFilter, aggregated))})
	}
	out.bindings = numbered(op.PivotIndex, len(out.columns))
	return out, nil
}

// get walks a scan of a table or files, or a table function.
func (w *walker) get(op *operator) (*relation, error) {
	if len(op.Children) == 1 {
		return w.inOut(op)
	}
	if len(op.Children) > 1 || len(op.ColumnIndexes) == 0 {
		return nil, fmt.Errorf("the scan %s has %d children and %d columns", op.Function, len(op.Children), len(op.ColumnIndexes))
	}
	source := -1
	if !generators[op.Function] {
		source = w.source(op)
	}
	out := &relation{}
	for i, index := range op.ColumnIndexes {
		if !index.HasIndex {
			return nil, fmt.Errorf("the scan %s has a column without a number", op.Function)
		}
		out.bindings = append(out.bindings, binding{op.TableIndex, uint64(i)})
		var v value
		if name, real := columnName(op, index.Index); real && source >= 0 {
			v.uses = uses{{w.column(source, name), passed, asValue}}
		}
		out.columns = append(out.columns, v)
	}
	return out.picked(op.ProjectionIDs)
}

// generators are table functions that make rows out of constants.
var generators = map[string]bool{"range": true, "generate_series": true, "repeat": true, "repeat_row": true, "unnest": true}

// Numbers of columns that are not in a table's list: DuckDB's COLUMN_IDENTIFIER_ROW_ID,
// COLUMN_IDENTIFIER_EMPTY, and MultiFileReader's COLUMN_IDENTIFIER_FILENAME.
const (
	rowIDColumn    = math.MaxUint64
	emptyColumn    = math.MaxUint64 - 1
	filenameColumn = 1 << 63
)

// columnName is the name of a scanned column; an empty one is no column.
func columnName(op *operator, index uint64) (string, bool) {
	switch {
	case index < uint64(len(op.Names)):
		return op.Names[index], true
	case index == rowIDColumn:
		return "rowid", true
	case index == emptyColumn:
		return "", false
	case index == filenameColumn:
		return "filename", true
	case index == filenameColumn+1:
		return "file_row_number", true
	}
	return fmt.Sprintf("virtual column %d", index&^uint64(filenameColumn)), true
}

// source is the number of what a scan reads.
func (w *walker) source(op *operator) int {
	s := Source{Function: op.Function}
	if data := op.FunctionData; data != nil && data.Table != "" {
		s = Source{Catalog: data.Catalog, Schema: data.Schema, Table: data.Table}
	} else if data != nil {
		s.Files = data.Files
	}
	key := strings.Join(append([]string{s.Catalog, s.Schema, s.Table, s.Function}, s.Files...), "\x00")
	if i, ok := w.found[key]; ok {
		return i
	}
	w.sources = append(w.sources, s)
	w.found[key] = len(w.sources) - 1
	return len(w.sources) - 1
}

func (w *walker) column(source int, name string) int {
	c := column{source, name}
	if i, ok := w.known[c]; ok {
		return i
	}
	w.columns = append(w.columns, c)
	w.known[c] = len(w.columns) - 1
	return len(w.columns) - 1
}

// rowMakers are table functions whose columns are all computed from their arguments.
var rowMakers = map[string]bool{"unnest": true, "json_each": true, "json_tree": true, "range": true, "generate_series": true}

// inOut walks a table function that is called for each row of its child.
func (w *walker) inOut(op *operator) (*relation, error) {
	if !rowMakers[op.Function] {
		return nil, fmt.Errorf("the table function %q is not known", op.Function)
	}
	child, err := w.operator(&op.Children[0])
	if err != nil {
		return nil, err
	}
	if len(op.InputTypes) > len(child.columns) {
		return nil, fmt.Errorf("the table function %q has %d arguments of %d", op.Function, len(op.InputTypes), len(child.columns))
	}
	arguments := child.columns[:len(op.InputTypes)]
	made := value{uses: merge(arguments).raised(transformed)}
	if op.Function == "unnest" && len(arguments) == 1 {
		made = arguments[0].part(element)
	}
	out := &relation{rows: child.rows}
	if len(arguments) != 1 || !arguments[0].fixed {
		out.rows = out.rows.with(merge(arguments).in(asJoin, rowsOnly))
	}
	for i := range op.ColumnIndexes {
		out.columns = append(out.columns, made)
		out.bindings = append(out.bindings, binding{op.TableIndex, uint64(i)})
	}
	if len(op.ProjectedInput) == 0 {
		return out, nil
	}
	kept, err := child.picked(op.ProjectedInput)
	if err != nil {
		return nil, err
	}
	out.columns, out.bindings = append(out.columns, kept.columns...), append(out.bindings, kept.bindings...)
	return out, nil
}
