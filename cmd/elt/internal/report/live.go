package report

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner"
)

// live writes the lines of plain above a few status lines that are redrawn in place.
// Text is gathered and written together with the next redraw, so that a thousand
// small nodes cost ten writes a second.
type live struct {
	*plain

	mu      sync.Mutex
	pending strings.Builder // finished lines, not yet written
	running []running
	begun   time.Time
	done    int
	total   int
	// publishing is how many nodes become visible now.
	publishing int
	drawn      int // status lines on the screen now
	stop       chan struct{}
	stopped    sync.WaitGroup
}

type running struct {
	node *project.Node
	at   time.Time
}

const (
	redraw     = 100 * time.Millisecond
	maxRunning = 8 // running nodes shown at once
	hideCursor = "\x1b[?25l"
	showCursor = "\x1b[?25h"
)

func newLive(p *plain) *live { return &live{plain: p} }

// Observe keeps what the status lines show and queues the lines of plain.
func (l *live) Observe(e runner.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch e := e.(type) {
	case runner.RunStarted:
		l.start(e)
		l.begun, l.total = l.opts.Now(), len(e.Nodes)
		l.pending.WriteString(hideCursor + l.headline(e))
		l.startTicking()
	case runner.Unchanged:
		l.say(unchanged(e))
	case runner.NodeStarted:
		l.running = append(l.running, running{e.Node, l.opts.Now()})
	case runner.NodeFinished:
		l.done++
		l.running = slices.DeleteFunc(l.running, func(r running) bool { return r.node == e.Result.Node })
		l.pending.WriteString(l.line(e.Result))
	case runner.Publishing:
		l.publishing = e.Nodes
	case runner.Published:
		l.publishing = 0
	case runner.Noticed:
		l.fault = l.fault || e.Diagnostic.Severity == diag.Error
		l.pending.WriteString(l.notice(e.Diagnostic))
	case runner.RunFinished:
		l.finish()
		l.say(l.ending(e.Summary))
	}
}

// Diagnostics writes diagnostics above the status lines.
func (l *live) Diagnostics(list diag.List) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.erase()
	l.plain.Diagnostics(list)
}

// Interrupted tells the person that the interrupt was heard.
func (l *live) Interrupted() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.erase()
	l.say(showCursor) // a second interrupt ends the process at once
	l.plain.Interrupted()
}

// Close takes the status lines away, gives the cursor back and writes the error.
func (l *live) Close(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.finish()
	l.plain.Close(err)
}

// startTicking redraws until finish. The caller holds the lock.
func (l *live) startTicking() {
	l.stop = make(chan struct{})
	l.stopped.Add(1)
	go func(stop chan struct{}) {
		defer l.stopped.Done()
		t := time.NewTicker(redraw)
		defer t.Stop()
		for {
			select {
			case <-stop:
				return
			case <-t.C:
				l.mu.Lock()
				l.draw()
				l.mu.Unlock()
			}
		}
	}(l.stop)
}

// finish stops the redraws, writes what is pending and gives the cursor back. The
// caller holds the lock; it is given away for a moment. It may be called twice.
func (l *live) finish() {
	if l.stop == nil {
		return
	}
	close(l.stop)
	l.stop = nil
	l.mu.Unlock()
	l.stopped.Wait()
	l.mu.Lock()
	l.erase()
	l.say(showCursor)
}

// erase takes the status lines away and writes what is pending.
func (l *live) erase() {
	l.say(l.clearance() + l.pending.String())
	l.pending.Reset()
	l.drawn = 0
}

// draw writes what is pending and the status lines, in one write.
func (l *live) draw() {
	if l.stop == nil {
		return
	}
	lines := l.status()
	text := l.clearance() + l.pending.String() + strings.Join(lines, "\n") + "\n"
	l.pending.Reset()
	l.drawn = len(lines)
	l.say(text)
}

// clearance moves the cursor up over the status lines and clears what is below.
func (l *live) clearance() string {
	if l.drawn == 0 {
		return ""
	}
	return fmt.Sprintf("\r\x1b[%dA\x1b[J", l.drawn)
}

// status is the status lines: what runs now, and how far the run is.
func (l *live) status() []string {
	now, room := l.opts.Now(), l.opts.Width-1
	var lines []string
	for i, r := range l.running {
		if i == maxRunning {
			lines = append(lines, fmt.Sprintf("  …      and %d more", len(l.running)-i))
			break
		}
		text := fmt.Sprintf("  %s  %s  %s", pad("…", statusWidth), pad(kind(r.node), l.layout.kind), label(r.node))
		since := Elapsed(now.Sub(r.at).Truncate(100 * time.Millisecond))
		lines = append(lines, l.style.Blue(pad(clip(text, room-10), room-10))+l.style.Dim(padLeft(since, 9)))
	}
	foot := fmt.Sprintf("  %s of %s done, %d running, %s", Count(int64(l.done)), Count(int64(l.total)), len(l.running), Elapsed(now.Sub(l.begun)))
	if l.publishing > 0 {
		foot = fmt.Sprintf("  %s of %s done, publishing %s, %s", Count(int64(l.done)), Count(int64(l.total)), Count(int64(l.publishing)), Elapsed(now.Sub(l.begun)))
	}
	return append(lines, l.style.Bold(clip(foot, room)))
}
