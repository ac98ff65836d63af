package artifact

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"elt/compiler/project"
	"elt/runner"
)

type sourcesFile struct {
	Metadata metadata `json:"metadata"`
	Results  []any    `json:"results"`
	Elapsed  float64  `json:"elapsed_time"`
}

type sourceResult struct {
	UniqueID      string         `json:"unique_id"`
	MaxLoadedAt   string         `json:"max_loaded_at"`
	SnapshottedAt string         `json:"snapshotted_at"`
	Age           float64        `json:"max_loaded_at_time_ago_in_s"`
	Status        string         `json:"status"`
	Criteria      criteria       `json:"criteria"`
	Response      map[string]any `json:"adapter_response"`
	Timing        []timing       `json:"timing"`
	ThreadID      string         `json:"thread_id"`
	ExecutionTime float64        `json:"execution_time"`
}

type criteria struct {
	WarnAfter  *ageLimit `json:"warn_after"`
	ErrorAfter *ageLimit `json:"error_after"`
	Filter     *string   `json:"filter"`
}

// ageLimit is a limit; both are null where there is none.
type ageLimit struct {
	Count  *int64  `json:"count"`
	Period *string `json:"period"`
}

type sourceFault struct {
	UniqueID string `json:"unique_id"`
	Error    string `json:"error"`
	Status   string `json:"status"`
}

// WriteSources writes sources.json, version 3, to a file, whose folder is made if need be.
func WriteSources(file string, results []runner.SourceFreshness, elapsed time.Duration, meta Meta) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return replaceFile(file, func(w io.Writer) error {
		return Sources(w, results, elapsed, meta)
	})
}

// Sources writes sources.json, version 3.
func Sources(w io.Writer, results []runner.SourceFreshness, elapsed time.Duration, meta Meta) error {
	out := sourcesFile{Metadata: newMetadata("sources/v3", meta), Results: []any{}, Elapsed: elapsed.Seconds()}
	for _, r := range results {
		if r.Status == runner.FreshFault {
			out.Results = append(out.Results, sourceFault{r.Node.UniqueID, r.Diagnostic.Message, string(r.Status)})
			continue
		}
		out.Results = append(out.Results, sourceResult{
			UniqueID: r.Node.UniqueID, MaxLoadedAt: stamp(r.MaxLoadedAt), SnapshottedAt: stamp(r.SnapshotAt),
			Age: r.AgeSeconds(), Status: string(r.Status),
			Criteria: criteria{limitOf(r, "warn_after", r.WarnAfter), limitOf(r, "error_after", r.ErrorAfter), textOrNull(r.RowCondition)},
			Response: map[string]any{}, ThreadID: "Thread-" + strconv.Itoa(r.Worker+1), ExecutionTime: r.Took.Seconds(),
			Timing: []timing{
				{Name: "compile", StartedAt: stamp(r.StartedAt), CompletedAt: stamp(r.StartedAt)},
				{Name: "execute", StartedAt: stamp(r.StartedAt), CompletedAt: stamp(r.StartedAt.Add(r.Took))},
			},
		})
	}
	var text strings.Builder
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(out); err != nil {
		return err
	}
	_, err := io.WriteString(w, meta.hidden(text.String()))
	return err
}

// limitOf is a limit as dbt writes it: null where a project has taken it back.
func limitOf(r runner.SourceFreshness, key string, a *project.Age) *ageLimit {
	if a != nil {
		return &ageLimit{&a.Count, &a.Period}
	}
	if v, said := r.Node.Table.Freshness.Get(key); said && v == nil {
		return nil
	}
	return &ageLimit{}
}

func textOrNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
