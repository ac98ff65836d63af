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
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"elt/runner/duckdb"
)

var kills = flag.Int("kills", 50, "builds that TestKilledProgram kills at random moments; 1000 for a soak")

// TestKilledProgram kills the program itself at random moments, on a project of everything that can
// be built: tables, views, ephemeral and incremental models of all strategies, a seed, a snapshot,
// external models, readers of changes, and a replica.
func TestKilledProgram(t *testing.T) {
	t.Parallel()
	wanted := *kills
	if testing.Short() {
		wanted = min(wanted, 6)
	}
	k := newKilled(t)
	k.define(0)
	started := time.Now()
	k.elt("build", "-q")
	typical := time.Since(started)
	killed, builds := 0, 0
	for batch := 1; killed < wanted; batch++ {
		k.define(batch)
		after := time.Duration(rand.Int64N(int64(typical)))
		started = time.Now()
		hit := k.buildAndKill(after)
		builds++
		if hit {
			killed++
			typical += typical / 20 // how fast the machine is changes meanwhile
		} else {
			typical = time.Since(started)
		}
		k.what = fmt.Sprintf("build %d, killed after %v (%t)", batch, after, hit)
		k.agree(batch, either(batch), either(batch))
		if builds >= 10*wanted && killed < builds/10 {
			t.Errorf("only %d of %d builds were killed", killed, builds)
		}
		if t.Failed() {
			return
		}
	}
	t.Logf("%d of %d builds were killed before they ended; %d of these had published, %d had the replica renewed", killed, builds, k.published, k.copied)
}

// either is what a kill at some moment may leave: all of a batch, or all of the one before.
func either(batch int) []string { return []string{strconv.Itoa(batch - 1), strconv.Itoa(batch)} }

// killed is a project whose builds are killed.
type killed struct {
	t    *testing.T
	dir  string
	what string // was done

	published, copied int // of the kills: came after the publish, and after the replica
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

func (k *killed) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(binaryFolder(k.t), program), args...)
	cmd.Dir = k.dir
	return cmd
}

// elt runs a command that must succeed.
func (k *killed) elt(args ...string) {
	k.t.Helper()
	if output, err := k.command("elt", args...).CombinedOutput(); err != nil {
		k.t.Errorf("%s: elt %v: %v\n%s", k.what, args, err, output)
	}
}

// buildAndKill reports whether a build was killed before it ended.
func (k *killed) buildAndKill(after time.Duration) bool {
	k.t.Helper()
	return k.killed(k.command("elt", "build", "-q"), func(p *os.Process) func() {
		timer := time.AfterFunc(after, func() { _ = p.Kill() })
		return func() { timer.Stop() }
	})
}

// killed reports whether a command was killed. It must succeed where it was not.
func (k *killed) killed(cmd *exec.Cmd, started func(*os.Process) (ended func())) bool {
	k.t.Helper()
	var output strings.Builder
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	defer started(cmd.Process)()
	err := cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL {
		return true
	}
	if err != nil {
		k.t.Fatalf("%v was not killed: %v\n%s", cmd.Args[1:], err, output.String())
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
	hiddenTables = `select (select count(*) from duckdb_tables() where starts_with(table_name, '_elt_')) + (select count(*) from _elt.intents)
		+ (select count(*) from _elt.candidates)`
)

// agree looks at what a kill has left, and at what comes after it: inside and shown are the batches
// that the database and its replica may be of. In turns the next command that writes is clean or
// build, and the database is looked at before by one that only reads or by one that could write.
func (k *killed) agree(batch int, inside, shown []string) {
	k.t.Helper()
	now := strconv.Itoa(batch)
	replica, warehouse := filepath.Join(k.dir, "read.duckdb"), filepath.Join(k.dir, "warehouse.duckdb")
	if k.sees(replica, true, batchesInside, shown...) == now {
		k.copied++
	}
	k.sees(replica, true, hiddenTables, "0")
	if k.sees(warehouse, batch%4 < 2, batchesInside, inside...) == now {
		k.published++
	}
	for _, of := range []string{"ext", "log"} { // each by itself: they change places one after the other
		k.sees(warehouse, true, "select max(batch) from "+of, either(batch)...)
	}
	if batch%2 == 0 {
		k.elt("clean")
		k.nothingHidden()
		k.sees(warehouse, false, "select ("+batchesInside+") = ("+batchesOutside+")", "true")
	}
	k.elt("build", "-q")
	k.sees(warehouse, false, batchesInside, now)
	k.sees(warehouse, false, batchesOutside, now)
	k.sees(replica, true, batchesInside, now)
	all := strconv.Itoa(batch + 1)
	k.sees(warehouse, false, takenOnce, strings.Join([]string{"0", all, all, all, all, "6", "6"}, " "))
	k.nothingHidden()
}

// nothingHidden looks for what a command that writes must not leave behind: tables, promises and files.
func (k *killed) nothingHidden() {
	k.t.Helper()
	k.sees(filepath.Join(k.dir, "warehouse.duckdb"), false, hiddenTables, "0")
	for _, pattern := range []string{".*", "out/.*", "warehouse.duckdb?*", "read.duckdb?*"} {
		if left, _ := filepath.Glob(filepath.Join(k.dir, pattern)); len(left) > 0 {
			k.t.Errorf("%s: %s is left", k.what, left)
		}
	}
}

// sees runs a query that must have one of some answers, and returns it.
func (k *killed) sees(path string, readOnly bool, sql string, want ...string) string {
	k.t.Helper()
	table, err := queryFile(duckdb.Options{Path: path, ReadOnly: readOnly, Settings: []duckdb.Setting{{Name: "file_search_path", Value: k.dir}}}, sql)
	if err != nil {
		k.t.Errorf("%s: %s: %v", k.what, filepath.Base(path), err)
		return ""
	}
	var cells []string
	for i := range table.Columns {
		cells = append(cells, table.Text(0, i))
	}
	got := strings.Join(cells, " ")
	if !slices.Contains(want, got) {
		k.t.Errorf("%s: %s: %s\ngives %q and not %q", k.what, filepath.Base(path), sql, got, want)
	}
	return got
}
