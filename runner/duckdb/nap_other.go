//go:build !linux

package duckdb

import "time"

// nap waits a moment.
func nap(d time.Duration) { time.Sleep(d) }
