package duckdb

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner/engine"
)

// mostFurther is how many mistakes of one query are looked for.
const mostFurther = 50

// Further returns what is wrong with a query beside an error of Bind. DuckDB's binder stops at
// the first mistake, so the expression that it is about is replaced by a null in the query's
// syntax tree, and the query is bound again. Told are unknown and ambiguous names that have
// another name than what was told before, and mistakes of types that are the same ones
// whatever type the nulls have: what follows from an earlier mistake is not told. What DuckDB
// gives no position is looked for; what is about no expression ends the search.
func (s *Shell) Further(ctx context.Context, sql string, first error) []error {
	e, ok := first.(*engine.Error)
	if !ok || e.Err == nil {
		return nil
	}
	session, err := s.take(ctx)
	if err != nil {
		return nil
	}
	defer s.give(session)
	f := newFurtherer(ctx, session)
	if !f.read(sql) {
		return nil
	}
	return f.search(sql, e)
}

// furtherer looks for the mistakes of one query.
type furtherer struct {
	ctx     context.Context
	session *Session

	root     any             // the statement's tree as DuckDB reads again what it writes, with the places of the query
	tops     map[string]bool // paths of the expressions whose names nobody reads but who reads the query
	masks    []mask
	replaced map[string]bool // paths of masks
	told     map[string]bool // names in small letters, and messages, that were told or replaced
	spots    map[int]bool    // positions of the errors found
	sought   int             // how many times the query was bound to find a place

	// lost are the paths of columns that nobody knows the right names of, in subqueries, and
	// lostNames the CTEs that hand them on.
	lost      []string
	lostNames map[string]bool
	// plain says that a call was replaced, which may have been one of an aggregate, or
	// something that GROUP BY has.
	plain bool
}

func newFurtherer(ctx context.Context, session *Session) *furtherer {
	return &furtherer{
		ctx: ctx, session: session,
		tops: map[string]bool{}, replaced: map[string]bool{}, told: map[string]bool{}, spots: map[int]bool{}, lostNames: map[string]bool{},
	}
}

// read makes the tree of a query.
func (f *furtherer) read(sql string) bool {
	tree, err := f.tree(sql)
	if err != nil {
		return false
	}
	f.root = tree
	written, err := f.sql()
	if err != nil {
		return false
	}
	if f.root, err = f.tree(written); err != nil {
		return false
	}
	relocate(f.root, tree)
	statement, _ := f.root.(object)
	f.markTops(statement["node"], "/node")
	return true
}

// tree is the syntax tree of a query.
func (f *furtherer) tree(sql string) (any, error) {
	tree, err := serialize(f.session, sql)
	unwrapValues(tree)
	return tree, err
}

// sql is the tree as DuckDB writes it.
func (f *furtherer) sql() (string, error) {
	text, err := json.Marshal(object{"error": false, "statements": []any{f.root}})
	if err != nil {
		return "", err
	}
	table, err := f.session.Query(f.ctx, "SELECT json_deserialize_sql("+project.QuoteString(string(text))+"::JSON)")
	if err != nil {
		return "", err
	}
	sql, _ := table.Rows[0][0].(string)
	return sql, nil
}

// markTops notes the columns of a query.
func (f *furtherer) markTops(value any, path string) {
	node, _ := value.(object)
	list, _ := node["select_list"].([]any)
	for i := range list {
		f.tops[path+"/select_list/"+strconv.Itoa(i)] = true
	}
	for _, side := range []string{"left", "right"} { // of a set operation
		if node[side] != nil {
			f.markTops(node[side], path+"/"+side)
		}
	}
	if children, ok := node["children"].([]any); ok {
		for i, child := range children {
			f.markTops(child, path+"/children/"+strconv.Itoa(i))
		}
	}
}

// search replaces what an error is about and binds again, until nothing more is found.
func (f *furtherer) search(sql string, told *engine.Error) []error {
	first := readReport(told.Err.Error())
	path := f.pathOf(f.root, first, told)
	f.note(path, first)
	f.spots[told.Position] = true
	var found []error
	for range mostFurther {
		sought := path == "" && isSought(first)
		if sought {
			path = f.seek(first)
		}
		at, known := placeOf(sql, f.nodeAt(path))
		if len(f.masks) == 0 {
			f.spots[at] = true
		} else if known && !f.spots[at] && !(sought && f.mayFollow(path)) && f.isTold(first, path) {
			f.spots[at] = true
			first.Position = strconv.Itoa(at)
			found = append(found, placedAt(first.about(sql), at))
		}
		f.note(path, first)
		if path == "" || !f.replace(path, first) {
			break
		}
		var ok bool
		if first, path, ok = f.bind(""); !ok {
			break
		}
	}
	return found
}

// placedAt is an error at a place, unless it has a better one.
func placedAt(e *engine.Error, at int) *engine.Error {
	if e.Position < 0 {
		e.Position = at
	}
	return e
}

// bind binds the tree with nulls of a type and returns the error, and the path of the
// expression that it is about, "" where DuckDB does not say. It is false where nothing is wrong.
func (f *furtherer) bind(typ string) (report, string, bool) {
	for _, m := range f.masks {
		m.set(typ)
	}
	sql, err := f.sql()
	if err != nil {
		return report{}, "", false
	}
	_, err = f.session.bound(f.ctx, sql)
	e, ok := err.(*engine.Error)
	if !ok || e.Err == nil {
		return report{}, "", false
	}
	r := readReport(e.Err.Error())
	if r.Position == "" {
		return r, "", true
	}
	tree, err := f.tree(sql)
	if err != nil {
		return r, "", true
	}
	return r, f.pathOf(tree, r, e), true
}

// pathOf is the path of the expression that an error is about, "" where it does not say.
func (f *furtherer) pathOf(tree any, r report, e *engine.Error) string {
	if position, err := strconv.Atoi(r.Position); err == nil {
		if path := pathAt(tree, r, position); path != "" || e.Position == position {
			return path
		}
	}
	if e.Position < 0 || r.Position == "" { // a place that was found in the text is a guess
		return ""
	}
	return pathAt(tree, r, e.Position)
}

// pathAt is the path of the expression that an error is about: the outermost one that stands at
// its place, and is what the error says it is.
func pathAt(tree any, r report, position int) string {
	class := ""
	switch {
	case unknownColumn(r) || ambiguous(r):
		class = "COLUMN_REF"
	case unknownFunction(r):
		class = "FUNCTION WINDOW"
	}
	return find(tree, "", func(node object) bool {
		is := text(node["class"])
		at, known := location(node)
		return is != "" && (class == "" || strings.Contains(class, is)) && known && at == position
	})
}

// nodeAt is the expression at a path of the tree, nil where there is none.
func (f *furtherer) nodeAt(path string) object {
	node, _ := f.valueAt(path).(object)
	if text(node["class"]) == "" {
		return nil
	}
	return node
}

// valueAt is what stands at a path of the tree, nil where there is nothing.
func (f *furtherer) valueAt(path string) any {
	value := f.root
	for _, step := range strings.Split(path, "/")[1:] {
		switch v := value.(type) {
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(v) {
				return nil
			}
			value = v[i]
		case object:
			value = v[step]
		default:
			return nil
		}
	}
	return value
}

func unknownColumn(r report) bool {
	return r.Subtype == "COLUMN_NOT_FOUND" || strings.Contains(r.Message, " does not have a column named ")
}

func ambiguous(r report) bool { return strings.HasPrefix(r.Message, "Ambiguous reference to column") }

func unknownFunction(r report) bool {
	return r.Subtype == "MISSING_ENTRY" && strings.Contains(r.About, "Function")
}

// note keeps the name that an error is about.
func (f *furtherer) note(path string, r report) {
	f.told[r.Message] = true
	if node := f.nodeAt(path); node != nil && (unknownColumn(r) || ambiguous(r) || unknownFunction(r)) {
		f.told[nameOf(node)] = true
	}
}

// anyTypes are types that have little in common.
var anyTypes = []string{"VARCHAR", "BIGINT", "DATE", "LIST"}

// isTold reports whether an error is one of the query's, not of what was replaced.
func (f *furtherer) isTold(r report, path string) bool {
	switch node := f.nodeAt(path); {
	case node == nil:
		return false
	case unknownColumn(r):
		return !f.told[nameOf(node)] && !f.mayBeLost(path)
	case ambiguous(r), unknownFunction(r):
		return !f.told[nameOf(node)]
	case !ofTypes(r) || f.told[r.Message]:
		return false
	case aboutGroups(r.Message):
		return !f.plain
	}
	for _, typ := range anyTypes {
		switch other, at, ok := f.bind(typ); {
		case !ok:
			return false
		case other.Message == r.Message && (at == "" || at == path):
		case at == "" || isWithin(at, path) || isWithin(path, at) || !f.holdsReplaced(at):
			return false
		}
	}
	return true
}

// isWithin reports whether a path leads to what stands at another one, or to a part of it.
func isWithin(path, other string) bool { return path == other || strings.HasPrefix(path, other+"/") }

// holdsReplaced reports whether what stands at a path was replaced, or a part of it.
func (f *furtherer) holdsReplaced(path string) bool {
	for replaced := range f.replaced {
		if isWithin(replaced, path) {
			return true
		}
	}
	return false
}

// ofTypes reports whether an error is one about types, or about a constant that its function
// refuses.
func ofTypes(r report) bool {
	switch kindOf(r.Type) {
	case engine.Binder, engine.Input:
		return true
	case engine.Conversion:
		return strings.HasPrefix(r.Message, "extract specifier ")
	case engine.Catalog:
		return r.About == "Type"
	}
	return false
}

// aboutGroups reports whether a message depends on what is an aggregate.
func aboutGroups(message string) bool {
	message = strings.ToUpper(message)
	return strings.Contains(message, "GROUP") || strings.Contains(message, "WINDOW FUNCTIONS") || strings.Contains(message, "HAVING") || strings.Contains(message, "AGGREGATE")
}

// replace puts a null in the place of an expression; false where that was done before. A column
// that a subquery hands on becomes one of the name that was probably meant, under which others
// read it.
func (f *furtherer) replace(path string, r report) bool {
	node := f.nodeAt(path)
	if node == nil || f.replaced[path] {
		return false
	}
	f.replaced[path] = true
	m := mask{node: node, alias: text(node["alias"])}
	class := text(node["class"])
	if class == "COLUMN_REF" && m.alias == "" && isListed(path) {
		m.alias = f.handedOn(path, r)
	}
	switch {
	case class == "FUNCTION", class == "WINDOW", strings.Contains(path, "/group_expressions/"):
		f.plain = f.plain || unknownFunction(r) || f.maySetGroups(path)
	case strings.Contains(path, "/subquery/"): // without the column an aggregate may be one of the query around
		f.plain = true
	}
	var arguments []any
	if unknownFunction(r) { // what is wrong with them is told, too
		arguments = argumentsOf(node)
	}
	if m.within = len(arguments) > 0; m.within {
		isNull := object{"class": "OPERATOR", "type": "OPERATOR_IS_NULL", "alias": "", "children": []any{rowOf(arguments)}}
		become(node, object{"class": "CASE", "type": "CASE_EXPR", "alias": m.alias,
			"case_checks": []any{object{"when_expr": isNull, "then_expr": nullOf("")}}})
	}
	f.masks = append(f.masks, m)
	return true
}

// handedOn is the name that an unknown column of a select list is replaced under.
func (f *furtherer) handedOn(path string, r report) string {
	parts, _ := f.nodeAt(path)["column_names"].([]any)
	name := text(parts[len(parts)-1])
	if f.tops[path] || !unknownColumn(r) {
		return name
	}
	_, candidates, _ := splitCandidates(r)
	meant := diag.Suggest(name, candidates)
	if meant == "" {
		f.lose(path)
		return name
	}
	return meant
}

// lose notes that nobody knows how a column of a subquery should be called.
func (f *furtherer) lose(path string) {
	f.lost = append(f.lost, path)
	f.loseNames(f.root, "", func(at string, value any) bool { return strings.HasPrefix(path, at+"/") || f.readsLost(value) })
}

// loseNames notes the CTEs that hand on what is lost. Each sees the ones before it.
func (f *furtherer) loseNames(value any, path string, isLost func(path string, value any) bool) {
	switch v := value.(type) {
	case []any:
		for i, item := range v {
			f.loseNames(item, path+"/"+strconv.Itoa(i), isLost)
		}
	case object:
		if name, ok := v["key"].(string); ok && isLost(path, v["value"]) {
			f.lostNames[strings.ToLower(name)] = true
		}
		for _, key := range sortedKeys(v) {
			f.loseNames(v[key], path+"/"+key, isLost)
		}
	}
}

// readsLost reports whether a part of the tree reads a CTE that hands on what is lost.
func (f *furtherer) readsLost(value any) bool {
	return find(value, "/", func(node object) bool {
		return text(node["type"]) == "BASE_TABLE" && f.lostNames[strings.ToLower(text(node["table_name"]))]
	}) != ""
}

// mayBeLost reports whether a column is read by a query, or by one around that, which reads a
// subquery whose columns are not known.
func (f *furtherer) mayBeLost(path string) bool {
	outside := false // what is looked at is no part of the query that the next step leads to
	for at := path; at != ""; at = at[:strings.LastIndexByte(at, '/')] {
		query, _ := f.valueAt(at).(object)
		if outside || query["from_table"] == nil {
			outside = strings.HasSuffix(at, "/cte_map")
			continue
		}
		from := at + "/from_table"
		if f.readsLost(query["from_table"]) || slices.ContainsFunc(f.lost, func(lost string) bool { return strings.HasPrefix(lost, from+"/") }) {
			return true
		}
	}
	return false
}
