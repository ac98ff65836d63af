package check

import (
	"fmt"

	"elt/compiler/project"
)

// SampleSQL returns a query for the first n failing rows of a test, for messages. It is
// ordered, so that the same data shows the same rows. own says that a generic test's
// macro is elt's own: then the query knows what is worth seeing, which are whole rows
// for not_null and the most frequent values for unique and accepted_values.
func SampleSQL(node *project.Node, own bool, n int) string {
	config, _ := ConfigOf(node)
	query, order := limitedQuery(node, config), "all"
	if own && node.Test != nil && node.Compiled != nil && node.Compiled.Kwargs != nil {
		k := kwargs{node.Compiled.Kwargs}
		switch node.Test.Generic {
		case "not_null":
			if model, column := k.text("model"), k.text("column_name"); model != "" && column != "" && config.Limit < 0 {
				query = fmt.Sprintf("select *\nfrom %s\nwhere %s is null", model, column)
			}
		case "unique":
			order = "n_records desc, unique_field"
		case "accepted_values":
			order = "n_records desc, value_field"
		}
	}
	return fmt.Sprintf("select * from (\n%s\n) dbt_internal_test\norder by %s\nlimit %d", query, order, n)
}
