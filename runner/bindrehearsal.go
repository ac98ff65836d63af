package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"elt/compiler"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner/duckdb"
	"elt/runner/engine"
	"elt/runner/materialize"
)

// rehearse runs the statements of the next run of an incremental model or a snapshot on
// empty tables, so that conditions and expressions of its config which do not bind are
// found now. query holds the columns of its query, table those of its relation. What fails
// for another reason than such a text is left to the run.
func (f *bindFacts) rehearse(ctx context.Context, node *project.Node, query, table []engine.Column) error {
	candidate := hiddenRelation(f.run.names.full(node.Relation), f.run.id, 0)
	candidate.Identifier += "_" + node.UniqueID // others are rehearsed at the same time
	spec, problems := materialize.SpecOf(node, candidate, false)
	if problems.HasErrors() || !rehearsed(spec) {
		return nil
	}
	if err := f.rehearseTouched(ctx, node, spec); err != nil {
		return err
	}
	texts := spec.ConfigTexts()
	if len(texts) == 0 {
		return nil
	}
	key := rehearsalKey(spec, texts, query, table)
	if _, ok := f.KnownText("rehearsed", key); ok {
		return nil
	}
	shell, err := f.open(ctx)
	if err != nil {
		return err
	}
	p := &rehearsal{facts: f, node: node, spec: spec, shell: shell, input: candidate}
	p.input.Identifier += "_input"
	err = p.perform(ctx, query, table)
	p.clear(ctx)
	if err == nil {
		f.KeepText("rehearsed", key, "")
		return nil
	}
	return p.configFault(err)
}

// rehearsed reports whether a strategy's statements name nothing but the table and what is
// new: not a ledger that only a run has.
func rehearsed(spec *materialize.Spec) bool {
	return spec.Snapshot != nil || slices.Contains([]string{
		materialize.Append, materialize.DeleteInsert, materialize.MergeInto, materialize.InsertOverwrite, materialize.Microbatch,
	}, spec.Strategy)
}

// rehearsalKey is what the outcome depends on.
func rehearsalKey(spec *materialize.Spec, texts []materialize.ConfigText, query, table []engine.Column) string {
	parts := []string{spec.Published.String(), spec.Materialized, spec.Strategy, fmt.Sprint(spec.UniqueKey, spec.PartitionBy, spec.OrderBy), fmt.Sprintf("%+v", spec.Merge)}
	if spec.Merge.Clauses != nil {
		parts = append(parts, fmt.Sprintf("%+v", *spec.Merge.Clauses))
	}
	for _, t := range texts {
		parts = append(parts, t.Key, t.Text)
	}
	for _, c := range slices.Concat(query, table) {
		parts = append(parts, c.Name, c.Type)
	}
	return strings.Join(parts, "\x00")
}

// rehearsal is a run of a model on empty tables.
type rehearsal struct {
	facts *bindFacts
	node  *project.Node
	spec  *materialize.Spec
	shell *duckdb.Shell
	input project.Relation // stands for the model's query
	made  project.Relation
	sql   string // the statement that was run last
}

func (p *rehearsal) perform(ctx context.Context, query, table []engine.Column) error {
	published := p.facts.run.names.full(p.node.Relation)
	for rel, columns := range map[project.Relation][]engine.Column{p.input: query, published: table} {
		if err := p.shell.Define(ctx, rel, plainColumns(columns)); err != nil {
			return err
		}
	}
	p.spec.SQL, p.spec.Header = "select * from "+p.input.String(), ""
	published.Type = "table"
	state := materialize.State{Existing: &engine.RelationInfo{Relation: published, Columns: table}}
	write, err := materialize.Begin(p.spec, state)
	if err != nil {
		return err
	}
	p.made = write.Made
	statements := slices.Concat(write.Before, write.Statements)
	if p.spec.Snapshot != nil {
		changes, err := write.Snapshot(p.spec, state, query)
		if err != nil {
			return err
		}
		statements = append(statements, changes...)
	}
	if err := p.do(ctx, statements); err != nil {
		return err
	}
	bound, err := p.shell.Bind(ctx, "from "+write.Made.String())
	if err != nil {
		return err
	}
	columns := engineColumns(bound)
	if err := p.batch(ctx, write.Made, columns); err != nil {
		return err
	}
	finish, err := materialize.End(p.spec, state, columns)
	if err != nil {
		return err
	}
	for _, sql := range finish.Publish {
		finish.Apply = append(finish.Apply, materialize.Statement{SQL: sql, Query: -1})
	}
	return p.do(ctx, finish.Apply)
}

// batch does the first batch of a microbatch model.
func (p *rehearsal) batch(ctx context.Context, made project.Relation, columns []engine.Column) error {
	b := p.spec.Batches
	if b == nil {
		return nil
	}
	start := b.Size.Floor(b.Begin)
	b.Done = []project.Batch{b.Size.Batch(start, b.Size.Add(start, 1))}
	return p.do(ctx, []materialize.Statement{p.spec.InsertBatch(made, p.spec.SQL, b.Done[0], columns)})
}

func (p *rehearsal) do(ctx context.Context, statements []materialize.Statement) error {
	for _, st := range statements {
		p.sql = st.SQL
		if err := p.shell.Apply(ctx, st.SQL); err != nil {
			return err
		}
	}
	return nil
}

// clear drops what would turn up in what DuckDB suggests for other names.
func (p *rehearsal) clear(ctx context.Context) {
	for _, rel := range []project.Relation{p.input, p.spec.Candidate, p.made} {
		for _, kind := range []string{"table", "view"} {
			_ = p.shell.Apply(ctx, "drop "+kind+" if exists "+rel.String()) // it is of the other kind, or gone
		}
	}
}

// configFault says which text of the config an error of the last statement is about; nil
// where it is about none, or where the text may yet work.
func (p *rehearsal) configFault(err error) error {
	var e *engine.Error
	if !errors.As(err, &e) {
		return nil
	}
	return p.facts.configFault(p.node, p.spec, p.sql, e)
}

// configFault is the error about the text of a config in which a statement fails; nil where
// it fails elsewhere, or where the text may yet work.
func (f *bindFacts) configFault(node *project.Node, spec *materialize.Spec, sql string, e *engine.Error) error {
	if missingTable().MatchString(e.Message) || f.doubt(node, compiler.ShellQuery{SQL: sql}, e) != "" {
		return nil
	}
	text, ok := textAtFault(spec, sql, e)
	if !ok {
		return nil
	}
	return f.run.configDiagnostic(node, spec, text, e)
}

// configDiagnostic says what is wrong with a text of a config.
func (r *run) configDiagnostic(node *project.Node, spec *materialize.Spec, text materialize.ConfigText, e *engine.Error) *diag.Diagnostic {
	code := diag.IncrementalConfig
	if spec.Snapshot != nil {
		code = diag.SnapshotConfig
	}
	message, _, _ := strings.Cut(e.Message, "\n")
	d := diag.New(code, text.Place, "%s of %q does not fit: %s", text.Key, node.Name, r.publicText(lowerFirst(message)))
	d.Node, d.Hint, d.Err = node.UniqueID, r.hintOf(e), e
	return d.WithNote(diag.Place{}, "in %s", text.Text)
}

// textAtFault is the text of a config in which a statement fails. The parser stops at or
// behind what is wrong: at the bracket behind a condition that is not finished. What stands
// around the texts of a config is elt's own and parses.
func textAtFault(spec *materialize.Spec, sql string, e *engine.Error) (materialize.ConfigText, bool) {
	texts := spec.ConfigTexts()
	for _, text := range texts {
		if holds(sql, text.Text, e.Position) || says(e.Message, text.Text) {
			return text, true
		}
	}
	last, nearest := -1, materialize.ConfigText{}
	if e.Kind == engine.Parser && 0 <= e.Position && e.Position <= len(sql) {
		for _, text := range texts {
			if i := strings.LastIndex(sql[:e.Position], text.Text); i > last {
				last, nearest = i, text
			}
		}
	}
	return nearest, last >= 0
}

// says reports whether a message names a column: the place of one that is to be set is not
// always that of its name.
func says(message, column string) bool {
	return slices.ContainsFunc(strings.Fields(message), func(word string) bool { return strings.Trim(word, `"`) == column })
}

// holds reports whether a place in a statement is within a text.
func holds(sql, text string, at int) bool {
	for from := 0; ; {
		i := strings.Index(sql[from:], text)
		if i < 0 || at < 0 {
			return false
		}
		if start := from + i; start <= at && at < start+len(text) {
			return true
		}
		from += i + 1
	}
}
