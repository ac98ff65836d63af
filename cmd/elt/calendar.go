package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"elt/cmd/elt/internal/report"
	"elt/compiler/project"
	"elt/runner"
)

// calendarMarks are the letters of a calendar, one an interval, in the order of the legend.
var calendarMarks = []struct{ status, mark, means string }{
	{"done", "#", "done"}, {"open", "o", "done before it had ended"}, {"failed", "x", "failed"}, {"missing", ".", "missing"},
}

// writeCalendar writes the intervals of a model: as a calendar of at most 80 columns, as a table of
// Markdown, or one JSON object a line.
func (in *invocation) writeCalendar(c *runner.Calendar, format string) error {
	switch format {
	case "json":
		for _, day := range c.Days {
			if err := report.WriteJSON(in.stdout, dayJSON(c, day)); err != nil {
				return err
			}
		}
		return nil
	case "markdown":
		g := report.Grid{Columns: []string{string(c.Size), "status", "rows", "done at", "message"}, Right: []bool{false, false, true}}
		for _, day := range c.Days {
			rows := ""
			if day.Rows >= 0 {
				rows = report.Count(day.Rows)
			}
			g.Rows = append(g.Rows, []string{c.Size.Label(day.Start), day.Status, rows, doneAt(day), firstLine(day.Message)})
		}
		return in.print(markdownTable(g))
	}
	return in.print(calendarText(c))
}

func doneAt(day runner.CalendarDay) string {
	if day.DoneAt.IsZero() {
		return ""
	}
	return moment(day.DoneAt)
}

func dayJSON(c *runner.Calendar, day runner.CalendarDay) ordered {
	out := ordered{
		{"unique_id", c.Node.UniqueID}, {"begins_at", timeOrNull(day.Start)}, {"ends_at", timeOrNull(day.End)},
		{"status", day.Status}, {"done_at", timeOrNull(day.DoneAt)},
	}
	if day.Rows >= 0 {
		out = append(out, field{"rows", day.Rows})
	}
	for _, f := range []field{{"run_id", day.RunID}, {"message", day.Message}} {
		if f.value != "" {
			out = append(out, f)
		}
	}
	return out
}

// calendarText is a line of letters for each month (of days), day (of hours), year (of months) or
// decade (of years). Three and more lines that are alike all over become one.
func calendarText(c *runner.Calendar) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", c.Node.Name, calendarCounts(c))
	if len(c.Days) == 0 {
		return b.String()
	}
	b.WriteString("\n")
	lines := calendarLines(c)
	for len(lines) > 0 {
		same := 1
		for same < len(lines) && lines[0].uniform != "" && lines[same].uniform == lines[0].uniform {
			same++
		}
		if same < 3 {
			fmt.Fprintf(&b, "%s  %s\n", lines[0].label, lines[0].marks)
			lines = lines[1:]
			continue
		}
		fmt.Fprintf(&b, "%s to %s  all %s\n", lines[0].label, lines[same-1].label, lines[0].uniform)
		lines = lines[same:]
	}
	var legend []string
	for _, m := range calendarMarks {
		legend = append(legend, m.mark+" "+m.means)
	}
	fmt.Fprintf(&b, "\n%s\n", strings.Join(legend, "   "))
	writeFailedDays(&b, c)
	return b.String()
}

// mostFailedDays is how many failed intervals the calendar tells the reason of.
const mostFailedDays = 10

func writeFailedDays(b *strings.Builder, c *runner.Calendar) {
	told := 0
	for _, day := range c.Days {
		if day.Status != "failed" {
			continue
		}
		if told++; told == 1 {
			b.WriteString("\n")
		}
		if told <= mostFailedDays {
			fmt.Fprintf(b, "%s  %s\n", c.Size.Label(day.Start), firstLine(day.Message))
		}
	}
	if told > mostFailedDays {
		fmt.Fprintf(b, "and %s more\n", report.Count(int64(told-mostFailedDays)))
	}
}

// calendarCounts says how many intervals there are of each kind.
func calendarCounts(c *runner.Calendar) string {
	if !c.Recorded {
		return fmt.Sprintf("no intervals are recorded yet; the first begins %s", c.Size.Label(c.Begin))
	}
	counts := map[string]int{}
	for _, day := range c.Days {
		counts[day.Status]++
	}
	var parts []string
	for _, m := range calendarMarks {
		if n := counts[m.status]; n > 0 {
			parts = append(parts, report.Count(int64(n))+" "+m.status)
		}
	}
	return fmt.Sprintf("%s, of %s %s since %s", strings.Join(parts, ", "), report.Count(int64(len(c.Days))), plural(len(c.Days), string(c.Size)), c.Size.Label(c.Begin))
}

// calendarLine is one line of the calendar. uniform is the status of all its intervals, "" where they
// differ.
type calendarLine struct{ label, marks, uniform string }

func calendarLines(c *runner.Calendar) []calendarLine {
	var out []calendarLine
	for _, day := range c.Days {
		label, place := calendarPlace(c.Size, day.Start)
		if n := len(out); n == 0 || out[n-1].label != label {
			out = append(out, calendarLine{label: label, marks: strings.Repeat(" ", place), uniform: day.Status})
		}
		line := &out[len(out)-1]
		line.marks += markOf(day.Status)
		if line.uniform != day.Status {
			line.uniform = ""
		}
	}
	return out
}

func markOf(status string) string {
	i := slices.IndexFunc(calendarMarks, func(m struct{ status, mark, means string }) bool { return m.status == status })
	return calendarMarks[i].mark
}

// calendarPlace is the line of an interval, and where it stands in that.
func calendarPlace(size project.BatchSize, t time.Time) (line string, place int) {
	switch size {
	case project.Hourly:
		return t.Format("2006-01-02"), t.Hour()
	case project.Daily:
		return t.Format("2006-01"), t.Day() - 1
	case project.Monthly:
		return t.Format("2006"), int(t.Month()) - 1
	}
	return fmt.Sprintf("%ds", t.Year()/10*10), t.Year() % 10
}
