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

// writeCompiled writes the compiled SQL of every node that has some and, with a
// summary, the statements that ran.
func writeCompiled(dir string, plan *compiler.Plan, summary *runner.Summary, meta Meta) error {
	type file struct{ path, text string }
	var files []file
	for _, id := range plan.Order {
		node := plan.Nodes[id]
		if path := CompiledPath(node); path != "" && node.Compiled != nil && !node.Compiled.Deferred {
			files = append(files, file{path, node.Compiled.SQL})
		}
	}
	if summary != nil {
		for _, r := range summary.Results {
			if len(r.Statements) > 0 {
				files = append(files, file{RunPath(r.Node), strings.Join(r.Statements, ";\n\n") + ";\n"})
			}
		}
	}
	_, err := onAllCores(files, func(f file) (struct{}, error) {
		return struct{}{}, writeText(filepath.Join(dir, f.path), meta.hidden(f.text))
	})
	return err
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
