package engine

import (
	"fmt"
	"strings"
)

// TableNames gives the columns of a query the names that a table made of it has, in order: of
// "select id, id" these are id and id_1, as DuckDB's CREATE TABLE AS has it. Capital letters make
// no other name.
type TableNames map[string]bool

// Next returns the name of the next column, given what it is called in the query.
func (t TableNames) Next(given string) string {
	name := given
	for n := 1; t[strings.ToLower(name)]; n++ {
		name = fmt.Sprintf("%s_%d", given, n)
	}
	t[strings.ToLower(name)] = true
	return name
}
