package project

import "testing"

func TestFileDay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ path, date, want string }{
		"a day as the name":                 {"lake/sales/2026-03-31.csv", "", "2026-03-31"},
		"a day within the name":             {"lake/sales_20260331_v2.csv.gz", "", "2026-03-31"},
		"parted by underlines":              {"lake/s_2026_03_31.csv", "", "2026-03-31"},
		"the first of two":                  {"lake/2026-03-30_sent_2026-04-02.csv", "", "2026-03-30"},
		"the second, as file_date says":     {"lake/2026-03-30_sent_2026-04-02.csv", "sent_{date}", "2026-04-02"},
		"a month, as file_date says":        {"lake/y2026-04-x.csv", "y{date}-x", "2026-04-01"},
		"file_date that is not there":       {"lake/2026-03-30.csv", "sent_{date}", ""},
		"the name before the folders":       {"lake/2026-01-01/2026-03-31.csv", "", "2026-03-31"},
		"a folder":                          {"lake/day=2026-03-31/part.csv", "", "2026-03-31"},
		"folders of year, month and day":    {"lake/year=2026/month=3/day=1/part.csv", "", "2026-03-01"},
		"bare folders":                      {"lake/2026/03/31/part.csv", "", "2026-03-31"},
		"a month":                           {"lake/2026-03.csv", "", "2026-03-01"},
		"a folder of a month":               {"lake/year=2026/month=03/part-0.csv", "", "2026-03-01"},
		"no such day":                       {"lake/2026-02-31.csv", "", ""},
		"a number that only looks like one": {"lake/120260331.csv", "", ""},
		"no date":                           {"lake/part-0.csv", "", ""},
		"a day in the folders, a month not": {"lake/2026-03-31/2026-04.csv", "", "2026-03-31"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			table := &SourceTable{FileDate: c.date}
			if got := table.FileDay(c.path); got != c.want {
				t.Errorf("the day of %q is %q, want %q", c.path, got, c.want)
			}
		})
	}
}
