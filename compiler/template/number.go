package template

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// maxIntDigits is Python's limit for converting between int and str.
const maxIntDigits = 4300

// maxIntBits bounds the integers a template may compute.
const maxIntBits = 1 << 20

// normInt returns n as int64 where it fits.
func normInt(n *big.Int) Value {
	if n.IsInt64() {
		return n.Int64()
	}
	return n
}

// asBig returns an int (or bool) as big.Int.
func asBig(v Value) *big.Int {
	switch x := v.(type) {
	case int64:
		return big.NewInt(x)
	case bool:
		return big.NewInt(boolInt(x))
	case *big.Int:
		return x
	}
	return nil
}

func boolInt(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// asInt64 returns v as an index-sized int where it is an int or a bool.
func asInt64(v Value) (int64, bool) {
	switch x := v.(type) {
	case int64:
		return x, true
	case bool:
		return boolInt(x), true
	}
	return 0, false
}

func isInt(v Value) bool {
	switch v.(type) {
	case int64, bool, *big.Int:
		return true
	}
	return false
}

func isNumber(v Value) bool {
	_, f := v.(float64)
	return f || isInt(v)
}

// toFloat converts a number to float; it fails for an int that is too large.
func toFloat(v Value) (float64, error) {
	switch x := v.(type) {
	case float64:
		return x, nil
	case int64:
		return float64(x), nil
	case bool:
		return float64(boolInt(x)), nil
	case *big.Int:
		f, _ := new(big.Float).SetInt(x).Float64()
		if math.IsInf(f, 0) {
			return 0, exceptionf("OverflowError", "int too large to convert to float")
		}
		return f, nil
	}
	return 0, TypeErrorf("must be real number, not %s", TypeName(v))
}

// intFromFloat converts a finite float to int, cutting off the fraction.
func intFromFloat(f float64) Value {
	if f > -9.2e18 && f < 9.2e18 {
		return int64(f)
	}
	n, _ := big.NewFloat(f).Int(nil)
	return normInt(n)
}

// floatRepr is Python's repr of a float: the shortest digits that read back as the
// same number, in exponent form below 1e-4 and from 1e16.
func floatRepr(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		return fixExponent(strconv.FormatFloat(f, 'e', -1, 64))
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// fixExponent gives an exponent the digits Python gives it: at least two.
func fixExponent(s string) string {
	i := strings.LastIndexByte(s, 'e')
	if i < 0 || len(s)-i-2 >= 2 {
		return s
	}
	return s[:i+2] + "0" + s[i+2:]
}

// intString prints a big int; like Python it refuses to print very long ones.
func intString(n *big.Int) (string, error) {
	if n.BitLen() > maxIntDigits*10/3 {
		if s := n.String(); len(strings.TrimPrefix(s, "-")) > maxIntDigits {
			return "", ValueErrorf("Exceeds the limit (%d digits) for integer string conversion", maxIntDigits)
		}
	}
	return n.String(), nil
}

// parseInt is Python's int(text, base); base 0 reads prefixes.
func parseInt(text string, base int) (Value, error) {
	bad := func() (Value, error) {
		return nil, ValueErrorf("invalid literal for int() with base %d: %s", base, Repr(text))
	}
	if base != 0 && (base < 2 || base > 36) {
		return nil, ValueErrorf("int() base must be >= 2 and <= 36, or 0")
	}
	s := asciiDigits(strings.TrimFunc(text, isSpace))
	neg := strings.HasPrefix(s, "-")
	if neg || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	used := base
	if len(s) > 2 && s[0] == '0' {
		prefix := map[byte]int{'x': 16, 'o': 8, 'b': 2}[s[1]|0x20]
		if prefix != 0 && (base == 0 || base == prefix) {
			used, s = prefix, strings.TrimPrefix(s[2:], "_")
		}
	}
	if used == 0 {
		used = 10
		if strings.Trim(s, "0_") != "" && strings.HasPrefix(s, "0") {
			return bad()
		}
	}
	if s == "" || s[0] == '_' || s[len(s)-1] == '_' || strings.Contains(s, "__") ||
		s[0] == '-' || s[0] == '+' {
		return bad()
	}
	s = strings.ReplaceAll(s, "_", "")
	if len(s) > maxIntDigits && used&(used-1) != 0 {
		return nil, ValueErrorf("Exceeds the limit (%d digits) for integer string conversion: value has %d digits; use sys.set_int_max_str_digits() to increase the limit", maxIntDigits, len(s))
	}
	n, ok := new(big.Int).SetString(s, used)
	if !ok {
		return bad()
	}
	if neg {
		n.Neg(n)
	}
	return normInt(n), nil
}

// parseFloat is Python's float(text).
func parseFloat(text string) (float64, error) {
	bad := ValueErrorf("could not convert string to float: %s", Repr(text))
	s := asciiDigits(strings.TrimFunc(text, isSpace))
	digit := func(i int) bool { return i >= 0 && i < len(s) && s[i] >= '0' && s[i] <= '9' }
	for i := 0; i < len(s); i++ {
		if s[i] == '_' && !(digit(i-1) && digit(i+1)) {
			return 0, bad
		}
	}
	s = strings.ReplaceAll(s, "_", "")
	switch strings.ToLower(strings.TrimLeft(s, "+-")) {
	case "inf", "infinity", "nan":
	default:
		if strings.ContainsAny(s, "xXpPiInN") {
			return 0, bad
		}
	}
	if len(s) > 1 && strings.ContainsAny(s[:1], "+-") && strings.ToLower(s[1:]) == "nan" {
		s = s[1:]
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(f, 0) {
		return 0, bad
	}
	return f, nil
}
