package runner

import (
	"fmt"
	"math/big"
	"strings"
	"time"

	"elt/compiler/dbtcontext"
	"elt/compiler/template"
	"elt/runner/engine"
)

// templateTable turns a result into template values.
func templateTable(t *engine.Table) *dbtcontext.Table {
	out := &dbtcontext.Table{Rows: make([][]template.Value, len(t.Rows))}
	for _, c := range t.Columns {
		out.Columns = append(out.Columns, dbtcontext.Column{Name: c.Name, Type: c.Type})
	}
	for i, row := range t.Rows {
		out.Rows[i] = make([]template.Value, len(row))
		for j, cell := range row {
			out.Rows[i][j] = templateValue(cell, t.Columns[j].Type)
		}
	}
	return out
}

// templateValue is a cell as agate's table has it in dbt: what is not a whole number is
// a Decimal, lists and structs are JSON, and what agate has no type for is Python's text.
func templateValue(cell any, kind string) template.Value {
	switch x := cell.(type) {
	case nil, bool, int64, string:
		return x
	case float64:
		return dbtcontext.DecimalOf(x)
	case *big.Int:
		if x.IsInt64() {
			return x.Int64()
		}
		return x
	case time.Time:
		return templateTime(x, kind)
	case engine.Decimal:
		if v, ok := dbtcontext.Decimal(decimalDigits(x)); ok {
			return v
		}
	case engine.List, engine.Struct, engine.Map:
		if text, err := template.ToJSON(nestedValue(cell, kind), false); err == nil {
			return text
		}
	case engine.Union:
		return templateValue(x.Value, x.Type)
	case engine.Interval, engine.Time, []byte:
		return pythonText(cell)
	}
	return engine.Text(cell, kind)
}

func templateTime(t time.Time, kind string) template.Value {
	switch {
	case kind == "DATE":
		return dbtcontext.Date(t)
	case strings.HasSuffix(kind, "WITH TIME ZONE"):
		return dbtcontext.DateTime(t)
	}
	return dbtcontext.NaiveDateTime(t)
}

// decimalDigits is the number with a digit before the point, which DuckDB leaves out
// where the type has no room for one.
func decimalDigits(d engine.Decimal) string {
	text := d.String()
	if rest, negative := strings.CutPrefix(text, "-"); negative && strings.HasPrefix(rest, ".") {
		return "-0" + rest
	}
	if strings.HasPrefix(text, ".") {
		return "0" + text
	}
	return text
}

// nestedValue is a cell inside a list, a struct or a map, as dbt's JSON has it.
func nestedValue(cell any, kind string) template.Value {
	switch x := cell.(type) {
	case float64:
		return x
	case engine.Decimal:
		f, _ := new(big.Rat).SetFrac(x.Unscaled, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(x.Scale)), nil)).Float64()
		return f
	case time.Time:
		return strings.Replace(template.Str(templateTime(x, kind)), " ", "T", 1)
	case engine.List:
		return nestedList(x.Values, func(int) string { return x.Type })
	case engine.Struct:
		if len(x.Fields) > 0 && x.Fields[0].Name == "" {
			return nestedList(x.Values, func(i int) string { return x.Fields[i].Type })
		}
		out := template.NewDict()
		for i, f := range x.Fields {
			out.Add(template.Item{Key: f.Name, Value: nestedValue(x.Values[i], f.Type)})
		}
		return out
	case engine.Map:
		out := template.NewDict()
		for i, key := range x.Keys {
			out.Add(template.Item{Key: nestedKey(key, x.KeyType), Value: nestedValue(x.Values[i], x.ValueType)})
		}
		return out
	case engine.Union:
		return nestedValue(x.Value, x.Type)
	}
	return templateValue(cell, kind)
}

// nestedKey is a key of a map; what JSON has no keys of is text.
func nestedKey(key any, kind string) template.Value {
	switch v := nestedValue(key, kind).(type) {
	case nil, bool, int64, float64, string:
		return v
	}
	return engine.Text(key, kind)
}

func nestedList(values []any, kind func(int) string) *template.List {
	out := template.NewList()
	for i, v := range values {
		out.Elems = append(out.Elems, nestedValue(v, kind(i)))
	}
	return out
}

// pythonText is str() of what DuckDB's Python client makes of a cell.
func pythonText(cell any) string {
	switch x := cell.(type) {
	case engine.Interval:
		return dbtcontext.IntervalText(x.Months, x.Days, x.Micros)
	case engine.Time:
		whole, micros := x, x.Nanos/1000%1_000_000
		whole.Nanos -= x.Nanos % 1_000_000_000
		text, zone := whole.String(), ""
		if micros == 0 {
			return text
		}
		if len(text) > len("00:00:00") {
			text, zone = text[:len("00:00:00")], text[len("00:00:00"):]
		}
		return fmt.Sprintf("%s.%06d%s", text, micros, zone)
	case []byte:
		return bytesText(x)
	}
	return fmt.Sprint(cell)
}

// bytesText is Python's repr of bytes.
func bytesText(b []byte) string {
	quote := byte('\'')
	if strings.ContainsRune(string(b), '\'') && !strings.ContainsRune(string(b), '"') {
		quote = '"'
	}
	var out strings.Builder
	out.WriteString("b" + string(quote))
	for _, c := range b {
		switch {
		case c == quote || c == '\\':
			out.Write([]byte{'\\', c})
		case c == '\t':
			out.WriteString(`\t`)
		case c == '\n':
			out.WriteString(`\n`)
		case c == '\r':
			out.WriteString(`\r`)
		case c < ' ' || c > '~':
			fmt.Fprintf(&out, `\x%02x`, c)
		default:
			out.WriteByte(c)
		}
	}
	out.WriteByte(quote)
	return out.String()
}
