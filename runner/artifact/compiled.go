package artifact

import (
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"time"

	"elt/compiler"
	"elt/compiler/project"
	"elt/runner"
)

// CompiledPath is where a node's compiled SQL is written, relative to the target
// folder and with slashes: dbt's compiled/<package>/<file>, generic tests below their
// property file. It is "" for nodes without SQL of their own.
func CompiledPath(node *project.Node) string {
	switch node.Type {
	case project.Source, project.Exposure, project.Seed, project.Metric, project.SemanticModel, project.SavedQuery:
		return ""
	}
	return "compiled/" + node.Package + "/" + runner.ArtifactPath(node)
}

// RunPath is where the statements that made a node are written, likewise.
func RunPath(node *project.Node) string {
	return "run/" + node.Package + "/" + runner.ArtifactPath(node)
}

// writeCompiled writes the compiled SQL of every node that has some.
func writeCompiled(dir string, plan *compiler.Plan, meta Meta) error {
	dir = filepath.Clean(dir)
	return onAllCores(plan.Order, func(id string) error {
		node := plan.Nodes[id]
		if path := CompiledPath(node); path != "" && node.Compiled != nil && !node.Compiled.Deferred {
			return writeText(dir+string(filepath.Separator)+filepath.FromSlash(path), meta.hidden(node.Compiled.SQL))
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
		return writeText(filepath.Join(dir, filepath.FromSlash(RunPath(r.Node))), meta.hidden(strings.Join(r.Statements, ";\n\n")+";\n"))
	})
}

// writeText writes a file unless it has this text already. The file's time carries a mark of
// the text (see marked), so that tens of thousands of files that did not change cost a look at
// their status each: not a read, not a write.
func writeText(path, text string) error {
	mark := markOf(text)
	if marked(path, len(text), mark) || holds(path, text) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		return err
	}
	now := time.Now().Unix()
	return os.Chtimes(path, time.Time{}, time.Unix(now-1, mark)) // not in the future
}

// markOf is the number of nanoseconds, below a second, that stands for a text. A file that
// somebody else wrote has it by chance once in 1,000,000,000 times.
func markOf(text string) int64 {
	return int64(crc32.Checksum([]byte(text), castagnoli)) % int64(time.Second)
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli) // which the machine computes itself
