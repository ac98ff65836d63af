package project

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/template"
)

// profilesKeys may stand at the top of profiles.yml beside profiles.
var profilesKeys = map[string]bool{"config": true}

// loadTarget finds the connection: the one in elt.yml, else the profile in
// profiles.yml, else warehouse.duckdb.
func (l *loader) loadTarget(file cursor) {
	vars := l.p.VarsFor(l.p.Name)
	l.yaml = newRenderer(l.ctx, l.scope(vars, nil))
	rd := reader{&l.report, l.yaml}
	inline := l.p.FileName == "elt.yml" && (file.get("target").exists() || file.get("targets").exists())
	if inline && l.opts.Profile == "" {
		l.p.Target = l.inlineTarget(file, rd)
	} else {
		l.p.Target = l.profileTarget(file, rd)
	}
	if l.p.Target == nil {
		l.p.Target = l.conventionTarget()
	}
}

// conventionTarget is the connection of a project that names none.
func (l *loader) conventionTarget() *Target {
	t := l.newTarget("default", l.p.Name, "")
	l.finishTarget(t, cursor{}, "warehouse.duckdb")
	return t
}

// inlineTarget reads target: or targets: of elt.yml.
func (l *loader) inlineTarget(file cursor, rd reader) *Target {
	single, several := file.get("target"), file.get("targets")
	chosen := file.get("default_target")
	if single.isText() && several.exists() && !chosen.exists() {
		chosen, single = single, cursor{} // as in dbt's profiles.yml
	}
	if single.exists() && several.exists() {
		l.add(diag.New(diag.WrongType, single.place(), "elt.yml has both %q and %q", "target", "targets").
			WithNote(several.place(), "targets is here").
			WithHint("name the connection of target: under targets:, and choose with default_target:"))
	}
	if several.exists() {
		if !several.isMap() || len(several.pairs()) == 0 {
			l.add(wrongType(several, "targets", "a mapping of names to connections"))
			return nil
		}
		name := l.opts.Target
		if name == "" {
			name = rd.str(chosen, "default_target")
		}
		if name == "" {
			name = several.pairs()[0].key
		}
		return l.pick(several, name, l.p.Name, chosen)
	}
	if !single.isMap() {
		l.add(wrongType(single, "target", "a mapping: the connection itself").
			WithHint("choose among several targets: with default_target:"))
		return nil
	}
	if l.opts.Target != "" && l.opts.Target != "default" {
		l.add(diag.New(diag.UnknownProfile, single.place(), "there is no target %q", l.opts.Target).
			WithNote(diag.Place{}, asksForTarget).
			WithHint("elt.yml has one target only, \"default\"; several go under targets:"))
		return nil
	}
	return l.connection(single, "default", l.p.Name)
}

// asksForTarget tells where the name of a target comes from that is written in no file shown.
const asksForTarget = "--target, or its environment variable, asks for it"

// pick chooses a target by name. at is where the name was written, if anywhere.
func (l *loader) pick(outputs cursor, name, profile string, at cursor) *Target {
	for _, p := range outputs.pairs() {
		if p.key != name {
			continue
		}
		if !p.value.isMap() {
			l.add(wrongType(p.value, name, "a mapping: a connection"))
			return nil
		}
		return l.connection(p.value, name, profile)
	}
	if l.opts.Target != "" {
		l.add(unknownName(diag.Place{}, "target", name, outputs, " of profile \""+profile+"\"").
			WithNote(outputs.place(), asksForTarget+"; the targets are here"))
		return nil
	}
	place := outputs.place()
	if at.exists() {
		place = at.place()
	}
	l.add(unknownName(place, "target", name, outputs, " of profile \""+profile+"\""))
	return nil
}

// unknownName reports a name that is not a key of a mapping, with those that are.
func unknownName(at diag.Place, kind, name string, in cursor, of string) *diag.Diagnostic {
	var names []string
	for _, p := range in.pairs() {
		if kind != "profile" || !profilesKeys[p.key] {
			names = append(names, p.key)
		}
	}
	slices.Sort(names)
	d := diag.New(diag.UnknownProfile, at, "there is no %s %q", kind, name)
	if len(names) == 0 {
		return d.WithHint("the %ss%s are none at all", kind, of)
	}
	hint := "the " + kind + "s" + of + " are: " + strings.Join(names, ", ")
	if len(names) == 1 {
		hint = "the only " + kind + of + " is: " + names[0]
	}
	if meant := diag.Suggest(name, names); meant != "" {
		hint = "did you mean \"" + meant + "\"? " + hint
	}
	return d.WithHint("%s", hint)
}

// profileTarget reads the connection from profiles.yml. nil means that there is
// none, or that what is there is wrong and was reported.
func (l *loader) profileTarget(file cursor, rd reader) *Target {
	name, at := l.opts.Profile, cursor{}
	if name == "" {
		at = file.get("profile")
		name = rd.str(at, "profile")
	}
	profiles, where, found := l.profiles()
	if name == "" {
		// Nobody names a profile: take the one called like the project, if any.
		if !profiles.get(l.p.Name).exists() {
			l.unknownTargetByConvention()
			return nil
		}
		name = l.p.Name
	}
	if !found {
		l.add(diag.New(diag.UnknownProfile, at.place(), "the profile %q is nowhere: there is no profiles.yml", name).
			WithHint("looked in %s; write it there, or say --profiles-dir", strings.Join(l.profilesDirs(), " and ")))
		return nil
	}
	if !profiles.exists() {
		return nil // not YAML, and reported
	}
	profile := profiles.get(name)
	if !profile.exists() {
		place := at.place()
		if place.IsZero() {
			place = profiles.place()
		}
		l.add(unknownName(place, "profile", name, profiles, " in "+where))
		return nil
	}
	outputs := profile.get("outputs")
	if !outputs.isMap() {
		l.add(diag.New(diag.WrongType, profile.place(), "the profile %q needs a mapping %q", name, "outputs"))
		return nil
	}
	target := l.opts.Target
	if target == "" {
		target = orElse(rd.str(profile.get("target"), "target"), "default")
	}
	return l.pick(outputs, target, name, profile.get("target"))
}

// unknownTargetByConvention reports --target where no connection has a name.
func (l *loader) unknownTargetByConvention() {
	if l.opts.Target != "" && l.opts.Target != "default" {
		l.add(diag.New(diag.UnknownProfile, placeOf(l.p.Source), "there is no target %q", l.opts.Target).
			WithNote(diag.Place{}, asksForTarget).
			WithHint("the project names no connections; give them under targets: in elt.yml or in profiles.yml"))
	}
}

// profilesDirs are the folders profiles.yml is looked for, in dbt's order.
func (l *loader) profilesDirs() []string {
	if l.opts.ProfilesDir != "" {
		return []string{l.abs(l.opts.ProfilesDir)}
	}
	if dir := l.setting("PROFILES_DIR"); dir != "" {
		return []string{l.abs(dir)}
	}
	dirs := []string{l.opts.Root}
	if l.opts.Home != "" {
		dirs = append(dirs, filepath.Join(l.opts.Home, ".dbt"))
	}
	return dirs
}

// ProfilesDir is the folder in which profiles.yml lies, or else the one in which it is looked for last.
func ProfilesDir(ctx context.Context, opts LoadOptions) string {
	l := newLoader(ctx, opts)
	l.loadEnv()
	dirs := l.profilesDirs()
	for _, dir := range dirs {
		if _, err := l.readAbs(filepath.Join(dir, "profiles.yml")); err == nil {
			return dir
		}
	}
	return dirs[len(dirs)-1]
}

// ProfileNames are the profiles of profiles.yml, and where that is; without one, where it was looked for.
func ProfileNames(ctx context.Context, opts LoadOptions) (names []string, where string, err error) {
	l := newLoader(ctx, opts)
	l.loadEnv()
	top, where, found := l.profiles()
	if !found {
		return nil, strings.Join(l.profilesDirs(), " or "), nil
	}
	for _, p := range top.pairs() {
		if !profilesKeys[p.key] {
			names = append(names, p.key)
		}
	}
	return names, where, l.list.Err()
}

// profiles reads profiles.yml. found is false where there is none; a file that is
// not right gives the zero cursor.
func (l *loader) profiles() (top cursor, where string, found bool) {
	for _, dir := range l.profilesDirs() {
		file := filepath.Join(dir, "profiles.yml")
		data, err := l.readAbs(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			l.add(unreadable(file, err))
			return cursor{}, file, true
		}
		name := file
		if dir == filepath.Clean(l.opts.Root) {
			name = "profiles.yml"
		}
		doc, ok := parseDocument(diag.NewSource(name, string(data)), &l.report)
		if ok && !doc.isNull() && !doc.isMap() {
			l.add(wrongType(doc, name, "a mapping of profiles"))
			ok = false
		}
		if !ok {
			return cursor{}, name, true
		}
		return doc, name, true
	}
	return cursor{}, "", false
}

// readAbs reads a file by its absolute path, through FS where it is in the project.
func (l *loader) readAbs(file string) ([]byte, error) {
	if rel, err := filepath.Rel(l.opts.Root, file); err == nil && filepath.IsLocal(rel) {
		return fs.ReadFile(l.opts.FS, filepath.ToSlash(rel))
	}
	return l.opts.ReadFile(file)
}

func (l *loader) newTarget(name, profile, source string) *Target {
	return &Target{Name: name, ProfileName: profile, Source: source, Schema: "main",
		Retries: Retries{ConnectAttempts: 1, QueryAttempts: 1}, Raw: template.NewDict()}
}
