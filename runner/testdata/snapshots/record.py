"""Record what dbt makes of the snapshots in project/ over random histories.

Run it with the Python of an environment that has dbt-core and dbt-duckdb:

    python record.py            writes dbt.json beside itself
    python record.py 20 ELT     compares elt (the program ELT) with dbt over 20 histories,
                                taking turns on one table, and writes nothing

It is not part of the tests, which only read dbt.json.
"""
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

import duckdb

HERE = pathlib.Path(__file__).parent
STEPS = 5


def quoted(v):
    return "null" if v is None else f"'{v}'"


def history(rng):
    """Yields for each step the time, and the statements that make the source."""
    rows, extra, kind, ids = {}, False, "integer", 0
    for step in range(STEPS):
        day = f"2024-01-{step + 1:02d}"
        for _ in range(rng.randint(2, 4) if step == 0 else rng.randint(0, 3)):
            action = "new" if step == 0 else rng.choice(["new", "change", "touch", "null", "delete", "back"])
            if action in ("new", "back"):
                gone = [i for i in range(1, ids + 1) if i not in rows]
                if action == "back" and gone:
                    id = rng.choice(gone)
                else:
                    ids += 1
                    id = ids
                rows[id] = {"k": rng.choice("ab"), "v": rng.randint(1, 9), "u": f"{day} 0{rng.randint(0, 5)}:00:00", "w": None}
            elif rows:
                id = rng.choice(sorted(rows))
                if action == "delete":
                    del rows[id]
                    continue
                if action != "touch":
                    rows[id]["v"] = None if action == "null" else rng.randint(1, 9)
                if rng.random() < 0.8:
                    rows[id]["u"] = f"{day} 0{rng.randint(0, 5)}:30:00"
        if step and rng.random() < 0.3:
            extra = not extra
        if step and rng.random() < 0.2:
            kind = rng.choice(["bigint", "smallint", "double"])
        columns = f"id integer, k varchar, v {kind}, u timestamp" + (", w varchar" if extra else "")
        out = [f"create or replace table raw.t ({columns})"]
        for id, r in sorted(rows.items()):
            values = f"{id}, '{r['k']}', {quoted(r['v'])}, '{r['u']}'" + (f", {quoted(rng.choice(['x', None]))}" if extra else "")
            out.append(f"insert into raw.t values ({values})")
        yield f"{day} 06:00:00", out


def tables(path):
    """The snapshots of a database: columns and rows as texts."""
    db = duckdb.connect(str(path), read_only=True)
    out = {}
    for schema, name in db.execute("select schema_name, table_name from duckdb_tables() where schema_name in ('main', 'snaps') and not starts_with(table_name, '_elt') order by all").fetchall():
        columns = db.execute(f"select column_name, column_type from (describe {schema}.{name})").fetchall()
        items = ", ".join(f'cast("{c}" as varchar)' for c, _ in columns)
        rows = db.execute(f"select {items} from {schema}.{name} order by all").fetchall()
        out[f"{schema}.{name}"] = {"columns": [f"{c} {t}" for c, t in columns], "rows": [list(r) for r in rows]}
    db.close()
    return out


def change(path, statements):
    db = duckdb.connect(str(path))
    db.execute("create schema if not exists raw")
    for sql in statements:
        db.execute(sql)
    db.close()


def dbt(folder, path, now):
    run("dbt", [sys.executable, "-c", "from dbt.cli.main import cli; cli()", "--quiet", "snapshot", "--profiles-dir", str(folder)], folder, path, now)


def elt(program, folder, path, now):
    run("elt", [program, "snapshot"], folder, path, now)


def run(name, command, folder, path, now):
    """In a process of its own: dbt keeps a database open that it has opened."""
    command += ["--project-dir", str(folder), "--vars", json.dumps({"now": now})]
    done = subprocess.run(command, env=dict(os.environ, DB=str(path)), capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{name} failed: {done.stdout}{done.stderr}")


def work():
    folder = pathlib.Path(tempfile.mkdtemp()) / "project"
    shutil.copytree(HERE / "project", folder)
    os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"
    return folder


def record(histories):
    folder, out = work(), []
    for seed in range(histories):
        path, steps = folder / f"h{seed}.duckdb", []
        for now, statements in history(random.Random(seed)):
            change(path, statements)
            dbt(folder, path, now)
            steps.append({"now": now, "source": statements, "tables": tables(path)})
        out.append(steps)
    with open(HERE / "dbt.json", "w") as f:
        f.write("[\n" + ",\n".join("[\n" + ",\n".join(json.dumps(s) for s in steps) + "\n]" for steps in out) + "\n]\n")


def compare(histories, program):
    folder = work()
    for seed in range(1000, 1000 + histories):
        rng = random.Random(seed)
        want, own, both = (folder / f"{name}{seed}.duckdb" for name in ("dbt", "elt", "both"))
        for step, (now, statements) in enumerate(history(random.Random(seed))):
            for path in (want, own, both):
                change(path, statements)
            dbt(folder, want, now)
            elt(program, folder, own, now)
            first = rng.random() < 0.5
            (dbt(folder, both, now) if first else elt(program, folder, both, now))
            expected = tables(want)
            for name, path in (("elt", own), ("both", both)):
                got = tables(path)
                if got != expected:
                    for t in expected:
                        if got.get(t) != expected[t]:
                            print(f"history {seed} step {step} {name} {t}\n want {expected[t]}\n got  {got.get(t)}\n source {statements}")
                    sys.exit(1)
        print(f"history {seed}: {len(expected)} snapshots agree over {step + 1} steps", flush=True)


if len(sys.argv) > 1:
    compare(int(sys.argv[1]), sys.argv[2])
else:
    record(2)
