package diag

import (
	"slices"
	"strings"
)

// Warnings says what becomes of warnings: dbt's warn_error_options. A warning is named by
// its code, by dbt's name for it ([Diagnostic.Event]) or, if it is a deprecation, by
// "Deprecations". The zero value leaves all of them warnings. What names a warning itself
// counts more than "Deprecations", and that more than All; among equals silence counts more than warn,
// and warn more than error, as in dbt.
type Warnings struct {
	All     bool     // every warning that is not named is an error
	Error   []string // are errors
	Warn    []string // stay warnings
	Silence []string // are not reported
}

// deprecations is the name that stands for every deprecation of dbt.
const deprecations = "Deprecations"

// IsZero reports whether nothing is asked for.
func (w Warnings) IsZero() bool {
	return !w.All && len(w.Error)+len(w.Warn)+len(w.Silence) == 0
}

// Silences reports whether a warning is not reported.
func (w Warnings) Silences(code Code, event string) bool {
	return w.decide(code, event) == silenced
}

// Errors reports whether a warning is an error.
func (w Warnings) Errors(code Code, event string) bool {
	return w.decide(code, event) == raised
}

type fate int

const (
	kept fate = iota
	raised
	silenced
)

func (w Warnings) decide(code Code, event string) fate {
	named := func(list []string) bool {
		return slices.Contains(list, string(code)) || event != "" && slices.Contains(list, event)
	}
	isOld := func(list []string) bool {
		return strings.HasSuffix(event, "Deprecation") && event != "UpcomingReferenceDeprecation" && slices.Contains(list, deprecations)
	}
	for _, in := range []func([]string) bool{named, isOld} {
		switch {
		case in(w.Silence):
			return silenced
		case in(w.Warn):
			return kept
		case in(w.Error):
			return raised
		}
	}
	if w.All {
		return raised
	}
	return kept
}

// Apply returns the diagnostics without those that are silenced, and with those that are
// errors now; errors and remarks are left alone. The list itself is not changed.
func (w Warnings) Apply(list List) List {
	if w.IsZero() {
		return list
	}
	out := make(List, 0, len(list))
	for _, d := range list {
		if d.Severity != Warning {
			out = append(out, d)
			continue
		}
		switch w.decide(d.Code, d.Event) {
		case kept:
			out = append(out, d)
		case raised:
			one := *d
			one.Severity = Error
			out = append(out, &one)
		}
	}
	return out
}
