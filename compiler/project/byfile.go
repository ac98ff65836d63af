package project

import "slices"

// FileColumn is the column that the sources of a by_file model have there beside those
// of their files, and that its query hands on: the path of the file a row came from,
// relative to the project. It is "_file" unless the config file_column says otherwise,
// and "" for a node that is not incremental by file.
func (n *Node) FileColumn() string {
	if n.Type != Model || n.Materialized() != "incremental" || n.Config.String("incremental_strategy", "") != "by_file" {
		return ""
	}
	return orElse(n.Config.String("file_column", ""), "_file")
}

// TakenByFile reports whether a by_file model takes a source in file by file. Without the
// config file_sources it does so with each source over files that it reads.
func (n *Node) TakenByFile(source *Node) bool {
	if n.FileColumn() == "" || source.Type != Source || source.Table == nil || len(source.Table.Paths) == 0 {
		return false
	}
	wanted := n.Config.Strings("file_sources")
	if len(wanted) == 0 {
		return true
	}
	for _, name := range wanted {
		if name == source.Name || name == source.Table.SourceName+"."+source.Name {
			return true
		}
	}
	return false
}

// Takers returns the first by_file model that reads an ephemeral model, directly or through
// others, by the ephemeral model's unique_id. order says what is first.
func Takers(order []string, nodes map[string]*Node) map[string]*Node {
	out := map[string]*Node{}
	for _, id := range order {
		taker := nodes[id]
		if taker == nil || taker.FileColumn() == "" {
			continue
		}
		for todo := slices.Clone(taker.DependsOn); len(todo) > 0; todo = todo[1:] {
			if parent := nodes[todo[0]]; parent != nil && parent.IsEphemeral() && out[parent.UniqueID] == nil {
				out[parent.UniqueID] = taker
				todo = append(todo, parent.DependsOn...)
			}
		}
	}
	return out
}

// TakerOf is the by_file model that an ephemeral model which a test reads is a part of: the test
// sees of the raw files what that model takes in. It is nil where there is none. takers are
// what [Takers] has found.
func TakerOf(test *Node, takers map[string]*Node) *Node {
	for _, id := range test.DependsOn {
		if taker := takers[id]; taker != nil {
			return taker
		}
	}
	return nil
}
