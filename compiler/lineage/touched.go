package lineage

// OnlyOwnRows reports whether the first column of a query, computed from some rows of a table alone, has
// the values that it has in all rows of the result which these rows of the table have a part in. So it is
// where each row of the result is made of one row of the table, or of those of one group and
// the column of what they are grouped by. It is not so where rows act on others: in a window, under a
// LIMIT, where the table is joined with itself. A plan that does not tell is one where it is not.
func OnlyOwnRows(plan []byte, table Source) bool {
	root, err := parsePlan(plan)
	if err != nil {
		return false
	}
	w := newWalker()
	result, err := w.operator(root)
	if err != nil || len(result.columns) == 0 {
		return false
	}
	for _, edge := range w.edges(result.columns[0].uses) {
		if edge.Kind == Aggregated {
			return false
		}
	}
	f := &following{table: table, ctes: map[uint64]share{}}
	of := f.operator(root)
	return of == ofRows || of == ofGroups
}

// share is how the rows of an operator are made of those of the table.
type share int

const (
	ofNone   share = iota // the table has no part in them
	ofRows                // each is made of one row of the table
	ofGroups              // or of those of a group
	ofOthers              // or nobody knows
)

// following follows a table up through a plan.
type following struct {
	table Source
	ctes  map[uint64]share
}

func (f *following) operator(op *operator) share {
	of := make([]share, len(op.Children))
	for i := range op.Children {
		if of[i] = f.operator(&op.Children[i]); of[i] == ofOthers {
			return ofOthers
		}
		if op.Type == "LOGICAL_MATERIALIZED_CTE" && i == 0 {
			f.ctes[op.TableIndex] = of[0]
		}
	}
	switch {
	case op.Type == "LOGICAL_GET" && len(of) == 0:
		if data := op.FunctionData; data != nil && data.Catalog == f.table.Catalog && data.Schema == f.table.Schema && data.Table == f.table.Table {
			return ofRows
		}
		return ofNone
	case op.Type == "LOGICAL_CTE_REF":
		return f.ctes[op.CTEIndex]
	case op.Type == "LOGICAL_MATERIALIZED_CTE" && len(of) == 2:
		return of[1]
	case op.Type == "LOGICAL_UNION":
		return union(of)
	case len(of) == 2:
		return joinedShare(op, of[0], of[1])
	case len(of) == 1:
		return unaryShare(op, of[0])
	}
	return union(of) // nothing below it, or nothing that is known
}

// union is the share of rows that come from several sides.
func union(of []share) share {
	out := ofNone
	for _, one := range of {
		out = max(out, one)
	}
	return out
}

func unaryShare(op *operator, below share) share {
	if below == ofNone {
		return ofNone
	}
	switch op.Type {
	case "LOGICAL_PROJECTION", "LOGICAL_ORDER_BY", "LOGICAL_UNNEST":
		return below
	case "LOGICAL_GET": // a function that is called for each row
		return below
	case "LOGICAL_FILTER": // of a group it asks for what all its rows have made
		if below == ofRows && !limitsAny(op) {
			return below
		}
	case "LOGICAL_AGGREGATE_AND_GROUP_BY":
		if below == ofRows && len(op.Groups) > 0 && len(op.GroupingSets) <= 1 {
			return ofGroups
		}
	case "LOGICAL_DISTINCT": // else it picks one row of several
		child := &op.Children[0]
		if op.OrderBy == nil && child.Type == "LOGICAL_PROJECTION" && len(child.Expressions.list()) == len(op.DistinctTargets) {
			return below
		}
	}
	return ofOthers
}

func limitsAny(op *operator) bool {
	for i := range op.Expressions.list() {
		if limitsCorrelated(&op.Expressions.list()[i]) {
			return true
		}
	}
	return false
}

// joinedShare is the share of the rows of a join, of which one side may be made of the table. What is
// computed of a group may decide which rows it meets, so groups are joined by nothing.
func joinedShare(op *operator, left, right share) share {
	if left == ofNone && right == ofNone {
		return ofNone
	}
	if left != ofNone && right != ofNone || max(left, right) == ofGroups || op.Flipped {
		return ofOthers
	}
	switch op.Type {
	case "LOGICAL_CROSS_PRODUCT":
		return ofRows
	case "LOGICAL_COMPARISON_JOIN", "LOGICAL_ANY_JOIN", "LOGICAL_ASOF_JOIN", "LOGICAL_DELIM_JOIN":
	default:
		return ofOthers
	}
	switch op.JoinType {
	case "INNER":
		if left == ofRows || op.Type == "LOGICAL_COMPARISON_JOIN" || op.Type == "LOGICAL_ANY_JOIN" {
			return ofRows
		}
	case "LEFT", "SEMI", "ANTI", "MARK", "SINGLE":
		if left == ofRows {
			return ofRows
		}
	case "RIGHT":
		if right == ofRows && op.Type != "LOGICAL_DELIM_JOIN" {
			return ofRows
		}
	}
	return ofOthers
}
