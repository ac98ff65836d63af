package lineage

import "fmt"

// cteRef walks a reference to a common table expression.
func (w *walker) cteRef(op *operator) (*relation, error) {
	c, ok := w.ctes[op.CTEIndex]
	if !ok {
		return nil, fmt.Errorf("the common table expression %d is not known", op.CTEIndex)
	}
	if c.done == nil {
		if c.open {
			return nil, fmt.Errorf("the common table expression %d reads itself", op.CTEIndex)
		}
		c.open = true
		outer := w.outer
		w.outer = c.outer
		done, err := w.operator(c.body)
		w.outer = outer
		if err != nil {
			return nil, err
		}
		c.done = done
	}
	if len(c.done.columns) != len(op.ChunkTypes) {
		return nil, fmt.Errorf("a common table expression has %d columns and is read with %d", len(c.done.columns), len(op.ChunkTypes))
	}
	return &relation{columns: c.done.columns, bindings: numbered(op.TableIndex, len(op.ChunkTypes)), rows: c.done.rows, one: c.done.one}, nil
}

// recursive walks a recursive common table expression: its second part reads what both
// parts have made so far, until nothing is added. Uses only grow and are finite.
func (w *walker) recursive(op *operator) (*relation, error) {
	if err := children(op, 2); err != nil {
		return nil, err
	}
	start, err := w.operator(&op.Children[0])
	if err != nil {
		return nil, err
	}
	if len(start.columns) != op.ColumnCount {
		return nil, fmt.Errorf("a recursive query begins with %d columns, want %d", len(start.columns), op.ColumnCount)
	}
	so := &relation{bindings: numbered(op.TableIndex, op.ColumnCount), rows: start.rows}
	so.take(start.columns, true, false)
	for {
		w.ctes[op.TableIndex] = &cte{done: so}
		step, err := w.operator(&op.Children[1])
		if err != nil {
			return nil, err
		}
		if len(step.columns) != op.ColumnCount {
			return nil, fmt.Errorf("a recursive query goes on with %d columns, want %d", len(step.columns), op.ColumnCount)
		}
		next := &relation{bindings: so.bindings, rows: so.rows.with(step.rows)}
		next.take(so.columns, true, false)
		next.take(step.columns, false, false)
		if next.same(so) {
			break
		}
		so = next
	}
	targets, err := w.each(op.KeyTargets, so)
	if err != nil {
		return nil, err
	}
	if !op.UnionAll && len(targets) == 0 {
		targets = so.columns
	}
	for _, target := range targets {
		if target.outer == 0 {
			so.rows = so.rows.with(target.uses.in(asGroup, rowsOnly))
		}
	}
	return so, nil
}

// same reports whether two relations use the same. Parts follow the uses.
func (r *relation) same(other *relation) bool {
	if !r.rows.equal(other.rows) {
		return false
	}
	for i := range r.columns {
		if !r.columns[i].uses.equal(other.columns[i].uses) {
			return false
		}
	}
	return true
}
