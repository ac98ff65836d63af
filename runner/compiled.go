package runner

import (
	"context"

	"elt/compiler"
	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
)

// compilerOf returns the compiler to use.
func compilerOf(plan *compiler.Plan, c Compiler) Compiler {
	if c != nil {
		return c
	}
	if own, ok := any(plan).(Compiler); ok {
		return own
	}
	return compiledPlan{plan}
}

// compiledPlan is the compiler of a plan whose nodes are compiled already.
type compiledPlan struct{ plan *compiler.Plan }

// Compile does nothing.
func (compiledPlan) Compile(context.Context, dbtcontext.Database, []string) diag.List { return nil }

// CompileNode does nothing.
func (compiledPlan) CompileNode(context.Context, dbtcontext.Database, string) error { return nil }

// CompileBatch answers what the node was compiled to.
func (compiledPlan) CompileBatch(_ context.Context, _ dbtcontext.Database, node *project.Node, _ project.Batch, _ bool) (*project.Compiled, error) {
	return node.Compiled, nil
}

// CompileForm answers what the node was compiled to.
func (compiledPlan) CompileForm(_ context.Context, _ dbtcontext.Database, node *project.Node, _ bool) (*project.Compiled, error) {
	return node.Compiled, nil
}

// CompileInline takes the text as it is.
func (compiledPlan) CompileInline(_ context.Context, _ dbtcontext.Database, text string) (*project.Compiled, error) {
	return &project.Compiled{SQL: text}, nil
}
