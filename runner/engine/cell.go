package engine

import "math/big"

// The cells of a [Table] that Go has no type for. Text renders them.
type (
	// Decimal is a DECIMAL: Unscaled divided by ten to the power of Scale.
	Decimal struct {
		Unscaled *big.Int
		Width    uint8
		Scale    uint8
	}

	// Time is a TIME, TIME_NS or TIMETZ: nanoseconds since midnight, and seconds east
	// of UTC where it has a zone.
	Time struct {
		Nanos   int64
		HasZone bool
		Offset  int
	}

	// Interval is an INTERVAL. Its three parts are independent of each other.
	Interval struct {
		Months, Days int32
		Micros       int64
	}

	// List is a LIST or an ARRAY.
	List struct {
		Type   string // of the elements
		Values []any
	}

	// Struct is a STRUCT. A struct made by row() has empty names.
	Struct struct {
		Fields []Column
		Values []any
	}

	// Map is a MAP, in DuckDB's order.
	Map struct {
		KeyType, ValueType string
		Keys, Values       []any
	}

	// Union is a UNION: the member that is set, and its value.
	Union struct {
		Tag   string
		Type  string // of the value
		Value any
	}
)
