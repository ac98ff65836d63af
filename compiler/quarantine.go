package compiler

import (
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
)

// checkQuarantines checks sources that keep bad rows apart, and who reads them. What a good
// row is has to be declared: types that are guessed from the files would be other ones as
// soon as a value is bad. And a view would read the files whenever it is asked, bad rows
// and all.
func (p *parser) checkQuarantines() {
	for _, node := range p.ordered() {
		switch {
		case node.Table != nil && node.Table.OnBadRows == "quarantine":
			p.checkQuarantine(node)
		case node.Table != nil && node.Table.MaxRejects != nil:
			p.report(diag.New(diag.Rejects, node.Table.MaxRejects.Place, "source %q says max_rejects, but keeps no rows apart", sourceTitle(node)).
				WithHint("add on_bad_rows: quarantine"))
		case node.Type == project.Model && node.Materialized() == "view", node.IsFunction():
			if source := p.quarantinedFor(node); source != nil {
				kind := strings.ReplaceAll(node.Materialized(), "_", " ")
				p.report(diag.New(diag.Rejects, node.Place, "%s %q reads source %q, which keeps bad rows apart", kind, node.Name, sourceTitle(source)).
					WithHint("materialize it as a table or as incremental: a view reads the files again whenever it is asked"))
			}
		}
	}
}

func sourceTitle(node *project.Node) string { return node.Table.SourceName + "." + node.Name }

// sievedOptions are reader options that have no meaning where bad rows are kept apart.
var sievedOptions = []string{"columns", "types", "dtypes", "column_types", "names", "column_names", "all_varchar", "ignore_errors",
	"store_rejects", "rejects_table", "rejects_scan", "rejects_limit", "filename", "records"}

func (p *parser) checkQuarantine(node *project.Node) {
	bad := func(place diag.Place, hint, format string, args ...any) {
		d := diag.New(diag.Rejects, place, format, args...).WithHint("%s", hint)
		d.Node = node.UniqueID
		p.report(d)
	}
	if !node.Quarantines() {
		bad(node.Place, "only rows of files can be kept apart; give it a path", "source %q keeps bad rows apart, but names no files", sourceTitle(node))
		return
	}
	const declare = "declare each column of the files with its data_type: a row is bad that cannot be read as that"
	if len(node.Columns) == 0 {
		bad(node.Place, declare, "source %q keeps bad rows apart, but declares no columns", sourceTitle(node))
	}
	for _, c := range node.Columns {
		if c.DataType == "" {
			bad(c.Place, declare, "column %q of source %q has no data_type", c.Name, sourceTitle(node))
		}
		for _, con := range c.Constraints {
			if con.Type != "not_null" && con.Type != "check" {
				bad(con.Place, "not_null and check say something of one row; of many, a data test does", "a constraint %q cannot be held against a row", con.Type)
			}
		}
	}
	for _, o := range node.Table.ReaderOptions() {
		if slices.Contains(sievedOptions, strings.ToLower(o.Name)) {
			bad(node.Table.OptionPlace, "the columns and types of such a source are those it declares", "source %q keeps bad rows apart, so the option %q has no meaning", sourceTitle(node), o.Name)
		}
	}
}

// quarantinedFor returns a source that keeps bad rows apart and that a node reads, also
// through ephemeral models; nil for none.
func (p *parser) quarantinedFor(node *project.Node) *project.Node {
	seen := map[string]bool{}
	for todo := slices.Clone(node.DependsOn); len(todo) > 0; todo = todo[1:] {
		parent := p.plan.Nodes[todo[0]]
		switch {
		case parent == nil || seen[parent.UniqueID]:
		case parent.Quarantines():
			return parent
		case parent.IsEphemeral():
			todo = append(todo, parent.DependsOn...)
		}
		seen[todo[0]] = true
	}
	return nil
}
