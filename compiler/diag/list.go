package diag

import (
	"errors"
	"slices"
	"strings"
)

// List is a set of diagnostics that is itself an error. Keep it sorted with
// [List.Sorted] before it is shown.
type List []*Diagnostic

// Error returns one line a diagnostic.
func (l List) Error() string {
	lines := make([]string, len(l))
	for i, d := range l {
		lines[i] = d.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the diagnostics as errors, for errors.Is and errors.As.
func (l List) Unwrap() []error {
	errs := make([]error, len(l))
	for i, d := range l {
		errs[i] = d
	}
	return errs
}

// HasErrors reports whether any diagnostic is an error rather than a warning.
func (l List) HasErrors() bool {
	return slices.ContainsFunc(l, func(d *Diagnostic) bool { return d.Severity == Error })
}

// Err returns the list as an error where it holds an error, else nil.
func (l List) Err() error {
	if l.HasErrors() {
		return l
	}
	return nil
}

// Errors returns the diagnostics that are errors, in the same order.
func (l List) Errors() List { return l.only(Error) }

// Warnings returns the diagnostics that are warnings, in the same order.
func (l List) Warnings() List { return l.only(Warning) }

func (l List) only(s Severity) List {
	var out List
	for _, d := range l {
		if d.Severity == s {
			out = append(out, d)
		}
	}
	return out
}

// Sorted returns the diagnostics ordered by file, offset and message, each once.
func (l List) Sorted() List {
	out := slices.Clone(l)
	slices.SortStableFunc(out, compare)
	return slices.CompactFunc(out, func(a, b *Diagnostic) bool {
		return compare(a, b) == 0 && a.Severity == b.Severity && a.Code == b.Code
	})
}

func compare(a, b *Diagnostic) int {
	pa, pb := "", ""
	if a.Place.Source != nil {
		pa = a.Place.Source.Path
	}
	if b.Place.Source != nil {
		pb = b.Place.Source.Path
	}
	if c := strings.Compare(pa, pb); c != 0 {
		return c
	}
	if c := a.Place.Span.Start - b.Place.Span.Start; c != 0 {
		return c
	}
	return strings.Compare(a.Message, b.Message)
}

// From returns the diagnostics an error holds. An error that holds none becomes
// one diagnostic of the given code without a place, so that nothing is lost; nil
// gives nil.
func From(err error, code Code) List {
	if err == nil {
		return nil
	}
	var l List
	if errors.As(err, &l) {
		return l
	}
	var d *Diagnostic
	if errors.As(err, &d) {
		return List{d}
	}
	return List{{Code: code, Message: err.Error(), Err: err}}
}
