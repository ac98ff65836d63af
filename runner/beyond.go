package runner

import (
	"fmt"
	"slices"
	"strings"

	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/runner/duckdb"
	"elt/runner/engine"
)

// beyond says what queries of a node read that is not among what the node is known to read.
func (u *unseen) beyond(node *project.Node, texts ...string) string {
	r := u.run
	relations, sources := r.inputNodes(node)
	known := map[string]bool{r.names.full(node.Relation).Key(): true}
	for _, read := range slices.Concat(relations, sources) {
		known[r.names.full(read.Relation).Key()] = true
	}
	for _, sql := range texts {
		sql = u.withoutLake(sql)
		if u.plainly(sql, known) {
			continue
		}
		refs, err := r.published.parser.TableRefs(sql)
		if err != nil {
			return "what it reads cannot be told from its SQL"
		}
		for _, ref := range refs {
			if rel := u.meant(ref); !isLakeTable(ref) && !known[rel.Key()] {
				return fmt.Sprintf("it reads %s by its name alone", r.plainName(rel))
			}
		}
	}
	return ""
}

// meant is the relation that a name in a node's query means.
func (u *unseen) meant(ref duckdb.TableRef) project.Relation {
	r := u.run
	at := &engine.RelationInfo{Relation: project.Relation{Database: r.database, Schema: "main"}}
	if info, ok := r.published.resolve(ref, at); ok {
		return info.Relation
	}
	rel := project.Relation{Database: ref.Catalog, Schema: ref.Schema, Identifier: ref.Name}
	if rel.Database == "" {
		rel.Database = r.database
	}
	return rel
}

// plainly reports whether it can be told without a parser that a query reads nothing but known
// relations and what it has in its own WITH. False does not mean that it reads more.
func (u *unseen) plainly(sql string, known map[string]bool) bool {
	chains := sqltoken.Chains(sql)
	own := map[string]bool{}
	for _, c := range chains {
		if c.Clause == "WITH" && len(c.Parts) == 1 && slices.Contains([]string{"WITH", "RECURSIVE", ","}, c.Prev) {
			own[strings.ToLower(c.Name())] = true
		}
	}
	surely := sqltoken.LeadingCTEs(sql)
	for _, c := range chains {
		switch {
		case slices.Contains([]string{"PIVOT", "UNPIVOT", "TABLE", "VIEW", "INTO", "UPDATE"}, c.Clause),
			slices.Contains([]string{"PIVOT", "UNPIVOT", "TABLE", "DESCRIBE", "SUMMARIZE", "SHOW"}, c.Prev):
			return false
		case c.Clause != "FROM" && c.Clause != "JOIN" && c.Prev != "FROM" && c.Prev != "JOIN", c.Prev == "", c.Prev == "AS", c.Call:
			continue
		}
		name := func(i int) string { return c.Parts[i].Name }
		switch len(c.Parts) {
		case 1:
			if name(0) == lakeTable {
				continue
			}
			if end, ok := surely[strings.ToLower(name(0))]; ok && c.Span.Start >= end {
				continue
			}
			if !own[strings.ToLower(name(0))] || u.isRelation(name(0)) {
				return false
			}
		case 2:
			if !known[(project.Relation{Database: u.run.database, Schema: name(0), Identifier: name(1)}).Key()] {
				return false
			}
		case 3:
			if !known[(project.Relation{Database: name(0), Schema: name(1), Identifier: name(2)}).Key()] {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// isRelation reports whether there is a relation of a name in any schema, or will be.
func (u *unseen) isRelation(name string) bool {
	if u.identifiers == nil {
		u.identifiers = map[string]bool{}
		for key := range u.run.published.relations {
			u.identifiers[key[strings.LastIndexByte(key, 0)+1:]] = true
		}
		for key := range u.run.net.relations().makers {
			u.identifiers[key[strings.LastIndexByte(key, 0)+1:]] = true
		}
	}
	return u.identifiers[strings.ToLower(name)]
}
