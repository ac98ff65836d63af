# Writes TPC-H at scale factor argv[1] as Parquet to argv[2]/TABLE/part_N.parquet, and
# its queries to argv[2]/queries.json. One scale factor at a time, to need little memory.
import json, os, sys
import duckdb
from duckdb_extensions import import_extension

scale, out = float(sys.argv[1]), sys.argv[2]
parts = max(1, round(scale))
import_extension("tpch")
for part in range(parts):
    c = duckdb.connect()
    c.execute("load tpch")
    if parts == 1:
        c.execute(f"call dbgen(sf = {scale})")
    else:
        c.execute(f"call dbgen(sf = {scale}, children = {parts}, step = {part})")
    for (table,) in c.execute("select table_name from duckdb_tables()").fetchall():
        os.makedirs(f"{out}/{table}", exist_ok=True)
        c.execute(f"copy {table} to '{out}/{table}/part_{part}.parquet' (format parquet)")
    if part == parts - 1:
        queries = c.execute("select query_nr, query from tpch_queries()").fetchall()
        json.dump(dict(queries), open(f"{out}/queries.json", "w"))
    c.close()
