package project

import (
	"cmp"
	"slices"

	"elt/compiler/diag"
	"elt/compiler/template"
)

// overrideSources brings what sources of the project say of those of a package ("overrides:")
// to where they are declared, as dbt does: the package's source stays what it is, with
// another schema, other columns or whatever else is said.
func (l *loader) overrideSources() {
	first := map[string]diag.Place{}
	own := l.p.Patches.Sources[:0]
	for _, s := range l.p.Patches.Sources {
		if s.Overrides == "" || s.Overrides == l.p.Name {
			own = append(own, s)
			continue
		}
		key := s.Overrides + "." + s.Name
		if place, twice := first[key]; twice {
			l.add(diag.New(diag.DuplicateNode, s.Place, "the source %q of %q is overridden twice", s.Name, s.Overrides).
				WithNote(place, "first here").WithHint("put both into one"))
			continue
		}
		first[key] = s.Place
		l.overrideSource(s)
	}
	l.p.Patches.Sources = own
}

func (l *loader) overrideSource(s *SourcePatch) {
	pkg := l.p.In(s.Overrides)
	if pkg == nil {
		l.add(diag.Warn(diag.UnknownNode, s.Place, "%q overrides a source of %q, but no package has that name", s.Name, s.Overrides).
			WithEvent("UnusedTables"))
		return
	}
	i := slices.IndexFunc(pkg.Patches.Sources, func(o *SourcePatch) bool { return o.Name == s.Name })
	if i < 0 {
		l.add(diag.Warn(diag.UnknownNode, s.Place, "the package %q has no source %q to override", s.Overrides, s.Name).WithEvent("UnusedTables"))
		return
	}
	of := pkg.Patches.Sources[i]
	of.override(s)
	for _, t := range s.Tables {
		j := slices.IndexFunc(of.Tables, func(o *TablePatch) bool { return o.Name == t.Name })
		if j < 0 {
			l.add(diag.Warn(diag.UnknownNode, t.Place, "the source %q of %q has no table %q to override", s.Name, s.Overrides, t.Name).WithEvent("UnusedTables"))
			continue
		}
		of.Tables[j].override(t)
	}
}

// override puts what another declaration says over what is said. As in dbt, its config and
// its freshness come in place of those that were there, even where it has none.
func (s *SourcePatch) override(by *SourcePatch) {
	s.Description = cmp.Or(by.Description, s.Description)
	s.Database, s.RawDatabase = cmp.Or(by.Database, s.Database), cmp.Or(by.RawDatabase, s.RawDatabase)
	s.Schema, s.RawSchema = cmp.Or(by.Schema, s.Schema), cmp.Or(by.RawSchema, s.RawSchema)
	s.Loader = cmp.Or(by.Loader, s.Loader)
	s.Quoting = mergedOrNil(s.Quoting, by.Quoting)
	s.Freshness, s.LoadedAt = by.Freshness, said(by.LoadedAt, s.LoadedAt)
	s.LoadedAtQuery = said(by.LoadedAtQuery, s.LoadedAtQuery)
	s.Config = by.Config
	if by.Meta != nil {
		s.Meta = by.Meta
	}
	if by.Tags != nil {
		s.Tags = by.Tags
	}
	s.Lake.override(by.Lake)
}

// override puts what another declaration says over what is said; columns, tests and
// freshness are replaced as a whole.
func (t *TablePatch) override(by *TablePatch) {
	t.Description = cmp.Or(by.Description, t.Description)
	t.Identifier, t.Loader = cmp.Or(by.Identifier, t.Identifier), cmp.Or(by.Loader, t.Loader)
	t.Quoting = mergedOrNil(t.Quoting, by.Quoting)
	t.Freshness, t.LoadedAt = by.Freshness, said(by.LoadedAt, t.LoadedAt)
	t.LoadedAtQuery = said(by.LoadedAtQuery, t.LoadedAtQuery)
	t.Config = overridden(t.Config, by.Config)
	if by.Meta != nil {
		t.Meta = by.Meta
	}
	if by.Tags != nil {
		t.Tags = by.Tags
	}
	if by.Columns != nil {
		t.Columns = by.Columns
	}
	if by.Tests != nil {
		t.Tests = by.Tests
	}
	t.QuoteColumns = t.QuoteColumns || by.QuoteColumns
	if by.External != nil {
		t.External = by.External
	}
	t.Lake.override(by.Lake)
}

// override puts the files that another declaration names over those that are named.
func (k *lakeKeys) override(by lakeKeys) {
	if by.paths == nil && by.location.Text == "" {
		return
	}
	*k = by
}

func said(v, before ConfigValue) ConfigValue {
	if v.Place.IsZero() {
		return before
	}
	return v
}

func overridden(before, by *Config) *Config {
	out := NewConfig()
	for _, c := range []*Config{before, by} {
		for _, key := range c.Keys() {
			v, _ := c.Get(key)
			out.Set(key, v)
		}
	}
	return out
}

func mergedOrNil(before, by *template.Dict) *template.Dict {
	if before == nil && by == nil {
		return nil
	}
	return mergedDicts(before, by)
}
