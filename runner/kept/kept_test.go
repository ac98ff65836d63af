package kept

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

func TestWhatIsKeptComesBack(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "below", "x.cache")
	first, err := Open(path, "things 1", 30)
	if err != nil {
		t.Fatal(err)
	}
	key := Key("a", "b")
	if _, ok := first.Text(key); ok {
		t.Error("an empty file knows something")
	}
	first.Keep(key, "one\ttwo")
	if err := first.Save(); err != nil {
		t.Fatal(err)
	}
	second, err := Open(path, "things 1", 30)
	if text, ok := second.Text(key); err != nil || !ok || text != "one\ttwo" {
		t.Errorf("%q, %v, %v", text, ok, err)
	}
	if info, err := os.Stat(path); err != nil || second.Save() != nil {
		t.Error(err)
	} else if again, err := os.Stat(path); err != nil || !os.SameFile(info, again) {
		t.Errorf("the file was written though nothing is new: %v", err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("%v, %v", left, err)
	}
}

func TestFilesThatAreNotTaken(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.cache")
	f, err := Open(path, "things 1", 30)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		f.Keep(Key(fmt.Sprint(i)), fmt.Sprint("value ", i))
	}
	if err := f.Save(); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string, data []byte, kind string, want error) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := Open(path, kind, 30)
		if !errors.Is(err, want) {
			t.Errorf("%s: %v", what, err)
		}
		if _, ok := f.Text(Key("0")); ok {
			t.Errorf("%s: something comes out of it", what)
		}
		if err := f.Save(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if _, err := Open(path, kind, 30); err != nil {
			t.Errorf("%s: it was not written anew: %v", what, err)
		}
	}
	for size := 0; size < len(good); size += 17 {
		check(fmt.Sprint("cut at ", size), good[:size], "things 1", ErrDamaged)
	}
	for i := len("elt things 1"); i < len(good); i += 13 {
		bad := append([]byte(nil), good...)
		bad[i] ^= 4
		check(fmt.Sprint("another byte at ", i), bad, "things 1", ErrDamaged)
	}
	check("another version", good, "things 2", ErrVersion)
	check("more behind it", append(append([]byte(nil), good...), "more\n"...), "things 1", ErrDamaged)
}

func TestKeysTellPartsApart(t *testing.T) {
	t.Parallel()
	seen := map[string][]string{}
	for _, parts := range [][]string{{}, {""}, {"", ""}, {"a"}, {"a", ""}, {"", "a"}, {"ab"}, {"a", "b"}, {"1:a"}, {"a1:b"}} {
		key := Key(parts...)
		if other, ok := seen[key]; ok {
			t.Errorf("%q and %q have one key", parts, other)
		}
		seen[key] = parts
	}
}

// What nobody asks for is kept only so long as it is not much.
func TestTheFileIsBounded(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.cache")
	f, _ := Open(path, "things 1", 30)
	for i := range 30 + 10 {
		f.Keep(Key(fmt.Sprint(i)), "")
	}
	if err := f.Save(); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path, "things 1", 30)
	if err != nil {
		t.Fatal(err)
	}
	f.Keep(Key("new"), "")
	if err := f.Save(); err != nil {
		t.Fatal(err)
	}
	if f, err = Open(path, "things 1", 30); err != nil || len(f.old) != 30+1 {
		t.Errorf("%d entries, %v", len(f.old), err)
	}
}

// A process that is killed while it saves leaves a file under another name.
func TestWhatAKilledProcessHasLeftGoes(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.cache")
	names := map[string]time.Duration{"x.cache.123": 2 * leftAfter, "x.cache.456": 0, "y.cache.123": 2 * leftAfter}
	for name, age := range names {
		file := filepath.Join(filepath.Dir(path), name)
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, time.Now().Add(-age), time.Now().Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	f, _ := Open(path, "things 1", 30)
	f.Keep(Key("a"), "")
	if err := f.Save(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"x.cache", "x.cache.123", "x.cache.456", "y.cache.123"} {
		_, err := os.Stat(filepath.Join(filepath.Dir(path), name))
		if gone := errors.Is(err, os.ErrNotExist); gone != (name == "x.cache.123") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSeveralUseOneFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.cache")
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range 20 {
				f, err := Open(path, "things 1", 30)
				if err != nil {
					t.Error(err)
				}
				f.Keep(Key(fmt.Sprint(i, j)), fmt.Sprint(i, j))
				if err := f.Save(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if _, err := Open(path, "things 1", 30); err != nil {
		t.Error(err)
	}
}
