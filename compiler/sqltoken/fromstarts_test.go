package sqltoken

import (
	"strings"
	"testing"
)

func TestFromStarts(t *testing.T) {
	for sql, want := range map[string]bool{
		"select * from @'x.csv'":                        true,
		"select 'a', @'x.csv' from t":                   false,
		"select * from t, @'x.csv' where a = 1":         true,
		"select * from t where a in ('b', @'x.csv')":    false,
		"select * from t join @'x.csv' using (a)":       true,
		"select * from read_csv(['a.csv', @'x.csv'])":   false,
		"select * from t order by 'a', @'x.csv'":        false,
		"select * from (select 'a', @'x.csv'), 'y.csv'": false,
		"select * from (select 'a'), /* , */ @'x.csv'":  true,
		"from @'x.csv' select a":                        true,
		"select * from t where b = @'x.csv'":            false,
		"select * from @read_csv('x.csv')":              true,
	} {
		at := strings.IndexByte(sql, '@')
		if got := FromStarts(sql[:at] + sql[at+1:])[at]; got != want {
			t.Errorf("%s: %v", sql, got)
		}
	}
}
