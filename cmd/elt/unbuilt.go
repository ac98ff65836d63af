package main

import (
	"fmt"
	"slices"
	"strings"

	"elt/compiler"
	"elt/compiler/diag"
)

// tellEphemeral says that a command which builds has nothing to build, since all that is selected
// are ephemeral models: they exist only within what reads them.
func (in *invocation) tellEphemeral(command string, plan *compiler.Plan, ids []string) {
	if command != "build" && command != "run" || len(ids) == 0 {
		return
	}
	var names, readers []string
	for _, id := range ids {
		node := plan.Nodes[id]
		if !node.IsEphemeral() {
			return
		}
		names = append(names, node.VersionedName())
		for _, child := range plan.Graph.Children(id) {
			if reader := plan.Nodes[child]; reader != nil && reader.IsRefable() {
				readers = append(readers, reader.VersionedName())
			}
		}
	}
	slices.Sort(readers)
	readers = slices.Compact(readers)
	d := diag.Warn(diag.EmptySelection, plan.Nodes[ids[0]].Place, "%q is ephemeral: it is not built by itself, but becomes part of what reads it", names[0])
	if len(names) > 1 {
		d.Place, d.Message = diag.Place{}, "all that is selected is ephemeral: such models are not built by themselves, but become part of what reads them"
	}
	d.Severity, d.Node = diag.Remark, ids[0]
	const some = 3 // names that a line has room for
	switch {
	case len(readers) == 0:
		d.WithHint("nothing reads it; elt show -s %s shows its rows", names[0])
	case len(readers) > some:
		d.WithHint("%s builds the %d that do", selectReaders(command, names), len(readers))
	default:
		d.WithHint("%s builds what does: %s", selectReaders(command, names), strings.Join(readers, ", "))
	}
	in.reporter.Diagnostics(diag.List{d})
}

// selectReaders is the command line that builds ephemeral models with what reads them.
func selectReaders(command string, names []string) string {
	for i, name := range names {
		names[i] = name + "+"
	}
	return fmt.Sprintf("elt %s -s %s", command, strings.Join(names, " "))
}
