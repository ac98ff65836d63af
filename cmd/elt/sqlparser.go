package main

import (
	"encoding/json"

	"elt/compiler"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner/duckdb"
	"elt/runner/kept"
)

// sqlParser lends DuckDB's parser to the compiler, and keeps what it finds for the next
// command, by the text of the query. No database is opened before the first query needs it.
type sqlParser struct {
	duckdb.Parser
	names keptFile // of nothing before Remember
}

// namesCache is the file below the target path in which table names are kept.
const namesCache = "names.cache"

// namesKind says what is in that file. The number changes when the rules change by which a
// table name is told from others.
const namesKind = "names 1 duckdb " + duckdbVersion

// Remember reads what earlier commands have found in a project.
func (p *sqlParser) Remember(of *project.Project) (warning *diag.Diagnostic) {
	p.names, warning = openKept(of, namesCache, namesKind, kept.AnySelection)
	return warning
}

// TableRefs returns every table name that a SELECT statement reads.
func (p *sqlParser) TableRefs(sql string) ([]compiler.TableRef, error) {
	if p.names.File == nil {
		return p.parsed(sql)
	}
	key := kept.Key("names", sql)
	if text, ok := p.names.Text(key); ok {
		if refs, ok := readRefs(text, len(sql)); ok {
			return refs, nil
		}
	}
	refs, err := p.parsed(sql)
	if err != nil {
		return nil, err
	}
	if text, err := json.Marshal(refs); err == nil {
		p.names.Keep(key, string(text))
	}
	return refs, nil
}

func (p *sqlParser) parsed(sql string) ([]compiler.TableRef, error) {
	found, err := p.Parser.TableRefs(sql)
	refs := make([]compiler.TableRef, len(found))
	for i, ref := range found {
		refs[i] = compiler.TableRef(ref)
	}
	return refs, err
}

// readRefs reads what was kept about a query of so many bytes.
func readRefs(text string, size int) (refs []compiler.TableRef, ok bool) {
	if json.Unmarshal([]byte(text), &refs) != nil {
		return nil, false
	}
	for _, ref := range refs {
		if ref.Start < 0 || ref.Start > ref.End || ref.End > size {
			return nil, false
		}
	}
	return refs, true
}
