package materialize_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"elt/compiler/project"
	"elt/runner/materialize"
)

// TestKeepSince shows from which moment on rows are kept.
func TestKeepSince(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 31, 15, 4, 5, 0, time.FixedZone("", 3600))
	cases := []struct {
		name  string
		count int
		unit  project.BatchSize
		whole project.BatchSize
		want  string
	}{
		{"whole days before today", 90, project.Daily, "", "2025-12-31 00"},
		{"whole months before this one", 3, project.Monthly, "", "2025-12-01 00"},
		{"whole hours", 5, project.Hourly, "", "2026-03-31 09"},
		{"years", 1, project.Yearly, "", "2025-01-01 00"},
		{"a month of which some days are young enough", 40, project.Daily, project.Monthly, "2026-02-01 00"},
		{"before there are years", 9999, project.Yearly, "", "0001-01-01 00"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			k := materialize.Keep{Count: c.count, Unit: c.unit, Whole: c.whole}
			if got := k.Since(now).Format("2006-01-02 15"); got != c.want {
				t.Errorf("since %s, want %s", got, c.want)
			}
		})
	}
}

// TestKeepByColumn removes what is too old by columns of each type that can say so.
func TestKeepByColumn(t *testing.T) {
	t.Parallel()
	cases := []struct{ kind, gone, kept string }{
		{"date", "2025-12-31", "2026-01-01"},
		{"timestamp", "2025-12-31 23:59:59", "2026-01-01 00:00:00"},
		{"timestamptz", "2025-12-31 23:59:59+00", "2026-01-01 00:00:00+00"},
		{"timestamp_ns", "2025-12-31 23:59:59.5", "2026-01-01 00:00:00"},
		{"varchar", "2025-12-31", "2026-01-01"},
		{"varchar", "2025-12", "2026-01"},
		{"varchar", "2025", "2026"},
		{"varchar", "2025-12-31T23:59", "2026-01-01T00:00"},
		{"varchar", "2025-12-30 10:00", "1 apple"},
	}
	for _, c := range cases {
		for _, there := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s %s, table there %v", c.kind, c.gone, there), func(t *testing.T) {
				t.Parallel()
				w := openWarehouse(t)
				query := fmt.Sprintf("select v::%s as %s from (values ('%s'), ('%s'), (null)) t(v)", c.kind, project.QuoteIdent(oddKey), c.gone, c.kept)
				rel := relation("kept")
				if there {
					w.exec("create table " + rel.String() + " as " + query)
				}
				spec := incremental("append", "ignore")
				spec.Published, spec.Candidate, spec.SQL = rel, relation("_elt_1"), query
				spec.Keep = &materialize.Keep{Column: oddKey, Before: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Remove: true}
				want := []string{c.kept, "NULL"}
				if there {
					want = []string{c.kept, c.kept, "NULL", "NULL"}
				}
				shown, now := keepRows(t, w, spec)
				for what, got := range map[string][]string{"shown to the run": shown, "published": now} {
					if diff := cmp.Diff(len(want), len(got)); diff != "" || strings.Contains(strings.Join(got, " "), c.gone) {
						t.Errorf("%s: %q", what, got)
					}
				}
			})
		}
	}
}

// keepRows carries a specification out and returns the rows as the run sees them and as they are
// published.
func keepRows(t *testing.T, w *warehouse, spec materialize.Spec) (shown, now []string) {
	t.Helper()
	state := w.state(spec.Published)
	write, err := materialize.Begin(&spec, state)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range write.Statements {
		w.exec(s.SQL)
	}
	finish, err := materialize.End(&spec, state, w.describe("select * from "+write.Made.String()))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range append(finish.Apply, finish.Expiry.Apply...) {
		w.exec(s.SQL)
	}
	view := finish.AsView
	if view == "" {
		view = "select * from " + spec.Candidate.String()
	}
	shown = w.rows(view)[1:]
	for _, sql := range finish.Publish {
		w.exec(sql)
	}
	return shown, w.rows("select * from " + spec.Published.String())[1:]
}
