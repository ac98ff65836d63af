package template

import (
	"strings"
	"unicode/utf8"

	"elt/compiler/diag"
)

// parser cuts a source into text and tags and builds the tree of statements.
type parser struct {
	src  *diag.Source
	text string // the source without the line end that Jinja drops
	at   int    // how far text has been read

	toks     []token // of the current tag
	next     int
	tagStart int
	inPrint  bool
	soft     bool               // inside a conditional: unknown filters fail only when used
	unknown  []*diag.Diagnostic // filters that do not exist, in the current tag
	depth    int

	inSignature bool             // the parameters of a definition are read
	only        []string         // with definitions only: the tags that open one
	open        []*openBlock     // blocks that are open, outermost first
	blocks      []*Block         // definitions at the top level
	defs        []*macroStmt     // of blocks
	stores      bool             // some statement stores a name or opens a scope
	isBlock     bool             // some statement needs pongo2
	late        *diag.Diagnostic // of definitions; see failCompiled
	odd         bool             // some expression is one for the folder
}

// openBlock is a block whose end has not been read yet.
type openBlock struct {
	name string // of the tag: "if", "for", ...
	at   pos    // of the opening tag
	body *[]stmt
	stmt stmt
	soft bool // to restore
}

// syntaxError carries a diagnostic from deep inside the parser to its entry.
type syntaxError struct{ d *diag.Diagnostic }

func (p *parser) place(at pos) diag.Place {
	return diag.Place{Source: p.src, Span: diag.Span{Start: int(at.start), End: int(at.end)}}
}

func (p *parser) fail(at pos, format string, args ...any) {
	panic(syntaxError{diag.New(diag.TemplateSyntax, p.place(at), format, args...)})
}

func (p *parser) failHint(at pos, hint, format string, args ...any) {
	panic(syntaxError{diag.New(diag.TemplateSyntax, p.place(at), format, args...).WithHint("%s", hint)})
}

// recoverSyntax turns a syntaxError that is being raised into *err.
func recoverSyntax(err *error) {
	switch r := recover().(type) {
	case nil:
	case syntaxError:
		*err = reworded(r.d)
	default:
		panic(r)
	}
}

// dropLastNewline removes the one line end that Jinja drops at the end of a template.
func dropLastNewline(s string) string {
	if s, ok := strings.CutSuffix(s, "\r\n"); ok {
		return s
	}
	if s != "" && (s[len(s)-1] == '\n' || s[len(s)-1] == '\r') {
		return s[:len(s)-1]
	}
	return s
}

// document parses the whole source.
func (p *parser) document() []stmt {
	var body []stmt
	p.open = append(p.open, &openBlock{body: &body})
	for p.at < len(p.text) {
		start := p.at
		tag := nextTag(p.text, start)
		if len(p.open) == 1 && p.only != nil {
			tag = p.nextDefinition(start)
		}
		if tag < 0 {
			p.addText(start, len(p.text))
			break
		}
		p.readTag(start, tag)
	}
	if top := p.open[len(p.open)-1]; len(p.open) > 1 {
		p.failHint(top.at, "close it with \"{% end"+top.name+" %}\"",
			"Unexpected end of template. The innermost block that needs to be closed is '%s'.", top.name)
	}
	return body
}

// nextTag returns the offset of the next "{{", "{%" or "{#" from an offset on, or -1.
func nextTag(s string, from int) int {
	for {
		i := strings.IndexByte(s[from:], '{')
		if i < 0 || from+i+1 >= len(s) {
			return -1
		}
		from += i
		switch s[from+1] {
		case '{', '%', '#':
			return from
		}
		from++
	}
}

// readTag reads the text from start to the tag and the tag itself.
func (p *parser) readTag(start, tag int) {
	kind := p.text[tag+1]
	p.tagStart = tag
	p.at = tag + 2
	textEnd := tag
	if p.at < len(p.text) {
		switch p.text[p.at] {
		case '-':
			textEnd = start + len(strings.TrimRightFunc(p.text[start:tag], isSpace))
			p.at++
		case '+':
			p.at++
		}
	}
	if kind == '%' && p.raw(start, textEnd) {
		return
	}
	switch kind {
	case '#':
		p.addText(start, textEnd)
		p.comment()
	case '{':
		p.addText(start, textEnd)
		p.print()
	default:
		p.statement(start, textEnd)
	}
}

// addText adds literal text to the innermost open block.
func (p *parser) addText(from, to int) {
	if from < to {
		p.add(&textStmt{normalizeNewlines(p.text[from:to]), pos{int32(from), int32(to)}})
	}
}

func (p *parser) add(s stmt) {
	body := p.open[len(p.open)-1].body
	*body = append(*body, s)
}

// comment skips to the end of a comment.
func (p *parser) comment() {
	if p.at == len(p.text) {
		return // as Jinja's lexer, which looks for the end only where there is more
	}
	i := strings.Index(p.text[p.at:], "#}")
	if i < 0 {
		p.failHint(pos{int32(p.tagStart), int32(p.tagStart + 2)}, "close it with \"#}\"", "Missing end of comment tag")
	}
	trim := i > 0 && p.text[p.at+i-1] == '-'
	p.at += i + 2
	if trim {
		p.skipSpace()
	}
}

// raw handles {% raw %} … {% endraw %} where p.at is behind "{%" and its sign.
func (p *parser) raw(start, textEnd int) bool {
	from := p.at
	p.skipSpace()
	if !strings.HasPrefix(p.text[p.at:], "raw") {
		p.at = from
		return false
	}
	p.at += 3
	p.skipSpace()
	switch rest := p.text[p.at:]; {
	case strings.HasPrefix(rest, "%}"):
		p.at += 2
	case strings.HasPrefix(rest, "-%}"):
		p.at += 3
		p.skipSpace()
	default:
		p.at = from
		return false
	}
	p.addText(start, textEnd)
	body := p.at
	for p.at < len(p.text) {
		i := strings.Index(p.text[p.at:], "{%")
		if i < 0 {
			break
		}
		end := p.at + i
		p.at = end + 2
		if p.endRaw() {
			if p.text[end+2] == '-' {
				end = body + len(strings.TrimRightFunc(p.text[body:end], isSpace))
			}
			p.addText(body, end)
			return true
		}
		p.at = end + 2
	}
	if body < len(p.text) { // as in comment
		p.failHint(pos{int32(p.tagStart), int32(body)}, "close it with \"{% endraw %}\"", "Missing end of raw directive")
	}
	p.at = len(p.text)
	return true
}

// endRaw reads the rest of an endraw tag behind "{%".
func (p *parser) endRaw() bool {
	if p.at < len(p.text) && (p.text[p.at] == '-' || p.text[p.at] == '+') {
		p.at++
	}
	p.skipSpace()
	if !strings.HasPrefix(p.text[p.at:], "endraw") {
		return false
	}
	p.at += len("endraw")
	p.skipSpace()
	switch rest := p.text[p.at:]; {
	case strings.HasPrefix(rest, "%}"):
		p.at += 2
	case strings.HasPrefix(rest, "-%}"):
		p.at += 3
		p.skipSpace()
	case strings.HasPrefix(rest, "+%}"):
		p.at += 3
	default:
		return false
	}
	return true
}

// print reads {{ … }}, where p.at is behind the opening and its sign.
func (p *parser) print() {
	p.inPrint = true
	p.lexTag("}}")
	e := p.tuple(true, false, "")
	p.endTag()
	p.add(&printStmt{e})
}

// endTag expects the end of the current tag.
func (p *parser) endTag() {
	if t := p.cur(); t.kind != tokEnd {
		p.fail(p.curPos(), "expected token '%s', got '%s'", p.describe(token{kind: tokEnd}), p.describe(t))
	}
	if len(p.unknown) > 0 {
		panic(syntaxError{p.unknown[0]})
	}
}

// tagSpan is the span of the current tag, which has been read to its end.
func (p *parser) tagSpan() pos { return pos{int32(p.tagStart), p.toks[len(p.toks)-1].end} }

// statement reads {% … %}; the text before it runs from start to textEnd.
func (p *parser) statement(start, textEnd int) {
	p.inPrint = false
	p.lexTag("%}")
	t := p.cur()
	if t.kind != tokName {
		p.fail(p.curPos(), "tag name expected")
	}
	p.advance()
	if strings.HasPrefix(t.text, "end") || t.text == "else" || t.text == "elif" {
		if t.text != "else" && t.text != "elif" && p.dropsNewline(t.text) && textEnd == p.tagStart {
			textEnd = start + len(dropLastNewline(p.text[start:textEnd]))
		}
		p.addText(start, textEnd)
		p.continueBlock(t)
		return
	}
	p.addText(start, textEnd)
	p.startTag(t)
}

// dropsNewline reports whether an end tag closes a block whose body is a template of
// its own, so that the line end before the tag is the last one of a template.
func (p *parser) dropsNewline(end string) bool {
	top := p.open[len(p.open)-1]
	return len(p.open) == 2 && end == "end"+top.name && (top.name == "snapshot" || top.name == "docs")
}

// push opens a block.
func (p *parser) push(name string, s stmt, body *[]stmt, soft bool) {
	if len(p.open) > maxNesting {
		p.fail(p.tagSpan(), "blocks are nested too deeply")
	}
	p.isBlock = true
	p.open = append(p.open, &openBlock{name, p.tagSpan(), body, s, p.soft})
	p.soft = soft
}

// continueBlock handles else, elif and end tags.
func (p *parser) continueBlock(t token) {
	top := p.open[len(p.open)-1]
	at := p.tagSpan()
	if t.text == "end"+top.name && top.name != "" {
		p.closeBlock(top, at)
		return
	}
	switch s := top.stmt.(type) {
	case *ifStmt:
		if top.body == &s.els {
			break
		}
		if t.text == "elif" {
			cond := p.tuple(false, false, "")
			p.bodyStart()
			s.clauses = append(s.clauses, ifClause{cond: cond})
			top.body = &s.clauses[len(s.clauses)-1].body
			return
		}
		if t.text == "else" {
			p.bodyStart()
			top.body = &s.els
			return
		}
	case *forStmt:
		if t.text == "else" && !s.hasElse && !s.with {
			p.bodyStart()
			s.hasElse = true
			top.body = &s.els
			return
		}
	}
	p.failUnexpected(t, top)
}

// failUnexpected reports a tag that does not belong here.
func (p *parser) failUnexpected(t token, top *openBlock) {
	d := diag.New(diag.TemplateSyntax, p.place(p.tagSpan()), "Encountered unknown tag '%s'.", t.text)
	if top.name == "" {
		d.Hint = "no block is open here"
		if !strings.HasPrefix(t.text, "end") && t.text != "else" && t.text != "elif" {
			d.Hint = didYouMean(t.text, tagNames())
		}
		panic(syntaxError{d})
	}
	d.Message += " The innermost block that needs to be closed is '" + top.name + "'."
	d.Hint = "close it with \"{% end" + top.name + " %}\""
	d.Notes = []diag.Note{{Message: "\"" + top.name + "\" is opened here", Place: p.place(top.at)}}
	panic(syntaxError{d})
}

// bodyStart expects the end of a tag that a body follows; Jinja allows a colon.
func (p *parser) bodyStart() {
	p.skipOp(":")
	p.endTag()
}

func (p *parser) closeBlock(top *openBlock, at pos) {
	p.endTag()
	p.open = p.open[:len(p.open)-1]
	p.soft = top.soft
	m, ok := top.stmt.(*macroStmt)
	if !ok || len(p.open) != 1 || m.kind == "call" {
		return
	}
	for i, def := range p.defs {
		if def == m {
			p.finishBlock(p.blocks[i], at)
		}
	}
}

// finishBlock sets the spans of a definition that ends with the tag at the given span.
func (p *parser) finishBlock(b *Block, end pos) {
	open := b.Place.Span
	b.Whole = diag.Span{Start: open.Start, End: int(end.end)}
	b.Body = diag.Span{Start: open.End, End: int(end.start)}
	if strings.HasSuffix(p.text[:open.End], "-%}") {
		for b.Body.Start < b.Body.End {
			r, n := utf8.DecodeRuneInString(p.text[b.Body.Start:])
			if !isSpace(r) {
				break
			}
			b.Body.Start += n
		}
	}
	if strings.HasPrefix(p.text[end.start:], "{%-") {
		body := strings.TrimRightFunc(p.text[b.Body.Start:b.Body.End], isSpace)
		b.Body.End = b.Body.Start + len(body)
	}
}
