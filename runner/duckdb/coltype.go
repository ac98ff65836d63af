package duckdb

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/duckdb/duckdb-go/v2/mapping"

	"elt/compiler/project"
	"elt/compiler/regex"
)

// colType is what reading a vector needs to know of its type.
type colType struct {
	id       mapping.Type
	name     string       // DuckDB's name
	internal mapping.Type // how a DECIMAL or ENUM is stored
	width    uint8        // of a DECIMAL
	scale    uint8        // of a DECIMAL
	size     uint64       // of an ARRAY
	dict     []string     // of an ENUM
	names    []string     // of the children of a STRUCT or UNION
	children []*colType   // LIST and ARRAY one, MAP key and value, STRUCT and UNION all
}

// newColType reads a logical type. The caller destroys it.
func (db *DB) newColType(logical mapping.LogicalType) *colType {
	t := &colType{id: mapping.GetTypeId(logical)}
	db.fill(t, logical)
	t.name = db.plainName(t)
	if alias := mapping.LogicalTypeGetAlias(logical); alias != "" {
		t.name = alias
	}
	return t
}

// colType reads a type that was made for us, and destroys it.
func (db *DB) colType(logical mapping.LogicalType) *colType {
	defer mapping.DestroyLogicalType(&logical)
	return db.newColType(logical)
}

func (db *DB) fill(t *colType, logical mapping.LogicalType) {
	switch t.id {
	case mapping.TypeDecimal:
		t.internal = mapping.DecimalInternalType(logical)
		t.width, t.scale = mapping.DecimalWidth(logical), mapping.DecimalScale(logical)
	case mapping.TypeEnum:
		t.internal = mapping.EnumInternalType(logical)
		for i := range mapping.EnumDictionarySize(logical) {
			t.dict = append(t.dict, mapping.EnumDictionaryValue(logical, mapping.IdxT(i)))
		}
	case mapping.TypeList:
		t.children = []*colType{db.colType(mapping.ListTypeChildType(logical))}
	case mapping.TypeArray:
		t.size = uint64(mapping.ArrayTypeArraySize(logical))
		t.children = []*colType{db.colType(mapping.ArrayTypeChildType(logical))}
	case mapping.TypeMap:
		t.children = []*colType{db.colType(mapping.MapTypeKeyType(logical)), db.colType(mapping.MapTypeValueType(logical))}
	case mapping.TypeStruct:
		for i := range mapping.StructTypeChildCount(logical) {
			t.names = append(t.names, mapping.StructTypeChildName(logical, i))
			t.children = append(t.children, db.colType(mapping.StructTypeChildType(logical, i)))
		}
	case mapping.TypeUnion:
		for i := range mapping.UnionTypeMemberCount(logical) {
			t.names = append(t.names, mapping.UnionTypeMemberName(logical, i))
			t.children = append(t.children, db.colType(mapping.UnionTypeMemberType(logical, i)))
		}
	}
}

// plainName is DuckDB's name of the type, its alias aside.
func (db *DB) plainName(t *colType) string {
	switch t.id {
	case mapping.TypeDecimal:
		return fmt.Sprintf("DECIMAL(%d,%d)", t.width, t.scale)
	case mapping.TypeEnum:
		values := make([]string, len(t.dict))
		for i, value := range t.dict {
			values[i] = project.QuoteString(value)
		}
		return "ENUM(" + strings.Join(values, ", ") + ")"
	case mapping.TypeList:
		return t.children[0].name + "[]"
	case mapping.TypeArray:
		return t.children[0].name + "[" + strconv.FormatUint(t.size, 10) + "]"
	case mapping.TypeMap:
		return "MAP(" + t.children[0].name + ", " + t.children[1].name + ")"
	case mapping.TypeStruct, mapping.TypeUnion:
		return db.nestedName(t)
	}
	if name, ok := scalarNames()[t.id]; ok {
		return name
	}
	return fmt.Sprintf("UNKNOWN(%d)", t.id)
}

func (db *DB) nestedName(t *colType) string {
	members := make([]string, len(t.children))
	for i, c := range t.children {
		members[i] = c.name
		if name := t.names[i]; name != "" {
			members[i] = db.memberName(name) + " " + c.name
		}
	}
	kind := "STRUCT("
	if t.id == mapping.TypeUnion {
		kind = "UNION("
	}
	return kind + strings.Join(members, ", ") + ")"
}

// plainIdent is a name that needs no quotes unless it is a keyword.
var plainIdent = regex.Lazy(`^[A-Za-z_][A-Za-z0-9_]*$`)

// memberName quotes the name of a member where DuckDB does.
func (db *DB) memberName(name string) string {
	if plainIdent().MatchString(name) && !db.reserved()[strings.ToLower(name)] {
		return name
	}
	return project.QuoteIdent(name)
}

// readReserved asks DuckDB for its keywords. It is called while another session reads
// a result. A database that is being closed answers with none.
func (db *DB) readReserved() map[string]bool {
	words := map[string]bool{}
	session, err := db.open(context.Background())
	if err != nil {
		return words
	}
	defer session.Close()
	table, err := session.Query(context.Background(), "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category <> 'unreserved'")
	if err != nil {
		return words
	}
	for _, row := range table.Rows {
		words[row[0].(string)] = true
	}
	return words
}

func scalarNames() map[mapping.Type]string {
	return map[mapping.Type]string{
		mapping.TypeBoolean: "BOOLEAN", mapping.TypeTinyInt: "TINYINT", mapping.TypeSmallInt: "SMALLINT",
		mapping.TypeInteger: "INTEGER", mapping.TypeBigInt: "BIGINT", mapping.TypeUTinyInt: "UTINYINT",
		mapping.TypeUSmallInt: "USMALLINT", mapping.TypeUInteger: "UINTEGER", mapping.TypeUBigInt: "UBIGINT",
		mapping.TypeHugeInt: "HUGEINT", mapping.TypeUHugeInt: "UHUGEINT", mapping.TypeBigNum: "BIGNUM",
		mapping.TypeFloat: "FLOAT", mapping.TypeDouble: "DOUBLE", mapping.TypeVarchar: "VARCHAR",
		mapping.TypeBlob: "BLOB", mapping.TypeBit: "BIT", mapping.TypeUUID: "UUID",
		mapping.TypeDate: "DATE", mapping.TypeTime: "TIME", mapping.TypeTimeNS: "TIME_NS",
		mapping.TypeTimeTZ: "TIME WITH TIME ZONE", mapping.TypeTimestamp: "TIMESTAMP",
		mapping.TypeTimestampS: "TIMESTAMP_S", mapping.TypeTimestampMS: "TIMESTAMP_MS",
		mapping.TypeTimestampNS: "TIMESTAMP_NS", mapping.TypeTimestampTZ: "TIMESTAMP WITH TIME ZONE",
		mapping.TypeInterval: "INTERVAL", mapping.TypeSQLNull: "\"NULL\"", mapping.TypeGeometry: "GEOMETRY",
		mapping.TypeVariant: "VARIANT",
	}
}
