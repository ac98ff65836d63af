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
	if e.Kind == engine.Parser {
		offset = syntaxWords(d, n.node, offset)
	} else if offset >= len(compiled.SQL) {
		return
	}
	r.placeAt(d, n, span(offset, tokenEnd(compiled.SQL, offset)))
}

// placeAt puts a diagnostic at the place in the template that wrote a piece of the node's
// compiled SQL, and reports whether there is one.
func (r *run) placeAt(d *diag.Diagnostic, n *nodeRun, at diag.Span) bool {
	compiled := n.node.Compiled
	if r.opts.Command != "show" && n.node.UniqueID != "" {
		d.Compiled = &diag.Place{Source: diag.NewSource(r.compiledPath(n.node), compiled.SQL), Span: at}
	}
	if compiled.Map == nil {
		return false
	}
	place, ok := compiled.Map.Origin(at.Start)
	if !ok || place.IsZero() {
		return false
	}
	written := place.Source.Text[min(place.Span.Start, len(place.Source.Text)):]
	same := 0 // what the template says in the same words, up to an expression in it
	for text := compiled.SQL[at.Start:at.End]; same < min(len(text), len(written)) && text[same] == written[same]; {
		same++
	}
	if at.Start+same >= tokenEnd(compiled.SQL, at.Start) {
		place.Span.End = place.Span.Start + len(strings.TrimRight(written[:same], " \t\r\n"))
	}
	d.Place = place
	return true
}

// syntaxWords says what is wrong with the syntax of a node's query, by the offset at which
// the parser stopped, and returns the offset of the token to look at.
func syntaxWords(d *diag.Diagnostic, node *project.Node, offset int) int {
	sql := node.Compiled.SQL
	open, stray, last := brackets(sql, offset)
	switch {
	case last.Span.End == 0 && offset >= sqlStart(sql):
		d.Message, d.Hint = "the query is empty", "write a select"
		return sqlStart(sql)
	case stray != nil:
		d.Message, d.Hint = fmt.Sprintf("%q closes nothing", stray.Text(sql)), ""
		return stray.Span.Start
	case offset >= len(strings.TrimRight(sql, " \t\r\n;")) && open != nil:
		d.Message, d.Hint = fmt.Sprintf("%q is not closed", open.Text(sql)), ""
		return open.Span.Start
	case offset >= len(strings.TrimRight(sql, " \t\r\n;")):
		d.Message, d.Hint = fmt.Sprintf("unexpected end of query after %q", strings.Trim(last.Text(sql), `"`)), endHint(node)
		return last.Span.Start
	case !strings.HasPrefix(d.Message, "syntax error near "):
		return offset
	}
	name := nameAt(sql, offset)
	d.Message = fmt.Sprintf("syntax error near %q", strings.Trim(name, `"`))
	switch {
	case d.Hint != "":
	case open != nil && sqltoken.Reserved(name) && (strings.EqualFold(name, "select") || !isSubquery(sql[open.Span.End:])):
		d.Hint = fmt.Sprintf("the %q before it is not closed", open.Text(sql))
	case node.Type == project.Model && (sql[offset] == ';' || offset == sqlStart(sql)):
		d.Hint = "a model is one select; other statements belong into a pre_hook or post_hook"
	}
	return offset
}

// endHint says why a query may end too early.
func endHint(node *project.Node) string {
	if node.Template != nil && strings.Contains(node.RawCode, "{{") {
		return "write what is missing behind it; a name in {{ }} that nothing defines prints nothing"
	}
	return "write what is missing behind it"
}

// brackets looks at a query up to an offset: the innermost bracket that is open there, the
// first that closes nothing, and the last token.
func brackets(sql string, offset int) (innermost, stray *sqltoken.Token, last sqltoken.Token) {
	var open []sqltoken.Token
	for tok := range sqltoken.Tokens(sql) {
		if tok.Kind == sqltoken.Comment {
			continue
		}
		if tok.Span.Start > offset {
			break
		}
		switch last = tok; tok.Text(sql) {
		case "(", "[", "{":
			open = append(open, tok)
		case ")", "]", "}":
			if len(open) == 0 {
				return nil, &tok, tok
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		innermost = &open[len(open)-1]
	}
	return innermost, nil, last
}

// isSubquery reports whether what follows a bracket is a query.
func isSubquery(sql string) bool {
	start := sqlStart(sql)
	switch strings.ToLower(sql[start:tokenEnd(sql, start)]) {
	case "select", "with", "from", "values", "pivot", "unpivot":
		return true
	case "(":
		return isSubquery(sql[start+1:])
	}
	return false
}

// sqlStart is where the first token stands that is no comment.
func sqlStart(sql string) int {
	for tok := range sqltoken.Tokens(sql) {
		if tok.Kind != sqltoken.Comment {
			return tok.Span.Start
		}
	}
	return 0
}

// nameAt is the token at an offset, or the whole dotted name around it.
func nameAt(sql string, offset int) string {
	for _, chain := range sqltoken.Chains(sql) {
		if chain.Span.Start <= offset && offset < chain.Span.End {
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

// compiledPath is where a node's compiled SQL is written, for messages.
func (r *run) compiledPath(node *project.Node) string {
	return path.Join(filepath.ToSlash(r.plan.Project.TargetPath), "compiled", node.Package, ArtifactPath(node))
}

// ArtifactPath is the file of a node below target/compiled/PACKAGE and target/run/PACKAGE:
// that of its template, and a file below it where several nodes come from one.
func ArtifactPath(node *project.Node) string {
	file := strings.TrimPrefix(node.OriginalPath, "./")
	switch {
	case node.Test != nil && node.Test.Twin: // dbt writes both to one file
		base := strings.TrimSuffix(path.Base(filepath.ToSlash(node.Path)), ".sql")
		return path.Join(file, base+"."+node.UniqueID[strings.LastIndex(node.UniqueID, ".")+1:]+".sql")
	case node.Type == project.Operation:
		return file + "/" + filepath.ToSlash(node.Path)
	case node.Test != nil && node.Test.Generic != "":
		return file + "/" + path.Base(filepath.ToSlash(node.Path)) // joined by hand: there are tens of thousands
	case node.Type == project.Snapshot && node.Block == nil: // as dbt has it
		return path.Join(file, filepath.ToSlash(node.Path))
	case node.Block != nil:
		return path.Join(file, node.Name+".sql")
	case node.Type == project.UnitTest: // as dbt: models/orders.yml/models/NAME.sql
		name := node.VersionedName()
		top, _, _ := strings.Cut(file, "/")
		return path.Join(file, top, name+".sql")
	}
	return file
}
