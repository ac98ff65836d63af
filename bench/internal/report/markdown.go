package report

import (
	"fmt"
	"strings"
	"time"

	"elt/bench/internal/peers"
	"elt/bench/internal/stats"
	"elt/bench/internal/suite"
)

// Markdown is the page of all results.
func Markdown(results []Result) string {
	var b strings.Builder
	b.WriteString("# Benchmark results\n\nWritten by `bench/run`; what each case is and how ratios are made: [docs/benchmarks.md](../../docs/benchmarks.md).\n\n")
	if len(results) == 0 {
		b.WriteString("Nothing has been measured yet.\n")
		return b.String()
	}
	b.WriteString("Times are those of whole processes: the median, and in brackets the fastest and the slowest run. " +
		"Peak is the largest resident size of any one process. × DuckDB is the time against the same statements in DuckDB's own shell, × elt against elt: medians of the ratios of runs that were made in turn.\n\n")
	b.WriteString(setting(results))
	for _, r := range results {
		b.WriteString(chapter(r))
	}
	return b.String()
}

// setting says where the results come from; a case that was measured elsewhere or at
// another time says so itself.
func setting(results []Result) string {
	first := results[0]
	var b strings.Builder
	fmt.Fprintf(&b, "- Machine: %s\n- Commit: %s\n", first.Machine.text(), first.Elt)
	for _, tool := range first.Tools {
		state := tool.Version
		if tool.Absent != "" {
			state = "absent: " + tool.Absent
		}
		fmt.Fprintf(&b, "- %s: %s\n", tool.Name, state)
	}
	fmt.Fprintf(&b, "- Command: `%s`\n\n", first.Command)
	return b.String()
}

func (m Machine) text() string {
	cpu := m.CPU
	if cpu == "" {
		cpu = "unknown processor"
	}
	return fmt.Sprintf("%s, %d cores, %s of memory, %s", cpu, m.Cores, Bytes(float64(m.Memory)), m.System)
}

// busyWith says which cases were measured while the machine did other work, "" if none was.
func busyWith(results []Result) string {
	var busy []string
	for _, r := range results {
		if r.busy() != "" {
			busy = append(busy, r.Title)
		}
	}
	switch len(busy) {
	case 0:
		return ""
	case len(results):
		return "**The machine was busy with other work: the figures mean little.**"
	}
	return "**The machine was busy with other work, so that figures mean less, in: " + strings.Join(busy, "; ") + ".**"
}

func chapter(r Result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n\n%s\n\n", r.Title, r.About)
	if r.Skipped != "" {
		fmt.Fprintf(&b, "Not measured: %s.\n\n", r.Skipped)
		return b.String()
	}
	when := r.Started
	if t, err := time.Parse(time.RFC3339, r.Started); err == nil {
		when = t.Format("2 January 2006, 15:04 UTC")
	}
	fmt.Fprintf(&b, "%s; commit %s; it took %s.", when, r.Elt, Seconds(r.Seconds))
	if r.Quick {
		b.WriteString(" **Quick: small sizes and few runs.**")
	}
	if busy := r.busy(); busy != "" {
		fmt.Fprintf(&b, " **The machine was busy (%s).**", busy)
	}
	b.WriteString("\n\n")
	b.WriteString(picture(r.Name+"-time", r.Title+": time and peak memory") + "\n")
	for _, s := range r.Scenarios {
		fmt.Fprintf(&b, "### %s: %s\n\n%s\n", r.Title, s.Title, table(s))
		if s.Series {
			b.WriteString(picture(r.Name+"-"+s.Name, r.Title+": size of the file") + "\n")
		}
	}
	return b.String()
}

// picture shows a plot in the colours of the reader's page.
func picture(name, alt string) string {
	return fmt.Sprintf("<picture>\n  <source media=\"(prefers-color-scheme: dark)\" srcset=\"%s-dark.svg\">\n  <img alt=\"%s\" src=\"%s-light.svg\">\n</picture>\n", name, alt, name)
}

// table is one scenario: a row for each contender, then what has to be said of them.
func table(s suite.ScenarioResult) string {
	var b, notes strings.Builder
	b.WriteString("| tool | time | runs | CPU | peak | file | × DuckDB | × elt |\n|---|---|--:|--:|--:|--:|--:|--:|\n")
	for _, c := range s.Contenders {
		switch {
		case c.Absent != "":
			fmt.Fprintf(&b, "| %s | – | | | | | | |\n", name(c))
			fmt.Fprintf(&notes, "- %s: %s\n", name(c), c.Absent)
		case !c.Counts() && c.Wrong != "":
			fmt.Fprintf(&b, "| %s | **wrong result** | | | | | | |\n", name(c))
		case !c.Counts() && c.GivenUp():
			fmt.Fprintf(&b, "| %s | %s | | | | | | |\n", name(c), c.Failed)
		case !c.Counts():
			fmt.Fprintf(&b, "| %s | **failed** | | | | | | |\n", name(c))
		default:
			fmt.Fprintf(&b, "| %s | %s | %d | %s | %s | %s | %s | %s |\n", name(c), times(c.Wall), c.Wall.N, Seconds(c.CPU.Median),
				Bytes(c.Peak.Median), size(c.File), ratio(c.ToFloor), ratio(c.ToElt))
		}
		failed := "failed"
		if c.GivenUp() {
			failed = "given up after the limit that was set"
		}
		for _, said := range []struct{ what, text string }{{failed, c.Failed}, {"wrong result", c.Wrong}, {"note", c.Note}} {
			if said.text != "" {
				fmt.Fprintf(&notes, "- %s, %s: %s\n", name(c), said.what, escape(said.text))
			}
		}
	}
	if notes.Len() > 0 {
		return b.String() + "\n" + notes.String()
	}
	return b.String()
}

// name is what a reader calls a contender.
func name(c suite.ContenderResult) string {
	return toolName(c.Tool) + strings.TrimPrefix(c.Label, c.Tool)
}

func toolName(tool string) string {
	switch tool {
	case peers.DBT:
		return "dbt-core"
	case peers.SQLMesh:
		return "SQLMesh"
	case peers.DuckDB:
		return "DuckDB alone"
	}
	return tool
}

func escape(s string) string {
	return strings.NewReplacer("|", "\\|", "<", "&lt;", "\n", " ").Replace(s)
}

func times(s stats.Summary) string {
	if s.N < 2 {
		return Seconds(s.Median)
	}
	return fmt.Sprintf("%s (%s–%s)", Seconds(s.Median), Seconds(s.Min), Seconds(s.Max))
}

func size(s stats.Summary) string {
	if s.Max == 0 {
		return ""
	}
	return Bytes(s.Median)
}

func ratio(s stats.Summary) string {
	if s.N == 0 {
		return ""
	}
	return Times(s.Median)
}

// Times is a ratio with as many digits as it deserves: 1.04, 12.3, 120.
func Times(r float64) string {
	switch {
	case r < 10:
		return fmt.Sprintf("%.2f", r)
	case r < 100:
		return fmt.Sprintf("%.1f", r)
	}
	return fmt.Sprintf("%.0f", r)
}

// Seconds is a time with three digits and a unit: 8.1 ms, 1.24 s, 2 min 5 s.
func Seconds(s float64) string {
	switch {
	case s < 0.01:
		return fmt.Sprintf("%.1f ms", s*1000)
	case s < 1:
		return fmt.Sprintf("%.0f ms", s*1000)
	case s < 10:
		return fmt.Sprintf("%.2f s", s)
	case s < 100:
		return fmt.Sprintf("%.1f s", s)
	}
	whole := int(s + 0.5)
	return fmt.Sprintf("%d min %d s", whole/60, whole%60)
}

// Bytes is a size in decimal units: 97 MB, 1.24 GB.
func Bytes(n float64) string {
	switch {
	case n < 1e6:
		return fmt.Sprintf("%.0f kB", n/1e3)
	case n < 1e7:
		return fmt.Sprintf("%.1f MB", n/1e6)
	case n < 1e9:
		return fmt.Sprintf("%.0f MB", n/1e6)
	}
	return fmt.Sprintf("%.2f GB", n/1e9)
}
