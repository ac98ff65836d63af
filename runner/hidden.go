package runner

import (
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"strings"

	"elt/compiler/project"
	"elt/compiler/regex"
	"elt/runner/duckdb"
	"elt/runner/state"
)

// hidden is the pattern of the names of hidden relations: _elt_<run>_<number>, and whatever
// stands beside a candidate. They hold no model's name, so that `like 'stg_%'` never meets one.
const hidden = state.CandidatePrefix + `([a-z0-9]+)_([0-9]+)(?:_delta|_whole|_files|_touched|_t[0-9]+)?`

var hiddenName = regex.Lazy(`^` + hidden + `$`)

// newRunID returns a short name for a run: lower-case letters and digits.
func newRunID() string {
	var b [5]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:]))
}

// hiddenRelation is where a node's candidate is made.
func hiddenRelation(published project.Relation, runID string, number int) project.Relation {
	return project.Relation{
		Database: published.Database, Schema: published.Schema,
		Identifier: fmt.Sprintf("%s%s_%d", state.CandidatePrefix, runID, number), Type: "table",
	}
}

// isHidden reports whether a relation is elt's own business: a candidate, the run's
// shadows or the state.
func isHidden(rel project.Relation) bool {
	return rel.Database == duckdb.ShadowDatabase || rel.Schema == state.Schema || hiddenName().MatchString(rel.Identifier)
}
