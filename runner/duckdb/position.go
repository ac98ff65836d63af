package duckdb

import (
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/sqltoken"
	"elt/runner/engine"
)

// syntaxError is the subtype of the parser's errors, the only ones whose position
// counts characters. All others count bytes.
const syntaxError = "SYNTAX_ERROR"

// nameReach is how far behind the position a name may begin: qualifiers come first.
const nameReach = 64

// placeIn returns the position where it can be trusted, else -1. DuckDB counts in the
// text it was binding, which for a view is the view's: a position counts only where what
// the error is about stands. message is DuckDB's own.
func placeIn(e *engine.Error, position int, message string) int {
	if e.Subtype == syntaxError {
		position = byteOffset(e.SQL, position)
	}
	if position < 0 || position > len(e.SQL) {
		return -1
	}
	switch e.Kind {
	case engine.Parser:
		return position
	case engine.Binder, engine.Catalog:
	case engine.Conversion:
		return castPlace(e.SQL, position, message)
	default:
		return -1
	}
	if e.Name == "" {
		return position
	}
	return namePlace(e, position)
}

// namePlace is where the name stands that the error is about: behind its qualifiers,
// which begin at the position; -1 where it does not.
func namePlace(e *engine.Error, position int) int {
	name := e.Name
	if dot := strings.LastIndexByte(name, '.'); dot >= 0 {
		name = name[dot+1:]
	}
	rest := e.SQL[position:]
	near := rest[:min(len(rest), 4*len(e.Name)+nameReach)]
	if !strings.Contains(strings.ToLower(near), strings.ToLower(name)) {
		return -1
	}
	for tok := range sqltoken.Tokens(near) {
		text := tok.Text(near)
		switch {
		case strings.EqualFold(sqltoken.Unquote(text), name):
			return position + tok.Span.Start
		case tok.Kind != sqltoken.Word && tok.Kind != sqltoken.Quoted && text != ".":
			return position
		}
	}
	return position
}

// operandOf is where the operand of a "::" begins, if it is one token; else the "::".
func operandOf(sql string, position int) int {
	if !strings.HasPrefix(sql[position:], "::") {
		return position
	}
	operand := position
	for tok := range sqltoken.Tokens(sql[:position]) {
		operand = tok.Span.Start
		if tok.Kind == sqltoken.Punct || tok.Kind == sqltoken.Operator || tok.Kind == sqltoken.Comment {
			operand = position
		}
	}
	return operand
}

// placeless is where an error stands to which DuckDB gives no position, -1 where that cannot
// be told. raw is its message.
func placeless(e *engine.Error, raw string) int {
	switch {
	case strings.HasPrefix(raw, "Set operations can only apply "):
		return onlyWord(e.SQL, "union", "intersect", "except")
	case strings.HasPrefix(raw, "GROUP BY term out of range"):
		return onlyWord(e.SQL, "group")
	case strings.HasSuffix(raw, "must appear in the GROUP BY clause or be used in an aggregate function"):
		return havingPlace(e.SQL, raw)
	case strings.HasPrefix(raw, "Ambiguous reference to table "):
		return secondTable(e.SQL, inDoubleQuotes(raw))
	case strings.HasPrefix(raw, "Could not find key "), strings.HasPrefix(raw, "Cannot extract field "):
		return fieldPlace(e.SQL, e.Name)
	case strings.HasPrefix(raw, "Duplicate entry "):
		return lastPlace(e.SQL, inDoubleQuotes(raw))
	}
	for _, rare := range rareClauses {
		if strings.Contains(raw, rare.message) {
			return onlyWord(e.SQL, rare.words...)
		}
	}
	switch {
	case e.Name == "" && e.Kind == engine.Conversion:
		return literalPlace(e.SQL, raw)
	case e.Name == "":
		return -1
	case strings.HasSuffix(raw, " side of join!"):
		if at := listedPlace(e.SQL, "using", e.Name); at >= 0 {
			return at
		}
	case strings.HasPrefix(raw, "Duplicate CTE name "):
		return lastDefinition(e.SQL, e.Name)
	}
	switch e.Kind {
	case engine.Binder, engine.Input, engine.Conversion:
		return onlyPlace(e.SQL, e.Name)
	case engine.Catalog:
		if strings.Contains(raw, " extension.") {
			return onlyPlace(e.SQL, e.Name)
		}
	}
	return -1
}

// rareClauses are messages without a position about a clause, and the words that it begins with.
var rareClauses = []struct {
	message string
	words   []string
}{
	{"or QUALIFY clause", []string{"qualify"}},
	{"Could not ORDER BY column", []string{"order"}},
	{"ASOF JOIN", []string{"asof"}},
	{"Cannot unpivot columns of types", []string{"unpivot"}},
	{"ample_size", []string{"tablesample", "sample"}},
	{"Cannot combine types ", []string{"values"}},
	{"VALUES lists must all be the same length", []string{"values"}},
}

// inDoubleQuotes is the first text in double quotes in a message, or "".
func inDoubleQuotes(message string) string {
	_, rest, _ := strings.Cut(message, `"`)
	text, _, _ := strings.Cut(rest, `"`)
	return text
}

// secondTable is where a name stands for the second time that is no qualifier and has no alias, -1
// where it stands once, or more often than twice.
func secondTable(sql, name string) int {
	var found []int
	tokens := slices.Collect(sqltoken.Tokens(sql))
	for i, tok := range tokens {
		if !strings.EqualFold(sqltoken.Unquote(tok.Text(sql)), name) {
			continue
		}
		if i+1 < len(tokens) {
			next := tokens[i+1]
			text := next.Text(sql)
			if text == "." || next.Kind == sqltoken.Quoted || strings.EqualFold(text, "as") || isWord(text) && !sqltoken.Reserved(text) {
				continue
			}
		}
		found = append(found, tok.Span.Start)
	}
	if len(found) != 2 {
		return -1
	}
	return found[1]
}

// lastPlace is where a name stands for the last time, else -1.
func lastPlace(sql, name string) int {
	at := -1
	for tok := range sqltoken.Tokens(sql) {
		if (tok.Kind == sqltoken.Word || tok.Kind == sqltoken.Quoted) && strings.EqualFold(sqltoken.Unquote(tok.Text(sql)), name) {
			at = tok.Span.Start
		}
	}
	return at
}

// onlyWord is where the only one of some keywords stands, else -1.
func onlyWord(sql string, words ...string) int {
	at := -1
	for tok := range sqltoken.Tokens(sql) {
		if tok.Kind != sqltoken.Word || !slices.Contains(words, strings.ToLower(tok.Text(sql))) {
			continue
		}
		if at >= 0 {
			return -1
		}
		at = tok.Span.Start
	}
	return at
}

// havingPlace is where the column of a message about HAVING stands: behind that word. It is
// the word where the column is not found there, and -1 where there are several.
func havingPlace(sql, message string) int {
	from := onlyWord(sql, "having")
	words := strings.Fields(message)
	if from < 0 || len(words) < 2 {
		return from
	}
	name := sqltoken.Unquote(words[1]) // column NAME must appear ...
	for tok := range sqltoken.Tokens(sql[from:]) {
		if strings.EqualFold(sqltoken.Unquote(tok.Text(sql[from:])), name) {
			return from + tok.Span.Start
		}
	}
	return from
}

// firstParameter is where the first parameter stands, -1 where there is none.
func firstParameter(sql string) int {
	for tok := range sqltoken.Tokens(sql) {
		if tok.Kind == sqltoken.Param {
			return tok.Span.Start
		}
	}
	return -1
}

// listedPlace is where a name stands in the only list behind a keyword that has it, else -1.
func listedPlace(sql, keyword, name string) int {
	at, before, inside := -1, "", false
	for tok := range sqltoken.Tokens(sql) {
		text := tok.Text(sql)
		switch {
		case text == "(" && strings.EqualFold(before, keyword):
			inside = true
		case text == ")":
			inside = false
		case inside && strings.EqualFold(sqltoken.Unquote(text), name):
			if at >= 0 {
				return -1
			}
			at = tok.Span.Start
		}
		before = text
	}
	return at
}

// lastDefinition is where a CTE of a name begins for the last time, else -1.
func lastDefinition(sql, name string) int {
	at, named, before := -1, -1, ""
	for tok := range sqltoken.Tokens(sql) {
		text := tok.Text(sql)
		switch {
		case (strings.EqualFold(before, "with") || strings.EqualFold(before, "recursive") || before == ",") && strings.EqualFold(sqltoken.Unquote(text), name):
			named = tok.Span.Start
		case named >= 0 && (text == "(" || strings.EqualFold(text, "as")):
			at, named = named, -1
		default:
			named = -1
		}
		before = text
	}
	return at
}

// onlyPlace is where a name stands in a statement that has it once, else -1. It is for
// the messages that DuckDB gives no position: of USING, EXCLUDE and fields of structs.
func onlyPlace(sql, name string) int {
	at := -1
	for tok := range sqltoken.Tokens(sql) {
		text := tok.Text(sql)
		named := tok.Kind == sqltoken.Word || tok.Kind == sqltoken.Quoted
		if !named && tok.Kind != sqltoken.String || !strings.EqualFold(sqltoken.Unquote(strings.Trim(text, "'")), name) {
			continue
		}
		if at >= 0 {
			return -1
		}
		at = tok.Span.Start
	}
	return at
}

// fieldPlace is where a field of a struct is named in a statement that does so once, else -1:
// behind a dot, or in brackets.
func fieldPlace(sql, name string) int {
	at, before := -1, ""
	for tok := range sqltoken.Tokens(sql) {
		text := tok.Text(sql)
		if (before == "." || before == "[") && strings.EqualFold(sqltoken.Unquote(strings.Trim(text, "'")), name) {
			if at >= 0 {
				return -1
			}
			at = tok.Span.Start
		}
		before = text
	}
	return at
}

// literalPlace is where the text in quotes stands that a message says cannot be cast, if it is a
// literal and there is one such, else -1: in date '2024-13-01'.
func literalPlace(sql, message string) int {
	m := castText().FindStringSubmatch(message)
	if m == nil || castOf().MatchString(message) {
		return -1
	}
	at := -1
	for tok := range sqltoken.Tokens(sql) {
		if tok.Kind != sqltoken.String || tok.Text(sql) != "'"+m[1]+"'" {
			continue
		}
		if at >= 0 {
			return -1
		}
		at = tok.Span.Start
	}
	return at
}

// byteOffset returns the byte offset of the n-th character, or -1.
func byteOffset(text string, n int) int {
	for i := range text {
		if n == 0 {
			return i
		}
		n--
	}
	if n == 0 {
		return len(text)
	}
	return -1
}

// clauseWords are the words that a query is made of and that get mistyped.
var clauseWords = []string{
	"select", "from", "where", "group", "order", "having", "limit", "union", "join", "inner",
	"left", "right", "full", "outer", "cross", "using", "distinct", "qualify", "between", "values", "with",
}

// keywordHint finds a mistyped keyword where the parser stopped: "form (select 1)" stops
// at "(", for "form" was taken for an alias. It also finds a reserved word used as a name.
func keywordHint(sql string, position int) string {
	var before, at string
	for tok := range sqltoken.Tokens(sql) {
		if tok.Kind == sqltoken.Comment {
			continue
		}
		if tok.Span.Start >= position {
			at = tok.Text(sql)
			break
		}
		before = tok.Text(sql)
	}
	if isWord(before) && !sqltoken.Reserved(before) {
		if meant := diag.Suggest(before, clauseWords); meant != "" && len(before) > 2 {
			return "did you mean \"" + meant + "\" instead of \"" + before + "\"?"
		}
	}
	if (isWord(before) && !sqltoken.Reserved(before) || before == ")") && (isWord(at) && !sqltoken.Reserved(at) || strings.HasPrefix(at, `"`)) {
		if meant := diag.Suggest(at, clauseWords); meant != "" && len(at) > 2 {
			return "did you mean \"" + meant + "\" instead of \"" + at + "\"?"
		}
		return "a comma may be missing before it, or \"as\""
	}
	if before == "(" || before == "" || sqltoken.Reserved(before) {
		switch strings.ToLower(before) {
		case "from", "join", "as":
			if isWord(at) && sqltoken.Reserved(at) && !strings.EqualFold(at, "select") {
				return "\"" + at + "\" is a reserved word; as a name it stands in double quotes"
			}
			return ""
		}
		if meant := diag.Suggest(at, clauseWords); isWord(at) && !sqltoken.Reserved(at) && meant != "" {
			return "did you mean \"" + meant + "\" instead of \"" + at + "\"?"
		}
	}
	return ""
}
