package report

import (
	"io"
	"strings"

	"elt/compiler/diag"
	"elt/runner"
)

// WriteDiagnostics writes each diagnostic with its source line, notes and hint, and,
// where there are several, a line that counts them. An empty list writes nothing.
func WriteDiagnostics(w io.Writer, list diag.List, width int, style Style) error {
	var b strings.Builder
	for i, d := range list {
		if i > 0 {
			b.WriteByte('\n')
		}
		writeDiagnostic(&b, d, nil, width, style)
	}
	if count := countLine(list); len(list) > 1 && count != "" {
		b.WriteString("\n" + count + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// countLine is "2 errors, 1 warning".
func countLine(list diag.List) string {
	var parts []string
	if n := len(list.Errors()); n > 0 {
		parts = append(parts, Plural(int64(n), "error"))
	}
	if n := len(list.Warnings()); n > 0 {
		parts = append(parts, Plural(int64(n), "warning"))
	}
	return strings.Join(parts, ", ")
}

// writeDiagnostic writes one diagnostic without the blank line after it, with the
// rows that show it, if there are some.
func writeDiagnostic(b *strings.Builder, d *diag.Diagnostic, rows *runner.Sample, width int, style Style) {
	writeHeadline(b, d, style)
	writeSnippet(b, d.Place, paintOf(d.Severity, style), width, style)
	writeSample(b, rows, width, style)
	writeNotes(b, d.Notes, style)
	if d.Compiled != nil && !d.Compiled.IsZero() {
		b.WriteString(style.Blue("note") + ": compiled SQL at " + clean(d.Compiled.String()) + "\n")
	}
	writeLabelled(b, style.Blue("hint"), d.Hint)
}

func paintOf(s diag.Severity, style Style) func(string) string {
	switch s {
	case diag.Warning:
		return style.Yellow
	case diag.Remark:
		return style.Blue
	}
	return style.Red
}

// writeHeadline writes "path:line:column: error: message  [code]".
func writeHeadline(b *strings.Builder, d *diag.Diagnostic, style Style) {
	if at := d.Place.String(); at != "" {
		b.WriteString(style.Bold(clean(at)) + ": ")
	}
	b.WriteString(paintOf(d.Severity, style)(d.Severity.String()) + ": ")
	first, rest, _ := strings.Cut(strings.TrimSpace(d.Message), "\n")
	b.WriteString(style.Bold(clean(strings.TrimRight(first, "\r"))))
	if d.Code != "" {
		b.WriteString("  " + style.Dim("["+string(d.Code)+"]"))
	}
	b.WriteByte('\n')
	for line := range strings.Lines(rest) {
		b.WriteString(strings.TrimRight("  "+clean(strings.TrimRight(line, "\r\n")), " ") + "\n")
	}
}

// writeLabelled writes "hint: text"; further lines of the text are indented.
func writeLabelled(b *strings.Builder, label, text string) {
	if text == "" {
		return
	}
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		if i == 0 {
			b.WriteString(label + ": " + clean(line) + "\n")
			continue
		}
		b.WriteString(strings.TrimRight("      "+clean(line), " ") + "\n")
	}
}

// writeNotes writes notes with a place as aligned rows "path:line:column  message
// text" and those without as "note: message".
func writeNotes(b *strings.Builder, notes []diag.Note, style Style) {
	var at, message int
	for _, n := range notes {
		if !n.Place.IsZero() {
			at = max(at, Width(clean(n.Place.String())))
			message = max(message, Width(clean(n.Message)))
		}
	}
	for _, n := range notes {
		if n.Place.IsZero() {
			writeLabelled(b, style.Blue("note"), n.Message)
			continue
		}
		line := "  " + pad(clean(n.Place.String()), at) + "  " + pad(clean(n.Message), message)
		if text := quotable(n.Place); text != "" {
			line += "  " + style.Dim(text)
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}

// quotable is the text a place covers where it is short enough to stand in a note, and
// more than the first letter of what begins there.
func quotable(p diag.Place) string {
	text := strings.TrimSpace(p.Text())
	if strings.Contains(text, "\n") || Width(text) > 40 || Width(text) == 1 {
		return ""
	}
	return clean(text)
}
