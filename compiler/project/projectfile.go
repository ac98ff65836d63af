package project

import (
	"path"
	"path/filepath"
	"strings"
	"unicode"

	"elt/compiler/diag"
	"elt/compiler/regex"
)

// projectKeys are the keys of a project file: dbt's, and elt's own.
var projectKeys = keySet("name", "version", "config-version", "profile", "require-dbt-version",
	"model-paths", "seed-paths", "test-paths", "analysis-paths", "macro-paths", "snapshot-paths",
	"docs-paths", "asset-paths", "function-paths", "source-paths", "data-paths",
	"target-path", "log-path", "packages-install-path", "clean-targets",
	"query-comment", "quoting", "dispatch", "on-run-start", "on-run-end", "vars", "flags", "packages",
	"models", "seeds", "snapshots", "analyses", "sources", "tests", "data_tests", "unit_tests", "metrics",
	"semantic-models", "saved-queries", "exposures", "functions", "macros",
	"restrict-access", "dbt-cloud", "anchors",
	"sql_first", "lake_views", "compat")

// eltKeys are the keys of elt.yml: a project file that may hold the connection.
var eltKeys = projectKeys.with("target", "targets", "default_target")

// projectName is dbt's rule: Python's \w, and no digit at the beginning.
var projectName = regex.Lazy(`^[\pL\p{Nl}\p{No}_][\pL\pN_]*$`)

// IsProjectName reports whether a text can be the name of a project.
func IsProjectName(text string) bool { return projectName().MatchString(text) }

// NameFrom makes the name of a project from a text that is none: letters stay, without signs that
// combine with them, and what else there is becomes an underscore.
func NameFrom(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case unicode.IsLetter(r) || unicode.IsNumber(r):
			b.WriteRune(r)
		case !unicode.IsMark(r) && !strings.HasSuffix(b.String(), "_"):
			b.WriteByte('_')
		}
	}
	name := strings.Trim(b.String(), "_")
	if name == "" {
		return "project"
	}
	if !IsProjectName(name) {
		name = "project_" + name
	}
	return name
}

// loadIdentity reads what the connection and the rest depend on: name, version and
// the project's nature.
func (l *loader) loadIdentity(file cursor) {
	p := l.p
	rd := reader{&l.report, nil}
	known := projectKeys
	if p.FileName == "elt.yml" {
		known = eltKeys
	}
	if file.exists() {
		l.knownKeys(file, known, p.FileName)
	}
	p.Name = conventionName(p.Root)
	if name := file.get("name"); !name.isNull() {
		p.Name, p.Place = rd.str(name, "name"), name.place()
		if !projectName().MatchString(p.Name) {
			if !name.isList() && !name.isMap() {
				l.add(diag.New(diag.WrongType, name.place(), "%q cannot be the name of a project", p.Name).
					WithHint("a name has letters, digits and underscores and does not begin with a digit"))
			}
			p.Name = conventionName(p.Name)
		}
	} else if p.FileName == "dbt_project.yml" {
		l.add(diag.New(diag.WrongType, placeOf(p.Source), "dbt_project.yml needs a %q", "name"))
	}
	p.Version = rd.str(file.get("version"), "version")
	p.AsDBT = l.compat(file, rd)
	p.SQLFirst = rd.boolean(file.get("sql_first"), "sql_first", p.OwnDefaults())
	p.LakeViews = "live"
	if p.OwnDefaults() {
		p.LakeViews = "pinned"
	}
	if lv := file.get("lake_views"); !lv.isNull() {
		switch text := rd.str(lv, "lake_views"); text {
		case "pinned", "live":
			p.LakeViews = text
		default:
			l.add(wrongChoice(lv.place(), "lake_views", text, "pinned", "live"))
		}
	}
}

// compat reads whether the project is to be built as dbt would: the key "compat", or that of
// "flags", where dbt does not mind it.
func (l *loader) compat(file cursor, rd reader) bool {
	value := file.get("compat")
	if value.isNull() {
		if flags := file.get("flags"); flags.isMap() {
			value = flags.get("compat")
		}
	}
	if value.isNull() {
		return false
	}
	text := rd.str(value, "compat")
	if text != "dbt" && text != "elt" {
		l.add(wrongChoice(value.place(), "compat", text, "dbt", "elt"))
	}
	return text == "dbt"
}

// conventionName makes a project's name of a folder's.
func conventionName(root string) string {
	base := filepath.Base(root)
	name := strings.Map(func(r rune) rune {
		if r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return r
		}
		return '_'
	}, base)
	if !projectName().MatchString(name) {
		name = "_" + name
	}
	if strings.Trim(name, "_") == "" {
		return "project"
	}
	return name
}

func placeOf(src *diag.Source) diag.Place { return diag.Place{Source: src} }

// wrongChoice reports a value that is none of those allowed.
func wrongChoice(at diag.Place, key, got string, allowed ...string) *diag.Diagnostic {
	quoted := make([]string, len(allowed))
	for i, a := range allowed {
		quoted[i] = `"` + a + `"`
	}
	last := len(quoted) - 1
	list := strings.Join(quoted[:last], ", ") + " or " + quoted[last]
	d := diag.New(diag.WrongType, at, "%q must be %s, not %q", key, list, got)
	if meant := diag.Suggest(got, allowed); meant != "" {
		return d.WithHint("did you mean %q?", meant)
	}
	return d
}

// loadSettings reads the rest of the project file, now that target can be rendered.
func (l *loader) loadSettings(file cursor) {
	p := l.p
	l.yaml = newRenderer(l.ctx, l.scope(p.VarsFor(p.Name), p.Target))
	rd := reader{&l.report, l.yaml}
	l.loadPaths(file, rd)
	if q := rd.mapping(file.get("quoting"), "quoting"); q != nil {
		p.Quoting = q
	}
	if f := rd.mapping(file.get("flags"), "flags"); f != nil {
		p.Flags = f
	}
	for _, c := range rd.list(file.get("dispatch"), "dispatch") {
		p.Dispatch = append(p.Dispatch, l.dispatch(c, rd)...)
	}
	p.OnRunStart = l.hooks(file.get("on-run-start"), "on-run-start")
	p.OnRunEnd = l.hooks(file.get("on-run-end"), "on-run-end")
	p.RestrictAccess = rd.boolean(file.get("restrict-access"), "restrict-access", false)
	l.loadConfigTrees(file)
}

func (l *loader) dispatch(c cursor, rd reader) []DispatchOrder {
	if !c.isMap() {
		l.add(wrongType(c, "dispatch", "a list of mappings"))
		return nil
	}
	name, ok := rd.name(c, "macro_namespace", "an entry of dispatch")
	order := c.get("search_order")
	if !order.isList() {
		l.add(diag.New(diag.WrongType, c.place(), "an entry of dispatch needs a list %q", "search_order"))
		return nil
	}
	if !ok {
		return nil
	}
	return []DispatchOrder{{Namespace: name, SearchOrder: rd.strs(order, "search_order"), Place: c.place()}}
}

// hooks reads on-run-start and on-run-end: a string, or a list of strings and
// {sql: ..., transaction: ...}. They are rendered when they run.
func (l *loader) hooks(c cursor, key string) []HookText {
	if c.isNull() {
		return nil
	}
	items := []cursor{c}
	if c.isList() {
		items = c.items()
	}
	rd := reader{&l.report, nil}
	var out []HookText
	for _, e := range items {
		if e.isNull() {
			continue
		}
		hook := HookText{Transaction: true, Place: e.place()}
		switch {
		case e.isMap():
			sql, ok := rd.name(e, "sql", "a hook")
			if !ok {
				continue
			}
			hook.SQL = sql
			hook.Transaction = rd.boolean(e.get("transaction"), "transaction", true)
		case e.isText():
			hook.SQL = e.text()
		default:
			l.add(wrongType(e, key, kindWords[hooks]))
			continue
		}
		out = append(out, hook)
	}
	return out
}

// loadPaths reads where resources are.
func (l *loader) loadPaths(file cursor, rd reader) {
	p := l.p
	paths := func(def []string, names ...string) []string {
		for _, name := range names {
			if c := file.get(name); !c.isNull() {
				return l.givenPaths(c, name, def, rd)
			}
		}
		return def
	}
	p.ModelPaths = paths([]string{"models"}, "model-paths", "source-paths")
	p.SeedPaths = paths([]string{"seeds"}, "seed-paths", "data-paths")
	p.TestPaths = paths([]string{"tests"}, "test-paths")
	p.SnapshotPaths = paths([]string{"snapshots"}, "snapshot-paths")
	p.MacroPaths = paths([]string{"macros"}, "macro-paths")
	p.AnalysisPaths = paths([]string{"analyses"}, "analysis-paths")
	p.DocsPaths = paths(nil, "docs-paths")
	if p.DocsPaths == nil {
		p.DocsPaths = p.resourceRoots()
	}
	p.TargetPath = l.targetPath(file, rd)
	p.PackagesPath = orElse(rd.str(file.get("packages-install-path"), "packages-install-path"), "dbt_packages")
	p.CleanTargets = []string{p.TargetPath}
	if c := file.get("clean-targets"); !c.isNull() {
		p.CleanTargets = rd.strs(c, "clean-targets")
	}
}

// givenPaths reads resource paths. Where they are wrong, and reported, the usual ones
// are the best guess.
func (l *loader) givenPaths(c cursor, name string, def []string, rd reader) []string {
	before := len(l.list)
	given := rd.located(c, name)
	if len(l.list) > before {
		return def
	}
	return l.resourcePaths(given, name)
}

// targetPath finds where artifacts go: flag, environment, project file, "target".
func (l *loader) targetPath(file cursor, rd reader) string {
	if l.opts.TargetPath != "" {
		return l.opts.TargetPath
	}
	if v := l.setting("TARGET_PATH"); v != "" {
		return v
	}
	return orElse(rd.str(file.get("target-path"), "target-path"), "target")
}

// setting looks up a flag in the environment by dbt's names, the newer one first.
func (l *loader) setting(name string) string {
	for _, prefix := range []string{"DBT_ENGINE_", "DBT_"} {
		if v, ok := l.p.env(prefix + name); ok && v != "" {
			return v
		}
	}
	return ""
}

func orElse(s, def string) string {
	if s == "" {
		return def
	}
	return s
}

// resourcePaths cleans paths of the project and reports those outside of it.
func (l *loader) resourcePaths(given []Located, key string) []string {
	out := []string{}
	for _, g := range given {
		text := filepath.ToSlash(g.Text)
		if filepath.IsAbs(g.Text) {
			if rel, err := filepath.Rel(l.opts.Root, g.Text); err == nil {
				text = filepath.ToSlash(rel)
			}
		}
		clean := path.Clean(text)
		if clean == ".." || strings.HasPrefix(clean, "../") || path.IsAbs(clean) {
			l.add(diag.New(diag.WrongType, g.Place, "%q of %q is not inside the project", g.Text, key).
				WithHint("resource paths are relative to the folder of the project file"))
			continue
		}
		out = append(out, clean)
	}
	return out
}

// resourceRoots are all resource paths, each once, in a fixed order.
func (p *Project) resourceRoots() []string {
	var out []string
	seen := map[string]bool{}
	for _, list := range [][]string{p.ModelPaths, p.SeedPaths, p.SnapshotPaths, p.AnalysisPaths, p.MacroPaths, p.TestPaths} {
		for _, root := range list {
			if !seen[root] {
				seen[root] = true
				out = append(out, root)
			}
		}
	}
	return out
}

// fqnPrefix is the package and the folders of a path.
func (p *Project) fqnPrefix(file string) []string {
	out := []string{p.Name}
	if dir := path.Dir(file); dir != "." {
		out = append(out, strings.Split(dir, "/")...)
	}
	return out
}
