package dbtcontext

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"elt/compiler/project"
	"elt/compiler/template"
)

// unitTestValue is a unit test.
func unitTestValue(n *project.Node) *template.Dict {
	info := n.Unit
	given := template.NewList()
	for i := range info.Given {
		given.Elems = append(given.Elems, template.NewDict(append([]template.Item{item("input", info.Given[i].Input)}, rows(&info.Given[i].Rows)...)...))
	}
	d := template.NewDict(
		item("model", info.Model),
		item("given", given),
		item("expect", template.NewDict(rows(&info.Expect)...)),
	)
	d.Add(identity(n)...)
	var overrides template.Value
	if info.Overrides != nil {
		overrides = template.NewDict(item("macros", info.OverridesOf("macros")), item("vars", info.OverridesOf("vars")),
			item("env_vars", info.OverridesOf("env_vars")))
	}
	d.Add(
		item("description", n.Description),
		item("overrides", overrides),
		item("depends_on", dependsOn(n)),
		item("config", ConfigValue(n)),
		item("checksum", unitChecksum(info)),
		item("schema", noneIfEmpty(info.Schema)),
		item("created_at", int64(0)),
		item("versions", versions(info)),
		item("version", versionOrNone(n.Version)),
	)
	return d
}

// versions is versions: with both of its keys, as dbt has it.
func versions(info *project.UnitTestInfo) template.Value {
	d, ok := info.Versions.(*template.Dict)
	if !ok {
		return nil
	}
	get := func(key string) template.Value { v, _ := d.Get(key); return v }
	return template.NewDict(item("include", get("include")), item("exclude", get("exclude")))
}

// rows are rows as dbt keeps them: CSV as mappings, the first row without a NULL first.
func rows(r *project.UnitRows) []template.Item {
	return []template.Item{item("rows", rowValues(r)), item("format", r.Format), item("fixture", noneIfEmpty(r.Fixture))}
}

func rowValues(r *project.UnitRows) template.Value {
	switch {
	case !r.Given:
		return nil
	case r.Format == "sql":
		return r.SQL.Text
	}
	out := template.NewList()
	full := -1
	for i := range r.Lines {
		d, complete := template.NewDict(), true
		for _, cell := range r.Lines[i].Cells {
			_ = d.Set(cell.Column, cell.Value) // a text is always a key
			complete = complete && cell.Value != nil
		}
		if complete && full < 0 {
			full = i
		}
		out.Elems = append(out.Elems, d)
	}
	if full > 0 {
		out.Elems[0], out.Elems[full] = out.Elems[full], out.Elems[0]
	}
	return out
}

// unitChecksum is dbt's checksum of a unit test, by which state:modified knows it: the
// SHA-256 of Python's text of what it consists of.
func unitChecksum(info *project.UnitTestInfo) string {
	var given, files []string
	for i := range info.Given {
		g := &info.Given[i]
		given = append(given, "UnitTestInputFixture(input="+template.Repr(g.Input)+", "+pythonRows(&g.Rows)+")")
		if g.Rows.Fixture != "" {
			files = append(files, "-"+template.Str(rowValues(&g.Rows)))
		}
	}
	overrides, wanted := "None", "None"
	if info.Overrides != nil {
		overrides = "UnitTestOverrides(macros=" + template.Repr(info.OverridesOf("macros")) + ", vars=" +
			template.Repr(info.OverridesOf("vars")) + ", env_vars=" + template.Repr(info.OverridesOf("env_vars")) + ")"
	}
	if v, ok := versions(info).(*template.Dict); ok {
		include, _ := v.Get("include")
		exclude, _ := v.Get("exclude")
		wanted = "UnitTestNodeVersions(include=" + template.Repr(include) + ", exclude=" + template.Repr(exclude) + ")"
	}
	text := strings.Join([]string{
		info.Model, wanted, "[" + strings.Join(given, ", ") + "]",
		"UnitTestOutputFixture(" + pythonRows(&info.Expect) + ")", overrides,
	}, "-") + strings.Join(files, "")
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

var pythonFormats = map[string]string{
	"dict": "<UnitTestFormat.Dict: 'dict'>", "csv": "<UnitTestFormat.CSV: 'csv'>", "sql": "<UnitTestFormat.SQL: 'sql'>",
}

func pythonRows(r *project.UnitRows) string {
	return "rows=" + template.Repr(rowValues(r)) + ", format=" + pythonFormats[r.Format] + ", fixture=" + template.Repr(noneIfEmpty(r.Fixture))
}
