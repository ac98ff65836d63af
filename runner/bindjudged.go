package runner

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"elt/compiler"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/runner/check"
	"elt/runner/duckdb"
	"elt/runner/engine"
)

// Judged says what is wrong with how a data test counts and compares its rows: a fail_calc
// that does not bind, is no number or does not aggregate, and a warn_if or error_if that
// makes no condition of it.
func (f *bindFacts) Judged(ctx context.Context, node *project.Node, rows []compiler.Column) error {
	config, problems := check.ConfigOf(node)
	if problems.HasErrors() {
		return problems
	}
	if config.IsPlain() {
		return nil
	}
	key := strings.Join([]string{config.FailCalc, config.WarnIf, config.ErrorIf}, "\x00")
	for _, c := range rows {
		key += "\x00" + c.Name + "\x00" + c.Type
	}
	if _, ok := f.KnownText("judged", key); ok {
		return nil
	}
	shell, err := f.open(ctx)
	if err != nil {
		return err
	}
	j := &judging{facts: f, ctx: ctx, shell: shell, node: node, rows: emptyRows(rows)}
	if err := j.all(config); err != nil || j.unsure {
		return err
	}
	f.KeepText("judged", key, "")
	return nil
}

// emptyRows is a query without rows that has some columns.
func emptyRows(columns []compiler.Column) string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = "cast(null as " + c.Type + ") as " + project.QuoteIdent(c.Name)
	}
	if len(list) == 0 {
		list = []string{"1 as one"}
	}
	return "select " + strings.Join(list, ", ") + " limit 0"
}

// judging binds the texts of a test's config over rows like the test's.
type judging struct {
	facts  *bindFacts
	ctx    context.Context
	shell  *duckdb.Shell
	node   *project.Node
	rows   string
	unsure bool // a text may work in the target
}

func (j *judging) all(config check.Config) error {
	columns, err := j.bind("fail_calc", config.FailCalc, config.FailCalc)
	if err != nil || columns == nil {
		return err
	}
	if d := j.notNumber(config.FailCalc, columns[0].Type); d != nil {
		return d
	}
	if _, err := j.shell.Bind(j.ctx, "select 1 from (\n"+j.rows+"\n) as t where ("+config.FailCalc+"\n) is null"); err == nil {
		return j.ofEachRow()
	}
	for _, c := range []struct{ key, condition string }{{"warn_if", config.WarnIf}, {"error_if", config.ErrorIf}} {
		columns, err := j.bind(c.key, config.FailCalc+" "+c.condition, c.condition)
		if err != nil {
			return err
		}
		if columns != nil && !isCondition(columns[0].Type) {
			return j.noComparison(c.key, c.condition)
		}
	}
	return nil
}

// bind returns the columns of a query that selects an expression as a test's statement
// does: with something behind it, so that a comment in the text takes that away.
func (j *judging) bind(key, expression, text string) ([]compiler.Column, error) {
	sql := "select\n  " + expression + " as failures,\n  count(*) as rows\nfrom (\n" + j.rows + "\n) dbt_internal_test"
	columns, err := j.shell.Bind(j.ctx, sql)
	var e *engine.Error
	switch {
	case err == nil && len(columns) == 2:
		return columns, nil
	case err == nil:
		return nil, j.wrong(key, "%q is not one expression", text)
	case !errors.As(err, &e):
		return nil, err
	case j.facts.doubt(j.node, compiler.ShellQuery{SQL: sql}, e) != "":
		j.unsure = true
		return nil, nil
	case key != "fail_calc" && e.Kind == engine.Parser:
		return nil, j.noComparison(key, text)
	}
	message, _, _ := strings.Cut(e.Message, "\n")
	if key == "fail_calc" && strings.HasSuffix(message, "is neither grouped nor aggregated") {
		return nil, j.ofEachRow()
	}
	d := j.wrong(key, "%s", j.facts.run.publicText(lowerFirst(message)))
	if d.Err = e; key == "fail_calc" {
		d.Hint = j.facts.run.hintOf(e)
		return nil, d
	}
	return nil, d.WithHint("it compares the number of failures, as \"> 10\" does")
}

// ofEachRow is the error about a fail_calc that does not aggregate.
func (j *judging) ofEachRow() *diag.Diagnostic {
	return j.wrong("fail_calc", "it gives a value for each failing row").
		WithHint("make one of all rows, such as count(*) or sum(...)")
}

// wrong is the error about a key of the test's config.
func (j *judging) wrong(key, format string, args ...any) *diag.Diagnostic {
	return testKeyFault(j.node, key, format, args...)
}

func (j *judging) noComparison(key, text string) *diag.Diagnostic {
	return j.wrong(key, "%q does not compare the number of failures with anything", text).
		WithHint("write a comparison, such as \"> 10\" or \"between 1 and 5\"")
}

// notNumber says that a fail_calc of some type can be no number of failures.
func (j *judging) notNumber(text, kind string) *diag.Diagnostic {
	base, _, _ := strings.Cut(kind, "(")
	switch {
	case kind == `"NULL"` || strings.EqualFold(strings.TrimSpace(text), "null"):
		return j.wrong("fail_calc", "it is always NULL, so that the test could never fail").
			WithHint("say what is counted, such as count(*) or sum(...)")
	case base == "DECIMAL" || base == "BOOLEAN" || isNumber(base):
		return nil
	}
	return j.wrong("fail_calc", "it is %s, not a number", kind).WithHint("say what is counted, such as count(*) or sum(...)")
}

// isCondition reports whether a type says yes or no.
func isCondition(kind string) bool {
	return kind == "BOOLEAN" || kind == `"NULL"` || strings.HasSuffix(kind, "INT") || kind == "INTEGER"
}

// isNumber reports whether a type without parameters is a number.
func isNumber(kind string) bool {
	switch kind {
	case "INTEGER", "UINTEGER", "DOUBLE", "FLOAT":
		return true
	}
	return strings.HasSuffix(kind, "INT")
}

// testKeyFault is the error about a key of a data test's config, at the key's own place.
func testKeyFault(node *project.Node, key, format string, args ...any) *diag.Diagnostic {
	place := node.Config.Place(key)
	if place.IsZero() {
		place = node.Place
	}
	inCall := regexp.MustCompile(`\b` + key + `\s*=`)
	if at := inCall.FindStringIndex(place.Text()); at != nil { // config(where=...)
		place.Span.Start += at[0]
		place.Span.End = place.Span.Start + len(key)
	}
	d := diag.New(diag.WrongType, place, "%q of the test %q does not fit: "+format, append([]any{key, node.Name}, args...)...)
	d.Node = node.UniqueID
	return d
}

// whereFault is the error about the condition of a data test, where that is what does not
// bind in the test's query; else nil. The parser stops at or behind what is wrong.
func (r *run) whereFault(node *project.Node, sql string, e *engine.Error) *diag.Diagnostic {
	where := strings.TrimSpace(node.Config.String("where", ""))
	if node.Type != project.Test || where == "" {
		return nil
	}
	message, _, _ := strings.Cut(e.Message, "\n")
	within := holds(sql, where, e.Position)
	if e.Kind == engine.Parser && isTorn(where) {
		within, message = true, "a quote or a bracket in it is not closed"
	}
	if !within && e.Kind == engine.Parser && 0 <= e.Position && e.Position <= len(sql) {
		i := strings.LastIndex(sql[:e.Position], where)
		within = i >= 0 && strings.Trim(sql[i+len(where):e.Position], " \t\r\n)") == ""
		message = "the condition is not finished"
	}
	if !within {
		return nil
	}
	d := testKeyFault(node, "where", "%s", r.publicText(lowerFirst(message)))
	d.Hint, d.Err = r.hintOf(e), e
	return d
}

// isTorn reports whether a condition leaves a text, a name, a comment or a bracket open.
func isTorn(condition string) bool {
	depth := 0
	for tok := range sqltoken.Tokens(condition) {
		switch text := tok.Text(condition); {
		case tok.Kind == sqltoken.Invalid:
			return true
		case text == "(" || text == "[":
			depth++
		case text == ")" || text == "]":
			depth--
		}
	}
	return depth != 0
}
