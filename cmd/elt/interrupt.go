package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// stopTime is how long elt takes to stop after an interrupt, at most: less than the two
// seconds that are promised.
const stopTime = 1700 * time.Millisecond

// interruptible returns a context that ends with the first interrupt, so that work
// winds down and says what was done. What has not ended soon after is left as it is, as
// by a kill, which a build withstands. The second interrupt leaves at once. soon is [stopTime], but for
// tests of what is said when all has wound down, however slow the machine is.
func interruptible(exit func(code int), stderr io.Writer, soon time.Duration) context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		select {
		case <-signals:
		case <-time.After(soon):
			io.WriteString(stderr, "interrupted: what was running did not stop and was left; elt history says how far it came\n")
		}
		exit(exitInterrupted)
	}()
	return ctx
}
