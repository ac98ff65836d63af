package main

import (
	"errors"
	"path/filepath"
	"strings"

	"elt/cmd/elt/internal/report"
	"elt/runner"
	"elt/runner/artifact"

	"github.com/urfave/cli/v2"
)

// isCalledDBT reports whether elt was started under dbt's name, as by a link: then tools that
// run dbt read elt's version, exit codes and last line as dbt's.
func isCalledDBT(program string) bool {
	return strings.TrimSuffix(filepath.Base(program), ".exe") == "dbt"
}

// dbtVersionText is what `dbt --version` prints, in its form: the version of dbt whose formats
// elt follows, and elt as what does it.
func dbtVersionText() string {
	return "Core:\n  - installed: " + artifact.DbtVersion + "\n  - latest:    " + artifact.DbtVersion + " - Up to date!\n\n" +
		"Plugins:\n  - duckdb: " + duckdbVersion + " - Up to date!\n  - elt: " + version() + "\n"
}

// dbtExitCode is dbt's exit code where elt's own is code: a project that cannot be read is 2 to
// dbt, 1 are nodes that failed, an operation that did, and what debug has found.
func dbtExitCode(err error, code int) int {
	var operation *operationError
	var check *checkError
	if errors.As(err, &check) && code != exitInterrupted {
		return exitFailed
	}
	if code == exitFailed && !errors.Is(err, errFailed) && !errors.As(err, &operation) {
		return exitUsage
	}
	return code
}

// doneLine prints the last line of a run of dbt, which orchestrators read warnings from.
func (in *invocation) doneLine(c *cli.Context, summary *runner.Summary) error {
	if !in.asDBT || summary == nil || c.Bool("quiet") || c.String("output") == "json" || logsJSON(c) {
		return nil
	}
	return in.print(report.DoneLine(*summary))
}

// logsJSON reports whether standard output holds JSON events, among them that line.
func logsJSON(c *cli.Context) bool { return c.String("log-format") == "json" }
