package main

import (
	_ "embed"
	"slices"
	"strings"

	"elt/cmd/elt/internal/report"
	"elt/compiler/diag"
	"elt/compiler/template"
	"elt/runner"
)

// dbtEvents are the names that dbt 1.11 accepts in warn_error_options, one a line. Most name
// nothing that elt warns of; a script that has them must go on working.
//
//go:embed dbtevents.txt
var dbtEvents string

const warningsExample = "{error: all, warn: [NoNodesForSelectionCriteria]}"

// parseWarnings reads dbt's warn_error_options: error (or include), warn (or exclude) and
// silence, each a list of names, error also "all" or "*".
func parseWarnings(text string) (diag.Warnings, error) {
	var w diag.Warnings
	options, err := parseMapping("--warn-error-options", text, warningsExample)
	if err != nil || options == nil {
		return w, err
	}
	for _, item := range options.Items() {
		key, _ := item.Key.(string)
		if err := checkWarningsKey(key); err != nil {
			return w, err
		}
		names, all, err := warningNames(key, item.Value)
		if err != nil {
			return w, err
		}
		switch key {
		case "error", "include":
			w.Error, w.All = append(w.Error, names...), w.All || all
		case "warn", "exclude":
			w.Warn = append(w.Warn, names...)
		case "silence":
			w.Silence = append(w.Silence, names...)
		}
	}
	return w, nil
}

func checkWarningsKey(key string) error {
	known := []string{"error", "exclude", "include", "silence", "warn"}
	if slices.Contains(known, key) {
		return nil
	}
	err := usagef("--warn-error-options has no key %q", key)
	if s := diag.Suggest(key, known); s != "" {
		return err.withHint("did you mean %q?", s)
	}
	return err.withHint("it has error, warn and silence")
}

// warningNames reads one list of names.
func warningNames(key string, value template.Value) (names []string, all bool, err error) {
	isError := key == "error" || key == "include"
	if text, ok := value.(string); ok && isError && (text == "all" || text == "*") {
		return nil, true, nil
	}
	list, ok := value.(*template.List)
	if !ok && value != nil {
		usage := usagef("--warn-error-options: %s is a list of names, not %s", key, template.Repr(value))
		return nil, false, usage.withHint("for example --warn-error-options '%s'", warningsExample)
	}
	if list == nil {
		return nil, false, nil
	}
	for _, elem := range list.Elems {
		name := template.Str(elem)
		if err := checkWarningName(name); err != nil {
			return nil, false, err
		}
		names = append(names, name)
	}
	return names, false, nil
}

// checkWarningName refuses a name that neither elt nor dbt has for a warning.
func checkWarningName(name string) error {
	known := append(strings.Fields(dbtEvents), "Deprecations")
	for _, code := range diag.Codes() {
		known = append(known, string(code))
	}
	if slices.Contains(known, name) {
		return nil
	}
	slices.Sort(known)
	err := usagef("--warn-error-options: there is no warning %q", name)
	if s := diag.Suggest(name, known); s != "" {
		return err.withHint("did you mean %s?", s)
	}
	return err.withHint("write the word in brackets at the end of a message, or dbt's name")
}

// severity applies what the flags say of warnings to all that is reported, and remembers
// whether one of them was an error: the command has failed then.
type severity struct {
	report.Reporter
	in *invocation
}

// Observe hands an event on, after what templates have warned of meanwhile. What comes after an
// interrupt is told after it: on a busy machine the run may end before anybody has told of that.
func (w *severity) Observe(e runner.Event) {
	if w.in.ctx.Err() != nil {
		w.in.tellInterrupt()
	}
	for _, d := range w.in.warnings.Apply(w.in.spoken.take()) {
		w.in.raised = w.in.raised || d.Severity == diag.Error
		w.Reporter.Observe(runner.Noticed{Diagnostic: d})
	}
	if n, ok := e.(runner.Noticed); ok {
		w.in.raised = w.in.raised || n.Diagnostic.Severity == diag.Error
	}
	w.Reporter.Observe(e)
}

// Diagnostics reports what is left of the warnings.
func (w *severity) Diagnostics(list diag.List) {
	list = w.in.warnings.Apply(list)
	w.in.raised = w.in.raised || list.HasErrors()
	if len(list) > 0 {
		w.Reporter.Diagnostics(list)
	}
}
