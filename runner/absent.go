package runner

import (
	"fmt"
	"strings"

	"elt/compiler"
	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner/duckdb"
)

// noteAbsent notes what of the target could not be set up for elt compile: databases that
// are unreachable, locked or of an extension that is not here, extensions, secrets. A
// build which needs them fails with the real error; checking goes on without.
func (r *run) noteAbsent(failures []*duckdb.SetupError) {
	r.absent = map[string]bool{}
	for _, f := range failures {
		if f.Database != "" {
			r.absent[strings.ToLower(f.Database)] = true
		}
		what, needs := fmt.Sprintf("%s %q cannot be set up", f.What, f.Name), "needs"
		if f.What == "database" {
			what, needs = fmt.Sprintf("database %q cannot be opened", f.Name), "reads"
		}
		why, _, _ := strings.Cut(setupWords(f), "\n")
		d := diag.Warn(diag.Unchecked, r.plan.Project.Target.PlaceOf(f.What, f.Name), "%s, so what %s it is checked only when it is run: %s", what, needs, why)
		d.Severity, d.Err = diag.Remark, f
		r.absentNotes = append(r.absentNotes, d)
	}
}

// isAbsent reports whether a relation is in a database that could not be opened.
func (r *run) isAbsent(rel project.Relation) bool {
	return len(r.absent) > 0 && r.absent[strings.ToLower(r.names.full(rel).Database)]
}

// absentDoubt is why nothing is known of a relation in a database that could not be opened. The
// note about the database has told it.
func absentDoubt(rel project.Relation) error {
	return compiler.Told{Doubt: compiler.Doubt(fmt.Sprintf("database %q cannot be opened", rel.Database))}
}

// deferAbsent is [dbtcontext.ErrDeferred] for what a template asks about a relation in a
// database that could not be opened.
func (r *run) deferAbsent(rel project.Relation) error {
	if r.isAbsent(rel) {
		return dbtcontext.ErrDeferred
	}
	return nil
}
