package project

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"elt/compiler/regex"
	"elt/compiler/template"
)

// Scalars are resolved by the rules of YAML 1.1, which dbt's parser follows and the
// Go module does not: "yes" and "on" are booleans, 010 is octal, 1_000 a number,
// 1e3 a string.

func isPlain(n *yaml.Node) bool {
	return n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0
}

func isNullText(s string) bool {
	switch s {
	case "", "~", "null", "Null", "NULL":
		return true
	}
	return false
}

// Scalar returns the value of a scalar node: nil, bool, int64, *big.Int, float64 or
// string. Dates stay strings, which is what templates see of them.
func Scalar(n *yaml.Node) template.Value {
	if n.Style&yaml.TaggedStyle != 0 {
		return tagged(n)
	}
	if !isPlain(n) {
		return n.Value
	}
	return plain(n.Value)
}

func tagged(n *yaml.Node) template.Value {
	switch n.Tag {
	case "!!str", "!!binary", "!", "!!timestamp":
		return n.Value
	case "!!float":
		switch v := plain(n.Value).(type) {
		case int64:
			return float64(v)
		case float64:
			return v
		}
	case "!!int", "!!bool", "!!null":
		return plain(n.Value)
	}
	return n.Value
}

func plain(s string) template.Value {
	if isNullText(s) {
		return nil
	}
	switch s[0] {
	case 'y', 'Y', 'n', 'N', 't', 'T', 'f', 'F', 'o', 'O':
		if b, ok := boolText(s); ok {
			return b
		}
	case '+', '-', '.', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return number(s)
	}
	return s
}

func boolText(s string) (value, ok bool) {
	switch s {
	case "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON":
		return true, true
	case "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF":
		return false, true
	}
	return false, false
}

var (
	decimalText     = regex.Lazy(`^[-+]?(?:0|[1-9][0-9_]*)$`)
	radixText       = regex.Lazy(`^[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0[0-7_]+)$`)
	sexagesimalText = regex.Lazy(`^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$`)
	floatText       = regex.Lazy(`^[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+][0-9]+)?$|^\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?$`)
	timestampText   = regex.Lazy(`^(\d{4})-(\d\d?)-(\d\d?)(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d)(?:\.\d*)?$`)
)

// number resolves a plain scalar that begins as a number does.
func number(s string) template.Value {
	digits := strings.ReplaceAll(s, "_", "")
	switch {
	case decimalText().MatchString(s):
		return integer(digits, 10)
	case radixText().MatchString(s):
		return radix(digits)
	case floatText().MatchString(s):
		if f, err := strconv.ParseFloat(digits, 64); err == nil {
			return f
		}
	case sexagesimalText().MatchString(s) && (s[0] != '0' || strings.Contains(s, ".")):
		return sexagesimal(digits)
	case timestampText().MatchString(s):
		return timestamp(s)
	}
	switch strings.ToLower(strings.TrimPrefix(s, "+")) {
	case ".inf":
		return math.Inf(1)
	case "-.inf":
		return math.Inf(-1)
	case ".nan":
		return math.NaN()
	}
	return s
}

func integer(digits string, base int) template.Value {
	if n, err := strconv.ParseInt(digits, base, 64); err == nil {
		return n
	}
	if n, ok := new(big.Int).SetString(strings.TrimPrefix(digits, "+"), base); ok {
		return n
	}
	return digits
}

func radix(digits string) template.Value {
	sign := ""
	if digits[0] == '-' || digits[0] == '+' {
		sign, digits = strings.TrimPrefix(digits[:1], "+"), digits[1:]
	}
	switch {
	case strings.HasPrefix(digits, "0b"):
		return integer(sign+digits[2:], 2)
	case strings.HasPrefix(digits, "0x"):
		return integer(sign+digits[2:], 16)
	}
	return integer(sign+digits, 8)
}

// sexagesimal reads 1:30 as 90 and 1:30.5 as 90.5, which YAML 1.1 does.
func sexagesimal(digits string) template.Value {
	whole, fraction, isFloat := strings.Cut(digits, ".")
	total := int64(0)
	for _, part := range strings.Split(strings.TrimLeft(whole, "+-"), ":") {
		n, err := strconv.ParseInt(part, 10, 64)
		if err != nil || total > math.MaxInt64/120 {
			return digits
		}
		total = total*60 + n
	}
	sign := int64(1)
	if digits[0] == '-' {
		sign = -1
	}
	if !isFloat {
		return sign * total
	}
	f, err := strconv.ParseFloat("0."+fraction, 64)
	if err != nil {
		f = 0
	}
	return float64(sign) * (float64(total) + f)
}

// timestamp writes a time as Python prints it.
func timestamp(s string) template.Value {
	m := timestampText().FindStringSubmatch(s)
	pad := func(t string) string {
		if len(t) == 1 {
			return "0" + t
		}
		return t
	}
	return m[1] + "-" + pad(m[2]) + "-" + pad(m[3]) + " " + pad(m[4]) + ":" + m[5] + ":" + m[6]
}

// typeName names a value's type in messages.
func typeName(v template.Value) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case int64, *big.Int, float64:
		return "number"
	case string:
		return "string"
	case *template.List, template.Tuple:
		return "list"
	case *template.Dict:
		return "mapping"
	}
	return "value"
}
