"""Writes want.json: what dbt-core makes of project/. Run it with dbt-duckdb installed:

    cd project && dbt parse --profiles-dir . --target-path /tmp/t --log-path /tmp/t && python ../record.py /tmp/t/manifest.json
"""
import json
import sys

manifest = json.load(open(sys.argv[1]))
nodes = list(manifest["nodes"].values()) + [n for ns in manifest["disabled"].values() for n in ns]
want = {"tests": {}, "nodes": {}, "sources": {}, "exposures": {}, "unit_tests": {}}

for n in nodes:
    if n["resource_type"] == "test" and n.get("test_metadata"):
        config = {k: v for k, v in n["config"].items() if v is not None and v != {} and k not in ("enabled", "materialized", "schema", "group", "tags")}
        want["tests"][n["unique_id"]] = {
            "name": n["name"], "alias": n["alias"], "path": n["path"], "original_path": n["original_file_path"],
            "fqn": n["fqn"], "tags": sorted(n["tags"]), "column": n["column_name"], "attached": n["attached_node"],
            "file_key": n["file_key_name"], "generic": n["test_metadata"]["name"],
            "kwargs": n["test_metadata"]["kwargs"], "kwarg_order": list(n["test_metadata"]["kwargs"]),
            "raw_code": n["raw_code"], "description": n["description"], "config": config,
        }
    elif n["resource_type"] in ("model", "seed"):
        keys = ("enabled", "materialized", "schema", "tags", "meta", "unique_key", "on_schema_change", "column_types", "quote_columns", "delimiter", "docs", "group", "access")
        config = {k: n["config"].get(k) for k in keys if n["config"].get(k) not in (None, {}, [])}
        config["pre_hook"] = [[h["sql"], h["transaction"]] for h in n["config"]["pre-hook"]]
        config["post_hook"] = [[h["sql"], h["transaction"]] for h in n["config"]["post-hook"]]
        want["nodes"][n["unique_id"]] = {
            "fqn": n["fqn"], "path": n["path"], "original_path": n["original_file_path"], "tags": sorted(n["tags"]),
            "meta": n["meta"], "group": n["group"], "config": config,
            "columns": {c["name"]: {"description": c["description"], "data_type": c["data_type"], "meta": c["meta"], "tags": sorted(c["tags"]), "quote": c["quote"]} for c in n["columns"].values()},
        }
for n in manifest["sources"].values():
    want["sources"][n["unique_id"]] = {
        "relation": n["relation_name"], "fqn": n["fqn"], "tags": n["tags"], "meta": n["meta"], "loader": n["loader"],
        "description": n["description"], "source_description": n["source_description"], "loaded_at": n["loaded_at_field"],
        "freshness": n["freshness"] is not None and n["freshness"]["warn_after"]["count"] is not None, "path": n["path"], "enabled": n["config"]["enabled"],
    }
for n in manifest["exposures"].values():
    want["exposures"][n["unique_id"]] = {"fqn": n["fqn"], "refs": [r["name"] for r in n["refs"]], "sources": n["sources"], "tags": n["tags"], "label": n["label"], "path": n["path"]}
for n in manifest["unit_tests"].values():
    want["unit_tests"][n["unique_id"]] = {"fqn": n["fqn"], "path": n["path"]}

json.dump(want, open("../want.json", "w"), indent=1, sort_keys=True, ensure_ascii=False)
