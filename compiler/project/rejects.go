package project

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"elt/compiler/diag"
)

// RejectLimit is how many rows of a source may be kept apart in one load: a number, or a
// share of the rows read.
type RejectLimit struct {
	Text  string  // as written: "10" or "1%"
	Count int64   // of a number
	Share float64 // of a share, between 0 and 1
	share bool
	Place diag.Place
}

// ParseRejectLimit reads "10" or "1%"; ok is false for anything else.
func ParseRejectLimit(text string) (limit RejectLimit, ok bool) {
	limit.Text = strings.TrimSpace(text)
	if number, isShare := strings.CutSuffix(limit.Text, "%"); isShare {
		percent, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		limit.Share, limit.share = percent/100, true
		return limit, err == nil && percent >= 0 && percent <= 100 && !math.IsNaN(percent)
	}
	var err error
	limit.Count, err = strconv.ParseInt(limit.Text, 10, 64)
	return limit, err == nil && limit.Count >= 0
}

// Allows reports whether so many rejects of so many rows are within the limit. A nil limit
// allows any number.
func (l *RejectLimit) Allows(rejected, read int64) bool {
	switch {
	case l == nil:
		return true
	case l.share:
		return float64(rejected) <= l.Share*float64(read)
	}
	return rejected <= l.Count
}

// Quarantines reports whether bad rows of a source are kept apart.
func (n *Node) Quarantines() bool {
	return n.Type == Source && n.Table != nil && n.Table.OnBadRows == "quarantine" && len(n.Table.Paths) > 0
}

// FileTypes are the declared columns of a source with their types: those of the files, and
// those that are folders of the path.
func (n *Node) FileTypes() (files, folders []Setting) {
	for _, c := range n.Columns {
		switch {
		case c.DataType == "":
		case isFolder(c.Name, n.Table.Paths):
			folders = append(folders, Setting{c.Name, c.DataType})
		default:
			files = append(files, Setting{c.Name, c.DataType})
		}
	}
	return files, folders
}

// isFolder reports whether a column is a folder of the paths: "day=2024-01-01".
func isFolder(column string, paths []Located) bool {
	return slices.ContainsFunc(paths, func(p Located) bool {
		return strings.Contains(p.Text, "/"+column+"=") || strings.HasPrefix(p.Text, column+"=")
	})
}
