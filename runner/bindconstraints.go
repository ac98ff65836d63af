package runner

import (
	"context"
	"errors"
	"strings"

	"elt/compiler"
	"elt/compiler/diag"
	"elt/runner/engine"
	"elt/runner/materialize"
)

// constrained reports the constraints of a contract with which no table can be made: those
// that name no column, or are no condition. What only the database may know is left to it.
func (f *bindFacts) constrained(ctx context.Context, spec *materialize.Spec) error {
	trials := spec.Trials()
	if len(trials) == 0 {
		return nil
	}
	key := trials[0].SQL
	if _, ok := f.KnownText("constraints", key); ok {
		return nil
	}
	shell, err := f.open(ctx)
	if err != nil {
		return err
	}
	all := shell.Try(ctx, trials[0].SQL)
	if all == nil {
		f.KeepText("constraints", key, "")
		return nil
	}
	var out diag.List
	known := true // whether each error is the model's
	try := func(trial materialize.ConstraintTrial, err error) {
		var e *engine.Error
		switch {
		case err == nil:
		case !errors.As(err, &e) || !f.unmakeable(spec, trial.SQL, e):
			known = false
		default:
			message, _, _ := strings.Cut(e.Message, "\n")
			d := diag.New(diag.Contract, trial.Place, "a constraint of %q cannot be made: %s", spec.Published.Identifier, lowerFirst(message))
			d.Node, d.Hint, d.Err = spec.Node, f.run.hintOf(e), e
			out = append(out, d)
		}
	}
	for _, trial := range trials[1:] {
		try(trial, shell.Try(ctx, trial.SQL))
	}
	if known && len(out) == 0 { // each can be made, but not all of them
		try(trials[0], all)
	}
	return out.Err()
}

// unmakeable reports whether the build would fail with an error about a constraint, too.
// Of what a catalog may have, sequences and collations may be in the database.
func (f *bindFacts) unmakeable(spec *materialize.Spec, sql string, e *engine.Error) bool {
	if e.Kind == engine.Catalog && !strings.HasPrefix(e.Message, "function ") && !strings.HasPrefix(e.Message, "table ") {
		return false
	}
	node := f.run.plan.Nodes[spec.Node]
	return f.doubt(node, compiler.ShellQuery{SQL: sql}, e) == ""
}

// unknownPromise is the error about the first column of a contract with a type that does not
// exist; nil where only the run tells.
func (f *bindFacts) unknownPromise(ctx context.Context, spec *materialize.Spec) error {
	for _, c := range spec.Contract.Columns {
		if e := f.noType(ctx, c.Type); e != nil {
			d := diag.New(diag.Contract, c.Place, "column %q of %q is declared with a type that does not exist: %q", c.Name, spec.Published.Identifier, c.Type)
			d.Node, d.Hint = spec.Node, f.run.hintOf(e)
			return d
		}
	}
	return nil
}
