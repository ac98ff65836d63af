package materialize

import (
	"fmt"
	"strings"

	"elt/compiler/project"
)

// dbt's names for the two sides, which conditions of a project may use.
const (
	mergeTarget  = "DBT_INTERNAL_DEST"
	mergeSource  = "DBT_INTERNAL_SOURCE"
	deleteTarget = "DBT_INCREMENTAL_TARGET"
)

// apply are the statements that bring the delta into rel, which has the target's
// columns.
func (c *change) apply(rel project.Relation) []string {
	switch {
	case c.spec.Snapshot != nil:
		return c.applySnapshot(rel)
	case c.spec.Strategy == MergeInto:
		return []string{c.mergeSQL(rel)}
	case len(c.keys()) > 0:
		return append(c.bindIndexes(rel), c.deleteSQL(rel), c.insertSQL(rel))
	case c.replacesFiles():
		return append(c.bindIndexes(rel), c.deleteFilesSQL(rel), c.insertSQL(rel))
	case c.spec.Batches != nil:
		return append(c.bindIndexes(rel), c.deleteBatchesSQL(rel), c.insertSQL(rel))
	}
	return []string{c.insertSQL(rel)}
}

// asView is the SELECT that shows what apply will make of the published table.
func (c *change) asView() string {
	switch {
	case c.spec.Snapshot != nil:
		return c.snapshotView()
	case c.spec.Batches != nil:
		return c.batchesView()
	case c.spec.Strategy == MergeInto && len(c.spec.mergeKeys()) > 0:
		return c.mergeView()
	case c.replacesFiles():
		return fmt.Sprintf("select %s\nfrom %s\nanti join %s as _elt_files on %s = _elt_files.path\nunion all\nselect %s\nfrom %s",
			names(c.target), c.oldRows(), c.spec.Files.oldFiles(), project.QuoteIdent(c.spec.Files.Column), c.newItems(""), c.newRows())
	case len(c.keys()) > 0:
		return fmt.Sprintf("select %s\nfrom %s%s\nanti join %s on %s\nunion all\nselect %s\nfrom %s",
			names(c.target), c.oldRows(), alias(c.deleteAlias()), c.deltaKeys(), c.deleteCondition(),
			c.newItems(""), c.newRows())
	case c.spec.Strategy == MergeInto && c.spec.Merge.InsertCondition != "":
		return fmt.Sprintf("select %s\nfrom %s\nunion all\nselect %s\nfrom %s as %s\nwhere (%s)",
			names(c.target), c.oldRows(), c.newItems(mergeSource+"."), c.newRows(), mergeSource,
			c.spec.Merge.InsertCondition)
	}
	return fmt.Sprintf("select %s\nfrom %s\nunion all\nselect %s\nfrom %s",
		names(c.target), c.oldRows(), c.newItems(""), c.newRows())
}

// keys are what says which rows of the table the delta replaces: keys of rows, or of
// partitions.
func (c *change) keys() []string { return c.spec.replacedBy() }

func (s *Spec) replacedBy() []string {
	switch s.Strategy {
	case DeleteInsert:
		return s.UniqueKey
	case InsertOverwrite:
		return s.PartitionBy
	}
	return nil
}

// TouchedKeys is the query for the keys of this model's rows that changes touch, with the
// columns of [Spec.Touched]; "" where it replaces nothing by a key. from is the FROM item of the changes.
func (s *Spec) TouchedKeys(from string) string {
	keys := s.ChangeKey
	if len(keys) == 0 {
		keys = s.replacedBy()
	}
	if len(keys) == 0 {
		return ""
	}
	items := make([]string, len(keys))
	for i, k := range keys {
		items[i] = fmt.Sprintf("%s as _elt_key_%d", expression(k, nil), i+1)
	}
	return fmt.Sprintf("select distinct %s from %s", strings.Join(items, ", "), from)
}

// bindIndexes is an insert of nothing. DuckDB reads an index from a file when it is
// first written to or searched, and one that it reads between a delete and an insert of
// the same key takes the key for a repeated one.
func (c *change) bindIndexes(rel project.Relation) []string {
	if len(c.indexes) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("insert into %[1]s\nfrom %[1]s\nwhere false", rel)}
}

func (c *change) insertSQL(rel project.Relation) string {
	list := names(c.insert)
	return fmt.Sprintf("insert into %s (%s)\nselect %s\nfrom %s", rel, list, list, c.newRows())
}

// deleteSQL deletes the rows whose key the delta has, NULL keys included.
func (c *change) deleteSQL(rel project.Relation) string {
	return fmt.Sprintf("delete from %s%s\nusing %s\nwhere %s",
		rel, alias(c.deleteAlias()), c.deltaKeys(), c.deleteCondition())
}

// deleteAlias is what dbt calls the table in the statement that deletes by several
// keys; with one key it has no alias.
func (c *change) deleteAlias() string {
	if len(c.keys()) > 1 {
		return deleteTarget
	}
	return ""
}

func alias(name string) string {
	if name == "" {
		return ""
	}
	return " as " + name
}

// deltaKeys is the FROM item of the delta's keys, each once. Its columns have names
// of their own, so that names in keys and predicates mean the table's columns.
func (c *change) deltaKeys() string {
	items := make([]string, len(c.keys()))
	for i, k := range c.keys() {
		items[i] = fmt.Sprintf("%s as _elt_key_%d", expression(k, c.source), i+1)
	}
	keys := fmt.Sprintf("select distinct %s from %s", strings.Join(items, ", "), c.newRows())
	if c.spec.Touched.Identifier != "" {
		keys += " union from " + c.spec.Touched.String()
	}
	return "(" + keys + ") as _elt_keys"
}

func (c *change) deleteCondition() string {
	var parts []string
	for i, k := range c.keys() {
		parts = append(parts, fmt.Sprintf("%s %s _elt_keys._elt_key_%d", expression(k, c.target), c.spec.equals(), i+1))
	}
	for _, p := range c.spec.Predicates {
		parts = append(parts, "("+p+")")
	}
	return strings.Join(parts, " and ")
}
