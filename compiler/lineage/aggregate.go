package lineage

import "maps"

// choosers are aggregates whose result is one of their first arguments, as a whole.
var choosers = map[string]bool{
	"first": true, "last": true, "any_value": true, "arbitrary": true,
	"arg_max": true, "arg_min": true, "max_by": true, "min_by": true, "argmax": true, "argmin": true,
	"arg_max_null": true, "arg_min_null": true, "arg_max_nulls_last": true, "arg_min_nulls_last": true,
}

// aggregateCall walks sum(x order by y) filter (where z): all of it is aggregated.
func (w *walker) aggregateCall(e *expression, in *relation) (value, error) {
	arguments, err := w.each(e.Children, in)
	if err != nil {
		return value{}, err
	}
	filter, err := w.uses(in, e.Filter)
	if err != nil {
		return value{}, err
	}
	more := filter.in(asFilter, aggregated)
	if e.Sorted != nil {
		sorted, err := w.orders(e.Sorted.Orders, in)
		if err != nil {
			return value{}, err
		}
		more = more.with(sorted.in(asSort, aggregated))
	}
	return gathered(e.Name, arguments, more, aggregated), nil
}

// gathered is the result of an aggregate or window function. A struct that is chosen among
// many, or put into a list with others, stays known by its fields.
func gathered(name string, arguments []value, more uses, at level) value {
	out := value{uses: merge(arguments).raised(at).with(more)}
	if len(arguments) == 0 || arguments[0].parts == nil {
		return out
	}
	chosen := arguments[0].over(func(u uses) uses { return u.raised(at).with(merge(arguments[1:]).raised(at)).with(more) })
	switch {
	case choosers[name] && len(arguments) <= 2:
		out.parts = maps.Clone(chosen.parts)
	case name == "list" || name == "array_agg":
		out.parts = map[string]value{element: chosen}
	}
	return out
}

// choosingWindows are window functions whose result is their argument in another row.
var choosingWindows = map[string]bool{
	"WINDOW_FIRST_VALUE": true, "WINDOW_LAST_VALUE": true, "WINDOW_NTH_VALUE": true, "WINDOW_LEAD": true, "WINDOW_LAG": true,
}

func (w *walker) window(e *expression, in *relation) (value, error) {
	arguments, err := w.each(e.Children, in)
	if err != nil {
		return value{}, err
	}
	at, name := transformed, "first"
	if e.Type == "WINDOW_AGGREGATE" {
		at, name = aggregated, e.Name
	} else if !choosingWindows[e.Type] {
		name = ""
	}
	around, err := w.around(e, in)
	if err != nil {
		return value{}, err
	}
	values, err := w.uses(in, e.Offset, e.Default)
	if err != nil {
		return value{}, err
	}
	filter, err := w.uses(in, e.Filters)
	if err != nil {
		return value{}, err
	}
	sorted, err := w.orders(e.ArgOrders, in)
	if err != nil {
		return value{}, err
	}
	more := around.in(asWindow, transformed).with(values.raised(at)).
		with(filter.in(asFilter, at)).with(sorted.in(asSort, at))
	return gathered(name, arguments, more, at), nil
}

// around is what a window is partitioned, ordered and bounded by.
func (w *walker) around(e *expression, in *relation) (uses, error) {
	partitions, err := w.each(e.Partitions, in)
	if err != nil {
		return nil, err
	}
	var all uses
	for _, v := range partitions {
		if v.outer == 0 {
			all = all.with(v.uses)
		}
	}
	orders, err := w.orders(e.Orders, in)
	if err != nil {
		return nil, err
	}
	bounds, err := w.uses(in, e.Start, e.End)
	return all.with(orders).with(bounds), err
}

// scalarSubquery recognises what DuckDB makes of a scalar subquery that is not correlated:
// case when count(*) > 1 then error(...) else first(x) end. It returns the aggregate.
func scalarSubquery(op *operator) *operator {
	below := &op.Children[0]
	list := op.Expressions.list()
	if below.Type != "LOGICAL_AGGREGATE_AND_GROUP_BY" || len(below.Groups) > 0 || len(below.Children) != 1 || len(list) != 1 {
		return nil
	}
	calls := below.Expressions.list()
	if len(calls) != 2 || calls[0].Name != "first" || len(calls[0].Children) != 1 || calls[1].Name != "count_star" {
		return nil
	}
	if e := &list[0]; e.Class != "BOUND_CASE" || len(e.Checks) != 1 || e.Checks[0].Then.Name != "error" {
		return nil
	}
	return below
}

// scalar walks the query within a scalar subquery: one row, with its value as it is.
func (w *walker) scalar(op, aggregate *operator) (*relation, error) {
	inner, err := w.operator(&aggregate.Children[0])
	if err != nil {
		return nil, err
	}
	v, err := w.expression(&aggregate.Expressions.list()[0].Children[0], inner)
	return &relation{columns: []value{v}, bindings: numbered(op.TableIndex, 1), rows: inner.rows, one: true}, err
}
