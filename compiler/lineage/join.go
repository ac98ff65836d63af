package lineage

import (
	"fmt"
	"slices"
)

// join walks an operator with two sides.
func (w *walker) join(op *operator) (*relation, error) {
	if err := children(op, 2); err != nil {
		return nil, err
	}
	if op.Flipped {
		return nil, fmt.Errorf("the sides of %s are exchanged", op.Type)
	}
	left, err := w.operator(&op.Children[0])
	if err != nil {
		return nil, err
	}
	right, err := w.rightSide(op, left)
	if err != nil {
		return nil, err
	}
	switch op.Type {
	case "LOGICAL_CROSS_PRODUCT":
		return cross(left, right), nil
	case "LOGICAL_POSITIONAL_JOIN":
		return both(left, right, left.rows.with(right.rows)), nil
	}
	compared, err := w.conditions(op, left, right)
	if err != nil {
		return nil, err
	}
	if len(compared) == 0 && op.Children[0].Type == "LOGICAL_DELIM_GET" && op.Children[1].Type == "LOGICAL_AGGREGATE_AND_GROUP_BY" {
		// So DuckDB writes an aggregate without GROUP BY in a correlated subquery: it
		// gives one row to each row outside.
		out := both(left, right, right.rows)
		out.one = true
		return out, nil
	}
	return joined(op, left, right, compared)
}

// rightSide walks the right side. That of a correlated subquery sees columns of the left.
func (w *walker) rightSide(op *operator, left *relation) (*relation, error) {
	if op.Type != "LOGICAL_DELIM_JOIN" {
		return w.operator(&op.Children[1])
	}
	handed, err := w.each(op.Duplicates, left)
	if err != nil {
		return nil, err
	}
	depth := len(w.outer) + 1
	for i := range handed {
		if handed[i].outer == 0 {
			handed[i].outer = depth
		}
	}
	w.outer = append(w.outer, handed)
	right, err := w.operator(&op.Children[1])
	w.outer = w.outer[:depth-1]
	return right, err
}

// correlated walks the columns that a correlated subquery sees.
func (w *walker) correlated(op *operator) (*relation, error) {
	if len(w.outer) == 0 || len(w.outer[len(w.outer)-1]) != len(op.ChunkTypes) {
		return nil, fmt.Errorf("%d columns come from no join", len(op.ChunkTypes))
	}
	return &relation{columns: w.outer[len(w.outer)-1], bindings: numbered(op.TableIndex, len(op.ChunkTypes))}, nil
}

// conditions are what the sides are compared by, without what DuckDB adds to bring a
// correlated subquery back to its row.
func (w *walker) conditions(op *operator, left, right *relation) (uses, error) {
	var all uses
	for i := range op.Conditions {
		c := &op.Conditions[i]
		l, err := w.expression(&c.Left, left)
		if err != nil {
			return nil, err
		}
		r, err := w.expression(&c.Right, right)
		if err != nil {
			return nil, err
		}
		if c.Comparison == "COMPARE_NOT_DISTINCT_FROM" && r.outer > 0 && (l.outer > 0 || op.Type == "LOGICAL_DELIM_JOIN") {
			continue
		}
		all = all.with(l.uses).with(r.uses)
	}
	for _, test := range []*expression{op.Condition, op.Predicate} {
		if test == nil {
			continue
		}
		v, err := w.expression(test, both(left, right, nil))
		if err != nil {
			return nil, err
		}
		all = all.with(v.uses)
	}
	return all, nil
}

// joined puts the sides together, as LogicalJoin::GetColumnBindings does.
func joined(op *operator, left, right *relation, compared uses) (*relation, error) {
	if op.Type == "LOGICAL_DELIM_JOIN" {
		right = forgetOuter(right)
	}
	left, err := left.picked(op.LeftProjectionMap)
	if err != nil {
		return nil, err
	}
	if right, err = right.picked(op.RightProjectionMap); err != nil {
		return nil, err
	}
	rows := left.rows.with(right.rows).with(compared.in(asJoin, rowsOnly))
	switch op.JoinType {
	case "INNER", "LEFT", "RIGHT", "FULL":
		if op.Type == "LOGICAL_DELIM_JOIN" && right.one && len(compared) == 0 {
			return both(left, right.seeing(right.rows), left.rows), nil
		}
		return both(left, right, rows), nil
	case "SEMI", "ANTI":
		return &relation{columns: left.columns, bindings: left.bindings, rows: rows}, nil
	case "SINGLE": // a scalar subquery: its rows decide what its column sees, and no row of the left
		more := right.rows.with(compared.in(asJoin, rowsOnly))
		return both(left, right.seeing(more), left.rows), nil
	case "MARK": // IN and EXISTS: a column that says whether there is one
		mark := value{uses: compared.raised(transformed).with(right.rows)}
		return &relation{
			columns:  append(slices.Clone(left.columns), mark),
			bindings: append(slices.Clone(left.bindings), binding{op.MarkIndex, 0}),
			rows:     left.rows,
		}, nil
	}
	return nil, fmt.Errorf("the join %s is not known", op.JoinType)
}

// cross is a cross product. A side that always has one row, such as a scalar subquery,
// decides no row of the other side.
func cross(left, right *relation) *relation {
	rows := left.rows.with(right.rows)
	switch {
	case right.one:
		right, rows = right.seeing(right.rows), left.rows
	case left.one:
		left, rows = left.seeing(left.rows), right.rows
	}
	out := both(left, right, rows)
	out.one = left.one && right.one
	return out
}

// both has the columns of both sides.
func both(left, right *relation, rows uses) *relation {
	return &relation{
		columns:  slices.Concat(left.columns, right.columns),
		bindings: slices.Concat(left.bindings, right.bindings),
		rows:     rows,
	}
}

// seeing is a relation whose columns depend on what decides its rows.
func (r *relation) seeing(rows uses) *relation {
	columns := make([]value, len(r.columns))
	for i, v := range r.columns {
		columns[i] = v.adding(rows)
	}
	return r.with(columns, r.bindings)
}

// forgetOuter ends a correlated subquery: its columns are ordinary ones from here on.
func forgetOuter(r *relation) *relation {
	columns := slices.Clone(r.columns)
	for i := range columns {
		columns[i].outer = 0
	}
	return r.with(columns, r.bindings)
}

// setOperation walks UNION, INTERSECT and EXCEPT. UNION BY NAME has become one by number.
func (w *walker) setOperation(op *operator) (*relation, error) {
	if len(op.Children) < 2 {
		return nil, children(op, 2)
	}
	out := &relation{}
	for i := range op.Children {
		side, err := w.operator(&op.Children[i])
		if err != nil {
			return nil, err
		}
		if len(side.columns) != op.ColumnCount {
			return nil, fmt.Errorf("a side of %s has %d columns, want %d", op.Type, len(side.columns), op.ColumnCount)
		}
		out.rows = out.rows.with(side.rows)
		if op.Type != "LOGICAL_UNION" {
			out.rows = out.rows.with(merge(side.columns).in(asFilter, rowsOnly))
		}
		out.take(side.columns, i == 0, op.Type == "LOGICAL_EXCEPT")
	}
	out.bindings = numbered(op.TableIndex, op.ColumnCount)
	return out, nil
}

// take adds the columns of a further side; after the first, EXCEPT takes none.
func (r *relation) take(columns []value, first, except bool) {
	if first {
		r.columns = slices.Clone(columns)
		return
	}
	for i := range r.columns {
		if !except {
			r.columns[i] = r.columns[i].or(columns[i])
		}
	}
}
