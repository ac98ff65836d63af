package check

import (
	"fmt"

	"elt/compiler/project"
	"elt/compiler/sqltoken"
)

// SampleSQL returns a query for the first n failing rows of a test, for messages. It is
// ordered, so that the same data shows the same rows. own says that a generic test's
// macro is elt's own: then the query knows what is worth seeing, which are whole rows
// for not_null and the most frequent values for unique and accepted_values, and the
// columns have the names of the tested relation.
func SampleSQL(node *project.Node, own bool, n int) string {
	query, columns, order := sampleParts(node, own)
	return fmt.Sprintf("select %s from (\n%s\n) dbt_internal_test\norder by %s\nlimit %d", columns, query, order, n)
}

func sampleParts(node *project.Node, own bool) (query, columns, order string) {
	config, _ := ConfigOf(node)
	query, columns, order = limitedQuery(node, config), "*", "all"
	if own && node.Test != nil && node.Compiled != nil && node.Compiled.Kwargs != nil {
		k := kwargs{node.Compiled.Kwargs}
		column := k.text("column_name")
		named := project.QuoteIdent(sqltoken.Unquote(column))
		switch generic := node.Test.Generic; {
		case column == "":
		case generic == "not_null":
			if model := k.text("model"); model != "" && config.Limit < 0 {
				query = fmt.Sprintf("select *\nfrom %s\nwhere %s is null", model, column)
			}
		case generic == "unique":
			columns, order = "unique_field as "+named+", n_records as \"rows\"", "2 desc, 1"
		case generic == "accepted_values":
			columns, order = "value_field as "+named+", n_records as \"rows\"", "2 desc, 1"
		case generic == "relationships":
			columns = "from_field as " + named
		}
	}
	return query, columns, order
}

// CountedSampleSQL returns a query for the n most frequent failing values, each with the
// number of its rows, of a test whose failing rows have one column, by the name that it
// has in [SampleSQL].
func CountedSampleSQL(node *project.Node, own bool, column string, n int) string {
	query, columns, _ := sampleParts(node, own)
	return fmt.Sprintf("select %s, count(*) as \"rows\" from (\nselect %s from (\n%s\n) dbt_internal_test\n) dbt_internal_sample\ngroup by 1\norder by 2 desc, 1\nlimit %d",
		project.QuoteIdent(column), columns, query, n)
}
