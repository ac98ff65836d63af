package dbtcontext

import (
	"fmt"
	"strings"
	"time"

	"elt/compiler/template"
)

// Values of modules.datetime. A date or a datetime keeps its fields as a time.Time
// in UTC, whatever its zone is: the zone is beside it, as in Python, and nil for a
// naive one.

// dateValue is datetime.date.
type dateValue struct{ t time.Time }

// datetimeValue is datetime.datetime.
type datetimeValue struct {
	t    time.Time // the fields, as if they were UTC
	zone *zoneValue
}

// timeValue is datetime.time.
type timeValue struct {
	t    time.Time // on 1900-01-01
	zone *zoneValue
}

const micro = time.Microsecond

// DateTime returns a datetime as templates see it: aware of its zone, which is UTC.
// It is what cells of type TIMESTAMP WITH TIME ZONE should be.
func DateTime(t time.Time) template.Value {
	return newDatetime(t.UTC(), utcZone)
}

// NaiveDateTime returns a datetime without a zone, with the fields t has in UTC:
// cells of type TIMESTAMP.
func NaiveDateTime(t time.Time) template.Value { return newDatetime(t.UTC(), nil) }

// Date returns a date as templates see it: cells of type DATE.
func Date(t time.Time) template.Value { return newDate(t.UTC()) }

func newDate(t time.Time) *dateValue {
	y, m, d := t.Date()
	return &dateValue{time.Date(y, m, d, 0, 0, 0, 0, time.UTC)}
}

// newDatetime takes the fields of t as they are.
func newDatetime(t time.Time, zone *zoneValue) *datetimeValue {
	y, m, d := t.Date()
	nanos := t.Nanosecond() / 1000 * 1000
	return &datetimeValue{time.Date(y, m, d, t.Hour(), t.Minute(), t.Second(), nanos, time.UTC), zone}
}

func newTime(t time.Time, zone *zoneValue) *timeValue {
	nanos := t.Nanosecond() / 1000 * 1000
	return &timeValue{time.Date(1900, 1, 1, t.Hour(), t.Minute(), t.Second(), nanos, time.UTC), zone}
}

// instant is the moment an aware datetime means.
func (d *datetimeValue) instant() time.Time { return d.t.Add(-d.zone.offset(d.t)) }

// checkYear refuses years Python's datetime does not have.
func checkYear(t time.Time) error {
	if y := t.Year(); y < 1 || y > 9999 {
		return &template.Exception{Kind: "OverflowError", Message: "date value out of range"}
	}
	return nil
}

// TypeName is the Python type name.
func (*dateValue) TypeName() string { return "datetime.date" }

// TypeName is the Python type name.
func (*datetimeValue) TypeName() string { return "datetime.datetime" }

// TypeName is the Python type name.
func (*timeValue) TypeName() string { return "datetime.time" }

// Str is the ISO form.
func (d *dateValue) Str() string { return d.t.Format("2006-01-02") }

// Str is the ISO form with a space.
func (d *datetimeValue) Str() string { return d.iso(" ", "auto") }

// Str is the ISO form.
func (d *timeValue) Str() string { return isoClock(d.t, "auto") + d.zone.suffix(d.t, ":") }

// ISOFormat is isoformat(), which stands for the value in artifacts.
func (d *dateValue) ISOFormat() string { return d.Str() }

// ISOFormat is isoformat().
func (d *datetimeValue) ISOFormat() string { return d.iso("T", "auto") }

// ISOFormat is isoformat().
func (d *timeValue) ISOFormat() string { return d.Str() }

// Repr is Python's.
func (d *dateValue) Repr() string {
	y, m, day := d.t.Date()
	return fmt.Sprintf("datetime.date(%d, %d, %d)", y, m, day)
}

// Repr is Python's.
func (d *datetimeValue) Repr() string {
	y, m, day := d.t.Date()
	return fmt.Sprintf("datetime.datetime(%d, %d, %d, %s%s)", y, m, day, clockRepr(d.t), d.zone.reprArg())
}

// Repr is Python's.
func (d *timeValue) Repr() string {
	return fmt.Sprintf("datetime.time(%s%s)", clockRepr(d.t), d.zone.reprArg())
}

// clockRepr lists hour and minute, and second and microsecond where they are not 0.
func clockRepr(t time.Time) string {
	text := fmt.Sprintf("%d, %d", t.Hour(), t.Minute())
	us := t.Nanosecond() / 1000
	if t.Second() != 0 || us != 0 {
		text += fmt.Sprintf(", %d", t.Second())
	}
	if us != 0 {
		text += fmt.Sprintf(", %d", us)
	}
	return text
}

func (d *datetimeValue) iso(sep, spec string) string {
	return d.t.Format("2006-01-02") + sep + isoClock(d.t, spec) + d.zone.suffix(d.t, ":")
}

// checkTimespec refuses what is none of Python's.
func checkTimespec(spec string) error {
	switch spec {
	case "auto", "hours", "minutes", "seconds", "milliseconds", "microseconds":
		return nil
	}
	return template.ValueErrorf("Unknown timespec value")
}

// isoClock is the time of day at a precision: Python's timespec.
func isoClock(t time.Time, spec string) string {
	us := t.Nanosecond() / 1000
	switch spec {
	case "hours":
		return t.Format("15")
	case "minutes":
		return t.Format("15:04")
	case "milliseconds":
		return t.Format("15:04:05") + fmt.Sprintf(".%03d", us/1000)
	case "microseconds":
		return t.Format("15:04:05") + fmt.Sprintf(".%06d", us)
	}
	if spec == "auto" && us != 0 {
		return isoClock(t, "microseconds")
	}
	return t.Format("15:04:05")
}

// HashKey makes equal dates one key.
func (d *dateValue) HashKey() string { return d.Str() }

// HashKey makes equal datetimes one key.
func (d *datetimeValue) HashKey() string {
	if d.zone != nil {
		return d.instant().String()
	}
	return d.Str()
}

// Equal compares two dates.
func (d *dateValue) Equal(other template.Value) bool {
	o, ok := other.(*dateValue)
	return ok && d.t.Equal(o.t)
}

// Equal compares two datetimes; an aware one never equals a naive one.
func (d *datetimeValue) Equal(other template.Value) bool {
	o, ok := other.(*datetimeValue)
	if !ok || (d.zone == nil) != (o.zone == nil) {
		return false
	}
	if d.zone == nil {
		return d.t.Equal(o.t)
	}
	return d.instant().Equal(o.instant())
}

// Equal compares two times of day.
func (d *timeValue) Equal(other template.Value) bool {
	o, ok := other.(*timeValue)
	return ok && d.t.Equal(o.t) && (d.zone == nil) == (o.zone == nil)
}

// Compare orders two dates.
func (d *dateValue) Compare(other template.Value) (int, bool) {
	o, ok := other.(*dateValue)
	if !ok {
		return 0, false
	}
	return d.t.Compare(o.t), true
}

// Compare orders two datetimes, both naive or both aware.
func (d *datetimeValue) Compare(other template.Value) (int, bool) {
	o, ok := other.(*datetimeValue)
	if !ok || (d.zone == nil) != (o.zone == nil) {
		return 0, false
	}
	if d.zone == nil {
		return d.t.Compare(o.t), true
	}
	return d.instant().Compare(o.instant()), true
}

// Compare orders two times of day.
func (d *timeValue) Compare(other template.Value) (int, bool) {
	o, ok := other.(*timeValue)
	if !ok {
		return 0, false
	}
	return d.t.Compare(o.t), true
}

// formatOffset is +HH:MM with seconds where there are any.
func formatOffset(off time.Duration, sep string) string {
	sign := "+"
	if off < 0 {
		sign, off = "-", -off
	}
	secs := int(off / time.Second)
	text := fmt.Sprintf("%s%02d%s%02d", sign, secs/3600, sep, secs/60%60)
	if s := secs % 60; s != 0 {
		text += fmt.Sprintf("%s%02d", sep, s)
	}
	return text
}

// isoWeek is isocalendar() as text, for messages and strftime.
func isoWeek(t time.Time) (year, week, day int) {
	year, week = t.ISOWeek()
	day = int(t.Weekday())
	if day == 0 {
		day = 7
	}
	return year, week, day
}

// ordinal is the number of days since 0001-01-01, which is 1.
func ordinal(t time.Time) int64 {
	return int64(t.Sub(time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC))/(24*time.Hour)) + 719163
}

func fromOrdinal(n int64) time.Time {
	return time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(n-719163))
}

func title(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// Format is "{:%Y}".format(d).
func (d *dateValue) Format(spec string) (string, error) { return formatClock(d, d.t, nil, spec) }

// Format is "{:%Y}".format(d).
func (d *datetimeValue) Format(spec string) (string, error) { return formatClock(d, d.t, d.zone, spec) }

// Format is "{:%H}".format(d).
func (d *timeValue) Format(spec string) (string, error) { return formatClock(d, d.t, d.zone, spec) }

func formatClock(v template.Value, t time.Time, zone *zoneValue, spec string) (string, error) {
	if spec == "" {
		return template.Str(v), nil
	}
	return strftime(t, zone, spec), nil
}
