package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"elt/cmd/elt/internal/report"
	"elt/compiler/diag"

	"github.com/urfave/cli/v2"
	"go.yaml.in/yaml/v3"
)

// globalFlags are the flags of dbt that every command takes.
func globalFlags() []cli.Flag {
	levels := []string{"debug", "info", "warn", "error", "none"}
	formats := []string{"text", "json", "debug", "default"}
	flags := []cli.Flag{
		&cli.BoolFlag{Name: "warn-error", Category: groupOutput, Usage: "take every warning for an error"},
		&cli.StringFlag{Name: "warn-error-options", Category: groupOutput, Usage: "which warnings are errors, as `YAML`: '{error: all, warn: [unknown-key]}'"},
		choice("log-level", levels, groupOutput, "how much to say"),
		choice("log-format", formats, groupOutput, "how to say it; json: dbt's events"),
		&cli.StringFlag{Name: "log-path", Category: groupOutput, Usage: "`DIR` for a log of the command, dbt.log"},
		choice("log-level-file", levels, groupOutput, "how much to write into that log"),
		choice("log-format-file", formats, groupOutput, "how to write it"),
		&cli.BoolFlag{Name: "debug", Aliases: []string{"d"}, Category: groupOutput, Usage: "the same as --log-level debug"},
		&cli.BoolFlag{Name: "print", Value: true, Category: groupOutput, Usage: "--no-print leaves out what print() and log() of templates say"},
		&cli.IntFlag{Name: "printer-width", Hidden: true, Category: groupOutput},
		&cli.BoolFlag{Name: "write-json", Value: true, Hidden: true, Category: groupOutput},
		&cli.BoolFlag{Name: "single-threaded", Hidden: true, Category: groupProject},
	}
	for _, name := range ineffective() {
		switch name {
		case "record-timing-info":
			flags = append(flags, &cli.StringFlag{Name: name, Aliases: []string{"r"}, Hidden: true})
		case "partial-parse-file-path", "maximum-seed-size-mib", "log-file-max-bytes", "sqlparse", "v2-parser":
			flags = append(flags, &cli.StringFlag{Name: name, Hidden: true})
		default:
			flags = append(flags, &cli.BoolFlag{Name: name, Hidden: true})
		}
	}
	return flags
}

// ineffective are flags of dbt which are about how dbt works inside.
func ineffective() []string {
	return []string{
		"cache-selected-only", "export-saved-queries", "hints-enabled", "include-saved-query", "introspect", "log-cache-events", "log-file-max-bytes", "macro-debugging",
		"maximum-seed-size-mib", "partial-parse", "partial-parse-file-diff", "partial-parse-file-path", "populate-cache",
		"record-timing-info", "send-anonymous-usage-stats", "show-all-deprecations", "show-resource-report",
		"snowflake-projects-otel", "sqlparse", "static-parser", "upload-to-artifacts-ingest-api", "use-colors-file",
		"use-experimental-parser", "use-fast-test-edges", "use-v2-parser", "v2-parser", "version-check",
	}
}

func isIneffective(name string) bool { return slices.Contains(ineffective(), name) }

// sayIneffective names the flags on the command line that do nothing, once.
func (in *invocation) sayIneffective(c *cli.Context) {
	var names []string
	for _, name := range ineffective() {
		if isGiven(c, name) {
			names = append(names, "--"+name)
		}
	}
	if len(names) == 0 {
		return
	}
	verb := "has"
	if len(names) > 1 {
		verb = "have"
	}
	in.reporter.Diagnostics(diag.List{{
		Severity: diag.Remark, Code: diag.Unsupported,
		Message: fmt.Sprintf("%s %s no effect in elt", strings.Join(names, ", "), verb),
	}})
}

// prepare completes the flags of a command by what the project file says under flags:, and
// reads those that say what becomes of warnings.
func (in *invocation) prepare(c *cli.Context) error {
	if err := refuse(c); err != nil {
		return err
	}
	mine := isGiven(c, "warn-error") || isGiven(c, "warn-error-options")
	if c.Bool("warn-error") && isGiven(c, "warn-error-options") {
		return usagef("--warn-error and --warn-error-options exclude each other").
			withHint("--warn-error is --warn-error-options '{error: all}'")
	}
	for name, value := range in.projectFlags(c) {
		if isGiven(c, name) || mine && strings.HasPrefix(name, "warn-error") || !slices.Contains(flagNames(c.Command), name) {
			continue
		}
		o := findOption(c.Command, "--"+name)
		if err := o.check(value, "flags: "+strings.ReplaceAll(name, "-", "_")); err != nil {
			return err
		}
		if on, ok := parseSwitch(value); ok && !o.takesValue() {
			value = strconv.FormatBool(on)
		}
		if err := c.Set(name, value); err != nil {
			return usagef("flags: %s: %v", name, err)
		}
	}
	if c.Bool("warn-error") {
		in.warnings = diag.Warnings{All: true}
		return nil
	}
	var err error
	in.warnings, err = parseWarnings(c.String("warn-error-options"))
	return err
}

// projectFlags are the flags that the project file gives values to, as text. dbt does not
// render them, so that they are known before anything else. What is wrong with the file is
// said when the project is loaded.
func (in *invocation) projectFlags(c *cli.Context) map[string]string {
	if findOption(c.Command, "--project-dir") == nil {
		return nil
	}
	root, err := in.root(c)
	if err != nil {
		return nil
	}
	var file struct {
		Flags map[string]yaml.Node `yaml:"flags"`
	}
	for _, name := range []string{"elt.yml", "dbt_project.yml"} {
		data, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			continue
		}
		if yaml.Unmarshal(data, &file) != nil {
			return nil
		}
		break
	}
	out := map[string]string{}
	for key, node := range file.Flags {
		name := strings.ReplaceAll(strings.ToLower(key), "_", "-")
		if !slices.Contains(inProjectFile(), name) || node.Tag == "!!null" {
			continue
		}
		if node.Kind == yaml.ScalarNode {
			out[name] = node.Value
			continue
		}
		if text, err := yaml.Marshal(&node); err == nil {
			out[name] = string(text)
		}
	}
	return out
}

// inProjectFile are the flags that a project file may set, as in dbt.
func inProjectFile() []string {
	return []string{
		"debug", "fail-fast", "indirect-selection", "log-format", "log-format-file", "log-level", "log-level-file", "log-path",
		"printer-width", "quiet", "use-colors", "warn-error", "warn-error-options", "write-json",
	}
}

// levelOf is how much a command is to say.
func levelOf(c *cli.Context) report.Level {
	switch {
	case c.Bool("quiet"):
		return max(report.Failure, levelNamed(c.String("log-level")))
	case c.Bool("debug"):
		return report.Debug
	}
	return levelNamed(c.String("log-level"))
}

func levelNamed(word string) report.Level {
	switch word {
	case "debug":
		return report.Debug
	case "warn":
		return report.Warn
	case "error":
		return report.Failure
	case "none":
		return report.Nothing
	}
	return report.Info
}

// forLog adds what --log-format json and --log-path ask for to a reporter.
func (in *invocation) forLog(c *cli.Context, r report.Reporter) report.Reporter {
	var sinks []report.Sink
	if c.String("log-format") == "json" {
		out := in.stderr // beside results
		if isRun(c.Command.Name) {
			out = in.stdout
		}
		sinks = append(sinks, report.Sink{Out: out, JSON: true, Level: levelOf(c)})
		r = report.New(report.Options{Out: in.stdout, Err: in.stderr, Level: report.Nothing})
	}
	if dir := c.String("log-path"); dir != "" {
		level := report.Debug
		if word := c.String("log-level-file"); word != "" {
			level = levelNamed(word)
		}
		format := c.String("log-format-file")
		if format == "" {
			format = c.String("log-format")
		}
		sinks = append(sinks, report.Sink{Out: &logFile{dir: in.inRoot(c, dir)}, JSON: format == "json", Level: level})
	}
	if len(sinks) == 0 {
		return r
	}
	in.eventLog = report.WithEvents(r, report.EventOptions{
		Sinks: sinks, InvocationID: in.id, Version: version(), Command: "elt " + strings.Join(in.words, " "), Started: in.now,
	})
	return in.eventLog
}

// inRoot makes a path relative to the project's folder, as dbt takes it.
func (in *invocation) inRoot(c *cli.Context, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	root, err := in.root(c)
	if err != nil {
		return path
	}
	return filepath.Join(root, path)
}

// logFile is dbt.log in a folder that is made with the first line.
type logFile struct{ dir string }

// Write appends to the file.
func (f *logFile) Write(p []byte) (int, error) {
	if err := os.MkdirAll(f.dir, 0o777); err != nil {
		return 0, err
	}
	return appender(filepath.Join(f.dir, "dbt.log")).Write(p)
}
