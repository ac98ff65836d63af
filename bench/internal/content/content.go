// Package content says whether two tools have made the same tables.
//
// A table is summed up by its columns' names, its number of rows and a hash of its rows
// that does not depend on their order, computed by DuckDB itself. Values are compared as
// text, since one tool may store an INTEGER where another stores a BIGINT; numbers with a
// fraction are compared to twelve digits, since a sum of doubles depends on the order of
// its threads. Start at Relations and Compare.
package content

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Facts are what is true after a tool has run, each under a name: "main.orders" is
// "99 rows #1f0c".
type Facts map[string]string

// Shell is the path of DuckDB's command line program.
type Shell string

// Relations returns a fact for each relation of a schema in a database file, under
// "schema.relation". Only those whose name begins with one of the prefixes are taken; no
// prefix takes all.
func (s Shell) Relations(ctx context.Context, database, schema string, prefixes ...string) (Facts, error) {
	columns, err := s.columns(ctx, database, schema, prefixes)
	if err != nil {
		return nil, err
	}
	var script strings.Builder
	for _, relation := range slices.Sorted(maps.Keys(columns)) {
		script.WriteString(sumUp(schema+"."+relation, quote(schema)+"."+quote(relation), columns[relation]))
	}
	return s.facts(ctx, database, script.String())
}

// Query returns one fact, under name, for the rows of a query on a database file, or in
// memory if that is empty: a file that a tool has written, say.
func (s Shell) Query(ctx context.Context, database, name, query string) (Facts, error) {
	var columns []column
	if err := rows(ctx, s, database, "select column_name, column_type as data_type from (describe "+query+")", func(c column) { columns = append(columns, c) }); err != nil {
		return nil, err
	}
	return s.facts(ctx, database, sumUp(name, "("+query+")", columns))
}

// Value returns the first column of the first row of a query on a database file, as text.
func (s Shell) Value(ctx context.Context, database, query string) (string, error) {
	var found []string
	type row struct {
		Value any `json:"value"`
	}
	err := rows(ctx, s, database, "select * from ("+query+") as t(value) limit 1", func(r row) { found = append(found, fmt.Sprint(r.Value)) })
	if err != nil {
		return "", err
	}
	if len(found) == 0 {
		return "", fmt.Errorf("no row from %q", query)
	}
	return found[0], nil
}

// Exec runs statements on a database file, or in memory if that is empty.
func (s Shell) Exec(ctx context.Context, database, script string) error {
	_, err := s.run(ctx, database, script)
	return err
}

type column struct {
	Relation string `json:"table_name"`
	Name     string `json:"column_name"`
	Type     string `json:"data_type"`
}

func (s Shell) columns(ctx context.Context, database, schema string, prefixes []string) (map[string][]column, error) {
	all := map[string][]column{}
	query := "select table_name, column_name, data_type from duckdb_columns() where database_name = current_database() and schema_name = " + text(schema)
	err := rows(ctx, s, database, query, func(c column) {
		starts := func(prefix string) bool { return strings.HasPrefix(c.Relation, prefix) }
		if len(prefixes) == 0 || slices.ContainsFunc(prefixes, starts) {
			all[c.Relation] = append(all[c.Relation], c)
		}
	})
	return all, err
}

// sumUp is the statement that computes the fact of one relation.
func sumUp(name, from string, columns []column) string {
	slices.SortFunc(columns, func(a, b column) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	values, names := make([]string, len(columns)), make([]string, len(columns))
	for i, c := range columns {
		names[i], values[i] = strings.ToLower(c.Name), comparable(c)
	}
	return fmt.Sprintf("select %s as name, count(*) as n, coalesce(printf('%%x', (sum(hash(%s)::hugeint) %% 281474976710597)::bigint), '') as sum, %s as columns from %s;\n",
		text(name), strings.Join(values, ", "), text(strings.Join(names, ",")), from)
}

// comparable is a column as the text that is compared.
func comparable(c column) string {
	kind, _, _ := strings.Cut(strings.ToUpper(c.Type), "(")
	switch kind {
	case "DOUBLE", "FLOAT", "DECIMAL":
		return "printf('%.12g', " + quote(c.Name) + "::double)"
	}
	return quote(c.Name) + "::varchar"
}

func (s Shell) facts(ctx context.Context, database, script string) (Facts, error) {
	type sum struct {
		Name    string      `json:"name"`
		Rows    json.Number `json:"n"`
		Sum     string      `json:"sum"`
		Columns string      `json:"columns"`
	}
	facts := Facts{}
	err := rows(ctx, s, database, script, func(r sum) {
		facts[r.Name] = fmt.Sprintf("%s rows of (%s) #%s", r.Rows, r.Columns, r.Sum)
	})
	return facts, err
}

// rows runs statements and hands every row of every result to take.
func rows[T any](ctx context.Context, s Shell, database, script string, take func(T)) error {
	out, err := s.run(ctx, database, script)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var result []T
		err := decoder.Decode(&result)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("what %s printed is not JSON: %w", s, err)
		}
		for _, row := range result {
			take(row)
		}
	}
}

// run executes a script from a file, since a thousand tables do not fit an argument.
func (s Shell) run(ctx context.Context, database, script string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "elt-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "script.sql")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		return nil, err
	}
	args := []string{"-bail", "-json", "-f", file}
	if database != "" {
		args = append(args, database)
	}
	cmd := exec.CommandContext(ctx, string(s), args...)
	cmd.Env = append(os.Environ(), "HOME="+dir) // no .duckdbrc
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil, fmt.Errorf("duckdb: %s", strings.TrimSpace(string(exit.Stderr)))
	}
	return out, err
}

// Compare returns what differs between the facts of a tool and those that are right,
// one line each, sorted; none if they are the same. Every fact that is right has to be
// there, and no other may be.
func Compare(right, got Facts) []string {
	var lines []string
	for name, want := range right {
		switch have, ok := got[name]; {
		case !ok:
			lines = append(lines, fmt.Sprintf("%s is missing", name))
		case have != want:
			lines = append(lines, fmt.Sprintf("%s: %s, not %s", name, have, want))
		}
	}
	for name := range got {
		if _, ok := right[name]; !ok {
			lines = append(lines, fmt.Sprintf("%s should not be there", name))
		}
	}
	slices.Sort(lines)
	return lines
}

// quote is an SQL identifier.
func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// text is an SQL string.
func text(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
