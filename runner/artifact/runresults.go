package artifact

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"elt/compiler/project"
	"elt/runner"
)

// metadata is the head of every artifact.
type metadata struct {
	Schema              string            `json:"dbt_schema_version"`
	DbtVersion          string            `json:"dbt_version"`
	GeneratedAt         string            `json:"generated_at"`
	InvocationID        string            `json:"invocation_id"`
	InvocationStartedAt string            `json:"invocation_started_at"`
	Env                 map[string]string `json:"env"`
}

func newMetadata(schema string, meta Meta) metadata {
	// dbt's schema allows no keys of others here but in env
	env := map[string]string{"ELT_VERSION": meta.Version}
	maps.Copy(env, meta.Env)
	return metadata{
		Schema:     "https://schemas.getdbt.com/dbt/" + schema + ".json",
		DbtVersion: DbtVersion, GeneratedAt: stamp(meta.Now),
		InvocationID: meta.InvocationID, InvocationStartedAt: stamp(meta.StartedAt),
		Env: env,
	}
}

// stamp renders a time as dbt's artifacts do.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

type runResults struct {
	Metadata metadata       `json:"metadata"`
	Results  []result       `json:"results"`
	Elapsed  float64        `json:"elapsed_time"`
	Args     map[string]any `json:"args"`
}

type result struct {
	Status        string         `json:"status"`
	Timing        []timing       `json:"timing"`
	ThreadID      string         `json:"thread_id"`
	ExecutionTime float64        `json:"execution_time"`
	Response      map[string]any `json:"adapter_response"`
	Message       *string        `json:"message"`
	Failures      *int64         `json:"failures"`
	UniqueID      string         `json:"unique_id"`
	Compiled      *bool          `json:"compiled"`
	CompiledCode  *string        `json:"compiled_code"`
	RelationName  *string        `json:"relation_name"`
	BatchResults  *batchResults  `json:"batch_results"`
}

// batchResults are the beginnings and ends of a microbatch model's batches.
type batchResults struct {
	Successful [][2]string `json:"successful"`
	Failed     [][2]string `json:"failed"`
}

type timing struct {
	Name        string `json:"name"`
	StartedAt   string `json:"started_at"`
	CompletedAt string `json:"completed_at"`
}

// RunResults writes run_results.json, version 6.
func RunResults(w io.Writer, summary *runner.Summary, meta Meta) error {
	out := runResults{
		Metadata: newMetadata("run-results/v6", meta),
		Results:  []result{},
		Elapsed:  summary.Elapsed.Seconds(),
		Args:     map[string]any{"invocation_command": meta.Command, "which": meta.Which},
	}
	for key, value := range meta.Args {
		out.Args[key] = value
	}
	for _, r := range inDbtsOrder(summary) {
		res := newResult(r)
		if summary.FailFast && r.Status == runner.Skipped && r.Node.Type != project.Operation {
			message := "Skipping due to fail_fast" // as dbt says of all that were not done
			res.Message = &message
		}
		out.Results = append(out.Results, res)
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

// inDbtsOrder are all results of a run: hooks at the start, nodes, hooks at the end.
func inDbtsOrder(summary *runner.Summary) []*runner.NodeResult {
	var before, after []*runner.NodeResult
	for _, r := range summary.Hooks {
		if r.Node.Hook.When == "on-run-start" {
			before = append(before, r)
		} else {
			after = append(after, r)
		}
	}
	return slices.Concat(before, summary.Results, summary.Idle, after)
}

func newResult(r *runner.NodeResult) result {
	out := result{
		Status: string(r.Status), Timing: timings(r), ThreadID: "Thread-" + strconv.Itoa(r.Worker+1),
		ExecutionTime: (r.CompileTime + r.ExecuteTime).Seconds(),
		Response:      map[string]any{}, UniqueID: r.Node.UniqueID,
	}
	if r.Message != "" {
		out.Message = &r.Message
	}
	switch r.Status {
	case runner.Pass, runner.Failed, runner.Warned, runner.NoOp:
		out.Failures = &r.Failures
	case runner.Success, runner.PartialSuccess:
		message := cmp.Or(r.Loaded(), "OK")
		out.Response["_message"] = cmp.Or(r.Answer, "OK")
		if out.Message == nil {
			out.Message = &message
		}
		if r.Rows >= 0 {
			out.Response["rows_affected"] = r.Rows
		}
		if r.Rejected > 0 {
			out.Response["rows_rejected"] = r.Rejected
		}
	}
	out.batches(r.Batches)
	if c := r.Node.Compiled; c != nil && !c.Deferred {
		compiled := true
		out.Compiled, out.CompiledCode = &compiled, &c.SQL
	}
	if r.Node.Type == project.Operation { // dbt says no more of a hook
		failures := int64(0)
		if r.Status != runner.Success {
			failures = 1
		}
		out.ThreadID, out.Response, out.Failures = "main", map[string]any{}, &failures
	}
	if hasRelation(r.Node) {
		name := cmp.Or(r.Node.Written, r.Node.Relation.String())
		out.RelationName = &name
	}
	return out
}

// batches tells what became of the batches of a microbatch model, with the message that dbt has
// for it.
func (r *result) batches(b *runner.BatchOutcome) {
	if b == nil {
		return
	}
	all := len(b.Done) + len(b.Failed)
	message := fmt.Sprintf("PARTIAL SUCCESS (%d/%d)", len(b.Done), all)
	if len(b.Failed) == 0 {
		message = "SUCCESS"
	}
	if r.Status == string(runner.Success) || r.Status == string(runner.PartialSuccess) {
		r.Message = &message
	}
	none := int64(0)
	r.Failures = &none
	r.BatchResults = &batchResults{Successful: bounds(b.Done), Failed: bounds(b.Failed)}
}

func bounds(batches []project.Batch) [][2]string {
	out := [][2]string{}
	for _, b := range batches {
		out = append(out, [2]string{utc(b.Start), utc(b.End)})
	}
	return out
}

// utc is a time as Python's isoformat has it.
func utc(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05+00:00") }

// timings are the two phases dbt reports; a node that never started has none.
func timings(r *runner.NodeResult) []timing {
	if r.StartedAt.IsZero() || r.Status == runner.Skipped {
		return []timing{}
	}
	compiled := r.StartedAt.Add(r.CompileTime)
	return []timing{
		{Name: "compile", StartedAt: stamp(r.StartedAt), CompletedAt: stamp(compiled)},
		{Name: "execute", StartedAt: stamp(compiled), CompletedAt: stamp(compiled.Add(r.ExecuteTime))},
	}
}
