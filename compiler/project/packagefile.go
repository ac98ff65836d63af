package project

import (
	"cmp"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/template"
)

// PackageKind is the key by which an entry of packages.yml names a package.
type PackageKind string

// The kinds of packages: of a hub, a git repository, a folder, a tar archive.
const (
	HubPackage     PackageKind = "package"
	GitPackage     PackageKind = "git"
	LocalPackage   PackageKind = "local"
	TarballPackage PackageKind = "tarball"
)

// PackageSpec is one package that a project asks for.
type PackageSpec struct {
	Kind         PackageKind
	Source       string   // hub name, address or folder
	Unrendered   string   // Source as it is written, without what env_var() read
	Versions     []string // of a hub package: ">=1.0.0", "<2.0.0" or an exact version
	Prerelease   bool     // of a hub package: versions such as 1.0.0-rc1 count too
	Revision     string   // of a git repository: branch, tag or commit; "" for its default
	Subdirectory string   // of a git repository: the folder that holds the project
	WarnUnpinned bool     // of a git repository: warn of a branch that moves
	Project      string   // name of the project in it; of a tarball, and in package-lock.yml
	Place        diag.Place

	json string // what dbt hashes
}

// WantedPackages reads what the project asks for in packages.yml or dependencies.yml, Jinja
// rendered; secrets may be read there.
func (p *Project) WantedPackages(ctx context.Context) ([]PackageSpec, diag.List) {
	return p.PackagesIn(ctx, p.opts.FS, "")
}

// PackagesIn is WantedPackages for another folder, such as that of a package. shown is what
// messages call the folder.
func (p *Project) PackagesIn(ctx context.Context, fsys fs.FS, shown string) ([]PackageSpec, diag.List) {
	var diags report
	var out []PackageSpec
	var first diag.Place
	for _, name := range packageFiles {
		file, ok := readYAML(fsys, name, shown, &diags)
		if !ok {
			continue
		}
		list := file.get("packages")
		if list.isNull() {
			continue
		}
		if !first.IsZero() {
			diags.add(diag.New(diag.WrongType, list.place(), "packages are given in packages.yml and in dependencies.yml").
				WithNote(first, "the other is here").WithHint("keep all of them in one of the two files"))
			break
		}
		first = list.place()
		out = p.packageSpecs(ctx, list, &diags)
	}
	return out, diags.list
}

// PackagesFrom is WantedPackages for a text that is no file, such as what a hub says a package
// asks for.
func (p *Project) PackagesFrom(ctx context.Context, src *diag.Source) ([]PackageSpec, diag.List) {
	var diags report
	file, ok := parseDocument(src, &diags)
	if !ok {
		return nil, diags.list
	}
	return p.packageSpecs(ctx, file.get("packages"), &diags), diags.list
}

// LockedPackages reads package-lock.yml: what was resolved, and for which hash of what was
// asked for. Where there is no such file, the hash is "".
func (p *Project) LockedPackages(ctx context.Context) (specs []PackageSpec, hash string, diags diag.List) {
	var r report
	file, ok := readYAML(p.opts.FS, "package-lock.yml", "", &r)
	if !ok {
		return nil, "", r.list
	}
	specs = p.packageSpecs(ctx, file.get("packages"), &r)
	return specs, reader{&r, nil}.str(file.get("sha1_hash"), "sha1_hash"), r.list
}

// ProjectName reads the name of the project in a folder: of its elt.yml or dbt_project.yml.
func ProjectName(fsys fs.FS, shown string) (string, diag.List) {
	var diags report
	for _, name := range []string{"elt.yml", "dbt_project.yml"} {
		if file, ok := readYAML(fsys, name, shown, &diags); ok {
			text := reader{&diags, nil}.str(file.get("name"), "name")
			if !projectName().MatchString(text) {
				diags.add(diag.New(diag.MissingPackage, file.place(), "%q cannot be the name of a package", text).
					WithHint("a name has letters, digits and underscores and does not begin with a digit"))
			}
			return text, diags.list
		}
	}
	diags.add(diag.New(diag.MissingPackage, diag.Place{}, "%q is no package: it has no dbt_project.yml", cmp.Or(shown, ".")))
	return "", diags.list
}

// readYAML reads a file that may not be there.
func readYAML(fsys fs.FS, name, shown string, diags *report) (cursor, bool) {
	data, err := fs.ReadFile(fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		return cursor{}, false
	}
	if err != nil {
		diags.add(unreadable(path.Join(shown, name), err))
		return cursor{}, false
	}
	return parseDocument(diag.NewSource(path.Join(shown, name), string(data)), diags)
}

func (p *Project) packageSpecs(ctx context.Context, list cursor, diags *report) []PackageSpec {
	scope := &yamlScope{env: p.env, vars: p.VarsFor(p.Name), secrets: true, names: p.opts.Names,
		used: func(secret string) { p.secrets = append(p.secrets, secret) }}
	rd := reader{diags, newRenderer(ctx, scope)}
	var out []PackageSpec
	for _, e := range rd.list(list, "packages") {
		if spec, ok := packageSpec(e, rd); ok {
			out = append(out, spec)
		}
	}
	return out
}

// keysOf are the keys that each kind of package may have.
var keysOf = map[PackageKind]*keys{
	HubPackage:     keySet("package", "version", "install_prerelease", "name"),
	GitPackage:     keySet("git", "revision", "subdirectory", "warn-unpinned", "name"),
	LocalPackage:   keySet("local", "name"),
	TarballPackage: keySet("tarball", "name"),
}

func packageSpec(e cursor, rd reader) (PackageSpec, bool) {
	spec := PackageSpec{Place: e.place(), WarnUnpinned: true}
	for _, kind := range []PackageKind{HubPackage, GitPackage, LocalPackage, TarballPackage} {
		if e.get(string(kind)).exists() {
			spec.Kind = kind
		}
	}
	if spec.Kind == "" {
		d := diag.New(diag.MissingPackage, e.place(), "an entry of packages names no package")
		if e.get("private").exists() {
			d.Message = "a private package needs dbt's own service"
		}
		rd.add(d.WithHint("an entry has package:, git:, local: or tarball:"))
		return spec, false
	}
	before := len(rd.report.list)
	rd.knownKeys(e, keysOf[spec.Kind], "a package with "+string(spec.Kind)+":")
	at := e.get(string(spec.Kind))
	spec.Source, spec.Unrendered = rd.str(at, string(spec.Kind)), at.text()
	version := e.get("version")
	if version.isList() {
		spec.Versions = rd.strs(version, "version")
	} else if !version.isNull() {
		spec.Versions = []string{rd.str(version, "version")}
	}
	spec.Prerelease = rd.boolean(e.get("install_prerelease"), "install_prerelease", false)
	spec.Revision = rd.str(e.get("revision"), "revision")
	spec.Subdirectory = rd.str(e.get("subdirectory"), "subdirectory")
	spec.WarnUnpinned = rd.boolean(e.get("warn-unpinned"), "warn-unpinned", true)
	spec.Project = rd.str(e.get("name"), "name")
	if missing := spec.lacks(); missing != "" && len(rd.report.list) == before {
		rd.add(diag.New(diag.MissingPackage, e.place(), "the package %q needs a %q", spec.Source, missing))
		return spec, false
	}
	spec.json = hashedJSON(spec.Kind, e, rd.r)
	return spec, true
}

// lacks names a key that the package must have and has not.
func (s *PackageSpec) lacks() string {
	switch {
	case s.Source == "":
		return string(s.Kind)
	case s.Kind == HubPackage && len(s.Versions) == 0:
		return "version"
	case s.Kind == TarballPackage && s.Project == "":
		return "name"
	}
	return ""
}

// hashedJSON is what dbt hashes of an entry: its keys with their defaults, and the entry as
// it is written.
func hashedJSON(kind PackageKind, e cursor, r *renderer) string {
	out := template.NewDict()
	switch kind {
	case HubPackage:
		dictSet(out, "install_prerelease", false)
	case GitPackage:
		for _, key := range []string{"revision", "subdirectory", "warn-unpinned"} {
			dictSet(out, key, nil)
		}
	}
	for _, p := range e.pairs() {
		dictSet(out, p.key, p.value.value(r))
	}
	dictSet(out, "unrendered", e.value(nil))
	text, err := template.ToJSON(out, true)
	if err != nil {
		return "" // a value without JSON is no value of YAML
	}
	return text
}

// PackagesHash is dbt's hash of what a project asks for; package-lock.yml holds it, so that
// a lock is known to be out of date.
func PackagesHash(specs []PackageSpec) string {
	texts := make([]string, len(specs))
	for i, s := range specs {
		texts[i] = s.json
	}
	slices.Sort(texts)
	sum := sha1.Sum([]byte(strings.Join(texts, "\n")))
	return hex.EncodeToString(sum[:])
}
