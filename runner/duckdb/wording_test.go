package duckdb

import (
	"context"
	"errors"
	"testing"

	"elt/runner/engine"
)

// TestWording asks DuckDB for its most frequent errors and compares what elt makes of
// them. A message that DuckDB words anew in a later version shows up here.
func TestWording(t *testing.T) {
	t.Parallel()
	s := session(t, open(t, Options{}))
	for _, sql := range []string{
		"create table orders (id integer, amount decimal(10,2), day date, name varchar, tags varchar[], st struct(a int, b text))",
		"create table customers (customer_id integer, name varchar, id integer)",
		"create table k (id integer primary key, n integer not null check (n > 0))",
		"create schema shop",
		"create table shop.things (id int)",
		"create type mood as enum ('sad', 'ok')",
		"insert into orders values (1, 2.5, '2024-01-01', 'x', ['a'], {a: 1, b: 'x'}), (2, 2.5, '2024-01-01', '7', ['a'], {a: 1, b: 'x'})",
		"insert into k values (1, 1)",
	} {
		exec(t, s, sql)
	}
	for _, c := range []struct{ sql, message, hint, at string }{
		{`select custmer_id from customers`, `column "custmer_id" not found`, ``, `custmer_id from customers`},
		{`select c.custmer_id from customers c`, `table "c" has no column "custmer_id"`, ``, `custmer_id from customers c`},
		{`select c.custmer_id from customers c join orders o using (id)`, `table "c" has no column "custmer_id"`, ``, `custmer_id from customers c join orders o using (id)`},
		{`select * from customers where custmer_id > 1`, `column "custmer_id" not found`, ``, `custmer_id > 1`},
		{`select x.id from customers c`, `table "x" is not in FROM`, ``, `x.id from customers c`},
		{`select nam from main.customers`, `column "nam" not found`, ``, `nam from main.customers`},
		{`select main.customers.nam from main.customers`, `table "customers" has no column "nam"`, ``, `nam from main.customers`},
		{`select nosuch`, `column "nosuch" not found: the query has no FROM`, ``, `nosuch`},
		{`select * from order`, `syntax error near "order"`, `"order" is a reserved word; as a name it stands in double quotes`, `order`},
		{`select ST_Point(1, 2)`, `"st_point" is in the extension "spatial", which is not loaded`, `name it in the target: "extensions: [spatial]"`, `ST_Point(1, 2)`},
		{`select * from ordrs`, `table "ordrs" does not exist`, ``, `ordrs`},
		{`select * from shop.thigs`, `table "thigs" does not exist`, ``, `thigs`},
		{`select * from nosuchschema.things`, `table "nosuchschema.things" does not exist: there is no schema "nosuchschema"`, ``, `nosuchschema.things`},
		{`select * from nosuchdb.shop.things`, `database "nosuchdb" does not exist`, `a database beside the target's own is named under attach: of the target`, `nosuchdb.shop.things`},
		{`select uper(name) from customers`, `function "uper" does not exist`, ``, `uper(name) from customers`},
		{`select sun(id) from customers`, `function "sun" does not exist`, ``, `sun(id) from customers`},
		{`select date_trunc('day', name, 3) from customers`, `function "date_trunc" does not take (VARCHAR, VARCHAR, INTEGER)`, `it takes (VARCHAR, DATE) or (VARCHAR, INTERVAL) or (VARCHAR, TIMESTAMP) (and 1 more); cast the arguments so that they fit`, `date_trunc('day', name, 3) from customers`},
		{`select sum(name) from customers`, `function "sum" does not take (VARCHAR)`, `it takes (DECIMAL) or (BOOLEAN) or (SMALLINT) (and 5 more); cast the arguments so that they fit`, `sum(name) from customers`},
		{`select upper(name, 3) from customers`, `function "upper" does not take (VARCHAR, INTEGER)`, `it takes (VARCHAR); cast the arguments so that they fit`, `upper(name, 3) from customers`},
		{`select upper(id) from customers`, `function "upper" does not take (INTEGER)`, `it takes (VARCHAR); cast the arguments so that they fit`, `upper(id) from customers`},
		{`select abs(name) from customers`, `function "abs" does not take (VARCHAR)`, `it takes (TINYINT) or (SMALLINT) or (INTEGER) (and 10 more); cast the arguments so that they fit`, `abs(name) from customers`},
		{`select name + 1 from customers`, `operator "+" does not take VARCHAR and INTEGER`, `cast one side, so that the types fit`, `+ 1 from customers`},
		{`select [1,2] + date '2024-01-01'`, `operator "+" does not take INTEGER[] and DATE`, `cast one side, so that the types fit`, `+ date '2024-01-01'`},
		{`select id || day + name from orders`, `operator "+" does not take DATE and VARCHAR`, `cast one side, so that the types fit`, `+ name from orders`},
		{`select day + name from orders`, `operator "+" does not take DATE and VARCHAR`, `cast one side, so that the types fit`, `+ name from orders`},
		{`select id = day from orders`, `column "id" of type INTEGER cannot be cast to DATE`, ``, ``},
		{`select * from orders where name > day`, `VARCHAR cannot be compared with DATE`, `cast one side, so that the types fit`, `> day`},
		{`select case when id then 1 else day end from orders`, `DATE and INTEGER do not go together in CASE`, `cast one of them, so that the types fit`, `case when id then 1 else day end from orders`},
		{`select id from customers, orders`, `column "id" is ambiguous`, `say which is meant: "customers.id" or "orders.id"`, `id from customers, orders`},
		{`select name from customers c join orders o on c.id = o.id`, `column "name" is ambiguous`, `say which is meant: "c.name" or "o.name"`, `name from customers c join orders o on c.id = o.id`},
		{`select * from customers c join orders o on c.id = o.id where name = 'x'`, `column "name" is ambiguous`, `say which is meant: "c.name" or "o.name"`, `name = 'x'`},
		{`select customer_id, count(*) from customers`, `column "customer_id" is neither grouped nor aggregated`, `add it to GROUP BY, or take any_value(customer_id)`, `customer_id, count(*) from customers`},
		{`select customer_id, name, count(*) from customers group by 1`, `column "name" is neither grouped nor aggregated`, `add it to GROUP BY, or take any_value(name)`, `name, count(*) from customers group by 1`},
		{`select count(*) from customers group by count(*)`, `GROUP BY cannot contain aggregates`, ``, `count(*)`},
		{`select count(*) from customers where count(*) > 1`, `WHERE cannot contain aggregates`, `filter on an aggregate with HAVING`, `count(*) > 1`},
		{`select * from customers having id > 1`, `column "id" is neither grouped nor aggregated`, `add it to GROUP BY, or take any_value(id)`, `id > 1`},
		{`select sum(count(*)) from customers`, `aggregates cannot be nested`, `aggregate in a subquery or CTE first`, `count(*)) from customers`},
		{`select row_number() over () as n from customers where row_number() over () = 1`, `WHERE cannot contain window functions`, `filter on a window function with QUALIFY`, `row_number() over () = 1`},
		{`select name::integer from orders`, `"x" of column "name" cannot be cast to INTEGER`, `try_cast makes NULL of what cannot be cast`, `name::integer from orders`},
		{`select cast(name as integer) from orders`, `"x" of column "name" cannot be cast to INTEGER`, `try_cast makes NULL of what cannot be cast`, `cast(name as integer) from orders`},
		{`select cast('abc' as integer)`, `"abc" cannot be cast to INTEGER`, `try_cast makes NULL of what cannot be cast`, `cast('abc' as integer)`},
		{`select cast('abc' as date)`, `"abc" cannot be cast to DATE, which is written YYYY-MM-DD`, `try_cast makes NULL of what cannot be cast, try_strptime reads other formats`, `cast('abc' as date)`},
		{`select cast(name as date) from orders`, `"x" of column "name" cannot be cast to DATE, which is written YYYY-MM-DD`, `try_cast makes NULL of what cannot be cast, try_strptime reads other formats`, `cast(name as date) from orders`},
		{`select cast('2024-13-01' as date)`, `"2024-13-01" is out of range for DATE`, `try_cast makes NULL of what cannot be cast`, `cast('2024-13-01' as date)`},
		{`select strptime('abc', '%Y')`, `"abc" does not fit the format "%Y"`, `try_strptime makes NULL of what does not fit`, ``},
		{`select cast('abc' as timestamp)`, `"abc" cannot be cast to TIMESTAMP, which is written YYYY-MM-DD HH:MM:SS[.US][±HH[:MM[:SS]]| ZONE]`, `try_cast makes NULL of what cannot be cast, try_strptime reads other formats`, `cast('abc' as timestamp)`},
		{`select cast('abc' as boolean)`, `"abc" cannot be cast to BOOLEAN`, `try_cast makes NULL of what cannot be cast`, `cast('abc' as boolean)`},
		{`select cast('abc' as decimal(10,2))`, `"abc" cannot be cast to DECIMAL(10,2)`, `try_cast makes NULL of what cannot be cast`, `cast('abc' as decimal(10,2))`},
		{`select cast(12345678 as decimal(4,2))`, `12345678 does not fit DECIMAL(4,2)`, `use a wider type; try_cast makes NULL of what does not fit`, `cast(12345678 as decimal(4,2))`},
		{`select cast(300 as tinyint)`, `300 does not fit TINYINT`, `use a wider type; try_cast makes NULL of what does not fit`, `cast(300 as tinyint)`},
		{`select cast(id as date) from orders`, `column "id" of type INTEGER cannot be cast to DATE`, ``, `cast(id as date) from orders`},
		{`select cast(name as mood) from orders`, `"x" of column "name" cannot be cast to MOOD`, `try_cast makes NULL of what cannot be cast`, `cast(name as mood) from orders`},
		{`select name::uuid from orders`, `"x" of column "name" cannot be cast to UUID`, `try_cast makes NULL of what cannot be cast`, `name::uuid from orders`},
		{`select 2147483647::integer + 1::integer`, `2147483647 + 1 does not fit INTEGER`, `cast to a wider type first: bigint, hugeint or double`, ``},
		{`select 9223372036854775807 + 1`, `9223372036854775807 + 1 does not fit BIGINT`, `cast to a wider type first: bigint, hugeint or double`, ``},
		{`select cast([1] as integer)`, `INTEGER[] cannot be cast to INTEGER`, ``, ``},
		{`select (select id from orders)`, `a subquery that stands for one value returned more than one row`, `aggregate it or add limit 1; to ask whether a value is among the rows, use "in"`, ``},
		{`select (select id, name from orders)`, `the subquery returns 2 columns where 1 is expected`, ``, `(select id, name from orders)`},
		{`select * from orders where id in (select id, name from orders)`, `the subquery returns 2 columns where 1 is expected`, ``, `in (select id, name from orders)`},
		{`select id from orders union all select id, name from orders`, `the queries of a UNION, INTERSECT or EXCEPT have different numbers of columns`, `select the same columns on both sides, or use "union all by name"`, `union all select id, name from orders`},
		{`select 1 union select 1, 2 union select 3`, `the queries of a UNION, INTERSECT or EXCEPT have different numbers of columns`, `select the same columns on both sides, or use "union all by name"`, ``},
		{`select id from orders join (select 1 as nr) using (id)`, `column "id" of USING is not on the right side of the join`, ``, `id)`},
		{`select date_trunc('mnth', day) from orders`, `"mnth" is no part of a date or time`, ``, `'mnth', day) from orders`},
		{`select strftime(day, '%Q') from orders`, `"%Q" is no format of dates and times`, ``, `'%Q') from orders`},
		{`select strptime('x', '%Q')`, `"%Q" is no format of dates and times`, ``, `'%Q')`},
		{`select regexp_matches(name, '(') from orders`, `"(" is no regular expression: missing )`, ``, `'(') from orders`},
		{`select regexp_replace(name, '[a', '') from orders`, `"[a" is no regular expression: missing ]`, ``, `'[a', '') from orders`},
		{`select regexp_extract(name, 'a**') from orders`, `"**" is no regular expression: bad repetition operator`, ``, ``},
		{`select regexp_extract(name, '*') from orders`, `"*" is no regular expression: no argument for repetition operator`, ``, `'*') from orders`},
		{`select regexp_extract(name, '\m') from orders`, `"\m" is no regular expression: invalid escape sequence`, ``, `'\m') from orders`},
		{`select $1`, `a parameter has no value`, ``, ``},
		{`select id from orders union all select day from orders`, `column "id" of type INTEGER cannot be cast to DATE`, ``, ``},
		{`select tags from orders union all select id from orders`, `column "id" of type INTEGER cannot be cast to VARCHAR[]`, ``, ``},
		{`select id from orders order by nosuch`, `column "nosuch" not found`, ``, `nosuch`},
		{`select id from orders limit 'a'`, `"a" cannot be cast to BIGINT`, ``, `'a'`},
		{`select id, from orders where`, `unexpected end of query`, ``, `end`},
		{`select * form orders`, `syntax error near "orders"`, `did you mean "from" instead of "form"?`, `orders`},
		{`select (1 + 2`, `unexpected end of query`, ``, `end`},
		{`select 'abc`, `a string is not closed`, `close it with '`, `'abc`},
		{`select "abc`, `a quoted name is not closed`, `close it with "`, `"abc`},
		{`select * from`, `unexpected end of query`, ``, `end`},
		{`select * from orders join customers using (nosuch)`, `column "nosuch" of USING is not on the left side of the join`, ``, `nosuch)`},
		{`select * from orders join customers using (day)`, `column "day" of USING is not on the right side of the join`, ``, `day)`},
		{`select o.* from orders`, `table "o" is not in FROM`, ``, `o.* from orders`},
		{`select * exclude (nosuch) from orders`, `column "nosuch" of EXCLUDE not found`, ``, `nosuch) from orders`},
		{`select * replace (1 as nosuch) from orders`, `column "nosuch" of REPLACE not found`, ``, `nosuch) from orders`},
		{`select st.c from orders`, `the struct has no field "c"`, ``, `c from orders`},
		{`select st['c'] from orders`, `the struct has no field "c"`, ``, `'c'] from orders`},
		{`select id.x from orders`, `"id" has no field "x": it is not a struct, union, map or JSON`, ``, `x from orders`},
		{`with a as (select 1) select * from b`, `table "b" does not exist`, ``, `b`},
		{`select day from orders having upper(name) = 'X' and orders.day > '2024-01-01'`, `column "name" is neither grouped nor aggregated`, `add it to GROUP BY, or take any_value(name)`, `name) = 'X' and orders.day > '2024-01-01'`},
		{`select id, count(*) from orders group by 1, 7`, `a number in GROUP BY is that of no column`, `the columns have numbers from 1 to 2`, `group by 1, 7`},
		{`with a as (select 1), a as (select 2) select * from a`, `two CTEs are named "a"`, `give one of them another name`, `a as (select 2) select * from a`},
		{`select * from (values (1, 2), (3))`, `the rows of VALUES have different numbers of values`, ``, `values (1, 2), (3))`},
		{`select * from read_csv('nosuch.csv')`, `no file matches "nosuch.csv"`, ``, ``},
		{`select * from read_parquet('nosuch.parquet')`, `no file matches "nosuch.parquet"`, ``, ``},
		{`select * from 'nosuch.csv'`, `no file matches "nosuch.csv"`, ``, ``},
		{`insert into k values (1, 2)`, `key "id: 1" occurs twice, against the primary key constraint`, ``, ``},
		{`insert into k values (2, null)`, `column "n" is NULL, against its not null constraint`, ``, ``},
		{`insert into k values (3, -1)`, `a row does not keep CHECK((n > 0))`, ``, ``},
		{`insert into orders (nosuch) values (1)`, `table "orders" has no column "nosuch"`, ``, `nosuch) values (1)`},
		{`create table orders as select 1`, `"orders" exists already`, ``, ``},
		{`create view orders as select 1`, `"orders" exists already`, ``, ``},
		{`drop table nosuch`, `table "nosuch" does not exist`, ``, ``},
		{`select list_extract(tags) from orders`, `function "list_extract" does not take (VARCHAR[])`, `it takes (T[], BIGINT) or (VARCHAR, BIGINT); cast the arguments so that they fit`, `list_extract(tags) from orders`},
		{`select date_add(day, 'x') from orders`, `"+" could mean several things for (DATE, VARCHAR)`, `cast the arguments, so that the types fit`, `add(day, 'x') from orders`},
		{`select interval 'abc'`, `"abc" cannot be cast to INTERVAL`, ``, `'abc'`},
		{`select json_extract(name, '$.a') from orders`, `"x" is not JSON: unexpected character at byte 0`, ``, ``},
		{`select '{"a": '::json`, `"{"a": " is not JSON: unexpected end of data at byte 6`, ``, ``},
		{`select * from orders o, lateral (select nosuch) x`, `column "nosuch" not found`, ``, `nosuch) x`},
		{`select lag(id) from orders`, `function "lag" is a window function and needs "over"`, `write lag(...) over (order by ...)`, `lag(id) from orders`},
		{`select current_dat`, `column "current_dat" not found: the query has no FROM`, ``, `current_dat`},
		{`select substr(name) from orders`, `function "substr" does not take (VARCHAR)`, `it takes (VARCHAR, BIGINT, BIGINT) or (VARCHAR, BIGINT); cast the arguments so that they fit`, `substr(name) from orders`},
		{`select coalesce(id, day) from orders`, `INTEGER and DATE do not go together in COALESCE`, `cast one of them, so that the types fit`, ``},
		{`select greatest(id, day) from orders`, `INTEGER and DATE do not go together`, `cast one of them, so that the types fit`, `day) from orders`},
		{`select id in ('a', 'b') from orders`, `"a" cannot be cast to INTEGER`, ``, `'a', 'b') from orders`},
		{`select day between 1 and 2 from orders`, `DATE and INTEGER do not go together in BETWEEN`, `cast one of them, so that the types fit`, `between 1 and 2 from orders`},
		{`select day = 'abc' from orders`, `"abc" cannot be cast to DATE, which is written YYYY-MM-DD`, ``, `'abc' from orders`},
		{`select id = 'abc' from orders`, `"abc" cannot be cast to INTEGER`, ``, `'abc' from orders`},
		{`select * from orders where day > '2024-1-99'`, `"2024-1-99" is out of range for DATE`, ``, `'2024-1-99'`},
		{`select not name from orders`, `"x" of column "name" cannot be cast to BOOLEAN`, `try_cast makes NULL of what cannot be cast`, ``},
		{`select name and id from orders`, `"x" of column "name" cannot be cast to BOOLEAN`, `try_cast makes NULL of what cannot be cast`, ``},
		{`select -name from orders`, `operator "-" does not take VARCHAR`, `cast it, so that the type fits`, `-name from orders`},
		{`pivot orders on nosuch using sum(id)`, `column "nosuch" not found`, ``, `nosuch using sum(id)`},
		{`select * from range(1, 2, 3, 4)`, `function "range" does not take (INTEGER, INTEGER, INTEGER, INTEGER)`, `it takes (BIGINT) or (BIGINT, BIGINT) or (BIGINT, BIGINT, BIGINT) (and 2 more); cast the arguments so that they fit`, `range(1, 2, 3, 4)`},
		{`select * from generate_series('a')`, `function "generate_series" does not take (VARCHAR)`, `it takes (BIGINT) or (BIGINT, BIGINT) or (BIGINT, BIGINT, BIGINT) (and 2 more); cast the arguments so that they fit`, `generate_series('a')`},
		{`select * from nosuchfn(1)`, `function "nosuchfn" does not exist`, ``, `nosuchfn(1)`},
		{`select id::nosuchtype from orders`, `type "nosuchtype" does not exist`, ``, `nosuchtype from orders`},
		{`select try_cast(id as foo) from orders`, `type "foo" does not exist`, ``, `foo) from orders`},
		{`select max(id, 'x') from orders`, `function "max" does not take (INTEGER, VARCHAR)`, `it takes (ANY) or (ANY, BIGINT); cast the arguments so that they fit`, `max(id, 'x') from orders`},
		{`select columns('nosuch') from orders`, `no column matches columns('nosuch')`, ``, `columns('nosuch') from orders`},
		{`select id from orders group by all order by day`, `column "day" is neither selected, as group by all needs it, nor aggregated`, `select it, or name the columns to group by`, `day`},
		{`select distinct on (id) id from orders order by zzz`, `column "zzz" not found`, ``, `zzz`},
		{`select string_agg(name) over (order by zzz) from orders`, `column "zzz" not found`, ``, `zzz) from orders`},
		{`select array_agg(name order by zzz) from orders`, `column "zzz" not found`, ``, `zzz) from orders`},
		{`merge into k using orders o on k.id = o.nosuch when matched then delete`, `table "o" has no column "nosuch"`, ``, `nosuch when matched then delete`},
	} {
		t.Run(c.sql, func(t *testing.T) {
			_, err := s.Query(context.Background(), c.sql)
			var e *engine.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want an engine.Error", err)
			}
			if e.Message != c.message {
				t.Errorf("message\n  got  %s\n  want %s\n  from %s", e.Message, c.message, e.Err)
			}
			if e.Hint != c.hint {
				t.Errorf("hint\n  got  %s\n  want %s", e.Hint, c.hint)
			}
			at := ""
			switch {
			case e.Position == len(c.sql):
				at = "end"
			case e.Position >= 0:
				at = c.sql[e.Position:]
			}
			if at != c.at {
				t.Errorf("position %d: got %q, want %q", e.Position, at, c.at)
			}
		})
	}
}
