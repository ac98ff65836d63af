package state

import (
	"context"
	"time"

	"elt/runner/engine"
)

// Reject is a row of _elt.rejects: a row of a raw file that is kept apart.
type Reject struct {
	Source, Path string // unique_id of the source; path relative to the project where it is inside
	Line         int64  // 0 where it is not known
	Column       string // "" where it is not about one
	Reason, Text string
	RunID        string
	At           time.Time
}

// DeleteRejects forgets the rejects of files of a source; nil for all of its files.
func DeleteRejects(database, source string, paths []string) []string {
	sql := "delete from " + name(database, "rejects") + " where source = " + text(source)
	if paths == nil {
		return []string{sql}
	}
	var out []string
	for start := 0; start < len(paths); start += batch {
		out = append(out, sql+" and path in ("+texts(paths[start:min(start+batch, len(paths))])+")")
	}
	return out
}

// InsertRejects adds rejects.
func InsertRejects(database string, rejects []Reject) []string {
	rows := make([][]string, len(rejects))
	for i, r := range rejects {
		line, column := "null", "null"
		if r.Line > 0 {
			line = known(r.Line)
		}
		if r.Column != "" {
			column = text(r.Column)
		}
		rows[i] = []string{text(r.Source), text(r.Path), line, column, text(r.Reason), text(r.Text), text(r.RunID), Time(r.At)}
	}
	return insert(name(database, "rejects"), rows)
}

// Rejects returns all rejects by source, path and line.
func Rejects(ctx context.Context, s engine.Session, database string) ([]Reject, error) {
	t, err := s.Query(ctx, `select source, path, coalesce(line, 0), column_name, reason, text, run_id, rejected_at from `+
		name(database, "rejects")+" order by source, path, line, reason, text")
	if err != nil {
		return nil, err
	}
	out := make([]Reject, len(t.Rows))
	for i, r := range t.Rows {
		out[i] = Reject{Source: str(r[0]), Path: str(r[1]), Line: count(r[2]), Column: str(r[3]), Reason: str(r[4]), Text: str(r[5]),
			RunID: str(r[6]), At: when(r[7])}
	}
	return out, nil
}
