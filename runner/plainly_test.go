package runner

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"elt/compiler/project"
	"elt/compiler/template"
	"elt/runner/engine"
)

// What is read of a file without a search is what is read of it with one, and then it has the
// columns that it is known to have.
func TestAFileIsReadPlainlyAsWithASearch(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := memorySession(t)
	dir, plain, failed := t.TempDir(), 0, 0
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 7))
		options := randomPlainOptions(r)
		kinds := make([]int, 2+r.IntN(4))
		for i := range kinds {
			kinds[i] = r.IntN(len(plainKinds))
		}
		write := func(odd bool) intakeFile {
			folder := filepath.Join(dir, fmt.Sprint(seed, odd), fmt.Sprintf("day=2026-01-%02d", 1+r.IntN(28)))
			if err := os.MkdirAll(folder, 0o700); err != nil {
				t.Fatal(err)
			}
			text := plainCSV(r, kinds, options, odd)
			f := intakeFile{lakeFile: lakeFile{path: filepath.ToSlash(filepath.Join(folder, "a.csv")), size: int64(len(text))}}
			if err := os.WriteFile(f.path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			return f
		}
		node := &project.Node{Table: &project.SourceTable{Format: "csv", Options: options}}
		src := &lakeSource{node: node}
		first := write(false)
		known, err := columnsFrom(ctx, s, src.read([]lakeFile{first.lakeFile}, []project.Setting{{Name: "sample_size", Value: int64(-1)}}, nil))
		if err != nil {
			continue
		}
		si := &sourceIntake{src: src, known: known, learned: true, take: []intakeFile{write(r.IntN(2) == 0)}}
		if si.plain = si.plainDelim(); si.plain == "" {
			continue
		}
		plain++
		for _, c := range known {
			if c.Name != "day" {
				si.typed = append(si.typed, project.Setting{Name: c.Name, Value: c.Type})
			}
		}
		file := si.take[0]
		text, _ := os.ReadFile(file.path)
		if _, err := s.Exec(ctx, "create or replace table plain as from "+si.read(si.src, []lakeFile{file.lakeFile}, nil, si.typed)); err != nil {
			failed++ // then it is read with a search
			continue
		}
		found, err := columnsFrom(ctx, s, src.read([]lakeFile{file.lakeFile}, []project.Setting{{Name: "sample_size", Value: int64(-1)}}, nil))
		if err != nil {
			t.Errorf("%q with %v is read plainly, but with a search: %v", text, options, err)
			continue
		}
		if d := si.drift(file, found); d != nil {
			t.Errorf("%q with %v is read plainly, but has other columns: %v, not %v", text, options, found, known)
		}
		if _, err := s.Exec(ctx, "create or replace table searched as from "+src.read([]lakeFile{file.lakeFile}, nil, si.typed)); err != nil {
			t.Errorf("%q with %v is read plainly, but with a search: %v", text, options, err)
			continue
		}
		a, errA := columnsFrom(ctx, s, "plain")
		b, errB := columnsFrom(ctx, s, "searched")
		if errA != nil || errB != nil || fmt.Sprint(a) != fmt.Sprint(b) || fmt.Sprint(a) != fmt.Sprint(known) {
			t.Errorf("%q with %v has the columns %v plainly and %v with a search, of %v", text, options, a, b, known)
			continue
		}
		rows, err := s.Query(ctx, "(from plain except all from searched) union all (from searched except all from plain)")
		if err != nil || len(rows.Rows) > 0 {
			t.Errorf("%q with %v has other rows plainly than with a search: %v, %v", text, options, rows, err)
		}
	}
	if plain < 50 || failed > plain/4 {
		t.Errorf("%d files were read plainly, %d of them in vain", plain, failed)
	}
}

func columnsFrom(ctx context.Context, s engine.Session, from string) ([]engine.Column, error) {
	table, err := s.Query(ctx, "describe from "+from)
	if err != nil {
		return nil, err
	}
	return describedColumns(table), nil
}

// plainKinds make values of columns, odd ones now and then.
var plainKinds = []func(r *rand.Rand) string{
	func(r *rand.Rand) string { return fmt.Sprint(r.IntN(2000) - 1000) },
	func(r *rand.Rand) string { return fmt.Sprintf("%d.%d", r.IntN(100), r.IntN(100)) },
	func(r *rand.Rand) string { return strings.Repeat(string(rune('a'+r.IntN(26))), r.IntN(5)) + " é" },
	func(r *rand.Rand) string {
		return fmt.Sprintf("20%02d-%02d-%02d", r.IntN(99), 1+r.IntN(12), 1+r.IntN(28))
	},
	func(r *rand.Rand) string {
		return fmt.Sprintf("20%02d-%02d-%02dT%02d:00:00Z", r.IntN(99), 1+r.IntN(12), 1+r.IntN(28), r.IntN(24))
	},
	func(r *rand.Rand) string {
		return fmt.Sprintf("20%02d-%02d-%02d %02d:10:59", r.IntN(99), 1+r.IntN(12), 1+r.IntN(28), r.IntN(24))
	},
	func(r *rand.Rand) string { return fmt.Sprintf("%02d:%02d:00", r.IntN(24), r.IntN(60)) },
}

var oddValues = []string{"1.5", "-0", "007", "NA", "", " 12", "1e3", "123456789012345678", "1234567890123456789", "2026-02-31", "01/02/2026", "x", "true", "+5", "-", "--", "NULL"}

func plainCSV(r *rand.Rand, kinds []int, options *template.Dict, odd bool) string {
	delim := ","
	for _, item := range options.Items() {
		if text, ok := item.Value.(string); ok && item.Key == "delim" {
			delim = text
		}
	}
	var b strings.Builder
	for i := range kinds {
		b.WriteString([]string{"", delim}[min(i, 1)] + string(rune('a'+i)))
	}
	for range r.IntN(30) {
		b.WriteByte('\n')
		for i, kind := range kinds {
			value := plainKinds[kind](r)
			if odd && r.IntN(60) == 0 {
				value = oddValues[r.IntN(len(oddValues))]
			}
			b.WriteString([]string{"", delim}[min(i, 1)] + value)
		}
	}
	if r.IntN(3) > 0 {
		b.WriteByte('\n')
	}
	if odd && r.IntN(20) == 0 {
		b.WriteString("1" + delim)
	}
	return b.String()
}

func randomPlainOptions(r *rand.Rand) *template.Dict {
	options := template.NewDict(template.Item{Key: "header", Value: true})
	for _, item := range []template.Item{
		{Key: "delim", Value: []string{",", ";", "|"}[r.IntN(3)]}, {Key: "quote", Value: ""}, {Key: "escape", Value: ""},
		{Key: "nullstr", Value: "NA"}, {Key: "hive_partitioning", Value: true},
	} {
		if r.IntN(2) == 0 {
			options.Add(item)
		}
	}
	return options
}
