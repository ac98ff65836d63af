package project_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"elt/bench/internal/project"

	"github.com/google/go-cmp/cmp"
)

// manifestText is a compiled project: a seed, a view, a table, and a test of each kind.
const manifestText = `{"nodes": {
 "seed.shop.raw": {"resource_type": "seed", "name": "raw", "original_file_path": "seeds/raw.csv", "relation_name": "\"shop\".\"main\".\"raw\"", "database": "shop", "schema": "main", "alias": "raw"},
 "model.shop.stg": {"resource_type": "model", "name": "stg", "original_file_path": "models/stg.sql", "relation_name": "\"shop\".\"main\".\"stg\"", "database": "shop", "schema": "main", "alias": "stg",
   "compiled_code": "\nselect id, status from \"shop\".\"main\".\"raw\"\n", "config": {"materialized": "view"}},
 "model.shop.orders": {"resource_type": "model", "name": "orders", "original_file_path": "models/orders.sql", "relation_name": "\"shop\".\"main\".\"orders\"", "database": "shop", "schema": "main", "alias": "orders",
   "compiled_code": "select * from \"shop\".\"main\".\"stg\"", "config": {"materialized": "table"}},
 "test.shop.a": {"resource_type": "test", "name": "a", "attached_node": "model.shop.orders", "column_name": "id", "compiled_code": "select id from \"shop\".\"main\".\"orders\" where id is null", "test_metadata": {"name": "not_null"}},
 "test.shop.b": {"resource_type": "test", "name": "b", "attached_node": "model.shop.orders", "column_name": "status", "compiled_code": "select 1", "test_metadata": {"name": "accepted_values", "kwargs": {"values": ["placed", "won't"]}}},
 "test.shop.c": {"resource_type": "test", "name": "c", "attached_node": "model.shop.orders", "column_name": "id", "database": "shop", "compiled_code": "select o.id from \"shop\".\"main\".\"orders\" o anti join \"shop\".\"main\".\"raw\" using (id)", "test_metadata": {"name": "relationships"}}
}, "parent_map": {"model.shop.stg": ["seed.shop.raw"], "model.shop.orders": ["model.shop.stg"], "test.shop.a": ["model.shop.orders"], "test.shop.b": ["model.shop.orders"], "test.shop.c": ["model.shop.orders", "seed.shop.raw"], "seed.shop.raw": []}}`

func manifest(t *testing.T, text string) *project.Manifest {
	t.Helper()
	path := filepath.Join(t.TempDir(), "manifest.json")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	m, err := project.ReadManifest(path)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestBare(t *testing.T) {
	t.Parallel()
	got := manifest(t, manifestText).Bare(nil)
	want := `create or replace table "shop"."main"."raw" as from read_csv('seeds/raw.csv');
create or replace view "shop"."main"."stg" as select id, status from "shop"."main"."raw";
create or replace table "shop"."main"."orders" as select * from "shop"."main"."stg";
select count(*) from (select id from "shop"."main"."orders" where id is null);
select count(*) from (select 1);
select count(*) from (select o.id from "shop"."main"."orders" o anti join "shop"."main"."raw" using (id));
`
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); diff != "" {
		t.Error(diff)
	}
}

func TestBelow(t *testing.T) {
	t.Parallel()
	below := manifest(t, manifestText).Below("model.shop.stg")
	want := []string{"model.shop.orders", "model.shop.stg", "test.shop.a", "test.shop.b", "test.shop.c"}
	if got := slices.Sorted(maps.Keys(below)); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestSQLMesh(t *testing.T) {
	t.Parallel()
	files := manifest(t, manifestText).SQLMesh("shop", project.Connection{Settings: map[string]string{"memory_limit": "1GB"}}, map[string][]string{"raw": {"id", "BIGINT", "status", "VARCHAR"}})
	want := project.Files{
		"config.yaml":      "gateways:\n  bench:\n    connection:\n      type: duckdb\n      database: shop.duckdb\n      connector_config:\n        memory_limit: '1GB'\ndefault_gateway: bench\nmodel_defaults:\n  dialect: duckdb\n  start: '2024-01-01'\n",
		"models/raw.sql":   "MODEL (\n  name main.raw,\n  kind SEED (path '../seeds/raw.csv'),\n  columns (\n    id BIGINT,\n    status VARCHAR\n  )\n);\n",
		"models/stg.sql":   "MODEL (\n  name main.stg,\n  kind VIEW\n);\n\nselect id, status from \"main\".\"raw\"\n",
		"audits/tests.sql": "AUDIT (name test_2_orders);\nselect o.id from \"main\".\"orders\" o anti join \"main\".\"raw\" using (id);\n\n",
		"models/orders.sql": "MODEL (\n  name main.orders,\n  kind FULL,\n  depends_on (main.raw),\n  audits (\n    not_null(columns := (id)),\n    accepted_values(column := status, is_in := ('placed', 'won''t')),\n    test_2_orders\n  )\n);\n\n" +
			"select * from \"main\".\"stg\"\n",
	}
	if diff := cmp.Diff(want, files); diff != "" {
		t.Error(diff)
	}
}

func TestManifestWithoutSQLIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "manifest.json")
	if err := os.WriteFile(path, []byte(`{"nodes": {"model.shop.a": {"resource_type": "model"}}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := project.ReadManifest(path); err == nil || !strings.Contains(err.Error(), "model.shop.a has no compiled_code") {
		t.Errorf("got %v", err)
	}
}

func TestTPCHModels(t *testing.T) {
	t.Parallel()
	p := project.TPCH{Data: "/data", Queries: map[int]string{
		1: "select * from lineitem where l_partkey = ps_partkey;",
		2: "SELECT n1.n_name FROM nation n1,\n nation AS n2, customer LEFT OUTER JOIN orders ON c_custkey = o_custkey",
		3: "select part from part(1)",
	}}
	files := p.Files()
	for path, want := range map[string]string{
		"models/q01.sql": "select * from {{ source('lake', 'lineitem') }} as lineitem where l_partkey = ps_partkey\n",
		"models/q02.sql": "SELECT n1.n_name FROM {{ source('lake', 'nation') }} as n1,\n {{ source('lake', 'nation') }} as n2, {{ source('lake', 'customer') }} as customer LEFT OUTER JOIN {{ source('lake', 'orders') }} as orders ON c_custkey = o_custkey\n",
		"models/q03.sql": "select part from part(1)\n",
	} {
		if files[path] != want {
			t.Errorf("%s:\n%s", path, files[path])
		}
	}
	if got := len(p.Missing()); got != 19 {
		t.Errorf("%d queries are missing, want 19", got)
	}
}

func TestGenerated(t *testing.T) {
	t.Parallel()
	g := project.Generated{Models: 250, Tests: 500, Seeds: 3, Materialized: "table", Connection: project.Connection{Threads: 2}}
	files := g.Files()
	if diff := cmp.Diff(files, g.Files()); diff != "" {
		t.Errorf("the same numbers give other files: %s", diff)
	}
	models, tests := 0, 0
	for path, text := range files {
		if strings.HasSuffix(path, ".sql") {
			models++
		}
		if strings.HasSuffix(path, "schema.yml") {
			tests += strings.Count(text, "- unique") + strings.Count(text, "- not_null")
		}
	}
	if models != 250 || tests != 500 {
		t.Errorf("%d models, %d tests", models, tests)
	}
	if got, want := files[project.ModelPath(142)], "select id, amount + 1 as amount, label\nfrom {{ ref('model_00043') }}\n"; got != want {
		t.Errorf("got %s", got)
	}
}

func TestAuditedHasAsManyTestsAsItSays(t *testing.T) {
	t.Parallel()
	files := project.Audited{Tables: 2, Rows: 10}.Files()
	text := files["models/schema.yml"]
	got := strings.Count(text, "unique") + strings.Count(text, "not_null") + strings.Count(text, "accepted_values") + strings.Count(text, "relationships")
	if got != 2*project.TestsOfATable {
		t.Errorf("%d tests on 2 tables", got)
	}
}

func TestCopyLeavesWhatToolsLeave(t *testing.T) {
	t.Parallel()
	from, to := t.TempDir(), filepath.Join(t.TempDir(), "copy")
	files := project.Files{"models/a.sql": "select 1", "a.duckdb": "", "a.duckdb.wal": "", "target/manifest.json": "", "logs/dbt.log": "", ".git/config": "", ".cache/x": ""}
	if err := files.Write(from); err != nil {
		t.Fatal(err)
	}
	if err := project.Copy(from, to); err != nil {
		t.Fatal(err)
	}
	var left []string
	err := filepath.WalkDir(to, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			relative, _ := filepath.Rel(to, path)
			left = append(left, filepath.ToSlash(relative))
		}
		return err
	})
	if err != nil || !slices.Equal(left, []string{"models/a.sql"}) {
		t.Errorf("%v, %v", left, err)
	}
}
