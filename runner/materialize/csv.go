package materialize

import (
	"strings"
	"unicode/utf8"

	"elt/compiler/diag"
)

// maxProblems bounds how many problems of one file are reported: a wrong delimiter
// makes every row wrong.
const maxProblems = 10

// csvReader cuts a CSV file into rows as DuckDB's reader does, and reports what that
// reader would refuse or read in a surprising way.
type csvReader struct {
	source    *diag.Source
	text      string // without byte order mark
	shift     int    // bytes of the byte order mark
	delimiter rune
	meant     rune // the delimiter that the file was probably written with, 0 for none but the one it is read with
	pos       int
	problems  diag.List
	warnings  diag.List
	lf, crlf  bool // line breaks seen outside of quotes
	cr        bool
}

type csvRow struct {
	fields []csvField
	size   int // bytes
}

type csvField struct {
	value  string
	offset int // in text
}

func (p *csvReader) place(offset int) diag.Place {
	at := offset + p.shift
	return diag.Place{Source: p.source, Span: diag.Span{Start: at, End: at}}
}

// report notes a problem. Beyond the limit they are made and forgotten.
func (p *csvReader) report(offset int, format string, args ...any) *diag.Diagnostic {
	d := diag.New(diag.Seed, p.place(offset), format, args...)
	if len(p.problems) < maxProblems {
		p.problems = append(p.problems, d)
	}
	return d
}

// checkEncoding reports the first byte that is not UTF-8.
func (p *csvReader) checkEncoding() error {
	if utf8.ValidString(p.text) {
		return nil
	}
	for i, r := range p.text {
		if r != utf8.RuneError {
			continue
		}
		if _, size := utf8.DecodeRuneInString(p.text[i:]); size == 1 {
			p.report(i, "the file is not UTF-8: byte 0x%02X", p.text[i]).WithHint("save it with the encoding UTF-8")
			return p.problems
		}
	}
	return nil
}

// mixed reports whether lines end in different ways.
func (p *csvReader) mixed() bool {
	return p.lf && p.crlf || p.cr && (p.lf || p.crlf)
}

// next reads a row; ok is false at the end of the file.
func (p *csvReader) next() (row csvRow, ok bool) {
	if p.pos >= len(p.text) {
		return csvRow{}, false
	}
	start := p.pos
	for {
		row.fields = append(row.fields, p.field())
		if p.pos >= len(p.text) {
			break
		}
		r, size := utf8.DecodeRuneInString(p.text[p.pos:])
		if r == p.delimiter {
			p.pos += size
			continue
		}
		p.lineBreak()
		break
	}
	row.size = p.pos - start
	return row, true
}

// lineBreak steps over the end of a line.
func (p *csvReader) lineBreak() {
	switch {
	case strings.HasPrefix(p.text[p.pos:], "\r\n"):
		p.crlf = true
		p.pos += 2
	case p.text[p.pos] == '\n':
		p.lf = true
		p.pos++
	default:
		p.cr = true
		p.pos++
	}
}

// blank reports whether a row is an empty line that does not count. In a file of one
// column it is a row, as DuckDB sees it.
func (p *csvReader) blank(row csvRow, columns int) bool {
	return columns > 1 && len(row.fields) == 1 && row.size <= 2 && row.fields[0].value == "" &&
		!strings.HasPrefix(p.text[row.fields[0].offset:], `"`)
}

// atEnd reports whether the field ends at the current position.
func (p *csvReader) atEnd() bool {
	if p.pos >= len(p.text) {
		return true
	}
	r, _ := utf8.DecodeRuneInString(p.text[p.pos:])
	return r == p.delimiter || r == '\n' || r == '\r'
}

// field reads one field and stops at what ends it.
func (p *csvReader) field() csvField {
	start := p.pos
	for p.pos < len(p.text) && p.text[p.pos] == ' ' && p.delimiter != ' ' {
		p.pos++
	}
	if p.pos < len(p.text) && p.text[p.pos] == '"' {
		return p.quoted(start)
	}
	for !p.atEnd() {
		_, size := utf8.DecodeRuneInString(p.text[p.pos:])
		p.pos += size
	}
	return csvField{value: p.text[start:p.pos], offset: start}
}

// quoted reads a field in double quotes; start is where the spaces before it begin.
func (p *csvReader) quoted(start int) csvField {
	open := p.pos
	p.pos++
	var b strings.Builder
	for {
		end := strings.IndexByte(p.text[p.pos:], '"')
		if end < 0 {
			p.report(open, "the quoted field has no end").WithHint(`close it with a double quote; one inside the field is written ""`)
			p.pos = len(p.text)
			return csvField{offset: start}
		}
		b.WriteString(p.text[p.pos : p.pos+end])
		p.pos += end + 1
		if p.pos >= len(p.text) || p.text[p.pos] != '"' {
			break
		}
		b.WriteByte('"')
		p.pos++
	}
	closed := p.pos
	for p.pos < len(p.text) && p.text[p.pos] == ' ' && p.delimiter != ' ' {
		p.pos++
	}
	spaced := start != open || closed != p.pos
	if !p.atEnd() {
		p.report(closed, "text follows the closing quote of a field").WithHint(`a double quote inside a quoted field is written ""`)
		for !p.atEnd() {
			p.pos++
		}
	} else if spaced && strings.Contains(b.String(), `"`) {
		p.report(start, "spaces stand around a quoted field that holds double quotes").WithHint("take the spaces away")
	}
	return csvField{value: b.String(), offset: start}
}
