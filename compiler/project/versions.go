package project

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/template"
)

var (
	versionKeys = keySet("v", "defined_in", "description", "access", "config", "constraints", "docs", "meta",
		"tests", "data_tests", "columns", "deprecation_date")
	includeKeys = keySet("include", "exclude")
)

// ByVersion returns what a patch says of each version of its model, as patches of
// their own; for a model without versions that is the patch itself.
func (patch *Patch) ByVersion() []*Patch {
	if patch.each == nil {
		return []*Patch{patch}
	}
	return patch.each
}

// FileName is the name of the file that holds what the patch describes: of a version
// defined_in, else NAME_vV. The latest version may also be in a file NAME.
func (patch *Patch) FileName() string {
	switch {
	case patch.DefinedIn != "":
		return patch.DefinedIn
	case patch.Version != "":
		return patch.Name + "_v" + patch.Version
	}
	return patch.Name
}

// versions reads versions: of a model. Each becomes a patch that takes over what it
// does not say itself.
func (f *propertyFile) versions(c, latest cursor, p *Patch) {
	list := f.raw().list(c, "versions")
	if list == nil {
		return
	}
	p.VersionsPlace = c.place()
	seen := map[string]diag.Place{}
	for _, e := range list {
		if !e.isMap() {
			f.add(wrongType(e, "versions", "a list of mappings").WithHint("write \"- v: 1\""))
			continue
		}
		one := f.version(e, p)
		if one == nil {
			continue
		}
		if first, ok := seen[one.Version]; ok {
			f.add(diag.New(diag.DuplicateNode, one.Place, "the model %q has two versions %q", p.Name, one.Version).
				WithNote(first, "first here").WithHint("keep one of the two"))
			continue
		}
		seen[one.Version] = one.Place
		p.each = append(p.each, one)
	}
	f.latestVersion(p, latest)
}

// latestVersion tells every version which one is the latest: the one named, else the
// highest.
func (f *propertyFile) latestVersion(p *Patch, at cursor) {
	if len(p.each) == 0 {
		return
	}
	names := make([]string, len(p.each))
	for i, one := range p.each {
		names[i] = one.Version
	}
	if p.LatestVersion == "" {
		p.LatestVersion = slices.MaxFunc(names, compareVersions)
	} else if !contains(names, p.LatestVersion) {
		f.add(diag.New(diag.WrongType, at.place(), "%q is no version of the model %q", p.LatestVersion, p.Name).
			WithHint("its versions are %s", strings.Join(names, ", ")))
	}
	for _, one := range p.each {
		one.LatestVersion = p.LatestVersion
	}
}

// compareVersions compares as numbers where both are, else as texts.
func compareVersions(a, b string) int {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	switch {
	case errX == nil && errY == nil && x < y, (errX != nil || errY != nil) && a < b:
		return -1
	case errX == nil && errY == nil && x == y || a == b:
		return 0
	}
	return 1
}

func (f *propertyFile) version(c cursor, p *Patch) *Patch {
	f.knownKeys(c, versionKeys, "a version")
	v := c.get("v")
	if v.isNull() || v.isMap() || v.isList() {
		f.add(diag.New(diag.WrongType, c.place(), "a version of the model %q needs a %q", p.Name, "v").
			WithHint("write \"- v: 1\""))
		return nil
	}
	one := *p
	one.each, one.Versions = nil, nil
	one.Version, one.Place = template.Str(v.value(nil)), v.place()
	one.DefinedIn = f.rendered().str(c.get("defined_in"), "defined_in")
	if text, at := f.description(c); text != "" {
		one.Description, one.DescPlace = text, at
	}
	if v := c.get("deprecation_date"); v.exists() {
		one.Raw = maps.Clone(p.Raw)
		if one.Raw == nil {
			one.Raw = map[string]ConfigValue{}
		}
		one.Raw["deprecation_date"] = v.configValue(f.yaml)
	}
	own := f.config(c, Model, "meta", "docs", "access")
	one.Config = NewConfig()
	for _, from := range []*Config{p.Config, own} {
		for _, e := range from.own {
			one.Config.Set(e.key, joined(one.Config, e.key, e.value))
		}
	}
	one.Columns = f.versionColumns(c, p)
	if !c.get("tests").isNull() || !c.get("data_tests").isNull() {
		one.Tests = f.tests(c)
	}
	if list := f.constraints(c.get("constraints")); list != nil {
		one.Constraints = list
	}
	return &one
}

// joined is the value of a version's own config over that of the model: mappings are
// merged key by key, the elements of a list go before the model's, everything else is
// replaced.
func joined(c *Config, key string, v ConfigValue) ConfigValue {
	before, _ := c.Get(key)
	switch own := v.Value.(type) {
	case *template.Dict:
		if old, ok := before.Value.(*template.Dict); ok {
			v.Value = mergedDicts(old, own)
		}
	case *template.List:
		if _, ok := elements(before.Value); ok {
			v.Value = appended(own, before.Value)
			v.Each = append(slices.Clone(v.each()), before.each()...)
		}
	}
	return v
}

// versionColumns are the columns of the model that a version includes, all where it
// does not say, and its own.
func (f *propertyFile) versionColumns(c cursor, p *Patch) []*ColumnPatch {
	var own []*ColumnPatch
	all, include, exclude := true, []string(nil), []string(nil)
	for _, e := range f.raw().list(c.get("columns"), "columns") {
		switch {
		case !e.isMap():
			f.add(wrongType(e, "columns", "a list of mappings").WithHint("write \"- name: ...\" or \"- include: all\""))
		case e.get("include").exists() || e.get("exclude").exists():
			f.knownKeys(e, includeKeys, "include and exclude of columns")
			include = f.raw().strs(e.get("include"), "include")
			exclude = f.raw().strs(e.get("exclude"), "exclude")
			all = len(include) == 0 || len(include) == 1 && (include[0] == "all" || include[0] == "*")
		default:
			if col := f.column(e); col != nil {
				own = append(own, col)
			}
		}
	}
	var out []*ColumnPatch
	for _, col := range p.Columns {
		if (all || contains(include, col.Name)) && !contains(exclude, col.Name) {
			shared := *col
			out = append(out, &shared)
		}
	}
	return append(out, own...)
}
