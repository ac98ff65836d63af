package template

// testFunc is a Jinja test: v is what stands before "is".
type testFunc func(f *frame, v Value, c *Call) (bool, error)

// tests are Jinja's tests. The map is filled once, before any template is parsed.
var tests map[string]testFunc

func init() {
	tests = map[string]testFunc{
		"boolean":   test0(func(v Value) bool { _, ok := v.(bool); return ok }),
		"callable":  test0(isCallable),
		"defined":   test0(func(v Value) bool { _, ok := v.(*Undefined); return !ok }),
		"escaped":   test0(func(Value) bool { return false }),
		"false":     test0(func(v Value) bool { return v == false }),
		"filter":    testKnown(func(s string) bool { return filters[s] != nil }),
		"float":     test0(func(v Value) bool { _, ok := v.(float64); return ok }),
		"integer":   test0(func(v Value) bool { _, b := v.(bool); return isInt(v) && !b }),
		"iterable":  test0(isIterable),
		"lower":     test0(func(v Value) bool { return isLower(Str(v)) }),
		"mapping":   test0(func(v Value) bool { _, ok := asDict(v); return ok }),
		"none":      test0(func(v Value) bool { return v == nil }),
		"number":    test0(func(v Value) bool { _, ok := v.(Floater); return ok || isNumber(v) }),
		"sequence":  test0(isSequence),
		"string":    test0(isString),
		"test":      testKnown(func(s string) bool { return tests[s] != nil }),
		"true":      test0(func(v Value) bool { return v == true }),
		"undefined": test0(func(v Value) bool { _, ok := v.(*Undefined); return ok }),
		"upper":     test0(func(v Value) bool { return isUpper(Str(v)) }),

		"divisibleby": testDivisible,
		"even":        testParity(0),
		"odd":         testParity(1),
		"in":          testWith("seq", func(a, b Value) (bool, error) { return contains(b, a) }),
		"sameas": testWith("other", func(a, b Value) (bool, error) {
			return same(a, b), nil
		}),
	}
	for op, names := range map[string][]string{
		"==": {"==", "eq", "equalto"}, "!=": {"!=", "ne"}, ">": {">", "gt", "greaterthan"},
		">=": {">=", "ge"}, "<": {"<", "lt", "lessthan"}, "<=": {"<=", "le"},
	} {
		for _, name := range names {
			tests[name] = testWith("other", func(a, b Value) (bool, error) { return comparison2(op, a, b) })
		}
	}
}

func testNames() []string { return sortedNames(tests) }

func test0(is func(Value) bool) testFunc {
	return func(_ *frame, v Value, c *Call) (bool, error) { return is(v), c.Unpack("test") }
}

func testKnown(known func(string) bool) testFunc {
	return func(_ *frame, v Value, c *Call) (bool, error) {
		if _, err := hashKey(v); err != nil {
			return false, err
		}
		s, ok := v.(string)
		return ok && known(s), c.Unpack("test")
	}
}

func testWith(param string, is func(a, b Value) (bool, error)) testFunc {
	return func(_ *frame, v Value, c *Call) (bool, error) {
		var other Value
		if err := c.Unpack("test", param, &other); err != nil {
			return false, err
		}
		return is(v, other)
	}
}

func testDivisible(_ *frame, v Value, c *Call) (bool, error) {
	var by Value
	if err := c.Unpack("test_divisibleby", "num", &by); err != nil {
		return false, err
	}
	m, err := binary("%", v, by)
	return err == nil && Equal(m, int64(0)), err
}

func testParity(want int64) testFunc {
	return func(_ *frame, v Value, c *Call) (bool, error) {
		if err := c.Unpack("test"); err != nil {
			return false, err
		}
		m, err := binary("%", v, int64(2))
		return err == nil && Equal(m, want), err
	}
}

func isString(v Value) bool {
	switch v.(type) {
	case string, *nativeMark:
		return true
	}
	return false
}

func isCallable(v Value) bool {
	switch v.(type) {
	case Callable, *Undefined:
		return true
	}
	return false
}

func isIterable(v Value) bool {
	switch v.(type) {
	case string, *List, Tuple, *Dict, *Set, *Undefined, Iterable, *loopContext:
		return true
	}
	return false
}

// isSequence reports whether v has a length and items.
func isSequence(v Value) bool {
	switch v.(type) {
	case string, *List, Tuple, *Dict, *Undefined:
		return true
	case *Set, *dictView, *generator, *loopContext:
		return false
	}
	_, indexed := v.(Indexer)
	_, sized := v.(Lener)
	return indexed && sized
}
