package compiler

import (
	"slices"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

// primaryKeys concludes the columns that identify a row of each model, as dbt does: what
// a constraint says; else columns with tests unique and not_null; else those with a test
// unique or unique_combination_of_columns, one that is enabled counting more. It also tells unit tests the schema of their
// model, which dbt writes.
func (p *parser) primaryKeys(nodes []*project.Node) {
	tests := map[string][]*project.Node{}
	for _, node := range slices.Concat(nodes, p.plan.Disabled) {
		switch {
		case isGeneric(node):
			tests[node.Test.Attached] = append(tests[node.Test.Attached], node)
		case node.Unit != nil && len(node.DependsOn) > 0:
			if model := p.plan.Nodes[node.DependsOn[0]]; model != nil {
				node.Unit.Schema = model.Relation.Schema
			}
		}
	}
	for _, node := range nodes {
		if node.Type == project.Model {
			node.PrimaryKey = primaryKey(node, tests[node.UniqueID])
		}
	}
}

// checkPrimaryKey reports a model that property files give more than one primary key, as dbt does whether or
// not a contract is enforced.
func (p *parser) checkPrimaryKey(node *project.Node) {
	if node.Type != project.Model {
		return
	}
	var first *project.Constraint
	var name string
	refuse := func(again project.Constraint, hint string) {
		d := diag.New(diag.Contract, placeIn(again.Place, node.Place), "the model %q has two primary keys", node.Name).
			WithNote(placeIn(first.Place, node.Place), "the other one is here, of column %q", name).WithHint("%s", hint)
		d.Node = node.UniqueID
		p.report(d)
	}
	for _, column := range node.Columns {
		for _, c := range column.Constraints {
			switch {
			case c.Type != "primary_key":
			case first == nil:
				first, name = &c, column.Name
			default:
				refuse(c, "a key of several columns is a constraint of the model: {type: primary_key, columns: [...]}")
				return
			}
		}
	}
	for _, c := range node.Constraints {
		if c.Type == "primary_key" && first != nil {
			refuse(c, "keep the one or the other")
			return
		}
	}
}

func primaryKey(node *project.Node, tests []*project.Node) []string {
	isKey := func(c project.Constraint) bool { return c.Type == "primary_key" }
	if i := slices.IndexFunc(node.Constraints, isKey); i >= 0 {
		return node.Constraints[i].Columns
	}
	for _, column := range node.Columns {
		if slices.ContainsFunc(column.Constraints, isKey) {
			return []string{column.Name}
		}
	}
	var unique, off, both []string
	for _, test := range tests {
		if name := test.Test.Generic; name == "unique" || name == "unique_combination_of_columns" {
			into := &unique
			if !test.Config.Bool("enabled", true) {
				into = &off
			}
			for _, column := range testedColumns(test) {
				*into = appendNew(*into, column)
			}
		}
	}
	for _, test := range tests {
		for _, column := range testedColumns(test) {
			if test.Test.Generic == "not_null" && (slices.Contains(unique, column) || slices.Contains(off, column)) {
				both = appendNew(both, column)
			}
		}
	}
	if len(both) > 0 {
		return both
	}
	if len(unique) == 0 {
		return off
	}
	return unique
}

// testedColumns are the columns that a generic test is about.
func testedColumns(test *project.Node) []string {
	if v, ok := test.Test.Kwargs.Get("column_name"); ok {
		if name, ok := v.(string); ok {
			return []string{name}
		}
	}
	v, _ := test.Test.Kwargs.Get("combination_of_columns")
	list, ok := v.(*template.List)
	if !ok {
		return nil
	}
	var out []string
	for _, e := range list.Elems {
		if name, ok := e.(string); ok {
			out = append(out, name)
		}
	}
	return out
}
