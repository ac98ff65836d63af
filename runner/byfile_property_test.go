//go:build unix

package runner_test

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"elt/compiler/project"
	"elt/compiler/template"
	"elt/runner"
)

var (
	lakeSequences = flag.Int("lake-sequences", 40, "random sequences that TestByFileAgainstAReference goes through")
	lakeSeed      = flag.Uint64("lake-seed", 0, "the only sequence to go through; 0 for all")
)

// The environment of the process that TestByFileAgainstAReference kills.
const (
	lakeDir   = "ELT_TEST_LAKE_DIR"
	lakePoint = "ELT_TEST_LAKE_POINT"
	lakeFull  = "ELT_TEST_LAKE_FULL"
	lakeKeep  = "ELT_TEST_LAKE_KEEP"
)

// rawFile is a file of the lake as the reference sees it.
type rawFile struct {
	rows   []int // amounts
	broken bool
}

func (f rawFile) text() string {
	var b strings.Builder
	b.WriteString("id,amount\n")
	for i, amount := range f.rows {
		fmt.Fprintf(&b, "%d,%d\n", i, amount)
	}
	if f.broken {
		b.WriteString("7,seven\n")
	}
	return b.String()
}

// lakeModel is the naive reference: what the table and the ledger must be.
type lakeModel struct {
	disk  map[string]rawFile
	taken map[string]rawFile // what the published table holds
	built bool
	apart bool // bad rows are kept apart, so that no file fails
}

// next is what a build that nothing disturbs makes of the table, and the files that it
// cannot take in. ok is false where it must publish nothing.
func (m *lakeModel) next(full bool) (taken map[string]rawFile, failed []string, ok bool) {
	taken = map[string]rawFile{}
	for name, f := range m.disk {
		had, known := m.taken[name]
		switch {
		case !f.broken || m.apart:
			taken[name] = f
		case known && !full:
			taken[name] = had
			failed = append(failed, name)
		default:
			failed = append(failed, name)
		}
	}
	slices.Sort(failed)
	if full && slices.ContainsFunc(failed, func(name string) bool { return len(m.taken[name].rows) > 0 }) {
		return m.taken, failed, false // a full refresh loses no rows
	}
	for _, f := range taken {
		if slices.ContainsFunc(f.rows, func(amount int) bool { return amount < 0 }) {
			return m.taken, failed, false
		}
	}
	anew := full || !m.built
	return taken, failed, !anew || len(failed) < len(m.disk)
}

// showRejects are the rows that must be kept apart: those of the files whose other rows the
// table holds.
func showRejects(taken map[string]rawFile, apart bool) string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(taken)) {
		if f := taken[name]; f.broken && apart {
			lines = append(lines, fmt.Sprintf("lake/%s|%d|amount|amount: \"seven\" is not of type bigint|7,seven", name, len(f.rows)+2))
		}
	}
	return strings.Join(lines, "\n")
}

func show(taken map[string]rawFile) string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(taken)) {
		for i, amount := range taken[name].rows {
			lines = append(lines, fmt.Sprintf("lake/%s|%d|%d", name, i, amount))
		}
	}
	return strings.Join(lines, "\n")
}

func showLedger(taken map[string]rawFile) string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(taken)) {
		lines = append(lines, fmt.Sprintf("lake/%s|%d", name, len(taken[name].rows)))
	}
	return strings.Join(lines, "\n")
}

// defineLake is the project: a by_file fact, a table over it, and a test that some files
// make fail.
func defineLake(w *warehouse, apart bool) {
	src := w.add(project.Source, "raw", "")
	options := template.NewDict()
	_ = options.Set("types", template.NewDict(template.Item{Key: "id", Value: "bigint"}, template.Item{Key: "amount", Value: "bigint"}))
	src.Table = &project.SourceTable{SourceName: "lake", Paths: []project.Located{{Text: "lake/*.csv"}}, Format: "csv", Options: options}
	if apart {
		src.Table.Options, src.Table.OnBadRows = template.NewDict(), "quarantine"
		src.Columns = []*project.Column{{Name: "id", DataType: "bigint"}, {Name: "amount", DataType: "bigint"}}
	}
	w.incremental("fct", "select id, amount, _file from {raw}", "incremental_strategy", "by_file")
	w.table("per_file", "select _file, count(*) as n, sum(amount) as total from {fct} group by 1")
	w.check("positive", "select * from {fct} where amount < 0")
}

// TestByFileAgainstAReference goes through random sequences of what happens to a lake, and
// compares tables and ledger with a naive reference after each build.
func TestByFileAgainstAReference(t *testing.T) {
	t.Parallel()
	playLakes(t, *lakeSequences, false)
}

// TestRejectsAgainstAReference does so where bad rows are kept apart, and compares the
// rejects.
func TestRejectsAgainstAReference(t *testing.T) {
	t.Parallel()
	playLakes(t, *lakeSequences/2, true)
}

func playLakes(t *testing.T, sequences int, apart bool) {
	seeds := make([]uint64, 0, sequences)
	for i := range uint64(sequences) {
		seeds = append(seeds, i+1)
	}
	if *lakeSeed != 0 {
		seeds = []uint64{*lakeSeed}
	}
	for _, seed := range seeds {
		playLake(t, seed, apart)
		if t.Failed() {
			t.Fatalf("sequence %d: go test ./runner -run %s -lake-seed %d", seed, t.Name(), seed)
		}
	}
}

// lakePlayer plays one sequence.
type lakePlayer struct {
	*lakeModel
	t      *testing.T
	w      *warehouse
	dir    string
	random *rand.Rand
	clock  time.Time
	story  []string
}

func playLake(t *testing.T, seed uint64, apart bool) {
	w := newWarehouse(t)
	p := &lakePlayer{
		lakeModel: &lakeModel{disk: map[string]rawFile{}, taken: map[string]rawFile{}, apart: apart}, t: t, w: w,
		dir: filepath.Join(filepath.Dir(w.path), "lake"), random: rand.New(rand.NewPCG(seed, 2)),
		clock: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	if err := os.MkdirAll(p.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	defineLake(w, apart)
	p.write("m.csv", rawFile{rows: []int{1}})
	for range 5 {
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

func (p *lakePlayer) tell(format string, args ...any) {
	p.story = append(p.story, fmt.Sprintf(format, args...))
}

// write writes a file of another time than any before it.
func (p *lakePlayer) write(name string, f rawFile) {
	p.disk[name] = f
	path := filepath.Join(p.dir, name)
	p.clock = p.clock.Add(time.Second)
	if err := errors.Join(os.WriteFile(path, []byte(f.text()), 0o644), os.Chtimes(path, p.clock, p.clock)); err != nil {
		p.t.Fatal(err)
	}
}

// content is rows of a file; now and then none, or one that a test finds bad.
func (p *lakePlayer) content() rawFile {
	f := rawFile{}
	for range p.random.IntN(4) {
		f.rows = append(f.rows, p.random.IntN(50))
	}
	if p.random.IntN(12) == 0 {
		f.rows = append(f.rows, -1)
	}
	return f
}

// happen lets one thing happen to the lake.
func (p *lakePlayer) happen() {
	names := slices.Sorted(maps.Keys(p.disk))
	some := names[p.random.IntN(len(names))]
	switch p.random.IntN(7) {
	case 0, 1: // new or, by its name, late
		name := fmt.Sprintf("%c%d.csv", 'a'+rune(p.random.IntN(26)), p.random.IntN(10))
		p.write(name, p.content())
		p.tell("%s arrives: %v", name, p.disk[name].rows)
	case 2:
		p.write(some, p.disk[some])
		p.tell("%s is sent again", some)
	case 3:
		p.write(some, p.content())
		p.tell("%s changes: %v", some, p.disk[some].rows)
	case 4:
		if len(names) > 1 {
			delete(p.disk, some)
			if err := os.Remove(filepath.Join(p.dir, some)); err != nil {
				p.t.Fatal(err)
			}
			p.tell("%s is deleted", some)
		}
	case 5:
		f := p.disk[some]
		f.broken = true
		p.write(some, f)
		p.tell("%s breaks", some)
	case 6:
		for _, name := range names {
			f := p.disk[name]
			if f.broken || slices.Contains(f.rows, -1) {
				f.broken, f.rows = false, slices.DeleteFunc(slices.Clone(f.rows), func(n int) bool { return n < 0 })
				p.write(name, f)
				p.tell("%s is mended", name)
			}
		}
	}
}

// build builds, sometimes anew, sometimes killed, and compares.
func (p *lakePlayer) build() {
	p.t.Helper()
	full := p.random.IntN(8) == 0
	taken, failed, ok := p.next(full)
	if p.random.IntN(8) == 0 {
		p.kill(full, taken, ok)
		full = false
		taken, failed, ok = p.next(false)
	}
	p.w.opts.FullRefresh = full
	s, err := p.w.run("build")
	p.tell("build, full refresh %v: %s, error %v", full, statuses(s), err)
	if err != nil {
		p.t.Errorf("build: %v", err)
		return
	}
	if want := ok && len(failed) == 0; s.OK() != want {
		p.t.Errorf("the build ended well: %v, want %v\n%s", s.OK(), want, statuses(s))
	}
	if ok {
		p.taken, p.built = taken, true
	}
	if !p.built {
		return
	}
	p.compare()
	equal(p.t, "files that could not be taken in", p.w.rows("select path from _elt.file_failures order by 1"), prefixed(failed))
}

func prefixed(files []string) string {
	lines := make([]string, len(files))
	for i, f := range files {
		lines[i] = "lake/" + f
	}
	return strings.Join(lines, "\n")
}

// compare compares what is published with the reference.
func (p *lakePlayer) compare() {
	p.t.Helper()
	equal(p.t, "rows", p.w.rows("select _file, id, amount from fct order by all"), show(p.taken))
	equal(p.t, "ledger", p.w.rows("select path, rows from _elt.file_ledger order by all"), showLedger(p.taken))
	equal(p.t, "rejects", p.w.rows("select path, line, column_name, reason, text from _elt.rejects order by all"), showRejects(p.taken, p.apart))
	equal(p.t, "the table above", p.w.rows(`select count(*) from (
		(select _file, count(*) as n, sum(amount) as total from fct group by 1 except all from per_file)
		union all (from per_file except all select _file, count(*) as n, sum(amount) as total from fct group by 1))`), "0")
}

// kill builds in a process that is killed; whatever it had got to, rows and ledger are
// those of before or of after.
func (p *lakePlayer) kill(full bool, after map[string]rawFile, ok bool) {
	p.t.Helper()
	points := []string{"run-recorded", "candidate-created", "built", "publish-begun", "publish-recorded", "published", "checkpointed"}
	point := points[p.random.IntN(len(points))]
	cmd := exec.Command(os.Args[0], "-test.run=^TestLakeProcess$")
	cmd.Env = append(os.Environ(), lakeDir+"="+filepath.Dir(p.w.path), lakePoint+"="+point, fmt.Sprintf("%s=%v", lakeFull, full), fmt.Sprintf("%s=%v", lakeKeep, p.apart))
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	killed := errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signaled()
	if err != nil && !killed {
		p.t.Fatalf("%v\n%s", err, out)
	}
	published := ok && (!killed || point == "published" || point == "checkpointed")
	p.tell("build, full refresh %v, killed at %s: %v, published: %v", full, point, killed, published)
	if published {
		p.taken, p.built = after, true
	}
	if p.built {
		p.compare()
	}
}

// TestLakeProcess is no test: it is the process that TestByFileAgainstAReference kills.
func TestLakeProcess(t *testing.T) {
	dir := os.Getenv(lakeDir)
	if dir == "" {
		t.Skip("only run by TestByFileAgainstAReference")
	}
	w := &warehouse{t: t, path: filepath.Join(dir, "w.duckdb"), nodes: map[string]*project.Node{}}
	defineLake(w, os.Getenv(lakeKeep) == "true")
	w.opts = runner.Options{FullRefresh: os.Getenv(lakeFull) == "true", Point: func(point string) {
		if point == os.Getenv(lakePoint) {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // the signal is on its way
		}
	}}
	if _, err := w.run("build"); err != nil {
		t.Fatal(err)
	}
}
