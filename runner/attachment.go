package runner

import (
	"errors"
	"os"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
)

// mistypedAttachment finds a source in an attached file that is not there and that nothing
// of the project makes. Attaching it would make an empty file, and the mistake would only
// show as a table that does not exist.
func (r *run) mistypedAttachment() *diag.Diagnostic {
	for _, a := range r.plan.Project.Target.Attach {
		if a.ReadOnly || !isOwnFile(a) {
			continue // attaching makes nothing
		}
		if _, err := os.Stat(a.Path); !errors.Is(err, os.ErrNotExist) {
			continue
		}
		if source := r.onlyReadFrom(a.Database()); source != nil {
			return diag.New(diag.Database, source.Place, "source %q is in database %q, whose file %q does not exist",
				source.Table.SourceName+"."+source.Name, a.Database(), r.shownPath(a.Path)).
				WithHint("correct its path under attach:, or make the file first: nothing in the project does")
		}
	}
	return nil
}

// isOwnFile reports whether an attached database is a file of DuckDB's own.
func isOwnFile(a project.Attach) bool {
	return isFile(a.Path) && (a.Type == "" || strings.EqualFold(a.Type, "duckdb"))
}

// onlyReadFrom is the first source in a database that no node and no hook can have made.
func (r *run) onlyReadFrom(database string) *project.Node {
	var source *project.Node
	for _, id := range r.plan.Order {
		node := r.plan.Nodes[id]
		switch {
		case node.Type == project.Operation || hasHooks(node):
			return nil // it may make what it likes
		case !strings.EqualFold(node.Relation.Database, database):
		case node.Type != project.Source:
			return nil
		case source == nil && len(node.Table.Paths) == 0:
			source = node
		}
	}
	return source
}

// hasHooks reports whether a node's config names statements to run before or after it.
func hasHooks(node *project.Node) bool {
	if node.Config == nil {
		return false
	}
	for _, key := range []string{"pre_hook", "post_hook"} {
		if value, ok := node.Config.Get(key); ok && value.Value != nil {
			return true
		}
	}
	return false
}
