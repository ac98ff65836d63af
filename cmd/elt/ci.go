package main

import (
	"io"
	"os"

	"elt/cmd/elt/internal/report"

	"github.com/urfave/cli/v2"
)

// forCI adds what --junit and --github ask for to a reporter.
func (in *invocation) forCI(c *cli.Context, r report.Reporter) report.Reporter {
	if path := c.String("junit"); path != "" {
		create := func() (io.WriteCloser, error) { return os.Create(path) }
		r = report.WithJUnit(r, create, func(err error) {
			io.WriteString(in.stderr, "warning: --junit: "+err.Error()+"\n")
		})
	}
	if c.Bool("github") {
		r = report.WithGitHub(r, in.stderr, in.jobSummary())
	}
	return r
}

// jobSummary appends to the file that GitHub shows as the summary of a job.
func (in *invocation) jobSummary() io.Writer {
	path, ok := in.env("GITHUB_STEP_SUMMARY")
	if !ok || path == "" {
		return nil
	}
	return appender(path)
}

// appender is a file that each write opens, appends to and closes.
type appender string

// Write appends to the file.
func (a appender) Write(p []byte) (int, error) {
	file, err := os.OpenFile(string(a), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	return file.Write(p)
}
