"""Sets elt's column lineage beside sqlglot's, on the shapes of compiler/lineage.

    python -m venv /tmp/lineage && /tmp/lineage/bin/pip install sqlglot
    go run ./bench/lineage > /tmp/elt-lineage.json
    /tmp/lineage/bin/python bench/lineage/compare.py /tmp/elt-lineage.json

The lineage that counts is the one worked out by hand in testdata/shapes.txt.

Scoring. The unit is an output column. R are the source columns it is computed from by hand
(signs = ~ +), O those that only decide which rows it sees (sign ?): naming them or not is a
matter of taste, so they are never counted. Of a tool's answer S:

    wrong edges    the columns in S that are neither in R nor in O
    missing edges  the columns in R that are not in S
    a column is right when it has neither; a shape is right when all its columns are

Some edges are a convention rather than a fact: TASTE lists them shape by shape, and they are
never counted either. A leaf that is a table function is no column of a table and is left out.

An exception or a column that is not found counts as an empty S and as "no answer". sqlglot
gets the tables with their types and, as sources, the text of the views. It cannot know macros,
so a second line leaves out the shapes that need more than tables and views: macros, files,
SUMMARIZE and DESCRIBE. Kinds and row-deciding columns are not compared: sqlglot has none.
"""

import json
import pathlib
import re
import sys

import sqlglot
from sqlglot import exp
from sqlglot.lineage import lineage

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "compiler/lineage/testdata"
SIGNS = (" = ", " ~ ", " + ", " ? ")
TASTE = {
    "typeof looks at no value": {"t.a"},
    "cube with grouping": {"t.a", "t.c"},
    "join using": {"t.a", "u.a"},
    "right join using": {"t.a", "u.a"},
    "natural join": {"t.a", "u.a", "t.d", "u.d"},
    "join of three with using": {"t.a", "u.a", "w.a"},
    "except": {"u.e"},
    "except all": {"u.e"},
    "unpivot with nulls": {"w.q1", "w.q2"},
    "generated column": {"gen.twice", "gen.a"},
}
MORE_THAN_TABLES = re.compile(r"\b(plus|scaled|share|biggest|above)\(|\$FILES|summarize|describe", re.I)


def hand(lines):
    """The columns of a shape in order: [name, R, O]."""
    columns = []
    for line in lines:
        if line.startswith("* "):
            continue
        if line.endswith(" ."):
            columns.append([line[:-2], set(), set()])
            continue
        name, sign, edges = next(line.partition(s) for s in SIGNS if s in line)
        if not columns or columns[-1][0] != name:
            columns.append([name, set(), set()])
        for edge in edges.split(", "):
            columns[-1][2 if sign == " ? " else 1].add(edge.split(":")[0].lower())
    return columns


def shapes():
    text = (FOLDER / "shapes.txt").read_text()
    for block in text.split("\n## ")[1:]:
        head, _, want = block.partition("\n---\n")
        name, _, sql = head.partition("\n")
        yield name, sql, hand(want.strip().splitlines())


def catalog():
    """Tables as sqlglot's schema, views as its sources."""
    schema, views = {}, {}
    for statement in (FOLDER / "tables.sql").read_text().split(";\n"):
        if view := re.match(r"create view (\w+) as (.*)", statement, re.S):
            views[view[1]] = view[2]
        elif statement.startswith("create table"):
            table = sqlglot.parse_one(statement, dialect="duckdb")
            columns = {c.name: c.kind.sql("duckdb") for c in table.find_all(exp.ColumnDef)}
            if table.this.this.name == "t":  # a struct's fields are ColumnDefs as well
                columns = {"a": "int", "b": "int", "c": "varchar", "d": "date", "l": "int[]",
                           "s": "struct(x int, y struct(z int, w varchar))"}
            schema[table.this.this.name] = columns
    return schema, views


def sqlglot_answer(sql, name, schema, views):
    """The source columns that sqlglot says a column comes from, or None."""
    try:
        node = lineage(name, sql, schema=schema, sources=views, dialect="duckdb")
    except Exception:
        return None
    found = set()
    for n in node.walk():
        if not n.downstream and isinstance(n.expression, exp.Table):
            table = n.expression
            called = table.name or table.sql("duckdb")
            if "orders.parquet" in table.sql("duckdb"):
                called = "orders.parquet"
            elif "read_text" in table.sql("duckdb").lower():
                called = "read_text"
            elif not table.name:
                continue
            found.add(f"{called}.{n.name.split('.')[-1]}".lower().replace('"', ""))
    return found


def score(answers):
    """answers: {shape: [(R, O, S or None)]}"""
    right_shapes = right = columns = wrong = missing = silent = 0
    for rows in answers.values():
        ok = True
        for r, o, s in rows:
            columns += 1
            silent += s is None
            s = s or set()
            bad, lost = s - r - o, r - s
            wrong += len(bad)
            missing += len(lost)
            right += not bad and not lost
            ok = ok and not bad and not lost
        right_shapes += ok
    return (f"{right_shapes} of {len(answers)} shapes, {right} of {columns} columns right; "
            f"{wrong} wrong edges, {missing} missing edges, {silent} columns without an answer")


def main():
    ours = json.load(open(sys.argv[1]))
    schema, views = catalog()
    elt, glot, simple = {}, {}, set()
    for name, sql, columns in shapes():
        if not MORE_THAN_TABLES.search(sql):
            simple.add(name)
        got = [set(s.lower() for s in c["direct"]) for c in ours[name]]
        elt[name] = [(r, o, s) for (_, r, o), s in zip(columns, got, strict=True)]
        taste = TASTE.get(name, set())
        elt[name] = [(r - taste, o | taste, s) for r, o, s in elt[name]]
        glot[name] = [(r - taste, o | taste, sqlglot_answer(sql, column, schema, views)) for column, r, o in columns]
    print(f"sqlglot {sqlglot.__version__}")
    for title, keep in (("all shapes", set(elt)), ("tables and views only", simple)):
        print(title)
        for tool, answers in (("elt", elt), ("sqlglot", glot)):
            print(f"  {tool:8}", score({k: v for k, v in answers.items() if k in keep}))
    if "-v" in sys.argv:
        for name, rows in glot.items():
            for (column, *_), (r, o, s) in zip([c for n, _, cs in shapes() if n == name for c in cs], rows):
                if s is None or s - r - o or r - s:
                    print(f"{name}: {column}: by hand {sorted(r)}, sqlglot {s if s is None else sorted(s)}")


main()
