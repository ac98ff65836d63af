package template

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// formatSpec is a parsed format specification of str.format or of % formatting.
type formatSpec struct {
	fill      string
	align     byte // '<', '>', '^', '=' or 0
	sign      byte // '+', '-', ' ' or 0
	alternate bool
	zero      bool
	negZero   bool // "z"
	width     int
	comma     byte // ',' or '_'
	precision int  // -1 without
	verb      byte // 0 without
}

// parseSpec parses [[fill]align][sign][z][#][0][width][grouping][.precision][type].
func parseSpec(s string, typeName string) (formatSpec, error) {
	spec := formatSpec{precision: -1}
	whole := s
	bad := func() error {
		return ValueErrorf("Invalid format specifier '%s' for object of type '%s'", whole, typeName)
	}
	if s != "" {
		n := runeLen(s)
		if len(s) > n && strings.IndexByte("<>=^", s[n]) >= 0 {
			spec.fill, spec.align, s = s[:n], s[n], s[n+1:]
		} else if strings.IndexByte("<>=^", s[0]) >= 0 {
			spec.align, s = s[0], s[1:]
		}
	}
	take := func(set string) byte {
		if s != "" && strings.IndexByte(set, s[0]) >= 0 {
			c := s[0]
			s = s[1:]
			return c
		}
		return 0
	}
	spec.sign = take("+- ")
	spec.negZero = take("z") != 0
	spec.alternate = take("#") != 0
	if take("0") != 0 {
		spec.zero = true
		if spec.fill == "" {
			spec.fill = "0"
			if spec.align == 0 {
				spec.align = '='
			}
		}
	}
	var ok bool
	if spec.width, s, ok = takeNumber(s); !ok {
		return spec, ValueErrorf("Too many decimal digits in format string")
	}
	spec.comma = take(",_")
	if take(".") != 0 {
		if s == "" || !isDigit(s[0]) {
			return spec, ValueErrorf("Format specifier missing precision")
		}
		if spec.precision, s, ok = takeNumber(s); !ok {
			return spec, ValueErrorf("Too many decimal digits in format string")
		}
	}
	if s != "" {
		spec.verb, s = s[0], s[1:]
	}
	if s != "" || spec.verb >= 0x80 {
		return spec, bad()
	}
	if spec.width > maxRepeat/16 || spec.precision > 1<<16 {
		return spec, errTooLarge
	}
	return spec, nil
}

// takeNumber reads digits; ok is false for a number that is too large.
func takeNumber(s string) (n int, rest string, ok bool) {
	i := 0
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	if i == 0 {
		return 0, s, true
	}
	n, err := strconv.Atoi(s[:i])
	return n, s[i:], err == nil
}

// format is Python's format(v, spec).
func format(v Value, text string) (string, error) {
	if text == "" {
		return toText(v)
	}
	if f, ok := v.(Formatter); ok {
		return f.Format(text)
	}
	switch v.(type) {
	case string, bool, int64, *big.Int, float64:
	case *Undefined:
		return "", TypeErrorf("unsupported format string passed to Undefined.__format__")
	default:
		return "", TypeErrorf("unsupported format string passed to %s.__format__", TypeName(v))
	}
	spec, err := parseSpec(text, TypeName(v))
	if err != nil {
		return "", err
	}
	switch x := v.(type) {
	case string:
		return spec.str(x)
	case float64:
		return spec.float(x)
	case bool:
		if spec.verb == 0 {
			// An empty type prints a bool as the int it is.
			return spec.integer(asBig(v))
		}
	}
	if strings.IndexByte("eEfFgG%", spec.verb) >= 0 && spec.verb != 0 {
		f, err := toFloat(v)
		if err != nil {
			return "", err
		}
		return spec.float(f)
	}
	return spec.integer(asBig(v))
}

// Formatter is an Object with a format specification of its own, such as a date.
type Formatter interface {
	Format(spec string) (string, error)
}

func (s formatSpec) str(x string) (string, error) {
	switch {
	case s.verb != 0 && s.verb != 's':
		return "", unknownCode(s.verb, "str")
	case s.sign != 0:
		return "", ValueErrorf("Sign not allowed in string format specifier")
	case s.alternate:
		return "", ValueErrorf("Alternate form (#) not allowed in string format specifier")
	case s.align == '=' && !s.zero:
		return "", ValueErrorf("'=' alignment not allowed in string format specifier")
	case s.comma != 0:
		return "", ValueErrorf("Cannot specify '%c' with 's'.", s.comma)
	}
	if s.precision >= 0 && strLen(x) > s.precision {
		x = substring(x, 0, s.precision)
	}
	if s.align == '=' {
		s.align = '<'
	}
	return s.pad("", x, '<'), nil
}

func unknownCode(verb byte, typeName string) error {
	return ValueErrorf("Unknown format code '%c' for object of type '%s'", verb, typeName)
}

// pad fills up to the width; sign goes before the fill where align is '='.
func (s formatSpec) pad(sign, body string, align byte) string {
	if s.align != 0 {
		align = s.align
	}
	fill := s.fill
	if fill == "" {
		fill = " "
	}
	n := s.width - strLen(sign) - strLen(body)
	if n <= 0 {
		return sign + body
	}
	switch align {
	case '<':
		return sign + body + repeatString(fill, n)
	case '=':
		return sign + repeatString(fill, n) + body
	case '^':
		return repeatString(fill, n/2) + sign + body + repeatString(fill, n-n/2)
	}
	return repeatString(fill, n) + sign + body
}

func (s formatSpec) signOf(negative bool) string {
	switch {
	case negative:
		return "-"
	case s.sign == '+' || s.sign == ' ':
		return string(s.sign)
	}
	return ""
}

func (s formatSpec) integer(n *big.Int) (string, error) {
	if s.precision >= 0 {
		return "", ValueErrorf("Precision not allowed in integer format specifier")
	}
	base, prefix := 10, ""
	switch s.verb {
	case 0, 'd', 'n':
	case 'b':
		base, prefix = 2, "0b"
	case 'o':
		base, prefix = 8, "0o"
	case 'x', 'X':
		base, prefix = 16, "0"+string(s.verb)
	case 'c':
		if s.sign != 0 {
			return "", ValueErrorf("Sign not allowed with integer format specifier 'c'")
		}
		if !n.IsInt64() || n.Int64() < 0 || n.Int64() > 0x10ffff {
			return "", exceptionf("OverflowError", "%%c arg not in range(0x110000)")
		}
		return s.pad("", string(rune(n.Int64())), '<'), nil
	default:
		return "", unknownCode(s.verb, "int")
	}
	if s.comma == ',' && base != 10 {
		return "", ValueErrorf("Cannot specify ',' with '%c'.", s.verb)
	}
	digits := new(big.Int).Abs(n).Text(base)
	if len(digits) > maxIntDigits && base == 10 {
		_, err := intString(n)
		return "", err
	}
	if s.verb == 'X' {
		digits = strings.ToUpper(digits)
	}
	if !s.alternate {
		prefix = ""
	}
	group := 3
	if base != 10 {
		group = 4
	}
	return s.number(s.signOf(n.Sign() < 0)+prefix, digits, "", group), nil
}

// number puts grouping marks into the digits, and zeros where those fill the width.
func (s formatSpec) number(sign, digits, rest string, group int) string {
	if s.comma != 0 {
		if s.fill == "0" && s.align == '=' {
			digits = zeroFill(digits, s.width-len(sign)-strLen(rest), group)
		}
		digits = groupDigits(digits, s.comma, group)
	}
	return s.pad(sign, digits+rest, '>')
}

// zeroFill adds zeros so that the grouped digits fill a width.
func zeroFill(digits string, width, group int) string {
	for len(digits)+(len(digits)-1)/group < width {
		digits = "0" + digits
	}
	return digits
}

func groupDigits(digits string, mark byte, group int) string {
	var b strings.Builder
	for i := range len(digits) {
		if i > 0 && (len(digits)-i)%group == 0 {
			b.WriteByte(mark)
		}
		b.WriteByte(digits[i])
	}
	return b.String()
}

func (s formatSpec) float(f float64) (string, error) {
	verb, percent := s.verb, false
	if verb == '%' {
		f, verb, percent = f*100, 'f', true
	}
	if verb != 0 && strings.IndexByte("eEfFgGn", verb) < 0 {
		return "", unknownCode(verb, "float")
	}
	text := floatText(math.Abs(f), verb, s.precision, s.alternate)
	if percent {
		text += "%"
	}
	negative := math.Signbit(f) && !math.IsNaN(f)
	if s.negZero && strings.Trim(text, "0.%eE+-") == "" {
		negative = false
	}
	digits := len(text) - len(strings.TrimLeft(text, "0123456789"))
	if digits == 0 { // inf and nan
		return s.pad(s.signOf(negative), text, '>'), nil
	}
	return s.number(s.signOf(negative), text[:digits], text[digits:], 3), nil
}

// floatText prints a float that is not negative as a format code asks.
func floatText(f float64, verb byte, precision int, alternate bool) string {
	upper := verb == 'E' || verb == 'F' || verb == 'G'
	var s string
	switch {
	case math.IsNaN(f):
		s = "nan"
	case math.IsInf(f, 0):
		s = "inf"
	case verb == 0 && precision < 0:
		return floatRepr(f)
	default:
		s = finiteText(f, verb|0x20, precision, alternate, verb == 0)
	}
	if upper {
		s = strings.ToUpper(s)
	}
	return s
}

func finiteText(f float64, verb byte, precision int, alternate, general bool) string {
	if precision < 0 {
		precision = 6
	}
	switch verb {
	case 'e':
		s := strconv.FormatFloat(f, 'e', precision, 64)
		if alternate && precision == 0 {
			s = strings.Replace(s, "e", ".e", 1)
		}
		return fixExponent(s)
	case 'f':
		s := strconv.FormatFloat(f, 'f', precision, 64)
		if alternate && precision == 0 {
			s += "."
		}
		return s
	}
	return generalText(f, precision, alternate, general)
}

// generalText is the format code "g"; with general it is no code but a precision,
// which always keeps a digit behind the point.
func generalText(f float64, precision int, alternate, general bool) string {
	precision = max(precision, 1)
	e := strconv.FormatFloat(f, 'e', precision-1, 64)
	exp, _ := strconv.Atoi(e[strings.IndexByte(e, 'e')+1:])
	limit := precision
	if general {
		limit--
	}
	if exp < -4 || exp >= limit {
		i := strings.IndexByte(e, 'e')
		return fixExponent(trimZeros(e[:i], alternate) + e[i:])
	}
	s := trimZeros(strconv.FormatFloat(f, 'f', max(precision-1-exp, 0), 64), alternate)
	if general && !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

func trimZeros(s string, keep bool) string {
	if keep {
		if !strings.Contains(s, ".") {
			s += "."
		}
		return s
	}
	if !strings.Contains(s, ".") {
		return s
	}
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}
