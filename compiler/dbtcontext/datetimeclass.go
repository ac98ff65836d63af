package dbtcontext

import (
	"math"
	"strings"
	"time"

	"elt/compiler/template"
)

// part is a field of a date or a time, with its bounds and Python's word for it.
type part struct {
	name      string
	low, high int64
	optional  bool // 0 where it is not given
}

var (
	datePartsOnly  = []part{{"year", 1, 9999, false}, {"month", 1, 12, false}, {"day", 1, 31, false}}
	clockPartsOnly = []part{{"hour", 0, 23, true}, {"minute", 0, 59, true}, {"second", 0, 59, true}, {"microsecond", 0, 999999, true}}

	dateParts     = datePartsOnly
	clockParts    = clockPartsOnly
	datetimeParts = append(append([]part{}, datePartsOnly...), clockPartsOnly...)
)

// fieldsOf are the values of parts in a time.
func fieldsOf(t time.Time, parts []part) []int64 {
	out := make([]int64, len(parts))
	for i, p := range parts {
		v, ok := dateField(t, p.name)
		if !ok {
			v, _ = clockField(t, nil, p.name)
		}
		out[i] = v.(int64)
	}
	return out
}

// replaceFields is replace(): the fields of t with those that the call names.
func replaceFields(c *template.Call, t time.Time, zone *zoneValue, parts []part) (time.Time, *zoneValue, error) {
	return readFields(c, fieldsOf(t, parts), make([]bool, len(parts)), zone, parts)
}

// makeFields reads the arguments of a constructor.
func makeFields(c *template.Call, parts []part) (time.Time, *zoneValue, error) {
	missing := make([]bool, len(parts))
	for i, p := range parts {
		missing[i] = !p.optional
	}
	return readFields(c, make([]int64, len(parts)), missing, nil, parts)
}

func readFields(c *template.Call, fields []int64, missing []bool, zone *zoneValue, parts []part) (time.Time, *zoneValue, error) {
	zoned := len(parts) != len(dateParts) || parts[0].name != "year"
	set := func(name string, i int, v template.Value) error {
		if zoned && (name == "tzinfo" || name == "" && i == len(parts)) {
			var err error
			zone, err = zoneArg(v)
			return err
		}
		for n, p := range parts {
			if p.name == name || name == "" && n == i {
				missing[n] = false
				return p.read(v, &fields[n])
			}
		}
		if name == "fold" {
			return nil
		}
		return template.TypeErrorf("unexpected argument %q", name)
	}
	for i, v := range c.Args {
		if err := set("", i, v); err != nil {
			return time.Time{}, nil, err
		}
	}
	for _, kw := range c.Kwargs {
		if err := set(kw.Name, -1, kw.Value); err != nil {
			return time.Time{}, nil, err
		}
	}
	for i, p := range parts {
		if missing[i] {
			return time.Time{}, nil, template.TypeErrorf("function missing required argument '%s' (pos %d)", p.name, i+1)
		}
	}
	t, err := timeOfFields(fields, parts)
	return t, zone, err
}

func (p part) read(v template.Value, to *int64) error {
	n, ok := v.(int64)
	if b, isBool := v.(bool); isBool {
		n, ok = int64(boolInt(b)), true
	}
	if !ok {
		return template.TypeErrorf("'%s' object cannot be interpreted as an integer", template.TypeName(v))
	}
	if n < p.low || n > p.high {
		switch p.name {
		case "year":
			return template.ValueErrorf("year %d is out of range", n)
		case "day":
			return template.ValueErrorf("day is out of range for month")
		}
		return template.ValueErrorf("%s must be in %d..%d", p.name, p.low, p.high)
	}
	*to = n
	return nil
}

func timeOfFields(fields []int64, parts []part) (time.Time, error) {
	all := map[string]int{"year": 1900, "month": 1, "day": 1}
	for i, p := range parts {
		all[p.name] = int(fields[i])
	}
	if all["day"] > daysIn(all["year"], all["month"]) {
		return time.Time{}, template.ValueErrorf("day is out of range for month")
	}
	return time.Date(all["year"], time.Month(all["month"]), all["day"],
		all["hour"], all["minute"], all["second"], all["microsecond"]*1000, time.UTC), nil
}

// dateClass is modules.datetime.date.
type dateClass struct{ now time.Time }

// TypeName is the Python type name.
func (dateClass) TypeName() string { return "type" }

// Name is the class's name.
func (dateClass) Name() string { return "date" }

// Call makes a date.
func (dateClass) Call(c *template.Call) (template.Value, error) {
	t, _, err := makeFields(c, dateParts)
	if err != nil {
		return nil, err
	}
	return newDate(t), nil
}

// Attr returns a method or a constant of the class.
func (k dateClass) Attr(name string) (template.Value, bool) {
	switch name {
	case "today":
		return bind(name, answers(func() template.Value { return newDate(k.now) }))
	case "resolution":
		return &deltaValue{days: 1}, true
	case "min":
		return newDate(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)), true
	case "max":
		return newDate(time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)), true
	case "fromisoformat":
		return bind(name, func(c *template.Call) (template.Value, error) {
			d, err := isoArg(c, true)
			if err != nil {
				return nil, err
			}
			return newDate(d.t), nil
		})
	case "fromordinal", "fromtimestamp":
		return bind(name, func(c *template.Call) (template.Value, error) {
			t, err := momentArg(c, name)
			if err != nil {
				return nil, err
			}
			return newDate(t.UTC()), nil
		})
	case "fromisocalendar":
		return bind(name, func(c *template.Call) (template.Value, error) {
			t, err := isoWeekday(c)
			if err != nil {
				return nil, err
			}
			return newDate(t), nil
		})
	}
	return nil, false
}

// momentArg reads the argument of fromordinal and fromtimestamp.
func momentArg(c *template.Call, name string) (time.Time, error) {
	var v template.Value
	if err := c.Unpack(name, "n", &v); err != nil {
		return time.Time{}, err
	}
	return moment(v, name)
}

func moment(v template.Value, name string) (time.Time, error) {
	switch n := v.(type) {
	case int64:
		if name == "fromordinal" {
			t := fromOrdinal(n)
			return t, checkYear(t)
		}
		t := time.Unix(n, 0).UTC()
		return t, checkYear(t)
	case float64:
		if name != "fromordinal" && math.Abs(n) < 1e12 {
			whole, frac := math.Modf(n)
			t := time.Unix(int64(whole), int64(math.RoundToEven(frac*1e6))*1000).UTC()
			return t, checkYear(t)
		}
	}
	return time.Time{}, template.TypeErrorf("%s() takes a number, not %s", name, template.TypeName(v))
}

// datetimeClass is modules.datetime.datetime.
type datetimeClass struct{ now time.Time }

// TypeName is the Python type name.
func (datetimeClass) TypeName() string { return "type" }

// Name is the class's name.
func (datetimeClass) Name() string { return "datetime" }

// Call makes a datetime.
func (datetimeClass) Call(c *template.Call) (template.Value, error) {
	t, zone, err := makeFields(c, datetimeParts)
	if err != nil {
		return nil, err
	}
	return newDatetime(t, zone), nil
}

// Attr returns a method or a constant of the class.
func (k datetimeClass) Attr(name string) (template.Value, bool) {
	switch name {
	case "now", "today":
		return bind(name, k.nowIn)
	case "utcnow":
		return bind(name, answers(func() template.Value { return newDatetime(k.now.UTC(), nil) }))
	case "strptime":
		return bind(name, func(c *template.Call) (template.Value, error) {
			var text, format string
			if err := c.Unpack(name, "date_string", &text, "format", &format); err != nil {
				return nil, err
			}
			return result(strptime(text, format))
		})
	case "fromisoformat":
		return bind(name, func(c *template.Call) (template.Value, error) { return result(isoArg(c, false)) })
	case "combine":
		return bind(name, combine)
	case "fromtimestamp", "utcfromtimestamp":
		return bind(name, fromTimestamp)
	case "fromordinal":
		return bind(name, func(c *template.Call) (template.Value, error) {
			t, err := momentArg(c, name)
			if err != nil {
				return nil, err
			}
			return newDatetime(t, nil), nil
		})
	case "fromisocalendar":
		return bind(name, func(c *template.Call) (template.Value, error) {
			t, err := isoWeekday(c)
			if err != nil {
				return nil, err
			}
			return newDatetime(t, nil), nil
		})
	case "resolution":
		return &deltaValue{micros: 1}, true
	case "min":
		return newDatetime(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), nil), true
	case "max":
		return newDatetime(time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC), nil), true
	}
	return nil, false
}

// result makes a (pointer, error) pair an answer, without a nil pointer in it.
func result(d *datetimeValue, err error) (template.Value, error) {
	if err != nil {
		return nil, err
	}
	return d, nil
}

func (k datetimeClass) nowIn(c *template.Call) (template.Value, error) {
	var tz template.Value
	if err := c.Unpack("now", "tz?", &tz); err != nil {
		return nil, err
	}
	zone, err := zoneArg(tz)
	if err != nil {
		return nil, err
	}
	if zone == nil {
		return newDatetime(k.now, nil), nil
	}
	return inZone(newDatetime(k.now.UTC(), nil).t, zone), nil
}

func fromTimestamp(c *template.Call) (template.Value, error) {
	var v, tz template.Value
	if err := c.Unpack("fromtimestamp", "timestamp", &v, "tz?", &tz); err != nil {
		return nil, err
	}
	zone, err := zoneArg(tz)
	if err != nil {
		return nil, err
	}
	t, err := moment(v, "fromtimestamp")
	if err != nil {
		return nil, err
	}
	if zone == nil {
		return newDatetime(t, nil), nil
	}
	return inZone(t, zone), nil
}

func combine(c *template.Call) (template.Value, error) {
	var date, clock, tz template.Value
	if err := c.Unpack("combine", "date", &date, "time", &clock, "tzinfo?", &tz); err != nil {
		return nil, err
	}
	var day time.Time
	switch d := date.(type) {
	case *dateValue:
		day = d.t
	case *datetimeValue:
		day = d.t
	default:
		return nil, template.TypeErrorf("combine() argument 1 must be datetime.date, not %s", template.TypeName(date))
	}
	t, ok := clock.(*timeValue)
	if !ok {
		return nil, template.TypeErrorf("combine() argument 2 must be datetime.time, not %s", template.TypeName(clock))
	}
	zone := t.zone
	if tz != nil {
		var err error
		if zone, err = zoneArg(tz); err != nil {
			return nil, err
		}
	}
	y, m, d := day.Date()
	return newDatetime(time.Date(y, m, d, t.t.Hour(), t.t.Minute(), t.t.Second(), t.t.Nanosecond(), time.UTC), zone), nil
}

// isoFormats are the forms fromisoformat reads, the zone aside.
var isoFormats = []string{
	"2006-01-02T15:04:05.999999", "2006-01-02T15:04", "2006-01-02T15", "2006-01-02",
	"20060102T150405.999999", "20060102T1504", "20060102T15", "20060102",
}

func isoArg(c *template.Call, dateOnly bool) (*datetimeValue, error) {
	var text string
	if err := c.Unpack("fromisoformat", "date_string", &text); err != nil {
		return nil, err
	}
	if at, ok := isoDatetime(text, dateOnly); ok {
		return at, nil
	}
	return nil, template.ValueErrorf("Invalid isoformat string: %s", template.Repr(text))
}

// isoDatetime is datetime.fromisoformat(text); dateOnly that of a date.
func isoDatetime(text string, dateOnly bool) (*datetimeValue, bool) {
	body, zone := text, (*zoneValue)(nil)
	if at := strings.LastIndexAny(text, "+-Z"); at > len("2006-01-0") {
		p := &parsed{}
		if rest, ok := p.offset(text[at:]); !ok || rest != "" {
			return nil, false
		}
		body, zone = text[:at], p.zone
	}
	body = strings.Replace(body, ",", ".", 1)
	if len(body) > 10 && body[10] != 'T' && body[4] == '-' {
		body = body[:10] + "T" + body[11:]
	}
	for _, format := range isoFormats {
		t, err := time.Parse(format, body)
		if err == nil && (!dateOnly || !strings.Contains(format, "T")) {
			return newDatetime(t, zone), true
		}
	}
	return nil, false
}

// timeClass is modules.datetime.time.
type timeClass struct{}

// TypeName is the Python type name.
func (timeClass) TypeName() string { return "type" }

// Name is the class's name.
func (timeClass) Name() string { return "time" }

// Call makes a time of day.
func (timeClass) Call(c *template.Call) (template.Value, error) {
	t, zone, err := makeFields(c, clockParts)
	if err != nil {
		return nil, err
	}
	return newTime(t, zone), nil
}

// Attr returns a method or a constant of the class.
func (timeClass) Attr(name string) (template.Value, bool) {
	switch name {
	case "resolution":
		return &deltaValue{micros: 1}, true
	case "min":
		return newTime(time.Time{}, nil), true
	case "max":
		return newTime(time.Date(1900, 1, 1, 23, 59, 59, 999999000, time.UTC), nil), true
	case "fromisoformat":
		return bind(name, func(c *template.Call) (template.Value, error) {
			var text string
			if err := c.Unpack(name, "time_string", &text); err != nil {
				return nil, err
			}
			for _, format := range []string{"15:04:05.999999", "15:04", "15"} {
				if t, err := time.Parse(format, strings.TrimPrefix(text, "T")); err == nil {
					return newTime(t, nil), nil
				}
			}
			return nil, template.ValueErrorf("Invalid isoformat string: %s", template.Repr(text))
		})
	}
	return nil, false
}

// timezoneClass is modules.datetime.timezone.
type timezoneClass struct{}

// TypeName is the Python type name.
func (timezoneClass) TypeName() string { return "type" }

// Name is the class's name.
func (timezoneClass) Name() string { return "timezone" }

// Call makes a zone of a fixed offset.
func (timezoneClass) Call(c *template.Call) (template.Value, error) {
	var offset, name template.Value
	if err := c.Unpack("timezone", "offset", &offset, "name?", &name); err != nil {
		return nil, err
	}
	d, ok := offset.(*deltaValue)
	if !ok {
		return nil, template.TypeErrorf("timezone() argument 1 must be datetime.timedelta, not %s", template.TypeName(offset))
	}
	if d.days < -1 || d.days > 0 || d.days == -1 && d.seconds == 0 && d.micros == 0 {
		return nil, template.ValueErrorf("offset must be a timedelta strictly between -timedelta(hours=24) and timedelta(hours=24), not %s.", d.Repr())
	}
	fixed := time.Duration(d.total().Int64()) * micro
	return &zoneValue{fixed: fixed, abbrev: stringOrEmpty(name)}, nil
}

// Attr returns a constant of the class.
func (timezoneClass) Attr(name string) (template.Value, bool) {
	if name == "utc" {
		return &zoneValue{}, true
	}
	return nil, false
}

// datetimeModule is modules.datetime.
type datetimeModule struct{ now time.Time }

// TypeName is the Python type name.
func (datetimeModule) TypeName() string { return "dict" }

// Attr returns what the module exports.
func (m datetimeModule) Attr(name string) (template.Value, bool) {
	switch name {
	case "datetime":
		return datetimeClass(m), true
	case "date":
		return dateClass(m), true
	case "time":
		return timeClass{}, true
	case "timedelta":
		return deltaClass{}, true
	case "timezone":
		return timezoneClass{}, true
	}
	return nil, false
}
