package dbtcontext_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write golden files instead of comparing with them")

// eltTests are calls of the generic tests that elt adds to dbt's. Their SQL is kept in
// testdata/elttests.sql, which can be read and run as it is.
var eltTests = []string{
	"test_row_count(ref('orders'), equals=27004)",
	"test_row_count(ref('orders'), min=10, max=20)",
	"test_row_count(ref('orders'), between=[10, 20])",
	"test_row_count(ref('orders'), compare_to=ref('customers'))",
	"test_row_count(ref('orders'), compare_to=source('raw', 'orders'), min=1)",
	"test_unique_combination_of_columns(ref('orders'), ['id', 'day'])",
	"dbt_utils.test_unique_combination_of_columns(ref('orders'), ['id', 'day'], quote_columns=true)",
	"test_accepted_range(ref('orders'), 'amount', min_value=0)",
	"test_accepted_range(ref('orders'), 'amount', min_value=0, max_value='limit_amount', inclusive=false)",
	"test_expression_is_true(ref('orders'), 'amount >= 0 or amount < 0')",
	"test_expression_is_true(ref('orders'), '> 0', column_name='amount')",
	"test_not_empty_string(ref('orders'), 'name')",
	"test_not_empty_string(ref('orders'), 'name', trim_whitespace=false)",
	"test_at_least_one(ref('orders'), 'name')",
	"test_at_least_one(ref('orders'), 'name', group_by_columns=['day', 'name'])",
	"test_sequential_values(ref('orders'), 'id')",
	"test_sequential_values(ref('orders'), 'day', interval=1, datepart='day', group_by_columns=['name'])",
	"test_mutually_exclusive_ranges(ref('orders'), 'id', 'amount')",
	"test_mutually_exclusive_ranges(ref('orders'), 'id', 'amount', partition_by='name', gaps='required', zero_length_range_allowed=true)",
	"test_recency(ref('orders'), 'day', 'day', 1)",
	"test_recency(ref('orders'), 'day', 'week', 2, ignore_time_component=true, group_by_columns=['name'])",
	"test_equal_rowcount(ref('orders'), ref('customers'))",
	"test_equal_rowcount(ref('orders'), ref('customers'), group_by_columns=['id'])",
	"test_equality(ref('orders'), ref('customers'))",
	"test_equality(ref('orders'), ref('customers'), compare_columns=['id'])",
	"test_equality(ref('orders'), ref('customers'), exclude_columns=['ID'], precision=1)",
	"test_relationships_where(ref('orders'), 'id', ref('customers'), 'id')",
	"test_relationships_where(ref('orders'), 'id', ref('customers'), 'id', from_condition='amount > 0', to_condition=\"name <> ''\")",
	"test_accepted_values(ref('orders'), 'name', [\"it's\", 'b'])",
}

func TestEltTestsGolden(t *testing.T) {
	t.Parallel()
	p := testProject(t, nil)
	var b strings.Builder
	for _, call := range eltTests {
		text := answer(t, p, &fakeHost{name: "m", db: newTestDatabase()}, "{{ "+call+" }}")
		b.WriteString("-- " + call + "\n" + strings.TrimSpace(text) + ";\n\n")
	}
	const path = "testdata/elttests.sql"
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(readText(t, path), b.String()); diff != "" {
		t.Errorf("(-golden +now)\n%s", diff)
	}
}
