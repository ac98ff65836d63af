// Package report is what a person, a pipeline or a CI system sees of elt.
//
// The rules of the terminal:
//
//   - Standard output carries results and nothing else: compiled SQL, rows, lists,
//     JSON. Standard error carries progress, warnings and errors.
//   - Messages begin in lower case and have no full stop. A message says what is
//     wrong; a hint, on its own line, says what to do.
//   - On a terminal a few status lines move at the bottom, at most ten times a
//     second, and are gone when the command ends; the cursor always comes back.
//     Anywhere else a finished node is one line, and nothing moves.
//   - Colour adds, it never carries meaning alone: FORCE_COLOR switches it on,
//     NO_COLOR and TERM=dumb switch it off, else it is on on a terminal.
//   - What follows from another failure is one line, not a wall.
//   - Text that comes from data or files never reaches the terminal as control
//     characters.
//
// The package turns events of [elt/runner], diagnostics and rows into text. It
// decides nothing and asks nothing. [New] gives the [Reporter] of a run;
// [WriteDiagnostics] and [WriteTable] serve the other commands.
package report

import (
	"io"
	"time"

	"elt/compiler/diag"
	"elt/runner"
)

// Format is how a run is reported.
type Format string

// The formats.
const (
	Text Format = "text" // for people
	JSON Format = "json" // JSON Lines on standard output
)

// Level is how much is said: what is less severe is left out. The words are those of dbt's
// --log-level.
type Level int

// The levels.
const (
	Debug   Level = iota - 1 // also what is only of use to find a mistake
	Info                     // what happens
	Warn                     // warnings and what goes wrong
	Failure                  // what goes wrong
	Nothing                  // not even that
)

// Options say where and how to report. Out and Err are required.
type Options struct {
	Out    io.Writer // results
	Err    io.Writer // progress, warnings, errors
	Format Format
	Live   bool // Err is a terminal whose lines can be redrawn
	Colour bool
	Level  Level            // how much to say; the zero value is Info
	Width  int              // columns of the terminal; 0 for 80
	Now    func() time.Time // nil for time.Now
}

// Reporter tells what happens in a command. It is used by one goroutine, except for
// Interrupted, which may be called from any.
type Reporter interface {
	runner.Observer
	// Diagnostics reports what was found before or beside a run.
	Diagnostics(diag.List)
	// Interrupted says that a first interrupt was received and work is winding down.
	Interrupted()
	// Close ends the report: err is what ended the command, nil when it succeeded or
	// when everything was told already. The terminal is as it was before.
	Close(err error)
}

// New returns the reporter that the options ask for.
func New(o Options) Reporter {
	if o.Width <= 0 {
		o.Width = defaultWidth
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	p := &plain{opts: o, style: Style{On: o.Colour}}
	switch {
	case o.Format == JSON:
		return newJSON(o)
	case o.Level >= Nothing:
		return silent{}
	case o.Level > Info:
		return &quiet{plain: p, warnings: o.Level == Warn}
	case o.Live:
		return newLive(p)
	}
	return p
}

const defaultWidth = 80
