package runner

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"elt/compiler"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
	"elt/runner/duckdb"
	"elt/runner/engine"
)

// OpenTargetReadOnly opens the target's database for reading. It fails with a
// diagnostic where the database does not exist.
func OpenTargetReadOnly(ctx context.Context, plan *compiler.Plan, wait time.Duration) (engine.Engine, error) {
	db, err := openReadOnly(ctx, plan.Project.Target, wait)
	if err != nil {
		return nil, err
	}
	return db, nil
}

// openReadOnly opens the database for reading. A log beside the file is what a killed
// process left: a log that holds an index can only be replayed by opening the database
// for writing, so that is done first.
func openReadOnly(ctx context.Context, target *project.Target, wait time.Duration) (*duckdb.DB, error) {
	options := openOptions(target)
	options.Wait, options.Looking = wait, true
	return openReadOnlyWith(ctx, target, options)
}

// openReadOnlyWith is openReadOnly with options that are settled but for what it says.
func openReadOnlyWith(ctx context.Context, target *project.Target, options duckdb.Options) (*duckdb.DB, error) {
	options.Shadow = true
	if isFile(target.Path) {
		if _, err := os.Stat(target.Path); errors.Is(err, os.ErrNotExist) {
			return nil, diag.New(diag.Database, diag.Place{}, "database %q does not exist", target.Path).
				WithHint("build it first, or look at the target's path")
		}
		if err := replayLog(ctx, options); err != nil {
			return nil, targetFault(target, err)
		}
		options.ReadOnly = true
	}
	db, err := duckdb.Open(ctx, options)
	if err != nil {
		return nil, targetFault(target, err)
	}
	return db, nil
}

// replayLog opens and closes a database that was not closed properly.
func replayLog(ctx context.Context, options duckdb.Options) error {
	if _, err := os.Stat(options.Path + ".wal"); err != nil {
		return nil
	}
	db, err := duckdb.Open(ctx, duckdb.Options{Path: options.Path, Wait: options.Wait})
	if err == nil {
		_ = db.Close() // on a full disk the log stays, and the read-only open reads it if it can
		return nil
	}
	var open *duckdb.OpenError
	if errors.As(err, &open) && open.Kind == duckdb.Locked {
		return err
	}
	return nil // a folder that cannot be written, perhaps: the read-only open will say
}

// makeTargetFolder makes the folder for artifacts where the database lies in it: dbt has
// made it before it opens the database, so that such a project starts from nothing.
func (r *run) makeTargetFolder() error {
	folder := r.plan.Project.TargetPath
	if !filepath.IsAbs(folder) {
		folder = filepath.Join(r.plan.Project.Root, folder)
	}
	if path := r.plan.Project.Target.Path; !isFile(path) || filepath.Dir(path) != filepath.Clean(folder) {
		return nil
	}
	return os.MkdirAll(folder, 0o755)
}

// openReadWrite opens the database for a run.
func openReadWrite(ctx context.Context, target *project.Target, wait time.Duration, beside ...func(engine.Session)) (*duckdb.DB, error) {
	options := openOptions(target)
	options.Wait, options.Shadow, options.Beside = wait, true, beside
	db, err := duckdb.Open(ctx, options)
	if err != nil {
		return nil, targetFault(target, err)
	}
	return db, nil
}

// isFile reports whether a target's path is a file of this machine.
func isFile(path string) bool { return path != "" && path != ":memory:" && !isRemote(path) }

// openOptions turns a target into what the engine wants.
func openOptions(target *project.Target) duckdb.Options {
	options := duckdb.Options{
		Path: target.Path, ExtensionDirectory: target.ExtensionDirectory,
		ConfigOptions: settings(target.ConfigOptions), Settings: settings(target.Settings),
	}
	for _, e := range target.Extensions {
		options.Extensions = append(options.Extensions, duckdb.Extension{Name: e.Name, Repo: e.Repo, Path: e.Path})
	}
	for _, a := range target.Attach {
		options.Attach = append(options.Attach, attachment(a))
	}
	for _, s := range target.Secrets {
		options.Secrets = append(options.Secrets, secret(s))
	}
	return options
}

func settings(in []project.Setting) []duckdb.Setting {
	var out []duckdb.Setting
	for _, s := range in {
		out = append(out, duckdb.Setting{Name: s.Name, Value: template.Str(s.Value)})
	}
	return out
}

func attachment(a project.Attach) duckdb.Attachment {
	out := duckdb.Attachment{Path: a.Path, Alias: a.Alias, Type: a.Type, ReadOnly: a.ReadOnly}
	if a.Secret != "" {
		out.Options = append(out.Options, duckdb.Setting{Name: "secret", Value: project.QuoteIdent(a.Secret)})
	}
	for _, o := range a.Options {
		out.Options = append(out.Options, duckdb.Setting{Name: o.Name, Value: literal(o.Value)})
	}
	return out
}

func secret(s project.Secret) duckdb.Secret {
	out := duckdb.Secret{Name: s.Name, Type: s.Type, Provider: s.Provider, Scope: s.Scope, Persistent: s.Persistent}
	for _, p := range s.Params() {
		switch p.Value.(type) {
		case *template.List, template.Tuple, *template.Dict:
			out.Raw = append(out.Raw, duckdb.Setting{Name: p.Name, Value: literal(p.Value)})
		default:
			out.Values = append(out.Values, duckdb.Setting{Name: p.Name, Value: template.Str(p.Value)})
		}
	}
	return out
}

// literal is a config value as an SQL expression.
func literal(v template.Value) string {
	switch x := v.(type) {
	case nil:
		return "null"
	case string:
		return project.QuoteString(x)
	case *template.List:
		return literals(x.Elems)
	case template.Tuple:
		return literals(x)
	case *template.Dict:
		text := "MAP {"
		for i, item := range x.Items() {
			if i > 0 {
				text += ", "
			}
			text += literal(item.Key) + ": " + literal(item.Value)
		}
		return text + "}"
	}
	return template.Str(v)
}

func literals(values []template.Value) string {
	text := "["
	for i, v := range values {
		if i > 0 {
			text += ", "
		}
		text += literal(v)
	}
	return text + "]"
}
