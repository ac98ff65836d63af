package runner

import (
	"context"
	"errors"
	"time"

	"elt/compiler/diag"
)

// limited does the work of a node within its timeout: a config of seconds ("timeout: 90")
// or of a duration ("timeout: 10m"). Without one there is no limit.
func limited(ctx context.Context, n *nodeRun, work func(context.Context) error) error {
	limit, err := timeoutOf(n)
	if err != nil {
		return err
	}
	if limit == 0 {
		return work(ctx)
	}
	inner, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err = work(inner)
	if err != nil && ctx.Err() == nil && errors.Is(inner.Err(), context.DeadlineExceeded) {
		d := diag.New(diag.Timeout, n.node.Place, "%q was stopped: it took longer than its timeout of %v", n.node.Name, limit).
			WithHint("raise its timeout, or look at why it takes so long")
		d.Node, d.Err = n.node.UniqueID, err
		return d
	}
	return err
}

// timeoutOf reads a node's timeout; 0 for none.
func timeoutOf(n *nodeRun) (time.Duration, error) {
	v, ok := n.node.Config.Get("timeout")
	if !ok || v.Value == nil {
		return 0, nil
	}
	var limit time.Duration
	var err error
	switch x := v.Value.(type) {
	case int64:
		limit = time.Duration(x) * time.Second
	case float64:
		limit = time.Duration(x * float64(time.Second))
	case string:
		limit, err = time.ParseDuration(x)
	}
	if err != nil || limit <= 0 {
		place := v.Place
		if place.IsZero() {
			place = n.node.Place
		}
		return 0, diag.New(diag.WrongType, place, "%q is no timeout", "timeout").
			WithHint("give seconds (90) or a duration (10m)")
	}
	return limit, nil
}
