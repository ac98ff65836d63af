package compiler

import (
	"errors"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
)

// columnsOf returns the columns of a query, if need be by binding it. own is the node's own
// relation where the query may read it, else nil.
func (b *binder) columnsOf(node *project.Node, query ShellQuery, own *ownRelation) ([]Column, error) {
	key, keep := b.keyOf(node, query, own)
	if keep = keep && !ReadsOutside(query.SQL); keep {
		if columns, ok := b.facts.Known(key); ok {
			return columns, nil
		}
	}
	catalog, err := b.shells(b.ctx)
	if err == nil {
		err = b.defineParents(b.ctx, catalog, []string{node.UniqueID})
	}
	if err == nil {
		err = b.defineOwn(b.ctx, catalog, node, own)
	}
	if err != nil {
		return nil, err
	}
	for _, id := range b.readers(node) {
		if parent := b.nodes[id]; parent != nil && parent.unmade != "" {
			return nil, parent.unmade
		}
	}
	columns, err := b.bindQuery(catalog, node, query)
	if err == nil {
		err = b.castFault(catalog, node, query)
	}
	if err == nil && keep && !b.outside.Load() {
		b.facts.Keep(key, columns)
	}
	return columns, err
}

// keyOf is what the columns of a query are kept under that reads nothing outside; false
// where it may read what is not known.
func (b *Bound) keyOf(node *project.Node, query ShellQuery, own *ownRelation) (key string, known bool) {
	switch {
	case own == nil:
		return b.cacheText(node, query), true
	case own.unknown:
		return "", false
	}
	return string(own.appendTo([]byte(b.cacheText(node, query)))), true
}

// cacheText is all that the columns of a query depend on.
func (b *Bound) cacheText(node *project.Node, query ShellQuery) string {
	var room [1 << 10]byte // on the stack: most are shorter, and there are tens of thousands
	text := append(room[:0], query.SQL...)
	for _, id := range b.parents(node, nil) {
		parent := b.nodes[id]
		if parent == nil {
			continue
		}
		text = b.shellOf(b.plan.Nodes[id]).AppendTo(append(text, 0))
		if function := b.plan.Nodes[id]; function.IsFunction() && function.Compiled != nil {
			text = append(text, function.Compiled.SQL...)
		}
		for _, c := range parent.readAs() {
			text = append(append(text, 1), c.Name...)
			text = append(append(text, 2), c.Type...)
		}
	}
	return string(text)
}

// readAs are the columns as readers see them.
func (n *boundNode) readAs() []Column {
	if n.shell != nil {
		return n.shell
	}
	return n.columns
}

// withNulls finds the columns of a view of which nothing is known but that they are
// null; nil where there are none, or where it cannot be said.
func (b *binder) withNulls(node *project.Node, n *boundNode) []Column {
	if len(n.columns) == 0 || !b.mayBeNull(node, n) || ReadsOutside(n.query.SQL) {
		return nil
	}
	key := "with nulls\x00" + b.cacheText(node, n.query)
	if columns, ok := b.facts.Known(key); ok {
		return unlessEqual(columns, n.columns)
	}
	catalog, err := b.shells(b.ctx)
	if err == nil {
		err = b.defineParents(b.ctx, catalog, []string{node.UniqueID})
	}
	if err != nil {
		return nil
	}
	columns, err := catalog.WithNulls(b.ctx, n.query.SQL, n.columns)
	if err != nil {
		return nil // what cannot be run without rows keeps the types it has
	}
	if !b.outside.Load() {
		b.facts.Keep(key, columns)
	}
	return unlessEqual(columns, n.columns)
}

func unlessEqual(columns, others []Column) []Column {
	if slices.Equal(columns, others) {
		return nil
	}
	return columns
}

// mayBeNull reports whether a query may have a column that is null and nothing else: it
// says so or reads one, and has a column of the type that such columns get.
func (b *binder) mayBeNull(node *project.Node, n *boundNode) bool {
	if !slices.ContainsFunc(n.columns, func(c Column) bool { return strings.Contains(c.Type, "INTEGER") }) {
		return false
	}
	for _, id := range b.readers(node) {
		if parent := b.nodes[id]; parent != nil && parent.shell != nil {
			return true
		}
	}
	before := ""
	for tok := range sqltoken.Tokens(n.query.SQL) {
		text := tok.Text(n.query.SQL)
		if strings.EqualFold(text, "null") && !strings.EqualFold(before, "not") && !strings.EqualFold(before, "is") || text == "]" && before == "[" {
			return true
		}
		if tok.Kind != sqltoken.Comment {
			before = text
		}
	}
	return false
}

// rowSources are the table functions whose columns do not depend on anything outside.
var rowSources = []string{"range", "generate_series", "unnest"}

// ReadsOutside reports whether a query names files or table functions, whose columns
// may be others the next time.
func ReadsOutside(sql string) bool {
	for _, chain := range sqltoken.Chains(sql) {
		if chain.Call && (chain.Clause == "FROM" || chain.Clause == "JOIN") && !slices.Contains(rowSources, strings.ToLower(chain.Name())) {
			return true
		}
	}
	from := false
	for tok := range sqltoken.Tokens(sql) {
		if tok.Kind == sqltoken.Comment {
			continue
		}
		if from && tok.Kind == sqltoken.String {
			return true
		}
		text := tok.Text(sql)
		from = strings.EqualFold(text, "from") || strings.EqualFold(text, "join")
	}
	return false
}

// mostMissing is how many relations of the database one query may read that no source
// declares.
const mostMissing = 100

// bindQuery binds a query; relations outside of the project are looked up as they are
// missed.
func (b *binder) bindQuery(catalog ShellCatalog, node *project.Node, query ShellQuery) ([]Column, error) {
	for range mostMissing {
		columns, err := catalog.Bind(b.ctx, query.SQL)
		if err == nil {
			return columns, nil
		}
		found, ok := b.facts.Missing(b.ctx, query, err)
		b.outside.Store(b.outside.Load() || ok)
		if !ok || catalog.Define(b.ctx, found.Relation, found.Columns) != nil {
			return nil, b.faults(catalog, node, query, err)
		}
	}
	return nil, Doubt("it reads too many tables that no source declares")
}

// faults says what is wrong with a query, of which the catalog has told the first error.
func (b *binder) faults(catalog ShellCatalog, node *project.Node, query ShellQuery, first error) error {
	told := b.facts.Fault(b.ctx, node, query, first)
	if doubt := Doubt(""); errors.As(told, &doubt) {
		return told
	}
	all := diag.From(told, diag.SQL)
	for _, err := range catalog.Further(b.ctx, query.SQL, first) {
		further := b.facts.Fault(b.ctx, node, query, err)
		if doubt := Doubt(""); !errors.As(further, &doubt) {
			all = append(all, diag.From(further, diag.SQL)...)
		}
	}
	var list diag.List
	if cast := b.tryCasts(catalog, node, literalsOf(node.Compiled.SQL).found); errors.As(cast, &list) {
		all = append(all, list...)
	}
	return all.Sorted().Err()
}
