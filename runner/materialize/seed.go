package materialize

import (
	"fmt"
	"strings"

	"elt/compiler/project"
)

// SeedSpec says how a seed's file is loaded.
type SeedSpec struct {
	SeedOptions
	// Path of the file as DuckDB is to open it, and Table, the file as [SeedFile] read
	// it. The caller sets both before Begin.
	Path  string
	Table *SeedTable
	// Empty loads no row.
	Empty bool
}

// beginSeed loads the file in one statement. Every option of the reader is given, so
// that DuckDB does not guess otherwise than SeedFile did; for a project that wants what dbt does,
// all but the quote.
func beginSeed(spec *Spec) ([]Statement, error) {
	seed := spec.Seed
	if seed == nil || seed.Table == nil || seed.Path == "" {
		return nil, fmt.Errorf("seed %q has no file to load", spec.Node)
	}
	table := seed.Table
	items := make([]string, len(table.Columns))
	columns := make([]string, len(table.Columns))
	for i, col := range table.Columns {
		name := project.QuoteIdent(col.Name)
		items[i] = name
		read := col.Type
		if table.clean[i] {
			read = "VARCHAR"
			items[i] = fmt.Sprintf("cast(case when lower(trim(%[1]s, %[2]s)) not in ('', 'null') then trim(%[1]s, %[2]s) end as %[3]s) as %[1]s",
				name, `e' \t\r\n\v\f'`, col.Type)
		}
		columns[i] = fmt.Sprintf("%s: %s", project.QuoteString(col.Name), project.QuoteString(read))
	}
	quoting := []string{"auto_detect = false", `quote = '"'`, `escape = '"'`}
	if spec.AsDBT { // the COPY of dbt-duckdb lets DuckDB guess
		quoting = []string{"auto_detect = true"}
	}
	options := append(quoting, "header = true",
		"delim = "+project.QuoteString(seed.delimiter()),
		"comment = ''", "nullstr = ''", "encoding = 'utf-8'",
		"columns = {"+strings.Join(columns, ", ")+"}",
		// The strict reader refuses lines that end in different ways.
		fmt.Sprintf("strict_mode = %t", !table.mixedBreak),
		"null_padding = false", "ignore_errors = false", "compression = 'none'",
		fmt.Sprintf("max_line_size = %d", max(1<<21, 2*table.longest)),
	)
	limit := ""
	if seed.Empty {
		limit = "\nlimit 0"
	}
	return []Statement{plain("create table %s as (\nselect %s\nfrom read_csv(%s,\n  %s)%s\n)",
		spec.Candidate, strings.Join(items, ", "), project.QuoteString(project.LiteralPath(seed.Path)),
		strings.Join(options, ",\n  "), limit)}, nil
}

func (o SeedOptions) delimiter() string {
	if o.Delimiter == "" {
		return ","
	}
	return o.Delimiter
}
