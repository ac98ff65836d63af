package duckdb

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/duckdb/duckdb-go/v2/mapping"

	"elt/compiler/project"
)

// setUp runs what the options ask for, on a session of its own.
func (db *DB) setUp(ctx context.Context) error {
	db.version = strings.TrimPrefix(mapping.LibraryVersion(), "v")
	session, err := db.open(ctx)
	if err != nil {
		return err
	}
	defer session.Close()
	s := setup{ctx: ctx, session: session}
	s.run("setting", "errors_as_json", "SET GLOBAL errors_as_json = true")
	for _, setting := range db.options.Settings {
		s.run("setting", setting.Name, settingSQL(setting))
	}
	for _, extension := range db.options.Extensions {
		s.extension(extension)
	}
	for _, secret := range db.options.Secrets {
		s.secret(secret)
	}
	for _, attachment := range db.options.Attach {
		s.run("database", nameOfAttachment(attachment), attachSQL(attachment))
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
	session *Session
	err     error
}

func (s *setup) run(what, name, sql string) {
	if s.err != nil {
		return
	}
	if _, err := s.session.Exec(s.ctx, sql); err != nil {
		s.err = &SetupError{What: what, Name: name, Err: err}
	}
}

// settingSQL sets a setting globally.
func settingSQL(setting Setting) string {
	return "SET GLOBAL " + project.QuoteIdent(setting.Name) + " = " + project.QuoteString(setting.Value)
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

// secret creates one secret. DuckDB's message may quote what it was given, so it is
// passed on only where it holds none of the values.
func (s *setup) secret(secret Secret) {
	if s.err != nil {
		return
	}
	_, err := s.session.Exec(s.ctx, secretSQL(secret))
	if err != nil {
		s.err = &SetupError{What: "secret", Name: secret.Name, Err: withoutSecrets(err, secret)}
	}
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

func nameOfAttachment(attachment Attachment) string {
	if attachment.Alias != "" {
		return attachment.Alias
	}
	return attachment.Path
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
