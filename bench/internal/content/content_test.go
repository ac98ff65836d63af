package content

import (
	"slices"
	"strings"
	"testing"
)

func TestCompare(t *testing.T) {
	t.Parallel()
	right := Facts{"main.a": "2 rows #1", "main.b": "3 rows #2"}
	tests := []struct {
		name string
		got  Facts
		want []string
	}{
		{"the same", Facts{"main.a": "2 rows #1", "main.b": "3 rows #2"}, nil},
		{"a table with other rows", Facts{"main.a": "2 rows #9", "main.b": "3 rows #2"}, []string{"main.a: 2 rows #9, not 2 rows #1"}},
		{"a table that was not made", Facts{"main.a": "2 rows #1"}, []string{"main.b is missing"}},
		{"a table too many", Facts{"main.a": "2 rows #1", "main.b": "3 rows #2", "main.c": ""}, []string{"main.c should not be there"}},
		{"nothing at all", nil, []string{"main.a is missing", "main.b is missing"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := Compare(right, tt.got); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestSumUpDependsOnNamesAndValuesButNotOnTheirOrder(t *testing.T) {
	t.Parallel()
	a, b := column{Name: "Id", Type: "BIGINT"}, column{Name: "it's", Type: "DECIMAL(18,2)"}
	first, second := sumUp("main.t", `"main"."t"`, []column{a, b}), sumUp("main.t", `"main"."t"`, []column{b, a})
	if first != second {
		t.Errorf("the order of columns matters:\n%s%s", first, second)
	}
	for _, part := range []string{`"Id"::varchar`, `printf('%.12g', "it's"::double)`, `'id,it''s' as columns`, `from "main"."t";`} {
		if !strings.Contains(first, part) {
			t.Errorf("no %s in %s", part, first)
		}
	}
}
