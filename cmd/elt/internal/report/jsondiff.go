package report

import "elt/runner/unittest"

// jsonDiff is where a unit test's rows differ from those expected.
type jsonDiff struct {
	Columns    []string      `json:"columns"`
	Rows       []jsonDiffRow `json:"rows"`
	Same       int           `json:"same"`
	Misordered bool          `json:"misordered,omitempty"`
}

// jsonDiffRow has what was expected, what came out, or both.
type jsonDiffRow struct {
	Kind     unittest.Kind `json:"kind"`
	Expected []string      `json:"expected,omitempty"`
	Actual   []string      `json:"actual,omitempty"`
	At       *jsonPlace    `json:"at,omitempty"`
}

func diffOf(d *unittest.Diff) *jsonDiff {
	if d == nil {
		return nil
	}
	out := &jsonDiff{Columns: d.Columns, Rows: []jsonDiffRow{}, Same: d.Same, Misordered: d.Misordered}
	for _, row := range d.Rows {
		line := jsonDiffRow{Kind: row.Kind, At: placeOf(row.Place)}
		for _, cell := range row.Cells {
			if row.Kind != unittest.Extra {
				line.Expected = append(line.Expected, cell.Expected)
			}
			if row.Kind != unittest.Missing {
				line.Actual = append(line.Actual, cell.Actual)
			}
		}
		out.Rows = append(out.Rows, line)
	}
	return out
}
