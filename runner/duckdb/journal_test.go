package duckdb

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// copyDatabase copies a database with its log and its journal.
func copyDatabase(t *testing.T, from, to string) {
	t.Helper()
	for _, suffix := range []string{"", ".wal", ".journal"} {
		content, err := os.ReadFile(from + suffix)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		if err == nil {
			if err := os.WriteFile(to+suffix, content, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// interruptedCheckpoint makes a database, and returns the folder where it lies as it was
// when its second checkpoint began, and its file as that checkpoint left it.
func interruptedCheckpoint(t *testing.T) (path string, after []byte) {
	t.Helper()
	folder := t.TempDir()
	live, path := filepath.Join(folder, "live.duckdb"), filepath.Join(folder, "was.duckdb")
	db, err := Open(context.Background(), Options{Path: live})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	s, err := db.Session(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	fill := func(table string, value int) {
		for i := range 30 {
			exec(t, s, fmt.Sprintf("create or replace table %s%d as select %d as v, i, repeat('x', i %% 50) as s from range(3000) t(i)", table, i, value))
		}
	}
	fill("a", 1)
	if err := db.Checkpoint(context.Background(), "live"); err != nil {
		t.Fatal(err)
	}
	fill("a", 2)
	fill("b", 3)
	db.beforeCheckpoint = func(string) { copyDatabase(t, live, path) }
	if err := db.Checkpoint(context.Background(), "live"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(live + ".journal"); !os.IsNotExist(err) {
		t.Errorf("the journal outlives the checkpoint: %v", err)
	}
	if after, err = os.ReadFile(live); err != nil {
		t.Fatal(err)
	}
	return path, after
}

// shown opens a database and returns what its tables hold, or the error.
func shown(path string, mending bool) (string, error) {
	ctx := context.Background()
	if !mending {
		if err := os.Remove(path + ".journal"); err != nil {
			return "", err
		}
	}
	db, err := Open(ctx, Options{Path: path})
	if err != nil {
		return "", err
	}
	defer db.Close()
	s, err := db.Session(ctx)
	if err != nil {
		return "", err
	}
	defer s.Close()
	var out []string
	for i := range 30 {
		table, err := s.Query(ctx, fmt.Sprintf("select (select sum(v) + sum(i) + sum(length(s)) from a%d), (select sum(v) from b%d)", i, i))
		if err != nil {
			return "", err
		}
		out = append(out, fmt.Sprint(table.Rows[0]...))
	}
	return strings.Join(out, "\n"), nil
}

// TestOpenMendsATornCheckpoint tears each block that a checkpoint has written in place,
// as a process leaves it that is killed while it writes: DuckDB alone does not open the
// file any more, and with the journal it shows all that was committed.
func TestOpenMendsATornCheckpoint(t *testing.T) {
	t.Parallel()
	path, after := interruptedCheckpoint(t)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	scratch := filepath.Join(t.TempDir(), "torn.duckdb")
	copyDatabase(t, path, scratch)
	want, err := shown(scratch, true)
	if err != nil {
		t.Fatal(err)
	}
	size, torn, lost := int(blockSize(before)), 0, 0
	for at := headersSize; at+size <= len(before); at += size {
		if bytes.Equal(before[at:at+size], after[at:at+size]) || !isWhole(before[at:at+size]) {
			continue
		}
		for _, written := range []int{8, 4096, size / 2, size - 4096} {
			half := bytes.Clone(before)
			copy(half[at:at+written], after[at:at+written])
			if isWhole(half[at : at+size]) {
				continue
			}
			torn++
			for _, mending := range []bool{false, true} {
				copyDatabase(t, path, scratch)
				if err := os.WriteFile(scratch, half, 0o644); err != nil {
					t.Fatal(err)
				}
				got, err := shown(scratch, mending)
				if !mending && err != nil {
					lost++
				}
				if mending && (err != nil || got != want) {
					t.Errorf("block at %d, torn after %d bytes: %v\n%s", at, written, err, got)
				}
			}
		}
	}
	if torn == 0 || lost == 0 {
		t.Errorf("%d blocks torn, of which DuckDB alone could not read %d: the test tears the wrong ones", torn, lost)
	}
	t.Logf("%d tears; without the journal %d were the end of the database", torn, lost)
}

func TestMendLeavesWhatIsNotTorn(t *testing.T) {
	t.Parallel()
	path, after := interruptedCheckpoint(t)
	journal, err := os.ReadFile(path + ".journal")
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	whole := bytes.Clone(before)
	copy(whole[headersSize:], after[headersSize:min(len(after), len(before))])
	other := bytes.Clone(journal)
	other[len(other)/2] ^= 1
	tornBlock := bytes.Clone(after)
	clear(tornBlock[headersSize+8 : headersSize+100])
	for _, c := range []struct {
		name          string
		file, journal []byte
	}{
		{"nothing had been written", before, journal},
		{"all blocks had been written and the header not", whole, journal},
		{"the checkpoint was finished", after, journal},
		{"the checkpoint was finished, and a block torn since", tornBlock, journal},
		{"the journal was not finished", before, journal[:len(journal)/2]},
		{"the journal is empty", before, nil},
		{"a bit of the journal is wrong", before, other},
		{"it is no journal", before, []byte(strings.Repeat("no journal ", 10000))},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "w.duckdb")
			if err := os.WriteFile(path, c.file, 0o644); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path+".journal", c.journal, 0o644); err != nil {
				t.Fatal(err)
			}
			if err := mend(path); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(path)
			if err != nil || !bytes.Equal(got, c.file) {
				t.Errorf("the file was changed (%v)", err)
			}
			if _, err := os.Stat(path + ".journal"); !os.IsNotExist(err) {
				t.Errorf("the journal is still there: %v", err)
			}
		})
	}
}

func TestCheckpointIfDue(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	folder := t.TempDir()
	path, attached := filepath.Join(folder, "w.duckdb"), filepath.Join(folder, "x.duckdb")
	db, err := Open(ctx, Options{
		Path: path, Settings: []Setting{{"checkpoint_threshold", "1MB"}}, Attach: []Attachment{{Path: attached, Alias: "x"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	session, err := db.Session(ctx)
	if err != nil {
		t.Fatal(err)
	}
	s := session.(*Session)
	due := func() {
		t.Helper()
		if err := db.CheckpointIfDue(ctx); err != nil {
			t.Fatal(err)
		}
	}
	exec(t, s, "create table small as select 1 as i")
	due()
	if logSize(path) == 0 {
		t.Error("a short log was written into the file")
	}
	for _, table := range []string{"big", "x.big"} {
		exec(t, s, "create table "+table+" as select hash(i)::varchar as h from range(100000) t(i)")
	}
	if logSize(path) < 1e6 || logSize(attached) < 1e6 {
		t.Fatalf("logs of %d and %d bytes", logSize(path), logSize(attached))
	}
	other, err := db.Session(ctx)
	if err != nil {
		t.Fatal(err)
	}
	exec(t, other, "begin")
	exec(t, other, "create table writes as select 1 as i")
	due() // another session writes to the main file
	if logSize(path) == 0 || logSize(attached) != 0 {
		t.Errorf("beside another writer: logs of %d and %d bytes", logSize(path), logSize(attached))
	}
	exec(t, other, "commit")
	exec(t, s, "create table big2 as select hash(i)::varchar as h from range(100000) t(i)")
	due()
	if logSize(path) != 0 {
		t.Errorf("alone again: a log of %d bytes", logSize(path))
	}
	over, cancel := context.WithCancel(ctx)
	cancel()
	if err := db.CheckpointIfDue(over); err != nil {
		t.Errorf("DuckDB was asked though all logs are short: %v", err)
	}
	exec(t, s, "attach '"+filepath.Join(folder, "late.duckdb")+"' as late")
	exec(t, s, "create table late.t as select 1 as i")
	exec(t, s, "create table last as select 1 as i")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{path, attached, filepath.Join(folder, "late.duckdb")} {
		if logSize(file) != 0 {
			t.Errorf("closed: a log of %d bytes beside %s", logSize(file), filepath.Base(file))
		}
	}
}

func TestByteSize(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{"16.0 MiB": 16 << 20, "512 bytes": 512, "1 byte": 1, "1.5 KiB": 1536, "2.0 GiB": 2 << 30} {
		if got, err := byteSize(text); err != nil || got != want {
			t.Errorf("%q: %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "16", "much MiB", "1 XiB"} {
		if got, err := byteSize(text); err == nil {
			t.Errorf("%q is %d", text, got)
		}
	}
}

// Small additions stay small pieces of a table until they are joined, and are never many.
func TestSmallAdditionsAreJoinedNowAndThen(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "a.duckdb")
	most, least := int64(0), int64(joinEvery)
	for i := range int64(3 * joinEvery) {
		db, err := Open(ctx, Options{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		s, err := db.open(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, sql := range []string{
			"create table if not exists t (n bigint, text varchar)",
			fmt.Sprintf("insert into t select %d, 'row ' || range from range(1000)", i), "delete from t where n % 3 = 1",
		} {
			if _, err := s.Exec(ctx, sql); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.Checkpoint(ctx, db.Database()); err != nil {
			t.Fatal(err)
		}
		table, err := s.Query(ctx, "select count(distinct row_group_id), (select count(*) from t), current_setting('max_vacuum_tasks')::varchar, current_setting('force_compression') from pragma_storage_info('t')")
		if err != nil {
			t.Fatal(err)
		}
		pieces := table.Rows[0][0].(int64)
		most, least = max(most, pieces), min(least, pieces)
		if rows := table.Rows[0][1].(int64); rows != 1000*(i+1-(i+1)/3) && rows != 1000*(i+1-(i+2)/3) || table.Rows[0][2] == "0" || table.Rows[0][3] != "auto" {
			t.Fatalf("after %d additions there are %v", i+1, table.Rows[0])
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if most < 5 || most > joinEvery+1 || least > 1 {
		t.Errorf("the table had %d to %d pieces", least, most)
	}
}

// The journal that is written ahead is that of the file as the checkpoint finds it, also where somebody
// has made a checkpoint in between; and none stays where no checkpoint comes.
func TestAJournalWrittenAheadIsOfTheFileAsItIs(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "a.duckdb")
	for _, between := range []string{"select 1", "checkpoint", "none"} {
		db, err := Open(ctx, Options{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		s, err := db.open(ctx)
		if err != nil {
			t.Fatal(err)
		}
		db.PrepareCheckpoint(ctx)
		if between != "none" {
			for _, sql := range []string{"create or replace table t as select * from range(5000)", between, "insert into t values (1)"} {
				if _, err := s.Exec(ctx, sql); err != nil {
					t.Fatal(err)
				}
			}
			looked := false
			db.beforeCheckpoint = func(string) {
				looked = true
				twin, err := openTwin(path)
				if err != nil {
					t.Fatal(err)
				}
				defer twin.Close()
				headers := make([]byte, headersSize)
				if _, err := twin.ReadAt(headers, 0); err != nil {
					t.Fatal(err)
				}
				journal, err := os.ReadFile(journalPath(path))
				if err != nil || !bytes.HasPrefix(journal, append([]byte(journalMagic), headers...)) {
					t.Errorf("with %q in between the journal is that of another state (%v)", between, err)
				}
			}
			if err := db.Checkpoint(ctx, db.Database()); err != nil || !looked {
				t.Fatal(err, looked)
			}
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(journalPath(path)); !os.IsNotExist(err) {
			t.Errorf("with %q in between a journal stays: %v", between, err)
		}
	}
}
