"""Asks dbt what each selection of cases.txt selects, and writes golden.json.

Run it with dbt-core and dbt-duckdb installed: python record.py. It works on a copy
of the project in dbt/, so nothing but golden.json is written here.
"""
import json
import os
import shlex
import shutil
import tempfile
from pathlib import Path

from dbt.cli.main import dbtRunner

HERE = Path(__file__).parent
QUIET = ["--quiet", "--no-version-check", "--no-use-colors", "--no-send-anonymous-usage-stats"]


def run(args, manifest=None):
    return dbtRunner(manifest=manifest).invoke(QUIET + args + ["--profiles-dir", "."])


def node(n):
    config = n.get("config", {})
    if "unrendered_config" in n and n["resource_type"] != "source":
        config = {k: v for k, v in config.items() if k in n["unrendered_config"]}
    config = {k: v for k, v in config.items() if v is not None}
    out = {
        "unique_id": n["unique_id"],
        "type": n["resource_type"],
        "name": n["name"],
        "package": n["package_name"],
        "path": n["original_file_path"],
        "patch_path": (n.get("patch_path") or "").split("://")[-1],
        "fqn": n["fqn"],
        "tags": n.get("tags") or config.get("tags") or [],
        "group": n.get("group") or "",
        "access": n.get("access") or "",
        "version": str(n["version"]) if n.get("version") is not None else "",
        "latest_version": str(n["latest_version"]) if n.get("latest_version") is not None else "",
        "depends_on": n.get("depends_on", {}).get("nodes", []),
        "source": n.get("source_name", ""),
        "generic": (n.get("test_metadata") or {}).get("name", ""),
        "config": config,
    }
    return {k: v for k, v in out.items() if v not in ("", [], {})}


def main():
    work = Path(tempfile.mkdtemp()) / "shop"
    shutil.copytree(HERE / "dbt", work)
    os.chdir(work)
    run(["deps"])
    parsed = run(["parse"])
    if not parsed.success:
        raise SystemExit(f"dbt cannot parse the project: {parsed.exception}")
    manifest = parsed.result
    written = json.loads(Path("target/manifest.json").read_text())
    nodes = []
    for kind in ("nodes", "sources", "exposures", "unit_tests"):
        nodes += [node(n) for n in written[kind].values()]
    for copies in written["disabled"].values():
        nodes += [node(n) for n in copies]
    nodes.sort(key=lambda n: n["unique_id"])
    cases = []
    for line in (HERE / "cases.txt").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        result = run(["ls", "--output", "json", "--output-keys", "unique_id"] + shlex.split(line), manifest)
        case = {"args": line}
        if result.success:
            case["selected"] = sorted(json.loads(row)["unique_id"] for row in result.result)
        else:
            case["error"] = str(result.exception).strip().splitlines()[-1].strip()
        cases.append(case)
    golden = {"nodes": nodes, "cases": cases}
    (HERE / "golden.json").write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
