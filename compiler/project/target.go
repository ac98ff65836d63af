package project

import (
	"strings"
	"unicode/utf8"

	"elt/compiler/diag"
	"elt/compiler/template"
)

// Target is a resolved connection.
//
// Paths in it (the database, attached databases, local extensions) are relative to
// the project's folder, so that elt does the same wherever it is started.
// dbt-duckdb takes them relative to the working directory; for a dbt that is
// started in the project's folder, as usual, both mean the same file.
type Target struct {
	Name        string // "dev"
	ProfileName string // profile it came from; the project's name where elt.yml holds it
	Source      string // file it was read from: "elt.yml", "profiles.yml" or "" by convention
	Path        string // absolute file, ":memory:" or a URL
	Database    string // catalog name as DuckDB derives it: file stem, or "memory"
	Schema      string
	Threads     int // 0: not set

	Settings           []Setting // SET on every connection, in order
	ConfigOptions      []Setting // options of opening the database, in order
	Attach             []Attach
	Extensions         []Extension
	ExtensionDirectory string // absolute, or ""
	Secrets            []Secret
	Replica            string // absolute path of a read-only copy to publish to, or ""
	ExternalRoot       string // absolute folder or URL of external models; the project's by default
	Retries            Retries

	// Raw is what templates see as target: the keys of dbt's, secrets left out.
	Raw *template.Dict

	places map[[2]string]diag.Place
}

// PlaceOf is where a "setting" or an "extension" of a name is written; none where it is
// not. Its source is no more than that name on its line: what stands around it in the file
// may be a password.
func (t *Target) PlaceOf(what, name string) diag.Place { return t.places[[2]string{what, name}] }

// note remembers where a name is written, if it stands on one line.
func (t *Target) note(what, name string, at diag.Place) {
	if at.IsZero() || name == "" {
		return
	}
	line, _ := at.Source.Position(at.Span.Start)
	text, start := at.Source.Line(line)
	if at.Span.End > start+len(text) {
		return
	}
	if t.places == nil {
		t.places = map[[2]string]diag.Place{}
	}
	before := text[:at.Span.Start-start]
	if word := strings.TrimSpace(before); word != "" && word != "-" {
		before = strings.Repeat(" ", utf8.RuneCountInString(before))
	}
	src := diag.NewSource(at.Source.Path, before+text[at.Span.Start-start:at.Span.End-start])
	src.First = line
	t.places[[2]string{what, name}] = diag.Place{Source: src, Span: diag.Span{Start: len(before), End: len(src.Text)}}
}

// Setting is one name and value, in the order written.
type Setting struct {
	Name  string
	Value template.Value
}

// Attach is a database to attach.
type Attach struct {
	Path     string // absolute, or a URL or connection string
	Alias    string // "" lets DuckDB derive it
	Type     string // "", "sqlite", "postgres", ...
	Secret   string
	ReadOnly bool
	Options  []Setting
}

// Database is the name the attached database has in SQL.
func (a Attach) Database() string {
	if a.Alias != "" {
		return a.Alias
	}
	return DatabaseName(a.Path)
}

// Extension is a DuckDB extension to load.
type Extension struct {
	Name string
	Repo string // "core", "community", a URL or an absolute folder; "" for DuckDB's own
	Path string // absolute path of a file to load as it is, or ""
}

// Secret is a CREATE SECRET. It prints without its values.
type Secret struct {
	Name       string
	Type       string
	Provider   string
	Persistent bool
	Scope      []string
	params     []Setting
}

// Params returns the remaining parameters. They hold credentials: never log them.
func (s Secret) Params() []Setting { return s.params }

// String names the secret and keeps what it holds to itself.
func (s Secret) String() string { return "secret " + s.Name + " (" + s.Type + ")" }

// GoString is String, so that %#v tells no more.
func (s Secret) GoString() string { return s.String() }

// Retries says how often opening the database and statements are tried.
type Retries struct {
	ConnectAttempts     int // at least 1
	QueryAttempts       int // at least 1
	RetryableExceptions []string
}
