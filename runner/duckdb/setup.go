package duckdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/duckdb/duckdb-go/v2/mapping"

	"elt/compiler/project"
	"elt/compiler/regex"
	"elt/runner/engine"
)

// setUp runs what the options ask for, on a session of its own.
func (db *DB) setUp(ctx context.Context) error {
	db.version = strings.TrimPrefix(mapping.LibraryVersion(), "v")
	session, err := db.open(ctx)
	if err != nil {
		return err
	}
	defer session.Close()
	s := setup{ctx: ctx, db: db, session: session}
	s.run("setting", "errors_as_json", "SET GLOBAL errors_as_json = true")
	for _, setting := range db.options.Settings {
		s.setting(setting)
		s.forgiveSetting()
	}
	for _, extension := range db.options.Extensions {
		s.extension(extension)
		s.forgive()
	}
	for _, secret := range db.options.Secrets {
		s.secret(secret)
		s.forgive()
	}
	for _, attachment := range db.options.Attach {
		s.attachOrStandIn(attachment)
	}
	if s.err == nil {
		s.err = db.ownCheckpoints(ctx, session)
	}
	if db.options.Shadow {
		s.run("database", ShadowDatabase, "ATTACH IF NOT EXISTS ':memory:' AS "+project.QuoteIdent(ShadowDatabase)+" (READ_WRITE)")
	}
	if s.err != nil {
		return s.err
	}
	table, err := session.Query(ctx, "SELECT current_database()")
	if err != nil {
		return err
	}
	db.database, _ = table.Rows[0][0].(string)
	return nil
}

// setup runs statements until one fails.
type setup struct {
	ctx     context.Context
	db      *DB
	session *Session
	err     error
}

// run runs one statement. Its text does not go into the error: nobody wrote it, and it
// may hold a password.
func (s *setup) run(what, name, sql string) {
	if s.err != nil {
		return
	}
	if _, err := s.session.Exec(s.ctx, sql); err != nil {
		s.err = &SetupError{What: what, Name: name, Err: withoutSQL(err)}
	}
}

// withoutSQL takes the statement and the place in it out of an error.
func withoutSQL(err error) error {
	var failure *engine.Error
	if !errors.As(err, &failure) {
		return err
	}
	clean := *failure
	clean.SQL, clean.Position = "", -1
	return &clean
}

// setting sets a setting globally, or on every session where that is the only way.
func (s *setup) setting(setting Setting) {
	value := project.QuoteIdent(setting.Name) + " = " + project.QuoteString(setting.Value)
	if s.err != nil {
		return
	}
	_, err := s.session.Exec(s.ctx, "SET GLOBAL "+value)
	var failure *engine.Error
	if errors.As(err, &failure) && strings.HasSuffix(failure.Message, "cannot be set globally") {
		local := "SET SESSION " + value
		s.run("setting", setting.Name, local)
		s.db.local = append(s.db.local, local)
		return
	}
	if err != nil {
		s.err = &SetupError{What: "setting", Name: setting.Name, Err: withoutSQL(err)}
	}
}

// extension installs and loads one extension. A file is loaded as it is; from a
// repository it is installed unless it is there already, so that a machine without
// network works once it has been.
func (s *setup) extension(extension Extension) {
	if s.err != nil {
		return
	}
	if extension.Path != "" {
		file, err := extensionFile(extension)
		if err != nil {
			s.err = &SetupError{What: "extension", Name: extension.Name, Err: err}
			return
		}
		// Installing rather than loading the file keeps its name and checks its version.
		s.run("extension", extension.Name, "INSTALL "+project.QuoteString(file))
		s.run("extension", extension.Name, "LOAD "+project.QuoteIdent(extension.Name))
		return
	}
	install := "INSTALL " + project.QuoteIdent(extension.Name)
	switch {
	case strings.ContainsAny(extension.Repo, `/\:.`):
		install += " FROM " + project.QuoteString(extension.Repo)
	case extension.Repo != "":
		install += " FROM " + project.QuoteIdent(extension.Repo)
	}
	s.run("extension", extension.Name, install)
	s.run("extension", extension.Name, "LOAD "+project.QuoteIdent(extension.Name))
}

// extensionFile finds the extension's file: the path itself, or in the folder or below.
func extensionFile(extension Extension) (string, error) {
	info, err := os.Stat(extension.Path)
	if err != nil {
		return "", err
	}
	if !info.IsDir() {
		return extension.Path, nil
	}
	found := ""
	err = filepath.WalkDir(extension.Path, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || found != "" {
			return err
		}
		base := strings.TrimSuffix(entry.Name(), ".gz")
		if base == extension.Name+".duckdb_extension" {
			found = path
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	if found == "" {
		return "", fmt.Errorf("there is no file %q in %q", extension.Name+".duckdb_extension", extension.Path)
	}
	return found, nil
}

// secret creates one secret.
func (s *setup) secret(secret Secret) {
	if s.err != nil {
		return
	}
	_, err := s.session.Exec(s.ctx, secretSQL(secret))
	if err != nil {
		s.err = &SetupError{What: "secret", Name: secret.Name, Err: withoutSecrets(err, secret)}
	}
}

// withoutSecrets returns the error of creating a secret without the statement, which
// holds the values, and with DuckDB's message only where that can hold none of them.
func withoutSecrets(err error, secret Secret) error {
	var failure *engine.Error
	if !errors.As(err, &failure) {
		return err
	}
	clean := &engine.Error{Kind: failure.Kind, Message: failure.Message, Subtype: failure.Subtype, Position: -1}
	if failure.Kind == engine.Parser || repeats(failure.Message, secret) {
		clean.Message = "its parameters are not what DuckDB expects"
	}
	return clean
}

// repeats reports whether a message holds a value of the secret.
func repeats(message string, secret Secret) bool {
	message = strings.ToLower(message)
	for _, value := range secret.Values {
		if value.Value != "" && strings.Contains(message, strings.ToLower(value.Value)) {
			return true
		}
	}
	for _, value := range secret.Raw {
		for _, t := range lex(value.Value) {
			text := strings.ToLower(strings.Trim(value.Value[t.start:t.end], `'"`))
			if t.kind != symbol && text != "" && strings.Contains(message, text) {
				return true
			}
		}
	}
	return false
}

func secretSQL(secret Secret) string {
	var out strings.Builder
	out.WriteString("CREATE OR REPLACE ")
	if secret.Persistent {
		out.WriteString("PERSISTENT ")
	} else {
		out.WriteString("TEMPORARY ")
	}
	out.WriteString("SECRET ")
	if secret.Name != "" {
		out.WriteString(project.QuoteIdent(secret.Name) + " ")
	}
	out.WriteString("(TYPE " + project.QuoteIdent(secret.Type))
	if secret.Provider != "" {
		out.WriteString(", PROVIDER " + project.QuoteIdent(secret.Provider))
	}
	if len(secret.Scope) > 0 {
		scope := make([]string, len(secret.Scope))
		for i, prefix := range secret.Scope {
			scope[i] = project.QuoteString(prefix)
		}
		out.WriteString(", SCOPE [" + strings.Join(scope, ", ") + "]")
	}
	for _, value := range secret.Values {
		out.WriteString(", " + project.QuoteIdent(value.Name) + " " + project.QuoteString(value.Value))
	}
	for _, value := range secret.Raw {
		out.WriteString(", " + project.QuoteIdent(value.Name) + " " + value.Value)
	}
	out.WriteString(")")
	return out.String()
}

// attach attaches one database.
func (s *setup) attach(attachment Attachment) {
	if s.err != nil {
		return
	}
	if attachment.isFile() {
		if err := refusePath(attachment.Path, attachment.ReadOnly || s.db.options.ReadOnly); err != nil {
			s.err = &SetupError{What: "database", Name: nameOfAttachment(attachment), Database: attachment.database(), Err: err}
			return
		}
		if err := mend(attachment.Path); err != nil {
			s.err = mendError(attachment.Path, err)
			return
		}
	}
	if _, err := s.session.Exec(s.ctx, attachSQL(attachment)); err != nil {
		s.err = &SetupError{What: "database", Name: nameOfAttachment(attachment), Database: attachment.database(), Err: attachError(err, attachment, s.db.options.ReadOnly)}
	}
}

// attachError makes facts of what keeps a file of DuckDB's own from being attached.
func attachError(err error, attachment Attachment, readOnly bool) error {
	var failure *engine.Error
	if attachment.isFile() && errors.As(err, &failure) {
		found := openError(Options{Path: attachment.Path, ReadOnly: attachment.ReadOnly || readOnly}, failure.Message)
		var open *OpenError
		if errors.As(found, &open) && open.Kind != Unknown {
			return open
		}
	}
	return withoutConnection(err, attachment)
}

// nameOfAttachment is how messages call a database. A connection string may hold a
// password, so only its kind is told.
func nameOfAttachment(attachment Attachment) string {
	if attachment.Alias != "" {
		return attachment.Alias
	}
	if attachment.Type != "" {
		return attachment.Type
	}
	if kind, _, ok := connectionString(attachment.Path); ok {
		return kind
	}
	return attachment.Path
}

// connectionString parts "postgres:dbname=shop", or "host=db dbname=shop", into what
// stands before the colon and what follows. A path of a file, also one with a drive, is
// none.
func connectionString(path string) (kind, rest string, ok bool) {
	kind, rest, ok = strings.Cut(path, ":")
	if ok && len(kind) > 1 && plainIdent().MatchString(kind) {
		return kind, rest, true
	}
	if credential().MatchString(path) {
		return "database", path, true
	}
	return "", "", false
}

// credential is the part of a connection string that nobody is to read: the value of
// password=..., and what stands between the colon and the @ of a URL.
var credential = regex.Lazy(`(?i)(?:pass\w*|pwd|\w*token|\w*secret|\w*key)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|([^\s&;]+))|://[^:/@\s]*:([^@\s]+)@`)

// withoutConnection returns the error of attaching a database without the statement and
// without what the connection string keeps secret.
func withoutConnection(err error, attachment Attachment) error {
	var failure *engine.Error
	if !errors.As(err, &failure) {
		return err
	}
	hidden := []string{}
	if _, rest, ok := connectionString(attachment.Path); ok {
		hidden = append(hidden, attachment.Path, rest)
	}
	texts := []string{attachment.Path}
	for _, option := range attachment.Options {
		texts = append(texts, option.Name+"="+option.Value)
	}
	for _, text := range texts {
		for _, m := range credential().FindAllStringSubmatch(text, -1) {
			hidden = append(hidden, m[1], m[2], m[3])
		}
	}
	message := failure.Message
	for _, text := range hidden {
		if text != "" {
			message = strings.ReplaceAll(message, text, "***")
		}
	}
	return &engine.Error{Kind: failure.Kind, Message: message, Subtype: failure.Subtype, Position: -1}
}

func attachSQL(attachment Attachment) string {
	sql := "ATTACH IF NOT EXISTS " + project.QuoteString(attachment.Path)
	if attachment.Alias != "" {
		sql += " AS " + project.QuoteIdent(attachment.Alias)
	}
	var options []string
	if attachment.Type != "" {
		options = append(options, "TYPE "+project.QuoteIdent(attachment.Type))
	}
	if attachment.ReadOnly {
		options = append(options, "READ_ONLY")
	}
	for _, option := range attachment.Options {
		options = append(options, strings.TrimSpace(project.QuoteIdent(option.Name)+" "+option.Value))
	}
	if len(options) > 0 {
		sql += " (" + strings.Join(options, ", ") + ")"
	}
	return sql
}
