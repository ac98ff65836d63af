package artifact

import (
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"
)

// batch is how many items one goroutine works on at a time: enough that nobody waits for the
// others, few enough that little is in memory.
const batch = 64

// piece is what came of one batch of items.
type piece struct {
	text []byte
	err  error
}

// inOrder calls add for each item, on all cores, which appends a text to a buffer, and
// gives the texts to take, in the order of the items. It ends at the first error.
func inOrder[T any](items []T, add func(buffer []byte, item T) ([]byte, error), take func(text []byte)) error {
	workers := min(runtime.GOMAXPROCS(0), (len(items)+batch-1)/batch)
	buffers := make(chan []byte, 2*workers) // as many batches are done and not taken at most
	for range 2 * workers {
		buffers <- nil
	}
	done := make(chan chan piece, 2*workers)
	work := make(chan func(), workers)
	for range workers {
		go func() {
			for one := range work {
				one()
			}
		}()
	}
	go func() {
		defer close(done)
		defer close(work)
		for start := 0; start < len(items); start += batch {
			some, buffer, out := items[start:min(start+batch, len(items))], <-buffers, make(chan piece, 1)
			done <- out
			work <- func() { out <- addAll(buffer[:0], some, add) }
		}
	}()
	var failed error
	for out := range done {
		one := <-out
		if failed == nil && one.err == nil {
			take(one.text)
		} else if failed == nil {
			failed = one.err
		}
		buffers <- one.text
	}
	return failed
}

func addAll[T any](buffer []byte, items []T, add func([]byte, T) ([]byte, error)) piece {
	for _, item := range items {
		var err error
		if buffer, err = add(buffer, item); err != nil {
			return piece{buffer, err}
		}
	}
	return piece{buffer, nil}
}

// onAllCores calls work for each item, on all cores. It returns the first error.
func onAllCores[T any](items []T, work func(T) error) error {
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for some := range slices.Chunk(items, batch) {
		group.Go(func() error {
			for _, item := range some {
				if err := work(item); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}
