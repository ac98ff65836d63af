package project

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
