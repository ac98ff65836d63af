package template

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// filterFunc is a filter: v is what stands before the bar.
type filterFunc func(f *frame, v Value, c *Call) (Value, error)

// filters are Jinja's filters and those dbt adds. The map is filled once, before any
// template is parsed.
var filters map[string]filterFunc

func init() {
	filters = map[string]filterFunc{
		"abs":            filterAbs,
		"as_bool":        asNative("bool"),
		"as_native":      asNative(""),
		"as_number":      asNative("number"),
		"as_text":        asNative("text"),
		"attr":           filterAttr,
		"batch":          filterBatch,
		"capitalize":     textFilter("do_capitalize", capitalize),
		"center":         filterCenter,
		"count":          filterLength,
		"d":              filterDefault,
		"default":        filterDefault,
		"dictsort":       filterDictSort,
		"e":              filterEscape,
		"escape":         filterEscape,
		"filesizeformat": filterFileSize,
		"first":          filterFirst,
		"float":          filterFloat,
		"forceescape":    filterEscape,
		"format":         filterFormat,
		"groupby":        filterGroupBy,
		"indent":         filterIndent,
		"int":            filterInt,
		"is_list":        filterIsList,
		"items":          filterItems,
		"join":           filterJoin,
		"last":           filterLast,
		"length":         filterLength,
		"list":           filterList,
		"lower":          textFilter("do_lower", func(s string) Value { return lower(s) }),
		"map":            filterMap,
		"max":            filterExtreme("do_max", ">"),
		"min":            filterExtreme("do_min", "<"),
		"pprint":         filterPrettyPrint,
		"random":         filterRandom,
		"reject":         filterSelect("select_or_reject", false, false),
		"rejectattr":     filterSelect("select_or_reject", false, true),
		"replace":        filterReplace,
		"reverse":        filterReverse,
		"round":          filterRound,
		"safe":           textFilter("do_mark_safe", func(s string) Value { return s }),
		"select":         filterSelect("select_or_reject", true, false),
		"selectattr":     filterSelect("select_or_reject", true, true),
		"slice":          filterSlice,
		"sort":           filterSort,
		"string":         textFilter("soft_str", func(s string) Value { return s }),
		"striptags":      filterStripTags,
		"sum":            filterSum,
		"title":          textFilter("do_title", jinjaTitle),
		"tojson":         filterToJSON,
		"trim":           filterTrim,
		"truncate":       filterTruncate,
		"unique":         filterUnique,
		"upper":          textFilter("do_upper", func(s string) Value { return strings.ToUpper(specialUpper(s)) }),
		"urlencode":      filterURLEncode,
		"wordcount":      filterWordCount,
		"wordwrap":       filterWordWrap,
		"xmlattr":        filterXMLAttr,
	}
}

// quickFilters take no longer for a longer value.
var quickFilters = map[string]bool{"as_bool": true, "as_native": true, "as_number": true, "attr": true, "count": true,
	"d": true, "default": true, "first": true, "is_list": true, "items": true, "last": true, "length": true, "random": true}

// filterIsList is dbt's |is_list.
func filterIsList(_ *frame, v Value, c *Call) (Value, error) {
	_, ok := v.(*List)
	return ok, c.Unpack("is_list")
}

func filterNames() []string { return sortedNames(filters) }

// textFilter is a filter without arguments that works on str(v).
func textFilter(name string, fn func(string) Value) filterFunc {
	return func(_ *frame, v Value, c *Call) (Value, error) {
		if err := c.Unpack(name); err != nil {
			return nil, err
		}
		s, err := toText(v)
		if err != nil {
			return nil, err
		}
		return fn(s), nil
	}
}

func filterAbs(_ *frame, v Value, c *Call) (Value, error) {
	if err := noArgs("abs", c); err != nil {
		return nil, err
	}
	switch x := v.(type) {
	case float64:
		return math.Abs(x), nil
	case int64, bool, *big.Int:
		return normInt(new(big.Int).Abs(asBig(v))), nil
	case UnaryOperator:
		if r, ok := x.UnaryOp("abs"); ok {
			return r, nil
		}
	}
	return nil, TypeErrorf("bad operand type for abs(): '%s'", TypeName(v))
}

func filterAttr(f *frame, v Value, c *Call) (Value, error) {
	var name string
	if err := c.Unpack("do_attr", "name", &name); err != nil {
		return nil, err
	}
	if u, ok := v.(*Undefined); ok {
		return u.attr(name)
	}
	if a, ok := f.getAttr(v, name); ok {
		return a, nil
	}
	return undefinedIn(v, name, f.lax), nil
}

func filterDefault(_ *frame, v Value, c *Call) (Value, error) {
	var def Value = ""
	boolean := false
	if err := c.Unpack("do_default", "default_value?", &def, "boolean?", &boolean); err != nil {
		return nil, err
	}
	if _, ok := v.(*Undefined); ok || boolean && !Truth(v) {
		return def, nil
	}
	return v, nil
}

func filterCenter(_ *frame, v Value, c *Call) (Value, error) {
	width := int64(80)
	if err := c.Unpack("do_center", "width?", &width); err != nil {
		return nil, err
	}
	s, err := toText(v)
	if err != nil {
		return nil, err
	}
	if width > maxRepeat {
		return nil, errTooLarge
	}
	if n := int(width) - strLen(s); n > 0 {
		return center(s, n, " "), nil
	}
	return s, nil
}

func filterFileSize(f *frame, v Value, c *Call) (Value, error) {
	binary := false
	if err := c.Unpack("do_filesizeformat", "binary?", &binary); err != nil {
		return nil, err
	}
	bytes, err := floatOf(v)
	if err != nil {
		return nil, err
	}
	base, suffix := 1000.0, "B"
	prefixes := "kMGTPEZY"
	if binary {
		base, suffix, prefixes = 1024, "iB", "KMGTPEZY"
	}
	switch {
	case bytes == 1:
		return "1 Byte", nil
	case bytes < base:
		return strconv.Itoa(int(bytes)) + " Bytes", nil
	}
	unit := base
	for i := range len(prefixes) {
		unit *= base
		if bytes < unit || i == len(prefixes)-1 {
			return strconv.FormatFloat(base*bytes/unit, 'f', 1, 64) + " " + prefixes[i:i+1] + suffix, nil
		}
	}
	return nil, nil
}

// floatOf is Python's float(v).
func floatOf(v Value) (float64, error) {
	switch x := v.(type) {
	case string:
		return parseFloat(x)
	case *Undefined:
		return 0, x.fail()
	case Floater:
		return x.Float()
	}
	if isNumber(v) {
		return toFloat(v)
	}
	return 0, TypeErrorf("float() argument must be a string or a real number, not '%s'", TypeName(v))
}

// Floater is an Object that is a number, such as a Decimal: float(x), and int(x) by
// cutting off the fraction.
type Floater interface{ Float() (float64, error) }

// intOf is Python's int(v).
func intOf(v Value) (Value, error) {
	switch x := v.(type) {
	case string:
		return parseInt(x, 10)
	case *Undefined:
		return nil, x.fail()
	case float64:
		switch {
		case math.IsNaN(x):
			return nil, ValueErrorf("cannot convert float NaN to integer")
		case math.IsInf(x, 0):
			return nil, exceptionf("OverflowError", "cannot convert float infinity to integer")
		}
		return intFromFloat(x), nil
	case Floater:
		f, err := x.Float()
		if err != nil {
			return nil, err
		}
		return intOf(f)
	}
	if isInt(v) {
		return normInt(asBig(v)), nil
	}
	return nil, TypeErrorf("int() argument must be a string, a bytes-like object or a real number, not '%s'", TypeName(v))
}

func filterFloat(_ *frame, v Value, c *Call) (Value, error) {
	var def Value = 0.0
	if err := c.Unpack("do_float", "default?", &def); err != nil {
		return nil, err
	}
	f, err := floatOf(v)
	if isKind(err, "TypeError", "ValueError") {
		return def, nil
	}
	return f, err
}

func filterInt(_ *frame, v Value, c *Call) (Value, error) {
	var def Value = int64(0)
	var base Value = int64(10)
	if err := c.Unpack("do_int", "default?", &def, "base?", &base); err != nil {
		return nil, err
	}
	var n Value
	var err error
	if s, ok := v.(string); ok {
		b, isInt := asInt64(base)
		if n, err = parseInt(s, int(b)); !isInt {
			n, err = nil, TypeErrorf("'%s' object cannot be interpreted as an integer", TypeName(base))
		}
	} else {
		n, err = intOf(v)
	}
	if !isKind(err, "TypeError", "ValueError") {
		return n, err
	}
	// So that "42.23"|int is 42.
	x, err := floatOf(v)
	if err == nil {
		n, err = intOf(x)
	}
	if isKind(err, "TypeError", "ValueError", "OverflowError") {
		return def, nil
	}
	return n, err
}

func filterFormat(_ *frame, v Value, c *Call) (Value, error) {
	s, err := toText(v)
	if err != nil {
		return nil, err
	}
	if len(c.Args) > 0 && len(c.Kwargs) > 0 {
		return nil, exceptionf("FilterArgumentError", "can't handle positional and keyword arguments at the same time")
	}
	if len(c.Kwargs) > 0 {
		d := NewDict()
		for _, k := range c.Kwargs {
			_ = d.Set(k.Name, k.Value)
		}
		return percentFormat(s, d)
	}
	return percentFormat(s, Tuple(c.Args))
}

func filterReplace(_ *frame, v Value, c *Call) (Value, error) {
	var old, with Value
	count := int64(-1)
	if err := c.Unpack("do_replace", "old", &old, "new", &with, "count?", &count); err != nil {
		return nil, err
	}
	var texts [3]string
	for i, x := range [...]Value{v, old, with} {
		s, err := toText(x)
		if err != nil {
			return nil, err
		}
		texts[i] = s
	}
	return replaceString(texts[0], texts[1], texts[2], int(count))
}

func filterTrim(_ *frame, v Value, c *Call) (Value, error) {
	var chars Value
	if err := c.Unpack("do_trim", "chars?", &chars); err != nil {
		return nil, err
	}
	s, err := toText(v)
	if err != nil {
		return nil, err
	}
	switch x := chars.(type) {
	case nil:
		return strings.TrimFunc(s, isSpace), nil
	case string:
		return strings.Trim(s, x), nil
	}
	return nil, TypeErrorf("strip arg must be None or str")
}

func filterRound(_ *frame, v Value, c *Call) (Value, error) {
	precision := int64(0)
	method := "common"
	if err := c.Unpack("do_round", "precision?", &precision, "method?", &method); err != nil {
		return nil, err
	}
	if precision > 400 || precision < -400 {
		precision = min(max(precision, -400), 400)
	}
	switch method {
	case "common":
		return roundNumber(v, int(precision))
	case "ceil", "floor":
	default:
		return nil, exceptionf("FilterArgumentError", "method must be common, ceil or floor")
	}
	power, err := binary("**", int64(10), precision)
	if err != nil {
		return nil, err
	}
	scaled, err := binary("*", v, power)
	if err != nil {
		return nil, err
	}
	if w, ok := scaled.(wholer); ok {
		return binary("/", w.Whole(method == "ceil"), power)
	}
	if !isNumber(scaled) {
		return nil, TypeErrorf("must be real number, not %s", TypeName(v))
	}
	if x, ok := scaled.(float64); ok {
		if method == "ceil" {
			x = math.Ceil(x)
		} else {
			x = math.Floor(x)
		}
		if scaled, err = intOf(x); err != nil {
			return nil, err
		}
	}
	return binary("/", scaled, power)
}

// wholer is an Object with the whole number above it, or below.
type wholer interface{ Whole(up bool) Value }

// roundNumber is Python's round(v, n): to the nearest, halves to even, exactly.
func roundNumber(v Value, n int) (Value, error) {
	switch x := v.(type) {
	case float64:
		if math.IsNaN(x) || math.IsInf(x, 0) || x == 0 {
			return x, nil
		}
		if n >= 0 {
			r, err := strconv.ParseFloat(strconv.FormatFloat(x, 'f', n, 64), 64)
			return r, err
		}
		return roundDown(x, -n), nil
	case int64, bool, *big.Int:
		if n >= 0 {
			return normInt(asBig(v)), nil
		}
		return roundInt(asBig(v), -n), nil
	case *Undefined:
		return nil, TypeErrorf("type Undefined doesn't define __round__ method")
	case Rounder:
		return x.Round(n)
	}
	return nil, TypeErrorf("type %s doesn't define __round__ method", TypeName(v))
}

// Rounder is an Object that can be rounded to n digits.
type Rounder interface{ Round(n int) (Value, error) }

// roundDown rounds to a power of ten.
func roundDown(x float64, zeros int) Value {
	exact := new(big.Rat).SetFloat64(x)
	power := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(zeros)), nil)
	exact.Quo(exact, new(big.Rat).SetInt(power))
	n := halfEven(exact)
	f, _ := new(big.Rat).SetInt(n.Mul(n, power)).Float64()
	return math.Copysign(f, x)
}

func roundInt(n *big.Int, zeros int) Value {
	power := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(zeros)), nil)
	r := halfEven(new(big.Rat).SetFrac(n, power))
	return normInt(r.Mul(r, power))
}

// halfEven rounds to the nearest int, halves to the even one.
func halfEven(x *big.Rat) *big.Int {
	two := new(big.Int).Lsh(x.Denom(), 1)
	sum := new(big.Int).Lsh(x.Num(), 1)
	sum.Add(sum, x.Denom())
	q, r := new(big.Int).DivMod(sum, two, new(big.Int))
	if r.Sign() == 0 && q.Bit(0) == 1 {
		q.Sub(q, big.NewInt(1))
	}
	return q
}
