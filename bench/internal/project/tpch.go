package project

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// TPCH is the benchmark TPC-H as a project: each of its queries is a mart, a table, with
// a not_null test on its first column. Sources are Parquet files, a folder for each table.
type TPCH struct {
	Data    string         // the folder that holds the tables' folders
	Queries map[int]string // by number, as DuckDB's tpch_queries() gives them
	Connection
}

// TPCHTables are the tables of TPC-H.
func TPCHTables() []string {
	return []string{"customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier"}
}

// tpchColumns is the column of each query's result that is tested.
func tpchColumns() []string {
	return strings.Fields("l_returnflag s_acctbal l_orderkey o_orderpriority n_name revenue supp_nation o_year nation " +
		"c_custkey ps_partkey l_shipmode c_count promo_revenue s_suppkey p_brand avg_yearly c_name revenue s_name s_name cntrycode")
}

// Files returns the project.
func (t TPCH) Files() Files {
	files := t.base("tpch", "table")
	var schema strings.Builder
	fmt.Fprintf(&schema, "version: 2\nsources:\n  - name: lake\n    meta:\n      external_location: \"read_parquet('%s/{name}/*.parquet')\"\n    tables:\n", t.Data)
	for _, table := range TPCHTables() {
		fmt.Fprintf(&schema, "      - name: %s\n", table)
	}
	schema.WriteString("models:\n")
	for i, column := range tpchColumns() {
		files[fmt.Sprintf("models/q%02d.sql", i+1)] = tpchModel(t.Queries[i+1])
		fmt.Fprintf(&schema, "  - name: q%02d\n    columns:\n      - name: %s\n        data_tests: [not_null]\n", i+1, column)
	}
	files["models/schema.yml"] = schema.String()
	return files
}

var tpchTable = regexp.MustCompile(`(?i)(\bfrom|,|\bjoin)(\s+)(` + strings.Join(TPCHTables(), "|") + `)\b(\s+(?:as\s+)?[nl][123]\b)?(\s*\()?`)

// tpchModel puts source() in the place of table names; a table without an alias gets its
// own name as one, since the query may say lineitem.l_orderkey.
func tpchModel(query string) string {
	query = strings.TrimSuffix(strings.TrimSpace(query), ";")
	return tpchTable.ReplaceAllStringFunc(query, func(found string) string {
		m := tpchTable.FindStringSubmatch(found)
		if m[5] != "" { // a function's name
			return found
		}
		alias := m[3]
		if words := strings.Fields(m[4]); len(words) > 0 {
			alias = words[len(words)-1]
		}
		return fmt.Sprintf("%s%s{{ source('lake', '%s') }} as %s", m[1], m[2], strings.ToLower(m[3]), alias)
	}) + "\n"
}

// TPCHMissing returns the numbers of the queries that are missing; a complete set has 22.
func (t TPCH) Missing() []int {
	var missing []int
	for n := range len(tpchColumns()) {
		if strings.TrimSpace(t.Queries[n+1]) == "" {
			missing = append(missing, n+1)
		}
	}
	return slices.Clip(missing)
}
