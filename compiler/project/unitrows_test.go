package project

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"elt/compiler/diag"
	"elt/compiler/template"
)

// Every cell of a CSV knows where it stands, in a file and in a block of YAML.
func TestCellsOfCSVHaveTheirPlace(t *testing.T) {
	t.Parallel()
	csv := "id,name\n1,\"a, \"\"b\"\"\"\n\n2,\n\"3\",é x\n"
	block := "    " + strings.ReplaceAll(strings.TrimSuffix(csv, "\n"), "\n", "\n    ") + "\n"
	for name, c := range map[string]struct {
		yaml string
	}{
		"a block":             {"rows: |\n" + block},
		"a block that strips": {"x: 1\nrows: |-\n" + block},
	} {
		var diags report
		top, ok := parseDocument(diag.NewSource("a.yml", c.yaml), &diags)
		if !ok {
			t.Fatal(diags.list)
		}
		rows := top.get("rows")
		var out UnitRows
		csvRows(rows.embedded(rows.text()), &out, &diags)
		if len(diags.list) > 0 || len(out.Lines) != 3 {
			t.Fatalf("%s: %v, %d rows", name, diags.list, len(out.Lines))
		}
		for _, want := range []struct {
			row, cell int
			value     template.Value
			at        string
		}{{0, 0, "1", "1"}, {0, 1, `a, "b"`, `"a, "`}, {1, 1, nil, ""}, {2, 0, "3", `"`}, {2, 1, "é x", "é x"}} {
			cell := out.Lines[want.row].Cells[want.cell]
			if got := cell.Place.Text(); cell.Value != want.value || !strings.HasPrefix(got, want.at) || got == "" && want.at != "" {
				t.Errorf("%s: row %d, cell %d: %v at %q, want %v at %q", name, want.row, want.cell, cell.Value, got, want.value, want.at)
			}
		}
	}
}

func TestTimestampsAreWhatDbtMakesOfThem(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]template.Value{
		"2024-02-03":                    "2024-02-03",
		"2024-02-03 10:00:00":           "2024-02-03T10:00:00",
		"2024-2-3T1:02:03.5":            "2024-02-03T01:02:03.500000",
		"2024-02-03 10:00:00.000":       "2024-02-03T10:00:00",
		"2024-02-03 10:00:00Z":          "2024-02-03T10:00:00+00:00",
		"2024-02-03 10:00:00 +2":        "2024-02-03T10:00:00+02:00",
		"2024-02-03 10:00:00-05:30":     "2024-02-03T10:00:00-05:30",
		"'2024-02-03 10:00:00'":         "2024-02-03 10:00:00",
		"2024-02-03 10:00":              "2024-02-03 10:00",
		"1":                             int64(1),
		"[2024-02-03, 1]":               nil,
		"!!str 2024-02-03 10:00:00":     "2024-02-03T10:00:00",
		"2024-02-03 10:00:00 # comment": "2024-02-03T10:00:00",
	} {
		var diags report
		top, ok := parseDocument(diag.NewSource("a.yml", "v: "+text+"\n"), &diags)
		if !ok {
			t.Fatal(diags.list)
		}
		got := top.get("v").rowValue(nil)
		if _, isList := got.(*template.List); want == nil && isList {
			continue
		}
		if text == "!!str 2024-02-03 10:00:00" {
			want = "2024-02-03 10:00:00"
		}
		if got != want {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
}

// FuzzCSVRows looks for texts that crash the reader, and for cells whose place is not in
// the text.
func FuzzCSVRows(f *testing.F) {
	for _, text := range []string{"", "a,b\n1,2", "a\n\"x", "a,\"b\n1\",2\n\n\r\n,", "a,A\n1,2,3", "\xff\n\x00,é"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		source := diag.NewSource("f.csv", text)
		var diags report
		var out UnitRows
		csvRows(Embedded{Text: text, whole: diag.Place{Source: source}, exact: true}, &out, &diags)
		for _, row := range out.Lines {
			for _, cell := range row.Cells {
				if s := cell.Place.Span; s.Start < 0 || s.Start > len(text) || s.End < s.Start {
					t.Fatalf("cell %v stands at %v of %d bytes", cell.Value, s, len(text))
				}
			}
		}
	})
}

// FuzzEmbedded looks for blocks of YAML that crash what finds their lines.
func FuzzEmbedded(f *testing.F) {
	for _, text := range []string{"v: |\n  a\n  b\n", "v: |2-\n    a\n\n", "v: >\n  a\n  b", "v: 'a\n\n  b'", "v: &x |\n a\nw: *x"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var diags report
		top, ok := parseDocument(diag.NewSource("a.yml", text), &diags)
		if !ok || !top.isMap() {
			return
		}
		for _, p := range top.pairs() {
			n := p.value.resolve()
			if n == nil || n.Kind != yaml.ScalarNode {
				continue
			}
			e := p.value.embedded(n.Value)
			for at := range n.Value {
				place := e.Place(diag.Span{Start: at, End: at + 1})
				if place.Span.Start < 0 || place.Span.Start > len(text) {
					t.Fatalf("byte %d of %q stands at %d", at, n.Value, place.Span.Start)
				}
			}
		}
	})
}
