// Package artifact writes what tools that know dbt read: target/manifest.json (v12),
// target/run_results.json (v6), target/compiled and target/run.
//
// It turns a plan and the results of a run into bytes; the same input gives the same
// bytes, but for the times that are part of it. It decides nothing, and reads nothing but the
// macros of dbt that a manifest of dbt's own has left in the target folder.
// A key of dbt's schema that elt has nothing for is written with dbt's empty value.
// Start reading at [Write].
package artifact

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"elt/compiler"
	"elt/runner"
)

// Meta is what the metadata blocks of artifacts say of the invocation.
type Meta struct {
	Version      string // elt's own
	InvocationID string
	StartedAt    time.Time
	Now          time.Time
	Command      string              // the command line: "elt build -s orders"
	Which        string              // its command: "build"
	Args         map[string]any      // flags as given, for run_results' args
	Env          map[string]string   // DBT_ENV_CUSTOM_ENV_*, by the rest of their names
	Mask         func(string) string // hides secrets in texts; nil hides nothing

	ran  map[string]bool            // the nodes that were run, by unique_id
	dbts map[string]json.RawMessage // dbt's own macros, as dbt has written them here; may be nil
}

// DbtVersion is the version of dbt whose schemas the artifacts follow.
const DbtVersion = "1.12.0"

// Write writes the artifacts of a run into a folder, as [WritePlan] and [WriteRun] do. summary
// is nil for commands that run nothing.
func Write(dir string, plan *compiler.Plan, summary *runner.Summary, meta Meta) error {
	if summary == nil {
		return WritePlan(dir, plan, nil, meta)
	}
	if err := WritePlan(dir, plan, summary.Results, meta); err != nil {
		return err
	}
	return WriteRun(dir, summary, meta)
}

// WritePlan writes what there is to say of a project: manifest.json and compiled SQL. results
// are what came of nodes, if any. The folder is made if need be. Files are replaced as a whole:
// a reader sees the old or the new one.
func WritePlan(dir string, plan *compiler.Plan, results []*runner.NodeResult, meta Meta) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	meta.ran = map[string]bool{}
	for _, r := range results {
		meta.ran[r.Node.UniqueID] = r.Status != runner.Skipped
	}
	var err error
	if meta.dbts, err = dbtMacros(dir); err != nil {
		return err
	}
	var texts error
	var wg sync.WaitGroup
	err = replaceFile(filepath.Join(dir, "manifest.json"), func(w io.Writer) error {
		// To put a large file in place of another one is a wait for the disk, too.
		return writeManifest(w, plan, meta, func() {
			wg.Go(func() { texts = errors.Join(writeSemantics(dir, plan), writeCompiled(dir, plan, meta)) })
		})
	})
	if wg.Wait(); err == nil {
		err = texts
	}
	return err
}

// WriteRun writes what came of a run: the statements that ran and run_results.json.
func WriteRun(dir string, summary *runner.Summary, meta Meta) error {
	if err := writeStatements(dir, summary, meta); err != nil {
		return err
	}
	return replaceFile(filepath.Join(dir, "run_results.json"), func(w io.Writer) error {
		return RunResults(w, summary, meta)
	})
}

// writeSemantics writes semantic_manifest.json where a project has a semantic layer, or had one.
func writeSemantics(dir string, plan *compiler.Plan) error {
	path := filepath.Join(dir, "semantic_manifest.json")
	if _, err := os.Stat(path); err != nil && len(plan.Semantics()) == 0 {
		return nil
	}
	return replaceFile(path, func(w io.Writer) error { return SemanticManifest(w, plan) })
}

// hidden is a text without its secrets.
func (m Meta) hidden(text string) string {
	if m.Mask == nil {
		return text
	}
	return m.Mask(text)
}

// replaceFile writes a file under another name and renames it into place.
func replaceFile(path string, write func(io.Writer) error) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	roomy := takeRoom(file, path)
	buffered := bufio.NewWriterSize(file, 1<<16)
	err = write(buffered)
	if err == nil {
		err = buffered.Flush()
	}
	if roomy && err == nil {
		err = endHere(file)
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Chmod(file.Name(), 0o644)
	}
	if err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
