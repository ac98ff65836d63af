package selector

import (
	"path"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
)

// matcher decides whether a criterion means a node, its neighbours aside.
type matcher func(n *project.Node) bool

// matcher returns how a criterion decides. The criterion has passed check, and its
// method is not "selector".
func (e *evaluation) matcher(c *Criterion) matcher {
	value := newPattern(c.Value)
	switch c.Method {
	case "fqn":
		return newFQN(c.Value).matches
	case "tag":
		return func(n *project.Node) bool { return anyMatches(value, n.Tags) }
	case "group":
		return func(n *project.Node) bool { return value.matchNonEmpty(group(n)) }
	case "access":
		return func(n *project.Node) bool { return n.Type == project.Model && access(n) == c.Value }
	case "source":
		return sourceMatcher(c.Value)
	case "exposure", "unit_test", "metric", "semantic_model", "saved_query":
		return nameMatcher(project.ResourceType(c.Method), c.Value)
	case "path":
		return newPathPattern(c.Value, e.root).matcher(e.ownPath())
	case "file":
		return fileMatcher(value)
	case "package":
		if c.Value == "this" && e.req.PackageName != "" {
			value = newPattern(e.req.PackageName)
		}
		return func(n *project.Node) bool { return value.match(n.Package) }
	case "config":
		return c.configMatches
	case "resource_type":
		return func(n *project.Node) bool { return string(n.Type) == c.Value }
	case "test_type":
		return testTypeMatcher(c.Value)
	case "test_name":
		return func(n *project.Node) bool { return value.matchNonEmpty(testName(n)) }
	case "version":
		return versionMatcher(c.Value)
	}
	return e.earlier(c) // state, result, source_status
}

// earlier compares with an earlier run. That there is none to compare with is an error.
func (e *evaluation) earlier(c *Criterion) matcher {
	nothing := func(*project.Node) bool { return false }
	if e.req.State == nil {
		e.complain(diag.New(diag.BadSelector, diag.Place{}, "the selector %q compares with an earlier run, and --state does not say which", c.Method+":"+c.Value).
			WithHint("name the folder with its manifest.json: --state DIR"))
		return nothing
	}
	matches, err := e.req.State(c.Method, c.Value)
	if err != nil {
		e.complain(diag.From(err, diag.BadSelector)...)
		return nothing
	}
	return matches
}

// complain reports what has not been reported yet: a criterion may be decided twice.
func (e *evaluation) complain(list ...*diag.Diagnostic) {
	for _, d := range list {
		known := slices.ContainsFunc(e.diags, func(have *diag.Diagnostic) bool { return have.Message == d.Message })
		if !known {
			e.diags = append(e.diags, d)
		}
	}
}

func anyMatches(p pattern, texts []string) bool {
	for _, t := range texts {
		if p.match(t) {
			return true
		}
	}
	return false
}

func (p pattern) matchNonEmpty(text string) bool { return text != "" && p.match(text) }

// group is the group of a node that can have one.
func group(n *project.Node) string {
	switch n.Type {
	case project.Source, project.Exposure, project.UnitTest, project.SemanticModel, project.SavedQuery:
		return "" // as dbt, though the last two can be in one
	}
	return n.Config.String("group", n.Group)
}

func access(n *project.Node) string { return n.Config.String("access", "protected") }

// sourceMatcher reads source, source.table or package.source.table.
func sourceMatcher(text string) matcher {
	parts := strings.Split(text, ".")
	pkg, source, table := "*", parts[0], "*"
	switch len(parts) {
	case 2:
		table = parts[1]
	case 3:
		pkg, source, table = parts[0], parts[1], parts[2]
	}
	p, s, t := newPattern(pkg), newPattern(source), newPattern(table)
	return func(n *project.Node) bool {
		return n.Type == project.Source && n.Table != nil &&
			p.match(n.Package) && s.match(n.Table.SourceName) && t.match(n.Name)
	}
}

// nameMatcher reads name or package.name, of nodes of one type.
func nameMatcher(of project.ResourceType, text string) matcher {
	pkg, name, ok := strings.Cut(text, ".")
	if !ok {
		pkg, name = "*", text
	}
	p, m := newPattern(pkg), newPattern(name)
	return func(n *project.Node) bool {
		return n.Type == of && p.match(n.Package) && m.match(n.Name)
	}
}

// fileMatcher compares with the name of the file, with or without its extension.
func fileMatcher(p pattern) matcher {
	return func(n *project.Node) bool {
		name := path.Base(n.OriginalPath)
		return p.match(name) || p.match(stem(name))
	}
}

// stem is a file name without its last extension, as Python's pathlib has it.
func stem(name string) string {
	if at := strings.LastIndexByte(name, '.'); at > 0 && at < len(name)-1 {
		return name[:at]
	}
	return name
}

func testTypeMatcher(kind string) matcher {
	return func(n *project.Node) bool {
		if n.Type == project.UnitTest {
			return kind == "unit"
		}
		if n.Type != project.Test {
			return false
		}
		generic := n.Test != nil && n.Test.Generic != ""
		switch kind {
		case "generic", "schema":
			return generic
		case "singular":
			return !generic
		}
		return kind == "data"
	}
}

// testName is the name of a generic test's definition ("unique"), or of a unit test.
func testName(n *project.Node) string {
	switch {
	case n.Type == project.UnitTest:
		return n.Name
	case n.Type == project.Test && n.Test != nil:
		return n.Test.Generic
	}
	return ""
}

// ownPath returns a function that tells the files and folders of the project itself,
// as [paths] writes them, from those that only a package has.
func (e *evaluation) ownPath() func(name string) bool {
	name := e.req.PackageName
	foreign := func(n *project.Node) bool { return n != nil && n.Package != name }
	if name == "" || !slices.ContainsFunc(e.nodes, foreign) {
		return func(string) bool { return true }
	}
	own := map[string]bool{}
	for _, n := range e.nodes {
		if n == nil || n.Package != name {
			continue
		}
		for p := range paths(n) {
			own[p] = true
		}
	}
	return func(name string) bool { return own[name] }
}
