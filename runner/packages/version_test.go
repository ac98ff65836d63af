package packages

import "testing"

func TestBounds(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, version string
		bounds        []string
		want          bool
	}{
		{"an exact version", "1.2.3", []string{"1.2.3"}, true},
		{"an exact version with its sign", "1.2.3", []string{"=1.2.3"}, true},
		{"another exact version", "1.2.4", []string{"1.2.3"}, false},
		{"a range", "1.9.9", []string{">=1.0.0", "<2.0.0"}, true},
		{"a range in one text", "1.9.9", []string{">=1.0.0,<2.0.0"}, true},
		{"the end of a range", "2.0.0", []string{">=1.0.0", "<2.0.0"}, false},
		{"the end of a closed range", "2.0.0", []string{"<=2.0.0"}, true},
		{"numbers are no texts", "1.10.0", []string{">1.9.0"}, true},
		{"a pre-release comes before its version", "1.0.0-rc1", []string{">=1.0.0"}, false},
		{"a pre-release of the end is not below it", "2.0.0-rc1", []string{"<2.0.0"}, false},
		{"pre-releases in order", "1.0.0-rc2", []string{">1.0.0-rc1"}, true},
		{"numbers in pre-releases", "1.0.0-rc.10", []string{">1.0.0-rc.9"}, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			bounds, err := parseBounds(c.bounds)
			if err != nil {
				t.Fatal(err)
			}
			v, err := parseBound(c.version)
			if err != nil {
				t.Fatal(err)
			}
			if got := allowsAll(bounds, v.version); got != c.want {
				t.Errorf("%s within %q: %v, want %v", c.version, c.bounds, got, c.want)
			}
		})
	}
}

func TestConflict(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		bounds []string
		want   bool
	}{
		{"nothing asked for", nil, false},
		{"an open range", []string{">1.0.0"}, false},
		{"an empty range", []string{">=2.0.0", "<1.5.0"}, true},
		{"one version, closed", []string{">=1.0.0", "<=1.0.0"}, false},
		{"one version, open", []string{">=1.0.0", "<1.0.0"}, true},
		{"two exact versions", []string{"1.0.0", "1.0.1"}, true},
		{"an exact version in a range", []string{"1.0.0", "<2.0.0"}, false},
		{"an exact version beside a range", []string{"2.0.0", "<2.0.0"}, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			bounds, err := parseBounds(c.bounds)
			if err != nil {
				t.Fatal(err)
			}
			if got := conflict(bounds); got != c.want {
				t.Errorf("%q: %v, want %v", c.bounds, got, c.want)
			}
		})
	}
}

// FuzzBound looks for texts that are read as a version but do not order as one.
func FuzzBound(f *testing.F) {
	for _, text := range []string{"1.0.0", ">=1.2.3-rc.1+b", "<0.0.0", "1.0", "=01.0.0", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		b, err := parseBound(text)
		if err != nil {
			return
		}
		if b.compare(b.version) != 0 {
			t.Errorf("%q is not itself", text)
		}
		if b.op == "=" && !b.allows(b.version) {
			t.Errorf("%q does not allow itself", text)
		}
	})
}

func TestScalar(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		"dbt_utils": "dbt_utils", "acme/tools": "acme/tools", "1.2.3": "1.2.3", "1.0": "'1.0'", "true": "'true'",
		"https://example.org/a.git": "https://example.org/a.git", "{{ env_var('X') }}": "'{{ env_var(''X'') }}'",
		"123456": "'123456'", "1e10": "'1e10'", "44978fa1b199": "44978fa1b199",
	}
	for text, want := range cases {
		if got := scalar(text); got != want {
			t.Errorf("%q is written %s, want %s", text, got, want)
		}
	}
}
