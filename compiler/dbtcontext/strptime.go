package dbtcontext

import (
	"strconv"
	"strings"
	"time"

	"elt/compiler/template"
)

// parsed is what strptime has read so far.
type parsed struct {
	year, month, day, hour, minute, second, micros int
	yday                                           int
	hour12, pm                                     bool
	zone                                           *zoneValue
}

// strptime parses a text by a format, as Python's datetime.strptime.
func strptime(text, format string) (*datetimeValue, error) {
	p := &parsed{year: 1900, month: 1, day: 1}
	rest, ok := p.read(text, format)
	if !ok {
		return nil, template.ValueErrorf("time data %s does not match format %s", template.Repr(text), template.Repr(format))
	}
	if rest != "" {
		return nil, template.ValueErrorf("unconverted data remains: %s", rest)
	}
	if p.hour12 {
		p.hour %= 12
		if p.pm {
			p.hour += 12
		}
	}
	if p.yday > 0 {
		t := time.Date(p.year, 1, p.yday, 0, 0, 0, 0, time.UTC)
		p.month, p.day = int(t.Month()), t.Day()
	}
	if p.day > daysIn(p.year, p.month) {
		return nil, template.ValueErrorf("day is out of range for month")
	}
	t := time.Date(p.year, time.Month(p.month), p.day, p.hour, p.minute, p.second, p.micros*1000, time.UTC)
	return newDatetime(t, p.zone), nil
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// read consumes text along the format; white space matches any white space.
func (p *parsed) read(text, format string) (rest string, ok bool) {
	for i := 0; i < len(format); i++ {
		c := format[i]
		switch {
		case c == '%' && i+1 < len(format):
			i++
			if composed, ok := composedFields[format[i]]; ok {
				if text, ok = p.read(text, composed); !ok {
					return "", false
				}
				continue
			}
			if text, ok = p.field(text, format[i]); !ok {
				return "", false
			}
		case strings.IndexByte(" \t\n\r", c) >= 0:
			trimmed := strings.TrimLeft(text, " \t\n\r")
			if trimmed == text {
				return "", false
			}
			text = trimmed
		case text == "" || !strings.EqualFold(text[:1], string(c)):
			return "", false
		default:
			text = text[1:]
		}
	}
	return text, true
}

func (p *parsed) field(text string, d byte) (rest string, ok bool) {
	number := func(to *int, digits, low, high int) bool {
		rest, ok = readNumber(text, to, digits, low, high)
		return ok
	}
	switch d {
	case 'Y':
		number(&p.year, 4, 0, 9999)
		ok = ok && len(text)-len(rest) == 4
	case 'y':
		if number(&p.year, 2, 0, 99) {
			p.year += 1900
			if p.year < 1969 {
				p.year += 100
			}
		}
	case 'm':
		number(&p.month, 2, 1, 12)
	case 'd', 'e':
		number(&p.day, 2, 1, 31)
	case 'H', 'k':
		number(&p.hour, 2, 0, 23)
	case 'I', 'l':
		p.hour12 = number(&p.hour, 2, 1, 12)
	case 'M':
		number(&p.minute, 2, 0, 59)
	case 'S':
		number(&p.second, 2, 0, 61)
	case 'j':
		number(&p.yday, 3, 1, 366)
	case 'f':
		return p.fraction(text)
	case 'p':
		return p.half(text)
	case 'b', 'h', 'B':
		return p.monthName(text, d == 'B')
	case 'a', 'A':
		return dayName(text, d == 'A')
	case 'z':
		return p.offset(text)
	case 'Z':
		return p.zoneName(text)
	case '%':
		return strings.CutPrefix(text, "%")
	default:
		return "", false
	}
	return rest, ok
}

// readNumber reads up to a number of digits, fewer where more would leave the range.
func readNumber(text string, to *int, digits, low, high int) (rest string, ok bool) {
	for n := min(digits, len(text)); n > 0; n-- {
		v, err := strconv.Atoi(text[:n])
		if err == nil && text[0] >= '0' && text[0] <= '9' && v >= low && v <= high {
			*to = v
			return text[n:], true
		}
	}
	return "", false
}

func (p *parsed) fraction(text string) (string, bool) {
	n := 0
	for n < len(text) && n < 6 && text[n] >= '0' && text[n] <= '9' {
		n++
	}
	if n == 0 {
		return "", false
	}
	p.micros, _ = strconv.Atoi(text[:n] + strings.Repeat("0", 6-n))
	return text[n:], true
}

func (p *parsed) half(text string) (string, bool) {
	if len(text) < 2 || !strings.EqualFold(text[1:2], "m") {
		return "", false
	}
	switch text[0] {
	case 'a', 'A':
	case 'p', 'P':
		p.pm = true
	default:
		return "", false
	}
	return text[2:], true
}

func (p *parsed) monthName(text string, long bool) (string, bool) {
	for m := time.January; m <= time.December; m++ {
		name := m.String()
		if !long {
			name = name[:3]
		}
		if len(text) >= len(name) && strings.EqualFold(text[:len(name)], name) {
			p.month = int(m)
			return text[len(name):], true
		}
	}
	return "", false
}

func dayName(text string, long bool) (string, bool) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		name := d.String()
		if !long {
			name = name[:3]
		}
		if len(text) >= len(name) && strings.EqualFold(text[:len(name)], name) {
			return text[len(name):], true
		}
	}
	return "", false
}

// offset reads %z: Z, +HHMM, +HH:MM, with seconds.
func (p *parsed) offset(text string) (string, bool) {
	if rest, ok := strings.CutPrefix(text, "Z"); ok {
		p.zone = &zoneValue{}
		return rest, true
	}
	if text == "" || text[0] != '+' && text[0] != '-' {
		return "", false
	}
	secs, rest := 0, text[1:]
	for i, unit := range []int{3600, 60, 1} {
		if i > 0 {
			rest = strings.TrimPrefix(rest, ":")
		}
		var n int
		after, ok := readNumber(rest, &n, 2, 0, 59)
		if !ok || len(rest)-len(after) != 2 {
			if i < 2 {
				return "", false
			}
			break
		}
		secs, rest = secs+n*unit, after
	}
	if text[0] == '-' {
		secs = -secs
	}
	p.zone = &zoneValue{fixed: time.Duration(secs) * time.Second}
	return rest, true
}

func (p *parsed) zoneName(text string) (string, bool) {
	for _, name := range []string{"UTC", "GMT"} {
		if len(text) >= 3 && strings.EqualFold(text[:3], name) {
			return text[3:], true
		}
	}
	return "", false
}
