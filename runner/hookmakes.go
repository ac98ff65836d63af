package runner

import (
	"slices"
	"strings"

	"elt/compiler/project"
	"elt/compiler/regex"
	"elt/compiler/sqltoken"
)

// rowStatements are the first words of statements after which queries find no other names.
var rowStatements = []string{
	"ANALYZE", "BEGIN", "CHECKPOINT", "COMMENT", "COMMIT", "DELETE", "FROM", "GRANT", "INSERT", "MERGE", "REVOKE",
	"SELECT", "TRUNCATE", "UPDATE", "VACUUM", "VALUES", "WITH",
}

// hookMakes reports whether a hook of a node may make what queries name: not one that is no more
// than SQL, of which the statements change rows or make an index. written is its template.
func hookMakes(hook project.RenderedHook, written []project.HookText) bool {
	isPlain := func(text project.HookText) bool { return text.Place != hook.Place || isPlainSQL(text.SQL) }
	if hook.Late != "" || len(written) == 0 || slices.ContainsFunc(written, func(t project.HookText) bool { return !isPlain(t) }) {
		return true
	}
	for _, at := range sqltoken.SplitStatements(hook.SQL) {
		statement := hook.SQL[at.Start:at.End]
		word := sqltoken.FirstKeyword(statement)
		if !slices.Contains(rowStatements, word) && !(word == "CREATE" && indexName(statement).Name != "") {
			return true
		}
	}
	return false
}

// plainExpression is an expression of a template that asks the database nothing.
var plainExpression = regex.Lazy(`^\{\{-?\s*(?:[\w.]+|(?:ref|source|var|env_var)\([^(){}]*\))\s*-?\}\}`)

// isPlainSQL reports whether a template is SQL with names of relations and values in it, and can
// run no statements of its own.
func isPlainSQL(text string) bool {
	for {
		at := strings.IndexByte(text, '{')
		if at < 0 {
			return true
		}
		text = text[at:]
		if strings.HasPrefix(text, "{%") {
			return false
		}
		if strings.HasPrefix(text, "{{") && !plainExpression().MatchString(text) {
			return false
		}
		text = strings.TrimLeft(text, "{")
	}
}
