package main

import (
	"elt/compiler"
	"elt/runner/duckdb"
)

// sqlParser lends DuckDB's parser to the compiler. No database is opened before the
// first query needs it.
type sqlParser struct{ duckdb.Parser }

// TableRefs returns every table name that a SELECT statement reads.
func (p *sqlParser) TableRefs(sql string) ([]compiler.TableRef, error) {
	found, err := p.Parser.TableRefs(sql)
	refs := make([]compiler.TableRef, len(found))
	for i, ref := range found {
		refs[i] = compiler.TableRef(ref)
	}
	return refs, err
}
