package materialize_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"elt/compiler/diag"
	"elt/runner/materialize"
)

// load seeds a file and returns its columns and rows in order.
func (w *warehouse) load(path, text string, opts materialize.SeedOptions) ([]string, error) {
	w.t.Helper()
	table, err := materialize.SeedFile(diag.NewSource("seeds/x.csv", text), opts)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	spec := materialize.Spec{
		Node: "seed.shop.x", Materialized: materialize.Seed, Published: relation("x"),
		Seed: &materialize.SeedSpec{SeedOptions: opts, Path: path, Table: table},
	}
	if err := w.build(spec); err != nil {
		return nil, err
	}
	result := w.query("select * from " + spec.Published.String())
	if int64(len(result.Rows)) != table.Rows {
		w.t.Errorf("SeedFile counted %d rows, loaded were %d", table.Rows, len(result.Rows))
	}
	out := []string{strings.Join(columnNames(result), "|")}
	return append(out, texts(result)...), nil
}

// TestSeedTypes holds what dbt 1.11 with dbt-duckdb 1.11 makes of the same files, both
// with and without its fast path where they agree.
func TestSeedTypes(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, text string
		want       []string
	}{
		{"whole numbers", "a,b\n1,+6\n2,007\n", []string{"a INTEGER|b INTEGER", "1|6", "2|7"}},
		{"digits grouped by underscores", "a,b\n1,1_000\n", []string{"a INTEGER|b INTEGER", "1|1000"}},
		{"numbers without fraction are whole", "a,b\n1,1.0\n2,2.00\n", []string{"a INTEGER|b INTEGER", "1|1", "2|2"}},
		{"fractions", "a,b\n1,.5\n2,5.\n3,2.5e-3\n", []string{"a INTEGER|b DOUBLE", "1|0.5", "2|5.0", "3|0.0025"}},
		{"exponents that leave no fraction", "a,b\n1,1e3\n2,2.5e1\n", []string{"a INTEGER|b INTEGER", "1|1000", "2|25"}},
		{"spaces around numbers", "a,b\n 1, 5 \n", []string{"a INTEGER|b INTEGER", "1|5"}},
		{"dates", "a,b\n2020-01-02,2020-1-2\n0001-01-01,9999-12-31\n",
			[]string{"a DATE|b DATE", "2020-01-02|2020-01-02", "0001-01-01|9999-12-31"}},
		{"a date that does not exist", "a,b\n1,2020-13-45\n2,2020-02-30\n", []string{"a INTEGER|b VARCHAR", "1|2020-13-45", "2|2020-02-30"}},
		{"digits that could be a date", "a,b\n1,20200102\n", []string{"a INTEGER|b INTEGER", "1|20200102"}},
		{"timestamps", "a,b\n2020-01-02 03:04:05,2020-01-02T03:04:05\n",
			[]string{"a TIMESTAMP|b TIMESTAMP", "2020-01-02 03:04:05|2020-01-02 03:04:05"}},
		{"timestamps with a zone lose it", "a,b\n1,2020-01-02T03:04:05Z\n2,2020-01-02T00:00:00+02:00\n",
			[]string{"a INTEGER|b TIMESTAMP", "1|2020-01-02 03:04:05", "2|2020-01-02 00:00:00"}},
		{"fractions of a second after a space", "a,b\n1,2020-01-02 03:04:05.123\n", []string{"a INTEGER|b VARCHAR", "1|2020-01-02 03:04:05.123"}},
		{"dates and timestamps mixed", "a,b\n1,2020-01-02\n2,2020-01-02 10:00:00\n",
			[]string{"a INTEGER|b VARCHAR", "1|2020-01-02", "2|2020-01-02 10:00:00"}},
		{"times", "a,b\n1,10:11:12\n", []string{"a INTEGER|b VARCHAR", "1|10:11:12"}},
		{"booleans", "a,b\n1,true\n2,False\n3,TRUE\n", []string{"a INTEGER|b BOOLEAN", "1|true", "2|false", "3|true"}},
		{"t and f are text", "a,b\n1,t\n2,f\n", []string{"a INTEGER|b VARCHAR", "1|t", "2|f"}},
		{"yes and no are text", "a,b\n1,yes\n2,no\n", []string{"a INTEGER|b VARCHAR", "1|yes", "2|no"}},
		{"zero and one are numbers", "a,b\n1,0\n2,1\n", []string{"a INTEGER|b INTEGER", "1|0", "2|1"}},
		{"text keeps its spaces", "a,b\n1, x \n", []string{"a INTEGER|b VARCHAR", "1| x "}},
		{"null in text is text", "a,b\nx,null\nNULL,y\n\"\",z\n", []string{"a VARCHAR|b VARCHAR", "x|null", "NULL|y", "NULL|z"}},
		{"columns without a value", "a,b,c\n1,,x\n2,,y\n", []string{"a INTEGER|b INTEGER|c VARCHAR", "1|NULL|x", "2|NULL|y"}},
		{"nothing but a header", "a,b\n", []string{"a INTEGER|b INTEGER"}},
		{"quotes and line breaks in a field", "a,b\n1,\"x\ny\"\n2,\"q\"\"q\"\n3,x\"y\n", []string{"a INTEGER|b VARCHAR", "1|x\ny", `2|q"q`, `3|x"y`}},
		{"empty lines", "a,b\n1,2\n\n3,4\n\n", []string{"a INTEGER|b INTEGER", "1|2", "3|4"}},
		{"empty lines of one column", "a\nx\n\ny\n", []string{"a VARCHAR", "x", "NULL", "y"}},
		{"byte order mark and CRLF", "\ufeffa,b\r\n1,2\r\n3,4\r\n", []string{"a INTEGER|b INTEGER", "1|2", "3|4"}},
		{"a column without a name", "a,,b\n1,2,3\n", []string{"a INTEGER|b_2 INTEGER|b INTEGER", "1|2|3"}},
		{"spaces before a quoted field", "a,b\n1, \"x, y\" \n", []string{"a INTEGER|b VARCHAR", "1|x, y"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := openWarehouse(t).load(filepath.Join(t.TempDir(), "x.csv"), c.text, materialize.SeedOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestSeedsThatDbtCannotLoad holds files on which dbt-duckdb's fast path fails; where
// its slow path does not, the result is the same as there.
func TestSeedsThatDbtCannotLoad(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, text string
		want       []string
	}{
		{"null among numbers", "a,b\n1,0.1\nnull,Null\n", []string{"a INTEGER|b DOUBLE", "1|0.1", "NULL|NULL"}},
		{"null among dates and booleans", "a,b\n2020-01-02,true\nnull, null\n", []string{"a DATE|b BOOLEAN", "2020-01-02|true", "NULL|NULL"}},
		{"nothing but null", "a,b\n1,null\n2,\n3, \n", []string{"a INTEGER|b INTEGER", "1|NULL", "2|NULL", "3|NULL"}},
		{"numbers too big for INTEGER", "a,b,c\n3000000000,99999999999999999999,1e40\n1,-1,2\n",
			[]string{"a BIGINT|b HUGEINT|c DOUBLE", "3000000000|99999999999999999999|1e+40", "1|-1|2.0"}},
		{"the limits of INTEGER", "a,b\n2147483647,2147483648\n-2147483648,-2147483649\n",
			[]string{"a INTEGER|b BIGINT", "2147483647|2147483648", "-2147483648|-2147483649"}},
		{"nan and infinity", "a,b\n1,nan\n2,-inf\n", []string{"a INTEGER|b DOUBLE", "1|nan", "2|-inf"}},
		{"amounts in a notation of people", "a,b,c\n1%,$1,\"1,000\"\n", []string{"a VARCHAR|b VARCHAR|c VARCHAR", "1%|$1|1,000"}},
		{"odd column names", "a b,\"c \"\"d\",ü'x\n1,2,3\n", []string{"a b INTEGER|c \"d INTEGER|ü'x INTEGER", "1|2|3"}},
		{"lines that end in two ways", "a,b\n1,2\r\n3,4\n", []string{"a INTEGER|b INTEGER", "1|2", "3|4"}},
		{"spaces around booleans", "a,b\n1, true \n", []string{"a INTEGER|b BOOLEAN", "1|true"}},
		{"ISO 8601 without separators", "a,b\n1,20200102T030405\n", []string{"a INTEGER|b VARCHAR", "1|20200102T030405"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := openWarehouse(t).load(filepath.Join(t.TempDir(), "x.csv"), c.text, materialize.SeedOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestSeedOptions(t *testing.T) {
	t.Parallel()
	opts := materialize.SeedOptions{Delimiter: ";", ColumnTypes: []materialize.ColumnType{
		{Column: "ID", Type: "varchar"}, {Column: "price", Type: "decimal(10,2)"}, {Column: "prize", Type: "int"},
	}}
	path := filepath.Join(t.TempDir(), "we[i]rd 'na*me'.csv")
	w := openWarehouse(t)
	got, err := w.load(path, "id;price\n007;1,5\n", materialize.SeedOptions{Delimiter: ";"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"id INTEGER|price VARCHAR", "7|1,5"}, got); diff != "" {
		t.Errorf("without types (-want +got):\n%s", diff)
	}
	got, err = w.load(path, "id;price\n007;1.5\n", opts)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"id VARCHAR|price DECIMAL(10,2)", "007|1.50"}, got); diff != "" {
		t.Errorf("with types (-want +got):\n%s", diff)
	}
	table, err := materialize.SeedFile(diag.NewSource("seeds/x.csv", "id;price\n"), opts)
	if err != nil {
		t.Fatal(err)
	}
	if len(table.Warnings) != 1 || table.Warnings[0].Hint != `did you mean "price"?` {
		t.Errorf("got warnings %v, want one about prize", table.Warnings)
	}
}

func TestSeedProblems(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, text, want string }{
		{"too few fields", "a,b\n1,2\n3\n", "seeds/x.csv:3:1: the row has 1 field, the header has 2"},
		{"too many fields", "a,b\n1,2,ü,4\n", "seeds/x.csv:2:5: the row has 4 fields, the header has 2"},
		{"behind a field with line breaks", "a,b\n1,\"x\ny\"\n3\n", "seeds/x.csv:4:1: the row has 1 field, the header has 2"},
		{"two rows at once", "a,b\n1\n2\n", "seeds/x.csv:2:1: the row has 1 field, the header has 2\nseeds/x.csv:3:1: the row has 1 field, the header has 2"},
		{"duplicate header", "a,b,A\n1,2,3\n", `seeds/x.csv:1:5: two columns are called "A"`},
		{"text behind a quote", "a,b\n1,\"z\"w\n", "seeds/x.csv:2:6: text follows the closing quote of a field"},
		{"quote that never ends", "a,b\n1,\"z\n3,4\n", "seeds/x.csv:2:3: the quoted field has no end"},
		{"not UTF-8", "a,b\n1,caf\xe9\n", "seeds/x.csv:2:6: the file is not UTF-8: byte 0xE9"},
		{"not UTF-8 behind a byte order mark", "\ufeffa\n\xff\n", "seeds/x.csv:2:1: the file is not UTF-8: byte 0xFF"},
		{"empty file", "", "seeds/x.csv:1:1: the file has no header"},
		{"empty first line", "\na,b\n", "seeds/x.csv:1:1: the file has no header"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := materialize.SeedFile(diag.NewSource("seeds/x.csv", c.text), materialize.SeedOptions{})
			if err == nil {
				t.Fatal("got no error")
			}
			for _, d := range diag.From(err, "") {
				if d.Code != diag.Seed || d.Hint == "" {
					t.Errorf("got code %q and hint %q", d.Code, d.Hint)
				}
			}
			if got := err.Error(); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func BenchmarkSeedFile(b *testing.B) {
	var text strings.Builder
	text.WriteString("id,name,price,day,at\n")
	for i := range 20_000 {
		fmt.Fprintf(&text, "%d,\"name, %d\",%d.5,2020-01-02,2020-01-02 03:04:05\n", i, i, i)
	}
	source := diag.NewSource("seeds/x.csv", text.String())
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		if _, err := materialize.SeedFile(source, materialize.SeedOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

// FuzzSeedFile makes sure that what SeedFile accepts DuckDB loads, with as many rows.
func FuzzSeedFile(f *testing.F) {
	for _, text := range []string{
		"a,b\n1,2\n", "a,b\r\n1,\"x\r\ny\"\r\n", "a\n\n\"\"\n", "a,b\n1,null\n", "\ufeffa;b\n1;2", "a,b\n1,2\r\n3,4\n",
		"a,b\n2020-01-02T03:04:05Z,1e3\n", "a,b\n\"x\" ,y\n", "a,b\n0x1,1_000\n", "a\rb\r",
	} {
		f.Add(text)
	}
	w := openWarehouse(f)
	path := filepath.Join(f.TempDir(), "x.csv")
	f.Fuzz(func(t *testing.T, text string) {
		w.t = t
		if strings.ContainsRune(text, 0) {
			t.Skip("DuckDB cuts names at a zero byte")
		}
		_, err := w.load(path, text, materialize.SeedOptions{})
		for _, d := range diag.From(err, "") {
			if d.Code != diag.Seed {
				t.Fatalf("%v\n%q", err, text)
			}
		}
	})
}
