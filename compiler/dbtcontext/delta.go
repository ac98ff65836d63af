package dbtcontext

import (
	"cmp"
	"fmt"
	"math"
	"math/big"
	"time"

	"elt/compiler/template"
)

// deltaValue is datetime.timedelta, normalized as Python does: seconds and
// microseconds are never negative.
type deltaValue struct{ days, seconds, micros int64 }

const (
	microsPerSecond = 1_000_000
	microsPerDay    = 24 * 60 * 60 * microsPerSecond
	maxDeltaDays    = 999_999_999
)

func deltaOf(d time.Duration) *deltaValue {
	v, _ := newDelta(big.NewInt(int64(d / micro)))
	return v
}

// IntervalText is the text of a cell of type INTERVAL, of which DuckDB's Python client makes
// a timedelta with months of 30 days: "1 day, 0:00:00".
func IntervalText(months, days int32, micros int64) string {
	total := new(big.Int).Mul(big.NewInt(int64(months)*30+int64(days)), big.NewInt(microsPerDay))
	d, err := newDelta(total.Add(total, big.NewInt(micros)))
	if err != nil {
		return err.Error()
	}
	return d.Str()
}

// newDelta returns a timedelta of a number of microseconds.
func newDelta(micros *big.Int) (*deltaValue, error) {
	days, rest := new(big.Int).DivMod(micros, big.NewInt(microsPerDay), new(big.Int))
	if new(big.Int).Abs(days).Cmp(big.NewInt(maxDeltaDays)) > 0 {
		return nil, &template.Exception{
			Kind:    "OverflowError",
			Message: fmt.Sprintf("days=%s; must have magnitude <= %d", days, maxDeltaDays),
		}
	}
	us := rest.Int64()
	return &deltaValue{days.Int64(), us / microsPerSecond, us % microsPerSecond}, nil
}

// total is the length in microseconds.
func (d *deltaValue) total() *big.Int {
	n := new(big.Int).Mul(big.NewInt(d.days), big.NewInt(microsPerDay))
	return n.Add(n, big.NewInt(d.seconds*microsPerSecond+d.micros))
}

// TypeName is the Python type name.
func (d *deltaValue) TypeName() string { return "datetime.timedelta" }

// Truth is whether it has a length.
func (d *deltaValue) Truth() bool { return *d != deltaValue{} }

// Str is Python's: "1 day, 2:03:04.000005".
func (d *deltaValue) Str() string {
	text := fmt.Sprintf("%d:%02d:%02d", d.seconds/3600, d.seconds/60%60, d.seconds%60)
	if d.micros != 0 {
		text += fmt.Sprintf(".%06d", d.micros)
	}
	if d.days == 0 {
		return text
	}
	plural := "s"
	if d.days == 1 || d.days == -1 {
		plural = ""
	}
	return fmt.Sprintf("%d day%s, %s", d.days, plural, text)
}

// signed is the form pytz uses in a zone's repr.
func (d *deltaValue) signed() string {
	if d.days >= 0 && (d.days > 0 || d.seconds > 0 || d.micros > 0) {
		return "+" + d.Str()
	}
	return d.Str()
}

// Repr is Python's: what is zero is left out.
func (d *deltaValue) Repr() string {
	text := ""
	for _, part := range []struct {
		name string
		n    int64
	}{{"days", d.days}, {"seconds", d.seconds}, {"microseconds", d.micros}} {
		if part.n == 0 {
			continue
		}
		if text != "" {
			text += ", "
		}
		text += fmt.Sprintf("%s=%d", part.name, part.n)
	}
	if text == "" {
		text = "0"
	}
	return "datetime.timedelta(" + text + ")"
}

// HashKey makes equal lengths one key.
func (d *deltaValue) HashKey() string { return d.Repr() }

// Equal compares lengths.
func (d *deltaValue) Equal(other template.Value) bool {
	o, ok := other.(*deltaValue)
	return ok && *d == *o
}

// Compare orders by length.
func (d *deltaValue) Compare(other template.Value) (int, bool) {
	o, ok := other.(*deltaValue)
	if !ok {
		return 0, false
	}
	return cmp.Or(cmp.Compare(d.days, o.days), cmp.Compare(d.seconds, o.seconds), cmp.Compare(d.micros, o.micros)), true
}

// Attr returns an attribute or a method.
func (d *deltaValue) Attr(name string) (template.Value, bool) {
	switch name {
	case "days":
		return d.days, true
	case "seconds":
		return d.seconds, true
	case "microseconds":
		return d.micros, true
	case "total_seconds":
		return template.NewFunc(name, func(*template.Call) (template.Value, error) {
			f, _ := new(big.Rat).SetFrac(d.total(), big.NewInt(microsPerSecond)).Float64()
			return f, nil
		}), true
	}
	return deltaClass{}.Attr(name)
}

// UnaryOp is -delta and +delta.
func (d *deltaValue) UnaryOp(op string) (template.Value, bool) {
	if op == "+" {
		return d, true
	}
	v, err := newDelta(new(big.Int).Neg(d.total()))
	return v, err == nil
}

// BinaryOp is the arithmetic of lengths; with dates it is the dates' own.
func (d *deltaValue) BinaryOp(op string, other template.Value, reflected bool) (template.Value, bool, error) {
	switch o := other.(type) {
	case *deltaValue:
		if reflected {
			return o.withDelta(op, d)
		}
		return d.withDelta(op, o)
	case bool:
		return nil, false, nil
	case int64:
		return d.withNumber(op, new(big.Rat).SetInt64(o), true, reflected)
	case *big.Int:
		return d.withNumber(op, new(big.Rat).SetInt(o), true, reflected)
	case float64:
		r := new(big.Rat).SetFloat64(o)
		if r == nil {
			return nil, false, template.ValueErrorf("cannot convert %s to an integer ratio", template.Repr(o))
		}
		return d.withNumber(op, r, false, reflected)
	}
	return nil, false, nil
}

func (d *deltaValue) withDelta(op string, o *deltaValue) (template.Value, bool, error) {
	a, b := d.total(), o.total()
	result := new(big.Int)
	switch op {
	case "+":
		result.Add(a, b)
	case "-":
		result.Sub(a, b)
	case "/", "//", "%":
		if b.Sign() == 0 {
			return nil, false, &template.Exception{Kind: "ZeroDivisionError", Message: "integer division or modulo by zero"}
		}
		if op == "/" {
			f, _ := new(big.Rat).SetFrac(a, b).Float64()
			return f, true, nil
		}
		floor, rest := floorDiv(a, b)
		if op == "//" {
			return floor.Int64(), true, nil
		}
		result = rest
	default:
		return nil, false, nil
	}
	v, err := newDelta(result)
	return v, err == nil, err
}

// floorDiv divides as Python does: towards minus infinity.
func floorDiv(a, b *big.Int) (quotient, rest *big.Int) {
	quotient, rest = new(big.Int).QuoRem(a, b, new(big.Int))
	if rest.Sign() != 0 && rest.Sign() != b.Sign() {
		quotient.Sub(quotient, big.NewInt(1))
		rest.Add(rest, b)
	}
	return quotient, rest
}

func (d *deltaValue) withNumber(op string, n *big.Rat, isInt, reflected bool) (template.Value, bool, error) {
	total := new(big.Rat).SetInt(d.total())
	switch {
	case op == "*":
		total.Mul(total, n)
	case reflected, op != "/" && (op != "//" || !isInt):
		return nil, false, nil
	case n.Sign() == 0:
		return nil, false, &template.Exception{Kind: "ZeroDivisionError", Message: "integer division or modulo by zero"}
	default:
		total.Quo(total, n)
	}
	micros := roundHalfEven(total)
	if op == "//" {
		micros, _ = floorDiv(total.Num(), total.Denom())
	}
	v, err := newDelta(micros)
	return v, err == nil, err
}

// roundHalfEven rounds to the nearest whole number, ties to the even one.
func roundHalfEven(r *big.Rat) *big.Int {
	floor, _ := floorDiv(r.Num(), r.Denom())
	rest := new(big.Rat).Sub(r, new(big.Rat).SetInt(floor))
	c := rest.Cmp(big.NewRat(1, 2))
	if c > 0 || c == 0 && floor.Bit(0) == 1 {
		floor.Add(floor, big.NewInt(1))
	}
	return floor
}

// unitMicros are the arguments of timedelta(), in Python's order.
var unitMicros = []struct {
	name   string
	micros int64
}{
	{"days", microsPerDay}, {"seconds", microsPerSecond}, {"microseconds", 1},
	{"milliseconds", 1000}, {"minutes", 60 * microsPerSecond},
	{"hours", 3600 * microsPerSecond}, {"weeks", 7 * microsPerDay},
}

func makeDelta(c *template.Call) (template.Value, error) {
	total := new(big.Rat)
	add := func(i int, v template.Value) error {
		n, err := ratOf(v, unitMicros[i].name)
		if err != nil {
			return err
		}
		total.Add(total, n.Mul(n, new(big.Rat).SetInt64(unitMicros[i].micros)))
		return nil
	}
	if len(c.Args) > len(unitMicros) {
		return nil, template.TypeErrorf("timedelta() takes at most %d arguments", len(unitMicros))
	}
	for i, v := range c.Args {
		if err := add(i, v); err != nil {
			return nil, err
		}
	}
	for _, kw := range c.Kwargs {
		i := 0
		for i < len(unitMicros) && unitMicros[i].name != kw.Name {
			i++
		}
		if i == len(unitMicros) {
			return nil, template.TypeErrorf("'%s' is an invalid keyword argument for __new__()", kw.Name)
		}
		if err := add(i, kw.Value); err != nil {
			return nil, err
		}
	}
	return newDelta(roundHalfEven(total))
}

func ratOf(v template.Value, name string) (*big.Rat, error) {
	switch x := v.(type) {
	case bool:
		return new(big.Rat).SetInt64(int64(boolInt(x))), nil
	case int64:
		return new(big.Rat).SetInt64(x), nil
	case *big.Int:
		return new(big.Rat).SetInt(x), nil
	case float64:
		if !math.IsNaN(x) && !math.IsInf(x, 0) {
			return new(big.Rat).SetFloat64(x), nil
		}
	}
	return nil, template.TypeErrorf("unsupported type for timedelta %s component: %s", name, template.TypeName(v))
}

// deltaClass is modules.datetime.timedelta.
type deltaClass struct{}

// TypeName is the Python type name.
func (deltaClass) TypeName() string { return "type" }

// Name is the class's name.
func (deltaClass) Name() string { return "timedelta" }

// Call makes a timedelta.
func (deltaClass) Call(c *template.Call) (template.Value, error) { return makeDelta(c) }

// Attr returns a constant of the class.
func (deltaClass) Attr(name string) (template.Value, bool) {
	switch name {
	case "min":
		return &deltaValue{days: -maxDeltaDays}, true
	case "max":
		return &deltaValue{maxDeltaDays, 86399, 999999}, true
	case "resolution":
		return &deltaValue{micros: 1}, true
	}
	return nil, false
}
