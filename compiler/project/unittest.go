package project

import (
	"strings"

	"elt/compiler/diag"
	"elt/compiler/template"
)

// UnitTestInfo is a unit test as its property file has it.
type UnitTestInfo struct {
	Model     string
	Given     []UnitInput
	Expect    UnitRows
	Overrides *template.Dict // macros, vars and env_vars as they are written; nil where there are none
	Versions  template.Value
	Schema    string // of the model tested; set when relations are named
	// ExpectFinal says that expect holds the whole table as it will be after an
	// incremental run, not only the rows the query gives.
	ExpectFinal bool
	FinalPlace  diag.Place
	Keys        map[string]diag.Place // of overrides: "macros.is_incremental", "vars.x"
}

// Override returns one of the overrides: kind is "macros", "vars" or "env_vars".
func (u *UnitTestInfo) Override(kind, name string) (template.Value, bool) {
	return u.OverridesOf(kind).Get(name)
}

// OverridesOf returns the overrides of a kind; never nil.
func (u *UnitTestInfo) OverridesOf(kind string) *template.Dict {
	if u.Overrides != nil {
		if v, ok := u.Overrides.Get(kind); ok {
			if d, ok := v.(*template.Dict); ok {
				return d
			}
		}
	}
	return template.NewDict()
}

// VersionedName is the name of a unit test as dbt shows it: of a versioned model with the
// version behind it.
func (n *Node) VersionedName() string {
	if n.Type != UnitTest || n.Version == "" {
		return n.Name
	}
	return n.Name + "_v" + n.Version
}

// UnitInput is one given input of a unit test.
type UnitInput struct {
	Input string // "ref('x')", "source('a','b')" or "this"
	Place diag.Place
	Rows  UnitRows
	Node  string // unique_id of what Input names, once the project is linked
	// Wrong says that it cannot be made: why was told when the project was parsed.
	Wrong bool
}

// IsThis reports whether the input is the model's own table.
func (i *UnitInput) IsThis() bool { return strings.TrimSpace(i.Input) == "this" }

// UnitRows are rows of a unit test: what is given, or what is expected.
type UnitRows struct {
	Format  string // dict, csv or sql
	Fixture string // name of the file that holds them, or ""
	Place   diag.Place
	// Given says that there are rows, if only none of them: a given seed may do without,
	// and is then read from its file.
	Given bool
	// Ordered says that rows are expected in this order.
	Ordered bool

	Columns []Located // csv: the head
	Lines   []UnitRow // dict and csv
	SQL     Embedded  // sql
}

// UnitRow is one row of a fixture.
type UnitRow struct {
	Place diag.Place
	Cells []UnitCell
}

// Cell returns the cell of a column, letter case aside, as in DuckDB; nil where the row
// has none.
func (r *UnitRow) Cell(column string) *UnitCell {
	for i := range r.Cells {
		if strings.EqualFold(r.Cells[i].Column, column) {
			return &r.Cells[i]
		}
	}
	return nil
}

// UnitCell is one value of a row. Values of a CSV are strings, or nil where nothing
// stands between two delimiters.
type UnitCell struct {
	Column      string
	ColumnPlace diag.Place
	Value       template.Value
	Place       diag.Place
}

// unitTest reads an entry of unit_tests.
func (f *propertyFile) unitTest(c cursor) {
	f.knownKeys(c, unitTestKeys, "a unit test")
	rd := f.rendered()
	name, ok := rd.name(c, "name", "a unit test")
	if !ok {
		return
	}
	model, ok := rd.name(c, "model", "a unit test")
	if !ok {
		return
	}
	u := &UnitTestPatch{Name: name, Place: c.get("name").place(), ModelPlace: c.get("model").place(),
		Path: f.entry.original(), RelPath: f.entry.rel}
	u.Description, _ = f.description(c)
	u.Config = f.config(c, UnitTest, "tags", "meta")
	u.Info.Model = model
	for _, g := range rd.list(c.get("given"), "given") {
		f.given(g, u)
	}
	expect := c.get("expect")
	if !expect.isMap() {
		f.add(diag.New(diag.WrongType, c.place(), "the unit test %q needs a mapping %q", name, "expect"))
		return
	}
	f.knownKeys(expect, expectKeys, "expect")
	u.Info.Expect = f.unitRows(expect)
	u.Info.Expect.Ordered = rd.boolean(expect.get("ordered"), "ordered", false)
	if !u.Info.Expect.Given && expect.get("rows").isNull() && u.Info.Expect.Fixture == "" {
		f.add(diag.New(diag.WrongType, expect.place(), "the unit test %q does not say which rows it expects", name).
			WithHint("list them under rows:; that none come out is rows: []"))
	}
	final := c.get("expect_final")
	u.Info.ExpectFinal, u.Info.FinalPlace = rd.boolean(final, "expect_final", false), final.place()
	f.overrides(c.get("overrides"), &u.Info)
	if v := c.get("versions"); !v.isNull() {
		u.Info.Versions = v.value(f.yaml)
	}
	f.patches.UnitTests = append(f.patches.UnitTests, u)
}

// given reads one input.
func (f *propertyFile) given(g cursor, u *UnitTestPatch) {
	if !g.isMap() {
		f.add(wrongType(g, "given", "a list of mappings"))
		return
	}
	f.knownKeys(g, givenKeys, "an input of a unit test")
	if input, ok := f.raw().name(g, "input", "an input of a unit test"); ok {
		u.Info.Given = append(u.Info.Given, UnitInput{Input: input, Place: g.get("input").place(), Rows: f.unitRows(g)})
	}
}

// overrides reads what a unit test puts in the place of macros and variables.
func (f *propertyFile) overrides(c cursor, info *UnitTestInfo) {
	info.Overrides = f.rendered().mapping(c, "overrides")
	if !c.isMap() {
		return
	}
	f.knownKeys(c, overrideKeys, "overrides")
	info.Keys = map[string]diag.Place{}
	for _, kind := range overrideKeys.names {
		at := c.get(kind)
		if at.isNull() {
			continue
		}
		if !at.isMap() {
			f.add(wrongType(at, kind, "a mapping"))
			continue
		}
		for _, p := range at.pairs() {
			info.Keys[kind+"."+p.key] = p.keyAt.place()
		}
	}
}

// BuildUnitTests returns a node for each unit test. Refs holds the model tested.
func BuildUnitTests(p *Project) ([]*Node, diag.List) {
	var out []*Node
	var diags report
	fixtures := fixturesOf(p)
	for _, u := range p.Patches.UnitTests {
		n := &Node{UniqueID: "unit_test." + p.Name + "." + u.Info.Model + "." + u.Name, Type: UnitTest, Name: u.Name,
			Package: p.Name, Path: u.RelPath, OriginalPath: u.Path, Source: u.Place.Source, Place: u.Place,
			Description: u.Description, PatchPlace: u.Place, Unit: &u.Info,
			Refs: []RefCall{{Name: u.Info.Model, Place: u.ModelPlace}}}
		n.FQN = append(p.fqnPrefix(u.RelPath), u.Info.Model, u.Name)
		cfg, ds := ResolveConfig(p, ResolveInput{Type: UnitTest, Package: p.Name, FQN: n.FQN, Patch: u.Config})
		diags.list = append(diags.list, ds...)
		n.setConfig(cfg)
		for i := range u.Info.Given {
			fixtures.fill(&u.Info.Given[i].Rows, n, &diags)
		}
		fixtures.fill(&u.Info.Expect, n, &diags)
		out = append(out, n)
	}
	return out, diags.list
}
