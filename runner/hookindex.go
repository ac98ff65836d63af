package runner

import (
	"context"
	"slices"
	"strings"

	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/runner/materialize"
)

// latePart is a statement of a hook that says something about the published relation
// which its candidate cannot carry: an index, since DuckDB renames no table that has
// one, and the comment on a view, whose candidate is a view of the run. It is tried on
// the candidate, and is part of the publish.
type latePart struct {
	sql   string
	index sqltoken.Part // the index's name; without a name for a comment
	// stands says that the published table has that index and keeps it, since the new
	// rows are put into that table: there is nothing to do.
	stands bool
}

// lateParts are the statements of a node's hooks that are part of the publish.
func (r *run) lateParts(n *nodeRun) []latePart {
	hooks := n.post()
	if len(n.write.Before) > 0 { // else there is nothing yet that a pre-hook could act on
		hooks = slices.Concat(n.pre(), hooks)
	}
	return r.latePartsOf(n, hooks)
}

func (r *run) latePartsOf(n *nodeRun, hooks []project.RenderedHook) []latePart {
	var out []latePart
	for _, hook := range hooks {
		for _, at := range sqltoken.SplitStatements(hook.SQL) {
			if p, ok := r.latePart(n, hook.SQL[at.Start:at.End]); ok {
				out = append(out, p)
			}
		}
	}
	return out
}

// latePart reads a statement of a hook; ok is false for what acts on the candidate.
func (r *run) latePart(n *nodeRun, sql string) (p latePart, ok bool) {
	word := sqltoken.FirstKeyword(sql)
	if word != "CREATE" && word != "COMMENT" {
		return latePart{}, false
	}
	p.sql = sqltoken.StripTrailing(sql)
	if word == "COMMENT" {
		return p, n.candidate.Identifier == "" && r.mentionsOwn(sql, n)
	}
	p.index = indexName(sql)
	if p.index.Name == "" || n.candidate.Identifier == "" {
		return latePart{}, false
	}
	on := slices.ContainsFunc(r.names.mentions(sql), func(m mention) bool { return m.chain.Prev == "ON" && m.rel.Key() == n.key })
	p.stands = on && n.write.Delta && !n.spec.FullCopy && r.indexStands(n, sql)
	return p, on
}

// indexStands reports whether a statement makes an index of the node's relation only if it
// is not there, and it is there. A unique index is made anew on a copy all the same: rows
// it refuses must fail the node, not the publish, which may only put rows into the table.
func (r *run) indexStands(n *nodeRun, sql string) bool {
	name := indexName(sql).Name
	if name == "" || !r.mentionsOwn(sql, n) || saysBefore(sql, "UNIQUE", "ON") || !saysBefore(sql, "EXISTS", "ON") {
		return false
	}
	return slices.ContainsFunc(r.published.indexes[n.key], func(ix materialize.ExistingIndex) bool { return strings.EqualFold(ix.Name, name) })
}

// saysBefore reports whether a word stands in a statement before another one.
func saysBefore(sql, word, end string) bool {
	for tok := range sqltoken.Tokens(sql) {
		if tok.Kind != sqltoken.Word {
			continue
		}
		switch text := tok.Text(sql); {
		case strings.EqualFold(text, word):
			return true
		case strings.EqualFold(text, end):
			return false
		}
	}
	return false
}

// mentionsOwn reports whether a statement names the node's own relation.
func (r *run) mentionsOwn(sql string, n *nodeRun) bool {
	return slices.ContainsFunc(r.names.mentions(sql), func(m mention) bool { return m.rel.Key() == n.key })
}

// tryIndex makes an index of a hook on the candidate, under a hidden name, and drops
// it: rows it refuses fail the node and not the publish.
func (w *worker) tryIndex(ctx context.Context, n *nodeRun, p latePart) error {
	name := project.QuoteIdent(n.candidate.Identifier)
	sql, _ := sqltoken.Rewrite(p.sql, []sqltoken.Edit{{Span: p.index.Span, Text: name}})
	s, err := w.prepare(ctx, n, materialize.Statement{SQL: sql, Query: -1}, &n.candidate)
	if err != nil {
		return err
	}
	if _, err = w.session.Exec(ctx, s.sql); err != nil {
		return w.fault(ctx, n, s, err)
	}
	schema := project.QuoteIdent(n.candidate.Database) + "." + project.QuoteIdent(n.candidate.Schema)
	_, err = w.session.Exec(ctx, "drop index "+schema+"."+name)
	return err
}

// addLateParts makes the late parts of a node's hooks part of its publish. An index
// that the publish makes already, since the table had it, is not made twice.
func (n *nodeRun) addLateParts(parts []latePart) {
	for _, p := range parts {
		if p.stands {
			continue
		}
		if p.index.Name != "" {
			n.finish.Indexes = slices.DeleteFunc(n.finish.Indexes, func(sql string) bool { return makesIndex(sql, p.index.Name) })
		}
		n.finish.Indexes = append(n.finish.Indexes, p.sql)
	}
}

// makesIndex reports whether a statement makes the index of a name.
func makesIndex(sql, name string) bool { return strings.EqualFold(indexName(sql).Name, name) }

// indexName returns the index's name in a CREATE INDEX statement: what stands last
// before ON.
func indexName(sql string) sqltoken.Part {
	var last sqltoken.Part
	index := false
	for _, chain := range sqltoken.Chains(sql) {
		if chain.Prev == "ON" {
			break
		}
		index = index || chain.Prev == "INDEX"
		last = chain.Parts[len(chain.Parts)-1]
	}
	if !index {
		return sqltoken.Part{}
	}
	return last
}
