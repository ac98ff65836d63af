package materialize

import (
	"math/big"
	"strconv"
	"strings"
	"time"

	"elt/compiler/regex"
)

// guess narrows down the type of a column, value by value.
type guess struct {
	number, date, timestamp, iso, boolean bool

	empty     bool     // no value yet
	whole     bool     // numbers are whole
	finite    bool     // no nan, no infinity
	low, high int64    // of the whole numbers of up to 18 digits
	min, max  *big.Int // of the others
	nulls     bool     // a null is written as "null" or as white space
	spaced    bool     // a value has white space around it
}

func newGuess() guess {
	return guess{
		number: true, date: true, timestamp: true, iso: true, boolean: true,
		empty: true, whole: true, finite: true, min: new(big.Int), max: new(big.Int),
	}
}

// see looks at one value. dbt takes "null" in any letter case for no value, except in
// text.
func (g *guess) see(value string) {
	if value == "" {
		return
	}
	trimmed := strings.TrimSpace(value)
	if trimmed == "" || strings.EqualFold(trimmed, "null") {
		g.nulls = true
		return
	}
	g.empty = false
	g.spaced = g.spaced || trimmed != value
	if g.seeInteger(trimmed) {
		return
	}
	g.number = g.number && g.seeNumber(trimmed)
	g.date = g.date && isDate(trimmed)
	g.timestamp = g.timestamp && isTimestamp(trimmed)
	g.iso = g.iso && isISOTimestamp(trimmed)
	g.boolean = g.boolean && (strings.EqualFold(trimmed, "true") || strings.EqualFold(trimmed, "false"))
}

// result names the type, in dbt's order of preference, and says whether values have to
// be cleaned before they are cast.
func (g *guess) result() (name string, clean bool) {
	switch {
	case g.empty:
		return "INTEGER", g.nulls
	case g.number:
		return g.numberType(), g.nulls
	case g.date:
		return "DATE", g.nulls
	case g.timestamp, g.iso:
		return "TIMESTAMP", g.nulls
	case g.boolean:
		return "BOOLEAN", g.nulls || g.spaced
	}
	return "VARCHAR", false
}

// numberType is INTEGER for whole numbers and DOUBLE for others, as in dbt. Whole
// numbers that INTEGER does not hold, on which dbt fails, get the next type that does.
func (g *guess) numberType() string {
	fits := func(bits uint) bool {
		limit := new(big.Int).Lsh(big.NewInt(1), bits)
		below := new(big.Int).Neg(limit)
		return g.max.Cmp(limit) < 0 && g.min.Cmp(below) >= 0 &&
			big.NewInt(g.high).Cmp(limit) < 0 && big.NewInt(g.low).Cmp(below) >= 0
	}
	switch {
	case !g.whole || !g.finite:
		return "DOUBLE"
	case fits(31):
		return "INTEGER"
	case fits(63):
		return "BIGINT"
	case fits(127):
		return "HUGEINT"
	}
	return "DOUBLE"
}

var (
	numberSyntax = regex.Lazy(`^([+-]?)(?:(\d+(?:_\d+)*)\.?((?:\d+(?:_\d+)*)?)|\.(\d+(?:_\d+)*))(?:[eE]([+-]?\d+))?$`)
	notFinite    = regex.Lazy(`(?i)^[+-]?(nan|inf|infinity)$`)
	dateSyntax   = regex.Lazy(`^(\d{4})-(\d{1,2})-(\d{1,2})$`)
	stampSyntax  = regex.Lazy(`^(\d{4})-(\d{1,2})-(\d{1,2})\s+(\d{1,2}):(\d{1,2}):(\d{1,2})$`)
	isoSyntax    = regex.Lazy(`^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?(?:Z|[+-]\d{2}(?::?\d{2})?)?)?$`)
)

// seeInteger is the short way for most values of most columns: digits only.
func (g *guess) seeInteger(value string) bool {
	if !g.number || len(value) > 18 || value[0] == '+' {
		return false
	}
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return false
	}
	g.date, g.timestamp, g.iso, g.boolean = false, false, false, false
	g.low, g.high = min(g.low, n), max(g.high, n)
	return true
}

// seeNumber reports whether a value is a number DuckDB can read, and notes its size.
func (g *guess) seeNumber(value string) bool {
	m := numberSyntax().FindStringSubmatch(value)
	if m == nil {
		if notFinite().MatchString(value) {
			g.finite = false
			return true
		}
		return false
	}
	exponent, err := strconv.Atoi("0" + strings.TrimLeft(m[5], "+-"))
	if err != nil || exponent > 400 {
		return false
	}
	if strings.HasPrefix(m[5], "-") {
		exponent = -exponent
	}
	fraction := strings.ReplaceAll(m[3]+m[4], "_", "")
	digits := strings.TrimRight(strings.ReplaceAll(m[2], "_", "")+fraction, "0")
	// The number is 0.digits times ten to the power of whole.
	whole := len(strings.ReplaceAll(m[2], "_", "")) + exponent
	if strings.TrimLeft(digits, "0") == "" {
		return true // zero
	}
	if len(digits) > whole {
		g.whole = false
		return true
	}
	n, _ := new(big.Int).SetString(m[1]+digits+strings.Repeat("0", whole-len(digits)), 10)
	if whole > 308 {
		return false
	}
	if n.Cmp(g.min) < 0 {
		g.min = n
	}
	if n.Cmp(g.max) > 0 {
		g.max = n
	}
	return true
}

func isDate(value string) bool {
	m := dateSyntax().FindStringSubmatch(value)
	return m != nil && isDay(m[1:4])
}

func isTimestamp(value string) bool {
	m := stampSyntax().FindStringSubmatch(value)
	return m != nil && isDay(m[1:4]) && isClock(m[4:7])
}

func isISOTimestamp(value string) bool {
	m := isoSyntax().FindStringSubmatch(value)
	return m != nil && isDay(m[1:4]) && isClock(m[4:7])
}

// isDay reports whether year, month and day exist; there is no year 0 in dbt.
func isDay(parts []string) bool {
	year, month, day := atoi(parts[0]), atoi(parts[1]), atoi(parts[2])
	d := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	return year > 0 && d.Year() == year && int(d.Month()) == month && d.Day() == day
}

func isClock(parts []string) bool {
	return atoi(parts[0]) < 24 && atoi(parts[1]) < 60 && atoi(parts[2]) < 60
}

// atoi reads digits; no digits are zero.
func atoi(digits string) int {
	n, _ := strconv.Atoi("0" + digits)
	return n
}
