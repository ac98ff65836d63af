package dbtcontext

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"elt/compiler/regex"
	"elt/compiler/template"
)

// decimalSpec is [[fill]align][sign][0][width][,][.precision][type], as decimals know it.
var decimalSpec = regex.Lazy(`^(?:(.)?([<>=^]))?([-+ ]?)(0?)(\d{0,6})(,?)(?:\.(\d{1,6}))?([eEfFgGn%]?)$`)

// Format is "{:.2f}".format(d) and its like.
func (d *decimalValue) Format(spec string) (string, error) {
	m := decimalSpec().FindStringSubmatch(spec)
	if m == nil || m[2] != "" && m[4] != "" {
		return "", template.ValueErrorf("invalid format string")
	}
	precision := -1
	if m[7] != "" {
		precision, _ = strconv.Atoi(m[7])
	}
	text := d.abs().shown(m[8], precision)
	if m[6] != "" {
		end := strings.IndexFunc(text, func(r rune) bool { return r < '0' || r > '9' })
		if end < 0 {
			end = len(text)
		}
		text = grouped(text[:end]) + text[end:]
	}
	sign := strings.TrimPrefix(m[3], "-")
	if d.digits.Sign() < 0 {
		sign = "-"
	}
	width, _ := strconv.Atoi(m[5])
	fill, align := m[1], m[2]
	if m[4] != "" && align == "" {
		fill, align = "0", "="
	}
	return padded(sign, text, fill, align, width), nil
}

// shown is the text of a number that is not negative, by the letter of a format.
func (d *decimalValue) shown(letter string, precision int) string {
	switch letter {
	case "e", "E":
		return d.scientific(letter, precision)
	case "f", "F":
		if precision < 0 {
			return d.fixed()
		}
		return d.scaled(precision).fixed()
	case "%":
		hundred := &decimalValue{new(big.Int).Mul(d.digits, big.NewInt(100)), d.scale}
		if d.scale >= 2 {
			hundred = &decimalValue{d.digits, d.scale - 2}
		}
		return hundred.shown("f", precision) + "%"
	}
	if precision >= 0 {
		d = d.significant(max(precision, 1))
	}
	if letter == "G" {
		return d.Str()
	}
	return strings.Replace(d.Str(), "E", map[bool]string{true: "E", false: "e"}[letter == ""], 1)
}

// significant keeps a number of digits.
func (d *decimalValue) significant(digits int) *decimalValue {
	extra := len(d.digits.String()) - digits
	if extra <= 0 {
		return d
	}
	out := d.scaled(d.scale - extra)
	if len(out.digits.String()) > digits {
		return out.significant(digits)
	}
	return out
}

func (d *decimalValue) scientific(letter string, precision int) string {
	if precision >= 0 {
		d = d.significant(precision + 1)
	}
	digits := d.digits.String()
	exponent := len(digits) - d.scale - 1
	if precision >= 0 {
		digits += strings.Repeat("0", max(precision+1-len(digits), 0))
	}
	text := digits[:1]
	if len(digits) > 1 {
		text += "." + digits[1:]
	}
	return fmt.Sprintf("%s%s%+d", text, letter, exponent)
}

// padded fills a number up to a width.
func padded(sign, text, fill, align string, width int) string {
	if fill == "" {
		fill = " "
	}
	n := max(width-utf8.RuneCountInString(sign+text), 0)
	switch align {
	case "<":
		return sign + text + strings.Repeat(fill, n)
	case "^":
		return strings.Repeat(fill, n/2) + sign + text + strings.Repeat(fill, n-n/2)
	case "=":
		return sign + strings.Repeat(fill, n) + text
	}
	return strings.Repeat(fill, n) + sign + text
}

// grouped puts commas between groups of three digits.
func grouped(digits string) string {
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
