package dbtcontext

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// strftime formats fields as Python does on Linux in the C locale, glibc's flags
// (%-d, %_d, %^a) included. What it does not know stays as it is.
func strftime(t time.Time, zone *zoneValue, format string) string {
	var b strings.Builder
	for i := 0; i < len(format); {
		if format[i] != '%' || i+1 == len(format) {
			r, n := utf8.DecodeRuneInString(format[i:])
			b.WriteRune(r)
			i += n
			continue
		}
		end := i + 1
		for end < len(format) && strings.IndexByte("-_0^#", format[end]) >= 0 {
			end++
		}
		if end == len(format) {
			b.WriteString(format[i:])
			break
		}
		text, ok := directive(t, zone, format[end])
		if !ok {
			b.WriteString(format[i : end+1])
		} else {
			b.WriteString(flagged(text, format[i+1:end], format[end]))
		}
		i = end + 1
	}
	return b.String()
}

// flagged applies glibc's flags to a formatted field.
func flagged(text, flags string, d byte) string {
	for _, f := range flags {
		trimmed := strings.TrimLeft(text, "0 ")
		if trimmed == "" && text != "" {
			trimmed = "0"
		}
		numeric := strings.IndexByte("aAbBhpPZznt%c", d) < 0
		switch {
		case f == '^':
			text = strings.ToUpper(text)
		case f == '#':
			text = swapCase(text, d)
		case f == '-' && numeric:
			text = trimmed
		case f == '_' && numeric:
			text = strings.Repeat(" ", len(text)-len(trimmed)) + trimmed
		case f == '0' && numeric:
			text = strings.Repeat("0", len(text)-len(trimmed)) + trimmed
		}
	}
	return text
}

func swapCase(text string, d byte) string {
	if d == 'p' || d == 'Z' {
		return strings.ToLower(text)
	}
	return strings.ToUpper(text)
}

// directive formats one field.
func directive(t time.Time, zone *zoneValue, d byte) (string, bool) {
	switch d {
	case 'a', 'A', 'b', 'B', 'h', 'p', 'P':
		return nameField(t, d), true
	case 'Y':
		return fmt.Sprintf("%04d", t.Year()), true
	case 'f':
		return fmt.Sprintf("%06d", t.Nanosecond()/1000), true
	case 'z':
		return zone.suffix(t, ""), true
	case 'Z':
		if zone == nil {
			return "", true
		}
		name, _ := zone.answer("tzname", nil)
		return stringOrEmpty(name), true
	case '%':
		return "%", true
	case 'n':
		return "\n", true
	case 't':
		return "\t", true
	case 's':
		if zone != nil && zone.dst != 0 {
			t = t.Add(-time.Hour) // as C's mktime, which is told that it is summer
		}
		return fmt.Sprint(t.Unix()), true
	}
	if composed, ok := composedFields[d]; ok {
		return strftime(t, zone, composed), true
	}
	return numberField(t, d)
}

// composedFields are directives that stand for several.
var composedFields = map[byte]string{
	'c': "%a %b %e %H:%M:%S %Y", 'x': "%m/%d/%y", 'X': "%H:%M:%S",
	'D': "%m/%d/%y", 'F': "%Y-%m-%d", 'T': "%H:%M:%S", 'R': "%H:%M", 'r': "%I:%M:%S %p",
}

func nameField(t time.Time, d byte) string {
	switch d {
	case 'a':
		return t.Format("Mon")
	case 'A':
		return t.Format("Monday")
	case 'b', 'h':
		return t.Format("Jan")
	case 'B':
		return t.Format("January")
	case 'P':
		return t.Format("pm")
	}
	return t.Format("PM")
}

func numberField(t time.Time, d byte) (string, bool) {
	isoYear, isoWeekNo, isoDay := isoWeek(t)
	hour12 := (t.Hour()+11)%12 + 1
	field, ok := map[byte]struct {
		format string
		n      int
	}{
		'C': {"%02d", t.Year() / 100},
		'y': {"%02d", t.Year() % 100},
		'm': {"%02d", int(t.Month())},
		'd': {"%02d", t.Day()},
		'e': {"%2d", t.Day()},
		'H': {"%02d", t.Hour()},
		'k': {"%2d", t.Hour()},
		'I': {"%02d", hour12},
		'l': {"%2d", hour12},
		'M': {"%02d", t.Minute()},
		'S': {"%02d", t.Second()},
		'j': {"%03d", t.YearDay()},
		'w': {"%d", int(t.Weekday())},
		'u': {"%d", isoDay},
		'G': {"%04d", isoYear},
		'g': {"%02d", isoYear % 100},
		'V': {"%02d", isoWeekNo},
		'U': {"%02d", (t.YearDay() + 6 - int(t.Weekday())) / 7},
		'W': {"%02d", (t.YearDay() + 6 - (int(t.Weekday())+6)%7) / 7},
	}[d]
	if !ok {
		return "", false
	}
	return fmt.Sprintf(field.format, field.n), true
}
