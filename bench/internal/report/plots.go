package report

import (
	"fmt"
	"os"
	"path/filepath"

	"elt/bench/internal/peers"
	"elt/bench/internal/plot"
	"elt/bench/internal/suite"
)

// plots draws everything, light and dark.
func (f Folder) plots(results []Result) error {
	for _, theme := range []plot.Theme{plot.Light(), plot.Dark()} {
		drawn := map[string]string{}
		if rows := lines(results); len(rows) > 0 {
			drawn["headlines"] = plot.Dots(theme, multiples(rows))
		}
		for _, r := range results {
			if r.Skipped != "" {
				continue
			}
			drawn[r.Name+"-time"] = plot.Bars(theme, chart(r))
			for _, s := range r.Scenarios {
				if s.Series {
					drawn[r.Name+"-"+s.Name] = plot.Lines(theme, courses(r, s))
				}
			}
		}
		for name, svg := range drawn {
			if err := os.WriteFile(filepath.Join(string(f), name+"-"+theme.Name+".svg"), []byte(svg), 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

func multiples(rows []line) plot.Multiples {
	m := plot.Multiples{
		Title: "How long others take: elt = 1", Subtitle: "Whole processes, median of runs made in turn. Logarithmic: left of 1 is faster than elt.",
		Unit: peers.Elt, Tools: []string{peers.Elt, peers.DBT, peers.SQLMesh, peers.DuckDB},
		Names: map[string]string{},
	}
	for _, tool := range m.Tools {
		m.Names[tool] = toolName(tool)
	}
	for _, l := range rows {
		own := l.best(peers.Elt)
		if own == nil {
			continue
		}
		row := plot.Row{Title: l.title, Base: Seconds(own.Wall.Median)}
		for _, tool := range m.Tools[1:] {
			if c := l.best(tool); c != nil && c.ToElt.N > 0 {
				row.Marks = append(row.Marks, plot.Mark{Tool: tool, Value: c.ToElt.Median, Shown: Times(c.ToElt.Median)})
			}
		}
		m.Rows = append(m.Rows, row)
	}
	return m
}

func chart(r Result) plot.Chart {
	c := plot.Chart{Title: r.Title, First: "time: median; line from fastest to slowest run", Second: "peak memory"}
	for _, s := range r.Scenarios {
		group := plot.Group{Title: s.Title}
		for _, contender := range s.Contenders {
			group.Bars = append(group.Bars, barOf(contender))
		}
		c.Groups = append(c.Groups, group)
	}
	return c
}

func barOf(c suite.ContenderResult) plot.Bar {
	b := plot.Bar{Tool: c.Tool, Label: name(c)}
	switch {
	case c.Counts():
		b.Value, b.Low, b.High, b.Shown = c.Wall.Median, c.Wall.Min, c.Wall.Max, Seconds(c.Wall.Median)
		b.Second, b.Shown2 = c.Peak.Median, Bytes(c.Peak.Median)
	case c.Wrong != "":
		b.Instead = "wrong result"
	case c.GivenUp():
		b.Instead = c.Failed
	case c.Failed != "":
		b.Instead = "failed"
	default:
		b.Instead = "–"
	}
	return b
}

func courses(r Result, s suite.ScenarioResult) plot.Courses {
	p := plot.Courses{Title: r.Title, Subtitle: "Size of the database file after each build", Across: s.Title, Text: func(v float64) string {
		if v == 0 {
			return "0"
		}
		return fmt.Sprintf("%.3g MB", v/1e6)
	}}
	for _, c := range s.Contenders {
		course := plot.Course{Tool: c.Tool, Label: name(c)}
		for _, sample := range c.Samples {
			course.Values = append(course.Values, float64(sample.File))
		}
		p.Lines = append(p.Lines, course)
	}
	return p
}
