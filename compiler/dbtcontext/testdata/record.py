"""Record what dbt renders for the templates in cases.txt and for generic tests.

Run it with the Python of an environment that has dbt-core and dbt-duckdb:

    python record.py

It makes a project in a temporary folder, compiles it and writes dbt.json (the
models) and dbttests.json (the generic tests) beside itself. It is not part of the
tests, which only read those files.
"""
import json
import os
import pathlib
import re
import tempfile

from dbt.cli.main import dbtRunner

HERE = pathlib.Path(__file__).parent

PROJECT = """
name: probe
version: "1.0"
profile: probe
macro-paths: [macros]
vars:
  v1: one
  list: [1, 2]
  templated: "{{ 1 + 1 }}{{ target.name }}"
"""
PROFILE = "probe: {target: dev, outputs: {dev: {type: duckdb, path: w.duckdb, schema: main, threads: 1}}}"
MACROS = (HERE / "macros.sql").read_text()


def cases():
    out, name, lines = [], None, []
    for line in (HERE / "cases.txt").read_text().split("\n"):
        if line.startswith("== "):
            if name:
                out.append((name, "\n".join(lines)))
            name, lines = line[3:], []
        elif name:
            lines.append(line)
    out.append((name, "\n".join(lines).rstrip("\n")))
    return out


def main():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "models").mkdir()
        (root / "macros").mkdir()
        (root / "dbt_project.yml").write_text(PROJECT)
        (root / "profiles.yml").write_text(PROFILE)
        (root / "macros" / "m.sql").write_text(MACROS)
        (root / "models" / "schema.yml").write_text((HERE / "tests.yml").read_text())
        for name in ("orders", "customers"):
            (root / "models" / f"{name}.sql").write_text("select 1 as id")
        all_cases = cases()
        for i, (name, text) in enumerate(all_cases):
            if not name.startswith("parse: "):
                text = "{% if execute %}" + text + "{% endif %}"
            (root / "models" / f"case_{i:03}.sql").write_text(text)
        os.chdir(root)
        dbtRunner().invoke(["compile", "--project-dir", folder, "--profiles-dir", folder])
        out = []
        compiled = root / "target" / "compiled" / "probe" / "models"
        for i, (name, text) in enumerate(all_cases):
            path = compiled / f"case_{i:03}.sql"
            want = path.read_text() if path.exists() else None
            if want is None:
                print("no answer:", name)
            out.append({"name": name, "model": f"case_{i:03}", "template": text, "want": want})
        (HERE / "dbt.json").write_text(json.dumps(out, indent=1, ensure_ascii=False) + "\n")
        manifest = json.loads((root / "target" / "manifest.json").read_text())
        tests = []
        for node in manifest["nodes"].values():
            if node["resource_type"] != "test":
                continue
            path = root / node["compiled_path"] if node.get("compiled_path") else None
            tests.append({
                "name": node["name"],
                "test": node["test_metadata"]["name"],
                "kwargs": node["test_metadata"]["kwargs"],
                "where": node["config"].get("where"),
                "raw": node["raw_code"],
                "want": path.read_text() if path else None,
            })
        tests.sort(key=lambda t: t["name"])
        (HERE / "dbttests.json").write_text(json.dumps(tests, indent=1, ensure_ascii=False) + "\n")


main()
