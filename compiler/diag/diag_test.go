package diag

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPosition(t *testing.T) {
	t.Parallel()
	s := NewSource("a.sql", "select\r\n  'é' as x\n\nfrom t")
	for name, c := range map[string]struct{ offset, line, column int }{
		"the first byte":                {0, 1, 1},
		"the end of a line":             {6, 1, 7},
		"the first byte of a line":      {8, 2, 1},
		"columns are characters":        {strings.Index(s.Text, "as x"), 2, 7},
		"an empty line":                 {strings.Index(s.Text, "\n\nfrom") + 1, 3, 1},
		"the last byte":                 {len(s.Text) - 1, 4, 6},
		"the end":                       {len(s.Text), 4, 7},
		"beyond the end is the end":     {1000, 4, 7},
		"before the start is the start": {-5, 1, 1},
	} {
		if line, column := s.Position(c.offset); line != c.line || column != c.column {
			t.Errorf("%s: got %d:%d, want %d:%d", name, line, column, c.line, c.column)
		}
	}
}

func TestLine(t *testing.T) {
	t.Parallel()
	s := NewSource("a.sql", "one\r\ntwo\n\nfour")
	want := []string{"", "one", "two", "", "four", ""}
	var got []string
	for line := 0; line <= 5; line++ {
		text, start := s.Line(line)
		got = append(got, text)
		if line >= 1 && line <= 4 && !strings.HasPrefix(s.Text[start:], text) {
			t.Errorf("line %d does not start at %d", line, start)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	if s.Lines() != 4 {
		t.Errorf("got %d lines, want 4", s.Lines())
	}
	if at := s.Offset(2, 2); s.Text[at:at+2] != "wo" {
		t.Errorf("line 2, column 2 is at %d", at)
	}
	if at, end := s.Offset(2, 99), strings.Index(s.Text, "\n\n"); at != end {
		t.Errorf("a column beyond the line is at %d, want the line's end %d", at, end)
	}
}

func TestPlace(t *testing.T) {
	t.Parallel()
	s := NewSource("models/a.sql", "select x")
	at := Place{Source: s, Span: Span{Start: 7, End: 8}}
	if got := at.String(); got != "models/a.sql:1:8" {
		t.Errorf("got %q", got)
	}
	if got := at.Text(); got != "x" {
		t.Errorf("got text %q", got)
	}
	if got := (Place{Source: s, Span: Span{Start: 7, End: 99}}).Text(); got != "x" {
		t.Errorf("a span beyond the text has the text %q", got)
	}
	if got := (Place{}).String() + (Place{}).Text(); got != "" || !(Place{}).IsZero() {
		t.Errorf("the zero place is %q", got)
	}
}

func TestSuggest(t *testing.T) {
	t.Parallel()
	names := []string{"customers", "customer_orders", "orders", "stg_orders"}
	for name, c := range map[string]struct{ typed, want string }{
		"a letter missing":           {"custmers", "customers"},
		"two letters swapped":        {"odrers", "orders"},
		"letter case":                {"Orders", "orders"},
		"a prefix too many":          {"stg_order", "stg_orders"},
		"nothing is close":           {"payments", ""},
		"the name itself is no hint": {"orders", ""},
		"one letter":                 {"x", ""},
	} {
		if got := Suggest(c.typed, names); got != c.want {
			t.Errorf("%s: Suggest(%q) = %q, want %q", name, c.typed, got, c.want)
		}
	}
}

func TestDistance(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"kitten", "sitting", 3}, {"ab", "ba", 1}, {"abcd", "acbd", 1}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	s, other := NewSource("b.sql", "abc"), NewSource("a.sql", "abc")
	second := New(UnknownRef, Place{Source: s, Span: Span{Start: 2}}, "no %q", "x")
	first := Warn(UnknownKey, Place{Source: s}, "odd key").WithHint("did you mean %q?", "y")
	early := New(Cycle, Place{Source: other}, "a cycle").WithNote(Place{Source: s}, "through %s", "b")
	list := List{second, first, early, New(UnknownRef, Place{Source: s, Span: Span{Start: 2}}, "no %q", "x")}

	if diff := cmp.Diff("a.sql:1:1: a cycle\nb.sql:1:1: odd key\nb.sql:1:3: no \"x\"", list.Sorted().Error()); diff != "" {
		t.Errorf("sorted, each once (-want +got):\n%s", diff)
	}
	if len(list.Warnings()) != 1 || len(list.Errors()) != 3 || list.Err() == nil {
		t.Error("warnings and errors are not told apart")
	}
	if (List{first}).Err() != nil || (List)(nil).Err() != nil {
		t.Error("warnings alone are no error")
	}
	if first.Hint != `did you mean "y"?` || early.Notes[0].Message != "through b" {
		t.Errorf("hint %q, note %q", first.Hint, early.Notes[0].Message)
	}
}

func TestFrom(t *testing.T) {
	t.Parallel()
	d := New(SQL, Place{}, "wrong")
	d.Err = io.ErrUnexpectedEOF
	for name, c := range map[string]struct {
		err  error
		want int
	}{
		"no error":             {nil, 0},
		"a diagnostic":         {d, 1},
		"a list":               {List{d, d}, 2},
		"a wrapped list":       {errors.Join(List{d, d}), 2},
		"any other error":      {io.EOF, 1},
		"a wrapped diagnostic": {errors.Join(d), 1},
	} {
		if got := From(c.err, Data); len(got) != c.want {
			t.Errorf("%s: %d diagnostics, want %d", name, len(got), c.want)
		}
	}
	if got := From(io.EOF, Data)[0]; got.Code != Data || !errors.Is(got, io.EOF) {
		t.Errorf("another error became %+v", got)
	}
	if !errors.Is(List{d}, io.ErrUnexpectedEOF) {
		t.Error("a list does not lead to the causes of its diagnostics")
	}
}
