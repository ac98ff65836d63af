package template_test

import (
	"context"
	"math"
	"math/big"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"elt/compiler/diag"
	"elt/compiler/template"
)

func TestUnpack(t *testing.T) {
	t.Parallel()
	kw := func(name string, v template.Value) template.Kwarg { return template.Kwarg{Name: name, Value: v} }
	vals := func(vs ...template.Value) []template.Value { return vs }
	for name, c := range map[string]struct {
		args   []template.Value
		kwargs []template.Kwarg
		want   string // an error, or what was stored
	}{
		"positional":          {args: vals("x", int64(2)), want: "x 2 true [] {}"},
		"by name":             {kwargs: []template.Kwarg{kw("n", int64(3)), kw("s", "y")}, want: "y 3 true [] {}"},
		"default":             {args: vals("x"), want: "x 7 true [] {}"},
		"none for an option":  {args: vals("x", nil), want: "x 7 true [] {}"},
		"further arguments":   {args: vals("x", int64(1), "a", "b"), want: "x 1 true ['a', 'b'] {}"},
		"keyword only":        {args: vals("x"), kwargs: []template.Kwarg{kw("flag", false)}, want: "x 7 false [] {}"},
		"further keywords":    {args: vals("x"), kwargs: []template.Kwarg{kw("z", int64(1))}, want: "x 7 true [] {'z': 1}"},
		"missing":             {want: "f() missing 1 required positional argument: 's'"},
		"given twice":         {args: vals("x"), kwargs: []template.Kwarg{kw("s", "y")}, want: "f() got multiple values for argument 's'"},
		"wrong type":          {args: vals(int64(1)), want: "f() argument 's' must be str, not int"},
		"wrong optional type": {args: vals("x", "y"), want: "f() argument 'n' must be int, not str"},
		"undefined":           {args: vals(template.NewUndefined("u", "", diag.Place{})), want: "'u' is undefined"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, n, flag := "", int64(7), true
			var rest []template.Value
			var more *template.Dict
			call := &template.Call{Args: c.args, Kwargs: c.kwargs}
			err := call.Unpack("f", "s", &s, "n?", &n, "*args", &rest, "flag?", &flag, "**kwargs", &more)
			got := ""
			if err != nil {
				got = err.Error()
			} else {
				got = strings.Join([]string{s, template.Str(n), map[bool]string{true: "true", false: "false"}[flag],
					template.Repr(template.NewList(rest...)), template.Repr(more)}, " ")
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestUnpackCounts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args int
		kw   string
		want string
	}{
		{0, "", "f() missing 2 required positional arguments: 'a' and 'b'"},
		{3, "", "<nil>"},
		{4, "", "f() takes from 2 to 3 positional arguments but 4 were given"},
		{2, "z", "f() got an unexpected keyword argument 'z'"},
	} {
		call := &template.Call{Args: make([]template.Value, c.args)}
		if c.kw != "" {
			call.Kwargs = []template.Kwarg{{Name: c.kw}}
		}
		var a, b, d template.Value
		err := call.Unpack("f", "a", &a, "b", &b, "d?", &d)
		got := "<nil>"
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%d arguments: got %q, want %q", c.args, got, c.want)
		}
	}
}

func TestDictKeys(t *testing.T) {
	t.Parallel()
	d := template.NewDict(template.Item{Key: int64(1), Value: "int"})
	for _, key := range []template.Value{1.0, true} {
		if v, ok := d.Get(key); !ok || v != "int" {
			t.Errorf("%v is not the key 1", key)
		}
	}
	for _, key := range []template.Value{"1", 1.5, nil, false, int64(0), template.Tuple{int64(1)}} {
		if _, ok := d.Get(key); ok {
			t.Errorf("%v is the key 1", key)
		}
	}
	if err := d.Set(template.NewList(), 1); err == nil || err.Error() != "unhashable type: 'list'" {
		t.Errorf("a list as a key: %v", err)
	}
	huge := new(big.Int).Lsh(big.NewInt(1), 70)
	_ = d.Set(huge, "big")
	if v, _ := d.Get(math.Pow(2, 70)); v != "big" {
		t.Error("2.0**70 is not the key 2**70")
	}
	_ = d.Set(template.Tuple{"a", int64(1)}, "tuple")
	if v, _ := d.Get(template.Tuple{"a", 1.0}); v != "tuple" {
		t.Error("equal tuples are two keys")
	}
}

// TestDictAgainstMap changes a dict and a simple model of one alike, through sizes at
// which the dict has an index and has none.
func TestDictAgainstMap(t *testing.T) {
	t.Parallel()
	d := template.NewDict()
	var order []string
	model := map[string]int64{}
	for i := range 400 {
		key := string(rune('a' + (i*i+i/3)%23))
		if i%3 == 2 {
			_, had := model[key]
			if d.Delete(key) != had {
				t.Fatalf("step %d: delete of %q", i, key)
			}
			delete(model, key)
			order = without(order, key)
		} else {
			if _, had := model[key]; !had {
				order = append(order, key)
			}
			model[key] = int64(i)
			_ = d.Set(key, int64(i))
		}
		var keys []string
		for _, it := range d.Items() {
			keys = append(keys, it.Key.(string))
			if v, ok := d.Get(it.Key); !ok || v != model[it.Key.(string)] || it.Value != v {
				t.Fatalf("step %d: %v is %v", i, it.Key, v)
			}
		}
		if diff := cmp.Diff(order, keys); diff != "" || d.Len() != len(model) {
			t.Fatalf("step %d: keys (-want +got)\n%s", i, diff)
		}
	}
}

func without(list []string, drop string) []string {
	var out []string
	for _, s := range list {
		if s != drop {
			out = append(out, s)
		}
	}
	return out
}

func TestJSON(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`{"b": [1, 2.5, null, true, "\u00e9\n"], "a": {}}`, `[]`, `"x"`, `1e+20`,
		`123456789012345678901234567890`, `-0.0`} {
		v, err := template.FromJSON(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := template.ToJSON(v, false); err != nil || got != text {
			t.Errorf("got %s %v, want %s", got, err, text)
		}
	}
	v, _ := template.FromJSON(`{"b": 1, "a": [1, {}]}`)
	if got, _ := template.ToJSON(v, true); got != `{"a": [1, {}], "b": 1}` {
		t.Errorf("sorted: %s", got)
	}
	if got, _ := template.ToJSONIndent(v, false, "  "); got != "{\n  \"b\": 1,\n  \"a\": [\n    1,\n    {}\n  ]\n}" {
		t.Errorf("indented: %s", got)
	}
	for _, bad := range []string{"", "{", "[1,]", "{'a': 1}", "1 2", "nul"} {
		if v, err := template.FromJSON(bad); err == nil {
			t.Errorf("%q reads as %v", bad, v)
		}
	}
	loop := template.NewList()
	loop.Elems = append(loop.Elems, loop)
	if _, err := template.ToJSON(loop, false); err == nil {
		t.Error("a list that holds itself is written")
	}
}

func TestGoValues(t *testing.T) {
	t.Parallel()
	in := map[string]any{"i": 1, "u": uint64(math.MaxUint64), "f": float32(0.5), "s": []string{"a"}, "m": map[string]int{"z": 1, "a": 2}, "n": nil}
	v := template.FromGo(in)
	want := "{'f': 0.5, 'i': 1, 'm': {'a': 2, 'z': 1}, 'n': None, 's': ['a'], 'u': 18446744073709551615}"
	if got := template.Repr(v); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	out := template.ToGo(v).(map[string]any)
	if out["i"] != int64(1) || out["s"].([]any)[0] != "a" || out["u"].(*big.Int).String() != "18446744073709551615" {
		t.Errorf("back to Go: %v", out)
	}
}

func TestSelfReference(t *testing.T) {
	t.Parallel()
	got, err := render("{% set l = [1] %}{% do l.append(l) %}{{ l }}{% set d = {} %}{% do d.update({'d': d}) %}{{ d }}{{ l == l }}", nil)
	if want := "[1, [...]]{'d': {...}}True"; err != nil || got != want {
		t.Errorf("got %q %v, want %q", got, err, want)
	}
}

// money is an object with all the behaviour that templates can ask for.
type money struct{ cents int64 }

func (m money) TypeName() string { return "Money" }
func (m money) Str() string      { return "$" + template.Str(float64(m.cents)/100) }
func (m money) Attr(name string) (template.Value, bool) {
	return m.cents, name == "cents"
}
func (m money) HashKey() string                     { return template.Str(m.cents) }
func (m money) Equal(o template.Value) bool         { n, ok := o.(money); return ok && n == m }
func (m money) Truth() bool                         { return m.cents != 0 }
func (m money) Format(s string) (string, error)     { return "<" + s + ">", nil }
func (m money) Round(n int) (template.Value, error) { return money{m.cents / 100 * 100}, nil }
func (m money) Compare(o template.Value) (int, bool) {
	n, ok := o.(money)
	return int(m.cents - n.cents), ok
}
func (m money) BinaryOp(op string, o template.Value, reflected bool) (template.Value, bool, error) {
	n, ok := o.(int64)
	if op != "+" && op != "-" || !ok {
		return nil, false, nil
	}
	if op == "-" && reflected {
		return money{n*100 - m.cents}, true, nil
	}
	return money{m.cents + n*100}, true, nil
}

func TestObjects(t *testing.T) {
	t.Parallel()
	scope := template.MapScope{"m": money{150}, "z": money{0}}
	for text, want := range map[string]string{
		"{{ m }} {{ [m] }} {{ m.cents }} {{ m['cents'] }} {{ m.x }}|": "$1.5 [$1.5] 150 150 |",
		"{{ m + 1 }} {{ 1 + m }} {{ 2 - m }}":                         "$2.5 $2.5 $0.5",
		"{{ m == m }} {{ m == 1 }} {{ m > z }} {{ m <= z }}":          "True False True False",
		"{{ 'y' if z else 'n' }} {{ {m: 1}[m] }} {{ m in [m] }}":      "n 1 True",
		"{{ [m, z]|sort }} {{ [m, z]|max }} {{ m|round }}":            "[$0.0, $1.5] $1.5 $1.0",
		"{{ '{:abc}'.format(m) }} {{ '%s' % m }} {{ m ~ '!' }}":       "<abc> $1.5 $1.5!",
	} {
		if got, err := render(text, scope); err != nil || got != want {
			t.Errorf("%s: got %q %v, want %q", text, got, err, want)
		}
	}
	if _, err := render("{{ m * 2 }}", scope); err == nil || !strings.HasSuffix(err.Error(), `"*" does not go with a Money and an integer`) {
		t.Errorf("m * 2: %v", err)
	}
}

func TestConcurrentRendering(t *testing.T) {
	t.Parallel()
	tpl := parse(t, loopModel)
	want, err := tpl.Render(template.NewThread(context.Background()), benchScope())
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if _, err := template.Parse(diag.NewSource("m.sql", loopModel)); err != nil {
					t.Error(err)
				}
				out, err := tpl.Render(template.NewThread(context.Background()), benchScope())
				if err != nil || out.Text != want.Text {
					t.Errorf("got %q %v", out.Text, err)
				}
			}
		})
	}
	wg.Wait()
}
