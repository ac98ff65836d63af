package materialize

import (
	"fmt"

	"elt/compiler/project"
)

// Changes is what an incremental run does to the rows of the published relation, as two
// queries of the relation's columns over published names and the candidate: the rows that
// go and the rows that come. A row that is written as it was may be in both. Out is ""
// where no row goes.
type Changes struct{ Out, In string }

// changes says which rows the delta replaces, and by which. Its work follows the delta but
// for looking the old rows up.
func (c *change) changes() *Changes {
	items, target := c.newItems(""), names(c.target)
	in := fmt.Sprintf("select %s\nfrom %s", items, c.newRows())
	switch {
	case c.spec.Batches != nil:
		return &Changes{
			Out: fmt.Sprintf("select %s\nfrom %s\nwhere %s", target, c.oldRows(), c.replaced()),
			In:  in + "\nwhere " + c.spec.within(c.spec.Batches.Done, c.target),
		}
	case c.spec.Strategy == MergeInto:
		return c.mergeChanges()
	case c.replacesFiles():
		return &Changes{In: in, Out: fmt.Sprintf("select %s\nfrom %s\nsemi join %s as _elt_files on %s = _elt_files.path",
			target, c.oldRows(), c.spec.Files.oldFiles(), project.QuoteIdent(c.spec.Files.Column))}
	case len(c.keys()) > 0:
		return &Changes{In: in, Out: fmt.Sprintf("select %s\nfrom %s%s\nsemi join %s on %s",
			target, c.oldRows(), alias(c.deleteAlias()), c.deltaKeys(), c.deleteCondition())}
	}
	return &Changes{In: in}
}

// mergeChanges are the rows that a merge matches, as they were and as they will be, and
// those that it inserts.
func (c *change) mergeChanges() *Changes {
	if len(c.spec.mergeKeys()) == 0 {
		in := fmt.Sprintf("select %s\nfrom %s as %s", c.newItems(mergeSource+"."), c.newRows(), mergeSource)
		if c.spec.Merge.InsertCondition != "" {
			in += "\nwhere (" + c.spec.Merge.InsertCondition + ")"
		}
		return &Changes{In: in}
	}
	return &Changes{
		Out: fmt.Sprintf("select %s\nfrom %s as %s\nsemi join %s as %s on %s",
			names(c.target), c.oldRows(), mergeTarget, c.newRows(), mergeSource, c.mergeCondition()),
		In: c.merged(""),
	}
}

// copyChanges compares the published table with the copy on which the delta was applied.
func (c *change) copyChanges(copied string) *Changes {
	was := fmt.Sprintf("select %s from %s", names(c.target), c.oldRows())
	will := fmt.Sprintf("select %s from %s", names(c.target), copied)
	return &Changes{Out: was + "\nexcept all\n" + will, In: will + "\nexcept all\n" + was}
}
