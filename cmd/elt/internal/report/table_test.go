package report

import (
	"strings"
	"testing"
	"time"
)

func TestTable(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name  string
		grid  Grid
		width int
	}{
		{"numbers_right", Grid{Columns: []string{"origin", "n"}, Rows: [][]string{{"EWR", "1"}, {"JFK", "1000"}}, Right: []bool{false, true}}, 80},
		{"wide_and_control", Grid{Columns: []string{"city", "note"}, Rows: [][]string{{"東京", "a\nb\tc"}, {"Zürich", "\x1b[31mred"}}}, 80},
		{"squeezed", Grid{Columns: []string{"id", "text", "more"}, Rows: [][]string{{"1", strings.Repeat("long ", 12), strings.Repeat("longer ", 12)}}}, 40},
		{"columns_left_out", Grid{Columns: []string{"column_a", "column_b", "column_c", "column_d", "column_e"}, Rows: [][]string{{"aaaaaaaaaa", "bbbbbbbbbb", "c", "d", "e"}}}, 24},
		{"no_rows", Grid{Columns: []string{"id"}}, 80},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			if err := WriteTable(&out, c.grid, "  ", c.width, Style{}); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(out.String()) {
				if got := Width(strings.TrimSuffix(line, "\n")); got > c.width {
					t.Errorf("%d columns wide: %q", got, line)
				}
			}
			golden(t, "table_"+c.name+".txt", out.String())
		})
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	cases := []struct{ got, want string }{
		{Count(0), "0"}, {Count(999), "999"}, {Count(1000), "1,000"}, {Count(27188805), "27,188,805"}, {Count(-1234), "-1,234"},
		{Plural(1, "row"), "1 row"}, {Plural(0, "row"), "0 rows"}, {Plural(2004, "row"), "2,004 rows"}, {Plural(2, "entry"), "2 entries"},
		{Elapsed(0), "0.00s"}, {Elapsed(214 * time.Millisecond), "0.21s"}, {Elapsed(9994 * time.Millisecond), "9.99s"},
		{Elapsed(9996 * time.Millisecond), "10.0s"}, {Elapsed(59960 * time.Millisecond), "1m00s"}, {Elapsed(62 * time.Second), "1m02s"},
		{Elapsed(time.Hour + 5*time.Minute), "1h05m"}, {Elapsed(-time.Second), "0.00s"},
		{Bytes(812), "812 B"}, {Bytes(4_210_000), "4.2 MB"}, {Bytes(999_999), "1.0 MB"},
	}
	for _, c := range cases {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}
