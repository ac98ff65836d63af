package runner

import "elt/compiler/project"

// idleResults are the results of the exposures and saved queries that a build was told to take. Nothing is
// done for them; as in dbt they are results all the same, so that who reads run_results.json
// sees whether what they show was made: skipped if something above them failed or was skipped, else
// "no-op".
func (r *run) idleResults() []*NodeResult {
	if r.opts.Command != "build" {
		return nil
	}
	selected := make(map[string]bool, len(r.opts.Selected))
	for _, id := range r.opts.Selected {
		selected[id] = true
	}
	root := map[string]string{} // by unique_id, why a node is not what it should be, or ""
	for _, n := range r.ended {
		switch n.result.Status {
		case Errored, PartialSuccess:
			root[n.node.UniqueID] = n.node.UniqueID
		case Skipped:
			root[n.node.UniqueID] = n.result.SkippedFor
		}
	}
	var out []*NodeResult
	for _, id := range r.plan.Order {
		node := r.plan.Nodes[id]
		for _, parent := range r.plan.Graph.Parents(id) {
			if why := root[parent]; why != "" && root[id] == "" {
				root[id] = why
			}
		}
		if node.Type != project.Exposure && node.Type != project.SavedQuery || r.opts.Selected != nil && !selected[id] {
			continue
		}
		result := &NodeResult{Node: node, Status: NoOp, StartedAt: r.now(), Rows: -1, Message: "NO-OP"}
		if why := root[id]; why != "" {
			result.Status, result.SkippedFor, result.Message = Skipped, why, ""
		}
		out = append(out, result)
	}
	return out
}
