package report

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"elt/compiler/diag"
	"elt/runner"
)

// buffer is a file in memory.
type buffer struct{ strings.Builder }

func (*buffer) Close() error { return nil }

func TestJUnit(t *testing.T) {
	t.Parallel()
	var file buffer
	create := func() (io.WriteCloser, error) { return &file, nil }
	tellTo(WithJUnit(New(Options{Out: io.Discard, Err: io.Discard}), create, func(err error) { t.Error(err) }), story(), nil)
	if err := xml.Unmarshal([]byte(file.String()), new(junitSuites)); err != nil {
		t.Error(err)
	}
	golden(t, "junit.xml", file.String())
}

func TestJUnitOfAProjectThatCannotBeRead(t *testing.T) {
	t.Parallel()
	var file buffer
	create := func() (io.WriteCloser, error) { return &file, nil }
	tellTo(WithJUnit(New(Options{Out: io.Discard, Err: io.Discard}), create, func(err error) { t.Error(err) }), nil,
		diag.List{diag.New(diag.UnknownRef, place(marts, "unique"), "no model is named %q", "<orders> & more")})
	golden(t, "junit_error.xml", file.String())
}

func TestGitHub(t *testing.T) {
	t.Parallel()
	var out, summary strings.Builder
	tellTo(WithGitHub(New(Options{Out: io.Discard, Err: io.Discard}), &out, &summary), story(),
		diag.List{diag.New(diag.UnknownRef, place(marts, "unique"), "100%% wrong:\nreally").WithHint("mend it")})
	golden(t, "github.txt", out.String())
	golden(t, "github_summary.md", summary.String())
}

func tellTo(r Reporter, events []runner.Event, err error) {
	for _, e := range events {
		r.Observe(e)
	}
	r.Close(err)
}
