package dbtcontext

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"elt/compiler/template"
)

// tableSet is agate's TableSet: tables of one structure, by a key.
type tableSet struct {
	keys    []template.Value
	tables  []template.Value // of *tableObject or *tableSet
	keyName string
	keyType string
	print   func(string)
}

// TypeName is the Python type name.
func (*tableSet) TypeName() string { return "TableSet" }

// Truth is whether there are tables.
func (s *tableSet) Truth() bool { return len(s.tables) > 0 }

// Len is the number of tables.
func (s *tableSet) Len() int { return len(s.tables) }

// Iterate returns the tables.
func (s *tableSet) Iterate() ([]template.Value, error) { return slices.Clone(s.tables), nil }

// Index returns a table by its key or by number.
func (s *tableSet) Index(key template.Value) (template.Value, bool, error) {
	if n, ok := key.(int64); ok {
		if n < 0 {
			n += int64(len(s.tables))
		}
		if n < 0 || n >= int64(len(s.tables)) {
			return nil, false, nil
		}
		return s.tables[n], true, nil
	}
	if i := slices.IndexFunc(s.keys, func(k template.Value) bool { return template.Equal(k, key) }); i >= 0 {
		return s.tables[i], true, nil
	}
	return nil, false, nil
}

// sample is the first of the tables.
func (s *tableSet) sample() *tableObject {
	if len(s.tables) == 0 {
		return &tableObject{}
	}
	switch t := s.tables[0].(type) {
	case *tableSet:
		return t.sample()
	case *tableObject:
		return t
	}
	return &tableObject{}
}

// Str is the keys with the numbers of rows, as agate prints a set.
func (s *tableSet) Str() string {
	return s.structure(20).text(printed{columns: int64(6), rows: int64(20)})
}

// Repr is Python's, without an address.
func (s *tableSet) Repr() string { return "<agate.tableset.TableSet object>" }

func (s *tableSet) structure(rows int) *tableObject {
	out := &tableObject{names: []string{"table", "rows"}, types: []string{"Text", "Text"}, print: s.print}
	for i, t := range s.tables[:min(rows, len(s.tables))] {
		n := 0
		if one, ok := t.(*tableObject); ok {
			n = len(one.rows)
		}
		out.rows = append(out.rows, &sequence{kind: "Row", values: []template.Value{asText(s.keys[i]), fmt.Sprint(n)}, keys: out.names})
	}
	return out
}

// asText casts a value to agate's Text.
func asText(v template.Value) template.Value {
	if s, ok := v.(string); v == nil || ok && isNullText(s) {
		return nil
	}
	return template.Str(v)
}

// Attr returns an attribute or a method; those of a table give a set of what each table gives.
func (s *tableSet) Attr(name string) (template.Value, bool) {
	switch name {
	case "key_name":
		return s.keyName, true
	case "key_type":
		return dataType(s.keyType), true
	case "column_names", "column_types":
		return s.sample().Attr(name)
	case "keys":
		return bind(name, answers(func() template.Value { return template.Tuple(slices.Clone(s.keys)) }))
	case "values":
		return bind(name, answers(func() template.Value { return template.Tuple(slices.Clone(s.tables)) }))
	case "items":
		return bind(name, answers(func() template.Value {
			out := make(template.Tuple, len(s.keys))
			for i, k := range s.keys {
				out[i] = template.Tuple{k, s.tables[i]}
			}
			return out
		}))
	case "dict":
		return bind(name, func(*template.Call) (template.Value, error) {
			d := template.NewDict()
			for i, k := range s.keys {
				if err := d.Set(k, s.tables[i]); err != nil {
					return nil, err
				}
			}
			return d, nil
		})
	case "get":
		return bind(name, getFrom(func(key string) (template.Value, bool) {
			v, ok, _ := s.Index(key)
			return v, ok
		}))
	case "merge":
		return bind(name, s.merge)
	case "print_structure":
		return bind(name, func(c *template.Call) (template.Value, error) {
			rows := template.Value(int64(20))
			if err := c.Unpack(name, "max_rows?", &rows); err != nil {
				return nil, err
			}
			t := s.structure(limitOr(rows, len(s.tables)))
			t.say(t.text(printed{columns: int64(6), rows: int64(20)}))
			return nil, nil
		})
	case "bins", "denormalize", "distinct", "exclude", "find", "group_by", "homogenize", "join", "limit", "normalize",
		"order_by", "pivot", "select", "where":
		return bind(name, func(c *template.Call) (template.Value, error) { return s.each(c, name) })
	}
	return nil, false
}

// each calls a method of every table.
func (s *tableSet) each(c *template.Call, name string) (template.Value, error) {
	out := &tableSet{keys: s.keys, keyName: s.keyName, keyType: s.keyType, print: s.print}
	for _, t := range s.tables {
		object, _ := t.(template.Object)
		m, ok := object.Attr(name)
		fn, callable := m.(template.Callable)
		if !ok || !callable {
			return nil, fmt.Errorf("a table has no method %s", name)
		}
		v, err := fn.Call(c)
		if err != nil {
			return nil, err
		}
		out.tables = append(out.tables, v)
	}
	return out, nil
}

// merge is the tables as one, with the key as the first column.
func (s *tableSet) merge(c *template.Call) (template.Value, error) {
	var groups, name, kind template.Value
	if err := c.Unpack("merge", "groups?", &groups, "group_name?", &name, "group_type?", &kind); err != nil {
		return nil, err
	}
	keys := s.keys
	if list, ok := groups.(*template.List); ok {
		if keys = list.Elems; len(keys) != len(s.tables) {
			return nil, template.ValueErrorf("Groups length must be equal to TableSet length.")
		}
	} else if groups != nil {
		return nil, template.ValueErrorf("Groups must be None or a list.")
	}
	sample, first, firstType := s.sample(), s.keyName, s.keyType
	if template.Truth(name) {
		first = template.Str(name)
	}
	if k, ok := kind.(dataType); ok {
		firstType = string(k)
	}
	out := &tableObject{names: told(append([]string{first}, sample.names...)), types: append([]string{firstType}, sample.types...), print: s.print}
	for i, t := range s.tables {
		one, ok := t.(*tableObject)
		if !ok {
			return nil, errors.New("merge() takes a set of tables, not of sets")
		}
		for _, row := range one.rows {
			out.add(append([]template.Value{keys[i]}, row.values...))
		}
	}
	return out, nil
}

// told tells columns of one name apart, as agate does for a table that it makes: a, a_2, a_3.
func told(names []string) []string {
	out := make([]string, 0, len(names))
	for _, name := range names {
		out = append(out, uniqueName(name, out))
	}
	return out
}

// add adds a row.
func (t *tableObject) add(values []template.Value) {
	t.rows = append(t.rows, &sequence{kind: "Row", values: values, keys: t.names})
}

// rowKeys are the values of a key for each row: of a column, of several as tuples, of a function.
func (t *tableObject) rowKeys(c *template.Call, key template.Value) ([]template.Value, error) {
	out := make([]template.Value, len(t.rows))
	if fn, ok := key.(template.Callable); ok {
		for i, row := range t.rows {
			v, err := fn.Call(&template.Call{Args: []template.Value{row}, Place: c.Place, Thread: c.Thread})
			if err != nil {
				return nil, err
			}
			out[i] = v
		}
		return out, nil
	}
	cols, err := t.positions(key)
	if err != nil {
		return nil, err
	}
	for i, row := range t.rows {
		if !isSequence(key) {
			out[i] = row.values[cols[0]]
			continue
		}
		tuple := make(template.Tuple, len(cols))
		for n, at := range cols {
			tuple[n] = row.values[at]
		}
		out[i] = tuple
	}
	return out, nil
}

func isSequence(v template.Value) bool {
	switch v.(type) {
	case *template.List, template.Tuple:
		return true
	}
	return false
}

// groups are the numbers of rows by a key, in the order in which the keys come first.
type groups struct {
	keys  []template.Value
	rows  [][]int
	index *template.Dict
}

func groupsOf(keys []template.Value) (*groups, error) {
	g := &groups{index: template.NewDict()}
	for i, key := range keys {
		at, ok := g.index.Get(key)
		if !ok {
			at = int64(len(g.keys))
			if err := g.index.Set(key, at); err != nil {
				return nil, err
			}
			g.keys, g.rows = append(g.keys, key), append(g.rows, nil)
		}
		n, _ := at.(int64)
		g.rows[n] = append(g.rows[n], i)
	}
	return g, nil
}

// find returns the rows of a key.
func (g *groups) find(key template.Value) []int {
	at, ok := g.index.Get(key)
	if n, isInt := at.(int64); ok && isInt {
		return g.rows[n]
	}
	return nil
}

func (t *tableObject) groupBy(c *template.Call) (template.Value, error) {
	var key, name, kind template.Value
	if err := c.Unpack("group_by", "key", &key, "key_name?", &name, "key_type?", &kind); err != nil {
		return nil, err
	}
	return t.grouped(c, key, name)
}

func (t *tableObject) grouped(c *template.Call, key, name template.Value) (*tableSet, error) {
	out := &tableSet{keyName: "group", keyType: "Text", print: t.print}
	keys, err := t.rowKeys(c, key)
	if err != nil {
		return nil, err
	}
	if _, ok := key.(template.Callable); ok {
		for i, k := range keys {
			keys[i] = asText(k)
		}
	} else {
		cols, err := t.positions(key)
		if err != nil {
			return nil, err
		}
		out.keyName, out.keyType = t.names[cols[0]], t.types[cols[0]]
	}
	if template.Truth(name) {
		out.keyName = template.Str(name)
	}
	g, err := groupsOf(keys)
	if err != nil {
		return nil, err
	}
	out.keys = g.keys
	for _, rows := range g.rows {
		part := t.withRows(nil)
		for _, i := range rows {
			part.rows = append(part.rows, t.rows[i])
		}
		out.tables = append(out.tables, part)
	}
	return out, nil
}

// pivot counts rows by keys, and by the values of one more column, each of which becomes a column.
func (t *tableObject) pivot(c *template.Call) (template.Value, error) {
	var key, by, aggregation, computation, fallback, name template.Value
	fallback = &decimalValue{new(big.Int), 0}
	if err := unpackOrNone(c, "pivot", "key?", &key, "pivot?", &by, "aggregation?", &aggregation, "computation?", &computation,
		"default_value?", &fallback, "key_name?", &name); err != nil {
		return nil, err
	}
	if aggregation != nil || computation != nil {
		return nil, errors.New("pivot() counts rows: a template has no other aggregation")
	}
	return t.counted(c, key, by, fallback, name)
}

const countName = "Count"

func (t *tableObject) counted(c *template.Call, key, by, fallback, name template.Value) (*tableObject, error) {
	var keys []template.Value
	switch {
	case isSequence(key) && name != nil:
		return nil, template.ValueErrorf("key_name is not a valid argument when key is a sequence.")
	case isSequence(key):
		keys, _ = template.Iterate(key)
	case key != nil:
		keys = []template.Value{key}
	}
	names := len(keys)
	if by != nil {
		keys = append(slices.Clone(keys), by)
	}
	if len(keys) == 0 {
		return nil, errors.New("pivot() takes a key, a column to pivot by, or both")
	}
	out := &tableObject{print: t.print}
	if err := t.count(c, keys, name, nil, out); err != nil {
		return nil, err
	}
	out.names, out.types = append(out.names, countName), append(out.types, "Number")
	for _, row := range out.rows {
		row.keys = out.names
	}
	if by == nil {
		return out, nil
	}
	return out.widened(out.names[:names], names, names+1, fallback, "Number")
}

// count adds a row for each group of keys with the number of its rows.
func (t *tableObject) count(c *template.Call, keys []template.Value, name template.Value, before []template.Value, out *tableObject) error {
	set, err := t.grouped(c, keys[0], name)
	if err != nil {
		return err
	}
	if len(out.names) == len(before) {
		out.names, out.types = append(out.names, set.keyName), append(out.types, set.keyType)
	}
	for i, one := range set.tables {
		part, _ := one.(*tableObject)
		values := append(slices.Clone(before), set.keys[i])
		if len(keys) > 1 {
			if err := part.count(c, keys[1:], nil, values, out); err != nil {
				return err
			}
			continue
		}
		out.add(append(values, &decimalValue{big.NewInt(int64(len(part.rows))), 0}))
	}
	return nil
}

// bins counts the values of a column of numbers in ranges of one width.
func (t *tableObject) bins(c *template.Call) (template.Value, error) {
	var column, start, end template.Value
	count := int64(10)
	if err := c.Unpack("bins", "column_name", &column, "count?", &count, "start?", &start, "end?", &end); err != nil {
		return nil, err
	}
	at, err := t.position(column)
	if err != nil {
		return nil, fmt.Errorf("bins(): %w", err)
	}
	var numbers []*big.Rat
	for _, row := range t.rows {
		switch v := row.values[at].(type) {
		case nil:
		case *decimalValue:
			numbers = append(numbers, v.rat())
		default:
			return nil, fmt.Errorf("bins() takes a column of decimals, not of %s: cast it in the query", template.TypeName(v))
		}
	}
	if len(numbers) == 0 || count < 1 {
		return nil, errors.New("bins() takes a column that has values, and a number of bins")
	}
	low, high := slices.MinFunc(numbers, (*big.Rat).Cmp), slices.MaxFunc(numbers, (*big.Rat).Cmp)
	low, high = roundLimits(low, high)
	breaks, err := binBreaks(low, high, start, end, int(count))
	if err != nil {
		return nil, err
	}
	names := binNames(breaks, low, high)
	name := template.NewFunc("binner", func(c *template.Call) (template.Value, error) {
		row, _ := c.Args[0].(*sequence)
		d, ok := row.values[at].(*decimalValue)
		if !ok {
			return nil, nil
		}
		i := 1
		for i < len(breaks)-1 && d.rat().Cmp(breaks[i]) >= 0 {
			i++
		}
		return names[i-1], nil
	})
	out, err := t.counted(c, name, nil, nil, t.names[at])
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(out.rows, func(a, b *sequence) int {
		place := func(s *sequence) int {
			if i := slices.Index(names, stringOrEmpty(s.values[0])); i >= 0 {
				return i
			}
			return len(names) // no value
		}
		return place(a) - place(b)
	})
	return out, nil
}

// binBreaks are the ends of bins.
func binBreaks(low, high *big.Rat, start, end template.Value, count int) ([]*big.Rat, error) {
	from, to := low, high
	for _, given := range []struct {
		v  template.Value
		at **big.Rat
	}{{start, &from}, {end, &to}} {
		if !template.Truth(given.v) {
			continue
		}
		r, ok := new(big.Rat).SetString(template.Str(given.v))
		if !ok {
			return nil, fmt.Errorf("bins() takes numbers for start and end, not %s", template.Repr(given.v))
		}
		*given.at = r
	}
	size := new(big.Rat).Sub(to, from)
	size.Abs(size).Quo(size, big.NewRat(int64(count), 1))
	breaks := []*big.Rat{from}
	for i := 1; i <= count; i++ {
		breaks = append(breaks, new(big.Rat).Add(from, new(big.Rat).Mul(size, big.NewRat(int64(i), 1))))
	}
	return breaks, nil
}

// binNames are the names of bins, by the digits that their ends need.
func binNames(breaks []*big.Rat, low, high *big.Rat) []string {
	places, whole := 0, 1
	for _, b := range breaks {
		n, exact := b.FloatPrec()
		if !exact {
			n = decimalPrecision
		}
		places, whole = max(places, n), max(whole, len(new(big.Int).Quo(new(big.Int).Abs(b.Num()), b.Denom()).String()))
	}
	places = min(places, decimalPrecision-whole)
	number := func(r *big.Rat) string { return grouped3(r, places) }
	var names []string
	for i := 1; i < len(breaks); i++ {
		from, to, close := breaks[i-1], breaks[i], ")"
		if i == 1 && low.Cmp(breaks[0]) < 0 {
			from = low
		}
		if i == len(breaks)-1 {
			close = "]"
			if high.Cmp(to) > 0 && !(i == 1 && from == low) {
				to = high
			}
		}
		names = append(names, "["+number(from)+" - "+number(to)+close)
	}
	return names
}

// grouped3 is a number with commas and so many digits behind the point.
func grouped3(r *big.Rat, places int) string {
	digits := roundHalfEven(new(big.Rat).Mul(r, new(big.Rat).SetInt(pow10(places))))
	whole, fraction, _ := strings.Cut((&decimalValue{new(big.Int).Abs(digits), places}).fixed(), ".")
	for at := len(whole) - 3; at > 0; at -= 3 {
		whole = whole[:at] + "," + whole[at:]
	}
	if digits.Sign() < 0 {
		whole = "-" + whole
	}
	if fraction != "" {
		whole += "." + fraction
	}
	return whole
}

// roundLimits rounds the ends of a range outward to their first digit.
func roundLimits(low, high *big.Rat) (*big.Rat, *big.Rat) {
	digits := func(r *big.Rat) int { // of the whole part
		n := new(big.Int).Quo(new(big.Int).Abs(r.Num()), r.Denom())
		if n.Sign() == 0 {
			return 0
		}
		return len(n.String())
	}
	unit := new(big.Rat)
	if n := max(digits(low), digits(high)); n > 0 {
		unit.SetInt(pow10(n - 1))
	} else {
		places := func(r *big.Rat) int { n, _ := r.FloatPrec(); return n }
		unit.SetFrac(big.NewInt(1), pow10(max(min(places(low), places(high))-1, 0)))
	}
	floor := func(r *big.Rat) *big.Rat {
		q := new(big.Rat).Quo(r, unit)
		n := new(big.Int).Div(q.Num(), q.Denom()) // Euclidean: rounds down
		return new(big.Rat).Mul(new(big.Rat).SetInt(n), unit)
	}
	up := floor(new(big.Rat).Neg(high))
	return floor(low), up.Neg(up)
}
