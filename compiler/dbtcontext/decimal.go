package dbtcontext

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"elt/compiler/regex"
	"elt/compiler/template"
)

// decimalValue is Python's decimal.Decimal: what cells of type DECIMAL are. It is
// digits * 10^-scale; results are rounded to 28 digits, ties to even, as in Python.
type decimalValue struct {
	digits *big.Int
	scale  int
}

// decimalPrecision is the precision of Python's default context.
const decimalPrecision = 28

var decimalText = regex.Lazy(`^([-+]?)(\d+)(?:\.(\d*))?$`)

// Decimal returns a decimal number as templates see it: cells of type DECIMAL. ok is
// false for a text that is not a plain decimal number.
func Decimal(text string) (v template.Value, ok bool) {
	m := decimalText().FindStringSubmatch(text)
	if m == nil {
		return nil, false
	}
	digits, _ := new(big.Int).SetString(m[1]+m[2]+m[3], 10)
	return &decimalValue{digits, len(m[3])}, true
}

// DecimalOf returns a number as agate, and so dbt, has the cells of type DOUBLE and FLOAT:
// Decimal(repr(f)) in Python.
func DecimalOf(f float64) template.Value {
	switch {
	case math.IsNaN(f):
		return decimalSpecial("NaN")
	case math.IsInf(f, 1):
		return decimalSpecial("Infinity")
	case math.IsInf(f, -1):
		return decimalSpecial("-Infinity")
	}
	text, exponent, _ := strings.Cut(template.Repr(f), "e")
	v, _ := Decimal(text)
	d, _ := v.(*decimalValue)
	n, err := strconv.Atoi(exponent)
	if err != nil {
		return d
	}
	return &decimalValue{d.digits, d.scale - n}
}

// decimalSpecial is a Decimal that is no number: nothing but its text is of use.
type decimalSpecial string

// TypeName is the Python type name.
func (decimalSpecial) TypeName() string { return "decimal.Decimal" }

// Attr has nothing.
func (decimalSpecial) Attr(string) (template.Value, bool) { return nil, false }

// Str is Python's.
func (d decimalSpecial) Str() string { return string(d) }

// Repr is Python's.
func (d decimalSpecial) Repr() string { return "Decimal('" + string(d) + "')" }

// Float is float(d).
func (d decimalSpecial) Float() (float64, error) { return strconv.ParseFloat(string(d), 64) }

func pow10(n int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(n, 0))), nil)
}

// decimalOf reads an int or a decimal; Python mixes decimals with nothing else.
func decimalOf(v template.Value) (*decimalValue, bool) {
	switch x := v.(type) {
	case *decimalValue:
		return x, true
	case bool:
		return &decimalValue{big.NewInt(int64(boolInt(x))), 0}, true
	case int64:
		return &decimalValue{big.NewInt(x), 0}, true
	case *big.Int:
		return &decimalValue{x, 0}, true
	}
	return nil, false
}

// rat is the exact value.
func (d *decimalValue) rat() *big.Rat {
	if d.scale < 0 {
		return new(big.Rat).SetInt(new(big.Int).Mul(d.digits, pow10(-d.scale)))
	}
	return new(big.Rat).SetFrac(d.digits, pow10(d.scale))
}

// rounded keeps 28 digits.
func (d *decimalValue) rounded() *decimalValue {
	extra := len(new(big.Int).Abs(d.digits).String()) - decimalPrecision
	if extra <= 0 {
		return d
	}
	n := roundHalfEven(new(big.Rat).SetFrac(d.digits, pow10(extra)))
	return (&decimalValue{n, d.scale - extra}).rounded()
}

// at is the digits at a scale that is not smaller than d's.
func (d *decimalValue) at(scale int) *big.Int {
	return new(big.Int).Mul(d.digits, pow10(scale-d.scale))
}

// TypeName is the Python type name.
func (*decimalValue) TypeName() string { return "decimal.Decimal" }

// Truth is whether it is not zero.
func (d *decimalValue) Truth() bool { return d.digits.Sign() != 0 }

// Str is Python's: all digits, with an exponent where there would be many zeros.
func (d *decimalValue) Str() string {
	sign, digits := "", d.digits.String()
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	adjusted := len(digits) - d.scale - 1
	switch {
	case d.scale < 0 || adjusted < -6:
		text := digits[:1]
		if len(digits) > 1 {
			text += "." + digits[1:]
		}
		return fmt.Sprintf("%s%sE%+d", sign, text, adjusted)
	case d.scale == 0:
		return sign + digits
	}
	for len(digits) <= d.scale {
		digits = "0" + digits
	}
	return sign + digits[:len(digits)-d.scale] + "." + digits[len(digits)-d.scale:]
}

// Repr is Python's.
func (d *decimalValue) Repr() string { return "Decimal('" + d.Str() + "')" }

// Float is float(d).
func (d *decimalValue) Float() (float64, error) {
	f, _ := d.rat().Float64()
	return f, nil
}

// HashKey makes equal decimals one key.
func (d *decimalValue) HashKey() string { return d.rat().RatString() }

// ratOfNumber is the exact value of any number.
func ratOfNumber(v template.Value) (*big.Rat, bool) {
	if d, ok := decimalOf(v); ok {
		return d.rat(), true
	}
	if f, ok := v.(float64); ok {
		r := new(big.Rat).SetFloat64(f)
		return r, r != nil
	}
	return nil, false
}

// Equal compares with any number.
func (d *decimalValue) Equal(other template.Value) bool {
	r, ok := ratOfNumber(other)
	return ok && d.rat().Cmp(r) == 0
}

// Compare orders with any number.
func (d *decimalValue) Compare(other template.Value) (int, bool) {
	r, ok := ratOfNumber(other)
	if !ok {
		return 0, false
	}
	return d.rat().Cmp(r), true
}

// trimmed drops zeros at the end, down to a scale.
func (d *decimalValue) trimmed(scale int) *decimalValue {
	n, at := new(big.Int).Set(d.digits), d.scale
	for n.Sign() != 0 && at > scale {
		q, r := new(big.Int).QuoRem(n, big.NewInt(10), new(big.Int))
		if r.Sign() != 0 {
			break
		}
		n, at = q, at-1
	}
	return &decimalValue{n, at}
}

// UnaryOp is -d and +d.
func (d *decimalValue) UnaryOp(op string) (template.Value, bool) {
	switch op {
	case "abs":
		return d.abs().rounded(), true
	case "-":
		return (&decimalValue{new(big.Int).Neg(d.digits), d.scale}).rounded(), true
	}
	return d.rounded(), true
}

// BinaryOp is arithmetic with decimals and ints.
func (d *decimalValue) BinaryOp(op string, other template.Value, reflected bool) (template.Value, bool, error) {
	o, ok := decimalOf(other)
	if !ok {
		return nil, false, nil
	}
	a, b := d, o
	if reflected {
		a, b = o, d
	}
	scale := max(a.scale, b.scale)
	switch op {
	case "+":
		return (&decimalValue{new(big.Int).Add(a.at(scale), b.at(scale)), scale}).rounded(), true, nil
	case "-":
		return (&decimalValue{new(big.Int).Sub(a.at(scale), b.at(scale)), scale}).rounded(), true, nil
	case "*":
		return (&decimalValue{new(big.Int).Mul(a.digits, b.digits), a.scale + b.scale}).rounded(), true, nil
	case "**":
		return decimalPower(a, b)
	case "/", "//", "%":
		if b.digits.Sign() == 0 {
			return nil, false, &template.Exception{Kind: "ZeroDivisionError", Message: "division by zero"}
		}
	}
	switch op {
	case "/":
		return decimalQuotient(a, b), true, nil
	case "//":
		return &decimalValue{new(big.Int).Quo(a.at(scale), b.at(scale)), 0}, true, nil
	case "%":
		return (&decimalValue{new(big.Int).Rem(a.at(scale), b.at(scale)), scale}).rounded(), true, nil
	}
	return nil, false, nil
}

// decimalQuotient has 28 digits, fewer where the result is exact.
func decimalQuotient(a, b *decimalValue) *decimalValue {
	if a.digits.Sign() == 0 {
		return &decimalValue{new(big.Int), a.scale - b.scale}
	}
	r := new(big.Rat).Quo(a.rat(), b.rat())
	scale := decimalPrecision + len(b.digits.String()) + b.scale
	for new(big.Int).Abs(new(big.Int).Quo(new(big.Int).Mul(r.Num(), pow10(scale)), r.Denom())).Cmp(pow10(decimalPrecision)) < 0 && scale < 1000 && r.Sign() != 0 {
		scale += decimalPrecision
	}
	q := new(big.Rat).Mul(r, new(big.Rat).SetInt(pow10(scale)))
	return (&decimalValue{roundHalfEven(q), scale}).rounded().trimmed(a.scale - b.scale)
}

// fixed is all digits without an exponent.
func (d *decimalValue) fixed() string { return d.rat().FloatString(max(d.scale, 0)) }
