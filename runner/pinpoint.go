package runner

import (
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/runner/engine"
)

// pinpoint leads an error's position back to the template.
func (r *run) pinpoint(d *diag.Diagnostic, n *nodeRun, s sent, e *engine.Error) {
	compiled := n.node.Compiled
	if e.Position < 0 || s.query < 0 || compiled == nil {
		return
	}
	offset := s.back.Old(e.Position) - s.query
	if offset < 0 {
		return
	}
	if offset >= len(strings.TrimRight(compiled.SQL, " \t\r\n;")) {
		if e.Kind != engine.Parser {
			return
		}
		d.Message, offset = endOfQuery(compiled.SQL)
		d.Hint = ""
	} else if e.Kind == engine.Parser && strings.HasPrefix(e.Message, "syntax error near ") {
		d.Message = fmt.Sprintf("syntax error near %q", strings.Trim(nameAt(compiled.SQL, offset), `"`))
	}
	at := span(offset, tokenEnd(compiled.SQL, offset))
	if r.opts.Command != "show" && n.node.UniqueID != "" {
		d.Compiled = &diag.Place{Source: diag.NewSource(r.compiledPath(n.node), compiled.SQL), Span: at}
	}
	if compiled.Map == nil {
		return
	}
	place, ok := compiled.Map.Origin(offset)
	if !ok || place.IsZero() {
		return
	}
	word := compiled.SQL[at.Start:at.End]
	if strings.HasPrefix(place.Source.Text[min(place.Span.Start, len(place.Source.Text)):], word) {
		place.Span.End = place.Span.Start + len(word)
	}
	d.Place = place
}

// endOfQuery says what is wrong with a query that ends too early, or too late: the
// parser stopped behind it. The offset is that of the token to look at.
func endOfQuery(sql string) (message string, offset int) {
	var open []sqltoken.Token
	var last sqltoken.Token
	for tok := range sqltoken.Tokens(sql) {
		if tok.Kind == sqltoken.Comment {
			continue
		}
		switch last = tok; tok.Text(sql) {
		case "(", "[", "{":
			open = append(open, tok)
		case ")", "]", "}":
			if len(open) == 0 {
				return fmt.Sprintf("%q closes nothing", tok.Text(sql)), tok.Span.Start
			}
			open = open[:len(open)-1]
		}
	}
	switch {
	case len(open) > 0:
		at := open[len(open)-1]
		return fmt.Sprintf("%q is not closed", at.Text(sql)), at.Span.Start
	case last.Span.End == 0:
		return "the query is empty", 0
	}
	return fmt.Sprintf("unexpected end of query after %q", strings.Trim(last.Text(sql), `"`)), last.Span.Start
}

// nameAt is the token at an offset, or the whole dotted name that begins there.
func nameAt(sql string, offset int) string {
	for _, chain := range sqltoken.Chains(sql) {
		if chain.Span.Start == offset {
			names := make([]string, len(chain.Parts))
			for i, p := range chain.Parts {
				names[i] = p.Name
			}
			return strings.Join(names, ".")
		}
	}
	return sql[offset:tokenEnd(sql, offset)]
}

// tokenEnd is where the token at an offset ends.
func tokenEnd(sql string, offset int) int {
	for tok := range sqltoken.Tokens(sql) {
		if tok.Span.Start > offset {
			break
		}
		if offset < tok.Span.End {
			return tok.Span.End
		}
	}
	return offset
}

// compiledPath is where `elt compile` writes a node's SQL.
func (r *run) compiledPath(node *project.Node) string {
	return path.Join(filepath.ToSlash(r.plan.Project.TargetPath), "compiled", node.Package, node.OriginalPath)
}
