package dbtcontext

import (
	"slices"

	"elt/compiler/diag"
	"elt/compiler/template"
)

// maxCombinations bounds how many rows product() and its like may make, and maxCombined how
// many elements these hold together.
const (
	maxCombinations = 1 << 20
	maxCombined     = 1 << 23
)

// itertoolsModule is modules.itertools. Its functions read all of their arguments and
// answer with iterators; those of Python that never end are not there.
type itertoolsModule struct{}

// TypeName is the Python type name.
func (itertoolsModule) TypeName() string { return "dict" }

// Attr returns what the module exports.
func (itertoolsModule) Attr(name string) (template.Value, bool) {
	if name == "count" || name == "cycle" {
		return bind("itertools."+name, func(c *template.Call) (template.Value, error) {
			return nil, diag.New(diag.Unsupported, c.Place, "itertools.%s() never ends, which elt does not run", name).
				WithHint("loop over range(n) instead")
		})
	}
	fn := itertoolsFunction(name)
	if fn == nil {
		return nil, false
	}
	return bind("itertools."+name, func(c *template.Call) (template.Value, error) {
		v, err := fn(c)
		if list, ok := v.(*template.List); ok && err == nil {
			return template.NewIterator("itertools."+name, list.Elems), nil
		}
		return v, err
	})
}

func itertoolsFunction(name string) method {
	switch name {
	case "chain":
		return func(c *template.Call) (template.Value, error) {
			lists, err := iterables(c.Args)
			return template.NewList(slices.Concat(lists...)...), err
		}
	case "product":
		return itProduct
	case "permutations", "combinations", "combinations_with_replacement":
		return func(c *template.Call) (template.Value, error) { return itChoose(c, name) }
	case "accumulate":
		return itAccumulate
	case "zip_longest":
		return itZipLongest
	case "repeat":
		return itRepeat
	case "islice":
		return itSlice
	case "compress":
		return itCompress
	case "starmap":
		return itStarmap
	case "tee":
		return itTee
	}
	return nil
}

func iterables(args []template.Value) ([][]template.Value, error) {
	out := make([][]template.Value, len(args))
	for i, v := range args {
		elems, err := template.Iterate(v)
		if err != nil {
			return nil, err
		}
		out[i] = elems
	}
	return out, nil
}

func tooMany() error { return template.ValueErrorf("more than %d combinations", maxCombinations) }

func itProduct(c *template.Call) (template.Value, error) {
	lists, err := iterables(c.Args)
	if err != nil {
		return nil, err
	}
	times := 1
	for _, kw := range c.Kwargs {
		if kw.Name != "repeat" {
			return nil, template.TypeErrorf("product() got an unexpected keyword argument %q", kw.Name)
		}
		if times = limitOr(kw.Value, 1); times < 0 {
			return nil, template.ValueErrorf("repeat argument cannot be negative")
		}
	}
	if times > 1 && len(lists) > 0 && times*len(lists) > 64 {
		return nil, tooMany()
	}
	all := slices.Repeat(lists, max(times, 0))
	rows := []template.Tuple{{}}
	for _, list := range all {
		if len(rows)*len(list) > maxCombinations {
			return nil, tooMany()
		}
		var next []template.Tuple
		for _, row := range rows {
			for _, v := range list {
				next = append(next, append(slices.Clone(row), v))
			}
		}
		rows = next
	}
	return listOf(rows), nil
}

// itChoose is permutations, combinations and combinations_with_replacement.
func itChoose(c *template.Call, name string) (template.Value, error) {
	var v, n template.Value
	if err := c.Unpack(name, "iterable", &v, "r?", &n); err != nil {
		return nil, err
	}
	pool, err := template.Iterate(v)
	if err != nil {
		return nil, err
	}
	size := len(pool)
	if _, ok := n.(int64); !ok && (n != nil || name != "permutations") {
		return nil, template.TypeErrorf("'%s' object cannot be interpreted as an integer", template.TypeName(n))
	}
	size = limitOr(n, size)
	switch {
	case size < 0:
		return nil, template.ValueErrorf("r must be non-negative")
	case size > len(pool) && (name != "combinations_with_replacement" || len(pool) == 0):
		return template.NewList(), nil
	case size > maxCombinations:
		return nil, tooMany()
	}
	var out []template.Tuple
	var pick func(taken []int) bool
	pick = func(taken []int) bool {
		if len(taken) == size {
			row := make(template.Tuple, size)
			for i, at := range taken {
				row[i] = pool[at]
			}
			out = append(out, row)
			return len(out) <= maxCombinations && len(out)*size <= maxCombined
		}
		start := 0
		if name != "permutations" && len(taken) > 0 {
			start = taken[len(taken)-1]
		}
		for i := start; i < len(pool); i++ {
			if name != "combinations_with_replacement" && slices.Contains(taken, i) {
				continue
			}
			if !pick(append(taken, i)) {
				return false
			}
		}
		return true
	}
	if !pick(make([]int, 0, size)) {
		return nil, tooMany()
	}
	return listOf(out), nil
}

func itAccumulate(c *template.Call) (template.Value, error) {
	var v, fn, initial template.Value
	if err := c.Unpack("accumulate", "iterable", &v, "func?", &fn, "initial?", &initial); err != nil {
		return nil, err
	}
	elems, err := template.Iterate(v)
	if err != nil {
		return nil, err
	}
	if initial != nil {
		elems = append([]template.Value{initial}, elems...)
	}
	out := template.NewList()
	for i, e := range elems {
		if i > 0 {
			if e, err = combineTwo(c, fn, out.Elems[i-1], e); err != nil {
				return nil, err
			}
		}
		out.Elems = append(out.Elems, e)
	}
	return out, nil
}

func combineTwo(c *template.Call, fn, a, b template.Value) (template.Value, error) {
	if fn == nil {
		return template.Add(a, b)
	}
	f, ok := fn.(template.Callable)
	if !ok {
		return nil, template.TypeErrorf("'%s' object is not callable", template.TypeName(fn))
	}
	return f.Call(&template.Call{Args: []template.Value{a, b}, Place: c.Place, Thread: c.Thread})
}

func itZipLongest(c *template.Call) (template.Value, error) {
	lists, err := iterables(c.Args)
	if err != nil {
		return nil, err
	}
	var fill template.Value
	for _, kw := range c.Kwargs {
		fill = kw.Value
	}
	longest := 0
	for _, l := range lists {
		longest = max(longest, len(l))
	}
	out := template.NewList()
	for i := range longest {
		row := make(template.Tuple, len(lists))
		for n, l := range lists {
			row[n] = fill
			if i < len(l) {
				row[n] = l[i]
			}
		}
		out.Elems = append(out.Elems, row)
	}
	return out, nil
}

func itRepeat(c *template.Call) (template.Value, error) {
	var v, times template.Value
	if err := c.Unpack("repeat", "object", &v, "times?", &times); err != nil {
		return nil, err
	}
	n, ok := times.(int64)
	if !ok {
		return nil, diag.New(diag.Unsupported, c.Place, "itertools.repeat() without times never ends, which elt does not run").
			WithHint("say how often: repeat(x, 3)")
	}
	if n > maxCombinations {
		return nil, tooMany()
	}
	return template.NewList(slices.Repeat([]template.Value{v}, int(max(n, 0)))...), nil
}

func itSlice(c *template.Call) (template.Value, error) {
	if len(c.Args) < 2 || len(c.Args) > 4 {
		return nil, template.TypeErrorf("islice expected 2 to 4 arguments, got %d", len(c.Args))
	}
	elems, err := template.Iterate(c.Args[0])
	if err != nil {
		return nil, err
	}
	for _, bound := range c.Args[1:] {
		if _, ok := bound.(int64); !ok && bound != nil {
			return nil, template.ValueErrorf("indices for islice() must be None or an integer")
		}
	}
	start, stop, step := 0, limitOr(c.Args[1], len(elems)), 1
	if len(c.Args) > 2 {
		start, stop = limitOr(c.Args[1], 0), limitOr(c.Args[2], len(elems))
	}
	if len(c.Args) > 3 {
		step = limitOr(c.Args[3], 1)
	}
	if start < 0 || stop < 0 || step < 1 {
		return nil, template.ValueErrorf("indices for islice() must be non-negative, and its step positive")
	}
	out := template.NewList()
	for i := start; i < min(stop, len(elems)); i += step {
		out.Elems = append(out.Elems, elems[i])
	}
	return out, nil
}

func itCompress(c *template.Call) (template.Value, error) {
	var data, selectors template.Value
	if err := c.Unpack("compress", "data", &data, "selectors", &selectors); err != nil {
		return nil, err
	}
	lists, err := iterables([]template.Value{data, selectors})
	if err != nil {
		return nil, err
	}
	out := template.NewList()
	for i := range min(len(lists[0]), len(lists[1])) {
		if template.Truth(lists[1][i]) {
			out.Elems = append(out.Elems, lists[0][i])
		}
	}
	return out, nil
}

func itStarmap(c *template.Call) (template.Value, error) {
	var fn, rows template.Value
	if err := c.Unpack("starmap", "function", &fn, "iterable", &rows); err != nil {
		return nil, err
	}
	elems, err := template.Iterate(rows)
	if err != nil {
		return nil, err
	}
	f, ok := fn.(template.Callable)
	if !ok && len(elems) > 0 {
		return nil, template.TypeErrorf("'%s' object is not callable", template.TypeName(fn))
	}
	out := template.NewList()
	for _, e := range elems {
		args, err := template.Iterate(e)
		if err != nil {
			return nil, err
		}
		v, err := f.Call(&template.Call{Args: args, Place: c.Place, Thread: c.Thread})
		if err != nil {
			return nil, err
		}
		out.Elems = append(out.Elems, v)
	}
	return out, nil
}

func itTee(c *template.Call) (template.Value, error) {
	var v template.Value
	n := int64(2)
	if err := c.Unpack("tee", "iterable", &v, "n?", &n); err != nil {
		return nil, err
	}
	if n < 0 {
		return nil, template.ValueErrorf("n must be >= 0")
	}
	elems, err := template.Iterate(v)
	if err != nil {
		return nil, err
	}
	out := template.Tuple{}
	for range min(n, 64) {
		out = append(out, template.NewIterator("itertools._tee", elems))
	}
	return out, nil
}
