package sqltoken

// class says how free DuckDB is with a keyword, by its duckdb_keywords().
type class uint8

const (
	notKeyword   class = iota
	unreserved         // may name anything
	columnName         // may name a column or table, not a function
	typeFunction       // may name a type or function, not a column or table
	reserved           // names nothing unless it is quoted, follows AS or a dot
)

// longestKeyword is the length of the longest word that classify knows.
const longestKeyword = 15

// Reserved reports whether a plain word, in any letter case, cannot name a table
// or a column: FROM and JOIN cannot, DATE and VIEW can.
func Reserved(word string) bool {
	return keyword(word) >= typeFunction
}

// keyword returns the class of a word.
func keyword(word string) class {
	var buf [longestKeyword]byte
	if len(word) > longestKeyword {
		return notKeyword
	}
	for i := range len(word) {
		c := word[i]
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		buf[i] = c
	}
	return classify(string(buf[:len(word)]))
}

// classify returns the class of a word in capitals.
func classify(word string) class {
	switch word {
	case "ALL", "ANALYSE", "ANALYZE", "AND", "ANY", "ARRAY", "AS", "ASC", "ASYMMETRIC", "BOTH", "CASE",
		"CAST", "CHECK", "COLLATE", "COLUMN", "CONSTRAINT", "CREATE", "DEFAULT", "DEFERRABLE", "DESC",
		"DESCRIBE", "DISTINCT", "DO", "ELSE", "END", "EXCEPT", "FALSE", "FETCH", "FOR", "FOREIGN", "FROM",
		"GROUP", "HAVING", "IN", "INITIALLY", "INTERSECT", "INTO", "LAMBDA", "LATERAL", "LEADING", "LIMIT",
		"NOT", "NULL", "OFFSET", "ON", "ONLY", "OR", "ORDER", "PIVOT", "PIVOT_LONGER", "PIVOT_WIDER",
		"PLACING", "PRIMARY", "QUALIFY", "REFERENCES", "RETURNING", "SELECT", "SHOW", "SOME", "SUMMARIZE",
		"SYMMETRIC", "TABLE", "THEN", "TO", "TRAILING", "TRUE", "UNION", "UNIQUE", "UNPIVOT", "USING",
		"VARIADIC", "WHEN", "WHERE", "WINDOW", "WITH":
		return reserved
	case "ANTI", "ASOF", "AT", "AUTHORIZATION", "BINARY", "BY", "COLLATION", "COLUMNS", "CONCURRENTLY",
		"CROSS", "FREEZE", "FULL", "GENERATED", "GLOB", "ILIKE", "INNER", "IS", "ISNULL", "JOIN", "LEFT",
		"LIKE", "MAP", "NATURAL", "NOTNULL", "OUTER", "OVERLAPS", "POSITIONAL", "RIGHT", "SEMI", "SIMILAR",
		"STRUCT", "TABLESAMPLE", "TRY_CAST", "UNPACK", "VERBOSE":
		return typeFunction
	case "BETWEEN", "BIGINT", "BIT", "BOOLEAN", "CHAR", "CHARACTER", "COALESCE", "DEC", "DECIMAL", "EXISTS",
		"EXTRACT", "FLOAT", "GROUPING", "GROUPING_ID", "INOUT", "INT", "INTEGER", "INTERVAL", "NATIONAL",
		"NCHAR", "NONE", "NULLIF", "NUMERIC", "OUT", "OVERLAY", "POSITION", "PRECISION", "REAL", "ROW",
		"SETOF", "SMALLINT", "SUBSTRING", "TIME", "TIMESTAMP", "TREAT", "TRIM", "VALUES", "VARCHAR",
		"XMLATTRIBUTES", "XMLCONCAT", "XMLELEMENT", "XMLEXISTS", "XMLFOREST", "XMLNAMESPACES", "XMLPARSE",
		"XMLPI", "XMLROOT", "XMLSERIALIZE", "XMLTABLE":
		return columnName
	case "ABORT", "ABSOLUTE", "ACCESS", "ACTION", "ADD", "ADMIN", "AFTER", "AGGREGATE", "ALSO", "ALTER",
		"ALWAYS", "ASSERTION", "ASSIGNMENT", "ATTACH", "ATTRIBUTE", "BACKWARD", "BEFORE", "BEGIN", "CACHE",
		"CALL", "CALLED", "CASCADE", "CASCADED", "CATALOG", "CENTURIES", "CENTURY", "CHAIN", "CHARACTERISTICS",
		"CHECKPOINT", "CLASS", "CLOSE", "CLUSTER", "COMMENT", "COMMENTS", "COMMIT", "COMMITTED", "COMPRESSION",
		"CONFIGURATION", "CONFLICT", "CONNECTION", "CONSTRAINTS", "CONTENT", "CONTINUE", "CONVERSION", "COPY",
		"COST", "CSV", "CUBE", "CURRENT", "CURSOR", "CYCLE", "DATA", "DATABASE", "DAY", "DAYS", "DEALLOCATE",
		"DECADE", "DECADES", "DECLARE", "DEFAULTS", "DEFERRED", "DEFINER", "DELETE", "DELIMITER", "DELIMITERS",
		"DEPENDS", "DETACH", "DICTIONARY", "DISABLE", "DISCARD", "DOCUMENT", "DOMAIN", "DOUBLE", "DROP",
		"EACH", "ENABLE", "ENCODING", "ENCRYPTED", "ENUM", "ERROR", "ESCAPE", "EVENT", "EXCLUDE", "EXCLUDING",
		"EXCLUSIVE", "EXECUTE", "EXPLAIN", "EXPORT", "EXPORT_STATE", "EXTENSION", "EXTENSIONS", "EXTERNAL",
		"FAMILY", "FILTER", "FIRST", "FOLLOWING", "FORCE", "FORWARD", "FUNCTION", "FUNCTIONS", "GLOBAL",
		"GRANT", "GRANTED", "GROUPS", "HANDLER", "HEADER", "HOLD", "HOUR", "HOURS", "IDENTITY", "IF", "IGNORE",
		"IMMEDIATE", "IMMUTABLE", "IMPLICIT", "IMPORT", "INCLUDE", "INCLUDING", "INCREMENT", "INDEX",
		"INDEXES", "INHERIT", "INHERITS", "INLINE", "INPUT", "INSENSITIVE", "INSERT", "INSTALL", "INSTEAD",
		"INVOKER", "ISOLATION", "JSON", "KEY", "LABEL", "LANGUAGE", "LARGE", "LAST", "LEAKPROOF", "LEVEL",
		"LISTEN", "LOAD", "LOCAL", "LOCATION", "LOCK", "LOCKED", "LOGGED", "MACRO", "MAPPING", "MATCH",
		"MATCHED", "MATERIALIZED", "MAXVALUE", "MERGE", "METHOD", "MICROSECOND", "MICROSECONDS", "MILLENNIA",
		"MILLENNIUM", "MILLISECOND", "MILLISECONDS", "MINUTE", "MINUTES", "MINVALUE", "MODE", "MONTH",
		"MONTHS", "MOVE", "NAME", "NAMES", "NEW", "NEXT", "NO", "NOTHING", "NOTIFY", "NOWAIT", "NULLS",
		"OBJECT", "OF", "OFF", "OIDS", "OLD", "OPERATOR", "OPTION", "OPTIONS", "ORDINALITY", "OTHERS", "OVER",
		"OVERRIDING", "OWNED", "OWNER", "PARALLEL", "PARSER", "PARTIAL", "PARTITION", "PARTITIONED", "PASSING",
		"PASSWORD", "PERCENT", "PERSISTENT", "PLANS", "POLICY", "PRAGMA", "PRECEDING", "PREPARE", "PREPARED",
		"PRESERVE", "PRIOR", "PRIVILEGES", "PROCEDURAL", "PROCEDURE", "PROGRAM", "PUBLICATION", "QUARTER",
		"QUARTERS", "QUOTE", "RANGE", "READ", "REASSIGN", "RECHECK", "RECURSIVE", "REF", "REFERENCING",
		"REFRESH", "REINDEX", "RELATIVE", "RELEASE", "RENAME", "REPEATABLE", "REPLACE", "REPLICA", "RESET",
		"RESPECT", "RESTART", "RESTRICT", "RETURNS", "REVOKE", "ROLE", "ROLLBACK", "ROLLUP", "ROWS", "RULE",
		"SAMPLE", "SAVEPOINT", "SCHEMA", "SCHEMAS", "SCOPE", "SCROLL", "SEARCH", "SECOND", "SECONDS", "SECRET",
		"SECURITY", "SEQUENCE", "SEQUENCES", "SERIALIZABLE", "SERVER", "SESSION", "SET", "SETS", "SHARE",
		"SIMPLE", "SKIP", "SNAPSHOT", "SORTED", "SOURCE", "SQL", "STABLE", "STANDALONE", "START", "STATEMENT",
		"STATISTICS", "STDIN", "STDOUT", "STORAGE", "STORED", "STRICT", "STRIP", "SUBSCRIPTION", "SYSID",
		"SYSTEM", "TABLES", "TABLESPACE", "TARGET", "TEMP", "TEMPLATE", "TEMPORARY", "TEXT", "TIES",
		"TRANSACTION", "TRANSFORM", "TRIGGER", "TRUNCATE", "TRUSTED", "TYPE", "TYPES", "UNBOUNDED",
		"UNCOMMITTED", "UNENCRYPTED", "UNKNOWN", "UNLISTEN", "UNLOGGED", "UNTIL", "UPDATE", "USE", "USER",
		"VACUUM", "VALID", "VALIDATE", "VALIDATOR", "VALUE", "VARIABLE", "VARYING", "VERSION", "VIEW", "VIEWS",
		"VIRTUAL", "VOLATILE", "WEEK", "WEEKS", "WHITESPACE", "WITHIN", "WITHOUT", "WORK", "WRAPPER", "WRITE",
		"XML", "YEAR", "YEARS", "YES", "ZONE":
		return unreserved
	}
	return notKeyword
}
