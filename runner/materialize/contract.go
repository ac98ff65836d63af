package materialize

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner/engine"
)

// Contract is an enforced contract: the columns a relation must have.
type Contract struct {
	Columns     []ContractColumn
	Constraints []project.Constraint // of the model as a whole
}

// ContractColumn is one column of a contract.
type ContractColumn struct {
	Name        string
	Type        string
	Constraints []project.Constraint
	Place       diag.Place
}

// ContractProbe holds two queries to describe before a node with an enforced contract
// is made. DuckDB spells the types of both, so they can be compared.
type ContractProbe struct {
	Query    Statement // the model's query
	Declared string    // a query of the declared columns
}

// probe is what to describe before the node is made; nil without a contract.
func (s *Spec) probe() *ContractProbe {
	if s.Contract == nil {
		return nil
	}
	items := make([]string, len(s.Contract.Columns))
	for i, col := range s.Contract.Columns {
		items[i] = fmt.Sprintf("cast(null as %s) as %s", col.Type, project.QuoteIdent(col.Name))
	}
	return &ContractProbe{
		Query:    around("", s.SQL, ""),
		Declared: "select " + strings.Join(items, ", "),
	}
}

// Declared are the columns as the contract has them, their types as they were written.
func (c *Contract) Declared() []engine.Column {
	out := make([]engine.Column, len(c.Columns))
	for i, col := range c.Columns {
		out[i] = engine.Column{Name: col.Name, Type: col.Type}
	}
	return out
}

// CheckContract compares the columns of the query with those the contract declares;
// both were described by the database. Their order does not count. Everything that
// differs is one diagnostic, with a table of what was expected and what there is.
func (s *Spec) CheckContract(query, declared []engine.Column) error {
	rows := [][3]string{{"column", "declared", "in the query"}}
	var place diag.Place
	for i, want := range declared {
		got, ok := find(query, want.Name)
		switch {
		case !ok:
			rows = append(rows, [3]string{want.Name, want.Type, "missing"})
		case got.Type != want.Type:
			rows = append(rows, [3]string{want.Name, want.Type, got.Type})
		default:
			continue
		}
		if place.IsZero() {
			place = s.Contract.Columns[i].Place
		}
	}
	for _, got := range missingFrom(declared, query) {
		rows = append(rows, [3]string{got.Name, "not declared", got.Type})
	}
	if len(rows) == 1 {
		return nil
	}
	if place.IsZero() {
		place = s.place("contract")
	}
	d := diag.New(diag.Contract, place, "the columns of %q do not keep its contract\n%s", s.Published.Identifier, aligned(rows))
	d.Node = s.Node
	d.Hint = "change the query, or the columns that its property file declares"
	return diag.List{d}
}

// aligned writes rows as columns of text.
func aligned(rows [][3]string) string {
	var width [2]int
	for _, row := range rows {
		for i := range width {
			width[i] = max(width[i], utf8.RuneCountInString(row[i]))
		}
	}
	lines := make([]string, len(rows))
	for i, row := range rows {
		lines[i] = fmt.Sprintf("%-*s  %-*s  %s", width[0], row[0], width[1], row[1], row[2])
	}
	return strings.Join(lines, "\n")
}

// createRows makes rel with the rows of the query, be it the whole relation or a delta.
// Under a contract the table is declared first: DuckDB keeps its constraints, and rows
// of a delta that break them are found here and not in the publish transaction.
func createRows(spec *Spec, rel project.Relation) []Statement {
	if spec.Contract == nil {
		return []Statement{spec.createQuery(rel)}
	}
	list := spec.Contract.columnList()
	before, after := spec.latest()
	return []Statement{
		createTable(rel, spec.Contract),
		around(fmt.Sprintf("insert into %s (%s)\nselect %s from (\n%s", rel, list, list, before),
			spec.SQL, after+"\n) as model_subq"),
	}
}

// createCopy makes a copy of the published table, whose columns are old.
func createCopy(spec *Spec, rel project.Relation, old []engine.Column) []Statement {
	if spec.Contract == nil {
		return []Statement{plain("create table %s as (\nfrom %s\n)", rel, spec.Published)}
	}
	return []Statement{
		createTable(rel, spec.Contract.over(old)),
		plain("insert into %s by name\nfrom %s", rel, spec.Published),
	}
}

// over is the contract as far as a table of the given columns keeps it: the table's
// columns and types, the constraints of those that are declared. Columns that are new
// in the contract are added to the copy later, as they would be to the table itself.
func (c *Contract) over(old []engine.Column) *Contract {
	out := &Contract{}
	for _, col := range old {
		kept := ContractColumn{Name: col.Name, Type: col.Type}
		for _, declared := range c.Columns {
			if strings.EqualFold(declared.Name, col.Name) {
				kept.Constraints, kept.Place = declared.Constraints, declared.Place
			}
		}
		out.Columns = append(out.Columns, kept)
	}
	grown := false // then an expression may name a column that is not there yet
	for _, declared := range c.Columns {
		_, ok := find(old, declared.Name)
		grown = grown || !ok
	}
	for _, constraint := range c.Constraints {
		known := !grown || constraint.Expression == ""
		for _, text := range constraint.Columns {
			name, _ := columnName(text, old)
			_, ok := find(old, name)
			known = known && ok
		}
		if known {
			out.Constraints = append(out.Constraints, constraint)
		}
	}
	return out
}

func createTable(rel project.Relation, c *Contract) Statement {
	var defs []string
	for _, col := range c.Columns {
		defs = append(defs, columnDefinition(col))
	}
	for _, constraint := range c.Constraints {
		if def := tableConstraint(constraint); def != "" {
			defs = append(defs, def)
		}
	}
	return plain("create table %s (\n  %s\n)", rel, strings.Join(defs, ",\n  "))
}

// ConstraintTrial is a statement that makes a table with constraints of a contract.
type ConstraintTrial struct {
	SQL   string
	Place diag.Place // of what is tried
}

// Trials returns statements that make tables as a contract declares them: all of the
// constraints first and then, to find those that cannot be made, one at a time. There are
// none without constraints.
func (s *Spec) Trials() []ConstraintTrial {
	table := project.Relation{Identifier: s.Published.Identifier}
	bare := make([]ContractColumn, len(s.Contract.Columns))
	for i, col := range s.Contract.Columns {
		bare[i] = ContractColumn{Name: col.Name, Type: col.Type}
	}
	trial := func(place diag.Place, c *Contract) ConstraintTrial {
		return ConstraintTrial{SQL: strings.Replace(createTable(table, c).SQL, "create table", "create temp table", 1), Place: place}
	}
	out := []ConstraintTrial{trial(s.place("contract"), s.Contract)}
	for i, col := range s.Contract.Columns {
		for _, constraint := range col.Constraints {
			one := slices.Clone(bare)
			one[i].Constraints = []project.Constraint{constraint}
			out = append(out, trial(constraint.Place, &Contract{Columns: one}))
		}
	}
	for _, constraint := range s.Contract.Constraints {
		out = append(out, trial(constraint.Place, &Contract{Columns: bare, Constraints: []project.Constraint{constraint}}))
	}
	if len(out) == 1 {
		return nil
	}
	return out
}

// uniqueKeys are the keys that the contract wants to be unique.
func (c *Contract) uniqueKeys() []Index {
	if c == nil {
		return nil
	}
	var out []Index
	add := func(kind string, columns []string) {
		if kind == "unique" || kind == "primary_key" {
			out = append(out, Index{Columns: columns, Unique: true})
		}
	}
	for _, col := range c.Columns {
		for _, constraint := range col.Constraints {
			add(constraint.Type, []string{col.Name})
		}
	}
	for _, constraint := range c.Constraints {
		add(constraint.Type, constraint.Columns)
	}
	return out
}

func (c *Contract) columnList() string {
	out := make([]string, len(c.Columns))
	for i, col := range c.Columns {
		out[i] = project.QuoteIdent(col.Name)
	}
	return strings.Join(out, ", ")
}

// columnDefinition is a column of CREATE TABLE. Foreign keys are not made: among
// candidates they would block renames and drops. [SpecOf] says so.
func columnDefinition(col ContractColumn) string {
	def := project.QuoteIdent(col.Name) + " " + col.Type
	for _, c := range col.Constraints {
		switch c.Type {
		case "not_null":
			def += " not null"
		case "unique":
			def += " unique"
		case "primary_key":
			def += " primary key"
		case "check":
			def += " check (" + c.Expression + ")"
		case "custom":
			def += " " + c.Expression
		}
	}
	return def
}

func tableConstraint(c project.Constraint) string {
	switch c.Type {
	case "check":
		return "check (" + c.Expression + ")"
	case "unique":
		return "unique (" + constrained(c) + ")"
	case "primary_key":
		return "primary key (" + constrained(c) + ")"
	case "custom":
		return c.Expression
	}
	return ""
}

// constrained lists the columns of a constraint.
func constrained(c project.Constraint) string {
	out := make([]string, len(c.Columns))
	for i, text := range c.Columns {
		name, _ := columnName(text, nil)
		out[i] = project.QuoteIdent(name)
	}
	return strings.Join(out, ", ")
}

// constraint reports a constraint that cannot be made, or will not be. ofModel says
// that it stands at the model itself rather than at a column.
func (r *reader) constraint(c project.Constraint, ofModel bool) {
	switch c.Type {
	case "foreign_key":
		r.add(diag.Warn(diag.Unsupported, c.Place, "the foreign key of %q is not made: it would keep its tables from being replaced", r.node.Name).WithEvent("ConstraintNotEnforced")).
			WithHint("test it instead: relationships")
	case "check", "custom":
		if strings.TrimSpace(c.Expression) == "" {
			r.add(diag.New(diag.Contract, c.Place, "a constraint of type %s has no expression", c.Type))
		}
	case "unique", "primary_key":
		if ofModel && len(c.Columns) == 0 {
			r.add(diag.New(diag.Contract, c.Place, "a constraint of type %s names no columns", c.Type)).
				WithHint("write columns: [id], or put the constraint at its column")
		}
	}
}
