package duckdb

import (
	"errors"
	"os"
	"strings"

	"elt/compiler/project"
)

// Absent lists what a lenient open has left out: extensions, secrets, attached databases,
// and settings of extensions. In the place of a database stands an empty one.
func (db *DB) Absent() []*SetupError { return db.absent }

// forgive notes a failure and goes on, where the options are lenient.
func (s *setup) forgive() {
	var failure *SetupError
	if s.err == nil || !s.db.options.Lenient || s.ctx.Err() != nil || !errors.As(s.err, &failure) {
		return
	}
	s.db.absent = append(s.db.absent, failure)
	s.err = nil
}

// forgiveSetting is forgive for a setting, which has to exist unless it is an extension's.
func (s *setup) forgiveSetting() {
	if s.err != nil && strings.Contains(s.err.Error(), " extension") {
		s.forgive()
	}
}

// attachOrStandIn attaches a database. An empty one stands in for a file that is not there
// yet, unless it is to be made; where the options are lenient, a file is only read, and an
// empty database stands in for whatever cannot be opened.
func (s *setup) attachOrStandIn(attachment Attachment) {
	lenient := s.db.options.Lenient
	if attachment.isFile() && !attachment.ReadOnly && (lenient || s.db.options.Looking) {
		if _, err := os.Stat(attachment.Path); errors.Is(err, os.ErrNotExist) {
			s.standIn(attachment) // a build will make the file
			return
		}
	}
	if !lenient {
		s.attach(attachment)
		return
	}
	attachment.ReadOnly = attachment.ReadOnly || attachment.isFile()
	s.attach(attachment)
	var open *OpenError
	if errors.As(s.err, &open) { // what a killed checkpoint has left
		s.err = &SetupError{What: "database", Name: nameOfAttachment(attachment), Database: attachment.database(), Err: open}
	}
	before := len(s.db.absent)
	if s.forgive(); len(s.db.absent) > before {
		s.standIn(attachment)
	}
}

// standIn attaches an empty database in memory under the name of another one.
func (s *setup) standIn(attachment Attachment) {
	if name := attachment.database(); name != "" {
		s.run("database", name, "ATTACH IF NOT EXISTS ':memory:' AS "+project.QuoteIdent(name)+" (READ_WRITE)")
	}
}

// database is the name that an attached database has in SQL.
func (a Attachment) database() string {
	return project.Attach{Path: a.Path, Alias: a.Alias}.Database()
}

// isFile reports whether it is a file of DuckDB's own.
func (a Attachment) isFile() bool {
	_, _, remote := connectionString(a.Path)
	return !remote && a.Path != "" && !strings.HasPrefix(a.Path, memoryPath) && (a.Type == "" || strings.EqualFold(a.Type, "duckdb"))
}
