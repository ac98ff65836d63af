package project

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"elt/compiler/diag"
	"elt/compiler/template"
)

// LoadOptions say where a project is and how it is run. FS and Root are required.
type LoadOptions struct {
	FS   fs.FS  // the project's folder
	Root string // its absolute path

	Profile     string         // --profile; "" for the project's
	Target      string         // --target; "" for the profile's
	ProfilesDir string         // --profiles-dir, absolute or relative to Root; "" for dbt's search
	TargetPath  string         // --target-path; "" for the project's
	Vars        *template.Dict // --vars

	Env  func(name string) (string, bool) // the environment; nil for an empty one
	Home string                           // for ~/.dbt/profiles.yml; "" to skip it
	// ReadFile reads files outside FS (profiles); nil means os.ReadFile.
	ReadFile func(absPath string) ([]byte, error)
	// Uninstalled takes a project whose packages are not installed: for commands that
	// install them, or that need none.
	Uninstalled bool
	// Keep is called once, when it is known where artifacts go, and returns where to keep what need not be
	// parsed again ([TreesKind]); nil, or a nil Keeper, for nowhere. The same comes out without.
	Keep func(*Project) (Keeper, *diag.Diagnostic)
	// Names are what templates in YAML values may use beside env_var, var and target;
	// nil for nothing.
	Names template.Scope
}

// VarLookup looks up a variable of var().
type VarLookup func(name string) (template.Value, bool)

// Load reads a project. The project is nil only where there is none, or where ctx is
// done; the diagnostics are sorted.
//
// The folder holds elt.yml, or dbt_project.yml, or at least a folder "models"; then
// the project works by convention. An elt.yml beside a dbt_project.yml wins.
func Load(ctx context.Context, opts LoadOptions) (*Project, diag.List) {
	l := newLoader(ctx, opts)
	if !l.findProject() {
		return nil, l.list
	}
	l.loadProjectFile()
	l.openKeeper()
	l.loadPackages()
	l.loadFiles()
	l.p.borrow()
	if err := ctx.Err(); err != nil {
		return nil, diag.List{{Code: diag.NoProject, Message: "loading was stopped", Err: err}}
	}
	return l.p, l.list.Sorted()
}

func (l *loader) openKeeper() {
	if l.opts.Keep == nil {
		return
	}
	kept, warning := l.opts.Keep(l.p)
	l.kept = kept
	if warning != nil {
		l.add(warning)
	}
}

// LoadConnection reads of a project what is needed to open its database: the project file and the
// connection, and neither property files nor packages. What is wrong with those does not matter.
func LoadConnection(ctx context.Context, opts LoadOptions) (*Project, diag.List) {
	l := newLoader(ctx, opts)
	if !l.findProject() {
		return nil, l.list
	}
	l.loadProjectFile()
	return l.p, l.list.Sorted()
}

// loadProjectFile reads the project file and the connection.
func (l *loader) loadProjectFile() {
	l.loadEnv()
	l.opts.Profile = orElse(l.opts.Profile, l.setting("PROFILE"))
	l.opts.Target = orElse(l.opts.Target, l.setting("TARGET"))
	file := l.projectDocument()
	l.p.Vars = l.loadVars(file)
	l.loadIdentity(file)
	l.loadTarget(file)
	l.loadSettings(file)
}

// loader is one Load: the project as far as it is read, and what is wrong so far.
type loader struct {
	report
	ctx  context.Context
	opts LoadOptions
	p    *Project
	yaml *renderer // for the project file
	kept Keeper    // of parsed property files; nil for nowhere
}

func newLoader(ctx context.Context, opts LoadOptions) *loader {
	if opts.Env == nil {
		opts.Env = func(string) (string, bool) { return "", false }
	}
	if opts.ReadFile == nil {
		opts.ReadFile = os.ReadFile
	}
	p := &Project{Root: opts.Root, Patches: &Patches{}, opts: opts, env: opts.Env}
	p.Flags, p.Quoting = template.NewDict(), template.NewDict()
	p.configs = map[ResourceType]*configTree{}
	return &loader{ctx: ctx, opts: opts, p: p}
}

// findProject decides which file describes the project.
func (l *loader) findProject() bool {
	for _, name := range []string{"elt.yml", "dbt_project.yml"} {
		if _, err := fs.Stat(l.opts.FS, name); err == nil {
			l.p.FileName = name
			l.p.IsElt = name == "elt.yml"
			l.asDBT = !l.p.IsElt
			return true
		}
	}
	if info, err := fs.Stat(l.opts.FS, "models"); err == nil && info.IsDir() {
		l.p.IsElt = true
		return true
	}
	l.add(diag.New(diag.NoProject, diag.Place{}, "%q is not a project", l.opts.Root).
		WithHint("a project has a file elt.yml or dbt_project.yml, or a folder models; \"elt init NAME\" makes one"))
	return false
}

// loadEnv reads .env of the project's folder. The real environment wins.
func (l *loader) loadEnv() {
	if info, err := fs.Stat(l.opts.FS, ".env"); err != nil || info.IsDir() {
		return // a folder of that name is somebody's virtual environment
	}
	src, ok := l.read(".env")
	if !ok {
		return
	}
	file := parseDotenv(src, l.opts.Env, &l.report)
	l.p.env = func(name string) (string, bool) {
		if v, ok := l.opts.Env(name); ok {
			return v, true
		}
		v, ok := file[name]
		return v, ok
	}
}

// Env looks a variable up as env_var() does: the real environment first, then .env.
func (p *Project) Env(name string) (string, bool) { return p.env(name) }

// read reads a file of the project. A file that is not there gives false; one that
// cannot be read is reported.
func (l *loader) read(name string) (*diag.Source, bool) {
	data, err := fs.ReadFile(l.opts.FS, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false
	}
	if err != nil {
		l.add(unreadable(l.p.shown(name), err))
		return nil, false
	}
	return diag.NewSource(l.p.shown(name), string(data)), true
}

func unreadable(name string, err error) *diag.Diagnostic {
	d := diag.New(diag.NoProject, diag.Place{Source: diag.NewSource(name, "")}, "the file %q cannot be read: %s", name, plainError(err))
	d.Err = err
	return d
}

// plainError leaves out the operation and path of a path error, which are known.
func plainError(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

// document reads and parses a YAML file of the project.
func (l *loader) document(name string) (cursor, bool) {
	src, ok := l.read(name)
	if !ok {
		return cursor{}, false
	}
	return parseDocument(src, &l.report)
}

// projectDocument parses the project file. Where there is none, or it is no
// mapping, the zero cursor stands for a file that says nothing.
func (l *loader) projectDocument() cursor {
	if l.p.FileName == "" {
		return cursor{}
	}
	src, ok := l.read(l.p.FileName)
	if !ok {
		return cursor{}
	}
	l.p.Source = src
	file, ok := parseDocument(src, &l.report)
	if !ok {
		return cursor{}
	}
	if file.exists() && !file.isNull() && !file.isMap() {
		l.add(wrongType(file, l.p.FileName, "a mapping"))
		return cursor{}
	}
	return file
}

// scope returns the names that templates in YAML values may use. Profiles and the
// target in elt.yml may read secrets; they are rendered with a scope of our own.
func (l *loader) scope(vars VarLookup, target *Target) template.Scope {
	return l.p.scope(vars, target)
}

func (p *Project) scope(vars VarLookup, target *Target) template.Scope {
	s := &yamlScope{env: p.env, vars: vars, target: target, project: p, names: p.opts.Names}
	if target == nil { // the connection itself is being read
		s.secrets = true
		s.used = func(secret string) { p.secrets = append(p.secrets, secret) }
	}
	return s
}

// SecretValues returns what must not appear in any log, message or artifact: the
// secret environment variables the connection has read, and the parameters of its
// secrets, but for those that say how a server is asked ("path" would be hidden wherever it stands). Empty and
// very short texts are left out, since to hide them would garble everything.
func (p *Project) SecretValues() []string {
	all := slices.Clone(p.secrets)
	for _, s := range p.Target.Secrets {
		for _, param := range s.params {
			if !slices.Contains([]string{"url_style", "region", "use_ssl", "url_compatibility_mode"}, param.Name) {
				all = append(all, secretTexts(param.Value)...)
			}
		}
	}
	all = slices.DeleteFunc(all, func(s string) bool { return len(s) < 4 })
	slices.Sort(all)
	return slices.Compact(all)
}

// secretTexts returns the strings in a value.
func secretTexts(v template.Value) []string {
	if d, ok := v.(*template.Dict); ok {
		return secretTexts(template.NewList(d.Values()...))
	}
	if elems, ok := elements(v); ok {
		var out []string
		for _, e := range elems {
			out = append(out, secretTexts(e)...)
		}
		return out
	}
	if s, ok := v.(string); ok {
		return []string{s}
	}
	return nil
}

// yamlScope is the scope of property files.
func (p *Project) yamlScope() template.Scope { return p.scope(p.VarsFor(p.Name), p.Target) }

// abs makes a path absolute: relative ones start at the project's folder.
func (l *loader) abs(p string) string {
	if filepath.IsAbs(p) {
		return filepath.Clean(p)
	}
	return filepath.Join(l.opts.Root, p)
}
