package project

import (
	"fmt"

	"elt/compiler/diag"
	"elt/compiler/template"
)

// tests reads tests: or data_tests: of a resource or a column. Arguments stay as
// they are written: they are rendered when the test is.
func (f *propertyFile) tests(c cursor) []*TestPatch {
	key, list := "data_tests", c.get("data_tests")
	if old := c.get("tests"); !old.isNull() {
		if !list.isNull() {
			f.add(diag.New(diag.WrongType, old.place(), "both %q and %q are given", "tests", "data_tests").
				WithNote(list.place(), "data_tests is here").WithHint("put all tests under data_tests:"))
		} else {
			key, list = "tests", old
		}
	}
	items := f.raw().list(list, key)
	if len(items) == 0 {
		return nil
	}
	out := make([]*TestPatch, 0, len(items))
	for _, e := range items {
		if t := f.test(e, key); t != nil {
			out = append(out, t)
		}
	}
	return out
}

// test reads one test: a name, {name: arguments} or {test_name: name, ...}.
func (f *propertyFile) test(c cursor, key string) *TestPatch {
	if c.isText() {
		return &TestPatch{Name: c.text(), Place: c.place(), Args: template.NewDict()}
	}
	pairs := c.pairs()
	if len(pairs) == 0 {
		f.add(wrongType(c, key, "a list of names and mappings"))
		return nil
	}
	if name := c.get("test_name"); name.exists() {
		return f.testArguments(f.raw().str(name, "test_name"), name, pairs, "test_name")
	}
	if len(pairs) > 1 {
		f.add(diag.New(diag.WrongType, pairs[1].keyAt.place(), "a test has one name, but here are %q and %q", pairs[0].key, pairs[1].key).
			WithNote(pairs[0].keyAt.place(), "the test begins here").
			WithHint("indent the arguments of %q further than its name", pairs[0].key))
		return nil
	}
	args := pairs[0].value
	if !args.isNull() && !args.isMap() {
		f.add(wrongType(args, pairs[0].key, "a mapping of arguments").WithHint("%s", argumentsOf(pairs[0].key)))
		return nil
	}
	return f.testArguments(pairs[0].key, pairs[0].keyAt, args.pairs(), "")
}

// argumentsOf shows how the arguments of a test are written.
func argumentsOf(test string) string {
	switch test {
	case "row_count":
		return "for example row_count: {equals: 3}"
	case "accepted_values":
		return "for example accepted_values: {values: [placed, shipped]}"
	case "relationships":
		return "for example relationships: {to: ref('customers'), field: id}"
	}
	return fmt.Sprintf("name each argument, as in %s: {argument: value}", test)
}

// testArguments gathers the arguments, flat ones first, then those of arguments:.
func (f *propertyFile) testArguments(name string, at cursor, pairs []pair, skip string) *TestPatch {
	t := &TestPatch{Name: name, Place: at.place(), Args: template.NewDict(), ArgPlaces: map[string]diag.Place{}}
	if name == "" {
		f.add(diag.New(diag.WrongType, t.Place, "a test needs a name"))
		return nil
	}
	set := func(p pair) {
		if p.key == "model" {
			f.add(diag.New(diag.WrongType, p.keyAt.place(), "a test cannot be given %q", "model").
				WithHint("it is the resource the test stands under"))
			return
		}
		dictSet(t.Args, p.key, p.value.value(nil))
		t.ArgPlaces[p.key] = p.value.place()
	}
	var nested cursor
	for _, p := range pairs {
		switch p.key {
		case skip:
		case "arguments":
			nested = p.value
		default:
			set(p)
		}
	}
	if !nested.isNull() && !nested.isMap() {
		f.add(wrongType(nested, "arguments", "a mapping"))
		return t
	}
	for _, p := range nested.pairs() {
		set(p)
		t.Nested = append(t.Nested, p.key)
	}
	f.checkTestConfig(t, pairs)
	return t
}

// inConfig begins the names of places of keys under a test's config:.
const inConfig = "config: "

// checkTestConfig checks the config keys of a test, which may stand flat or under
// config:. Values with Jinja are checked when they are rendered.
func (f *propertyFile) checkTestConfig(t *TestPatch, pairs []pair) {
	for _, p := range pairs {
		switch {
		case p.key == "config":
			f.checkTestBlock(t, p.value)
		case testConfigSet[p.key]:
			f.checkTestValue(t.Args, p)
		}
	}
}

// checkTestBlock checks config: of a test.
func (f *propertyFile) checkTestBlock(t *TestPatch, c cursor) {
	if !c.isNull() && !c.isMap() {
		f.add(wrongType(c, "config", "a mapping"))
	}
	value, _ := dictGet(t.Args, "config")
	block, ok := value.(*template.Dict)
	if !ok {
		return
	}
	for _, p := range c.pairs() {
		f.checkConfigKey(Test, p.key, p.keyAt.place())
		t.ArgPlaces[inConfig+p.key] = p.value.place()
		f.checkTestValue(block, p)
	}
}

// checkTestValue reports a value of the wrong type and takes it out of its dict.
func (f *propertyFile) checkTestValue(in *template.Dict, p pair) {
	if p.value.isNull() || hasJinja(p.value.text()) {
		return
	}
	if d := checkConfig(Test, configKey(p.key), p.value.configValue(nil)); d != nil {
		f.add(d)
		in.Delete(p.key)
	}
}

// exposure reads an entry of exposures.
func (f *propertyFile) exposure(c cursor) {
	f.knownKeys(c, exposureKeys, "an exposure")
	rd := f.rendered()
	name, ok := rd.name(c, "name", "an exposure")
	if !ok {
		return
	}
	e := &ExposurePatch{Name: name, Place: c.get("name").place(), Path: f.entry.original(), RelPath: f.entry.rel}
	e.Description, _ = f.description(c)
	e.Label = rd.str(c.get("label"), "label")
	e.Kind = rd.str(c.get("type"), "type")
	kinds := []string{"dashboard", "notebook", "analysis", "ml", "application"}
	if !contains(kinds, e.Kind) {
		if at := c.get("type"); at.isNull() {
			f.add(diag.New(diag.WrongType, c.place(), "the exposure %q needs a %q", name, "type"))
		} else {
			f.add(wrongChoice(at.place(), "type", e.Kind, kinds...))
		}
	}
	e.Maturity = rd.str(c.get("maturity"), "maturity")
	if levels := []string{"low", "medium", "high"}; e.Maturity != "" && !contains(levels, e.Maturity) {
		f.add(wrongChoice(c.get("maturity").place(), "maturity", e.Maturity, levels...))
	}
	e.URL = rd.str(c.get("url"), "url")
	owner := c.get("owner")
	if rd.mapping(owner, "owner") != nil {
		e.OwnerName = rd.str(owner.get("name"), "name")
		e.OwnerEmail = f.ownerEmail(owner.get("email"))
	}
	if e.OwnerName == "" && e.OwnerEmail == "" {
		f.add(diag.New(diag.WrongType, c.place(), "the exposure %q needs an owner with a name or an email", name))
	}
	e.DependsOn = f.raw().located(c.get("depends_on"), "depends_on")
	e.Config = f.config(c, Exposure, "meta", "tags", "enabled")
	f.patches.Exposures = append(f.patches.Exposures, e)
}

// ownerEmail takes one address, or the first of several.
func (f *propertyFile) ownerEmail(c cursor) string {
	if list := f.rendered().strs(c, "email"); len(list) > 0 {
		return list[0]
	}
	return ""
}

func contains(list []string, s string) bool {
	for _, e := range list {
		if e == s {
			return true
		}
	}
	return false
}
