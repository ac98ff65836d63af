package sieve

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRecords(t *testing.T) {
	t.Parallel()
	usual := Dialect{Delim: ",", Quote: '"', Escape: '"', Header: true}
	cases := []struct {
		name, text string
		dialect    Dialect
		want       []string
	}{
		{"a header and two rows", "id,a\n1,x\n2,y\n", usual, []string{"1 2@5 1,x", "2 3@9 2,y"}},
		{"the last line has no end", "id\n1", usual, []string{"1 2@3 1"}},
		{"lines with nothing in them are none", "id\n\n1\n\r\n2\n", usual, []string{"1 3@4 1", "2 5@8 2"}},
		{"carriage returns go with the end", "id\r\n1,\"a\r\nb\"\r\n2\r\n", usual, []string{"1 2@4 1,\"a\r\nb\"", "2 4@14 2"}},
		{"a mark of the byte order", "\xef\xbb\xbfid\n1\n", usual, []string{"1 2@6 1"}},
		{"a quoted value over lines", "id\n1,\"a\n\nb\",2\n3\n", usual, []string{"1 2@3 1,\"a\n\nb\",2", "2 5@14 3"}},
		{"a quote within a value opens nothing", "id\n1,a\"b\n2,c\"\n", usual, []string{"1 2@3 1,a\"b", "2 3@9 2,c\""}},
		{"spaces before a quote do not matter", "id\n1, \"a\nb\"\n2\n", usual, []string{"1 2@3 1, \"a\nb\"", "2 4@12 2"}},
		{"a doubled quote closes nothing", "id\n1,\"a\"\"\nb\"\n", usual, []string{"1 2@3 1,\"a\"\"\nb\""}},
		{"an escaped quote closes nothing", "id\n1,\"a\\\"\nb\"\n", Dialect{Delim: ",", Quote: '"', Escape: '\\', Header: true}, []string{"1 2@3 1,\"a\\\"\nb\""}},
		{"a quote that is never closed", "id\n1,\"a\n2,b\n", usual, []string{"1 2@3 1,\"a\n2,b"}},
		{"no quotes at all", "\"a\n\"b\n", Dialect{}, []string{"1 1@0 \"a", "2 2@3 \"b"}},
		{"lines before the header, and comments", "x\ny\nid\n#1\n2\n", Dialect{Delim: ",", Header: true, Skip: 2, Comment: '#'}, []string{"1 5@10 2"}},
		{"a separator of two characters", "a||\"b\nc\"||d\n", Dialect{Delim: "||", Quote: '"', Escape: '"'}, []string{"1 1@0 a||\"b\nc\"||d"}},
		{"an empty file", "", usual, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			err := Records(strings.NewReader(c.text), c.dialect, func(r Record, text []byte) error {
				got = append(got, fmt.Sprintf("%d %d@%d %s", r.Number, r.Line, r.Offset, text))
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRecordsOfLinesThatEndInACarriageReturn(t *testing.T) {
	t.Parallel()
	err := Records(strings.NewReader("id\r1\r2\r"), Dialect{}, func(Record, []byte) error { return nil })
	if err != ErrUncountable {
		t.Errorf("got %v", err)
	}
}

// FuzzRecords holds that records stand where they are said to and never overlap, and that
// between them there is nothing but ends of lines.
func FuzzRecords(f *testing.F) {
	f.Add("1,\"a\nb\"\n\n2,x")
	f.Add("\"\"\"\n\r\n,\"")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.HasPrefix(text, "\xef\xbb\xbf") {
			return
		}
		end := 0
		err := Records(strings.NewReader(text), Dialect{Delim: ",", Quote: '"', Escape: '"'}, func(r Record, rec []byte) error {
			at := int(r.Offset)
			if at < end || strings.Trim(text[end:at], "\r\n") != "" || !strings.HasPrefix(text[at:], string(rec)) {
				t.Fatalf("record %d at %d of %q: %q", r.Number, at, text, rec)
			}
			if line := int64(strings.Count(text[:at], "\n")) + 1; line != r.Line {
				t.Fatalf("record %d is on line %d, not %d", r.Number, line, r.Line)
			}
			end = at + len(rec)
			return nil
		})
		if err == nil && strings.Trim(text[end:], "\r\n") != "" {
			t.Fatalf("%q is left of %q", text[end:], text)
		}
	})
}
