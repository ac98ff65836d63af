package packages

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
)

// resolve settles the version of every package that is asked for, here or by a package, and
// learns the name of the project in each.
func (in *installer) resolve(ctx context.Context, wanted []project.PackageSpec) ([]*pinned, error) {
	var order []string
	final := map[string]project.PackageSpec{}
	pending := wanted
	for len(pending) > 0 {
		var next []project.PackageSpec
		for _, spec := range pending {
			key := keyOf(spec)
			joined, err := join(final, key, spec)
			if err != nil {
				return nil, err
			}
			if _, known := final[key]; !known {
				order = append(order, key)
			}
			final[key] = joined
			_, more, err := in.pin(ctx, joined)
			if err != nil {
				return nil, err
			}
			next = append(next, unknown(final, more)...)
		}
		pending = next
	}
	var out []*pinned
	for _, key := range order {
		p, _, err := in.pin(ctx, final[key])
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, in.checkNames(out)
}

// unknown are the packages that add something to what is asked for already, so that packages that ask
// for each other come to an end.
func unknown(final map[string]project.PackageSpec, specs []project.PackageSpec) []project.PackageSpec {
	var out []project.PackageSpec
	for _, s := range specs {
		have, ok := final[keyOf(s)]
		adds := slices.ContainsFunc(s.Versions, func(v string) bool { return !slices.Contains(have.Versions, v) })
		if !ok || have.Kind != s.Kind || adds || s.Kind == project.GitPackage && s.Revision != "" && s.Revision != have.Revision {
			out = append(out, s)
		}
	}
	return out
}

// keyOf is what makes two entries one package.
func keyOf(s project.PackageSpec) string {
	if s.Kind != project.GitPackage {
		return s.Source
	}
	return strings.TrimSuffix(s.Source, ".git") + "\x00" + s.Subdirectory
}

// join adds what one more entry asks for of a package.
func join(final map[string]project.PackageSpec, key string, more project.PackageSpec) (project.PackageSpec, error) {
	have, ok := final[key]
	if !ok {
		return more, nil
	}
	if have.Kind != more.Kind {
		return have, problem(more.Place, "%q is asked for as %s: and as %s:", more.Source, have.Kind, more.Kind).
			WithNote(have.Place, "the other is here")
	}
	for _, v := range more.Versions {
		if !slices.Contains(have.Versions, v) {
			have.Versions = append(slices.Clone(have.Versions), v)
		}
	}
	if more.Revision != "" && have.Revision != "" && more.Revision != have.Revision {
		return have, problem(more.Place, "%q is asked for at two revisions: %q and %q", more.Source, have.Revision, more.Revision).
			WithNote(have.Place, "the other is here")
	}
	have.Revision = orElse(have.Revision, more.Revision)
	return have, nil
}

// pin settles one package and returns what it asks for itself.
func (in *installer) pin(ctx context.Context, spec project.PackageSpec) (*pinned, []project.PackageSpec, error) {
	p := &pinned{spec: spec}
	if spec.Kind == project.HubPackage {
		return in.pinHub(ctx, p)
	}
	if err := in.fetch(ctx, p); err != nil {
		return nil, nil, err
	}
	more, diags := in.Project.PackagesIn(ctx, os.DirFS(p.folder), spec.Source)
	if err := diags.Err(); err != nil {
		return nil, nil, err
	}
	if spec.Kind == project.LocalPackage { // what it names is relative to it
		for i := range more {
			if more[i].Kind == project.LocalPackage && !filepath.IsAbs(more[i].Source) {
				more[i].Source = filepath.ToSlash(filepath.Join(spec.Source, more[i].Source))
			}
		}
	}
	return p, more, nil
}

// pinHub settles a hub package. What it asks for the hub knows.
func (in *installer) pinHub(ctx context.Context, p *pinned) (*pinned, []project.PackageSpec, error) {
	picked, latest, err := in.pickVersion(ctx, p.spec)
	if err != nil {
		return nil, nil, err
	}
	answer, err := in.describe(ctx, p.spec)
	if err != nil {
		return nil, nil, err
	}
	known := answer.Versions[picked]
	p.spec.Versions, p.spec.Project = []string{picked}, orElse(known.Name, answer.Name)
	if latest != picked {
		p.latest = latest
	}
	if len(known.Packages) == 0 {
		return p, nil, nil
	}
	text, err := json.Marshal(map[string]any{"packages": known.Packages}) // JSON is YAML
	if err != nil {
		return nil, nil, err
	}
	more, diags := in.Project.PackagesFrom(ctx, diag.NewSource(p.spec.Source, string(text)))
	return p, more, diags.Err()
}
