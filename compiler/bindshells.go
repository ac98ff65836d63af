package compiler

import (
	"context"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
)

// defineParents makes the shells that the queries of nodes read.
func (b *Bound) defineParents(ctx context.Context, catalog ShellCatalog, ids []string) error {
	seen := map[string]bool{}
	var parents []string
	for _, id := range ids {
		for _, parent := range b.parents(b.plan.Nodes[id], nil) {
			if !seen[parent] {
				seen[parent] = true
				parents = append(parents, parent)
			}
		}
	}
	return b.define(ctx, catalog, parents)
}

// defineChanges makes the shells of the models whose changes a node reads: its keys are looked for
// among their columns, also where its own query is known from before.
func (b *binder) defineChanges(node *project.Node) error {
	if len(node.Changes) == 0 {
		return nil
	}
	catalog, err := b.shells(b.ctx)
	if err != nil {
		return err
	}
	return b.define(b.ctx, catalog, node.Changes)
}

// define makes the shells of nodes whose columns are known.
func (b *Bound) define(ctx context.Context, catalog ShellCatalog, ids []string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var shells []ShellRelation
	var made []*boundNode
	for _, id := range ids {
		n := b.nodes[id]
		if n == nil || !n.known || n.defined {
			continue
		}
		n.defined = true
		if rel := b.shellOf(b.plan.Nodes[id]); rel.Identifier != "" {
			shells = append(shells, ShellRelation{rel, n.readAs()})
			made = append(made, n)
		}
	}
	if len(shells) == 0 {
		return nil
	}
	if err := catalog.DefineAll(ctx, shells); err == nil || ctx.Err() != nil {
		return err
	}
	for i, shell := range shells { // one of them cannot be made
		if err := catalog.Define(ctx, shell.Relation, shell.Columns); err != nil {
			made[i].unmade = Doubt("what it reads has a column of a type that cannot be made here: " + err.Error())
		}
	}
	return nil
}

// shellOf is the empty relation that stands for a node. That of a source over files has
// the name which DuckDB gives the files, so that read_csv.id goes on working.
func (b *Bound) shellOf(node *project.Node) project.Relation {
	switch {
	case node.Type == project.Test || node.IsEphemeral() || node.IsFunction():
		return project.Relation{}
	case node.Type != project.Source:
		return node.Relation
	}
	from := SourceExpression(node)
	if from == "" {
		return node.Relation
	}
	return project.Relation{Database: FilesDatabase, Schema: node.UniqueID, Identifier: fromName(from)}
}

// FilesDatabase is the catalog in which the shells of sources over files stand; their
// schema is the source's unique_id.
const FilesDatabase = "_elt_files"

// fromName is the name by which a query can call the columns of a FROM item.
func fromName(from string) string {
	for tok := range sqltoken.Tokens(from) {
		text := tok.Text(from)
		switch tok.Kind {
		case sqltoken.Word, sqltoken.Quoted:
			return sqltoken.Unquote(text)
		case sqltoken.String:
			base := strings.Trim(text, "'")
			base = base[strings.LastIndexAny(base, `/\`)+1:]
			base, _, _ = strings.Cut(base, ".")
			return base
		}
		break
	}
	return "files"
}

// shellQuery puts shells where a query names the files of a source. reader is the node
// whose query it is, if it is one's.
func (b *Bound) shellQuery(reader *project.Node, sql string, parents []string) ShellQuery {
	var edits []sqltoken.Edit
	var starts map[int]bool
	for _, id := range parents {
		node := b.plan.Nodes[id]
		if node == nil || node.Type != project.Source {
			continue
		}
		from := SourceExpression(node)
		if from == "" {
			continue
		}
		shell := b.shellOf(node).String()
		if strings.HasPrefix(from, "(") {
			shell = "(from " + shell + ")"
		}
		if taker := b.taker(reader); taker != nil && taker.TakenByFile(node) {
			shell = "(select *, cast(null as varchar) as " + project.QuoteIdent(taker.FileColumn()) + " from " + shell + ")"
		}
		for at := 0; ; {
			i := strings.Index(sql[at:], from)
			if i < 0 {
				break
			}
			span := diag.Span{Start: at + i, End: at + i + len(from)}
			at = span.End
			if starts == nil {
				starts = sqltoken.FromStarts(sql)
			}
			if starts[span.Start] && !overlaps(edits, span) {
				edits = append(edits, sqltoken.Edit{Span: span, Text: shell})
			}
		}
	}
	text, back := sqltoken.Rewrite(sql, edits)
	return ShellQuery{SQL: text, Back: back}
}

func overlaps(edits []sqltoken.Edit, span diag.Span) bool {
	return slices.ContainsFunc(edits, func(e sqltoken.Edit) bool {
		return e.Span.Start < span.End && span.Start < e.Span.End
	})
}

// taker is the model whose sources a reader's query names: the reader, or the by_file model that
// an ephemeral reader, or what a test reads, is a part of.
func (b *Bound) taker(reader *project.Node) *project.Node {
	switch {
	case reader != nil && reader.IsEphemeral():
		return b.takers()[reader.UniqueID]
	case reader != nil && reader.Type == project.Test:
		return project.TakerOf(reader, b.takers())
	}
	return reader
}
