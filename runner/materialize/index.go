package materialize

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/runner/engine"
)

// Index is one entry of the indexes config.
type Index struct {
	Columns []string // column names or SQL expressions
	Unique  bool
}

// createIndexes creates the configured indexes of the published relation.
func createIndexes(spec *Spec, columns []engine.Column) []string {
	var out []string
	for _, ix := range spec.Indexes {
		unique := ""
		if ix.Unique {
			unique = "unique "
		}
		out = append(out, fmt.Sprintf("create %sindex if not exists %s on %s (%s)",
			unique, project.QuoteIdent(indexName(spec.Published, ix)), spec.Published, indexList(ix, columns)))
	}
	return out
}

func indexList(ix Index, columns []engine.Column) string {
	out := make([]string, len(ix.Columns))
	for i, text := range ix.Columns {
		out[i] = expression(text, columns)
	}
	return strings.Join(out, ", ")
}

// indexProbes bind the expressions that are to be indexed, and find nothing: an index that cannot
// be made is found here and not in the publish transaction, where it costs every node.
func indexProbes(spec *Spec, columns []engine.Column) []Check {
	var out []Check
	for _, ix := range spec.Indexes {
		isName := func(text string) bool { _, ok := columnName(text, columns); return ok }
		if ix.Unique || !slices.ContainsFunc(ix.Columns, func(text string) bool { return !isName(text) }) {
			continue // the check for duplicates binds the same, and checkIndexes knows names
		}
		out = append(out, Check{
			SQL:     fmt.Sprintf("select %s\nfrom %s\nwhere false", indexList(ix, columns), spec.Candidate),
			Code:    diag.IncrementalConfig,
			Message: fmt.Sprintf("no index on (%s) of %q can be made", strings.Join(ix.Columns, ", "), spec.Published.Identifier),
			Place:   spec.place("indexes"),
		})
	}
	return out
}

// indexName is the same for the same relation and index, so that runs can be
// compared and an index is recognised as elt's own.
func indexName(rel project.Relation, ix Index) string {
	text := fmt.Sprintf("%s\x00%t\x00%s", rel.Key(), ix.Unique, strings.Join(ix.Columns, "\x00"))
	sum := sha256.Sum256([]byte(text))
	return "elt_ix_" + hex.EncodeToString(sum[:8])
}

// recreateIndexes gives a table that replaces another one the other's indexes.
func (c *change) recreateIndexes() []string {
	var out []string
	for _, ix := range c.indexes {
		out = append(out, IndexOn(ix.SQL, c.spec.Published))
	}
	return out
}

// IndexOn rewrites a CREATE INDEX statement as duckdb_indexes() has it, with the
// table's name but not its catalog, to name the table in full.
func IndexOn(sql string, rel project.Relation) string {
	for _, chain := range sqltoken.Chains(sql) {
		if chain.Prev == "ON" {
			sql, _ = sqltoken.Rewrite(sql, []sqltoken.Edit{{Span: chain.Span, Text: rel.String()}})
			break
		}
	}
	return trimQuery(sql)
}

// uniqueChecks find rows of a whole relation that a unique index would refuse, since
// the index itself is only made inside the publish transaction.
func uniqueChecks(spec *Spec, rel string, columns []engine.Column) []Check {
	return uniqueKeyChecks(spec, spec.Indexes, func(Index) string { return rel }, columns)
}

// uniqueInDelta does the same for a table that took in a delta: only values that the
// delta has can be new duplicates.
func uniqueInDelta(c *change, rel string) []Check {
	keys := append(slices.Clone(c.spec.Indexes), c.spec.Contract.uniqueKeys()...)
	return uniqueKeyChecks(c.spec, keys, func(ix Index) string {
		conds := make([]string, len(ix.Columns))
		for i, text := range ix.Columns {
			e := expression(text, c.target)
			if _, ok := columnName(text, c.target); !ok || c.spec.Macro {
				return rel
			}
			conds[i] = fmt.Sprintf("_elt_all.%s = _elt_new.%s", e, e)
		}
		return fmt.Sprintf("%s as _elt_all\nsemi join %s as _elt_new on %s", rel, c.newRows(), strings.Join(conds, " and "))
	}, c.insert)
}

func uniqueKeyChecks(spec *Spec, keys []Index, from func(Index) string, columns []engine.Column) []Check {
	var out []Check
	for _, ix := range keys {
		if !ix.Unique {
			continue
		}
		list := indexList(ix, columns)
		var notNull []string
		for _, text := range ix.Columns {
			notNull = append(notNull, expression(text, columns)+" is not null")
		}
		out = append(out, Check{
			SQL: fmt.Sprintf("select %s, count(*) as \"rows\"\nfrom %s\nwhere %s\ngroup by %s\nhaving count(*) > 1\norder by \"rows\" desc, %s",
				list, from(ix), strings.Join(notNull, " and "), list, list),
			Code: diag.DuplicateKey,
			Message: fmt.Sprintf("(%s) is to be unique in %q and is not",
				strings.Join(ix.Columns, ", "), spec.Published.Identifier),
			Hint:  "make the rows unique, or take the unique index or constraint away",
			Place: spec.place("indexes"),
		})
	}
	return out
}
