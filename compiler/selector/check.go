package selector

import (
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
)

// methods are dbt's, in the order of its documentation.
var methods = [...]string{"fqn", "tag", "group", "access", "source", "path", "file", "package", "config",
	"test_name", "test_type", "resource_type", "state", "exposure", "metric", "result", "source_status",
	"version", "semantic_model", "saved_query", "unit_test", "selector"}

// resourceTypes are the values of resource_type, those included that elt has no nodes of.
var resourceTypes = [...]string{"model", "seed", "snapshot", "source", "test", "unit_test", "exposure",
	"analysis", "operation", "macro", "metric", "semantic_model", "saved_query", "group", "fixture",
	"function", "doc", "rpc", "sql_operation"}

var testTypes = [...]string{"generic", "singular", "data", "unit", "schema"}

var stateKinds = [...]string{"new", "old", "modified", "unmodified", "modified.body", "modified.configs",
	"modified.persisted_descriptions", "modified.relation", "modified.macros", "modified.contract"}

var versionKinds = [...]string{"latest", "prerelease", "old", "none"}

// check says what is wrong with a criterion whatever the project holds.
func (c *Criterion) check(raw string, at diag.Place) *diag.Diagnostic {
	bad := func(format string, args ...any) *diag.Diagnostic {
		return diag.New(diag.BadSelector, at, format, args...)
	}
	if c.ChildrensParents && c.Children {
		return bad(`the selector %q has both "@" and a trailing "+"`, raw).
			WithHint(`"@" takes descendants already, and their ancestors; leave out the "+"`)
	}
	if d := c.checkMethod(raw, at); d != nil {
		return d
	}
	if c.Value == "" {
		d := bad("the selector %q has no value", raw)
		if raw == "" {
			return bad("a selector is empty").WithHint("leave out the comma that has nothing beside it")
		}
		return d.WithHint("write what to select, such as %q", c.example())
	}
	dots := strings.Count(c.Value, ".")
	switch c.Method {
	case "source":
		if dots > 2 {
			return bad("the selector %q names more than a source table", raw).
				WithHint(`write "source:name", "source:name.table" or "source:package.name.table"`)
		}
	case "exposure", "metric", "semantic_model", "saved_query", "unit_test":
		if dots > 1 {
			return bad("the selector %q has too many dots", raw).
				WithHint(`write "%s:name" or "%s:package.name"`, c.Method, c.Method)
		}
	case "resource_type":
		return c.oneOf(raw, at, resourceTypes[:])
	case "test_type":
		return c.oneOf(raw, at, testTypes[:])
	case "state":
		return c.oneOf(raw, at, stateKinds[:])
	case "source_status":
		return c.oneOf(raw, at, []string{"fresher"})
	case "version":
		return c.oneOf(raw, at, versionKinds[:])
	}
	return nil
}

func (c *Criterion) checkMethod(raw string, at diag.Place) *diag.Diagnostic {
	switch c.Method {
	case "config":
		if len(c.Args) == 0 || c.Args[0] == "" {
			return diag.New(diag.BadSelector, at, "the selector %q does not say which config", raw).
				WithHint(`write the key behind a dot: "config.materialized:table"`)
		}
		return nil
	}
	for _, m := range methods {
		if c.Method == m {
			return nil
		}
	}
	d := diag.New(diag.BadSelector, at, "the selector %q uses the method %q, which does not exist", raw, c.Method)
	if near := diag.Suggest(c.Method, methods[:]); near != "" {
		return d.WithHint("did you mean %q?", near+":")
	}
	return d.WithHint("methods are %s", strings.Join(methods[:], ", "))
}

// oneOf complains about a value that is not one of those the method knows.
func (c *Criterion) oneOf(raw string, at diag.Place, values []string) *diag.Diagnostic {
	for _, v := range values {
		if c.Value == v {
			return nil
		}
	}
	d := diag.New(diag.BadSelector, at, "the selector %q names %q, which is no %s", raw, c.Value, c.Method)
	if near := diag.Suggest(c.Value, values); near != "" {
		return d.WithHint("did you mean %q?", near)
	}
	return d.WithHint("it can be %s", strings.Join(values, ", "))
}

// example is a selector of the same method, for hints.
func (c *Criterion) example() string {
	switch c.Method {
	case "fqn":
		return "orders"
	case "path":
		return "path:models/staging"
	case "config":
		return c.prefix() + "table"
	case "resource_type":
		return "resource_type:" + string(project.Seed)
	case "test_type":
		return "test_type:unit"
	case "version":
		return "version:latest"
	}
	return c.Method + ":name"
}
