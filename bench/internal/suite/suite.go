// Package suite measures: it runs what several tools do for the same work in turn, checks
// that each has made the same, and keeps what it cost.
//
// A Case is a subject, such as start-up. It prepares Scenarios: works that are measured
// alike. In a Scenario each Contender is a tool with a command. Rounds go A B C A B C, so
// that a machine that slows down slows all. A run counts only if its Facts equal those of
// the scenario's reference in the same round. Start at Run.
package suite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"elt/bench/internal/content"
	"elt/bench/internal/process"
)

// Case is a subject of the benchmarks.
type Case struct {
	Name  string // as on the command line
	Title string
	About string // what is done and what is compared, in a few sentences of Markdown
	// Prepare makes projects and data below a folder of the case, and says what is to be
	// measured there.
	Prepare func(ctx context.Context, dir string) ([]Scenario, error)
}

// Scenario is one work, done by several tools.
type Scenario struct {
	Name       string // short, unique in its case: "cold"
	Title      string
	Contenders []Contender
	Runs       int // rounds that count
	Warmup     int // rounds before them, which do not
	// Reference is the label of the contender whose facts are right; "" is the first that
	// has any in a round.
	Reference string
	// Series says that each round goes on from the one before: what is shown is the
	// course of the file's size.
	Series bool
}

// Contender is a tool at a work.
type Contender struct {
	Tool    string // of package peers
	Variant string // where a tool takes part in several ways
	Absent  string // why it does not take part; shown instead of a time
	Note    string // what a reader has to know of its time
	Runs    int    // rounds that count, if fewer than the scenario's; 0 is all
	Command process.Command
	// Prepared gives the command's arguments where they depend on the round; it is called
	// after Reset. Nil leaves those of Command.
	Prepared func() []string
	// Reset is called before every round, warm-up included, and is not timed.
	Reset func(ctx context.Context, round int) error
	// Facts are what is true after a round.
	Facts func(ctx context.Context, round int) (content.Facts, error)
	// File is the database whose size is noted.
	File string
}

// Label is how results call a contender: the tool and its variant.
func (c Contender) Label() string {
	if c.Variant == "" {
		return c.Tool
	}
	return c.Tool + " (" + c.Variant + ")"
}

// Runner measures cases.
type Runner struct {
	Dir   string        // scratch folder; each case has one below it
	Limit time.Duration // of one command
	Env   []string      // environment of every command
	Log   func(format string, args ...any)
}

// Run prepares a case and measures all of it. What goes wrong with one contender is in
// the result; the error is for what stops the case.
func (r *Runner) Run(ctx context.Context, c Case) (*CaseResult, error) {
	dir := filepath.Join(r.Dir, c.Name)
	if err := Discard(r.Dir, dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	started := time.Now()
	result := &CaseResult{Name: c.Name, Title: c.Title, About: c.About, Started: started.UTC().Format(time.RFC3339)}
	r.Log("%s: preparing", c.Name)
	scenarios, err := c.Prepare(ctx, dir)
	var missing *Missing
	if errors.As(err, &missing) {
		result.Skipped = missing.Error()
		r.Log("%s: skipped: %v", c.Name, missing)
		return result, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Name, err)
	}
	for _, s := range scenarios {
		measured, err := r.scenario(ctx, c.Name, s)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", c.Name, s.Name, err)
		}
		result.Scenarios = append(result.Scenarios, measured)
	}
	result.Seconds = math.Round(time.Since(started).Seconds())
	return result, nil
}

// discarded is the folder of what is to be removed.
const discarded = "discarded"

// Discard moves a file or folder out of the way, if it is there, into a folder below dir that
// [Runner.Close] removes. Nothing is removed while tools are measured: ext4 without a journal looks
// for a long while past the places of files that have been, and a tool that makes
// 20,000 files a second later pays for it.
func Discard(dir, path string) error {
	if err := os.MkdirAll(filepath.Join(dir, discarded), 0o755); err != nil {
		return err
	}
	to, err := os.MkdirTemp(filepath.Join(dir, discarded), "")
	if err != nil {
		return err
	}
	if err := os.Rename(path, filepath.Join(to, filepath.Base(path))); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Close removes what was discarded.
func (r *Runner) Close() error { return os.RemoveAll(filepath.Join(r.Dir, discarded)) }

// Missing is the error of a Prepare that cannot have what the case is about.
type Missing struct{ What string }

// Error says what is missing.
func (m *Missing) Error() string { return m.What }

// entrant is a contender while it is measured.
type entrant struct {
	Contender
	result *ContenderResult
	out    bool // takes no further part
}

func (r *Runner) scenario(ctx context.Context, name string, s Scenario) (ScenarioResult, error) {
	var field []*entrant
	for _, c := range s.Contenders {
		field = append(field, &entrant{Contender: c, out: c.Absent != "",
			result: &ContenderResult{Label: c.Label(), Tool: c.Tool, Note: c.Note, Absent: c.Absent}})
	}
	for round := range s.Warmup + s.Runs {
		found := map[*entrant]content.Facts{}
		for _, e := range field {
			if e.out || (e.Runs > 0 && round >= s.Warmup+e.Runs) {
				continue
			}
			if err := ctx.Err(); err != nil {
				return ScenarioResult{}, err
			}
			sample, facts, err := r.once(ctx, e.Contender, round)
			if ctx.Err() != nil {
				return ScenarioResult{}, ctx.Err()
			}
			if err != nil {
				e.out, e.result.Failed = true, shorten(err.Error())
				r.Log("%s/%s: %s failed: %s", name, s.Name, e.Label(), e.result.Failed)
				continue
			}
			r.Log("%s/%s: %-24s %s%s", name, s.Name, e.Label(), sample, warming(round < s.Warmup))
			found[e] = facts
			sample.Round = round - s.Warmup
			e.result.Samples = append(e.result.Samples, sample)
		}
		judge(s, field, found, round-s.Warmup)
	}
	out := ScenarioResult{Name: s.Name, Title: s.Title, Series: s.Series}
	for _, e := range field {
		if e.result.Wrong != "" {
			r.Log("%s/%s: %s made something else: %s", name, s.Name, e.Label(), e.result.Wrong)
		}
		out.Contenders = append(out.Contenders, *e.result)
	}
	out.Summarize()
	return out, nil
}

func warming(warmup bool) string {
	if warmup {
		return "  (warm-up)"
	}
	return ""
}

// judge compares the facts of a round with those of the reference. A tool that has made
// something else takes no further part in the scenario.
func judge(s Scenario, field []*entrant, found map[*entrant]content.Facts, round int) {
	var right content.Facts
	by := ""
	for _, e := range field {
		if facts := found[e]; len(facts) > 0 && (right == nil || e.Label() == s.Reference) {
			right, by = facts, e.Label()
		}
	}
	for _, e := range field {
		facts, ran := found[e]
		if !ran || e.Facts == nil {
			continue
		}
		if differs := content.Compare(common(right, facts, e.Label() == by), facts); len(differs) > 0 {
			e.result.Wrong = shorten(fmt.Sprintf("against %s: %s", by, strings.Join(differs, "; ")))
			e.result.wrongFrom(round)
			e.out = true
		}
	}
}

// common leaves facts that begin with "~" to those tools that can tell them.
func common(right, got content.Facts, self bool) content.Facts {
	if self {
		return got
	}
	out := content.Facts{}
	for name, fact := range right {
		if _, tells := got[name]; tells || !strings.HasPrefix(name, "~") {
			out[name] = fact
		}
	}
	for name, fact := range got {
		if _, known := right[name]; !known && strings.HasPrefix(name, "~") {
			out[name] = fact
		}
	}
	return out
}

// once runs a contender and returns what it cost and made.
func (r *Runner) once(ctx context.Context, c Contender, round int) (Sample, content.Facts, error) {
	if c.Reset != nil {
		if err := c.Reset(ctx, round); err != nil {
			return Sample{}, nil, fmt.Errorf("before the run: %w", err)
		}
	}
	command := c.Command
	if c.Prepared != nil {
		command.Args = c.Prepared()
	}
	command.Env = append(append([]string{}, r.Env...), command.Env...)
	if command.Limit == 0 {
		command.Limit = r.Limit
	}
	if command.Log == "" {
		command.Log = filepath.Join(command.Dir, "bench.log")
	}
	cost, err := process.Run(ctx, command)
	if errors.Is(err, process.ErrLimit) {
		return Sample{}, nil, fmt.Errorf("%s%s", overLimit, command.Limit)
	}
	if err != nil {
		return Sample{}, nil, err
	}
	sample := Sample{Wall: cost.Wall.Seconds(), CPU: (cost.User + cost.System).Seconds(), Peak: cost.Peak}
	if cost.Others >= 0 {
		others := cost.Others.Seconds()
		sample.Others = &others
	}
	if c.File != "" {
		sample.File = sizeOf(c.File) + sizeOf(c.File+".wal")
	}
	if c.Facts == nil {
		return sample, nil, nil
	}
	facts, err := c.Facts(ctx, round)
	if err != nil {
		return sample, nil, fmt.Errorf("after the run: %w", err)
	}
	return sample, facts, nil
}

func sizeOf(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}

// shorten keeps a message fit for a table.
func shorten(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > 400 {
		return string(runes[:400]) + "…"
	}
	return s
}
