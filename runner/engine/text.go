package engine

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// Text renders a cell as DuckDB's command line does ("NULL" for nil). The type is
// the column's ([Column.Type]); it tells a DATE from a TIMESTAMP and a FLOAT from a
// DOUBLE. With the empty type, a time.Time is taken for a timestamp. A TIMESTAMP WITH
// TIME ZONE is rendered in the zone of its time.Time, which is UTC.
func Text(cell any, typ string) string {
	switch v := cell.(type) {
	case nil:
		return "NULL"
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case int:
		return strconv.Itoa(v)
	case *big.Int:
		return v.String()
	case float64:
		return floatText(v, typ)
	case time.Time:
		return timestampText(v, typ)
	case []byte:
		return blobText(v)
	case fmt.Stringer:
		return v.String()
	}
	return fmt.Sprint(cell)
}

// Text renders the cell of a row and a column; see [Text].
func (t *Table) Text(row, column int) string {
	return Text(t.Rows[row][column], t.Columns[column].Type)
}

// floatText prints the shortest text that reads back as the same number, in DuckDB's
// form: exponents from 1e16 on and below 1e-4, ".0" for whole numbers.
func floatText(f float64, typ string) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	bits := 64
	if typ == "FLOAT" {
		bits = 32
	}
	if a := math.Abs(f); a != 0 && (a >= 1e16 || a < 1e-4) {
		return strconv.FormatFloat(f, 'e', -1, bits)
	}
	text := strconv.FormatFloat(f, 'f', -1, bits)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

func timestampText(t time.Time, typ string) string {
	date, suffix := dateText(t)
	if typ == "DATE" {
		return date + suffix
	}
	nanos := int64(t.Hour())*3600e9 + int64(t.Minute())*60e9 + int64(t.Second())*1e9 + int64(t.Nanosecond())
	text := date + suffix + " " + clockText(nanos)
	if typ == "TIMESTAMP WITH TIME ZONE" {
		_, offset := t.Zone()
		text += offsetText(offset)
	}
	return text
}

// dateText returns the date and " (BC)" for years before 1.
func dateText(t time.Time) (date, suffix string) {
	year := t.Year()
	if year <= 0 {
		year, suffix = 1-year, " (BC)"
	}
	return fmt.Sprintf("%04d-%02d-%02d", year, t.Month(), t.Day()), suffix
}

// clockText prints hh:mm:ss with six decimals, or nine where they are needed; trailing
// zeros are cut.
func clockText(nanos int64) string {
	seconds, rest := nanos/1e9, nanos%1e9
	text := fmt.Sprintf("%02d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
	if rest == 0 {
		return text
	}
	return text + strings.TrimRight(fmt.Sprintf(".%09d", rest), "0")
}

func offsetText(seconds int) string {
	sign := "+"
	if seconds < 0 {
		sign, seconds = "-", -seconds
	}
	text := fmt.Sprintf("%s%02d", sign, seconds/3600)
	if seconds%3600 != 0 {
		text += fmt.Sprintf(":%02d", seconds/60%60)
	}
	if seconds%60 != 0 {
		text += fmt.Sprintf(":%02d", seconds%60)
	}
	return text
}

// blobText prints printable ASCII as it is and \xHH for the rest.
func blobText(b []byte) string {
	var out strings.Builder
	for _, c := range b {
		if c >= 32 && c <= 126 && c != '\\' && c != '\'' && c != '"' {
			out.WriteByte(c)
		} else {
			fmt.Fprintf(&out, `\x%02X`, c)
		}
	}
	return out.String()
}

// String prints the number with all digits of its scale.
func (d Decimal) String() string {
	if d.Scale == 0 {
		return d.Unscaled.String()
	}
	digits := new(big.Int).Abs(d.Unscaled).String()
	if missing := int(d.Scale) + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	point := len(digits) - int(d.Scale)
	whole := digits[:point]
	if d.Width == d.Scale {
		whole = "" // DuckDB's way where there is no room for a digit
	}
	text := whole + "." + digits[point:]
	if d.Unscaled.Sign() < 0 {
		text = "-" + text
	}
	return text
}

// String prints hh:mm:ss, decimals and offset.
func (t Time) String() string {
	text := clockText(t.Nanos)
	if t.HasZone {
		text += offsetText(t.Offset)
	}
	return text
}

// String prints years, months, days and a clock, leaving out what is zero.
func (i Interval) String() string {
	var parts []string
	add := func(n int32, unit string) {
		if n == 0 {
			return
		}
		if n != 1 && n != -1 {
			unit += "s"
		}
		parts = append(parts, fmt.Sprintf("%d %s", n, unit))
	}
	add(i.Months/12, "year")
	add(i.Months%12, "month")
	add(i.Days, "day")
	if i.Micros == 0 && len(parts) > 0 {
		return strings.Join(parts, " ")
	}
	return strings.Join(append(parts, microsText(i.Micros)), " ")
}

func microsText(micros int64) string {
	sign, m := "", uint64(micros)
	if micros < 0 {
		sign, m = "-", -m
	}
	seconds, rest := m/1e6, m%1e6
	text := fmt.Sprintf("%s%02d:%02d:%02d", sign, seconds/3600, seconds/60%60, seconds%60)
	if rest == 0 {
		return text
	}
	return text + strings.TrimRight(fmt.Sprintf(".%06d", rest), "0")
}

// String prints [a, b].
func (l List) String() string {
	render := nested
	if l.Type == "JSON" {
		render = Text // a list of JSON is printed as JSON
	}
	parts := make([]string, len(l.Values))
	for i, v := range l.Values {
		parts[i] = render(v, l.Type)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// String prints {'a': 1}, or (1, 2) for a struct without names.
func (s Struct) String() string {
	parts := make([]string, len(s.Values))
	named := false
	for i, v := range s.Values {
		parts[i] = nested(v, s.Fields[i].Type)
		if name := s.Fields[i].Name; name != "" {
			named = true
			parts[i] = quoteText(name) + ": " + parts[i]
		}
	}
	if !named {
		return "(" + strings.Join(parts, ", ") + ")"
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// String prints {a=1}.
func (m Map) String() string {
	parts := make([]string, len(m.Keys))
	for i, key := range m.Keys {
		parts[i] = nested(key, m.KeyType) + "=" + nested(m.Values[i], m.ValueType)
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// String prints the value.
func (u Union) String() string { return Text(u.Value, u.Type) }

// nested renders a value inside another one: text that could be misread is quoted.
func nested(cell any, typ string) string {
	text := Text(cell, typ)
	switch cell.(type) {
	case nil, List, Struct, Map, Union:
		return text
	}
	if needsQuotes(text) {
		return quoteText(text)
	}
	return text
}

func needsQuotes(text string) bool {
	if text == "" || strings.EqualFold(text, "null") {
		return true
	}
	if strings.TrimSpace(text) != text {
		return true
	}
	return strings.ContainsAny(text, `"'(),=:[]{}`)
}

func quoteText(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}
