package dbtcontext

import (
	"fmt"
	"time"

	"elt/compiler/template"
)

// Freshness is what a macro collect_freshness answers: when the newest row came, zero where there is none,
// and when that was found out.
type Freshness struct{ LoadedAt, LookedAt time.Time }

// FreshnessOf reads what collect_freshness returns: the result of a statement, or a table, of one row of two
// times.
func FreshnessOf(v template.Value) (Freshness, error) {
	if d, ok := v.(*template.Dict); ok {
		v, _ = d.Get("table")
	}
	t, ok := v.(*tableObject)
	if !ok || len(t.rows) != 1 || len(t.names) != 2 {
		return Freshness{}, fmt.Errorf("the macro has to return the result of a statement with one row of max_loaded_at and snapshotted_at, not %s", template.TypeName(v))
	}
	var out Freshness
	for i, at := range []*time.Time{&out.LoadedAt, &out.LookedAt} {
		switch cell := t.rows[0].values[i].(type) {
		case *datetimeValue:
			if *at = cell.t; cell.zone != nil { // else it is UTC
				*at = cell.instant()
			}
		case nil:
		default:
			return out, fmt.Errorf("%s is %s, not a timestamp", t.names[i], template.TypeName(cell))
		}
	}
	return out, nil
}
