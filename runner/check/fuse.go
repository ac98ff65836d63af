package check

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"elt/compiler/project"
	"elt/compiler/regex"
	"elt/compiler/sqltoken"
	"elt/compiler/template"
	"elt/runner/engine"
)

// Fusable is a simple test that can share a scan with others of its relation.
type Fusable struct {
	ID       string // unique_id of the test
	Relation string // the FROM item it looks at, as rendered
	// Count is an aggregate over the relation that is zero exactly when the test finds
	// nothing.
	Count string
	// Distinct says that the aggregate has to remember every value.
	Distinct bool
	// Pruned says that DuckDB mostly answers the test by itself from its statistics,
	// which the condition of an aggregate does not profit from.
	Pruned bool
}

// Shape is what is known of a relation before it is tested.
type Shape struct {
	View bool
	Rows int64 // -1 if not known: then the relation is taken for a small one
}

// smallTable is the number of rows up to which one scan of a table is faster than a
// statement for each test, whatever the test. In larger tables DuckDB answers some tests
// from its statistics alone. BenchmarkFuse shows the figures.
const smallTable = 200_000

// Group is several tests of one relation that one statement answers.
type Group struct {
	Relation string
	Tests    []Fusable
	SQL      string // returns one row with one column for each test, in their order
}

// Fuse groups tests by relation, where that is faster. All tests of a view are fused:
// its query is then run once. In tables the ones that remember every value stay alone
// (a GROUP BY of its own is faster), in large ones also those that statistics answer.
// Groups and the tests in them keep the order of the input; a group has at least two
// tests, and what stays alone is left out.
func Fuse(tests []Fusable, shape func(relation string) Shape) []Group {
	var groups []Group
	at := map[string]int{}
	for _, test := range tests {
		s := shape(test.Relation)
		large := s.Rows > smallTable
		if !s.View && (test.Distinct || test.Pruned && large) {
			continue
		}
		i, ok := at[test.Relation]
		if !ok {
			i = len(groups)
			at[test.Relation] = i
			groups = append(groups, Group{Relation: test.Relation})
		}
		groups[i].Tests = append(groups[i].Tests, test)
	}
	groups = slices.DeleteFunc(groups, func(g Group) bool { return len(g.Tests) < 2 })
	for i := range groups {
		groups[i].SQL = groups[i].statement()
	}
	return groups
}

func (g Group) statement() string {
	items := make([]string, len(g.Tests))
	for i, t := range g.Tests {
		items[i] = fmt.Sprintf("  %s as t%d", t.Count, i+1)
	}
	return "select\n" + strings.Join(items, ",\n") + "\nfrom " + g.Relation
}

// Cleared reads the result of [Group.SQL]: which tests have found nothing and so
// passed. The others are to be run by themselves.
func (g Group) Cleared(table *engine.Table) ([]bool, error) {
	if len(table.Rows) != 1 || len(table.Rows[0]) != len(g.Tests) {
		return nil, fmt.Errorf("%d tests of %s were answered by %d rows of %d columns",
			len(g.Tests), g.Relation, len(table.Rows), len(table.Columns))
	}
	out := make([]bool, len(g.Tests))
	for i, cell := range table.Rows[0] {
		n, err := readCount(cell)
		if err != nil {
			return nil, err
		}
		out[i] = n == 0
	}
	return out, nil
}

// FusableOf reads from a generic test's rendered arguments how it is fused; ok is
// false for a test that has to run by itself. The caller makes sure that the test's
// macro is elt's own and not one of the project of the same name.
func FusableOf(node *project.Node, c Check) (f Fusable, ok bool) {
	if node.Test == nil || node.Compiled == nil || node.Compiled.Kwargs == nil || !c.plain() {
		return Fusable{}, false
	}
	k := kwargs{node.Compiled.Kwargs}
	f = Fusable{ID: node.UniqueID, Relation: k.text("model")}
	f.Count = k.count(node.Test.Generic, node.Compiled.SQL)
	switch node.Test.Generic {
	case "unique":
		f.Distinct = true
	case "not_null", "accepted_range":
		f.Pruned = true
	}
	return f, f.Relation != "" && f.Count != ""
}

// plain reports whether no config changes what the test counts, so that finding
// nothing means that it passes.
func (c Check) plain() bool {
	return c.Config.FailCalc == defaultFailCalc && c.Config.Limit < 0 && c.Config.Where == "" &&
		c.Stored.Identifier == "" && passesAtZero(c.Config.WarnIf) && passesAtZero(c.Config.ErrorIf)
}

var comparison = regex.Lazy(`^\s*(!=|<>|>=|>)\s*(\d{1,18})\s*$`)

// passesAtZero reports whether no failures are certain not to meet a condition.
func passesAtZero(condition string) bool {
	m := comparison().FindStringSubmatch(condition)
	if m == nil {
		return false
	}
	n, err := strconv.ParseInt(m[2], 10, 64)
	switch {
	case err != nil:
		return false
	case m[1] == ">":
		return true
	case m[1] == ">=":
		return n > 0
	}
	return n == 0
}

// kwargs are the rendered arguments of a generic test.
type kwargs struct{ dict *template.Dict }

func (k kwargs) get(name string) (template.Value, bool) {
	v, ok := k.dict.Get(name)
	return v, ok && v != nil
}

// text returns an argument as the macro's template prints it; "" for what is not set or
// not plain.
func (k kwargs) text(name string) string {
	v, _ := k.get(name)
	return scalar(v)
}

// scalar prints a text, a whole number or an object such as a relation.
func scalar(v template.Value) string {
	switch x := v.(type) {
	case string:
		return x
	case int64:
		return strconv.FormatInt(x, 10)
	case template.Stringer:
		return x.Str()
	}
	return ""
}

// flag returns a boolean argument; ok is false where it is something else.
func (k kwargs) flag(name string, def bool) (value, ok bool) {
	v, set := k.get(name)
	if !set {
		return def, true
	}
	value, ok = v.(bool)
	return value, ok
}

// only reports whether all arguments are among the given ones: what is not known may
// change the test.
func (k kwargs) only(names ...string) bool {
	for _, key := range k.dict.Keys() {
		name, ok := key.(string)
		if !ok || name != "model" && name != "column_name" && !slices.Contains(names, name) {
			return false
		}
	}
	return true
}

// count is the aggregate of a built-in test; "" for one that cannot be fused. Arguments
// stand in it as they stand in the macro's SQL.
func (k kwargs) count(generic, sql string) string {
	column := k.text("column_name")
	switch generic {
	case "unique":
		if column != "" && simple(column) && k.only() {
			return fmt.Sprintf("count(%s) - count(distinct %s)", column, column)
		}
	case "accepted_values":
		if list := k.valueList(); column != "" && simple(column) && list != "" {
			return fmt.Sprintf("count(*) filter (where %s not in (%s))", column, list)
		}
	case "not_null", "accepted_range", "not_empty_string", "expression_is_true":
		if condition := rowCondition(sql, k.text("model")); condition != "" {
			return "count(*) filter (where " + condition + ")"
		}
	}
	return ""
}

// rowCondition returns the condition of a query of the form "select ... from relation
// where condition", and "" for any other query: each row of the relation then counts
// by itself.
func rowCondition(sql, relation string) string {
	sql = trimQuery(sql)
	depth := 0
	for tok := range sqltoken.Tokens(sql) {
		switch strings.ToUpper(tok.Text(sql)) {
		case "(":
			depth++
		case ")":
			depth--
		case "WITH", "DISTINCT":
			return ""
		case "FROM":
			if depth > 0 {
				continue
			}
			rest, ok := strings.CutPrefix(strings.TrimSpace(sql[tok.Span.End:]), relation)
			if !ok || relation == "" {
				return ""
			}
			condition, ok := cutWord(rest, "WHERE")
			if !ok || !simple(condition) {
				return ""
			}
			return condition
		}
	}
	return ""
}

// cutWord takes a keyword, with white space before it, off the beginning of a text.
func cutWord(text, word string) (rest string, ok bool) {
	trimmed := strings.TrimLeft(text, " \t\r\n")
	if len(trimmed) == len(text) || len(trimmed) <= len(word) || !strings.EqualFold(trimmed[:len(word)], word) ||
		!strings.ContainsAny(trimmed[len(word):len(word)+1], " \t\r\n(") {
		return "", false
	}
	return strings.TrimSpace(trimmed[len(word):]), true
}

// simple reports whether a piece of SQL may be moved into an aggregate: it holds no
// subquery, window, further clause, comment or semicolon, and its parentheses match.
func simple(sql string) bool {
	if strings.Contains(sql, "--") || strings.Contains(sql, "/*") || strings.Contains(sql, ";") {
		return false
	}
	depth := 0
	for tok := range sqltoken.Tokens(sql) {
		switch text := tok.Text(sql); strings.ToUpper(text) {
		case "SELECT", "OVER", "EXISTS", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET",
			"UNION", "EXCEPT", "INTERSECT", "QUALIFY", "WINDOW", "VALUES":
			return false
		case "(":
			depth++
		case ")":
			if depth--; depth < 0 {
				return false
			}
		}
	}
	return depth == 0
}

// valueList is the list of accepted_values; "" where a value prints otherwise than it
// is written.
func (k kwargs) valueList() string {
	quote, ok := k.flag("quote", true)
	values, set := k.get("values")
	list, isList := values.(*template.List)
	if !ok || !set || !isList || len(list.Elems) == 0 || !k.only("values", "quote") {
		return ""
	}
	items := make([]string, len(list.Elems))
	for i, v := range list.Elems {
		switch v.(type) {
		case string, int64:
		default:
			return ""
		}
		items[i] = scalar(v)
		if quote {
			items[i] = project.QuoteString(items[i])
		} else if items[i] == "" || !simple(items[i]) {
			return ""
		}
	}
	return strings.Join(items, ", ")
}
