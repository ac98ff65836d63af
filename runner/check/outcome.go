package check

import (
	"fmt"
	"math/big"

	"elt/runner/engine"
)

// Status is the outcome of a test, by the runner's words.
type Status string

// The outcomes.
const (
	Pass Status = "pass"
	Warn Status = "warn"
	Fail Status = "fail"
)

// Row is what a test's statement returned.
type Row struct {
	Failures    int64
	ShouldWarn  bool
	ShouldError bool
}

// Verdict is what a test came to.
type Verdict struct {
	Status   Status
	Failures int64  // 0 for a test that passed, as dbt reports it
	Message  string // dbt's text; "" for a test that passed
}

// ReadRow reads the result of [Check.SQL].
func ReadRow(table *engine.Table) (Row, error) {
	if len(table.Rows) != 1 || len(table.Rows[0]) != 3 {
		return Row{}, fmt.Errorf("a data test must return one row of three columns, it returned %d of %d",
			len(table.Rows), len(table.Columns))
	}
	cells := table.Rows[0]
	failures, err := readCount(cells[0])
	if err != nil {
		return Row{}, err
	}
	warn, err := readBool("warn_if", cells[1])
	if err != nil {
		return Row{}, err
	}
	fail, err := readBool("error_if", cells[2])
	return Row{Failures: failures, ShouldWarn: warn, ShouldError: fail}, err
}

// readCount reads what fail_calc came to. Sums of counts are HUGEINT in DuckDB; NULL,
// the sum of no rows, is no failure. A number that is not whole cannot be told as a
// number of failures; dbt refuses it too.
func readCount(cell any) (int64, error) {
	switch x := cell.(type) {
	case nil:
		return 0, nil
	case int64:
		return x, nil
	case bool:
		if x {
			return 1, nil
		}
		return 0, nil
	case float64:
		if n := int64(x); float64(n) == x {
			return n, nil
		}
	case *big.Int:
		if x.IsInt64() {
			return x.Int64(), nil
		}
	case engine.Decimal:
		n, rest := new(big.Int), new(big.Int)
		n.QuoRem(x.Unscaled, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(x.Scale)), nil), rest)
		if rest.Sign() == 0 && n.IsInt64() {
			return n.Int64(), nil
		}
	}
	return 0, fmt.Errorf("fail_calc must be a whole number, it was %v", cell)
}

// readBool reads a condition. A comparison with NULL is no failure.
func readBool(name string, cell any) (bool, error) {
	switch x := cell.(type) {
	case nil:
		return false, nil
	case bool:
		return x, nil
	case int64:
		return x != 0, nil
	}
	return false, fmt.Errorf("%s must be a condition, it was %v", name, cell)
}

// Outcome says what the row of a test's statement means. warnError turns warnings
// into failures (--warn-error).
func (c Check) Outcome(row Row, warnError bool) Verdict {
	switch {
	case c.Config.Severity == "error" && row.ShouldError:
		return c.verdict(Fail, row, "fail", c.Config.ErrorIf)
	case row.ShouldWarn && warnError:
		return c.verdict(Fail, row, "fail", c.Config.WarnIf)
	case row.ShouldWarn:
		return c.verdict(Warn, row, "warn", c.Config.WarnIf)
	}
	return Verdict{Status: Pass}
}

func (c Check) verdict(status Status, row Row, verb, condition string) Verdict {
	noun := "results"
	if row.Failures == 1 {
		noun = "result"
	}
	return Verdict{
		Status: status, Failures: row.Failures,
		Message: fmt.Sprintf("Got %d %s, configured to %s if %s", row.Failures, noun, verb, condition),
	}
}
