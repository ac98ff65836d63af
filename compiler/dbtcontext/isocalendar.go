package dbtcontext

import (
	"fmt"
	"time"

	"elt/compiler/template"
)

// isoCalendar is what isocalendar() answers: a tuple whose elements have names.
type isoCalendar struct{ year, week, weekday int64 }

// Tuple is the elements.
func (c isoCalendar) Tuple() template.Tuple { return template.Tuple{c.year, c.week, c.weekday} }

// TypeName is the Python type name.
func (isoCalendar) TypeName() string { return "datetime.IsoCalendarDate" }

// Str is Python's repr, which str() is too.
func (c isoCalendar) Str() string {
	return fmt.Sprintf("datetime.IsoCalendarDate(year=%d, week=%d, weekday=%d)", c.year, c.week, c.weekday)
}

// Repr is the same.
func (c isoCalendar) Repr() string { return c.Str() }

// HashKey makes equal dates one key.
func (c isoCalendar) HashKey() string { return c.Str() }

// Len is three.
func (isoCalendar) Len() int { return 3 }

// Iterate returns the elements.
func (c isoCalendar) Iterate() ([]template.Value, error) { return c.Tuple(), nil }

// Equal compares with another one or a tuple.
func (c isoCalendar) Equal(other template.Value) bool {
	if o, ok := other.(isoCalendar); ok {
		return o == c
	}
	return template.Equal(c.Tuple(), other)
}

// Compare orders with another one or a tuple.
func (c isoCalendar) Compare(other template.Value) (int, bool) {
	if o, ok := other.(isoCalendar); ok {
		other = o.Tuple()
	}
	n, err := template.Compare(c.Tuple(), other)
	return n, err == nil
}

// Index returns an element by its number.
func (c isoCalendar) Index(key template.Value) (template.Value, bool, error) {
	n, ok := key.(int64)
	if !ok || n < -3 || n > 2 {
		return nil, false, nil
	}
	return c.Tuple()[(n+3)%3], true, nil
}

// Attr returns an element by its name.
func (c isoCalendar) Attr(name string) (template.Value, bool) {
	switch name {
	case "year":
		return c.year, true
	case "week":
		return c.week, true
	case "weekday":
		return c.weekday, true
	}
	return nil, false
}

// isoWeekday reads the arguments of fromisocalendar.
func isoWeekday(c *template.Call) (time.Time, error) {
	var year, week, day int64
	if err := c.Unpack("fromisocalendar", "year", &year, "week", &week, "day", &day); err != nil {
		return time.Time{}, err
	}
	if year < 1 || year > 9999 {
		return time.Time{}, template.ValueErrorf("Year is out of range: %d", year)
	}
	fourth := time.Date(int(year), 1, 4, 0, 0, 0, 0, time.UTC) // is in the first week
	monday := fourth.AddDate(0, 0, -int(fourth.Weekday()+6)%7)
	if _, last := time.Date(int(year), 12, 28, 0, 0, 0, 0, time.UTC).ISOWeek(); week < 1 || week > int64(last) {
		return time.Time{}, template.ValueErrorf("Invalid week: %d", week)
	}
	if day < 1 || day > 7 {
		return time.Time{}, template.ValueErrorf("Invalid weekday: %d (range is [1, 7])", day)
	}
	t := monday.AddDate(0, 0, int(week-1)*7+int(day-1))
	return t, checkYear(t)
}
