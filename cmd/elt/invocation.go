package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"elt/cmd/elt/internal/report"
	"elt/compiler"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner"
	"elt/runner/duckdb"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"
)

// invocation is one call of elt: where it reads and writes, and how it reports.
type invocation struct {
	ctx            context.Context
	stdin          io.Reader
	stdout, stderr io.Writer
	env            func(string) (string, bool)
	now            time.Time
	id             string       // of this invocation, a UUID
	words          []string     // of the command line, without "elt"
	style          report.Style // of standard error
	reporter       report.Reporter
	lines          report.Reporter // the innermost of them
	spoken         spoken          // warnings of templates
	release        func() bool     // lets go of the interrupt notice
	tellInterrupt  func()          // tells of the interrupt, once; returns when it is told
	saidEmpty      bool            // a selector was reported to match nothing
	secrets        *secrets        // what no output may show
	collector      *collector
	planWritten    bool          // manifest.json and compiled SQL are, of this run
	spare          *duckdb.Spare // for the check ahead, of commands that make one
	parser         sqlParser     // of plain table names
	trees          keptFile      // of parsed property files
	warnings       diag.Warnings
	sample         sample           // of --sample
	eventLog       *report.EventLog // dbt's events, where a flag asks for them
	which          string           // the command that a retry has done again
	asDBT          bool             // elt was started under the name dbt
	raised         bool             // a warning was reported that is an error
	point          func(string)     // see runner.Options; nil but for tests that kill the process
}

func newInvocation(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer, env func(string) (string, bool)) *invocation {
	hidden := &secrets{}
	in := &invocation{
		ctx: ctx, stdin: stdin, stdout: hidden.writer(stdout), stderr: hidden.writer(stderr),
		env: hidden.env(env), secrets: hidden, collector: &collector{},
		now: time.Now(), id: newInvocationID(), release: func() bool { return true }, tellInterrupt: func() {},
	}
	in.style.On = report.WantColour(env, isTerminal(stderr))
	in.reporter = in.newReporter(report.Text, report.Info)
	return in
}

// newReporter returns a reporter of a format for this invocation.
func (in *invocation) newReporter(format report.Format, level report.Level) report.Reporter {
	dumb, _ := in.env("TERM")
	return report.New(report.Options{
		Out: in.stdout, Err: in.stderr, Format: format, Level: level,
		Live:   isTerminal(in.stderr) && dumb != "dumb",
		Colour: in.style.On, Width: widthOf(in.stderr),
	})
}

// begin takes what the flags of a command say about reporting.
func (in *invocation) begin(c *cli.Context) {
	if isGiven(c, "use-colors") {
		in.style.On = c.Bool("use-colors")
	}
	if c.Bool("no-color") {
		in.style.On = false
	}
	format := report.Text
	if isRun(c.Command.Name) && c.String("output") == "json" {
		format = report.JSON
	}
	r := in.newReporter(format, levelOf(c))
	if width := c.Int("printer-width"); isGiven(c, "printer-width") && width > 0 {
		r = report.New(report.Options{
			Out: in.stdout, Err: in.stderr, Format: format, Level: levelOf(c), Colour: in.style.On, Width: width,
		})
	}
	in.lines = r
	in.reporter = &severity{Reporter: in.forCI(c, in.forLog(c, r)), in: in}
	in.tellInterrupt = sync.OnceFunc(in.reporter.Interrupted)
	in.release = context.AfterFunc(in.ctx, in.tellInterrupt)
	in.sayIneffective(c)
}

// isRun reports whether a command's result is the story of a run.
func isRun(command string) bool {
	switch command {
	case "build", "run", "test", "seed", "snapshot", "retry", "clone":
		return true
	}
	return false
}

// close ends the report; err is what is still to be told.
func (in *invocation) close(err error) {
	if !in.release() {
		in.tellInterrupt() // which has begun, and is waited for
	}
	_ = in.spare.Close() // nothing is in it
	in.parser.names.save()
	in.trees.save()
	in.reporter.Close(err)
}

// parse reads the project that the flags name and reports its warnings.
func (in *invocation) parse(c *cli.Context) (*compiler.Plan, error) {
	if _, chosen := in.env("GOGC"); !chosen {
		in.collector.relax()
	}
	if c.Command.Name == "compile" {
		in.spare = duckdb.OpenSpare(in.ctx)
	}
	if isGiven(c, "threads") && c.Int("threads") < 1 {
		return nil, usagef("--threads must be at least 1, not %d", c.Int("threads"))
	}
	at, err := in.locate(c)
	if err != nil {
		return nil, err
	}
	start, end, err := eventTimes(c)
	if err != nil {
		return nil, err
	}
	if in.sample, err = parseSample(c.String("sample"), in.now); err != nil {
		return nil, err
	}
	plan, err := compiler.Parse(in.ctx, compiler.Options{
		FS: at.FS, Root: at.Root, StartedThere: startedIn(at.Root),
		Command: c.Command.Name, Profile: at.Profile, Target: at.Target,
		ProfilesDir: at.ProfilesDir, TargetPath: at.TargetPath,
		Uninstalled: c.Command.Name == "clean",
		Vars:        at.Vars, FullRefresh: c.Bool("full-refresh"), Empty: c.Bool("empty"),
		EventTimeStart: start, EventTimeEnd: end, SampleStart: in.sample.start, SampleEnd: in.sample.end,
		Args: argsOf(c), MetadataEnvs: metadataEnvs(os.Environ()), Threads: threads(c),
		Env: at.Env, Home: at.Home, Now: in.now, InvocationID: in.id,
		SQLParser: &in.parser, Keep: in.keepTrees, Log: in.log(c), Print: in.printed(c), Warn: in.spoken.add,
	})
	if err != nil {
		return nil, in.withFurther(c, plan, hintAbove(err, at.Root))
	}
	if isRun(c.Command.Name) && !runner.IsKnown(plan.Project) {
		in.spare = duckdb.OpenSpare(in.ctx)
	}
	in.secrets.add(plan.Project.SecretValues()...)
	plan.Diagnostics = append(plan.Diagnostics, in.spoken.take()...)
	if list := in.warnings.Apply(plan.Diagnostics); list.HasErrors() {
		return nil, list
	}
	in.reporter.Diagnostics(plan.Diagnostics)
	return plan, nil
}

// locate says where the project is that the flags name, and what they say of its profile,
// target and variables.
func (in *invocation) locate(c *cli.Context) (project.LoadOptions, error) {
	root, err := in.root(c)
	if err != nil {
		return project.LoadOptions{}, err
	}
	vars, err := parseVars(c.String("vars"))
	if err != nil {
		return project.LoadOptions{}, err
	}
	profiles, err := in.absolute(c.String("profiles-dir"))
	if err != nil {
		return project.LoadOptions{}, err
	}
	home, _ := in.env("HOME")
	return project.LoadOptions{
		FS: newFolder(root), Root: root, Profile: c.String("profile"), Target: c.String("target"),
		ProfilesDir: profiles, TargetPath: c.String("target-path"), Vars: vars, Env: in.env, Home: home,
	}, nil
}

// threads is how many nodes are done at a time, 0 where no flag says so.
func threads(c *cli.Context) int {
	if c.Bool("single-threaded") {
		return 1
	}
	return c.Int("threads")
}

// root is the folder of the project: --project-dir, else this folder or the nearest
// above it that holds a project file, else this folder.
func (in *invocation) root(c *cli.Context) (string, error) {
	dir := c.String("project-dir")
	root, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if info, err := os.Stat(root); err != nil || !info.IsDir() {
		return "", usagef("--project-dir: there is no folder %q", dir)
	}
	if dir != "" {
		return root, nil
	}
	for at := root; ; at = filepath.Dir(at) {
		for _, name := range []string{"elt.yml", "dbt_project.yml"} {
			if info, err := os.Stat(filepath.Join(at, name)); err == nil && !info.IsDir() {
				return at, nil
			}
		}
		if at == filepath.Dir(at) {
			return root, nil
		}
	}
}

// hintAbove names a folder above that has models, where the error is that a folder is no
// project. It is not taken for the project: that is for a project file to say.
func hintAbove(err error, root string) error {
	var list diag.List
	if !errors.As(err, &list) || len(list) != 1 || list[0].Code != diag.NoProject || !list[0].Place.IsZero() {
		return err
	}
	for at := filepath.Dir(root); at != filepath.Dir(at); at = filepath.Dir(at) {
		if info, err := os.Stat(filepath.Join(at, "models")); err == nil && info.IsDir() {
			return diag.List{list[0].WithHint("the folder %q above it has models: run elt there, or with --project-dir", at)}
		}
	}
	return err
}

// absolute makes a path on the command line independent of the project's folder.
func (in *invocation) absolute(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	return filepath.Abs(path)
}

// startedIn reports whether elt was started in a folder.
func startedIn(root string) bool {
	here, err := filepath.Abs("")
	return err == nil && here == root
}

// newInvocationID returns a random UUID, as dbt gives each invocation one.
func newInvocationID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func isTerminal(w io.Writer) bool {
	f, ok := behind(w).(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// widthOf is the width of a terminal in columns, 0 where it is none.
func widthOf(w io.Writer) int {
	if f, ok := behind(w).(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil {
			return width
		}
	}
	return 0
}

// warn reports a warning that belongs to no place of the project.
func (in *invocation) warn(code diag.Code, format string, args ...any) {
	in.reporter.Diagnostics(diag.List{diag.Warn(code, diag.Place{}, format, args...)})
}
