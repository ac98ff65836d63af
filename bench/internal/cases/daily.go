package cases

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"elt/bench/internal/content"
	"elt/bench/internal/peers"
	"elt/bench/internal/project"
	"elt/bench/internal/suite"
)

// archive is a folder of raw files, one a day, and how the project over them is written.
type archive struct {
	name  string
	days  []string          // sorted, YYYY-MM-DD, with a file each
	file  map[string]string // of each day
	extra string            // a line that a file has more when it is sent again
	project.Lake
}

// plan says on which days of an archive something is measured. Days count from 1.
type plan struct {
	early, late int // the first measured day of each scenario; the one before is the warm-up
	rounds      int
	withheld    int // a day whose file arrives with the file of the day after the last measured one
	resent      int // a day whose file comes again, with one row more, on the day after that
}

// daily is a table that grows by a file a day.
func (e *Env) daily() suite.Case {
	return suite.Case{
		Name: "daily", Title: "A file a day",
		About: "A table that takes in one CSV file a day: what an early day and a late day cost, then a file that arrives late and a file that is sent again. " +
			"elt takes in files by its `by_file` ledger, and as dbt does: rows of days after the last in the table, by `delete+insert`. SQLMesh is incremental by time range. " +
			"The floor deletes and inserts the rows of just the right file, since its user knows it. Whether the table then holds the right rows of those days is checked like everything else.",
		Prepare: func(ctx context.Context, dir string) ([]suite.Scenario, error) {
			flights, err := e.flightFiles(ctx)
			if err != nil {
				return nil, err
			}
			synthetic, err := e.syntheticFiles(ctx)
			if err != nil {
				return nil, err
			}
			var scenarios []suite.Scenario
			for _, a := range []*archive{flights, synthetic} {
				more, err := e.daysOf(filepath.Join(dir, a.name), a)
				if err != nil {
					return nil, err
				}
				scenarios = append(scenarios, more...)
			}
			return scenarios, nil
		},
	}
}

// planOf fits the measured days to as many as there are.
func (e *Env) planOf(days int) plan {
	p := plan{early: 30, late: 300, rounds: e.pick(5, 2)}
	if days < p.late+p.rounds+2 {
		p.early, p.late = days/4, days-p.rounds-2
	}
	p.withheld, p.resent = p.late/2, p.late/2+3
	return p
}

// flightFiles are nycflights13's departures: the folder or the year's file given, or the
// January that this repository holds.
func (e *Env) flightFiles(ctx context.Context) (*archive, error) {
	folder, err := e.flightFolder(ctx)
	if err != nil {
		return nil, err
	}
	a := &archive{name: "flights", file: map[string]string{}, extra: "2013,1,1,1,1,0,1,1,0,ZZ,1,N00000,EWR,JFK,1,1,1,1,2013-01-01T10:00:00Z\n"}
	a.Lake = project.Lake{
		Reader: "header = true, delim = ',', quote = '', escape = '', nullstr = 'NA'",
		Columns: []string{"carrier", "flight::integer as flight", "tailnum", "origin", "dest",
			"dep_delay::integer as dep_delay", "arr_delay::integer as arr_delay", "distance::integer as distance"},
		Key: "carrier", First: "2013-01-01", Connection: e.connection(),
	}
	files, err := filepath.Glob(filepath.Join(folder, "????-??-??.csv"))
	if err != nil {
		return nil, err
	}
	for _, path := range files {
		a.add(strings.TrimSuffix(filepath.Base(path), ".csv"), path)
	}
	if len(a.days) < 20 {
		return nil, &suite.Missing{What: fmt.Sprintf("%s holds %d files of a day, such as 2013-01-31.csv; 20 are needed", folder, len(a.days))}
	}
	return a, nil
}

// flightFolder is the folder of flights, one CSV file a day. The file of a whole year, as
// the data package has it, is split the first time: the days lie as raw as lake/flights.
func (e *Env) flightFolder(ctx context.Context) (string, error) {
	if e.Flights == "" {
		return filepath.Join(e.Repository, "lake", "flights"), nil
	}
	info, err := os.Stat(e.Flights)
	if err != nil || info.IsDir() {
		return e.Flights, err
	}
	year, err := filepath.Abs(e.Flights)
	if err != nil {
		return "", err
	}
	folder := filepath.Join(e.Data, fmt.Sprintf("flights-%d", info.Size()))
	if _, err := os.Stat(folder); err == nil {
		return folder, nil
	}
	days, err := e.shell().Value(ctx, "", fmt.Sprintf("select string_agg(distinct make_date(year, month, day)::varchar, ' ') from '%s'", year))
	if err != nil {
		return "", err
	}
	e.Log("splitting %s by day to %s", year, folder)
	var script strings.Builder
	fmt.Fprintf(&script, "create table year as select * replace (strftime(time_hour::timestamptz at time zone 'UTC', '%%Y-%%m-%%dT%%H:%%M:%%SZ') as time_hour) from '%s';\n", year)
	for _, day := range strings.Fields(days) {
		fmt.Fprintf(&script, "copy (from year where make_date(year, month, day) = date '%[1]s') to '%[2]s.making/%[1]s.csv' (header, nullstr 'NA');\n", day, folder)
	}
	if err := os.MkdirAll(folder+".making", 0o755); err != nil {
		return "", err
	}
	if err := e.shell().Exec(ctx, "", script.String()); err != nil {
		return "", err
	}
	return folder, os.Rename(folder+".making", folder)
}

func (a *archive) add(day, path string) {
	a.days = append(a.days, day)
	a.file[day] = path
	slices.Sort(a.days)
}

// syntheticFiles are days of rows that come out of numbers.
func (e *Env) syntheticFiles(ctx context.Context) (*archive, error) {
	days, rows := e.pick(310, 60), e.pick(20_000, 2000)
	a := &archive{name: "synthetic", file: map[string]string{}, extra: "0,0,0.5,again\n"}
	a.Lake = project.Lake{
		Reader:  "header = true, delim = ',', quote = '', escape = ''",
		Columns: []string{"id::bigint as id", "customer::integer as customer", "amount::decimal(18, 2) as amount", "note"},
		Key:     "id", First: "2024-01-01", Connection: e.connection(),
	}
	folder := filepath.Join(e.Data, fmt.Sprintf("days-%d-%d", days, rows))
	first := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	var script strings.Builder
	for i := range days {
		day := first.AddDate(0, 0, i).Format(time.DateOnly)
		a.add(day, filepath.Join(folder, day+".csv"))
		fmt.Fprintf(&script, "copy (select %[1]d + i as id, hash(i + %[1]d) %% 5000 as customer, (hash(i * 3 + %[1]d) %% 100000) / 100 as amount, 'note ' || hash(i) %% 1000 as note from range(%[2]d) r(i)) to '%[3]s.making/%[4]s.csv' (header);\n",
			i*rows, rows, folder, day)
	}
	if _, err := os.Stat(folder); err == nil {
		return a, nil
	}
	e.Log("writing %d days of %d rows to %s", days, rows, folder)
	if err := os.MkdirAll(folder+".making", 0o755); err != nil {
		return nil, err
	}
	if err := e.shell().Exec(ctx, "", script.String()); err != nil {
		return nil, err
	}
	return a, os.Rename(folder+".making", folder)
}

// taker is one tool at an archive: its folder, and how it takes in what is new.
type taker struct {
	*Env
	*archive
	plan
	dir      string
	database string
	all      func(last string) []string // the command of the first run, up to a day
	next     func(last string) []string // the command of every later run
	bare     bool                       // told by hand which days are new
	arrived  int                        // days so far
	contender
}

// contender is short for the type that is embedded.
type contender = suite.Contender

// daysOf are the scenarios of one archive.
func (e *Env) daysOf(dir string, a *archive) ([]suite.Scenario, error) {
	p := e.planOf(len(a.days))
	var takers []*taker
	for _, make := range []func(string, *archive, plan) (*taker, error){e.eltByFile, e.eltByDay, e.dbtByDay, e.meshByDay, e.bareByDay} {
		t, err := make(dir, a, p)
		if err != nil {
			return nil, err
		}
		takers = append(takers, t)
	}
	scenario := func(name, title string, runs, warmup int, arrive func(t *taker, ctx context.Context, round int) error, days func(round int) []string) suite.Scenario {
		s := suite.Scenario{Name: a.name + "-" + name, Title: a.name + ", " + title, Runs: runs, Warmup: warmup, Reference: peers.DuckDB}
		for _, t := range takers {
			s.Contenders = append(s.Contenders, t.at(arrive, days))
		}
		return s
	}
	regular := func(first int) (func(*taker, context.Context, int) error, func(int) []string) {
		return func(t *taker, ctx context.Context, round int) error { return t.day(ctx, first+round-1) },
			func(round int) []string { return []string{a.days[first+round-2]} }
	}
	earlyArrival, earlyDays := regular(p.early)
	lateArrival, lateDays := regular(p.late)
	after := p.late + p.rounds
	return []suite.Scenario{
		scenario("early", fmt.Sprintf("day %d", p.early), p.rounds, 1, earlyArrival, earlyDays),
		scenario("late", fmt.Sprintf("day %d", p.late), p.rounds, 1, lateArrival, lateDays),
		scenario("late-file", "a late file", 1, 0,
			func(t *taker, ctx context.Context, _ int) error { return t.withLate(ctx, after) },
			func(int) []string { return []string{a.days[p.withheld-1], a.days[after-1]} }),
		scenario("sent-again", "a file sent again", 1, 0,
			func(t *taker, ctx context.Context, _ int) error { return t.withResent(ctx, after+1) },
			func(int) []string { return []string{a.days[p.resent-1], a.days[after]} }),
	}, nil
}

// at is the tool in one scenario: what arrives before a round, and which days' rows are
// compared after it.
func (t *taker) at(arrive func(*taker, context.Context, int) error, days func(round int) []string) suite.Contender {
	c := t.contender
	c.Command.Args = nil // set when the day is known
	c.Reset = func(ctx context.Context, round int) error { return arrive(t, ctx, round) }
	c.Prepared = func() []string { return t.next(t.days[t.arrived-1]) }
	c.Facts = func(ctx context.Context, round int) (content.Facts, error) {
		all := content.Facts{}
		for _, day := range days(round) {
			facts, err := t.shell().Query(ctx, t.database, "rows of "+day, "select * exclude ("+t.exclude()+") from main.facts where day = date '"+day+"'")
			if err != nil {
				return nil, err
			}
			all["rows of "+day] = facts["rows of "+day]
		}
		return all, nil
	}
	return c
}

// exclude names a column that only this tool's table has; a name that no table has would
// be an error, so the others leave out what they all have and is compared by the query.
func (t *taker) exclude() string {
	if t.Variant == byFile {
		return "day, _file"
	}
	return "day"
}

// day lets the file of a day arrive; when days before it are missing, they are taken in
// first by a run that is not timed.
func (t *taker) day(ctx context.Context, n int) error {
	if n-1 > t.arrived {
		if err := t.catchUp(ctx, n-1); err != nil {
			return err
		}
	}
	return t.arrives(n, t.bareScript(t.days[n-1]))
}

// catchUp lets all days up to one arrive, without the withheld one, and takes them in.
func (t *taker) catchUp(ctx context.Context, last int) error {
	first := t.arrived == 0
	var missing []string
	for n := t.arrived + 1; n <= last; n++ {
		if n == t.withheld {
			continue
		}
		if err := t.link(t.days[n-1]); err != nil {
			return err
		}
		missing = append(missing, t.days[n-1])
	}
	t.arrived = last
	args := t.next(t.days[last-1])
	if first {
		args = t.all(t.days[last-1])
	}
	if !t.bare {
		return (&team{Env: t.Env}).quietly(ctx, t.dir, args...)
	}
	script := t.Bare(missing...)
	if first {
		script = t.Bare()
	}
	return t.execHere(ctx, script)
}

// execHere runs statements in the folder of the shell, where its raw files lie.
func (t *taker) execHere(ctx context.Context, script string) error {
	if err := os.WriteFile(filepath.Join(t.dir, "catchup.sql"), []byte(script), 0o644); err != nil {
		return err
	}
	return (&team{Env: t.Env}).quietly(ctx, t.dir, t.Tools.DuckDB.Path, "-bail", "-f", "catchup.sql", "lake.duckdb")
}

// arrives links the file of a day and writes the shell's script of it.
func (t *taker) arrives(n int, script string) error {
	if err := t.link(t.days[n-1]); err != nil {
		return err
	}
	t.arrived = n
	if !t.bare {
		return nil
	}
	return os.WriteFile(filepath.Join(t.dir, "day.sql"), []byte(script), 0o644)
}

func (t *taker) bareScript(days ...string) string { return t.Bare(days...) }

// withLate lets the withheld file arrive beside that of a new day.
func (t *taker) withLate(_ context.Context, n int) error {
	late := t.days[t.withheld-1]
	if err := t.link(late); err != nil {
		return err
	}
	return t.arrives(n, t.bareScript(late, t.days[n-1]))
}

// withResent replaces an old file by one with a row more, beside the file of a new day.
func (t *taker) withResent(_ context.Context, n int) error {
	day := t.days[t.resent-1]
	if err := t.resend(day); err != nil {
		return err
	}
	return t.arrives(n, t.bareScript(day, t.days[n-1]))
}

// resend replaces the file of a day by one with a row more.
func (t *taker) resend(day string) error {
	text, err := os.ReadFile(t.file[day])
	if err != nil {
		return err
	}
	path := filepath.Join(t.dir, filepath.FromSlash(project.LakeFiles(day)), "raw.csv")
	if err := os.Remove(path); err != nil {
		return err
	}
	if len(text) > 0 && text[len(text)-1] != '\n' {
		text = append(text, '\n')
	}
	return os.WriteFile(path, append(text, t.extra...), 0o644)
}

// link puts the file of a day into the project: the same file under another name where
// the file system can do that.
func (t *taker) link(day string) error {
	dir := filepath.Join(t.dir, filepath.FromSlash(project.LakeFiles(day)))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	to := filepath.Join(dir, "raw.csv")
	if err := os.Link(t.file[day], to); err == nil || os.IsExist(err) {
		return nil
	}
	return copyFile(t.file[day], to)
}

const byFile = "by_file"

func (e *Env) eltByFile(dir string, a *archive, p plan) (*taker, error) {
	lake := a.Lake
	lake.ByFile = true
	return e.taker(filepath.Join(dir, "elt-by-file"), a, p, e.Tools.Elt, byFile, lake.Files())
}

func (e *Env) eltByDay(dir string, a *archive, p plan) (*taker, error) {
	return e.taker(filepath.Join(dir, "elt"), a, p, e.Tools.Elt, "delete+insert", a.Lake.Files())
}

func (e *Env) dbtByDay(dir string, a *archive, p plan) (*taker, error) {
	return e.taker(filepath.Join(dir, "dbt"), a, p, e.Tools.DBT, "delete+insert", a.Lake.Files())
}

func (e *Env) meshByDay(dir string, a *archive, p plan) (*taker, error) {
	t, err := e.taker(filepath.Join(dir, "sqlmesh"), a, p, e.Tools.SQLMesh, "", a.Lake.SQLMesh())
	if err != nil {
		return nil, err
	}
	t.all = func(last string) []string {
		return append(append([]string{e.Tools.SQLMesh.Path}, planAll()...), "--execution-time", nextDay(last))
	}
	t.next = func(last string) []string { return []string{e.Tools.SQLMesh.Path, "run", "--end", last} }
	return t, nil
}

func (e *Env) bareByDay(dir string, a *archive, p plan) (*taker, error) {
	t, err := e.taker(filepath.Join(dir, "duckdb"), a, p, e.Tools.DuckDB, "", nil)
	if err != nil {
		return nil, err
	}
	t.bare = true
	t.Command.Stdin = filepath.Join(t.dir, "day.sql")
	t.next = func(string) []string { return []string{e.Tools.DuckDB.Path, "-bail", "lake.duckdb"} }
	t.all = t.next
	return t, nil
}

func (e *Env) taker(dir string, a *archive, p plan, tool peers.Tool, variant string, files project.Files) (*taker, error) {
	t := &taker{Env: e, archive: a, plan: p, dir: dir, database: filepath.Join(dir, "lake.duckdb")}
	t.Tool, t.Variant, t.Absent, t.File = tool.Name, variant, tool.Absent, t.database
	t.Command.Dir = dir
	t.next = func(string) []string { return []string{tool.Path, "build"} }
	t.all = t.next
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	return t, files.Write(dir)
}

// nextDay is midnight after a day.
func nextDay(day string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return t.AddDate(0, 0, 1).Format(time.DateOnly) + " 00:00:00"
}
