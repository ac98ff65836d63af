package sqltoken

// Target returns the name of the table or view that a statement changes: that of INSERT,
// UPDATE, DELETE, MERGE, TRUNCATE, COPY ... FROM, of CREATE, DROP and ALTER of a table or
// view, and the table of CREATE INDEX. Other statements, such as queries and what makes
// temporary tables, change none.
func Target(sql string) (Chain, bool) {
	start := mainStart(sql)
	verb, kind := statementKind(sql[start:])
	for _, c := range Chains(sql) {
		if c.Span.Start < start || c.isIf() {
			continue
		}
		if isTarget(c, verb, kind) && (verb != "COPY" || fromFollows(sql[c.Span.End:])) {
			return c, true
		}
	}
	return Chain{}, false
}

// isIf reports whether a chain is the IF of IF [NOT] EXISTS.
func (c Chain) isIf() bool {
	return len(c.Parts) == 1 && !c.Parts[0].Quoted && equalFold(c.Name(), "IF")
}

func isTarget(c Chain, verb, kind string) bool {
	switch verb {
	case "INSERT", "MERGE":
		return c.Prev == "INTO"
	case "UPDATE", "COPY":
		return c.Prev == verb
	case "DELETE":
		return c.Prev == "FROM"
	case "TRUNCATE":
		return c.Prev == "TRUNCATE" || c.Prev == "TABLE"
	case "CREATE", "DROP", "ALTER":
		switch kind {
		case "TABLE", "VIEW":
			return c.Prev == kind || c.Prev == "EXISTS"
		case "INDEX":
			return verb == "CREATE" && c.Prev == "ON"
		}
	}
	return false
}

// statementKind returns the first word of a statement and, of CREATE, DROP and ALTER,
// what it is about: "TABLE", "VIEW", "INDEX", or "" for anything else, temporary ones
// included.
func statementKind(sql string) (verb, kind string) {
	l := lexer{sql: sql}
	if !l.significant() || l.tok.Kind != Word {
		return "", ""
	}
	verb = upperKeyword(l.tok.Text(sql))
	for l.significant() && l.tok.Kind == Word {
		switch word := upperKeyword(l.tok.Text(sql)); word {
		case "OR", "REPLACE", "UNIQUE", "RECURSIVE":
		case "TABLE", "VIEW", "INDEX":
			return verb, word
		default:
			return verb, ""
		}
	}
	return verb, ""
}

// fromFollows reports whether FROM comes next, behind a list in parentheses.
func fromFollows(sql string) bool {
	l := lexer{sql: sql}
	depth := 0
	for l.significant() {
		switch {
		case l.tok.is(sql, '('):
			depth++
		case l.tok.is(sql, ')'):
			depth--
		case depth == 0:
			return l.tok.word(sql, "FROM")
		}
	}
	return false
}

// Body returns where the query begins that a statement is, or takes its rows from: the
// SELECT of INSERT, of CREATE TABLE ... AS and of CREATE VIEW ... AS.
func Body(sql string) (start int, ok bool) {
	if IsQuery(sql) {
		return 0, true
	}
	verb, kind := statementKind(sql)
	if verb != "INSERT" && (verb != "CREATE" || kind == "" || kind == "INDEX") && !isTemporary(sql) {
		return 0, false
	}
	l := lexer{sql: sql}
	depth, behind := 0, verb == "INSERT" // CREATE has its query behind AS
	for l.significant() {
		at := l.tok.Span.Start
		switch {
		case l.tok.is(sql, '('):
			if depth == 0 && behind && IsQuery(sql[at:]) {
				return at, true
			}
			depth++
		case l.tok.is(sql, ')'):
			depth--
		case depth > 0 || l.tok.Kind != Word:
		case !behind:
			behind = l.tok.word(sql, "AS")
		case l.tok.word(sql, "VALUES"):
			return 0, false
		case l.tok.word(sql, "SELECT"), l.tok.word(sql, "FROM"), l.tok.word(sql, "WITH"):
			return at, true
		}
	}
	return 0, false
}

// isTemporary reports whether a statement makes a temporary table or view.
func isTemporary(sql string) bool {
	l := lexer{sql: sql}
	if !l.significant() || !l.tok.word(sql, "CREATE") {
		return false
	}
	for l.significant() && l.tok.Kind == Word {
		switch upperKeyword(l.tok.Text(sql)) {
		case "OR", "REPLACE":
		case "TEMP", "TEMPORARY":
			return true
		default:
			return false
		}
	}
	return false
}
