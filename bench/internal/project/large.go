package project

import (
	"fmt"
	"strings"
)

// Audited is a project of tables with many tests: each table has 25, of four kinds.
type Audited struct {
	Tables int
	Rows   int // of each table
	Connection
}

// TestsOfATable is how many tests each table of an Audited project has.
const TestsOfATable = 25

// Files returns the project.
func (a Audited) Files() Files {
	files := a.base("audited", "table")
	var schema strings.Builder
	schema.WriteString("version: 2\nmodels:\n")
	for t := range a.Tables {
		columns := []string{"i as id", "'code ' || i as code", "i // 2 as parent_id"}
		for c := range 10 {
			columns = append(columns, fmt.Sprintf("(i * %d + %d) %% 10 as c%d", 2*c+1, t, c))
		}
		files[fmt.Sprintf("models/table_%02d.sql", t)] = fmt.Sprintf("select\n    %s\nfrom range(%d) r(i)\n", strings.Join(columns, ",\n    "), a.Rows)
		a.properties(&schema, t)
	}
	files["models/schema.yml"] = schema.String()
	return files
}

func (a Audited) properties(b *strings.Builder, t int) {
	fmt.Fprintf(b, "  - name: table_%02d\n    columns:\n", t)
	b.WriteString("      - name: id\n        data_tests: [unique, not_null]\n      - name: code\n        data_tests: [unique, not_null]\n")
	fmt.Fprintf(b, "      - name: parent_id\n        data_tests:\n          - not_null\n          - relationships:\n              arguments: {to: ref('table_%02d'), field: id}\n", max(t-1, 0))
	for c := range 10 {
		fmt.Fprintf(b, "      - name: c%d\n        data_tests:\n          - accepted_values:\n              arguments: {values: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], quote: false}\n", c)
		if c < 9 {
			b.WriteString("          - not_null\n")
		}
	}
}

// Growing is a project of one large table and one small one over it, to be built again
// and again.
type Growing struct {
	Rows int
	Connection
}

// Files returns the project.
func (g Growing) Files() Files {
	files := g.base("growing", "table")
	files["models/large.sql"] = fmt.Sprintf("select i as id, hash(i) %% 1000 as key, (hash(i) %% 100000)::double / 7 as amount, 'label ' || hash(i + 1) %% 100000 as label\nfrom range(%d) r(i)\n", g.Rows)
	files["models/small.sql"] = "select key, count(*) as n, min(amount) as least, max(amount) as most\nfrom {{ ref('large') }}\ngroup by key\n"
	return files
}

// External is a project that reads Parquet and writes it again, as dbt-duckdb's
// `external` materialization does.
type External struct {
	Source string // glob of the files to read
	Connection
}

// ExternalFile is what the project writes, relative to its folder.
const ExternalFile = "out/copy.parquet"

// Files returns the project.
func (e External) Files() Files {
	files := e.base("external", "table")
	files["models/copy.sql"] = "{{ config(materialized='external', location='" + ExternalFile + "', format='parquet') }}\n" +
		externalQuery("{{ source('lake', 'raw') }}")
	files["models/lake.yml"] = "version: 2\nsources:\n  - name: lake\n    meta:\n      external_location: \"read_parquet('" + e.Source + "')\"\n    tables:\n      - name: raw\n"
	return files
}

// Bare returns the statement that writes the same file.
func (e External) Bare() string {
	return "copy (" + externalQuery("read_parquet('"+e.Source+"')") + ") to '" + ExternalFile + "' (format parquet);\n"
}

func externalQuery(from string) string {
	return "select id, a + b as ab, c, d, e, f, g, id % 100 as bucket\nfrom " + from + "\n"
}

// ExternalSource is the statement that writes raw files for an External project: rows
// of 64 bytes that do not compress, in one file.
func ExternalSource(rows int64, path string) string {
	columns := make([]string, 0, 7)
	for i, name := range strings.Split("abcdefg", "") {
		columns = append(columns, fmt.Sprintf("hash(i * 7 + %d)::double as %s", i, name))
	}
	return fmt.Sprintf("copy (select i as id, %s from range(%d) r(i)) to '%s' (format parquet);\n", strings.Join(columns, ", "), rows, path)
}
