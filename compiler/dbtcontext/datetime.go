package dbtcontext

import (
	"math"
	"time"
	"unicode/utf8"

	"elt/compiler/template"
)

// method is what a method of an object does, its receiver bound.
type method = func(*template.Call) (template.Value, error)

// bind returns a method as a template value; nil gives nothing.
func bind(name string, m method) (template.Value, bool) {
	if m == nil {
		return nil, false
	}
	return template.NewFunc(name, m), true
}

// answers is a method without arguments.
func answers(v func() template.Value) method {
	return func(c *template.Call) (template.Value, error) {
		if err := c.Unpack("function"); err != nil {
			return nil, err
		}
		return v(), nil
	}
}

// Attr returns an attribute or a method.
func (d *dateValue) Attr(name string) (template.Value, bool) {
	if v, ok := dateField(d.t, name); ok {
		return v, true
	}
	switch name {
	case "replace":
		return bind(name, func(c *template.Call) (template.Value, error) {
			t, _, err := replaceFields(c, d.t, nil, dateParts)
			if err != nil {
				return nil, err
			}
			return newDate(t), nil
		})
	case "isoformat":
		return bind(name, answers(func() template.Value { return d.Str() }))
	}
	if m := dateMethod(d.t, nil, name); m != nil {
		return bind(name, m)
	}
	return dateClass{}.Attr(name)
}

// Attr returns an attribute or a method.
func (d *datetimeValue) Attr(name string) (template.Value, bool) {
	if v, ok := dateField(d.t, name); ok {
		return v, true
	}
	if v, ok := clockField(d.t, d.zone, name); ok {
		return v, true
	}
	if m := d.method(name); m != nil {
		return bind(name, m)
	}
	if m := dateMethod(d.t, d.zone, name); m != nil {
		return bind(name, m)
	}
	return datetimeClass{}.Attr(name)
}

func (d *datetimeValue) method(name string) method {
	switch name {
	case "date":
		return answers(func() template.Value { return newDate(d.t) })
	case "time":
		return answers(func() template.Value { return newTime(d.t, nil) })
	case "timetz":
		return answers(func() template.Value { return newTime(d.t, d.zone) })
	case "timestamp":
		return answers(func() template.Value { return d.timestamp() })
	case "utcoffset", "dst", "tzname":
		return zoneQuestion(d.zone, name)
	case "isoformat":
		return func(c *template.Call) (template.Value, error) {
			sep, spec := "T", "auto"
			err := c.Unpack(name, "sep?", &sep, "timespec?", &spec)
			if err == nil && utf8.RuneCountInString(sep) != 1 {
				err = template.TypeErrorf("isoformat() argument 1 must be a unicode character, not str")
			}
			if err == nil {
				err = checkTimespec(spec)
			}
			return d.iso(sep, spec), err
		}
	case "replace":
		return func(c *template.Call) (template.Value, error) {
			t, zone, err := replaceFields(c, d.t, d.zone, datetimeParts)
			if err != nil {
				return nil, err
			}
			return newDatetime(t, zone), nil
		}
	case "astimezone":
		return d.asTimezone
	}
	return nil
}

func (d *datetimeValue) timestamp() float64 {
	t := d.t
	if d.zone != nil {
		t = d.instant()
	}
	return float64(t.Unix()) + float64(t.Nanosecond()/1000)/1e6
}

func (d *datetimeValue) asTimezone(c *template.Call) (template.Value, error) {
	var tz template.Value
	if err := c.Unpack("astimezone", "tz?", &tz); err != nil {
		return nil, err
	}
	zone, err := zoneArg(tz)
	if err != nil {
		return nil, err
	}
	if zone == nil {
		zone = utcZone
	}
	if d.zone == nil { // Python takes the machine's zone; a build must not depend on it
		return inZone(d.t, zone), nil
	}
	return inZone(d.instant(), zone), nil
}

// zoneArg reads a tzinfo argument; None is no zone.
func zoneArg(v template.Value) (*zoneValue, error) {
	switch x := v.(type) {
	case nil:
		return nil, nil
	case *zoneValue:
		return x, nil
	}
	return nil, template.TypeErrorf("tzinfo argument must be None or of a tzinfo subclass, not type '%s'", template.TypeName(v))
}

func zoneQuestion(z *zoneValue, name string) method {
	return func(c *template.Call) (template.Value, error) {
		if err := c.Unpack(name); err != nil || z == nil {
			return nil, err
		}
		return z.answer(name, nil)
	}
}

// Attr returns an attribute or a method.
func (d *timeValue) Attr(name string) (template.Value, bool) {
	if v, ok := clockField(d.t, d.zone, name); ok {
		return v, true
	}
	switch name {
	case "strftime":
		return bind(name, dateMethod(d.t, d.zone, name))
	case "utcoffset", "dst", "tzname":
		return bind(name, zoneQuestion(d.zone, name))
	case "isoformat":
		return bind(name, func(c *template.Call) (template.Value, error) {
			spec := "auto"
			err := c.Unpack(name, "timespec?", &spec)
			if err == nil {
				err = checkTimespec(spec)
			}
			return isoClock(d.t, spec) + d.zone.suffix(d.t, ":"), err
		})
	case "replace":
		return bind(name, func(c *template.Call) (template.Value, error) {
			t, zone, err := replaceFields(c, d.t, d.zone, clockParts)
			if err != nil {
				return nil, err
			}
			return newTime(t, zone), nil
		})
	}
	return timeClass{}.Attr(name)
}

func dateField(t time.Time, name string) (template.Value, bool) {
	switch name {
	case "year":
		return int64(t.Year()), true
	case "month":
		return int64(t.Month()), true
	case "day":
		return int64(t.Day()), true
	}
	return nil, false
}

func clockField(t time.Time, zone *zoneValue, name string) (template.Value, bool) {
	switch name {
	case "hour":
		return int64(t.Hour()), true
	case "minute":
		return int64(t.Minute()), true
	case "second":
		return int64(t.Second()), true
	case "microsecond":
		return int64(t.Nanosecond() / 1000), true
	case "fold":
		return int64(0), true
	case "tzinfo":
		if zone == nil {
			return nil, true
		}
		return zone, true
	}
	return nil, false
}

// dateMethod is a method that date and datetime share.
func dateMethod(t time.Time, zone *zoneValue, name string) method {
	year, week, day := isoWeek(t)
	switch name {
	case "weekday":
		return answers(func() template.Value { return int64(day - 1) })
	case "isoweekday":
		return answers(func() template.Value { return int64(day) })
	case "isocalendar":
		return answers(func() template.Value { return isoCalendar{int64(year), int64(week), int64(day)} })
	case "toordinal":
		return answers(func() template.Value { return ordinal(t) })
	case "ctime":
		return answers(func() template.Value { return strftime(t, zone, "%a %b %e %H:%M:%S %Y") })
	case "strftime":
		return func(c *template.Call) (template.Value, error) {
			var format string
			if err := c.Unpack(name, "format", &format); err != nil {
				return nil, err
			}
			return strftime(t, zone, format), nil
		}
	}
	return nil
}

// UTC offsets aside, datetime arithmetic is that of the fields, as in Python.

// BinaryOp is date + timedelta, date - timedelta and date - date.
func (d *dateValue) BinaryOp(op string, other template.Value, reflected bool) (template.Value, bool, error) {
	switch o := other.(type) {
	case *deltaValue:
		t, ok, err := shift(d.t, op, &deltaValue{days: o.days}, reflected)
		if !ok || err != nil {
			return nil, ok, err
		}
		return newDate(t), true, nil
	case *dateValue:
		if op == "-" && !reflected {
			return deltaOf(d.t.Sub(o.t)), true, nil
		}
	}
	return nil, false, nil
}

// BinaryOp is datetime + timedelta, datetime - timedelta and datetime - datetime.
func (d *datetimeValue) BinaryOp(op string, other template.Value, reflected bool) (template.Value, bool, error) {
	switch o := other.(type) {
	case *deltaValue:
		t, ok, err := shift(d.t, op, o, reflected)
		if !ok || err != nil {
			return nil, ok, err
		}
		return newDatetime(t, d.zone), true, nil
	case *datetimeValue:
		if op != "-" || reflected {
			return nil, false, nil
		}
		if (d.zone == nil) != (o.zone == nil) {
			return nil, false, template.TypeErrorf("can't subtract offset-naive and offset-aware datetimes")
		}
		if d.zone == nil || d.zone == o.zone {
			return betweenTimes(d.t, o.t), true, nil
		}
		return betweenTimes(d.instant(), o.instant()), true, nil
	}
	return nil, false, nil
}

// betweenTimes is a - b, which may be longer than a time.Duration can be.
func betweenTimes(a, b time.Time) *deltaValue {
	secs := a.Unix() - b.Unix()
	micros := int64(a.Nanosecond()-b.Nanosecond()) / 1000
	if micros < 0 {
		secs, micros = secs-1, micros+microsPerSecond
	}
	const day = 24 * 60 * 60
	days := secs / day
	if secs%day < 0 {
		days--
	}
	return &deltaValue{days, secs - days*day, micros}
}

// shift adds a length to a time, or takes it away.
func shift(t time.Time, op string, d *deltaValue, reflected bool) (time.Time, bool, error) {
	sign := int64(1)
	switch {
	case op == "-" && !reflected:
		sign = -1
	case op != "+":
		return t, false, nil
	}
	if d.days > math.MaxInt32 || d.days < math.MinInt32 {
		return t, true, checkYear(time.Time{}.AddDate(-1, 0, 0))
	}
	out := t.AddDate(0, 0, int(sign*d.days)).
		Add(time.Duration(sign*d.seconds) * time.Second).
		Add(time.Duration(sign*d.micros) * micro)
	return out, true, checkYear(out)
}
