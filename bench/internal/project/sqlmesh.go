package project

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// sqlmeshBase is the configuration of a SQLMesh project whose database, and state, is
// name.duckdb.
func sqlmeshBase(name string, c Connection) Files {
	var settings strings.Builder
	for key, value := range c.Settings {
		fmt.Fprintf(&settings, "        %s: '%s'\n", key, value)
	}
	config := "gateways:\n  bench:\n    connection:\n      type: duckdb\n      database: " + name + ".duckdb\n"
	if settings.Len() > 0 {
		config += "      connector_config:\n" + settings.String()
	}
	return Files{"config.yaml": config + "default_gateway: bench\nmodel_defaults:\n  dialect: duckdb\n  start: '2024-01-01'\n"}
}

// SQLMesh translates the project: the same queries as models, seeds as seeds, and tests
// as audits, its own where it has one of that kind. Columns of seeds, by the seed's name,
// are name and type in turn, as DuckDB reads the file: SQLMesh would type them as pandas
// does.
func (m *Manifest) SQLMesh(name string, c Connection, columns map[string][]string) Files {
	files := sqlmeshBase(name, c)
	audits, written := m.audits()
	if written != "" {
		files["audits/tests.sql"] = written
	}
	for _, id := range m.order() {
		n := m.Nodes[id]
		own := ""
		if beside := audits[id].beside; len(beside) > 0 {
			own = ",\n  depends_on (" + strings.Join(beside, ", ") + ")"
		}
		if use := audits[id].use; len(use) > 0 {
			own += ",\n  audits (\n    " + strings.Join(use, ",\n    ") + "\n  )"
		}
		switch n.Type {
		case "seed":
			files["models/"+n.Name+".sql"] = fmt.Sprintf("MODEL (\n  name %s.%s,\n  kind SEED (path '../%s')%s%s\n);\n",
				n.Schema, n.Alias, n.Path, seedColumns(columns[n.Name]), own)
		case "model":
			kind := map[string]string{"view": "VIEW", "table": "FULL"}[n.Config.Materialized]
			files["models/"+path.Base(n.Path)] = fmt.Sprintf("MODEL (\n  name %s.%s,\n  kind %s%s\n);\n\n%s\n",
				n.Schema, n.Alias, kind, own, m.local(n))
		}
	}
	return files
}

func seedColumns(columns []string) string {
	if len(columns) == 0 {
		return ""
	}
	var pairs []string
	for pair := range slices.Chunk(columns, 2) {
		pairs = append(pairs, strings.Join(pair, " "))
	}
	return ",\n  columns (\n    " + strings.Join(pairs, ",\n    ") + "\n  )"
}

// local is a query that names relations without their database: SQLMesh gives every
// table a name of its own, and finds it by schema and name.
func (m *Manifest) local(n Node) string {
	return strings.TrimSpace(strings.ReplaceAll(n.Compiled, `"`+n.Database+`".`, ""))
}

// audits are what a model's tests become: audits, and the relations that they read and
// the model does not. SQLMesh lets an audit find only what its model depends on.
type audits struct {
	use    []string
	beside []string
}

// audits returns the audits of each model and the text of those that SQLMesh has not got.
func (m *Manifest) audits() (of map[string]audits, written string) {
	of = map[string]audits{}
	var b strings.Builder
	for _, id := range m.order() {
		n := m.Nodes[id]
		if n.Type != "test" {
			continue
		}
		model := n.Attached
		if model == "" && len(m.Parents[id]) > 0 {
			model = m.Parents[id][0]
		}
		all := of[model]
		use := builtIn(n)
		if use == "" {
			use = fmt.Sprintf("test_%d_%s", len(all.use), m.Nodes[model].Name)
			fmt.Fprintf(&b, "AUDIT (name %s);\n%s;\n\n", use, m.local(n))
		}
		all.use = append(all.use, use)
		for _, parent := range m.Parents[id] {
			relation := m.Nodes[parent].Schema + "." + m.Nodes[parent].Alias
			if parent != model && !slices.Contains(m.Parents[model], parent) && !slices.Contains(all.beside, relation) {
				all.beside = append(all.beside, relation)
			}
		}
		of[model] = all
	}
	return of, b.String()
}

// builtIn is the audit of SQLMesh that does what the test does, "" if there is none.
func builtIn(n Node) string {
	switch n.Test.Name {
	case "not_null":
		return fmt.Sprintf("not_null(columns := (%s))", n.Column)
	case "unique":
		return fmt.Sprintf("unique_values(columns := (%s))", n.Column)
	case "accepted_values":
		var values []string
		for _, value := range n.Test.Kwargs.Values {
			text := fmt.Sprint(value)
			if n.Test.Kwargs.Quote == nil || *n.Test.Kwargs.Quote {
				text = "'" + strings.ReplaceAll(text, "'", "''") + "'"
			}
			values = append(values, text)
		}
		return fmt.Sprintf("accepted_values(column := %s, is_in := (%s))", n.Column, strings.Join(values, ", "))
	}
	return ""
}
