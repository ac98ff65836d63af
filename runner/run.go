package runner

import (
	"context"

	"elt/compiler"
	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner/engine"
)

// Run does what the options say. The error is nil or an *diag.Diagnostic, diag.List or
// [ErrInterrupted] that stopped the run as a whole; nodes and tests that failed are in
// the summary ([Summary.OK]), not in the error. The summary is nil only where the run
// did not begin. When ctx ends, no node is started any more, running statements are
// cancelled and nothing is published.
func Run(ctx context.Context, plan *compiler.Plan, opts Options, obs Observer) (*Summary, error) {
	return nil, diag.New(diag.Unsupported, diag.Place{}, "running is being written")
}

// Retry does again what failed or was skipped in the last run, with the command and
// the selection of that run. Candidates which that run made and whose inputs are
// unchanged are taken over. [ErrNothingToRetry] says that there is nothing to do.
func Retry(ctx context.Context, plan *compiler.Plan, opts Options, obs Observer) (*Summary, error) {
	return nil, ErrNothingToRetry
}

// Show returns rows of a node or of an inline query. The database is opened for
// reading only.
func Show(ctx context.Context, plan *compiler.Plan, opts ShowOptions) (*engine.Table, error) {
	return nil, diag.New(diag.Unsupported, diag.Place{}, "show is being written")
}

// CompileAll renders nodes against what is published; where the database does not
// exist yet, against an empty one. Nothing is created.
func CompileAll(ctx context.Context, plan *compiler.Plan, ids []string, opts CompileOptions) diag.List {
	return nil
}

// CompileInline renders one template against what is published.
func CompileInline(ctx context.Context, plan *compiler.Plan, text string, opts CompileOptions) (*project.Compiled, error) {
	return nil, diag.New(diag.Unsupported, diag.Place{}, "compile is being written")
}

// Clean drops what dead runs have left and returns the relations it dropped.
func Clean(ctx context.Context, plan *compiler.Plan, opts CleanOptions) ([]project.Relation, error) {
	return nil, nil
}

// History reads what is recorded of past runs.
func History(ctx context.Context, plan *compiler.Plan, opts HistoryOptions) (*HistoryReport, error) {
	return &HistoryReport{}, nil
}

// Debug gathers facts about the target. What is wrong with the database is a fact too;
// the error is for what keeps even the facts away.
func Debug(ctx context.Context, plan *compiler.Plan) (*DebugFacts, error) {
	return &DebugFacts{}, nil
}

// compiledPlan is the compiler of a plan whose nodes are compiled already.
type compiledPlan struct{ plan *compiler.Plan }

func (compiledPlan) Compile(context.Context, dbtcontext.Database, []string) diag.List { return nil }

func (compiledPlan) CompileNode(context.Context, dbtcontext.Database, string) error { return nil }

func (compiledPlan) CompileInline(_ context.Context, _ dbtcontext.Database, text string) (*project.Compiled, error) {
	return &project.Compiled{SQL: text}, nil
}
