package runner_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"elt/compiler/dbtcontext"
	"elt/compiler/project"
)

var (
	changeSequences = flag.Int("change-sequences", 6, "random sequences that TestChangesAgainstAFullRefresh goes through")
	changeSeed      = flag.Uint64("change-seed", 0, "the only sequence to go through; 0 for all")
)

// changesOf is what changes(ref(name)) renders.
func (w *warehouse) changesOf(name string) string {
	node := w.named(name)
	return "(select *, 'in' as _change from " + node.Relation.String() + " " + dbtcontext.ChangesMark(node.UniqueID) + ")"
}

// reader adds a model that reads the changes of another. {changes} in its SQL are these.
func (w *warehouse) reader(name, of, sql string, config ...any) {
	node := w.incremental(name, strings.ReplaceAll(sql, "{changes}", w.changesOf(of)), config...)
	parent := w.named(of).UniqueID
	node.Changes = []string{parent}
	if !slices.Contains(node.DependsOn, parent) {
		node.DependsOn = append(node.DependsOn, parent)
	}
}

// changeNodes are the models of the project and what each must be.
var changeNodes = map[string]string{
	"per_shop":  "select shop, count(*)::bigint as n, sum(amount)::bigint as total from fct group by all",
	"per_n":     "select n, count(*)::bigint as shops, sum(total)::bigint as total from per_shop group by all",
	"per_tens":  "select amount // 10 as tens, count(*)::bigint as n from fct group by all",
	"per_kind":  "select kind, count(*)::bigint as n, sum(v)::bigint as v from merged group by all",
	"per_kind2": "select kind, max(v)::bigint as most from copied group by all",
}

func defineChanges(w *warehouse) {
	src := w.add(project.Source, "raw", "")
	src.Table = &project.SourceTable{SourceName: "lake", Paths: []project.Located{{Text: "lake/*.csv"}}, Format: "csv"}
	w.incremental("fct", "select id::bigint as id, shop::varchar as shop, amount::bigint as amount, _file from {raw}", "incremental_strategy", "by_file")
	w.reader("per_shop", "fct", "select shop, count(*)::bigint as n, sum(amount)::bigint as total from {fct} where shop in (select shop from {changes}) group by all",
		"incremental_strategy", "delete+insert", "unique_key", "shop")
	w.reader("per_n", "per_shop", "select n, count(*)::bigint as shops, sum(total)::bigint as total from {per_shop} where n in (select n from {changes}) group by all",
		"incremental_strategy", "insert_overwrite", "partition_by", "n")
	w.reader("per_tens", "fct", "select amount // 10 as tens, count(*)::bigint as n from {fct} where amount // 10 in (select amount // 10 from {changes}) group by all",
		"unique_key", "tens", "change_key", "amount // 10")
	w.reader("log", "fct", "select id, shop, amount, _file, _change from {changes}", "incremental_strategy", "append")
	w.incremental("merged", "select id, kind, v from given", "incremental_strategy", "merge", "unique_key", "id")
	w.reader("per_kind", "merged", "select kind, count(*)::bigint as n, sum(v)::bigint as v from {merged} where kind in (select kind from {changes}) group by all",
		"unique_key", "kind")
	hook(w.incremental("copied", "select id, kind, v from given", "unique_key", "id"), "update {this} set v = v + 1 where v = 3")
	w.reader("per_kind2", "copied", "select kind, max(v)::bigint as most from {copied} where kind in (select kind from {changes}) group by all",
		"unique_key", "kind")
	w.check("no_unlucky", "select * from {per_shop} where total = 13")
	w.check("few_tens", "select * from {per_tens} where n > 9")
}

// TestChangesAgainstAFullRefresh goes through random sequences of what happens to models and
// builds of some of them, in which readers of changes fail, are interrupted, left out and made anew,
// and compares them with what their queries say of the whole.
func TestChangesAgainstAFullRefresh(t *testing.T) {
	t.Parallel()
	for seed := range uint64(*changeSequences) {
		if *changeSeed != 0 && seed+1 != *changeSeed {
			continue
		}
		playChanges(t, seed+1)
		if t.Failed() {
			t.Fatalf("sequence %d: go test ./runner -run %s -change-seed %d", seed+1, t.Name(), seed+1)
		}
	}
}

type changePlayer struct {
	t      *testing.T
	w      *warehouse
	dir    string
	random *rand.Rand
	clock  time.Time
	story  []string
}

func playChanges(t *testing.T, seed uint64) {
	w := newWarehouse(t)
	p := &changePlayer{t: t, w: w, dir: filepath.Join(filepath.Dir(w.path), "lake"), random: rand.New(rand.NewPCG(seed, 7)),
		clock: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	if err := os.MkdirAll(p.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	w.exec("create table given (id bigint, kind varchar, v bigint)")
	defineChanges(w)
	p.write(0)
	for range 8 {
		for range p.random.IntN(4) {
			p.happen()
		}
		p.build()
		if t.Failed() {
			t.Logf("what happened:\n%s", strings.Join(p.story, "\n"))
			return
		}
	}
}

// write writes a file of some sales.
func (p *changePlayer) write(number int) {
	var b strings.Builder
	b.WriteString("id,shop,amount\n")
	for i := range 1 + p.random.IntN(4) {
		fmt.Fprintf(&b, "%d,s%d,%d\n", i, p.random.IntN(5), p.random.IntN(30))
	}
	path := filepath.Join(p.dir, fmt.Sprintf("f%d.csv", number))
	p.clock = p.clock.Add(time.Second)
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		p.t.Fatal(err)
	}
	if err := os.Chtimes(path, p.clock, p.clock); err != nil {
		p.t.Fatal(err)
	}
	p.story = append(p.story, filepath.Base(path)+": "+strings.ReplaceAll(b.String(), "\n", " "))
}

func (p *changePlayer) happen() {
	switch n := p.random.IntN(6); n {
	case 0, 1, 2:
		p.write(p.random.IntN(6))
	case 3:
		number := 1 + p.random.IntN(5)
		_ = os.Remove(filepath.Join(p.dir, fmt.Sprintf("f%d.csv", number))) // it need not be there
		p.story = append(p.story, fmt.Sprintf("f%d.csv is deleted", number))
	default:
		sql := fmt.Sprintf("create or replace table given as select i as id, 'k' || hash(i * %d) %% 3 as kind, hash(i + %d)::hugeint %% 6 as v from range(%d, %d) r(i)",
			1+p.random.IntN(2), p.random.IntN(50), p.random.IntN(4), 4+p.random.IntN(4))
		p.w.exec(sql)
		p.story = append(p.story, sql)
	}
}

// build builds some of the nodes or all, sometimes anew or not to its end, and compares those that all have
// been brought up to date.
func (p *changePlayer) build() {
	var names []string
	if p.random.IntN(2) == 0 {
		for _, id := range p.w.order {
			if node := p.w.nodes[id]; node.Type == project.Model && p.random.IntN(3) > 0 {
				names = append(names, node.Name)
			}
		}
		if len(names) == 0 {
			return
		}
	}
	p.w.opts.FullRefresh = p.random.IntN(10) == 0
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	points := []string{"run-recorded", "candidate-created", "built", "publish-begun", "publish-swapped", "publish-recorded"}
	point := points[p.random.IntN(len(points))]
	p.w.opts.Point = nil
	if p.random.IntN(6) == 0 {
		p.w.opts.Point = func(name string) {
			if name == point {
				cancel()
			}
		}
	}
	s, err := p.w.runAs(ctx, "build", &recorder{}, names...)
	p.story = append(p.story, fmt.Sprintf("build %v, full refresh %v, interrupted %v: %v", names, p.w.opts.FullRefresh, p.w.opts.Point != nil, err))
	if s != nil {
		p.story = append(p.story, statuses(s))
	}
	interrupted := p.w.opts.Point != nil
	p.w.opts.Point, p.w.opts.FullRefresh = nil, false
	if interrupted || len(names) > 0 {
		return
	}
	if err != nil {
		p.t.Errorf("build: %v", err)
		return
	}
	p.compare(s)
}

func (p *changePlayer) compare(s interface{ OK() bool }) {
	p.t.Helper()
	for name, want := range changeNodes {
		if !s.OK() && (name == "per_shop" || name == "per_n" || name == "per_tens") {
			continue // may be held: it is looked at when it is not
		}
		equal(p.t, name, p.w.rows(fmt.Sprintf("select count(*) from ((from %[1]s except all (%[2]s)) union all ((%[2]s) except all from %[1]s))", name, want)), "0")
	}
	if s.OK() {
		equal(p.t, "log", p.w.rows(`select count(*) from (
			select id, shop, amount, _file, sum(case _change when 'in' then 1 else -1 end) as n from log group by all having n <> 0
			except select id, shop, amount, _file, count(*) as n from fct group by all)`), "0")
		equal(p.t, "nothing is kept that everybody has seen", p.w.rows("select count(*) from duckdb_tables() where table_name like 'changes of%'"), "0")
	}
}
