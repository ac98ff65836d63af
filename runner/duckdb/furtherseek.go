package duckdb

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"elt/runner/engine"
)

// mostSought is how many times a query is bound to find what errors without a place are about.
const mostSought = 60

// isSought reports whether an error to which DuckDB gives no place may be about an expression.
func isSought(r report) bool {
	switch {
	case unknownColumn(r), strings.Contains(r.Message, "JOIN"), strings.HasPrefix(r.Message, "Set operations"):
		return false
	case r.Position != "":
		return r.About == "Type"
	}
	return ofTypes(r)
}

// Seek returns the place of the expression because of which a query cannot be bound, where DuckDB
// names none; false where it cannot be told.
func (s *Shell) Seek(ctx context.Context, sql string, first error) (int, bool) {
	e, ok := first.(*engine.Error)
	if !ok || e.Err == nil {
		return 0, false
	}
	session, err := s.take(ctx)
	if err != nil {
		return 0, false
	}
	defer s.give(session)
	f := newFurtherer(ctx, session)
	r := readReport(e.Err.Error())
	if !isSought(r) || !f.read(sql) {
		return 0, false
	}
	return placeOf(sql, f.nodeAt(f.seek(r)))
}

// seek is the path of the smallest expression that makes an error to which DuckDB gives no
// place: replaced by a null it does not come, and it comes of no part of it alone. It is ""
// where there is none.
func (f *furtherer) seek(r report) string {
	same := func() bool {
		f.sought++
		other, _, ok := f.bind("")
		return ok && other.Message == r.Message
	}
	path := f.firstMasked(f.expressionsIn(""), same)
	for path != "" && f.sought < mostSought {
		inner := ""
		node := f.nodeAt(path)
		parts := f.expressionsIn(path)
		if text(node["class"]) == "SUBQUERY" {
			inner = f.firstMasked(parts, same)
		} else if i := slices.IndexFunc(parts, func(at string) bool { return f.isHoisted(node, f.nodeAt(at), same) }); i >= 0 {
			inner = parts[i]
		}
		if inner == "" {
			return path
		}
		path = inner
	}
	return ""
}

// firstMasked is the first of some expressions without which an error goes away, "" for none. Where
// several make it, it is one without which, and without those before it, it does.
func (f *furtherer) firstMasked(paths []string, same func() bool) string {
	for _, together := range []bool{false, true} {
		masked := map[string]object{}
		unmask := func() {
			for at, before := range masked {
				become(f.nodeAt(at), before)
			}
			clear(masked)
		}
		for _, at := range paths {
			if f.replaced[at] || f.sought >= mostSought {
				continue
			}
			node := f.nodeAt(at)
			masked[at] = maps.Clone(node)
			null := nullOf("")
			null["alias"] = node["alias"]
			become(node, null)
			stays := same()
			if !stays || !together {
				unmask()
			}
			if !stays {
				return at
			}
		}
		unmask()
	}
	return ""
}

// isHoisted reports whether an error stays when an expression is replaced by a part of it.
func (f *furtherer) isHoisted(node, part object, same func() bool) bool {
	before := maps.Clone(node)
	defer become(node, before)
	become(node, maps.Clone(part))
	return same()
}

// expressionsIn are the paths of the outermost expressions in what stands at a path, which
// may be replaced by a null.
func (f *furtherer) expressionsIn(path string) []string {
	var found []string
	var walk func(value any, at string)
	walk = func(value any, at string) {
		switch v := value.(type) {
		case []any:
			for i, item := range v {
				walk(item, at+"/"+strconv.Itoa(i))
			}
		case object:
			class := text(v["class"])
			switch {
			case class == "STAR" || class == "LAMBDA":
				return
			case class != "" && at != path:
				found = append(found, at)
				return
			}
			for _, key := range sortedKeys(v) {
				if !isReadBefore(key) {
					walk(v[key], at+"/"+key)
				}
			}
			for _, key := range sortedKeys(v) {
				if isReadBefore(key) { // without a column of it what reads that may bind
					walk(v[key], at+"/"+key)
				}
			}
		}
	}
	walk(f.valueAt(path), path)
	return found
}

// mayFollow reports whether an error that was looked for may come of what was replaced.
func (f *furtherer) mayFollow(path string) bool {
	return f.holdsReplaced(path) || f.mayBeLost(path)
}

// isReadBefore reports whether a part of a query is one that its expressions read.
func isReadBefore(key string) bool { return key == "from_table" || key == "cte_map" }

// placeOf is where an expression stands, or else the first part of it that stands somewhere.
func placeOf(sql string, node object) (int, bool) {
	if at, known := location(node); known || node == nil {
		return at, known
	}
	at, known := firstPlace(node)
	if known && text(node["type"]) == "OPERATOR_COALESCE" {
		called := strings.TrimRight(strings.TrimSuffix(strings.TrimRight(sql[:min(at, len(sql))], " \t\n"), "("), " \t\n")
		if name := len(called) - len("coalesce"); name >= 0 && strings.EqualFold(called[name:], "coalesce") {
			return name, true
		}
	}
	return at, known
}

func firstPlace(node object) (int, bool) {
	at, known := 0, false
	find(node, "/", func(part object) bool {
		if is, ok := location(part); ok && (!known || is < at) {
			at, known = is, true
		}
		return false
	})
	return at, known
}

// maySetGroups reports whether a call decides what has to be grouped: not one in WHERE, in FROM
// or in a query that says what it is grouped by.
func (f *furtherer) maySetGroups(path string) bool {
	for at := path; at != ""; at = at[:strings.LastIndexByte(at, '/')] {
		query, _ := f.valueAt(at).(object)
		if query["select_list"] == nil {
			continue
		}
		groups, _ := query["group_expressions"].([]any)
		section, _, _ := strings.Cut(strings.TrimPrefix(path, at+"/"), "/")
		switch section {
		case "where_clause", "from_table":
			return false
		case "group_expressions":
			return true
		}
		return len(groups) == 0
	}
	return true
}
