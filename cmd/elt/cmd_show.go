package main

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"math/big"
	"strings"

	"elt/cmd/elt/internal/report"
	"elt/compiler"
	"elt/compiler/diag"
	"elt/runner"
	"elt/runner/engine"

	"github.com/urfave/cli/v2"
)

func showCommand(in *invocation) *cli.Command {
	return &cli.Command{
		Name:   "show",
		Usage:  "print rows of a node, of a test's findings, or of a query",
		Action: in.show,
		Flags: join([]cli.Flag{
			&cli.StringSliceFlag{Name: "select", Aliases: []string{"s", "m", "models", "model"}, Category: groupSelection, Usage: "the `NODE` to show"},
			&cli.StringSliceFlag{Name: "exclude", Category: groupSelection, Usage: "`NODES` to leave out"},
			&cli.StringFlag{Name: "selector", Category: groupSelection, Usage: "`NAME` of a selector in selectors.yml"},
			&cli.StringFlag{Name: "inline", Category: groupSelection, Usage: "a `QUERY`, may be a template"},
			&cli.StringFlag{Name: "inline-direct", Category: groupSelection, Usage: "a `QUERY` that is no template, and needs no model to be right"},
			&cli.IntFlag{Name: "limit", Value: 5, Category: groupSelection, Usage: "at most `N` rows (default: 5); -1 for all"},
			&cli.BoolFlag{Name: "candidate", Category: groupSelection, Usage: "what the last run made, though it was not published"},
			stateFlag(), indirectFlag(), fullRefreshFlag(), waitFlag(),
		}, deferFlags(), projectFlags(), outputFlags("table", "csv", "json", "text")),
	}
}

func (in *invocation) show(c *cli.Context) error {
	in.begin(c)
	if isGiven(c, "inline-direct") {
		return in.showDirect(c)
	}
	switch inline, selected := isGiven(c, "inline"), selects(c); {
	case inline && selected:
		return usagef("elt show takes a selection or --inline, not both")
	case inline && strings.TrimSpace(c.String("inline")) == "":
		return usagef("--inline is empty").withHint("for example: elt show --inline \"select 1\"")
	case !inline && !selected:
		return usagef("elt show needs either --select or --inline").withHint("for example: elt show --inline \"select 1\"")
	}
	plan, err := in.parse(c)
	if err != nil {
		return err
	}
	options := runner.ShowOptions{
		Inline: c.String("inline"), Limit: c.Int("limit"),
		Candidate: c.Bool("candidate"), Wait: c.Duration("wait"),
	}
	name := ""
	if selects(c) {
		chosen, err := in.choose(c, plan)
		if err != nil {
			return err
		}
		if len(chosen) != 1 {
			return notOneNode(plan, chosen, selectionText(c))
		}
		options.Node, name = chosen[0], plan.Nodes[chosen[0]].Name
	}
	table, err := runner.Show(in.ctx, plan, options)
	if err != nil {
		return err
	}
	return in.writeRows(table, c.String("output"), name)
}

// showDirect prints the rows of a query that is run as it is: no template, no name of the project. As
// in dbt it counts more than what else says what to show.
func (in *invocation) showDirect(c *cli.Context) error {
	sql := c.String("inline-direct")
	if strings.TrimSpace(sql) == "" {
		return usagef("--inline-direct is empty").withHint("for example: elt show --inline-direct \"select 1\"")
	}
	p, err := in.connection(c)
	if err != nil {
		return err
	}
	table, err := runner.ShowDirect(in.ctx, p, sql, runner.ShowOptions{Limit: c.Int("limit"), Wait: c.Duration("wait")})
	if err != nil {
		return err
	}
	return in.writeRows(table, c.String("output"), "")
}

// selectionText is the selection as messages name it.
func selectionText(c *cli.Context) string {
	text := strings.Join(c.StringSlice("select"), " ")
	if name := c.String("selector"); name != "" {
		text = strings.TrimSpace(text + " --selector " + name)
	}
	if without := c.StringSlice("exclude"); len(without) > 0 {
		text = strings.TrimSpace(text + " --exclude " + strings.Join(without, " "))
	}
	return text
}

func notOneNode(plan *compiler.Plan, ids []string, selection string) error {
	if len(ids) == 0 {
		err := usagef("%q is no node that could be shown", selection)
		var all []string
		for _, id := range plan.Order {
			all = append(all, plan.Nodes[id].Name)
		}
		if near := diag.Suggest(selection, all); near != "" {
			return err.withHint("did you mean %q?", near)
		}
		return err.withHint("elt ls lists what there is")
	}
	var names []string
	for _, id := range ids[:min(5, len(ids))] {
		names = append(names, plan.Nodes[id].Name)
	}
	return usagef("%q means %d nodes, but one can be shown at a time", selection, len(ids)).
		withHint("it matches %s", strings.Join(names, ", "))
}

// writeRows writes a result as a table, as CSV or in dbt's JSON.
func (in *invocation) writeRows(t *engine.Table, format, name string) error {
	switch format {
	case "csv":
		return writeCSV(in.stdout, t)
	case "json":
		return writeRowsJSON(in.stdout, t, name)
	}
	return report.WriteTable(in.stdout, gridOf(t), "", widthOrUnbounded(in.stdout), report.Style{On: in.style.On && isTerminal(in.stdout)})
}

// widthOrUnbounded is the width of a terminal; what is not a terminal has no edge.
func widthOrUnbounded(w io.Writer) int {
	if width := widthOf(w); width > 0 {
		return width
	}
	return 1 << 20
}

// gridOf turns a result into text.
func gridOf(t *engine.Table) report.Grid {
	g := report.Grid{}
	for _, c := range t.Columns {
		g.Columns = append(g.Columns, c.Name)
		g.Right = append(g.Right, isNumber(c.Type))
	}
	for _, row := range t.Rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = engine.Text(cell, t.Columns[i].Type)
		}
		g.Rows = append(g.Rows, cells)
	}
	return g
}

// isNumber reports whether a column of a type is aligned to the right.
func isNumber(typ string) bool {
	name, _, _ := strings.Cut(typ, "(")
	switch name {
	case "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL", "BIGNUM":
		return !strings.HasSuffix(typ, "]")
	}
	return false
}

// writeCSV writes a result as RFC 4180 has it; NULL is an empty field.
func writeCSV(w io.Writer, t *engine.Table) error {
	out := csv.NewWriter(w)
	header := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		header[i] = c.Name
	}
	if err := out.Write(header); err != nil {
		return err
	}
	for _, row := range t.Rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			if cell != nil {
				cells[i] = engine.Text(cell, t.Columns[i].Type)
			}
		}
		if err := out.Write(cells); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// writeRowsJSON writes {"node": ..., "show": [...]} as dbt does, keys in the order of
// the columns.
func writeRowsJSON(w io.Writer, t *engine.Table, name string) error {
	out := ordered{}
	if name != "" {
		out = append(out, field{"node", name})
	}
	return report.WriteJSON(w, append(out, field{"show", jsonRows(t)}))
}

// jsonRows are the rows of a result, each with its columns as keys.
func jsonRows(t *engine.Table) []ordered {
	rows := make([]ordered, len(t.Rows))
	for i, row := range t.Rows {
		for j, cell := range row {
			rows[i] = append(rows[i], field{t.Columns[j].Name, jsonCell(cell, t.Columns[j].Type)})
		}
	}
	return rows
}

// jsonCell keeps what JSON can hold and writes the rest as DuckDB's text.
func jsonCell(cell any, typ string) any {
	switch v := cell.(type) {
	case nil, bool, int64, string:
		return v
	case *big.Int:
		return v
	case float64:
		if v == v && v-v == 0 { // neither NaN nor infinite, which JSON cannot hold
			return v
		}
	}
	text := engine.Text(cell, typ)
	if isNumber(typ) && json.Valid([]byte(text)) {
		return json.RawMessage(text) // a decimal, with every digit it has
	}
	return text
}
