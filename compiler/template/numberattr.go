package template

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// numberAttr returns the attributes of numbers.
func numberAttr(x Value, name string) (Value, bool) {
	if !isNumber(x) {
		return nil, false
	}
	f, isFloat := x.(float64)
	bind := func(fn methodFunc) (Value, bool) { return &method{x, name, fn}, true }
	switch {
	case name == "real":
		if b, ok := x.(bool); ok {
			return boolInt(b), true
		}
		return x, true
	case name == "imag" && isFloat:
		return 0.0, true
	case name == "imag":
		return int64(0), true
	case name == "conjugate":
		return bind(func(self Value, c *Call) (Value, error) {
			if b, ok := self.(bool); ok {
				self = boolInt(b)
			}
			return self, noArgs("conjugate", c)
		})
	case name == "is_integer" && isFloat:
		return bind(func(_ Value, c *Call) (Value, error) {
			return f == math.Trunc(f) && !math.IsInf(f, 0), noArgs("float.is_integer", c)
		})
	case name == "as_integer_ratio":
		return bind(func(self Value, c *Call) (Value, error) {
			if err := noArgs(TypeName(self)+".as_integer_ratio", c); err != nil {
				return nil, err
			}
			return integerRatio(self)
		})
	case name == "hex" && isFloat:
		return bind(func(_ Value, c *Call) (Value, error) { return hexFloat(f), noArgs("float.hex", c) })
	case isFloat:
		return nil, false
	case name == "bit_count":
		return bind(func(self Value, c *Call) (Value, error) {
			bits := strings.Count(new(big.Int).Abs(asBig(self)).Text(2), "1")
			return int64(bits), noArgs("int.bit_count", c)
		})
	case name == "numerator":
		return normInt(asBig(x)), true
	case name == "denominator":
		return int64(1), true
	case name == "bit_length":
		return bind(func(self Value, c *Call) (Value, error) {
			return int64(new(big.Int).Abs(asBig(self)).BitLen()), noArgs("int.bit_length", c)
		})
	}
	return nil, false
}

// integerRatio is as_integer_ratio(): two whole numbers whose quotient is x.
func integerRatio(x Value) (Value, error) {
	f, isFloat := x.(float64)
	switch {
	case !isFloat:
		return Tuple{normInt(asBig(x)), int64(1)}, nil
	case math.IsNaN(f):
		return nil, ValueErrorf("cannot convert NaN to integer ratio")
	case math.IsInf(f, 0):
		return nil, exceptionf("OverflowError", "cannot convert Infinity to integer ratio")
	}
	r := new(big.Rat).SetFloat64(f)
	return Tuple{normInt(r.Num()), normInt(r.Denom())}, nil
}

// hexFloat is float.hex(): 13 digits behind the point, an exponent without zeros before it.
func hexFloat(f float64) string {
	if f == 0 || math.IsInf(f, 0) || math.IsNaN(f) {
		if f == 0 {
			return strings.TrimSuffix(floatRepr(f), "0.0") + "0x0.0p+0"
		}
		return floatRepr(f)
	}
	text := strconv.FormatFloat(f, 'x', 13, 64)
	at := strings.IndexByte(text, 'p') + 2
	return text[:at] + strings.TrimLeft(text[at:len(text)-1], "0") + text[len(text)-1:]
}
