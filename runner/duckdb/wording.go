package duckdb

import (
	"regexp"
	"strings"

	"elt/compiler/regex"
	"elt/runner/engine"
)

// wording says a message of DuckDB in elt's manner: lower case, no full stop, names in
// double quotes. Pieces of the pattern in parentheses are $1, $2 and so on.
type wording struct {
	pattern func() *regexp.Regexp
	message string
	hint    string
	name    int  // the piece that is the name the error is about, where DuckDB gives none; 0 for none
	types   bool // the message names types, which DuckDB calls as its storage does
}

// wordings are DuckDB's most frequent messages, tried in this order.
var wordings = []wording{
	// names
	say(`^Referenced column "(.+)" not found in FROM clause!?$`, `column "$1" not found`, ``),
	say(`^Referenced column "(.+)" was not found because the FROM clause is missing$`, `column "$1" not found: the query has no FROM`, ``),
	say(`^Referenced update column (.+) not found in table!?$`, `column "$1" not found`, ``).about(1),
	say(`^Table "(.+)" does not have a column (?:named|with name) "(.+)"$`, `table "$1" has no column "$2"`, ``).about(2),
	say(`^[Vv]alues list "(.+)" does not have a column named "(.+)"$`, `table "$1" has no column "$2"`, ``).about(2),
	say(`^Column "(.+)" in (EXCLUDE|REPLACE|RENAME) list not found in .+$`, `column "$1" of $2 not found`, ``).about(1),
	say(`^Column "(.+)" does not exist on (left|right) side of join!?$`, `column "$1" of USING is not on the $2 side of the join`, ``).about(1),
	say(`^No matching columns found that match regex "(.+)"$`, `no column matches columns('$1')`, ``),
	say(`^Ambiguous reference to column name "(.+?)" \(use: (.+)\)$`, `column "$1" is ambiguous`, `say which is meant: $2`).about(1),
	say(`^Referenced table "(.+)" not found!?$`, `table "$1" is not in FROM`, ``).about(1),
	say(`^Table with name "?(.+?)"? does not exist because schema "(.+)" does not exist\.?$`, `table "$1" does not exist: there is no schema "$2"`, ``),
	say(`^Catalog "(.+)" does not exist!?$`, `database "$1" does not exist`, `a database beside the target's own is named under attach: of the target`).about(1),
	say(`^window "(.+)" does not exist$`, `window "$1" does not exist`, `define it: window $1 as (...)`).about(1),
	say(`^(?:Table|View) with name "?(.+?)"? does not exist!?$`, `table "$1" does not exist`, ``),
	say(`^Scalar Function with name (lag|lead|row_number|rank|dense_rank|percent_rank|cume_dist|ntile|first_value|last_value|nth_value) does not exist!$`, `function "$1" is a window function and needs "over"`, `write $1(...) over (order by ...)`),
	say(`^(?:Scalar|Aggregate|Table|Table Macro|Macro)(?: Function)? with name "?(.+?)"? does not exist!?$`, `function "$1" does not exist`, ``),
	say(`(?s)^[\w ]+ with name "?(.+?)"? is not in the catalog, but it exists in the (\w+) extension\..*$`, `"$1" is in the extension "$2", which is not loaded`, `name it in the target: "extensions: [$2]"`).about(1),
	say(`^Type with name "?(.+?)"? does not exist!?$`, `type "$1" does not exist`, ``),
	say(`^(\w+) with name "?(.+?)"? already exists!?$`, `"$2" exists already`, ``),
	say(`^Could not find key "(.+)" in struct$`, `the struct has no field "$1"`, ``).about(1),
	say(`^Cannot extract field '(.+)' from expression "(.+)" because it is not a struct, union, map, or json$`, `"$2" has no field "$1": it is not a struct, union, map or JSON`, ``).about(1),
	say(`^Duplicate CTE name "(.+)"$`, `two CTEs are named "$1"`, `give one of them another name`).about(1),

	say(`^Values were not provided for the following prepared statement parameters: .+$`, parameterless, ``),
	say(`^Expected \d+ parameters, but none were supplied$`, parameterless, ``),

	// types
	say(`^No function matches the given name and argument types '~~\(([^,]+), (.+)\)'\. You might need to add explicit type casts\.$`, `"like" does not take $1 and $2`, `cast one side, so that the types fit`).typed(),
	say(`^No function matches the given name and argument types '!~~\(([^,]+), (.+)\)'\. You might need to add explicit type casts\.$`, `"not like" does not take $1 and $2`, `cast one side, so that the types fit`).typed(),
	say(`^No function matches the given name and argument types '~~\*\(([^,]+), (.+)\)'\. You might need to add explicit type casts\.$`, `"ilike" does not take $1 and $2`, `cast one side, so that the types fit`).typed(),
	say(`^No function matches the given name and argument types '!~~\*\(([^,]+), (.+)\)'\. You might need to add explicit type casts\.$`, `"not ilike" does not take $1 and $2`, `cast one side, so that the types fit`).typed(),
	say(`^No function matches the given name and argument types '~~~\(([^,]+), (.+)\)'\. You might need to add explicit type casts\.$`, `"glob" does not take $1 and $2`, `cast one side, so that the types fit`).typed(),
	say(`^No function matches the given name and argument types '([^\w(]+)\(([^,]+), (.+)\)'\. You might need to add explicit type casts\.$`, `operator "$1" does not take $2 and $3`, `cast one side, so that the types fit`).typed(),
	say(`^No function matches the given name and argument types '([^\w(]+)\((.+)\)'\. You might need to add explicit type casts\.$`, `operator "$1" does not take $2`, `cast it, so that the type fits`).typed(),
	say(`(?s)^No function matches the given name and argument types '([\w.]+)\((.*)\)'\. You might need to add explicit type casts\.$`, `function "$1" does not take ($2)`, ``).typed(),
	say(`^Could not choose a best candidate function for the function call "(.+?)\((.*)\)"\. In order to select one, please add explicit type casts\.$`, `"$1" could mean several things for ($2)`, `cast the arguments, so that the types fit`).typed(),
	say(`^Cannot compare values of type (.+) and type (.+) - an explicit cast is required$`, `$1 cannot be compared with $2`, `cast one side, so that the types fit`).typed(),
	say(`^Cannot mix values of type (.+) and (.+) in (.+?)(?: expression| operator| clause)? - an explicit cast is required$`, `$1 and $2 do not go together in $3`, `cast one of them, so that the types fit`).typed(),
	say(`(?s)^Cannot deduce template type '\w+' in function: 'list_value\(.*\n - '(.+)', from first occurrence\n - '(.+)', which is incompatible with .*$`, `$1 and $2 do not go together in a list`, `cast one of them, so that the types fit`).typed(),
	say(`(?s)^Cannot deduce template type '\w+' in function: '(\w+)\(.*\n - '(.+)', from first occurrence\n - '(.+)', which is incompatible with .*$`, `$2 and $3 do not go together in $1`, `cast one of them, so that the types fit`).typed(),
	say(`(?s)^Cannot unpivot columns of types (.+?) and (.+?) - an explicit cast is required.*$`, `columns of types $1 and $2 cannot be unpivoted into one`, `cast them to one type in a subquery first`).typed(),
	say(`(?s)^(?:Failed to bind function, either: )?Invalid LIST argument during lambda function binding!?(?:$|\n.*)`, `the first argument of a function with a lambda must be a list`, ``),
	say(`^Cannot combine types (?:of )?(.+) and (.+) - an explicit cast is required$`, `$1 and $2 do not go together`, `cast one of them, so that the types fit`).typed(),
	say(`^Unimplemented type for cast \((.+) -> (.+)\) when casting from source column (.+)$`, `column "$3" of type $1 cannot be cast to $2`, ``).typed(),
	say(`^Unimplemented type for cast \((.+) -> (.+)\)$`, `$1 cannot be cast to $2`, ``).typed(),

	// aggregates and subqueries
	say(`(?s)^column "(.+?)" must appear in the GROUP BY clause or must be part of an aggregate function\..*GROUP BY ALL.*$`, `column "$1" is neither selected, as group by all needs it, nor aggregated`, `select it, or name the columns to group by`),
	say(`(?s)^column "(.+?)" must appear in the GROUP BY clause or must be part of an aggregate function\..*$`, `column "$1" is neither grouped nor aggregated`, `add it to GROUP BY, or take any_value($1)`),
	say(`^column "?(.+?)"? must appear in the GROUP BY clause or be used in an aggregate function$`, `column "$1" is neither grouped nor aggregated`, `add it to GROUP BY, or take any_value($1)`),
	say(`^WHERE clause cannot contain aggregates!?$`, `WHERE cannot contain aggregates`, `filter on an aggregate with HAVING`),
	say(`^(WHERE|HAVING) clause cannot contain window functions!?$`, `$1 cannot contain window functions`, `filter on a window function with QUALIFY`),
	say(`^(\w+(?: \w+)*) clause cannot contain (aggregates|window functions)!?$`, `$1 cannot contain $2`, ``),
	say(`^aggregate function calls cannot be nested$`, `aggregates cannot be nested`, `aggregate in a subquery or CTE first`),
	say(`(?s)^More than one row returned by a subquery used as an expression.*$`, `a subquery that stands for one value returned more than one row`, `aggregate it or add limit 1; to ask whether a value is among the rows, use "in"`),
	say(`^Subquery returns (\d+) columns - expected (\d+)$`, `the subquery returns $1 columns where $2 is expected`, ``),
	say(`^Set operations can only apply to expressions with the same number of result columns$`, `the queries of a UNION, INTERSECT or EXCEPT have different numbers of columns`, `select the same columns on both sides, or use "union all by name"`),
	say(`^ORDER term out of range - should be between 1 and (\d+)$`, `a number in ORDER BY is that of no column`, `the columns have numbers from 1 to $1`),
	say(`^GROUP BY term out of range - should be between 1 and (\d+)$`, `a number in GROUP BY is that of no column`, `the columns have numbers from 1 to $1`),
	say(`(?s)^No columns found to join on in NATURAL JOIN\..*$`, `the two sides of NATURAL JOIN have no column in common`, `join on a condition, or make all pairs with cross join`),
	say(`^VALUES lists must all be the same length$`, `the rows of VALUES have different numbers of values`, ``),

	// values
	say(`(?s)^Could not convert string ['"](.*)['"] to (\S+?(?:\(.+\))?) when casting from source column (.+)$`, `"$1" of column "$3" cannot be cast to $2`, `try_cast makes NULL of what cannot be cast`).typed(),
	say(`(?s)^Could not convert string ['"](.*)['"] to (\S+?(?:\(.+\))?)$`, `"$1" cannot be cast to $2`, `try_cast makes NULL of what cannot be cast`).typed(),
	say(`(?s)^invalid (\w+) field format: "(.*)", expected format is \((.+)\) when casting from source column (.+)$`, `"$2" of column "$4" cannot be cast to $1, which is written $3`, `try_cast makes NULL of what cannot be cast, try_strptime reads other formats`).typed(),
	say(`(?s)^invalid (\w+) field format: "(.*)", expected format is \((.+)\)$`, `"$2" cannot be cast to $1, which is written $3`, `try_cast makes NULL of what cannot be cast, try_strptime reads other formats`).typed(),
	say(`(?s)^(\w+) field value out of range: "(.*)" when casting from source column (.+)$`, `"$2" of column "$3" is out of range for $1`, `try_cast makes NULL of what cannot be cast`).typed(),
	say(`(?s)^(\w+) field value out of range: "(.*?)"(?:, expected format is .*)?$`, `"$2" is out of range for $1`, `try_cast makes NULL of what cannot be cast`).typed(),
	say(`^Could not cast value (\S+) to (.+)$`, `$1 does not fit $2`, `use a wider type; try_cast makes NULL of what does not fit`).typed(),
	say(`^Type (\S+) with value (\S+) can't be cast because the value is out of range for the destination type (\S+)(?: when casting from source column (.+))?$`, `$2 does not fit $3`, `use a wider type; try_cast makes NULL of what does not fit`).typed(),
	say(`^Overflow in \w+ of (\w+) \((.+)\)!?$`, `$2 does not fit $1`, `cast to a wider type first: bigint, hugeint or double`).typed(),
	say(`^Overflow in \w+ of (DECIMAL\(\d+\)) \((.+)\)\. You might want to .*$`, `$2, counted in their last decimal places, does not fit $1`, `cast to a wider decimal first, such as decimal(38, 4), or to double`),
	say(`^Overflow in HUGEINT \w+: (.+)$`, `$1 does not fit HUGEINT`, `cast to double first`),
	say(`^Overflow in division of (.+)$`, `$1 does not fit the type of its operands`, `cast to a wider type first: hugeint or double`),
	say(`^Casting value "(.+)" to type (.+) failed: value is out of range!?$`, `$1 does not fit $2`, `use a wider type; try_cast makes NULL of what does not fit`).typed(),
	say(`^Failed to cast decimal value (\S+) to type (\S+)$`, `$1 does not fit $2`, `use a wider type; try_cast makes NULL of what does not fit`).typed(),
	say(`^extract specifier "(.+)" not recognized$`, `"$1" is no part of a date or time`, ``).about(1),
	say(`(?s)^Failed to parse format specifier (.+?): (?:Unrecognized format for strftime/strptime: )?.*$`, `"$1" is no format of dates and times`, ``).about(1),
	say(`(?s)^((?:missing|unexpected|invalid|bad|no argument for|trailing) [\w\- ]*[\\\])]?): (.+)$`, `"$2" is no regular expression: $1`, ``).about(2),
	say(`^cannot take logarithm of (.+)$`, `cannot take the logarithm of $1`, ``),
	say(`^cannot take square root of (.+)$`, `cannot take the square root of $1`, ``),
	say(`^Value out of range$`, `a value is out of the range of its function`, ``),
	say(`^(?:Date|Time) out of range: (\S+)$`, `$1 is out of range`, ``),
	say(`^Date and time not in timestamp range$`, `a date is out of the range of timestamps`, ``),
	say(`(?s)^Could not parse string "(.*?)" according to format specifier "(.+?)"\n.*Error: (.+)$`, `"$1" does not fit the format "$2"`, `try_strptime makes NULL of what does not fit`),
	say(`(?s)^Malformed JSON at byte (\d+) of input: (.+?)\.  Input: "(.*)"$`, `"$3" is not JSON: $2 at byte $1`, ``),
	say(`^Duplicate key "(.+)" violates (primary key|unique) constraint\.?.*$`, `key "$1" occurs twice, against the $2 constraint`, ``),
	say(`^NOT NULL constraint failed: (?:.+\.)?(.+)$`, `column "$1" is NULL, against its not null constraint`, ``),
	say(`^CHECK constraint failed on table .+ with expression (.+)$`, `a row does not keep $1`, ``),

	say(`^Cannot execute statement of type "(\w+)" on database "(.+)" which is attached in read-only mode!?$`, `$1 is not possible: the database "$2" is open for reading only`, ``),
	say(`^No column to write as all columns are specified as partition columns\..*$`, `partition_by names all columns, so none is left to write`, `leave a column out of partition_by`),

	// syntax and files
	say(`^syntax error at end of input$`, `unexpected end of query`, ``),
	say(`(?s)^syntax error at or near "(.+)"$`, `syntax error near "$1"`, ``),
	say(`(?s)^unterminated quoted string at or near .*$`, `a string is not closed`, `close it with '`),
	say(`(?s)^unterminated quoted identifier at or near .*$`, `a quoted name is not closed`, `close it with "`),
	say(`(?s)^unterminated /\* comment at or near .*$`, `a comment is not closed`, `close it with */`),
	say(`(?s)^Error when converting column "(.+)"\. (?:Could not convert string|Could not parse string|Failed to cast value to [a-z]+:|\w+ field value out of range:|.*?) ?"(.*?)".* '(\S+)'$`, `"$2" of column "$1" is not of type $3`, ``).typed(),
	say(`^Expected Number of Columns: (\d+) Found: (\d+)$`, `the row has $2 values where $1 columns are expected`, ``),
	say(`^Value with unterminated quote found\.$`, `a quoted value is not closed`, ``),
	say(`^Invalid unicode \(byte sequence mismatch\) detected in value construction$`, `this text is not UTF-8`, `save the file as UTF-8`),
	say(`^Invalid unicode .* This file is not utf-8 encoded\.$`, `the file is not UTF-8`, `name its encoding under options: of the source, such as encoding: latin-1`),
	say(`^File '(.+)' too small to be a Parquet file$`, `"$1" is not a Parquet file: it is too short`, `it may have been cut off; if it is of another kind, say so with format: of the source`),
	say(`^No magic bytes found at end of file '(.+)'$`, `"$1" is not a Parquet file`, `it may have been cut off; if it is of another kind, say so with format: of the source`),
	say(`^No files found that match the pattern "(.+)"$`, `no file matches "$1"`, ``),
}

// parameterless is said of $1 and ?, which elt has no values for.
const parameterless = "a parameter has no value"

func say(pattern, message, hint string) wording {
	return wording{pattern: regex.Lazy(pattern), message: message, hint: hint}
}

// about says which piece is the name the error is about.
func (w wording) about(piece int) wording { w.name = piece; return w }

// typed says that the message names types.
func (w wording) typed() wording { w.types = true; return w }

// reword puts an error into elt's words. What is not recognised stays as it is, but for
// the first letter and the exclamation mark of what DuckDB itself says about a query.
func reword(e *engine.Error) {
	for _, w := range wordings {
		m := w.pattern().FindStringSubmatchIndex(e.Message)
		if m == nil {
			continue
		}
		message := e.Message
		if w.types {
			pieces := w.pattern().FindStringSubmatch(message)
			e.Message = expandTyped(w.message, pieces, e)
		} else {
			e.Message = string(w.pattern().ExpandString(nil, braced(w.message), message, m))
		}
		e.Hint = string(w.pattern().ExpandString(nil, braced(w.hint), message, m))
		if w.name > 0 && e.Name == "" {
			e.Name = message[m[2*w.name]:m[2*w.name+1]]
		}
		return
	}
	switch e.Kind {
	case engine.Parser, engine.Binder, engine.Catalog:
		e.Message = strings.TrimRight(lowerFirst(e.Message), "!.")
	}
}

var piece = regex.Lazy(`\$(\d)`)

// braced writes $1 as ${1}, so that a letter may follow it.
func braced(template string) string { return piece().ReplaceAllString(template, "$${$1}") }

// expandTyped puts pieces into a message, types by the names that SQL has for them. A
// piece in double quotes is a value or a name, not a type.
func expandTyped(template string, pieces []string, e *engine.Error) string {
	at := 0
	var b strings.Builder
	for _, m := range piece().FindAllStringIndex(template, -1) {
		b.WriteString(template[at:m[0]])
		text := pieces[template[m[0]+1]-'0']
		if m[0] == 0 || template[m[0]-1] != '"' {
			text = typeNames(text, e)
		}
		b.WriteString(text)
		at = m[1]
	}
	return b.String() + template[at:]
}

var typeWord = regex.Lazy(`[A-Za-z_0-9]+`)

// typeNames replaces the names of storage types and of literals.
func typeNames(text string, e *engine.Error) string {
	return typeWord().ReplaceAllStringFunc(text, func(word string) string {
		switch word {
		case "INT8":
			return "TINYINT"
		case "INT16":
			return "SMALLINT"
		case "INT32":
			return "INTEGER"
		case "INT64":
			return "BIGINT"
		case "BOOL":
			return "BOOLEAN"
		case "INTEGER_LITERAL":
			return "INTEGER"
		case "STRING_LITERAL":
			return "VARCHAR"
		case "date", "time", "timestamp":
			return strings.ToUpper(word)
		case "INT128", "UINT8", "UINT16", "UINT32", "UINT64": // also of uuid, decimal and enum
			if written := castType(e); written != "" {
				return written
			}
			return map[string]string{"INT128": "HUGEINT", "UINT8": "UTINYINT", "UINT16": "USMALLINT", "UINT32": "UINTEGER", "UINT64": "UBIGINT"}[word]
		}
		return word
	})
}

var writtenCast = regex.Lazy(`(?is)^(?:::\s*|(?:try_)?cast\s*\(.{1,200}?\bas\s+)(\w+)`)

// castType is the type as the query writes it, where the error stands at a cast.
func castType(e *engine.Error) string {
	if e.Position < 0 || e.Position > len(e.SQL) {
		return ""
	}
	if m := writtenCast().FindStringSubmatch(e.SQL[e.Position:]); m != nil {
		return strings.ToUpper(m[1])
	}
	return ""
}

func lowerFirst(s string) string {
	if len(s) > 1 && 'A' <= s[0] && s[0] <= 'Z' && !('A' <= s[1] && s[1] <= 'Z') {
		return strings.ToLower(s[:1]) + s[1:]
	}
	return s
}
