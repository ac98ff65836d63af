package dbtcontext

import (
	"fmt"

	"elt/compiler/template"
)

// isoCalendar is what isocalendar() answers: a tuple whose elements have names.
type isoCalendar struct{ year, week, weekday int64 }

func (c isoCalendar) tuple() template.Tuple { return template.Tuple{c.year, c.week, c.weekday} }

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
func (c isoCalendar) Iterate() ([]template.Value, error) { return c.tuple(), nil }

// Equal compares with another one or a tuple.
func (c isoCalendar) Equal(other template.Value) bool {
	if o, ok := other.(isoCalendar); ok {
		return o == c
	}
	return template.Equal(c.tuple(), other)
}

// Compare orders with another one or a tuple.
func (c isoCalendar) Compare(other template.Value) (int, bool) {
	if o, ok := other.(isoCalendar); ok {
		other = o.tuple()
	}
	n, err := template.Compare(c.tuple(), other)
	return n, err == nil
}

// Index returns an element by its number.
func (c isoCalendar) Index(key template.Value) (template.Value, bool, error) {
	n, ok := key.(int64)
	if !ok || n < -3 || n > 2 {
		return nil, false, nil
	}
	return c.tuple()[(n+3)%3], true, nil
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
