package artifact

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"

	"elt/compiler"
	"elt/compiler/lineage"
)

// LineageSchema is the version of what [Lineage] writes. It changes when a key changes its
// meaning or goes away, not when one is added.
const LineageSchema = "elt-lineage/v1"

type lineageMetadata struct {
	Schema       string `json:"schema_version"`
	Version      string `json:"elt_version"`
	GeneratedAt  string `json:"generated_at"`
	InvocationID string `json:"invocation_id"`
	ProjectName  string `json:"project_name"`
}

// WriteLineage writes lineage.json into a folder, which is made if need be. The file is
// replaced as a whole.
func WriteLineage(dir string, plan *compiler.Plan, graph *lineage.Graph, meta Meta) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return replaceFile(filepath.Join(dir, "lineage.json"), func(w io.Writer) error {
		return Lineage(w, plan, graph, meta)
	})
}

// Lineage writes a graph of columns as one JSON object: where each comes from, node by node.
func Lineage(w io.Writer, plan *compiler.Plan, graph *lineage.Graph, meta Meta) error {
	nodes := map[string]lineage.Node{}
	for _, n := range graph.Nodes() {
		nodes[n.ID] = filled(n)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(struct {
		Metadata lineageMetadata         `json:"metadata"`
		Nodes    map[string]lineage.Node `json:"nodes"`
	}{
		lineageMetadata{
			Schema: LineageSchema, Version: meta.Version, GeneratedAt: meta.Now.UTC().Format(timeFormat),
			InvocationID: meta.InvocationID, ProjectName: plan.Project.Name,
		},
		nodes,
	})
}

// timeFormat is how dbt's artifacts write times.
const timeFormat = "2006-01-02T15:04:05.000000Z"

// filled is a node whose empty lists are lists.
func filled(n *lineage.Node) lineage.Node {
	out := *n
	out.DependsOn = append([]string{}, n.DependsOn...)
	out.Rows = append([]lineage.Step{}, n.Rows...)
	out.Columns = make([]lineage.NodeColumn, 0, len(n.Columns))
	for _, c := range n.Columns {
		c.From = append([]lineage.Step{}, c.From...)
		out.Columns = append(out.Columns, c)
	}
	return out
}
