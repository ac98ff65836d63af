package template

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// ToJSON is Python's json.dumps(v, sort_keys=sortKeys).
func ToJSON(v Value, sortKeys bool) (string, error) {
	return toJSON(v, sortKeys, "")
}

// ToJSONIndent is Python's json.dumps(v, sort_keys=sortKeys, indent=indent), where
// indent is the text of one level.
func ToJSONIndent(v Value, sortKeys bool, indent string) (string, error) {
	return toJSON(v, sortKeys, "\n"+indent)
}

func toJSON(v Value, sortKeys bool, indent string) (string, error) {
	w := jsonWriter{sortKeys: sortKeys}
	if indent != "" {
		w.indent, w.pretty = indent[1:], true
	}
	if err := w.value(v, 0); err != nil {
		return "", err
	}
	return string(w.b), nil
}

// AppendJSON appends what [ToJSON] returns, with keys as they stand, to a buffer. Dates and
// times are texts, as in dbt's artifacts. After an error the buffer is as it was.
func AppendJSON(buffer []byte, v Value) ([]byte, error) {
	w := jsonWriter{b: buffer, start: len(buffer), dates: true}
	if err := w.value(v, 0); err != nil {
		return buffer, err
	}
	return w.b, nil
}

type jsonWriter struct {
	b        []byte
	start    int // what of b was there before
	sortKeys bool
	dates    bool // dates and times are texts; else they are an error
	pretty   bool
	indent   string
}

func (w *jsonWriter) value(v Value, depth int) error {
	if depth > maxCompareDepth {
		return ValueErrorf("Circular reference detected")
	}
	if len(w.b)-w.start > maxPrinted {
		return errTooLarge
	}
	switch x := v.(type) {
	case nil:
		w.b = append(w.b, "null"...)
	case bool:
		w.b = strconv.AppendBool(w.b, x)
	case int64, *big.Int:
		s, err := toText(v)
		w.b = append(w.b, s...)
		return err
	case float64:
		w.b = append(w.b, jsonFloat(x)...)
	case string:
		w.str(x)
	case *List:
		return w.list(x.Elems, depth)
	case Tuple:
		return w.list(x, depth)
	case *groupTuple:
		return w.list(x.tuple(), depth)
	case *nativeMark:
		w.str(x.text)
	case tupler:
		return w.list(x.Tuple(), depth)
	default:
		if date, ok := v.(isoFormatter); ok && w.dates {
			w.str(date.ISOFormat())
			return nil
		}
		d, ok := asDict(v)
		if !ok {
			return TypeErrorf("Object of type %s is not JSON serializable", TypeName(v))
		}
		return w.dict(d, depth)
	}
	return nil
}

// tupler is an Object that is a tuple with names for its elements.
type tupler interface{ Tuple() Tuple }

// isoFormatter is an Object that is a date or a time.
type isoFormatter interface{ ISOFormat() string }

func jsonFloat(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	return floatRepr(f)
}

func (w *jsonWriter) newline(depth int) {
	if w.pretty {
		w.b = append(w.b, '\n')
		w.b = append(w.b, repeatString(w.indent, depth)...)
	}
}

func (w *jsonWriter) comma(first bool) {
	switch {
	case first:
	case w.pretty:
		w.b = append(w.b, ',')
	default:
		w.b = append(w.b, ", "...)
	}
}

func (w *jsonWriter) list(elems []Value, depth int) error {
	w.b = append(w.b, '[')
	for i, e := range elems {
		w.comma(i == 0)
		w.newline(depth + 1)
		if err := w.value(e, depth+1); err != nil {
			return err
		}
	}
	if len(elems) > 0 {
		w.newline(depth)
	}
	w.b = append(w.b, ']')
	return nil
}

func (w *jsonWriter) dict(d *Dict, depth int) error {
	if w.sortKeys {
		var failed error
		items := d.Items()
		slices.SortStableFunc(items, func(a, b Item) int {
			c, err := Compare(a.Key, b.Key)
			if err != nil {
				failed = err
			}
			return c
		})
		if failed != nil {
			return failed
		}
		return w.entries(items, depth)
	}
	if d.dead > 0 {
		return w.entries(d.Items(), depth)
	}
	return w.entries(d.entries, depth)
}

func (w *jsonWriter) entries(items []Item, depth int) error {
	w.b = append(w.b, '{')
	for i, e := range items {
		w.comma(i == 0)
		w.newline(depth + 1)
		if err := w.key(e.Key); err != nil {
			return err
		}
		w.b = append(w.b, ": "...)
		if err := w.value(e.Value, depth+1); err != nil {
			return err
		}
	}
	if len(items) > 0 {
		w.newline(depth)
	}
	w.b = append(w.b, '}')
	return nil
}

// key writes a key, which JSON wants as text.
func (w *jsonWriter) key(k Value) error {
	switch x := k.(type) {
	case string:
		w.str(x)
	case nil, bool, int64, *big.Int, float64:
		w.b = append(w.b, '"')
		err := w.value(x, 0)
		w.b = append(w.b, '"')
		return err
	default:
		return TypeErrorf("keys must be str, int, float, bool or None, not %s", TypeName(k))
	}
	return nil
}

// str writes a text; what is not ASCII is escaped.
func (w *jsonWriter) str(s string) { w.b = AppendJSONString(w.b, s) }

// AppendJSONString appends a text as [ToJSON] writes it: in quotes, all ASCII.
func AppendJSONString(b []byte, s string) []byte {
	b = append(b, '"')
	for {
		plain := plainLength(s)
		b = append(b, s[:plain]...)
		if s = s[plain:]; s == "" {
			return append(b, '"')
		}
		r, size := utf8.DecodeRuneInString(s)
		b = appendJSONEscape(b, r)
		s = s[size:]
	}
}

// plainLength is the length in bytes of what stands at the start of a text and needs no escape
// in JSON. It looks at eight bytes at once: a manifest is mostly such texts.
func plainLength(s string) int {
	const each = 0x0101010101010101 // times a byte: that byte in all eight places
	i := 0
	for ; i+8 <= len(s); i += 8 {
		x := uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
			uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
		quote, slash := x^each*'"', x^each*'\\'
		// The highest bit of a byte is set where that byte is no ASCII or is DEL, or below a
		// space, or where its difference to a quote or a backslash is below one. A borrow from
		// such a byte may set one above it: the lowest is exact.
		special := (x | (x + each) | (x-each*' ')&^x | (quote-each)&^quote | (slash-each)&^slash) & (each << 7)
		if special != 0 {
			return i + bits.TrailingZeros64(special)/8
		}
	}
	for i < len(s) && s[i] >= ' ' && s[i] < 0x7f && s[i] != '"' && s[i] != '\\' {
		i++
	}
	return i
}

func appendJSONEscape(b []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(b, '\\', byte(r))
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	case '\b':
		return append(b, '\\', 'b')
	case '\f':
		return append(b, '\\', 'f')
	}
	if r >= 0x10000 {
		hi, lo := utf16.EncodeRune(r)
		return fmt.Appendf(b, `\u%04x\u%04x`, hi, lo)
	}
	return fmt.Appendf(b, `\u%04x`, r)
}

// FromJSON is Python's json.loads, which knows NaN and Infinity too.
func FromJSON(text string) (Value, error) {
	switch strings.Trim(text, " \t\r\n") {
	case "NaN":
		return math.NaN(), nil
	case "Infinity":
		return math.Inf(1), nil
	case "-Infinity":
		return math.Inf(-1), nil
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	v, err := readJSON(dec, 0)
	if err != nil {
		return nil, jsonError(text, err)
	}
	if rest := text[dec.InputOffset():]; strings.TrimSpace(rest) != "" {
		return nil, ValueErrorf("Extra data: %s", jsonPlace(text, len(text)-len(strings.TrimLeft(rest, " \t\r\n"))))
	}
	return v, nil
}

func jsonError(text string, err error) error {
	if s, ok := err.(*json.SyntaxError); ok {
		return ValueErrorf("not valid JSON: %s: %s", s.Error(), jsonPlace(text, int(s.Offset)))
	}
	return ValueErrorf("not valid JSON: %s", err.Error())
}

func jsonPlace(text string, at int) string {
	at = min(max(at, 0), len(text))
	line := strings.Count(text[:at], "\n") + 1
	column := utf8.RuneCountInString(text[strings.LastIndexByte(text[:at], '\n')+1:at]) + 1
	return fmt.Sprintf("line %d column %d (char %d)", line, column, utf8.RuneCountInString(text[:at]))
}

func readJSON(dec *json.Decoder, depth int) (Value, error) {
	if depth > maxCompareDepth {
		return nil, ValueErrorf("nested too deeply")
	}
	t, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch x := t.(type) {
	case json.Number:
		return jsonNumber(string(x))
	case json.Delim:
		if x == '[' {
			return readJSONList(dec, depth)
		}
		return readJSONDict(dec, depth)
	}
	return t, nil
}

func jsonNumber(s string) (Value, error) {
	if strings.ContainsAny(s, ".eE") {
		return parseFloat(s)
	}
	return parseInt(s, 10)
}

func readJSONList(dec *json.Decoder, depth int) (Value, error) {
	l := NewList()
	for dec.More() {
		v, err := readJSON(dec, depth+1)
		if err != nil {
			return nil, err
		}
		l.Elems = append(l.Elems, v)
	}
	_, err := dec.Token()
	return l, err
}

func readJSONDict(dec *json.Decoder, depth int) (Value, error) {
	d := NewDict()
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, err
		}
		v, err := readJSON(dec, depth+1)
		if err != nil {
			return nil, err
		}
		if err := d.Set(key, v); err != nil {
			return nil, err
		}
	}
	_, err := dec.Token()
	return d, err
}

var jsonForHTML = strings.NewReplacer("<", `\u003c`, ">", `\u003e`, "&", `\u0026`, "'", `\u0027`)

// filterToJSON is Jinja's |tojson: keys are sorted, and what HTML knows is escaped.
func filterToJSON(_ *frame, v Value, c *Call) (Value, error) {
	var indent Value
	if err := c.Unpack("do_tojson", "indent?", &indent); err != nil {
		return nil, err
	}
	s, err := ToJSON(v, true)
	_, isText := unmarked(v).(string)
	switch x := indent.(type) {
	case nil:
	case string:
		s, err = ToJSONIndent(v, true, x)
	default:
		if isText {
			break // json.dumps looks at the indent of nothing else
		}
		n, ok := asInt64(indent)
		if !ok {
			return nil, TypeErrorf("indent must be an int or a str, not %s", TypeName(indent))
		}
		s, err = ToJSONIndent(v, true, string(bytes.Repeat([]byte(" "), int(min(max(n, 0), 1024)))))
	}
	return jsonForHTML.Replace(s), err
}
