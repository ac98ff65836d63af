package project

import (
	"path/filepath"
	"strconv"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/template"
)

// connectionKeys are the keys of a connection: dbt-duckdb's and elt's.
var connectionKeys = keySet("type", "path", "database", "schema", "threads", "settings", "config_options",
	"extensions", "extension_directory", "secrets", "external_root", "attach", "retries", "replica",
	"is_ducklake", "keep_open", "disable_transactions", "use_credential_provider",
	"filesystems", "remote", "plugins", "module_paths")

// pythonKeys are those that only dbt-duckdb's Python process can serve.
var pythonKeys = []struct{ key, why string }{
	{"filesystems", "fsspec is a Python library; DuckDB's extensions httpfs, aws and azure read remote files"},
	{"remote", "elt runs DuckDB itself and does not connect to a server"},
	{"plugins", "plugins are Python code; read the data with a lake source or an attached database"},
	{"module_paths", "elt runs no Python"},
	{"disable_transactions", "elt always publishes in a transaction"},
}

var (
	attachKeys    = keySet("path", "alias", "type", "secret", "read_only", "options", "is_ducklake")
	extensionKeys = keySet("name", "repo", "path")
	retriesKeys   = keySet("connect_attempts", "query_attempts", "retryable_exceptions")
)

// connection reads one target.
func (l *loader) connection(c cursor, name, profile string) *Target {
	rd := reader{&l.report, l.yaml}
	t := l.newTarget(name, profile, c.doc.src.Path)
	kind := c.get("type")
	if text := rd.str(kind, "type"); text != "" && text != "duckdb" {
		l.add(diag.New(diag.Unsupported, kind.place(), "the target %q is of type %q", name, text).
			WithHint("elt runs on DuckDB: type: duckdb"))
		return nil
	}
	l.knownKeys(c, connectionKeys, "a connection")
	for _, u := range pythonKeys {
		if v := c.get(u.key); !v.isNull() && !isFalse(v) {
			l.add(diag.Warn(diag.Unsupported, v.place(), "%q has no effect", u.key).WithHint("%s", u.why))
		}
	}
	t.Schema = orElse(rd.str(c.get("schema"), "schema"), "main")
	t.Threads = rd.integer(c.get("threads"), "threads", 0)
	if t.Threads < 0 {
		l.add(diag.New(diag.WrongType, c.get("threads").place(), "%q must be at least 1, not %d", "threads", t.Threads))
		t.Threads = 0
	}
	t.Settings = l.settings(c.get("settings"), "settings", rd)
	t.ConfigOptions = l.settings(c.get("config_options"), "config_options", rd)
	t.Attach = l.attachments(t, c.get("attach"), rd)
	t.Extensions = l.extensions(c.get("extensions"), rd)
	notePlaces(t, c)
	t.Secrets = l.secrets(t, c.get("secrets"), rd)
	if rd.str(c.get("use_credential_provider"), "use_credential_provider") == "aws" {
		t.Secrets = append(t.Secrets, Secret{Name: "_dbt_secret_aws", Type: "s3", Provider: "credential_chain"})
	}
	if v := rd.str(c.get("extension_directory"), "extension_directory"); v != "" {
		t.ExtensionDirectory = l.abs(l.expandHome(v))
	}
	if v := rd.str(c.get("replica"), "replica"); v != "" {
		t.Replica = l.abs(l.expandHome(v))
	}
	l.retries(t, c.get("retries"), rd)
	l.finishTarget(t, c, rd.str(c.get("path"), "path"))
	return t
}

// notePlaces remembers where the settings and extensions stand, for what is wrong with them
// comes out when the database is opened.
func notePlaces(t *Target, c cursor) {
	if settings := c.get("settings"); settings.isMap() {
		for _, p := range settings.pairs() {
			t.note("setting", p.key, p.keyAt.place())
		}
	}
	if extensions := c.get("extensions"); extensions.isList() {
		for _, e := range extensions.items() {
			if e.isMap() {
				e = e.get("name")
			}
			if e.isText() {
				t.note("extension", e.text(), e.place())
			}
		}
	}
}

func isFalse(c cursor) bool {
	n := c.resolve()
	return n != nil && Scalar(n) == false
}

// finishTarget resolves the paths and the database's name, and makes what
// templates see of the target.
func (l *loader) finishTarget(t *Target, c cursor, path string) {
	rd := reader{&l.report, l.yaml}
	given := orElse(path, ":memory:")
	t.Path = l.dataPath(given)
	t.Database = DatabaseName(given)
	l.liftExtensionDirectory(t)
	if db := c.get("database"); !db.isNull() {
		l.checkDatabase(t, db, rd.str(db, "database"))
	}
	root := rd.str(c.get("external_root"), "external_root")
	t.ExternalRoot = l.dataPath(orElse(root, "."))
	t.Raw = l.rawTarget(t, c, given, orElse(root, "."))
}

// checkDatabase accepts the file's own name and attached databases.
func (l *loader) checkDatabase(t *Target, at cursor, name string) {
	if name == t.Database {
		return
	}
	known := []string{t.Database}
	for _, a := range t.Attach {
		known = append(known, a.Database())
		if a.Database() == name {
			t.Database = name
			return
		}
	}
	l.add(diag.New(diag.WrongType, at.place(), "%q is %q, but DuckDB calls the database %q", "database", name, t.Database).
		WithHint("leave %q out, or name the file's or an attached database: %s", "database", strings.Join(known, ", ")))
}

// liftExtensionDirectory moves the setting of that name to its own field, so that
// it is relative to the project too.
func (l *loader) liftExtensionDirectory(t *Target) {
	for _, list := range []*[]Setting{&t.Settings, &t.ConfigOptions} {
		kept := (*list)[:0]
		for _, s := range *list {
			text, ok := s.Value.(string)
			if s.Name != "extension_directory" || !ok {
				kept = append(kept, s)
			} else if t.ExtensionDirectory == "" {
				t.ExtensionDirectory = l.abs(l.expandHome(text))
			}
		}
		*list = kept
	}
}

// dataPath makes a path absolute, unless it is ":memory:" or a URL.
func (l *loader) dataPath(p string) string {
	if isMemory(p) || hasScheme(p) {
		return p
	}
	return l.abs(l.expandHome(p))
}

func (l *loader) expandHome(p string) string {
	if rest, ok := strings.CutPrefix(p, "~/"); ok && l.opts.Home != "" {
		return filepath.Join(l.opts.Home, rest)
	}
	return p
}

func isMemory(p string) bool { return p == "" || strings.HasPrefix(p, ":memory:") }

// hasScheme reports whether a path is no plain file: "s3://...", "md:name",
// "ducklake:meta.db". One letter before a colon is a drive.
func hasScheme(p string) bool {
	at := strings.IndexByte(p, ':')
	if at < 2 {
		return false
	}
	for _, r := range p[:at] {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '+' && r != '-' && r != '.' {
			return false
		}
	}
	return true
}

// DatabaseName is the name DuckDB gives a database it opens from a path: the file's
// name up to its first dot, "memory" for one in memory.
func DatabaseName(path string) string {
	if isMemory(path) {
		if name := strings.TrimPrefix(path, ":memory:"); name != "" {
			return name
		}
		return "memory"
	}
	base := path
	if at := strings.IndexByte(base, '?'); at >= 0 && hasScheme(base) {
		base = base[:at]
	}
	base = filepath.ToSlash(base)
	base = base[strings.LastIndexByte(base, '/')+1:]
	base, _, _ = strings.Cut(base, "?") // which begins options
	if hasScheme(path) {
		base = base[strings.LastIndexByte(base, ':')+1:]
	}
	name, _, _ := strings.Cut(strings.TrimLeft(base, "."), ".")
	if name == "" && strings.HasPrefix(path, "md:") {
		return "my_db"
	}
	switch strings.ToLower(name) {
	case "main", "temp", "system":
		return name + "_db"
	}
	return name
}

// settings reads a mapping of names to plain values.
func (l *loader) settings(c cursor, key string, rd reader) []Setting {
	if c.isNull() {
		return nil
	}
	if !c.isMap() {
		l.add(wrongType(c, key, "a mapping of settings"))
		return nil
	}
	var out []Setting
	for _, p := range c.pairs() {
		if p.value.isMap() {
			l.add(wrongType(p.value, p.key, "a plain value"))
			continue
		}
		out = append(out, Setting{p.key, p.value.value(rd.r)})
	}
	return out
}

func (l *loader) attachments(t *Target, c cursor, rd reader) []Attach {
	var out []Attach
	for _, e := range rd.list(c, "attach") {
		if e.isText() {
			a := Attach{Path: l.dataPath(rd.str(e, "attach"))}
			noteAttached(t, a, cursor{}, e)
			out = append(out, a)
			continue
		}
		if !e.isMap() {
			l.add(wrongType(e, "attach", "a list of mappings"))
			continue
		}
		l.knownKeys(e, attachKeys, "an attached database")
		path, ok := rd.name(e, "path", "an attached database")
		if !ok {
			continue
		}
		a := Attach{Path: path, Alias: rd.str(e.get("alias"), "alias"), Type: rd.str(e.get("type"), "type"),
			Secret: rd.str(e.get("secret"), "secret"), ReadOnly: rd.boolean(e.get("read_only"), "read_only", false),
			Options: l.settings(e.get("options"), "options", rd)}
		l.attachOptions(&a, e)
		switch strings.ToLower(a.Type) {
		case "", "duckdb", "sqlite", "sqlite_scanner":
			a.Path = l.dataPath(path)
		}
		at := e.get("alias")
		if !at.exists() {
			at = e.get("type")
		}
		noteAttached(t, a, at, e.get("path"))
		out = append(out, a)
	}
	return out
}

// noteAttached remembers where an attached database stands: its path, unless that may hold a password
// as connection strings do, else its other name.
func noteAttached(t *Target, a Attach, name, path cursor) {
	at := path
	if strings.ContainsAny(path.text(), ":=@?") {
		at = name
	}
	t.note("database", orElse(a.Alias, orElse(a.Type, a.Path)), at.place())
}

// attachOptions takes type, secret and read_only out of options, where dbt-duckdb
// allows them too.
func (l *loader) attachOptions(a *Attach, c cursor) {
	kept := a.Options[:0]
	for _, o := range a.Options {
		text, _ := o.Value.(string)
		switch strings.ToLower(o.Name) {
		case "type":
			l.twice(c, "type", a.Type != "")
			a.Type = text
		case "secret":
			l.twice(c, "secret", a.Secret != "")
			a.Secret = text
		case "read_only":
			l.twice(c, "read_only", a.ReadOnly)
			a.ReadOnly = o.Value != false && o.Value != nil
		default:
			kept = append(kept, o)
		}
	}
	a.Options = kept
}

func (l *loader) twice(c cursor, key string, given bool) {
	if given {
		l.add(diag.New(diag.WrongType, c.get("options").get(key).place(), "%q is given here and beside options", key).
			WithNote(c.get(key).place(), "and here"))
	}
}

func (l *loader) extensions(c cursor, rd reader) []Extension {
	var out []Extension
	for _, e := range rd.list(c, "extensions") {
		var x Extension
		switch {
		case e.isText():
			x.Name = rd.str(e, "extensions")
		case e.isMap():
			l.knownKeys(e, extensionKeys, "an extension")
			x.Name = rd.str(e.get("name"), "name")
			x.Repo = rd.str(e.get("repo"), "repo")
			x.Path = rd.str(e.get("path"), "path")
		default:
			l.add(wrongType(e, "extensions", "a list of names or mappings"))
			continue
		}
		if strings.HasSuffix(x.Name, ".duckdb_extension") && x.Path == "" {
			x.Path = x.Name
		}
		if x.Path != "" {
			x.Path = l.dataPath(x.Path)
			// A file says itself what it is; in a folder the name says which one.
			if name, ok := strings.CutSuffix(strings.TrimSuffix(filepath.Base(x.Path), ".gz"), ".duckdb_extension"); ok {
				x.Name = name
			}
		}
		if strings.ContainsAny(x.Repo, `/\`) || strings.HasPrefix(x.Repo, ".") {
			x.Repo = l.dataPath(x.Repo)
		}
		if x.Name == "" {
			l.add(diag.New(diag.WrongType, e.place(), "an extension needs a %q", "name"))
			continue
		}
		out = append(out, x)
	}
	return out
}

func (l *loader) retries(t *Target, c cursor, rd reader) {
	if c.isNull() {
		return
	}
	if !c.isMap() {
		l.add(wrongType(c, "retries", "a mapping"))
		return
	}
	l.knownKeys(c, retriesKeys, "retries")
	t.Retries.ConnectAttempts = max(1, rd.integer(c.get("connect_attempts"), "connect_attempts", 1))
	t.Retries.QueryAttempts = max(1, rd.integer(c.get("query_attempts"), "query_attempts", 1))
	t.Retries.RetryableExceptions = rd.strs(c.get("retryable_exceptions"), "retryable_exceptions")
	if len(t.Retries.RetryableExceptions) == 0 {
		t.Retries.RetryableExceptions = []string{"IOException"}
	}
}

// secrets reads the secrets. Everything but type, name, provider, scope and
// persistent is a parameter, and may be a credential.
func (l *loader) secrets(t *Target, c cursor, rd reader) []Secret {
	var out []Secret
	for i, e := range rd.list(c, "secrets") {
		if !e.isMap() {
			l.add(wrongType(e, "secrets", "a list of mappings"))
			continue
		}
		s := Secret{Name: "_dbt_secret_" + strconv.Itoa(i+1)}
		if _, ok := rd.name(e, "type", "a secret"); !ok {
			continue
		}
		for _, p := range e.pairs() {
			switch p.key {
			case "type":
				s.Type = rd.str(p.value, "type")
			case "name":
				s.Name = rd.str(p.value, "name")
			case "provider":
				s.Provider = rd.str(p.value, "provider")
			case "persistent":
				s.Persistent = rd.boolean(p.value, "persistent", false)
			case "scope":
				s.Scope = rd.strs(p.value, "scope")
			default:
				s.params = append(s.params, Setting{p.key, p.value.value(rd.r)})
			}
		}
		at := e.get("name")
		if !at.exists() {
			at = e.get("type")
		}
		t.note("secret", s.Name, at.place())
		out = append(out, s)
	}
	return out
}

// rawTarget is what templates see as target: dbt-duckdb's keys in its order, the
// paths as they are written, and no secrets.
func (l *loader) rawTarget(t *Target, c cursor, path, externalRoot string) *template.Dict {
	d := template.NewDict()
	opt := func(key string) {
		if v := c.get(key); v.exists() {
			dictSet(d, key, v.value(l.yaml))
		} else {
			dictSet(d, key, nil)
		}
	}
	dictSet(d, "database", t.Database)
	dictSet(d, "schema", t.Schema)
	dictSet(d, "path", path)
	opt("config_options")
	opt("extensions")
	dictSet(d, "settings", c.get("settings").dict(l.yaml))
	dictSet(d, "external_root", externalRoot)
	opt("use_credential_provider")
	opt("attach")
	opt("filesystems")
	dictSet(d, "remote", nil)
	opt("plugins")
	dictSet(d, "disable_transactions", false)
	dictSet(d, "type", "duckdb")
	dictSet(d, "threads", int64(max(1, t.Threads)))
	dictSet(d, "name", t.Name)
	dictSet(d, "target_name", t.Name)
	dictSet(d, "profile_name", t.ProfileName)
	return d
}
