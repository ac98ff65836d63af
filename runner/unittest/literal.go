package unittest

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"elt/compiler/project"
	"elt/compiler/template"
)

// literal is a value of a property file as an SQL literal that is cast to a type
// afterwards. Text stays text, whatever the type: DuckDB reads it, as in dbt. A list is a
// list, a mapping a struct, or a map where the type is one; both are text of JSON where
// the type is JSON.
func literal(v template.Value, typ string) (string, error) {
	if strings.EqualFold(typ, "JSON") && isNested(v) {
		text, err := template.ToJSON(v, false)
		return project.QuoteString(text), err
	}
	switch x := v.(type) {
	case nil:
		return "null", nil
	case bool:
		return strconv.FormatBool(x), nil
	case int64:
		return strconv.FormatInt(x, 10), nil
	case *big.Int:
		return x.String(), nil
	case float64:
		return floatLiteral(x), nil
	case string:
		return project.QuoteString(x), nil
	case *template.List:
		return listLiteral(x.Elems, elementType(typ))
	case template.Tuple:
		return listLiteral(x, elementType(typ))
	case *template.Dict:
		if strings.HasPrefix(strings.ToUpper(typ), "MAP(") {
			return mapLiteral(x)
		}
		return structLiteral(x)
	}
	switch name := template.TypeName(v); name {
	case "date", "datetime", "time", "timedelta", "Decimal":
		return project.QuoteString(template.Str(v)), nil
	default:
		return "", fmt.Errorf("cannot be a value of a table: it is a %s", name)
	}
}

func isNested(v template.Value) bool {
	switch v.(type) {
	case *template.List, template.Tuple, *template.Dict:
		return true
	}
	return false
}

// elementType is the type of a list's elements, as far as it matters.
func elementType(typ string) string {
	if i := strings.LastIndexByte(typ, '['); i > 0 && strings.HasSuffix(typ, "]") {
		return typ[:i]
	}
	return ""
}

// floatLiteral writes a number in full, so that a DECIMAL gets the digits that were
// written.
func floatLiteral(f float64) string {
	switch {
	case math.IsNaN(f), math.IsInf(f, 0):
		return "'" + strconv.FormatFloat(f, 'f', -1, 64) + "'::double"
	case f != 0 && (math.Abs(f) >= 1e15 || math.Abs(f) < 1e-9):
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	text := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

func listLiteral(elems []template.Value, typ string) (string, error) {
	parts := make([]string, len(elems))
	for i, e := range elems {
		var err error
		if parts[i], err = literal(e, typ); err != nil {
			return "", err
		}
	}
	return "[" + strings.Join(parts, ", ") + "]", nil
}

func structLiteral(d *template.Dict) (string, error) {
	if d.Len() == 0 {
		return "", fmt.Errorf("cannot be an empty mapping: DuckDB has no struct without fields")
	}
	var parts []string
	for _, item := range d.Items() {
		value, err := literal(item.Value, "")
		if err != nil {
			return "", err
		}
		parts = append(parts, project.QuoteIdent(template.Str(item.Key))+": "+value)
	}
	return "{" + strings.Join(parts, ", ") + "}", nil
}

func mapLiteral(d *template.Dict) (string, error) {
	var parts []string
	for _, item := range d.Items() {
		key, err := literal(item.Key, "")
		if err != nil {
			return "", err
		}
		value, err := literal(item.Value, "")
		if err != nil {
			return "", err
		}
		parts = append(parts, key+": "+value)
	}
	return "MAP {" + strings.Join(parts, ", ") + "}", nil
}

// shown is a value in a message.
func shown(v template.Value) string {
	text := template.Repr(v)
	if s, ok := v.(string); ok {
		text = strconv.Quote(s)
	}
	const most = 60
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
