package runner

import (
	"slices"
	"strings"
	"time"

	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
	"elt/runner/engine"
	"elt/runner/materialize"
)

// SeedRows are the rows of the node's file, with values as agate reads them: what is a number is a Decimal, and
// columns that column_types names are text.
func (m *maker) SeedRows() (*dbtcontext.Table, error) {
	if m.n.node.Type != project.Seed {
		return nil, diag.New(diag.TemplateError, diag.Place{}, "load_agate_table() can only load agate tables for seeds")
	}
	options, problems := materialize.SeedOptionsOf(m.n.node)
	if problems.HasErrors() {
		return nil, problems
	}
	named := options.ColumnTypes
	options.ColumnTypes = nil
	_, content, err := m.run.seedContent(m.n.node)
	if err != nil {
		return nil, err
	}
	options.Numbers = !m.run.plan.Project.OwnDefaults()
	var fields [][]string
	table, err := materialize.SeedFields(diag.NewSource(m.n.node.Source.Path, content), options, func(row []string) { fields = append(fields, row) })
	if err != nil {
		return nil, err
	}
	kinds := slices.Clone(table.Columns)
	out := &dbtcontext.Table{}
	for i, col := range table.Columns {
		if slices.ContainsFunc(named, func(t materialize.ColumnType) bool { return t.Column == col.Name }) || col.Type == "VARCHAR" {
			kinds[i].Type = "Text"
		}
		out.Columns = append(out.Columns, dbtcontext.Column(kinds[i]))
	}
	for _, row := range fields {
		cells := make([]template.Value, len(row))
		for i, text := range row {
			cells[i] = seedCell(text, kinds[i])
		}
		out.Rows = append(out.Rows, cells)
	}
	return out, nil
}

// seedCell is a field of a seed as agate reads it.
func seedCell(text string, col engine.Column) template.Value {
	value := strings.TrimSpace(text)
	if value == "" || strings.EqualFold(value, "null") {
		return nil
	}
	switch col.Type {
	case "Text":
		return text
	case "BOOLEAN":
		return strings.EqualFold(value, "true")
	case "DATE":
		if t, err := time.Parse("2006-1-2", value); err == nil {
			return dbtcontext.Date(t)
		}
	case "TIMESTAMP":
		for _, layout := range []string{"2006-1-2 15:4:5", "2006-01-02T15:04:05.999999999", "2006-01-02T15:04"} {
			if t, err := time.Parse(layout, value); err == nil {
				return dbtcontext.NaiveDateTime(t)
			}
		}
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999Z07"} {
			if t, err := time.Parse(layout, value); err == nil {
				return dbtcontext.DateTime(t)
			}
		}
	default:
		if d, ok := dbtcontext.Decimal(value); ok {
			return d
		}
	}
	return text
}
