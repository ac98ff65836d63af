package duckdb

import (
	"strings"

	"elt/compiler/regex"
	"elt/compiler/sqltoken"
)

var (
	castOf   = regex.Lazy(`(?s) when casting from source column (.+)$`)
	castText = regex.Lazy(`(?s)^(?:Could not convert string|\w+ field value out of range:|invalid \w+ field format:) ['"](.*?)['"]`)
	castCall = regex.Lazy(`(?i)^(?:cast|date|timestamp|time|interval)\b`)
	// castTarget is the type that a message says something could not be cast to.
	castTarget = regex.Lazy(`(?s)(?:^Could not convert string ['"].*['"] to |^invalid |^Could not cast value \S+ to |destination type )(\w+(?:\([\d, ]+\))?(?:\[\d*\])*)|^(\w+) field value out of range`)
)

// castReach is how far from a cast's position its operand may stand.
const castReach = 200

// castPlace trusts the position of a failed cast where the query has, at that very place,
// a cast of the column that the message names, of the text that it names, or to the type
// that it names: DuckDB may have counted in the text of a view.
func castPlace(sql string, position int, message string) int {
	rest := sql[position:]
	near := rest[:min(len(rest), castReach)]
	if m := castOf().FindStringSubmatch(message); m != nil {
		if strings.HasPrefix(rest, "::") && hasName(operandText(sql, position), m[1]) || castCall().MatchString(rest) && strings.Contains(near, m[1]) {
			return position
		}
		return -1
	}
	if m := castText().FindStringSubmatch(message); m != nil && strings.Contains(sql[max(0, position-castReach):position]+near, "'"+m[1]+"'") {
		return position
	}
	if m := castTarget().FindStringSubmatch(message); m != nil && isTarget(targetAt(sql, position), m[1]+m[2]) {
		return position
	}
	return -1
}

// hasName reports whether a column is named in a piece of SQL.
func hasName(text, name string) bool {
	for tok := range sqltoken.Tokens(text) {
		if (tok.Kind == sqltoken.Word || tok.Kind == sqltoken.Quoted) && strings.EqualFold(sqltoken.Unquote(tok.Text(text)), name) {
			return true
		}
	}
	return false
}

// operandText is what stands before the "::" at a position: a name with its qualifiers, a
// literal, or what is in parentheses, with the function's name before them.
func operandText(sql string, position int) string {
	var before []sqltoken.Token
	for tok := range sqltoken.Tokens(sql[:position]) {
		if tok.Kind != sqltoken.Comment {
			before = append(before, tok)
		}
	}
	start, depth := position, 0
	for i := len(before) - 1; i >= 0; i-- {
		tok := before[i]
		text := tok.Text(sql)
		switch text {
		case ")", "]":
			depth++
		case "(", "[":
			depth--
		}
		plain := tok.Kind == sqltoken.Word || tok.Kind == sqltoken.Quoted || text == "."
		joined := i == len(before)-1 || tok.Span.End == start
		if depth < 0 || depth == 0 && text != "(" && text != "[" && !(joined && (plain || start == position)) {
			break
		}
		start = tok.Span.Start
	}
	return sql[start:position]
}

// targetAt is the type, as it is written, of the cast that begins at a position; empty
// where none begins there.
func targetAt(sql string, position int) string {
	rest := sql[position:]
	if after, ok := strings.CutPrefix(rest, "::"); ok {
		return typeText(after)
	}
	if !castWord().MatchString(rest) {
		return ""
	}
	depth := 0
	for tok := range sqltoken.Tokens(rest) {
		switch text := tok.Text(rest); {
		case text == "(":
			depth++
		case text == ")":
			if depth--; depth == 0 {
				return ""
			}
		case depth == 1 && tok.Kind == sqltoken.Word && strings.EqualFold(text, "as"):
			return typeText(rest[tok.Span.End:])
		}
	}
	return ""
}

var (
	castWord  = regex.Lazy(`(?i)^(?:try_)?cast\s*\(`)
	castNamed = regex.Lazy(`(?i)^\s*"?([a-z]\w*)"?((?:\s*\([\d\s,]+\))?)((?:\s*\[\d*\])*)`)
)

// typeText is the type that a text begins with, in lower case and without blanks.
func typeText(text string) string {
	return strings.ToLower(strings.Join(strings.Fields(strings.ReplaceAll(castNamed().FindString(text), `"`, "")), ""))
}

// isTarget reports whether a type as a query writes it is the one that DuckDB names in an
// error: by the name of how it is stored, but by its own where it is nested.
func isTarget(written, named string) bool {
	if written == "" {
		return false
	}
	named = strings.ToLower(strings.ReplaceAll(named, " ", ""))
	kind, _, _ := strings.Cut(written, "(")
	base, suffix, nested := strings.Cut(kind, "[")
	wanted, ends, nestedToo := strings.Cut(strings.SplitN(named, "(", 2)[0], "[")
	if nested != nestedToo || suffix != ends {
		return false
	}
	if nested {
		return base == wanted || storedAs(base) == storedAs(wanted)
	}
	if wanted == "decimal" && strings.Contains(written, "(") && written[strings.Index(written, "("):] != named[strings.Index(named, "("):] {
		return false
	}
	return storedAs(base) == wanted || base == "uuid" && wanted == "int128"
}

// storedAs is the name that DuckDB's errors have for a type that a query names: "int32"
// for integer, int and int4. A type with no such name is called by its own.
func storedAs(name string) string {
	switch name {
	case "tinyint", "int1":
		return "int8"
	case "smallint", "int2", "short", "int16":
		return "int16"
	case "integer", "int", "int4", "signed", "int32":
		return "int32"
	case "bigint", "int8", "long", "oid", "int64":
		return "int64"
	case "hugeint":
		return "int128"
	case "utinyint":
		return "uint8"
	case "usmallint":
		return "uint16"
	case "uinteger":
		return "uint32"
	case "ubigint":
		return "uint64"
	case "uhugeint":
		return "uint128"
	case "boolean", "logical":
		return "bool"
	case "float8":
		return "double"
	case "real", "float4":
		return "float"
	case "numeric", "dec":
		return "decimal"
	case "datetime", "timestamptz":
		return "timestamp"
	}
	return name
}
