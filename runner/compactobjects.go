package runner

import (
	"context"

	"elt/compiler/project"
)

// listObjects returns the statements that make the objects into which small ones were put together count:
// a manifest without those they are made of, and a view that reads what it names, with the comments it had.
func (c *compacting) listObjects(ctx context.Context, gone map[string]bool) ([]string, error) {
	x := c.n.spec.External
	m, err := readObjectManifest(ctx, c.main, x.Location)
	if err != nil {
		return nil, err
	}
	m.Files = nil
	for _, f := range c.n.standing {
		if !gone[f.Path] {
			m.Files = append(m.Files, f)
		}
	}
	for _, g := range c.groups {
		m.Files = append(m.Files, g.made)
	}
	m.reads(x)
	put, err := m.put(x)
	if err != nil {
		return nil, err
	}
	comments, err := c.comments(ctx)
	return append([]string{put, x.Show(c.view, c.columns)}, comments...), err
}

// comments are the statements that give the view its comments again: what replaces a view has none.
func (c *compacting) comments(ctx context.Context) ([]string, error) {
	where := " where database_name = " + project.QuoteString(c.view.Database) + " and schema_name = " + project.QuoteString(c.view.Schema)
	t, err := c.main.Query(ctx, "select null, comment from duckdb_views()"+where+" and view_name = "+project.QuoteString(c.view.Identifier)+
		" and comment is not null\nunion all\nselect column_name, comment from duckdb_columns()"+where+" and table_name = "+
		project.QuoteString(c.view.Identifier)+" and comment is not null")
	if err != nil {
		return nil, err
	}
	var out []string
	for _, row := range t.Rows {
		text, _ := row[1].(string)
		what := "view " + c.view.String()
		if column, ok := row[0].(string); ok {
			what = "column " + c.view.String() + "." + project.QuoteIdent(column)
		}
		out = append(out, "comment on "+what+" is "+project.QuoteString(text))
	}
	return out, nil
}
