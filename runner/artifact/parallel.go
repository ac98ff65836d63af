package artifact

import (
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"
)

// batch is how many items are worked on before what came of them is taken: enough that
// nobody waits long, few enough that little is in memory.
const batch = 512

// inOrder calls make for each item, on all cores, and take with what came of each, in
// their order and one after the other. It ends at the first error.
func inOrder[T, U any](items []T, make func(T) (U, error), take func(T, U)) error {
	for some := range slices.Chunk(items, batch) {
		out, err := onAllCores(some, make)
		if err != nil {
			return err
		}
		for i, item := range some {
			take(item, out[i])
		}
	}
	return nil
}

func onAllCores[T, U any](items []T, work func(T) (U, error)) ([]U, error) {
	const step = 16
	out := make([]U, len(items))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for from := 0; from < len(items); from += step {
		group.Go(func() (err error) {
			for i := from; i < min(from+step, len(items)) && err == nil; i++ {
				out[i], err = work(items[i])
			}
			return err
		})
	}
	return out, group.Wait()
}
