package template

import (
	"errors"
	"math"
	"math/big"
)

// BinaryOperator is an Object that takes part in arithmetic, as Python's __add__ and
// __radd__ let it. op is "+", "-", "*", "/", "//", "%" or "**"; reflected says that
// the object is the right operand. ok false means that it does not support this.
type BinaryOperator interface {
	BinaryOp(op string, other Value, reflected bool) (result Value, ok bool, err error)
}

// UnaryOperator is an Object that supports -x and +x.
type UnaryOperator interface {
	UnaryOp(op string) (result Value, ok bool)
}

// maxRepeat bounds the length of a text that is computed, in bytes, maxElems that of a
// list, and maxPrinted that of the text of a list or a dict.
const (
	maxRepeat  = 1 << 28
	maxElems   = maxRepeat / 16
	maxPrinted = maxRepeat / 8
)

// Add is a + b.
func Add(a, b Value) (Value, error) { return binary("+", a, b) }

// binary evaluates an arithmetic operator.
func binary(op string, a, b Value) (Value, error) {
	if x, ok := a.(int64); ok {
		if y, ok := b.(int64); ok {
			if v, ok := smallInt(op, x, y); ok {
				return v, nil
			}
		}
	}
	if s, ok := a.(string); ok && op == "%" {
		return percentFormat(s, b)
	}
	a, b = unmarked(a), unmarked(b)
	if err := anyUndefined(a, b); err != nil {
		return nil, err
	}
	if isNumber(a) && isNumber(b) {
		return arithmetic(op, a, b)
	}
	if v, ok, err := objectOp(op, a, b); ok || err != nil {
		return v, err
	}
	switch op {
	case "+":
		return concatSeq(a, b)
	case "*":
		return repeat(a, b)
	case "-":
		if x, ok := asSet(a); ok {
			if y, ok := asSet(b); ok {
				return x.difference(y), nil
			}
		}
	}
	return nil, unsupported(op, a, b)
}

func unsupported(op string, a, b Value) error {
	if op == "**" {
		op = "** or pow()"
	}
	return TypeErrorf("unsupported operand type(s) for %s: '%s' and '%s'", op, TypeName(a), TypeName(b))
}

func objectOp(op string, a, b Value) (Value, bool, error) {
	if x, ok := a.(BinaryOperator); ok {
		if v, ok, err := x.BinaryOp(op, b, false); ok || err != nil {
			return v, ok, err
		}
	}
	if y, ok := b.(BinaryOperator); ok {
		return y.BinaryOp(op, a, true)
	}
	return nil, false, nil
}

// smallInt computes with machine integers where the result cannot overflow.
func smallInt(op string, x, y int64) (Value, bool) {
	const half = 1 << 31
	small := x > -half && x < half && y > -half && y < half
	if !small {
		return nil, false
	}
	switch op {
	case "+":
		return x + y, true
	case "-":
		return x - y, true
	case "*":
		return x * y, true
	}
	if y == 0 {
		return nil, false
	}
	switch op {
	case "//":
		q := x / y
		if x%y != 0 && (x < 0) != (y < 0) {
			q--
		}
		return q, true
	case "%":
		r := x % y
		if r != 0 && (r < 0) != (y < 0) {
			r += y
		}
		return r, true
	case "/":
		return float64(x) / float64(y), true
	}
	return nil, false
}

// arithmetic computes with two numbers.
func arithmetic(op string, a, b Value) (Value, error) {
	if isInt(a) && isInt(b) {
		return bigOp(op, asBig(a), asBig(b))
	}
	x, err := toFloat(a)
	if err != nil {
		return nil, err
	}
	y, err := toFloat(b)
	if err != nil {
		return nil, err
	}
	return floatOp(op, x, y)
}

func divisionError(message string) error { return exceptionf("ZeroDivisionError", "%s", message) }

func bigOp(op string, x, y *big.Int) (Value, error) {
	z := new(big.Int)
	switch op {
	case "+":
		return normInt(z.Add(x, y)), nil
	case "-":
		return normInt(z.Sub(x, y)), nil
	case "*":
		if x.BitLen()+y.BitLen() > maxIntBits {
			return nil, exceptionf("OverflowError", "int too large")
		}
		return normInt(z.Mul(x, y)), nil
	case "**":
		return bigPow(x, y)
	}
	if y.Sign() == 0 {
		switch op {
		case "/":
			return nil, divisionError("division by zero")
		case "%":
			return nil, divisionError("integer modulo by zero")
		}
		return nil, divisionError("integer division or modulo by zero")
	}
	if op == "/" {
		f, _ := new(big.Rat).SetFrac(x, y).Float64()
		if x.Sign() == 0 && y.Sign() < 0 {
			f = math.Copysign(0, -1)
		}
		if math.IsInf(f, 0) {
			return nil, exceptionf("OverflowError", "integer division result too large for a float")
		}
		return f, nil
	}
	m := new(big.Int)
	z.QuoRem(x, y, m)
	if m.Sign() != 0 && m.Sign() != y.Sign() {
		z.Sub(z, big.NewInt(1))
		m.Add(m, y)
	}
	if op == "//" {
		return normInt(z), nil
	}
	return normInt(m), nil
}

func bigPow(x, y *big.Int) (Value, error) {
	if y.Sign() < 0 {
		fx, err := toFloat(normInt(x))
		if err != nil {
			return nil, err
		}
		fy, err := toFloat(normInt(y))
		if err != nil {
			return nil, err
		}
		return floatOp("**", fx, fy)
	}
	if x.BitLen() > 1 && (!y.IsInt64() || int64(x.BitLen())*min(y.Int64(), maxIntBits+1) > maxIntBits) {
		return nil, exceptionf("OverflowError", "int too large")
	}
	if !y.IsInt64() { // 0, 1 and -1 to any power
		y = new(big.Int).And(y, big.NewInt(1))
		y.Add(y, big.NewInt(2))
	}
	return normInt(new(big.Int).Exp(x, y, nil)), nil
}

func floatOp(op string, x, y float64) (Value, error) {
	switch op {
	case "+":
		return x + y, nil
	case "-":
		return x - y, nil
	case "*":
		return x * y, nil
	case "**":
		return floatPow(x, y)
	}
	if y == 0 {
		switch op {
		case "/":
			return nil, divisionError("float division by zero")
		case "%":
			return nil, divisionError("float modulo")
		}
		return nil, divisionError("float floor division by zero")
	}
	if op == "/" {
		return x / y, nil
	}
	m := math.Mod(x, y)
	div := (x - m) / y
	if m != 0 && (m < 0) != (y < 0) {
		m += y
		div--
	} else if m == 0 {
		m = math.Copysign(0, y)
	}
	if op == "%" {
		return m, nil
	}
	if div == 0 {
		return math.Copysign(0, x/y), nil
	}
	floor := math.Floor(div)
	if div-floor > 0.5 {
		floor++
	}
	return floor, nil
}

func floatPow(x, y float64) (Value, error) {
	if x == 0 && y < 0 {
		return nil, divisionError("0.0 cannot be raised to a negative power")
	}
	f := power(x, y)
	switch {
	case math.IsInf(f, 0) && !math.IsInf(x, 0) && !math.IsInf(y, 0):
		return nil, exceptionf("OverflowError", "(34, 'Numerical result out of range')")
	case math.IsNaN(f) && !math.IsNaN(x) && !math.IsNaN(y):
		return nil, ValueErrorf("negative number cannot be raised to a fractional power")
	}
	return f, nil
}

// concatSeq is + of sequences.
func concatSeq(a, b Value) (Value, error) {
	switch x := a.(type) {
	case *List:
		if y, ok := b.(*List); ok {
			if len(x.Elems)+len(y.Elems) > maxElems {
				return nil, errTooLarge
			}
			out := make([]Value, 0, len(x.Elems)+len(y.Elems))
			return &List{Elems: append(append(out, x.Elems...), y.Elems...)}, nil
		}
	case Tuple:
		if y, ok := b.(Tuple); ok {
			if len(x)+len(y) > maxElems {
				return nil, errTooLarge
			}
			out := make(Tuple, 0, len(x)+len(y))
			return append(append(out, x...), y...), nil
		}
	case string:
		if y, ok := b.(string); ok {
			if len(x)+len(y) > maxRepeat {
				return nil, errTooLarge
			}
			return x + y, nil
		}
	default:
		return nil, unsupported("+", a, b)
	}
	return nil, TypeErrorf("can only concatenate %s (not \"%s\") to %s", TypeName(a), TypeName(b), TypeName(a))
}

func isSeq(v Value) bool {
	switch v.(type) {
	case string, *List, Tuple:
		return true
	}
	return false
}

// repeat is * with a sequence on one side.
func repeat(a, b Value) (Value, error) {
	if !isSeq(a) {
		a, b = b, a
		if !isSeq(a) {
			return nil, unsupported("*", b, a)
		}
	}
	if !isInt(b) {
		return nil, TypeErrorf("can't multiply sequence by non-int of type '%s'", TypeName(b))
	}
	n, ok := asInt64(b)
	if !ok {
		return nil, exceptionf("OverflowError", "cannot fit 'int' into an index-sized integer")
	}
	n = max(n, 0)
	if size, err := length(a); err == nil && size == 0 {
		n = 0 // nothing, however often, without a loop that no limit ends
	}
	switch x := a.(type) {
	case string:
		if len(x) > 0 && n > maxRepeat/int64(len(x)) {
			return nil, errTooLarge
		}
		return repeatString(x, int(n)), nil
	case Tuple:
		elems, err := repeatElems(x, n)
		return Tuple(elems), err
	}
	elems, err := repeatElems(a.(*List).Elems, n)
	return &List{Elems: elems}, err
}

var errTooLarge = errors.New("a value becomes too large")

func repeatString(s string, n int) string {
	b := make([]byte, 0, len(s)*n)
	for range n {
		b = append(b, s...)
	}
	return string(b)
}

func repeatElems(elems []Value, n int64) ([]Value, error) {
	if len(elems) > 0 && n > maxElems/int64(len(elems)) {
		return nil, errTooLarge
	}
	out := make([]Value, 0, len(elems)*int(n))
	for range n {
		out = append(out, elems...)
	}
	return out, nil
}

// unary evaluates -x and +x.
func unary(op string, v Value) (Value, error) {
	switch x := v.(type) {
	case int64, bool, *big.Int:
		if op == "-" {
			return bigOp("-", new(big.Int), asBig(v))
		}
		return normInt(asBig(v)), nil
	case float64:
		if op == "-" {
			return -x, nil
		}
		return x, nil
	case *Undefined:
		return nil, x.fail()
	case UnaryOperator:
		if r, ok := x.UnaryOp(op); ok {
			return r, nil
		}
	}
	return nil, TypeErrorf("bad operand type for unary %s: '%s'", op, TypeName(v))
}

// power is x ** y for floats. Go's math.Pow is off by a digit at times where C's, which
// Python uses, is not; with whole exponents the result can be had exactly.
func power(x, y float64) float64 {
	const most = 1024
	if y != math.Trunc(y) || math.Abs(y) > most || x == 0 || math.IsInf(x, 0) || math.IsNaN(x) {
		return math.Pow(x, y)
	}
	const bits = 256
	result, base := big.NewFloat(1).SetPrec(bits), new(big.Float).SetPrec(bits).SetFloat64(x)
	for n := int(math.Abs(y)); n > 0; n >>= 1 {
		if n&1 == 1 {
			result.Mul(result, base)
		}
		base.Mul(base, base)
	}
	if y < 0 {
		result.Quo(big.NewFloat(1).SetPrec(bits), result)
	}
	f, _ := result.Float64()
	return f
}
