package template

import (
	"math"
	"math/big"
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
		return bind(func(self Value, c *Call) (Value, error) { return self, noArgs("conjugate", c) })
	case name == "is_integer" && isFloat:
		return bind(func(_ Value, c *Call) (Value, error) {
			return f == math.Trunc(f) && !math.IsInf(f, 0), noArgs("float.is_integer", c)
		})
	case isFloat:
		return nil, false
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
