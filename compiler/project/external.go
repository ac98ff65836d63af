package project

import "elt/compiler/template"

// GrowsFiles reports whether a node is an external model to which a build adds files, or
// in which it replaces partitions, rather than write all of it anew.
func (n *Node) GrowsFiles() bool {
	if n.Type != Model || n.Materialized() != "external" {
		return false
	}
	strategy := n.Config.String("incremental_strategy", "")
	return strategy == "append" || strategy == "insert_overwrite"
}

// ExternalParts is what an external model's config says after rendering.
type ExternalParts struct {
	Location string         // as given: relative to the project, absolute or a URL
	Options  *template.Dict // of COPY, by lower-case names, values without templates
}
