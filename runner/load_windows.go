package runner

import "time"

// processTime is not asked for on Windows: units run beside each other there however
// busy the cores are.
func processTime() (time.Duration, bool) { return 0, false }
