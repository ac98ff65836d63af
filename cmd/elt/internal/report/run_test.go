package report

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner"
)

var marts = diag.NewSource("models/marts/marts.yml", "models:\n  - name: fct_flights\n    columns:\n      - name: flight_id\n        data_tests: [unique]\n")

func model(name, materialized string) *project.Node {
	config := project.NewConfig()
	config.Set("materialized", project.ConfigValue{Value: materialized})
	return &project.Node{
		UniqueID: "model.nyc." + name, Type: project.Model, Name: name, Config: config,
		Relation: project.Relation{Database: "warehouse", Schema: "main", Identifier: name},
	}
}

func genericTest(generic, on, column string) *project.Node {
	name := generic + "_" + on + "_" + column
	return &project.Node{
		UniqueID: "test.nyc." + name + ".0123456789", Type: project.Test, Name: name,
		Test:  &project.TestInfo{Generic: generic, Attached: "model.nyc." + on, Column: column},
		Place: place(marts, generic),
	}
}

// story is a run in which everything that can be reported happens.
func story() []runner.Event {
	stg, fct, mart, route := model("stg_flights", "view"), model("fct_flights", "incremental"), model("mart_airline_punctuality", "table"), model("mart_route", "table")
	broken := model("mart_weather", "table")
	seed := &project.Node{UniqueID: "seed.nyc.airlines", Type: project.Seed, Name: "airlines", Relation: project.Relation{Schema: "main", Identifier: "airlines"}}
	unique := genericTest("unique", "fct_flights", "flight_id")
	tails := genericTest("unique", "stg_flights", "tail_number")
	later := genericTest("unique", "mart_route", "route")
	singular := &project.Node{UniqueID: "test.nyc.no_future", Type: project.Test, Name: "no_future", Test: &project.TestInfo{}}
	src := diag.NewSource("models/marts/mart_weather.sql", "select\n  windspeed\nfrom weather\n")
	at := time.Date(2013, 1, 31, 12, 0, 0, 0, time.UTC)
	results := []*runner.NodeResult{
		{Node: seed, Status: runner.Success, Rows: 16, ExecuteTime: 12 * time.Millisecond, Published: true},
		{Node: stg, Status: runner.Success, Rows: -1, ExecuteTime: 8 * time.Millisecond, Published: true},
		{Node: tails, Status: runner.Warned, Failures: 539, ExecuteTime: 20 * time.Millisecond, Sample: &runner.Sample{
			Columns: []string{"tail_number", "n"}, Rows: [][]string{{"N14228", "11"}, {"N24211", "9"}}, Total: 539, Shown: 2}},
		{Node: fct, Status: runner.Success, Rows: 27004, ExecuteTime: 210 * time.Millisecond, HeldFor: unique.UniqueID},
		{Node: unique, Status: runner.Failed, OfCandidates: true, Failures: 1, ExecuteTime: 30 * time.Millisecond, Sample: &runner.Sample{
			Columns: []string{"flight_id", "n_records"}, Rows: [][]string{{"2013-01-01 UA 1545", "2"}}, Total: 1, Shown: 1}},
		{Node: mart, Status: runner.Skipped, SkippedFor: unique.UniqueID},
		{Node: route, Status: runner.Skipped, SkippedFor: unique.UniqueID},
		{Node: later, Status: runner.Skipped, SkippedFor: unique.UniqueID},
		{Node: broken, Status: runner.Errored, ExecuteTime: time.Millisecond, Diagnostics: diag.List{
			diag.New(diag.SQL, place(src, "windspeed"), "column %q not found", "windspeed").WithHint("did you mean %q?", "wind_speed")}},
		{Node: singular, Status: runner.Pass, ExecuteTime: 2 * time.Millisecond},
	}
	var events []runner.Event
	var nodes []*project.Node
	for _, r := range results {
		nodes = append(nodes, r.Node)
	}
	events = append(events, runner.RunStarted{RunID: "20130131T120000-1a2b", Command: "build", Target: "dev", Nodes: nodes, Workers: 4})
	counts := map[runner.Status]int{}
	for _, r := range results {
		counts[r.Status]++
		if r.Status != runner.Skipped {
			events = append(events, runner.NodeStarted{Node: r.Node, At: at})
		}
		events = append(events, runner.NodeFinished{Result: r})
	}
	events = append(events,
		runner.Noticed{Diagnostic: diag.Warn(diag.LakeFile, diag.Place{}, "3 files changed since the run began")},
		runner.Published{Nodes: nodes[:2], Elapsed: 3 * time.Millisecond},
		runner.RunFinished{Summary: runner.Summary{
			RunID: "20130131T120000-1a2b", Elapsed: 840 * time.Millisecond, Counts: counts, Built: 3, Published: 2, Held: 1, Results: results}})
	return events
}

// greenStory is a run in which all goes well.
func greenStory(command string) []runner.Event {
	fct := model("fct_flights", "table")
	result := &runner.NodeResult{Node: fct, Status: runner.Success, Rows: 27004, ExecuteTime: 210 * time.Millisecond, Published: true}
	return []runner.Event{
		runner.RunStarted{RunID: "r", Command: command, Target: "dev", Nodes: []*project.Node{fct}},
		runner.NodeStarted{Node: fct},
		runner.NodeFinished{Result: result},
		runner.Published{Nodes: []*project.Node{fct}},
		runner.RunFinished{Summary: runner.Summary{RunID: "r", Elapsed: 250 * time.Millisecond, Counts: map[runner.Status]int{runner.Success: 1}, Built: 1, Published: 1, Results: []*runner.NodeResult{result}}},
	}
}

// tell reports events and returns what came out on each stream.
func tell(o Options, events []runner.Event, after func(Reporter)) (stdout, stderr string) {
	var out, err strings.Builder
	o.Out, o.Err = &out, &err
	if o.Now == nil {
		o.Now = func() time.Time { return time.Date(2013, 1, 31, 12, 0, 0, 0, time.UTC) }
	}
	r := New(o)
	for _, e := range events {
		r.Observe(e)
	}
	if after != nil {
		after(r)
	}
	r.Close(nil)
	return out.String(), err.String()
}

func TestPlain(t *testing.T) {
	t.Parallel()
	stdout, stderr := tell(Options{}, story(), nil)
	if stdout != "" {
		t.Errorf("a run has no result for standard output, got %q", stdout)
	}
	for line := range strings.Lines(stderr) {
		if strings.Contains(line, "[data-test]") || strings.HasPrefix(line, "failed:") {
			continue // a headline holds a whole name, and a summary is one line
		}
		if Width(strings.TrimSuffix(line, "\n")) > 80 {
			t.Errorf("wider than 80 columns: %q", line)
		}
	}
	golden(t, "plain.txt", stderr)
	_, stderr = tell(Options{}, greenStory("run"), nil)
	golden(t, "plain_run.txt", stderr)
}

func TestQuiet(t *testing.T) {
	t.Parallel()
	_, stderr := tell(Options{Level: Failure}, story(), nil)
	golden(t, "quiet.txt", stderr)
	if _, stderr := tell(Options{Level: Failure}, greenStory("build"), nil); stderr != "" {
		t.Errorf("quiet says %q though all went well", stderr)
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	stdout, stderr := tell(Options{Format: JSON}, story(), nil)
	if stderr != "" {
		t.Errorf("JSON output writes to standard error: %q", stderr)
	}
	for line := range strings.Lines(stdout) {
		var object struct{ Type string }
		if err := json.Unmarshal([]byte(line), &object); err != nil || object.Type == "" {
			t.Errorf("not an object with a type: %q", line)
		}
	}
	golden(t, "json.jsonl", stdout)
}

func TestJSONEndsWithASummaryWhateverHappens(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	r := New(Options{Out: &out, Err: &out, Format: JSON})
	r.Diagnostics(diag.List{diag.Warn(diag.UnknownKey, diag.Place{}, "key")})
	r.Close(diag.List{diag.New(diag.UnknownRef, diag.Place{}, "no such model")})
	golden(t, "json_error.jsonl", out.String())
}

func TestJSONEndsWithASummaryWhenTheRunWentWrongAfterItsNodes(t *testing.T) {
	t.Parallel()
	over := []runner.Event{runner.RunFinished{Summary: runner.Summary{RunID: "r1", Published: 1}}}
	var out strings.Builder
	tellTo(New(Options{Out: &out, Err: &out, Format: JSON}), over, diag.New(diag.SQL, diag.Place{}, "the last hook failed"))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], "the last hook failed") {
		t.Fatalf("got %s", out.String())
	}
	want := `{"type":"summary","run_id":"r1","success":false,"interrupted":false,"counts":{},"built":0,"published":1,"elapsed_ms":0}`
	if lines[1] != want {
		t.Errorf("got %s, want %s", lines[1], want)
	}
}

func TestJSONOfAnInterruptBeforeTheRunIsNoSuccess(t *testing.T) {
	t.Parallel()
	stdout, _ := tell(Options{Format: JSON}, nil, Reporter.Interrupted)
	want := `{"type":"summary","success":false,"interrupted":true,"counts":{},"built":0,"published":0,"elapsed_ms":0}` + "\n"
	if stdout != want {
		t.Errorf("got %s, want %s", stdout, want)
	}
}

func TestLiveErasesWhatItDraws(t *testing.T) {
	t.Parallel()
	var screen screen
	now := time.Date(2013, 1, 31, 12, 0, 0, 0, time.UTC)
	l := newLive(&plain{opts: Options{Out: &strings.Builder{}, Err: &screen, Width: 80, Now: func() time.Time { return now }}})
	events := story()
	draw := func() {
		l.mu.Lock()
		l.draw()
		l.mu.Unlock()
	}
	for i, e := range events[:len(events)-1] {
		l.Observe(e)
		now = now.Add(70 * time.Millisecond)
		if i == 5 {
			draw()
			golden(t, "live_middle.txt", screen.String())
		}
		draw()
	}
	l.Observe(events[len(events)-1])
	l.Close(nil)
	_, want := tell(Options{}, story(), nil)
	if got := screen.String(); got != want {
		t.Errorf("the screen at the end is not what plain output says:\n%s\nwant:\n%s", got, want)
	}
	if screen.hidden {
		t.Error("the cursor is still hidden")
	}
}

func TestLiveSaysThatItPublishes(t *testing.T) {
	t.Parallel()
	now := time.Date(2013, 1, 31, 12, 0, 0, 0, time.UTC)
	l := newLive(&plain{opts: Options{Out: &strings.Builder{}, Err: &strings.Builder{}, Width: 80, Now: func() time.Time { return now }}})
	foot := func() string {
		l.mu.Lock()
		defer l.mu.Unlock()
		lines := l.status()
		return lines[len(lines)-1]
	}
	l.Observe(story()[0])
	l.Observe(runner.Publishing{Nodes: 3})
	if got := foot(); !strings.Contains(got, "publishing 3") {
		t.Errorf("while it publishes the last line is %q", got)
	}
	l.Observe(runner.Published{})
	if got := foot(); strings.Contains(got, "publishing") {
		t.Errorf("after the publish the last line is %q", got)
	}
	l.Close(nil)
}

func TestLiveGivesTheCursorBackWhenInterrupted(t *testing.T) {
	t.Parallel()
	var screen screen
	l := newLive(&plain{opts: Options{Out: &strings.Builder{}, Err: &screen, Width: 80, Now: time.Now}})
	l.Observe(story()[0])
	l.mu.Lock()
	l.draw()
	l.mu.Unlock()
	if !screen.hidden {
		t.Error("the cursor blinks while status lines are redrawn")
	}
	l.Interrupted()
	if screen.hidden {
		t.Error("a second interrupt would leave the terminal without a cursor")
	}
	l.Close(nil)
}

// screen is a terminal that knows the few sequences elt uses.
type screen struct {
	lines  []string
	hidden bool
}

func (s *screen) Write(p []byte) (int, error) {
	text := string(p)
	for text != "" {
		switch {
		case strings.HasPrefix(text, hideCursor):
			s.hidden, text = true, text[len(hideCursor):]
		case strings.HasPrefix(text, showCursor):
			s.hidden, text = false, text[len(showCursor):]
		case strings.HasPrefix(text, "\r\x1b["):
			up, rest, _ := strings.Cut(text[3:], "A\x1b[J")
			n := 0
			for _, r := range up {
				n = n*10 + int(r-'0')
			}
			s.lines = s.lines[:len(s.lines)-n]
			text = rest
		default:
			line, rest, ended := strings.Cut(text, "\n")
			if !ended {
				panic("a write that does not end a line: " + line)
			}
			s.lines = append(s.lines, line)
			text = rest
		}
	}
	return len(p), nil
}

func (s *screen) String() string { return strings.Join(s.lines, "\n") + "\n" }
