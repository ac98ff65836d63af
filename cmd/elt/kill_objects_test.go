//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

// TestKilledObjects kills builds whose external models grow on object storage, when they ask the server for
// something. Whoever reads the manifest finds what it names, all that a build has added or nothing of it;
// and the next build leaves each build's rows there once.
func TestKilledObjects(t *testing.T) {
	t.Parallel()
	extension := os.Getenv(testHTTPFS)
	if extension == "" {
		t.Skip(testHTTPFS + " names no httpfs.duckdb_extension")
	}
	k := &killedObjects{killed: killed{t: t, dir: t.TempDir()}}
	server := httptest.NewServer(k)
	defer server.Close()
	k.write("elt.yml", fmt.Sprintf(`{name: shop, target: {path: warehouse.duckdb, extension_directory: installed, extensions: [{name: httpfs, path: %q}],
  secrets: [{type: s3, key_id: k, secret: s, region: eu, endpoint: %q, use_ssl: false, url_style: path}]}}`,
		extension, strings.TrimPrefix(server.URL, "http://")))
	const external = "{{ config(materialized='external', format='csv', location='s3://lake/"
	k.write("models/batches.sql", "{{ config(materialized='table') }}\nselect batch from read_csv('batch.csv')\n")
	k.write("models/log.sql", external+"log', incremental_strategy='append') }}\nselect batch from {{ ref('batches') }}\n{% if is_incremental() %}where batch > (select max(batch) from {{ this }}){% endif %}\n")
	k.write("models/days.sql", external+"days', incremental_strategy='insert_overwrite', partition_by='day') }}\nselect batch, batch % 3 as day from {{ ref('batches') }}\n")
	for batch := range 3 {
		k.asked = 0
		k.batch(batch)
		k.elt("build", "-q")
	}
	requests := k.asked
	for i := range *kills {
		batch := 3 + i
		k.batch(batch)
		at := 1 + i*requests / *kills
		k.buildAndKillAt(at)
		k.what = fmt.Sprintf("batch %d, killed at request %d of %d", batch, at, requests)
		k.holds("log", k.all(batch-1), k.all(batch))
		k.holds("days", k.last(batch-1), k.last(batch))
		k.elt("build", "-q")
		k.holds("log", k.all(batch))
		k.holds("days", k.last(batch))
		for model, want := range map[string]string{"log": k.all(batch), "days": k.last(batch)} {
			out, err := k.command("elt", "show", "--output", "csv", "--inline", "select string_agg(batch, ' ' order by batch) as batches from "+model).Output()
			if got := strings.TrimSpace(string(out)); err != nil || got != "batches\n"+want {
				t.Errorf("%s: the view of %s shows %q and not %q: %v", k.what, model, got, want, err)
			}
		}
		if t.Failed() {
			return
		}
	}
	t.Logf("%d of %d builds were killed, which ask %d times", k.kills, *kills, requests)
}

// killedObjects is a project that writes to a server which kills it.
type killedObjects struct {
	killed
	store objects
	mu    sync.Mutex
	asked int // requests
	at    int // the request at which the process dies
	die   func()
	kills int
}

// ServeHTTP answers a request, or kills who asks.
func (k *killedObjects) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	k.mu.Lock()
	k.asked++
	die := k.die
	if k.asked != k.at {
		die = nil
	}
	k.mu.Unlock()
	if die != nil {
		die()
		return
	}
	k.store.ServeHTTP(w, r)
}

func (k *killedObjects) batch(batch int) { k.write("batch.csv", fmt.Sprintf("batch\n%d\n", batch)) }

// buildAndKillAt kills a build at one of its requests. One that has fewer ends by itself.
func (k *killedObjects) buildAndKillAt(request int) {
	k.t.Helper()
	cmd := k.command("elt", "build", "-q")
	k.mu.Lock() // a request waits until it is known whom it may kill
	k.asked, k.at = 0, request
	err := cmd.Start()
	k.die = func() { _ = cmd.Process.Kill() }
	k.mu.Unlock()
	if err != nil {
		k.t.Fatal(err)
	}
	if cmd.Wait() != nil {
		k.kills++
	}
	k.mu.Lock()
	k.at = 0
	k.mu.Unlock()
}

// all are the batches that the log holds, and last those of the three days.
func (k *killedObjects) all(batch int) string  { return spelled(0, batch) }
func (k *killedObjects) last(batch int) string { return spelled(batch-2, batch) }

func spelled(from, to int) string {
	var out []string
	for b := from; b <= to; b++ {
		out = append(out, fmt.Sprint(b))
	}
	return strings.Join(out, " ")
}

// holds reads what a manifest names, which must be one of some answers.
func (k *killedObjects) holds(model string, want ...string) {
	k.t.Helper()
	o, _ := k.store.get(model + "/.elt-manifest")
	var m struct{ Files []struct{ Path string } }
	if err := json.Unmarshal(o.data, &m); err != nil {
		k.t.Fatalf("%s: %v", k.what, err)
	}
	var batches []int
	for _, f := range m.Files {
		data, there := k.store.get(model + "/" + f.Path)
		var header string
		var batch int
		if _, err := fmt.Sscan(string(data.data), &header, &batch); !there || err != nil {
			k.t.Errorf("%s: object %s of %s: %q %v", k.what, f.Path, model, data.data, err)
		}
		batches = append(batches, batch)
	}
	slices.Sort(batches)
	if got := strings.Trim(fmt.Sprint(batches), "[]"); !slices.Contains(want, got) {
		k.t.Errorf("%s: %s holds %q and not %q", k.what, model, got, want)
	}
}
