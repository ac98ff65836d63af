package artifact

import (
	"os"
	"path/filepath"
	"strings"

	"elt/compiler"
	"elt/compiler/project"
	"elt/runner"
)

// CompiledPath is where a node's compiled SQL is written, relative to the target
// folder: dbt's compiled/<package>/<file>, generic tests below their property file.
// It is "" for nodes without SQL of their own.
func CompiledPath(node *project.Node) string {
	switch node.Type {
	case project.Source, project.Exposure, project.Seed, project.Metric, project.SemanticModel, project.SavedQuery:
		return ""
	}
	return filepath.Join("compiled", node.Package, pathBelow(node))
}

// RunPath is where the statements that made a node are written.
func RunPath(node *project.Node) string {
	return filepath.Join("run", node.Package, pathBelow(node))
}

func pathBelow(node *project.Node) string {
	return filepath.FromSlash(runner.ArtifactPath(node))
}

// writeCompiled writes the compiled SQL of every node that has some.
func writeCompiled(dir string, plan *compiler.Plan, meta Meta) error {
	return onAllCores(plan.Order, func(id string) error {
		node := plan.Nodes[id]
		if path := CompiledPath(node); path != "" && node.Compiled != nil && !node.Compiled.Deferred {
			return writeText(filepath.Join(dir, path), meta.hidden(node.Compiled.SQL))
		}
		return nil
	})
}

// writeStatements writes the statements that ran.
func writeStatements(dir string, summary *runner.Summary, meta Meta) error {
	return onAllCores(summary.Results, func(r *runner.NodeResult) error {
		if len(r.Statements) == 0 {
			return nil
		}
		return writeText(filepath.Join(dir, RunPath(r.Node)), meta.hidden(strings.Join(r.Statements, ";\n\n")+";\n"))
	})
}

// writeText writes a file unless it has this text already: thousands of files that
// did not change cost a read each, not a write.
func writeText(path, text string) error {
	if holds(path, text) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o644)
}
