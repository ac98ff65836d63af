package report

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"elt/bench/internal/peers"
	"elt/bench/internal/suite"
)

// headline is a line of the table and the plot that the README shows.
type headline struct{ name, scenario, title string }

// headlines are the works that the README shows: one of each kind, the largest size that
// all tools take.
func headlines() []headline {
	return []headline{
		{"startup", "help", "Print the help text"},
		{"jaffle", "build", "Build jaffle_shop, 28 nodes"},
		{"parse", "10000-warm", "List 10,000 models and 10,000 tests"},
		{"tiny", "first", "Build 1,000 small models, 1,000 tests"},
		{"tiny", "same", "… again, nothing changed"},
		{"tiny", "changed", "… again, one model changed"},
		{"tpch", "sf1", "TPC-H, scale 1: 22 marts, 22 tests"},
		{"tpch", "sf10", "TPC-H, scale 10"},
		{"daily", "synthetic-late", "Take in day 300 of a lake"},
		{"external", "1000mb", "Write 1 GB of Parquet"},
		{"tests", "test", "500 tests on 20 tables"},
	}
}

// line is a headline with its results.
type line struct {
	headline
	suite.ScenarioResult
}

func lines(results []Result) []line {
	var out []line
	for _, h := range headlines() {
		for _, r := range results {
			for _, s := range r.Scenarios {
				if r.Name == h.name && s.Name == h.scenario {
					out = append(out, line{h, s})
				}
			}
		}
	}
	return out
}

// best is the contender of a tool that the headlines show: its fastest that is right.
func (l line) best(tool string) *suite.ContenderResult {
	var best *suite.ContenderResult
	for i := range l.Contenders {
		c := &l.Contenders[i]
		if c.Tool == tool && c.Counts() && (best == nil || c.Wall.Median < best.Wall.Median) {
			best = c
		}
	}
	return best
}

// HeadlineTable is the table of the README: times, and in brackets how many times elt's.
func HeadlineTable(results []Result) string {
	var b strings.Builder
	b.WriteString("| | elt | dbt-core | SQLMesh | DuckDB alone |\n|---|--:|--:|--:|--:|\n")
	for _, l := range lines(results) {
		own := l.best(peers.Elt)
		fmt.Fprintf(&b, "| %s | %s |", l.title, cell(own, nil))
		for _, tool := range []string{peers.DBT, peers.SQLMesh, peers.DuckDB} {
			fmt.Fprintf(&b, " %s |", cell(l.best(tool), own))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// cell is a time and how many times elt's it is, by rounds.
func cell(c, own *suite.ContenderResult) string {
	if c == nil {
		return "–"
	}
	if own == nil || c.ToElt.N == 0 {
		return Seconds(c.Wall.Median)
	}
	return fmt.Sprintf("%s (%s ×)", Seconds(c.Wall.Median), Times(c.ToElt.Median))
}

// clearly is how much less another tool must need to be called better.
const clearly = 0.95

// elsewhere says, a line a tool, at which works others are faster than elt, need less
// memory, or do what elt did not.
func elsewhere(all []line) string {
	var b strings.Builder
	for _, tool := range []string{peers.DBT, peers.SQLMesh, peers.DuckDB} {
		var faster, smaller, alone []string
		for _, l := range all {
			own, other := l.best(peers.Elt), l.best(tool)
			switch {
			case other == nil:
			case own == nil:
				alone = append(alone, quoted(l.title))
			default:
				if other.ToElt.N > 0 && other.ToElt.Median < clearly {
					faster = append(faster, quoted(l.title))
				}
				if tool != peers.DuckDB && other.Peak.Median < clearly*own.Peak.Median { // the floor always does
					smaller = append(smaller, quoted(l.title))
				}
			}
		}
		for _, found := range []struct {
			what  string
			works []string
		}{{"is faster than elt", faster}, {"needs less memory", smaller}, {"has a right result and elt has none", alone}} {
			if len(found.works) > 0 {
				fmt.Fprintf(&b, "- %s %s: %s.\n", toolName(tool), found.what, strings.Join(found.works, ", "))
			}
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return "What others do better here:\n\n" + b.String() + "\n"
}

func quoted(title string) string { return "“" + strings.TrimPrefix(title, "… ") + "”" }

// ErrNoFigures is returned where there are no results worth publishing.
var ErrNoFigures = errors.New("no results of a whole run: only those are copied into documentation")

// Publish writes the headlines into the pages that have a place for them, between
// <!-- bench:headlines --> and <!-- /bench:headlines -->, and copies their plot beside
// docs/benchmarks.md. Results of quick runs are refused.
func (f Folder) Publish(repository string, names []string) error {
	results, err := f.Load(names)
	if err != nil {
		return err
	}
	if len(lines(results)) == 0 {
		return ErrNoFigures
	}
	for _, r := range results {
		if r.Quick {
			return ErrNoFigures
		}
	}
	for _, page := range []string{"README.md", "docs/benchmarks.md"} {
		prefix := strings.Repeat("../", strings.Count(page, "/")) + "bench/results/"
		if err := fill(filepath.Join(repository, filepath.FromSlash(page)), headlineText(results, prefix)); err != nil {
			return err
		}
	}
	return nil
}

func headlineText(results []Result, prefix string) string {
	first := results[0]
	where := fmt.Sprintf("Medians of whole processes on %s. In brackets: times that of elt.\n", first.Machine.text())
	if busy := busyWith(results); busy != "" {
		where += busy + "\n"
	}
	command := fmt.Sprintf("Made by `bench/run -readme`; every case, with spread, memory and versions, in [bench/results](%sREADME.md).\n", prefix)
	return HeadlineTable(results) + "\n" + where + "\n" + elsewhere(lines(results)) + picture(prefix+"headlines", "Time of dbt-core, SQLMesh and DuckDB's shell as a multiple of elt's") + "\n" + command
}

const (
	opening = "<!-- bench:headlines -->\n"
	closing = "<!-- /bench:headlines -->"
)

// fill puts a text between the marks of a page.
func fill(path, text string) error {
	page, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(page), opening)
	_, after, closed := strings.Cut(rest, closing)
	if !found || !closed {
		return fmt.Errorf("%s has no place for figures: %s … %s", path, strings.TrimSpace(opening), closing)
	}
	return os.WriteFile(path, []byte(before+opening+text+closing+after), 0o644)
}
