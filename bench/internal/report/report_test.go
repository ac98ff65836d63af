package report_test

import (
	"encoding/xml"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"elt/bench/internal/peers"
	"elt/bench/internal/report"
	"elt/bench/internal/suite"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write what comes out to testdata")

// made up are results whose figures are made up: four tools, with one that is absent, one
// that fails, and one that makes something else.
func madeUp(t *testing.T) []report.Result {
	t.Helper()
	setting := report.Setting{
		Machine: report.Machine{CPU: "Some processor", Cores: 2, Memory: 8e9, System: "Linux 6.1, amd64", Load: 0.1},
		Elt:     "abc1234", Command: "bench/run",
		Tools: []peers.Tool{{Name: "elt", Version: "elt 1.0"}, {Name: "dbt", Version: "dbt-core==1"}, {Name: "sqlmesh", Absent: "there is no python3"}},
	}
	work := func(name, title string, elt, dbt, mesh, floor float64) suite.ScenarioResult {
		s := suite.ScenarioResult{Name: name, Title: title}
		for _, c := range []struct {
			tool string
			wall float64
			peak int64
		}{{"elt", elt, 90e6}, {"dbt", dbt, 180e6}, {"sqlmesh", mesh, 220e6}, {"duckdb", floor, 50e6}} {
			if c.wall > 0 {
				s.Contenders = append(s.Contenders, timed(c.tool, c.wall, c.peak))
			}
		}
		return s
	}
	growing := suite.ScenarioResult{Name: "rebuild", Title: "rebuilds", Series: true}
	for i, c := range []string{"elt", "dbt", "sqlmesh", "duckdb"} {
		r := timed(c, 1, 1e8)
		r.Samples = nil
		for round := range 10 {
			r.Samples = append(r.Samples, suite.Sample{Round: round, Wall: 1, Peak: 1e8, File: int64(85e6 + float64(i)*12e6 + float64(round)*float64([]int{0, 40, 3, 1}[i])*1e6)})
		}
		growing.Contenders = append(growing.Contenders, r)
	}
	lake := work("synthetic-late", "synthetic, day 300", 0.12, 3.4, 3.1, 0.03)
	lake.Contenders = append(lake.Contenders,
		suite.ContenderResult{Label: "elt (by_file)", Tool: "elt", Failed: "elt build: exit code 1: there is no strategy | by_file"},
		suite.ContenderResult{Label: "sqlmesh", Tool: "sqlmesh", Failed: "more than 1m0s"},
		suite.ContenderResult{Label: "dbt (other)", Tool: "dbt", Wrong: "against duckdb: rows of 2024-05-30 is missing"})
	result := func(name, title string, scenarios ...suite.ScenarioResult) report.Result {
		return report.Result{Setting: setting, CaseResult: suite.CaseResult{Name: name, Title: title, About: "What is done.", Started: "2026-11-22T10:00:00Z", Seconds: 95, Scenarios: scenarios}}
	}
	external := work("1000mb", "1 GB", 0, 4.1, 0, 3.2)
	external.Contenders = append(external.Contenders, suite.ContenderResult{Label: "sqlmesh", Tool: "sqlmesh", Absent: "has no model that writes files"})
	skipped := result("jaffle", "jaffle_shop")
	skipped.Skipped = "it cannot be cloned"
	return []report.Result{
		result("startup", "Start-up", work("help", "--help", 0.008, 1.9, 1.3, 0.012)),
		skipped,
		result("tiny", "Build of 1000 small models", work("first", "first build", 4.1, 62, 48, 3.3), work("changed", "one model changed", 4.2, 9.5, 5.2, 1.1)),
		result("tpch", "TPC-H as marts", work("sf1", "scale factor 1", 2.5, 6.1, 7.2, 2.4), work("sf10", "scale factor 10", 31, 35, 39, 30)),
		result("daily", "A file a day", lake),
		result("external", "External Parquet", external),
		result("growth", "Ten rebuilds: growth of the file", growing),
	}
}

func timed(tool string, wall float64, peak int64) suite.ContenderResult {
	c := suite.ContenderResult{Label: tool, Tool: tool}
	for i, factor := range []float64{1.05, 1, 0.98} {
		c.Samples = append(c.Samples, suite.Sample{Round: i, Wall: wall * factor, CPU: wall, Peak: peak, File: 3e6})
	}
	return c
}

// compared are the results as the runner leaves them, with summaries and ratios.
func compared(t *testing.T) []report.Result {
	t.Helper()
	results := madeUp(t)
	for i := range results {
		for j := range results[i].Scenarios {
			results[i].Scenarios[j].Summarize()
		}
	}
	return results
}

func names(results []report.Result) []string {
	var out []string
	for _, r := range results {
		out = append(out, r.Name)
	}
	return out
}

func written(t *testing.T) (report.Folder, []report.Result) {
	t.Helper()
	folder, results := report.Folder(t.TempDir()), compared(t)
	for _, r := range results {
		if err := folder.Save(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := folder.Write(names(results)); err != nil {
		t.Fatal(err)
	}
	return folder, results
}

func TestPage(t *testing.T) {
	t.Parallel()
	folder, _ := written(t)
	got, err := os.ReadFile(filepath.Join(string(folder), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "page.md", string(got))
}

func TestPlotsAreTheSameAndWellFormed(t *testing.T) {
	t.Parallel()
	folder, results := written(t)
	plots, err := filepath.Glob(filepath.Join(string(folder), "*.svg"))
	if err != nil {
		t.Fatal(err)
	}
	if want := 2 * (1 + len(results) - 1 + 1); len(plots) != want { // headlines, a chart for each measured case, one course
		t.Errorf("%d plots, want %d", len(plots), want)
	}
	for _, path := range plots {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		decoder := xml.NewDecoder(strings.NewReader(string(text)))
		for err == nil {
			_, err = decoder.Token()
		}
		if err != io.EOF {
			t.Errorf("%s: %v", filepath.Base(path), err)
		}
	}
	for _, name := range []string{"headlines-light.svg", "daily-time-light.svg", "growth-rebuild-dark.svg"} {
		text, err := os.ReadFile(filepath.Join(string(folder), name))
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name, string(text))
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func TestPublishFillsThePlaceOfEachPage(t *testing.T) {
	t.Parallel()
	folder, results := written(t)
	repository := t.TempDir()
	page := "before\n<!-- bench:headlines -->\nold figures\n<!-- /bench:headlines -->\nafter\n"
	if err := os.Mkdir(filepath.Join(repository, "docs"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"README.md", "docs/benchmarks.md"} {
		if err := os.WriteFile(filepath.Join(repository, path), []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // the second time replaces the first
		if err := folder.Publish(repository, names(results)); err != nil {
			t.Fatal(err)
		}
	}
	for path, plot := range map[string]string{"README.md": `"bench/results/headlines-light.svg"`, "docs/benchmarks.md": `"../bench/results/headlines-light.svg"`} {
		text, err := os.ReadFile(filepath.Join(repository, path))
		if err != nil {
			t.Fatal(err)
		}
		got := string(text)
		if !strings.HasPrefix(got, "before\n<!-- bench:headlines -->\n|") || !strings.HasSuffix(got, "<!-- /bench:headlines -->\nafter\n") ||
			strings.Contains(got, "old figures") || !strings.Contains(got, plot) || strings.Count(got, "| TPC-H, scale 10 |") != 1 {
			t.Errorf("%s:\n%s", path, got)
		}
	}
}

func TestPublishRefusesQuickResults(t *testing.T) {
	t.Parallel()
	folder, results := written(t)
	results[0].Quick = true
	if err := folder.Save(results[0]); err != nil {
		t.Fatal(err)
	}
	if err := folder.Publish(t.TempDir(), names(results)); err != report.ErrNoFigures {
		t.Errorf("got %v, want ErrNoFigures", err)
	}
}

func TestLoadGivesBackWhatWasSaved(t *testing.T) {
	t.Parallel()
	folder, results := written(t)
	got, err := folder.Load(slices.Concat(names(results), []string{"never-measured"}))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(results, got); diff != "" {
		t.Error(diff)
	}
}

func TestThePageSaysWhatElseTheMachineDid(t *testing.T) {
	t.Parallel()
	of := func(load, others float64) report.Result {
		r := madeUp(t)[0]
		r.Machine.Load = load
		for _, s := range r.Scenarios {
			for _, c := range s.Contenders {
				for i := range c.Samples {
					if others >= 0 {
						took := others * c.Samples[i].Wall
						c.Samples[i].Others = &took
					}
				}
			}
		}
		return r
	}
	for _, c := range []struct {
		name         string
		load, others float64
		want         string
	}{
		{"the case before it has just ended", 1.9, 0.05, ""},
		{"others were at work", 0, 0.8, "**The machine was busy (other work took 0.8 of 2 processors).**"},
		{"a result that tells only the load", 1.9, -1, "**The machine was busy (load 1.9 before).**"},
		{"a result that tells a small load", 0.3, -1, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			folder := report.Folder(t.TempDir())
			r := of(c.load, c.others)
			if err := folder.Save(r); err != nil {
				t.Fatal(err)
			}
			if err := folder.Write([]string{r.Name}); err != nil {
				t.Fatal(err)
			}
			page, err := os.ReadFile(filepath.Join(string(folder), "README.md"))
			if err != nil {
				t.Fatal(err)
			}
			if c.want == "" && strings.Contains(string(page), "was busy") || !strings.Contains(string(page), c.want) {
				t.Errorf("want %q in\n%s", c.want, page)
			}
		})
	}
}

func TestUnits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ got, want string }{
		{report.Seconds(0.0081), "8.1 ms"}, {report.Seconds(0.123), "123 ms"}, {report.Seconds(1.239), "1.24 s"}, {report.Seconds(61.24), "61.2 s"},
		{report.Seconds(125.4), "2 min 5 s"}, {report.Bytes(512e3), "512 kB"}, {report.Bytes(1.24e6), "1.2 MB"}, {report.Bytes(97.4e6), "97 MB"}, {report.Bytes(1.239e9), "1.24 GB"},
		{report.Times(1.036), "1.04"}, {report.Times(12.34), "12.3"}, {report.Times(120.4), "120"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}

func TestPublishedTextSaysWhatOthersDoBetter(t *testing.T) {
	t.Parallel()
	folder, results := written(t)
	repository := t.TempDir()
	if err := os.Mkdir(filepath.Join(repository, "docs"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"README.md", "docs/benchmarks.md"} {
		if err := os.WriteFile(filepath.Join(repository, path), []byte("<!-- bench:headlines -->\n<!-- /bench:headlines -->"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := folder.Publish(repository, names(results)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(repository, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "headlines.md", string(text))
}
