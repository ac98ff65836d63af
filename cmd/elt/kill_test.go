//go:build unix

package main

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"elt/runner/duckdb"
)

var kills = flag.Int("kills", 6, "builds that TestKilledProgram kills at random moments")

// TestKilledProgram kills the program itself, on a project of everything that can be built:
// tables, views, ephemeral and incremental models of all strategies, a seed, a snapshot,
// external models, readers of changes, and a replica. The runner's TestKillAnywhere has the
// named points; here is what lies around the runner, too.
func TestKilledProgram(t *testing.T) {
	t.Parallel()
	k := newKilled(t)
	k.define(0)
	started := time.Now()
	k.elt("build", "-q")
	typical := time.Since(started)
	killed := 0
	for batch := 1; batch <= *kills; batch++ {
		k.define(batch)
		after := time.Duration(rand.Int64N(int64(typical)))
		started = time.Now()
		hit := k.buildAndKill(after)
		if hit {
			killed++
			typical += typical / 20 // how fast the machine is changes meanwhile
		} else {
			typical = time.Since(started)
		}
		k.what = fmt.Sprintf("build %d, killed after %v (%t)", batch, after, hit)
		k.agree(batch)
		if t.Failed() {
			return
		}
	}
	t.Logf("%d of %d builds were killed before they ended", killed, *kills)
}

// killed is a project whose builds are killed.
type killed struct {
	t    *testing.T
	dir  string
	what string // was done
}

func newKilled(t *testing.T) *killed {
	k := &killed{t: t, dir: t.TempDir()}
	const table, incremental = "{{ config(materialized='table') }}\n", "{{ config(materialized='incremental', "
	for name, text := range map[string]string{
		"elt.yml":             "name: shop\ntarget: {path: warehouse.duckdb, replica: read.duckdb}\n",
		"models/lake.yml":     "sources:\n  - name: lake\n    tables:\n      - {name: days, path: 'lake/*.csv'}\n",
		"models/raw.sql":      table + "select batch, i from {{ ref('s') }}, range(20000) t(i)\n",
		"models/v.sql":        "select distinct batch from {{ ref('raw') }}\n",
		"models/e.sql":        "{{ config(materialized='ephemeral') }}\nselect max(batch) as batch from {{ ref('v') }}\n",
		"models/mart.sql":     table + "select batch from {{ ref('e') }}\n",
		"models/inc.sql":      incremental + "unique_key='k') }}\nselect range as k, batch from {{ ref('mart') }}, range(5)\n",
		"models/merged.sql":   incremental + "unique_key='k', incremental_strategy='merge') }}\nselect range as k, batch from {{ ref('mart') }}, range(5)\n",
		"models/over.sql":     incremental + "partition_by='part', incremental_strategy='insert_overwrite') }}\nselect k % 2 as part, k, batch from {{ ref('inc') }}\n",
		"models/mb.sql":       incremental + "incremental_strategy='microbatch', event_time='ts', begin='2020-01-01', batch_size='year', lookback=1000) }}\nselect make_timestamp(2020 + range, 1, 1, 0, 0, 0) as ts, batch from {{ ref('mart') }}, range(6)\n",
		"models/fct.sql":      incremental + "incremental_strategy='by_file') }}\nselect batch, batch % 2 as odd, _file from {{ source('lake', 'days') }}\n",
		"models/odd.sql":      incremental + "unique_key='odd') }}\nselect odd, count(*) as n, max(batch) as batch from {{ ref('fct') }}\n{% if is_incremental() %}where odd in (select odd from {{ changes(ref('fct')) }}){% endif %}\ngroup by all\n",
		"models/ext.sql":      "{{ config(materialized='external', location='out/ext.parquet') }}\nselect batch from {{ ref('mart') }}\n",
		"models/log.sql":      "{{ config(materialized='external', location='out/log', incremental_strategy='append') }}\nselect batch from {{ ref('mart') }}\n{% if is_incremental() %}where batch > (select max(batch) from {{ this }}){% endif %}\n",
		"snapshots/snap.sql":  "{% snapshot snap %}{{ config(strategy='check', unique_key='k', check_cols='all') }}select 1 as k, batch from {{ ref('mart') }}{% endsnapshot %}\n",
		"tests/agree.sql":     "select * from {{ ref('mart') }} m, {{ ref('v') }} v where m.batch <> v.batch\n",
		"tests/keys.sql":      "select k from {{ ref('inc') }} group by k having count(*) > 1\n",
		"tests/one_a_day.sql": "select batch from {{ ref('fct') }} group by batch having count(*) > 1\n",
	} {
		k.write(name, text)
	}
	return k
}

func (k *killed) write(name, text string) {
	k.t.Helper()
	path := filepath.Join(k.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		k.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		k.t.Fatal(err)
	}
}

// define writes what a batch brings: another seed, and one file more.
func (k *killed) define(batch int) {
	k.write("seeds/s.csv", fmt.Sprintf("batch\n%d\n", batch))
	k.write(fmt.Sprintf("lake/%04d.csv", batch), fmt.Sprintf("batch\n%d\n", batch))
}

func (k *killed) command(args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(binaryFolder(k.t), "elt"), args...)
	cmd.Dir = k.dir
	return cmd
}

// elt runs a command that must succeed.
func (k *killed) elt(args ...string) {
	k.t.Helper()
	if output, err := k.command(args...).CombinedOutput(); err != nil {
		k.t.Errorf("%s: elt %v: %v\n%s", k.what, args, err, output)
	}
}

// buildAndKill reports whether a build was killed before it ended.
func (k *killed) buildAndKill(after time.Duration) bool {
	k.t.Helper()
	cmd := k.command("build", "-q")
	var output strings.Builder
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	err := cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signaled() {
		return true
	}
	if err != nil {
		k.t.Fatalf("a build that was not killed: %v\n%s", err, output.String())
	}
	return false
}

// Relations of the database, and files of external models, of which some may be behind until
// something opens the database for writing.
const (
	batchesInside = `select string_agg(distinct batch, ' ') from (select batch from s union all select batch from raw
		union all select batch from v union all select batch from mart union all select batch from inc union all select batch from merged
		union all select batch from over union all select batch from mb union all select max(batch) from fct
		union all select max(batch) from odd union all select batch from snap where dbt_valid_to is null)`
	batchesOutside = `select string_agg(distinct batch, ' ') from (select batch from ext union all select max(batch) from log)`
	takenOnce      = `select (select count(*) - count(distinct batch) from fct), (select count(*) from fct), (select sum(n)::bigint from odd),
		(select count(*) from log), (select count(*) from snap), (select count(distinct ts) from mb), (select count(*) from mb)`
	hiddenTables = `select count(*) from duckdb_tables() where starts_with(table_name, '_elt_')`
)

// agree looks at what a killed build has left, and at what comes after it.
func (k *killed) agree(batch int) {
	k.t.Helper()
	now, before := strconv.Itoa(batch), strconv.Itoa(batch-1)
	replica, warehouse := filepath.Join(k.dir, "read.duckdb"), filepath.Join(k.dir, "warehouse.duckdb")
	k.sees(replica, true, batchesInside, now, before)
	k.sees(replica, true, hiddenTables, "0")
	k.sees(warehouse, false, batchesInside, now, before)
	for _, of := range []string{"ext", "log"} { // each by itself: they change places one after the other
		k.sees(warehouse, false, "select max(batch) from "+of, now, before)
	}
	k.elt("clean")
	k.sees(warehouse, false, hiddenTables, "0")
	k.sees(warehouse, false, "select ("+batchesInside+") = ("+batchesOutside+")", "true")
	k.elt("build", "-q")
	k.sees(warehouse, false, batchesInside, now)
	k.sees(warehouse, false, batchesOutside, now)
	k.sees(replica, true, batchesInside, now)
	all := strconv.Itoa(batch + 1)
	k.sees(warehouse, false, takenOnce, strings.Join([]string{"0", all, all, all, all, "6", "6"}, " "))
	k.sees(warehouse, false, hiddenTables, "0")
}

// sees runs a query that must have one of some answers.
func (k *killed) sees(path string, readOnly bool, sql string, want ...string) {
	k.t.Helper()
	table, err := queryFile(duckdb.Options{Path: path, ReadOnly: readOnly, Settings: []duckdb.Setting{{Name: "file_search_path", Value: k.dir}}}, sql)
	if err != nil {
		k.t.Errorf("%s: %s: %v", k.what, filepath.Base(path), err)
		return
	}
	var cells []string
	for i := range table.Columns {
		cells = append(cells, table.Text(0, i))
	}
	got := strings.Join(cells, " ")
	for _, w := range want {
		if got == w {
			return
		}
	}
	k.t.Errorf("%s: %s: %s\ngives %q and not %q", k.what, filepath.Base(path), sql, got, want)
}
