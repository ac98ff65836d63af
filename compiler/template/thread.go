package template

import (
	"context"
	"fmt"
	"runtime/metrics"
	"time"

	"elt/compiler/diag"
)

// The limits of a rendering, where none are given.
const (
	defaultSteps  = 50_000_000
	defaultOutput = 256 << 20
	defaultDepth  = 1000
	defaultMemory = 4 << 30
	defaultTime   = 5 * time.Minute
)

// How many steps lie between looks at the clock, and at the memory: powers of two.
const (
	clockSteps  = 1 << 10
	memorySteps = 1 << 14
)

// threadState is what the engine keeps about a thread.
type threadState struct {
	steps  int
	output int
	stack  []StackFrame
	free   []*buffer
	busy   time.Duration // spent computing, as far as it has been measured
	looked time.Time     // at the clock

	returnPlace diag.Place // of the last return() outside of a macro
}

// StackFrame is one call that is under way.
type StackFrame struct {
	Name  string     // of what is called
	Place diag.Place // of the call
}

// NewThread returns a thread with the default limits. ctx may be nil.
func NewThread(ctx context.Context) *Thread {
	if ctx == nil {
		ctx = context.Background()
	}
	return &Thread{Ctx: ctx}
}

// Place returns the place of the innermost call that is under way, or the zero place.
func (th *Thread) Place() diag.Place {
	if n := len(th.stack); n > 0 {
		return th.stack[n-1].Place
	}
	return diag.Place{}
}

// Stack returns the calls that are under way, innermost last, as a copy.
func (th *Thread) Stack() []StackFrame { return append([]StackFrame(nil), th.stack...) }

func limit(have, otherwise int) int {
	if have > 0 {
		return have
	}
	return otherwise
}

// step counts one evaluated statement or element.
func (th *Thread) step() error {
	th.steps++
	if th.steps&(clockSteps-1) == 0 {
		if err := th.look(); err != nil {
			return err
		}
	}
	if n := limit(th.Limits.Steps, defaultSteps); th.steps > n {
		return fmt.Errorf("the template did not end within %d steps", n)
	}
	return nil
}

// look checks what is not counted in steps: that the rendering is still wanted, its time
// and the memory.
func (th *Thread) look() error {
	if th.Ctx != nil && th.Ctx.Err() != nil {
		return context.Cause(th.Ctx)
	}
	now := time.Now()
	if !th.looked.IsZero() {
		th.busy += min(now.Sub(th.looked), time.Second)
	}
	th.looked = now
	most := th.Limits.Time
	if most <= 0 {
		most = defaultTime
	}
	if th.busy > most {
		return fmt.Errorf("the template did not end within %s", most)
	}
	if th.steps&(memorySteps-1) != 0 {
		return nil
	}
	heap := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(heap)
	if most := limit(th.Limits.Memory, defaultMemory); heap[0].Value.Uint64() > uint64(most) {
		return fmt.Errorf("the template takes more than %d bytes of memory", most)
	}
	return nil
}

// spend counts the steps of work that visits the elements of a value: less than one an
// element, since no expression is evaluated.
func (th *Thread) spend(v Value) error {
	const perStep, textPerStep = 8, 512
	n := 0
	switch x := v.(type) {
	case string:
		n = len(x) / textPerStep
	case Lener:
		n = x.Len() / perStep
	case *List:
		n = len(x.Elems) / perStep
	case Tuple:
		n = len(x) / perStep
	}
	before := th.steps
	th.steps += n
	if before/clockSteps == th.steps/clockSteps {
		return nil
	}
	th.steps-- // step counts it again
	if err := th.look(); err != nil {
		return err
	}
	return th.step()
}

// wrote counts bytes of text.
func (th *Thread) wrote(n int) error {
	th.output += n
	if most := limit(th.Limits.Output, defaultOutput); th.output > most {
		return fmt.Errorf("the template makes more than %d bytes of text", most)
	}
	return nil
}

// push notes a call; the caller pops it.
func (th *Thread) push(name string, at diag.Place) error {
	if n := limit(th.Limits.Depth, defaultDepth); len(th.stack) >= n {
		return fmt.Errorf("calls are nested more than %d deep", n)
	}
	if err := th.step(); err != nil {
		return err
	}
	th.stack = append(th.stack, StackFrame{name, at})
	return nil
}

func (th *Thread) pop() { th.stack = th.stack[:len(th.stack)-1] }

// buffer returns an empty buffer for captured text.
func (th *Thread) buffer() *buffer {
	if n := len(th.free); n > 0 {
		b := th.free[n-1]
		th.free = th.free[:n-1]
		return b
	}
	return &buffer{}
}

// release takes a buffer back and returns its text.
func (th *Thread) release(b *buffer) string {
	s := string(b.text)
	const keep = 64 << 10
	if cap(b.text) <= keep {
		b.text = b.text[:0]
		th.free = append(th.free, b)
	}
	return s
}
