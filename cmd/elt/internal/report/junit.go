package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"elt/compiler/diag"
	"elt/runner"
)

// WithJUnit returns a reporter that, beside reporting as r does, writes a JUnit XML
// file when it is closed: a test case for each node, so that CI systems show which
// failed and why. The file is written even where the project could not be read. fail
// is told when it cannot be written.
func WithJUnit(r Reporter, create func() (io.WriteCloser, error), fail func(error)) Reporter {
	return &junit{Reporter: r, create: create, fail: fail}
}

type junit struct {
	Reporter
	create  func() (io.WriteCloser, error)
	fail    func(error)
	summary runner.Summary
	loose   diag.List // what was found outside of a run
}

type junitSuites struct {
	XMLName xml.Name     `xml:"testsuites"`
	Suites  []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Time     string      `xml:"time,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string       `xml:"classname,attr"`
	Name    string       `xml:"name,attr"`
	File    string       `xml:"file,attr,omitempty"`
	Time    string       `xml:"time,attr"`
	Failure *junitDetail `xml:"failure,omitempty"`
	Error   *junitDetail `xml:"error,omitempty"`
	Skipped *junitDetail `xml:"skipped,omitempty"`
	Output  string       `xml:"system-out,omitempty"`
}

type junitDetail struct {
	Message string `xml:"message,attr,omitempty"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

// Observe keeps the summary.
func (j *junit) Observe(e runner.Event) {
	if e, ok := e.(runner.RunFinished); ok {
		j.summary = e.Summary
	}
	j.Reporter.Observe(e)
}

// Diagnostics keeps errors that no node has.
func (j *junit) Diagnostics(list diag.List) {
	j.loose = append(j.loose, list.Errors()...)
	j.Reporter.Diagnostics(list)
}

// Close writes the file.
func (j *junit) Close(err error) {
	j.loose = append(j.loose, diag.From(err, "").Errors()...)
	if failed := j.write(); failed != nil {
		j.fail(failed)
	}
	j.Reporter.Close(err)
}

func (j *junit) write() error {
	file, err := j.create()
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := io.WriteString(file, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(file)
	enc.Indent("", "  ")
	if err := enc.Encode(junitSuites{Suites: []junitSuite{j.suite()}}); err != nil {
		return err
	}
	_, err = io.WriteString(file, "\n")
	return err
}

func (j *junit) suite() junitSuite {
	s := junitSuite{Name: "elt", Time: seconds(j.summary.Elapsed)}
	for _, r := range j.summary.Results {
		c := caseOf(r)
		switch {
		case c.Failure != nil:
			s.Failures++
		case c.Error != nil:
			s.Errors++
		case c.Skipped != nil:
			s.Skipped++
		}
		s.Cases = append(s.Cases, c)
	}
	for _, d := range j.loose {
		s.Errors++
		s.Cases = append(s.Cases, junitCase{
			Class: "elt", Name: string(d.Code), Time: seconds(0),
			Error: &junitDetail{Message: d.Message, Type: string(d.Code), Text: textOf(d)},
		})
	}
	s.Tests = len(s.Cases)
	return s
}

func caseOf(r *runner.NodeResult) junitCase {
	c := junitCase{
		Class: string(r.Node.Type), Name: r.Node.Name, File: r.Node.OriginalPath,
		Time: seconds(r.CompileTime + r.ExecuteTime),
	}
	switch r.Status {
	case runner.Failed:
		c.Failure = detailOf(r, diag.DataTest)
	case runner.Errored, runner.PartialSuccess:
		c.Error = detailOf(r, diag.SQL)
	case runner.Skipped:
		c.Skipped = &junitDetail{Message: "because of " + lastPart(r.SkippedFor)}
		if r.Stopped {
			c.Skipped.Message = "not done: " + r.Message
		}
	case runner.Warned:
		c.Output = detailOf(r, diag.DataTest).Message
	}
	return c
}

func detailOf(r *runner.NodeResult, code diag.Code) *junitDetail {
	detail := &junitDetail{Message: r.Message, Type: string(code)}
	if r.Status != runner.Errored && r.Status != runner.PartialSuccess && detail.Message == "" {
		detail.Message = Plural(r.Failures, "failing row")
	}
	var text strings.Builder
	for i, d := range r.Diagnostics {
		if i == 0 {
			detail.Message, detail.Type = d.Message, string(d.Code)
		}
		text.WriteString(textOf(d))
	}
	if s := r.Sample; s != nil && len(s.Rows) > 0 {
		text.WriteByte('\n')
		WriteTable(&text, Grid{Columns: s.Columns, Rows: s.Rows}, "", 1<<20, Style{})
	}
	if r.Diff != nil {
		writeDiff(&text, r.Diff, 1<<20, Style{})
	}
	detail.Text = text.String()
	return detail
}

// textOf is a diagnostic as it stands on a terminal, without colour.
func textOf(d *diag.Diagnostic) string {
	var b strings.Builder
	writeDiagnostic(&b, d, nil, 120, Style{})
	return b.String()
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
