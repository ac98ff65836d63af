package unittest

import (
	"encoding/json"
	"math/big"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/runner/engine"
)

// Kind says what became of a row.
type Kind string

// The kinds of rows of a [Diff].
const (
	Changed Kind = "changed" // expected with other values
	Missing Kind = "missing" // expected and not there
	Extra   Kind = "extra"   // there and not expected
)

// Diff is where a result differs from what was expected.
type Diff struct {
	Columns []string
	Right   []bool // columns of numbers
	Rows    []Row  // in the order they were expected; what is extra comes last
	Same    int    // rows that are as expected
	// Misordered says that the rows are the expected ones, but in another order.
	Misordered bool
}

// Row is a row that differs.
type Row struct {
	Kind  Kind
	Cells []Cell
	Place diag.Place // of the expected row; zero where there is none
}

// Cell is one value of a row, as text. Expected is "" in an extra row and Actual is "" in
// a missing one.
type Cell struct {
	Expected, Actual string
	Changed          bool
}

// Compare compares a result with what was expected. Both have the same columns with the
// same types. places are those of the expected rows. The order of rows counts only where
// ordered says so. It returns nil where they are alike.
func Compare(expected, actual *engine.Table, places []diag.Place, ordered bool) *Diff {
	c := comparison{expected: texts(expected), actual: texts(actual), places: places}
	c.pair = make([]int, len(c.expected.keys))
	for i := range c.pair {
		c.pair[i] = -1
	}
	c.taken = make([]bool, len(c.actual.keys))
	same := c.pairEqual()
	alike := same == len(c.pair) && same == len(c.taken)
	misordered := alike && ordered && !slices.Equal(c.expected.keys, c.actual.keys)
	if alike && !misordered {
		return nil
	}
	if ordered {
		c.pairByPlace()
	} else if len(c.pair) == 1 && len(c.taken) == 1 {
		c.join(0, 0) // one for one: an aggregate, mostly
	} else {
		c.pairByKey()
		c.pairBySimilarity()
	}
	d := &Diff{Misordered: misordered, Right: make([]bool, len(expected.Columns))}
	for i, column := range expected.Columns {
		d.Columns = append(d.Columns, column.Name)
		d.Right[i] = isNumber(column.Type)
	}
	c.rows(d)
	return d
}

// side is a table as text. keys tell rows apart, shown are for people.
type side struct {
	keys  []string
	cells [][]string // by row and column, NULL told apart from text
	shown [][]string
}

const null = "\x00"

func texts(t *engine.Table) side {
	var s side
	for i, row := range t.Rows {
		cells, shown := make([]string, len(row)), make([]string, len(row))
		for j, cell := range row {
			text := engine.Text(cell, t.Columns[j].Type)
			cells[j], shown[j] = plain(cell, text, t.Columns[j].Type), text
			if cell == nil {
				cells[j] = null
			} else if _, ok := cell.(string); ok && needsQuotes(text) {
				shown[j] = "'" + text + "'"
			}
		}
		s.cells, s.shown = append(s.cells, cells), append(s.shown, shown)
		s.keys = append(s.keys, strings.Join(s.cells[i], "\x01"))
	}
	return s
}

// plain is a value by which it is compared: intervals are equal as in DuckDB, where 48
// hours are 2 days, and JSON is equal however it is written.
func plain(cell any, text, typ string) string {
	switch x := cell.(type) {
	case engine.Interval:
		const day = 24 * 60 * 60 * 1_000_000
		sum := new(big.Int).Mul(big.NewInt(int64(x.Months)*30+int64(x.Days)), big.NewInt(day))
		return sum.Add(sum, big.NewInt(x.Micros)).String()
	case string:
		var value any
		if d := json.NewDecoder(strings.NewReader(x)); typ == "JSON" {
			if d.UseNumber(); d.Decode(&value) == nil {
				sorted, _ := json.Marshal(value) // what was JSON is JSON
				return string(sorted)
			}
		}
	}
	return text
}

// needsQuotes reports a text that a person could not tell from another one.
func needsQuotes(text string) bool {
	return text == "" || text == "NULL" || strings.TrimSpace(text) != text
}

// comparison pairs expected rows with actual ones.
type comparison struct {
	expected, actual side
	places           []diag.Place
	pair             []int // by expected row: the actual one, or -1
	taken            []bool
}

func (c *comparison) join(e, a int) { c.pair[e], c.taken[a] = a, true }

// pairEqual pairs rows that are alike, each once, and returns how many.
func (c *comparison) pairEqual() int {
	at := map[string][]int{}
	for a, key := range c.actual.keys {
		at[key] = append(at[key], a)
	}
	n := 0
	for e, key := range c.expected.keys {
		if free := at[key]; len(free) > 0 {
			c.join(e, free[0])
			at[key] = free[1:]
			n++
		}
	}
	return n
}

// pairByPlace pairs the first with the first, and so on.
func (c *comparison) pairByPlace() {
	clear(c.taken)
	for e := range c.pair {
		if c.pair[e] = -1; e < len(c.taken) {
			c.join(e, e)
		}
	}
}

// pairByKey pairs rows that differ by the first column that tells all rows apart.
func (c *comparison) pairByKey() {
	if len(c.expected.cells) == 0 || len(c.actual.cells) == 0 {
		return
	}
	for column := range c.expected.cells[0] {
		if _, ok := distinct(c.expected.cells, column); !ok {
			continue
		}
		at, ok := distinct(c.actual.cells, column)
		if !ok {
			continue
		}
		for e, cells := range c.expected.cells {
			if a, found := at[cells[column]]; c.pair[e] < 0 && found && !c.taken[a] {
				c.join(e, a)
			}
		}
		return
	}
}

// distinct returns the row of each value of a column in which no value occurs twice and
// none is NULL.
func distinct(cells [][]string, column int) (map[string]int, bool) {
	at := make(map[string]int, len(cells))
	for i, row := range cells {
		if _, twice := at[row[column]]; twice || row[column] == null {
			return nil, false
		}
		at[row[column]] = i
	}
	return at, true
}

// mostPairs bounds how many pairs of rows are looked at.
const mostPairs = 250_000

// pairBySimilarity pairs what is left: rows that agree in at least half of their values,
// the most alike first.
func (c *comparison) pairBySimilarity() {
	type likeness struct{ e, a, score int }
	var list []likeness
	var left []int
	for a, taken := range c.taken {
		if !taken {
			left = append(left, a)
		}
	}
	if len(left)*len(c.pair) > mostPairs {
		return
	}
	for e, paired := range c.pair {
		if paired >= 0 {
			continue
		}
		for _, a := range left {
			if score := agreeing(c.expected.cells[e], c.actual.cells[a]); 2*score >= len(c.expected.cells[e]) {
				list = append(list, likeness{e, a, score})
			}
		}
	}
	slices.SortStableFunc(list, func(x, y likeness) int { return y.score - x.score })
	for _, l := range list {
		if c.pair[l.e] < 0 && !c.taken[l.a] {
			c.join(l.e, l.a)
		}
	}
}

func agreeing(a, b []string) int {
	n := 0
	for i := range a {
		if a[i] == b[i] {
			n++
		}
	}
	return n
}

// rows writes the rows that differ.
func (c *comparison) rows(d *Diff) {
	for e, a := range c.pair {
		row := Row{Kind: Missing}
		if e < len(c.places) {
			row.Place = c.places[e]
		}
		if a >= 0 && c.expected.keys[e] == c.actual.keys[a] {
			d.Same++
			continue
		}
		for i, shown := range c.expected.shown[e] {
			cell := Cell{Expected: shown}
			if a >= 0 {
				row.Kind = Changed
				cell.Actual = c.actual.shown[a][i]
				cell.Changed = c.expected.cells[e][i] != c.actual.cells[a][i]
			}
			row.Cells = append(row.Cells, cell)
		}
		d.Rows = append(d.Rows, row)
	}
	for a, taken := range c.taken {
		if taken {
			continue
		}
		row := Row{Kind: Extra}
		for _, shown := range c.actual.shown[a] {
			row.Cells = append(row.Cells, Cell{Actual: shown})
		}
		d.Rows = append(d.Rows, row)
	}
}

// isNumber reports whether values of a type are aligned to the right.
func isNumber(typ string) bool {
	base, _, _ := strings.Cut(typ, "(")
	switch base {
	case "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
		"UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL", "BIGNUM":
		return true
	}
	return false
}

// Counts is the difference in words: "1 row differs, 2 are missing, 1 is extra".
func (d *Diff) Counts() string {
	if d.Misordered {
		return "the rows are right, their order is not"
	}
	n := map[Kind]int{}
	for _, row := range d.Rows {
		n[row.Kind]++
	}
	var parts []string
	add := func(n int, one, many string) {
		switch {
		case n == 0:
			return
		case len(parts) == 0 && n == 1:
			one = "row " + one
		case len(parts) == 0:
			many = "rows " + many
		}
		if n == 1 {
			parts = append(parts, "1 "+one)
		} else {
			parts = append(parts, thousands(n)+" "+many)
		}
	}
	add(n[Changed], "differs", "differ")
	add(n[Missing], "is missing", "are missing")
	add(n[Extra], "is not expected", "are not expected")
	return strings.Join(parts, ", ")
}

// Text is the difference as dbt writes it into run_results.json: old→new.
func (d *Diff) Text() string {
	grid := [][]string{append([]string{"@@"}, d.Columns...)}
	for _, row := range d.Rows {
		line := []string{map[Kind]string{Changed: "→", Missing: "---", Extra: "+++"}[row.Kind]}
		for _, cell := range row.Cells {
			switch {
			case row.Kind == Extra:
				line = append(line, cell.Actual)
			case cell.Changed:
				line = append(line, cell.Expected+"→"+cell.Actual)
			default:
				line = append(line, cell.Expected)
			}
		}
		grid = append(grid, line)
	}
	return drawn(grid)
}
