package project

import (
	"bytes"

	"elt/compiler/diag"
)

// byteOrderMarks are what a text begins with that is not UTF-8, the longer ones first.
var byteOrderMarks = []struct{ mark, encoding string }{
	{"\xff\xfe\x00\x00", "UTF-32"}, {"\x00\x00\xfe\xff", "UTF-32"},
	{"\xff\xfe", "UTF-16"}, {"\xfe\xff", "UTF-16"},
}

// foreignEncoding is the encoding of a text that is certainly not UTF-8: by the mark that it begins
// with, or because each other byte of its beginning is zero; else "".
func foreignEncoding(text []byte) string {
	for _, b := range byteOrderMarks {
		if bytes.HasPrefix(text, []byte(b.mark)) {
			return b.encoding
		}
	}
	if len(text) < 4 {
		return ""
	}
	zero := [4]bool{text[0] == 0, text[1] == 0, text[2] == 0, text[3] == 0}
	switch zero {
	case [4]bool{true, false, true, false}, [4]bool{false, true, false, true}:
		return "UTF-16"
	case [4]bool{true, true, true, false}, [4]bool{false, true, true, true}:
		return "UTF-32"
	}
	return ""
}

// inEncoding says that a file cannot be read because of its encoding.
func inEncoding(name, encoding string) *diag.Diagnostic {
	return diag.New(diag.TemplateSyntax, diag.Place{Source: diag.NewSource(name, "")}, "the file is in %s, not in UTF-8", encoding).
		WithHint("save it as UTF-8; on the command line: iconv -f %s -t UTF-8", encoding)
}
