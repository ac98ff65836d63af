package duckdb

import (
	"encoding/binary"
	"fmt"
	"math/big"
	"strings"
	"time"
	"unsafe"

	"github.com/duckdb/duckdb-go/v2/mapping"

	"elt/runner/engine"
)

// vector is DuckDB's memory of one column of a chunk. It is valid until the chunk is
// destroyed; the values read from it are copies.
type vector struct {
	typ      *colType
	data     unsafe.Pointer
	valid    unsafe.Pointer // bit set: not NULL; nil: no NULL at all
	children []vector
}

func newVector(typ *colType, native mapping.Vector) vector {
	v := vector{typ: typ, data: mapping.VectorGetData(native), valid: mapping.VectorGetValidity(native)}
	switch typ.id {
	case mapping.TypeList:
		v.children = []vector{newVector(typ.children[0], mapping.ListVectorGetChild(native))}
	case mapping.TypeArray:
		v.children = []vector{newVector(typ.children[0], mapping.ArrayVectorGetChild(native))}
	case mapping.TypeMap:
		entries := mapping.ListVectorGetChild(native)
		v.children = []vector{
			newVector(typ.children[0], mapping.StructVectorGetChild(entries, 0)),
			newVector(typ.children[1], mapping.StructVectorGetChild(entries, 1)),
		}
	case mapping.TypeStruct:
		for i, c := range typ.children {
			v.children = append(v.children, newVector(c, mapping.StructVectorGetChild(native, mapping.IdxT(i))))
		}
	case mapping.TypeUnion:
		tag := mapping.StructVectorGetChild(native, 0)
		v.data = mapping.VectorGetData(tag)
		for i, c := range typ.children {
			v.children = append(v.children, newVector(c, mapping.StructVectorGetChild(native, mapping.IdxT(i+1))))
		}
	}
	return v
}

func (v *vector) null(row uint64) bool {
	if v.valid == nil {
		return false
	}
	word := *(*uint64)(unsafe.Add(v.valid, row/64*8))
	return word&(1<<(row%64)) == 0
}

// at reads the fixed-size value of a row.
func at[T any](v *vector, row uint64) T {
	var size T
	return *(*T)(unsafe.Add(v.data, uintptr(row)*unsafe.Sizeof(size)))
}

// value reads the cell of a row, as [engine.Table] describes it.
func (v *vector) value(row uint64) any {
	if v.null(row) {
		return nil
	}
	switch v.typ.id {
	case mapping.TypeBoolean:
		return at[uint8](v, row) != 0
	case mapping.TypeFloat:
		return float64(at[float32](v, row))
	case mapping.TypeDouble:
		return at[float64](v, row)
	case mapping.TypeVarchar:
		return v.text(row)
	case mapping.TypeBlob:
		return v.bytes(row)
	case mapping.TypeEnum:
		return v.typ.dict[integer(v, v.typ.internal, row).(int64)]
	case mapping.TypeDecimal:
		return engine.Decimal{Unscaled: bigInt(integer(v, v.typ.internal, row)), Width: v.typ.width, Scale: v.typ.scale}
	case mapping.TypeBit:
		return bitText(v.bytes(row))
	case mapping.TypeUUID:
		return uuidText(at[[2]uint64](v, row))
	case mapping.TypeBigNum:
		return smallest(bigNum(v.bytes(row)))
	case mapping.TypeGeometry:
		return wkt(v.raw(row))
	case mapping.TypeList, mapping.TypeArray, mapping.TypeMap, mapping.TypeStruct, mapping.TypeUnion:
		return v.nested(row)
	case mapping.TypeDate, mapping.TypeTime, mapping.TypeTimeNS, mapping.TypeTimeTZ, mapping.TypeTimestamp, mapping.TypeTimestampS,
		mapping.TypeTimestampMS, mapping.TypeTimestampNS, mapping.TypeTimestampTZ, mapping.TypeInterval:
		return v.temporal(row)
	}
	return integer(v, v.typ.id, row)
}

// integer reads an integer stored as the given type: an int64 where it fits, else a
// *big.Int.
func integer(v *vector, stored mapping.Type, row uint64) any {
	switch stored {
	case mapping.TypeTinyInt:
		return int64(at[int8](v, row))
	case mapping.TypeSmallInt:
		return int64(at[int16](v, row))
	case mapping.TypeInteger:
		return int64(at[int32](v, row))
	case mapping.TypeBigInt:
		return at[int64](v, row)
	case mapping.TypeUTinyInt:
		return int64(at[uint8](v, row))
	case mapping.TypeUSmallInt:
		return int64(at[uint16](v, row))
	case mapping.TypeUInteger:
		return int64(at[uint32](v, row))
	case mapping.TypeUBigInt:
		return smallest(new(big.Int).SetUint64(at[uint64](v, row)))
	case mapping.TypeHugeInt:
		words := at[[2]uint64](v, row)
		return smallest(wide(big.NewInt(int64(words[1])), words[0]))
	case mapping.TypeUHugeInt:
		words := at[[2]uint64](v, row)
		return smallest(wide(new(big.Int).SetUint64(words[1]), words[0]))
	}
	return nil
}

// wide joins the upper and the lower 64 bits of a number.
func wide(upper *big.Int, lower uint64) *big.Int {
	upper.Lsh(upper, 64)
	return upper.Add(upper, new(big.Int).SetUint64(lower))
}

// smallest returns an int64 where the number fits into one.
func smallest(n *big.Int) any {
	if n.IsInt64() {
		return n.Int64()
	}
	return n
}

func bigInt(n any) *big.Int {
	if small, ok := n.(int64); ok {
		return big.NewInt(small)
	}
	return n.(*big.Int)
}

// inlined is the length up to which DuckDB keeps a string in the vector itself.
const inlined = 12

// raw points at the bytes of a string: its length, then the text itself or, where it
// is longer than inlined, its first four bytes and a pointer.
func (v *vector) raw(row uint64) []byte {
	entry := unsafe.Add(v.data, uintptr(row)*16)
	length := *(*uint32)(entry)
	if length <= inlined {
		return unsafe.Slice((*byte)(unsafe.Add(entry, 4)), length)
	}
	return unsafe.Slice(*(**byte)(unsafe.Add(entry, 8)), length)
}

func (v *vector) text(row uint64) string { return string(v.raw(row)) }

func (v *vector) bytes(row uint64) []byte { return append([]byte{}, v.raw(row)...) }

func (v *vector) nested(row uint64) any {
	switch v.typ.id {
	case mapping.TypeList:
		entry := at[[2]uint64](v, row) // offset and length
		return engine.List{Type: v.typ.children[0].name, Values: v.children[0].slice(entry[0], entry[1])}
	case mapping.TypeArray:
		return engine.List{Type: v.typ.children[0].name, Values: v.children[0].slice(row*v.typ.size, v.typ.size)}
	case mapping.TypeMap:
		entry := at[[2]uint64](v, row)
		return engine.Map{
			KeyType: v.typ.children[0].name, ValueType: v.typ.children[1].name,
			Keys: v.children[0].slice(entry[0], entry[1]), Values: v.children[1].slice(entry[0], entry[1]),
		}
	case mapping.TypeUnion:
		tag := at[uint8](v, row)
		return engine.Union{Tag: v.typ.names[tag], Type: v.typ.children[tag].name, Value: v.children[tag].value(row)}
	}
	out := engine.Struct{Fields: make([]engine.Column, len(v.children)), Values: make([]any, len(v.children))}
	for i := range v.children {
		out.Fields[i] = engine.Column{Name: v.typ.names[i], Type: v.typ.children[i].name}
		out.Values[i] = v.children[i].value(row)
	}
	return out
}

func (v *vector) slice(offset, length uint64) []any {
	values := make([]any, length)
	for i := range length {
		values[i] = v.value(offset + i)
	}
	return values
}

// DuckDB's infinities are the ends of the range.
const (
	infiniteDate      = int32(1<<31 - 1)
	infiniteTimestamp = int64(1<<63 - 1)
)

// maxZone is DuckDB's largest offset of a TIMETZ, which it stores the offsets against.
const maxZone = 16*3600 - 1

func (v *vector) temporal(row uint64) any {
	switch v.typ.id {
	case mapping.TypeDate:
		days := at[int32](v, row)
		if days == infiniteDate || days == -infiniteDate {
			return infinity(days < 0)
		}
		return time.Unix(int64(days)*86400, 0).UTC()
	case mapping.TypeTime:
		return engine.Time{Nanos: at[int64](v, row) * 1000}
	case mapping.TypeTimeNS:
		return engine.Time{Nanos: at[int64](v, row)}
	case mapping.TypeTimeTZ:
		bits := at[uint64](v, row)
		return engine.Time{Nanos: int64(bits>>24) * 1000, HasZone: true, Offset: maxZone - int(bits&0xffffff)}
	case mapping.TypeInterval:
		type stored struct {
			months, days int32
			micros       int64
		}
		i := at[stored](v, row)
		return engine.Interval{Months: i.months, Days: i.days, Micros: i.micros}
	}
	ticks := at[int64](v, row)
	if ticks == infiniteTimestamp || ticks == -infiniteTimestamp {
		return infinity(ticks < 0)
	}
	switch v.typ.id {
	case mapping.TypeTimestampS:
		return time.Unix(ticks, 0).UTC()
	case mapping.TypeTimestampMS:
		return time.UnixMilli(ticks).UTC()
	case mapping.TypeTimestampNS:
		return time.Unix(0, ticks).UTC()
	}
	return time.UnixMicro(ticks).UTC()
}

func infinity(negative bool) string {
	if negative {
		return "-infinity"
	}
	return "infinity"
}

// bitText prints a BIT: its first byte counts the unused bits of the second.
func bitText(raw []byte) string {
	if len(raw) == 0 {
		return ""
	}
	var out strings.Builder
	for i, b := range raw[1:] {
		text := fmt.Sprintf("%08b", b)
		if i == 0 {
			text = text[raw[0]:]
		}
		out.WriteString(text)
	}
	return out.String()
}

// uuidText prints a UUID, which DuckDB stores as a number with its top bit flipped.
func uuidText(words [2]uint64) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], words[1]^(1<<63))
	binary.BigEndian.PutUint64(b[8:], words[0])
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// bigNum reads a BIGNUM: three bytes of header, then the magnitude, all inverted where
// the number is negative.
func bigNum(raw []byte) *big.Int {
	if len(raw) < 4 {
		return new(big.Int)
	}
	magnitude := raw[3:]
	if raw[0]&0x80 != 0 {
		return new(big.Int).SetBytes(magnitude)
	}
	for i := range magnitude {
		magnitude[i] = ^magnitude[i]
	}
	n := new(big.Int).SetBytes(magnitude)
	return n.Neg(n)
}
