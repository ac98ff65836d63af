package duckdb

import (
	"context"
	"testing"

	"elt/runner/engine"
)

// TestTextIsDuckDBs compares every rendering with DuckDB's own cast to VARCHAR, and
// every column type with typeof.
func TestTextIsDuckDBs(t *testing.T) {
	t.Parallel()
	db := open(t, Options{Settings: []Setting{{"TimeZone", "UTC"}}})
	s := session(t, db)
	for _, expression := range []string{
		// numbers
		`true`, `false`, `(-128)::tinyint`, `255::utinyint`, `(-32768)::smallint`, `65535::usmallint`, `4294967295::uinteger`,
		`18446744073709551615::ubigint`, `1::ubigint`, `(-9223372036854775808)::bigint`,
		`170141183460469231731687303715884105727::hugeint`, `'-170141183460469231731687303715884105728'::hugeint`, `-1::hugeint`,
		`340282366920938463463374607431768211455::uhugeint`, `'-123456789012345678901234567890123456789012345'::bignum`, `7::bignum`, `0::bignum`,
		`'98765432109876543210987654321098765432109876543210'::bignum`, `(-1)::bignum`, `256::bignum`,
		`1.5::decimal(4,1)`, `-0.05::decimal(18,3)`, `0::decimal(9,0)`, `12345678901234567890.123456789::decimal(38,9)`, `-0.001::decimal(3,3)`, `99999::decimal(5,0)`,
		`0::double`, `-0.0::double`, `1::double`, `0.1::double`, `1e15::double`, `1e16::double`, `123456789012345680::double`, `1e-4::double`, `1e-5::double`, `1.5e300::double`, `1e22::double`, `2.5e-310::double`,
		`'nan'::double`, `'inf'::double`, `'-inf'::double`, `0.1::float`, `16777216::float`, `3.4e38::float`, `1e-10::float`, `1e16::float`, `123456.789::float`, `'nan'::float`,
		// text and bytes
		`'plain'`, `''`, `'it''s "quoted"'`, `'längere Zeichenkette €😀 über zwölf'`, `'{"b": 1, "a": [1.0]}'::json`, `'"text"'::json`,
		`'\x00\x7F\xFFabc\x27\x22\x5C'::blob`, `''::blob`, `'a longer blob without escapes'::blob`,
		`'0101'::bit`, `'1'::bit`, `'010101010101010101'::bit`, `'10000000'::bit`,
		`'f81d4fae-7dec-11d0-a765-00a0c91e6bf6'::uuid`, `'00000000-0000-0000-0000-000000000000'::uuid`, `'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid`,
		`'b c'::enum('a', 'b c')`,
		// time
		`'2024-02-29'::date`, `'0001-01-01'::date`, `'0044-03-15 (BC)'::date`, `'infinity'::date`, `'-infinity'::date`, `'12345-01-01'::date`, `'1969-12-31'::date`,
		`'00:00:00'::time`, `'23:59:59.999999'::time`, `'12:34:56.5'::time`, `'24:00:00'::time`, `'12:34:56.123456789'::time_ns`,
		`'12:00:00+02:30'::timetz`, `'12:00:00.25-08'::timetz`, `'00:00:00+15:59:59'::timetz`,
		`'2024-01-02 03:04:05'::timestamp`, `'2024-01-02 03:04:05.678901'::timestamp`, `'1960-01-02 03:04:05.1'::timestamp`, `'infinity'::timestamp`, `'0044-03-15 (BC) 12:00:00'::timestamp`, `'294247-01-10 04:00:54.775806'::timestamp`,
		`'2024-01-02 03:04:05'::timestamp_s`, `'2024-01-02 03:04:05.123'::timestamp_ms`, `'2024-01-02 03:04:05.123456789'::timestamp_ns`, `'2024-01-02 03:04:05+02'::timestamptz`, `'-infinity'::timestamptz`,
		`interval '1 year 2 months -3 days 04:05:06.789'`, `interval 0 seconds`, `interval '-1 month'`, `interval '14 months 1 day'`, `interval '-00:00:01.5'`, `interval '100 hours'`, `interval '-1 year -1 month'`, `interval '-13 months 5 days -2 hours'`,
		// nested
		`[1, 2, NULL]`, `[]::int[]`, `['a', 'b c', '', 'null', 'NULL', ' x', 'x ', 'it''s', 'a,b', '[x]', 'a:b', 'a=b', '(x)', '{', 'back\slash', '"', 'tab	tab', 'a;b']`,
		`[[1], [2, 3], NULL, []]`, `[1.5, 2]::decimal(4,2)[2]`, `['x']::varchar[1]`, `array_value(array_value(1, 2), array_value(3, 4))`,
		`{'a': 1, 'b': 'x', 'c': NULL::date}`, `{'a b': 1, 'quote''d': 'it''s', 'q"': 2}`, `row(1, 'two')`, `{'a': {'b': [1, 2]}}`, `{'select': 1, 'A': 2, 'int': 3, 'date': 4, 'über': 5, '1a': 6, 'left': 7, 'x.y': 8}`,
		`map {'a': 1, 'b c': 2}`, `map {1: [1, 2], 2: NULL}`, `map {[1]: {'x': 'y'}}`, `map {}::map(int, date)`, `['a\b,c', '\', 'x;', 'a|b']`, `[union_value(k := 'null')]`, `[union_value(k := NULL::varchar)]`, `{'x': union_value(k := 'a, b')}`, `['null'::json, '"x y"']`, `[E'a\nb', E'\n']`, `map {'a=b': 'c, d'}`, `map {'2024-01-01'::date: '00:00:00'::time}`,
		`union_value(num := 2)`, `'x'::union(num int, str varchar)`, `[union_value(k := 'a b')]`, `[union_value(k := 'a, b')]`,
		`['2024-01-01'::date]`, `['2024-01-01 10:00:00'::timestamp]`, `['12:00:00'::time]`, `{'d': '2024-01-01'::date, 't': '2024-01-01'::timestamp, 'f': 0.1::float, 'g': 1e20}`,
		`['abc'::blob, '\x00'::blob]`, `['a'::enum('a', 'b')]`, `['{"a": 1}'::json]`, `{'j': '[1, 2]'::json}`, `[interval '1 day', interval '01:00:00']`, `['0101'::bit]`, `[uuid '00000000-0000-0000-0000-000000000000']`, `[true, NULL]`,
		`{'a': NULL::int[]}`, `NULL::struct(a int)`, `NULL::int`, `[NULL::date, 'infinity']`, `['2024-01-02 03:04:05+00'::timestamptz]`, `[{'a': 'x'}, {'a': ''}]`,
		// geometry
		`'POINT (1 2)'::geometry`, `'POINT Z (1.5 2 3)'::geometry`, `'POINT M (1 2 3)'::geometry`, `'POINT ZM (1 2 3 4)'::geometry`, `'POINT EMPTY'::geometry`, `'LINESTRING (0 0, 1 1e20, 0.0000001 1)'::geometry`,
		`'POLYGON ((0 0, 1 0, 1 1, 0 0), (0.1 0.1, 0.2 0.1, 0.2 0.2, 0.1 0.1))'::geometry`, `'MULTIPOINT (1 2, 3 4)'::geometry`, `'MULTIPOINT (EMPTY, 1 2)'::geometry`, `'MULTILINESTRING ((1 2, 3 4), (5 6, 7 8))'::geometry`,
		`'MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)))'::geometry`, `'GEOMETRYCOLLECTION (POINT (1 2), LINESTRING (1 2, 3 4))'::geometry`, `'GEOMETRYCOLLECTION Z (POINT Z (1 2 3))'::geometry`, `'POLYGON EMPTY'::geometry`,
	} {
		t.Run(expression, func(t *testing.T) {
			got := query(t, s, "SELECT "+expression+" AS x")
			want := query(t, s, "SELECT ("+expression+")::VARCHAR, typeof("+expression+")")
			if got.Text(0, 0) != want.Text(0, 0) {
				t.Errorf("got %s, want %s (%#v)", got.Text(0, 0), want.Text(0, 0), got.Rows[0][0])
			}
			if typ := got.Columns[0].Type; typ != want.Rows[0][1] {
				t.Errorf("type %s, want %s", typ, want.Rows[0][1])
			}
		})
	}
}

func session(t testing.TB, db *DB) engine.Session {
	t.Helper()
	s, err := db.Session(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func query(t testing.TB, s engine.Session, sql string) *engine.Table {
	t.Helper()
	table, err := s.Query(context.Background(), sql)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func exec(t testing.TB, s engine.Session, sql string) engine.Result {
	t.Helper()
	result, err := s.Exec(context.Background(), sql)
	if err != nil {
		t.Fatal(err)
	}
	return result
}
