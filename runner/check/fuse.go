package check

import (
	"elt/compiler/project"
	"elt/runner/engine"
)

// Fusable is a simple test that can share a scan with others of its relation.
type Fusable struct {
	ID       string // unique_id of the test
	Relation string // the FROM item it looks at, as rendered
	// Count is an aggregate over the relation that is zero when the test finds nothing.
	Count string
}

// Group is several tests of one relation that one statement answers.
type Group struct {
	Relation string
	Tests    []Fusable
	SQL      string // returns one row with one column for each test, in their order
}

// FusableOf reads from a generic test's rendered arguments how it is fused; ok is
// false for a test that has to run by itself. The caller makes sure that the test's
// macro is elt's own and not one of the project of the same name.
func FusableOf(node *project.Node, c Check) (f Fusable, ok bool) { return Fusable{}, false }

// Fuse groups tests by relation. Groups and the tests in them keep the order of the
// input; a group has at least two tests, what stays alone is left out.
func Fuse(tests []Fusable) []Group { return nil }

// Cleared reads the result of [Group.SQL]: which tests have found nothing. The others
// are to be run by themselves.
func (g Group) Cleared(table *engine.Table) ([]bool, error) { return nil, nil }
