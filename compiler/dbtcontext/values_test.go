package dbtcontext_test

import (
	"context"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/template"
)

// What Python's decimal makes of these is written beside them.
func TestDecimalAsPython(t *testing.T) {
	t.Parallel()
	p := testProject(t, nil)
	for _, c := range []struct{ text, want string }{
		{"{{ d('3.50') }} {{ [d('3.50')] }} {{ d('0.00') }} {{ d('-12.30') }} {{ d('0.0000001') }}", "3.50 [Decimal('3.50')] 0.00 -12.30 1E-7"},
		{"{{ d('3.50') + 1 }} {{ d('3.50') * 2 }} {{ d('3.50') / 3 }} {{ d('3.50') / d('0.5') }}", "4.50 7.00 1.166666666666666666666666667 7.0"},
		{"{{ d('7') // 2 }} {{ d('7.5') % 2 }} {{ -d('1.0') }} {{ d('1') / d('3') }} {{ d('2.0') ** 2 }}", "3 1.5 -1.0 0.3333333333333333333333333333 4.00"},
		{"{{ d('100') / 3 }} {{ d('10') / 4 }} {{ 2 - d('0.10') }} {{ d('1.5') == 1.5 }} {{ d('3.50') > 3 }}", "33.33333333333333333333333333 2.5 1.90 True True"},
		{"{{ d('-7.5') // 2 }} {{ d('-7.5') % 2 }} {{ d('9999999999999999999999999999') * d('1.5') }}", "-3 -1.5 1.500000000000000000000000000E+28"},
		{"{{ 'zero' if not d('0.00') }} {{ [d('2.1'), 1, d('1.5')] | sort }} {{ [d('1.1'), d('2.2')] | sum }} {{ d('1.50') | int }} {{ d('1.50') | float }}", "zero [1, Decimal('1.5'), Decimal('2.1')] 3.3 1 1.5"},
		{"{{ '{:.1f}'.format(d('2.25')) }} {{ '{:,}'.format(d('1234567.5')) }} {{ '{}'.format(d('1.0')) }} {{ d('1') is number }}", "2.2 1,234,567.5 1.0 True"},
		{"{{ {d('1.0'): 'x'}[d('1.00')] }} {{ d('1.50').normalize() }}", "x 1.5"},
	} {
		got, err := renderWith(p, c.text)
		if err != nil || got != c.want {
			t.Errorf("%s\n got %q, %v\nwant %q", c.text, got, err, c.want)
		}
	}
	for _, text := range []string{"{{ d('1') / 0 }}", "{{ d('1') + 1.5 }}", "{{ d('1') + 'x' }}"} {
		if got, err := renderWith(p, text); err == nil {
			t.Errorf("%s = %q, want an error", text, got)
		}
	}
	if _, ok := dbtcontext.Decimal("1e3"); ok {
		t.Error("1e3 is not a plain decimal")
	}
}

// renderWith renders with the function d, which makes a Decimal of a text.
func renderWith(p *dbtcontext.Project, text string) (string, error) {
	parsed, err := template.Parse(diag.NewSource("m.sql", text))
	if err != nil {
		return "", err
	}
	d := template.NewFunc("d", func(c *template.Call) (template.Value, error) {
		v, _ := dbtcontext.Decimal(c.Args[0].(string))
		return v, nil
	})
	out, err := parsed.Render(template.NewThread(context.Background()), p.Scope(&fakeHost{name: "m"}, "probe").With("d", d))
	return out.Text, err
}

func TestDatetimeMistakesAsPython(t *testing.T) {
	t.Parallel()
	p := testProject(t, nil)
	const dt = "{% set dt = modules.datetime %}"
	for _, c := range []struct{ text, want string }{
		{"{{ dt.datetime(2024, 2, 30) }}", "day is out of range for month"},
		{"{{ dt.datetime(2024, 13, 1) }}", "month must be in 1..12"},
		{"{{ dt.datetime(2024) }}", "function missing required argument 'month' (pos 2)"},
		{"{{ dt.date(1, 1, 1) - dt.timedelta(days=1) }}", "date value out of range"},
		{"{{ dt.datetime.strptime('x', '%Y') }}", "time data 'x' does not match format '%Y'"},
		{"{{ dt.datetime.strptime('20245', '%Y') }}", "unconverted data remains: 5"},
		{"{{ dt.datetime.fromisoformat('2024-1-1') }}", "Invalid isoformat string: '2024-1-1'"},
		{"{{ dt.datetime(2024, 1, 1) < dt.date(2024, 1, 1) }}", "not supported between"},
		{"{{ dt.datetime(2024, 1, 1) - run_started_at }}", "can't subtract offset-naive and offset-aware datetimes"},
		{"{{ dt.timedelta(days=1) / 0 }}", "division"},
		{"{{ dt.timedelta(days=1) + 1 }}", "unsupported operand"},
		{"{{ dt.timedelta(days=1000000000) }}", "must have magnitude"},
		{"{{ dt.timedelta(day=1) }}", "'day' is an invalid keyword argument"},
		{"{{ modules.pytz.utc.localize(run_started_at) }}", "tzinfo is already set"},
		{"{{ dt.timezone(dt.timedelta(days=2)) }}", "strictly between"},
	} {
		got, err := renderWith(p, dt+c.text)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s = %q, %v; want the error %q", c.text, got, err, c.want)
		}
	}
	for text, want := range map[string]string{
		"{{ dt.datetime.now() }} {{ dt.datetime.utcnow().hour }} {{ dt.date.today() }}":                         "2024-02-29 13:04:05.000678 13 2024-02-29",
		"{{ dt.datetime.now(modules.pytz.utc) }}":                                                               "2024-02-29 13:04:05.000678+00:00",
		"{{ [dt.timezone.utc] }} {{ dt.timezone(dt.timedelta(hours=2)) }}":                                      "[datetime.timezone.utc] UTC+02:00",
		"{{ '{:%d.%m.%Y}'.format(dt.date(2024, 1, 2)) }} {{ dt.datetime(2024, 1, 2, tzinfo=dt.timezone.utc) }}": "02.01.2024 2024-01-02 00:00:00+00:00",
		"{{ dt.datetime is callable }} {{ dt.date(2024, 1, 2) in [dt.date(2024, 1, 2)] }}":                      "True True",
	} {
		if got, err := renderWith(p, dt+text); err != nil || got != want {
			t.Errorf("%s = %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestCellsAreDates(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, 2, 29, 23, 0, 0, 0, time.FixedZone("x", 3600))
	for want, v := range map[string]template.Value{
		"2024-02-29": dbtcontext.Date(at), "2024-02-29 22:00:00": dbtcontext.NaiveDateTime(at),
		"2024-02-29 22:00:00+00:00": dbtcontext.DateTime(at),
	} {
		if got := template.Str(v); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// FuzzValues feeds texts to what parses them: no input may end in a panic, and what
// strptime reads of a formatted time is that time.
func FuzzValues(f *testing.F) {
	for _, s := range []string{"%Y-%m-%d", "2024-02-29", "(?P<x>a)[]\\]", "a: [1, {b: 2}]", "- x\n- &a b\n- *a", "%-d%%%z", "(?i)x{,2}", "\\g<x>\\1", "[^]]", "1_000", "0o7"} {
		f.Add(s, "a")
	}
	p := testProject(f, nil)
	f.Fuzz(func(t *testing.T, a, b string) {
		if !utf8.ValidString(a) || !utf8.ValidString(b) {
			t.Skip("files are UTF-8, and so are values")
		}
		scope := p.Scope(&fakeHost{name: "m"}, "probe").With("a", a).With("b", b)
		for _, text := range []string{
			"{{ modules.datetime.datetime.strptime(a, b) }}",
			"{{ run_started_at.strftime(a) }}",
			"{{ modules.re.sub(a, b, 'some text 123') }}{{ modules.re.findall(a, b) }}",
			"{{ modules.re.match(modules.re.escape(a), a).group() }}",
			"{{ fromyaml(a) }}{{ toyaml({a: b, 'l': [a, {b: a}]}) }}",
			"{{ modules.datetime.datetime.fromisoformat(a) }}",
			"{{ modules.pytz.timezone(a) }}",
			"{{ adapter.external_write_options(a, {'delimiter': b}) }}",
			"{{ api.Column(a, b).flatten() }}{{ api.Column.from_description(a, b) }}",
		} {
			parsed, err := template.Parse(diag.NewSource("m.sql", text))
			if err != nil {
				t.Fatal(err)
			}
			out, err := parsed.Render(template.NewThread(context.Background()), scope)
			if err == nil && strings.Contains(text, "re.escape") && out.Text != a {
				t.Errorf("re.escape(%q) matches %q", a, out.Text)
			}
		}
		parsed, err := template.Parse(diag.NewSource("m.sql", "{{ fromyaml(toyaml({'k': a})).k }}"))
		if err != nil {
			t.Fatal(err)
		}
		if out, err := parsed.Render(template.NewThread(context.Background()), scope); err == nil && !strings.ContainsAny(a, "\r\u0085\u2028\u2029\ufeff\x00\n") && out.Text != a {
			t.Errorf("fromyaml(toyaml(%q)) is %q", a, out.Text)
		}
	})
}

// TestNamesAreQuotedAsSQLWants differs from dbt, which puts names between quotes as
// they are and so cannot name what holds one.
func TestNamesAreQuotedAsSQLWants(t *testing.T) {
	t.Parallel()
	parsed, err := template.Parse(diag.NewSource("m.sql",
		`{{ api.Relation.create(database='d"b', identifier='o"x') }} {{ adapter.quote('a"b') }} {{ api.Column('a"b', 'int').quoted }}`))
	if err != nil {
		t.Fatal(err)
	}
	scope := testProject(t, nil).Scope(&fakeHost{name: "m"}, "probe")
	out, err := parsed.Render(template.NewThread(context.Background()), scope)
	if want := `"d""b"."o""x" "a""b" "a""b"`; err != nil || out.Text != want {
		t.Errorf("got %s, %v, want %s", out.Text, err, want)
	}
}
