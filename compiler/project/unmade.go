package project

import (
	"path"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/regex"
)

// Models that elt knows and does not make: those in Python. They are nodes like others, so that
// what stands beside them is built, and what reads them is told why it is not.

// IsPython reports whether a node is a model in Python.
func (n *Node) IsPython() bool { return n.Type == Model && path.Ext(n.OriginalPath) == ".py" }

// IsFunction reports whether a node is a table function of dbt-duckdb: a macro that yields rows and
// may have parameters, called as in `from {{ ref('sold') }}(2024)`.
func (n *Node) IsFunction() bool {
	return n.Type == Model && n.Maker == "" && !n.IsPython() && n.Materialized() == "table_function"
}

// Parameters are those of a table function, as SQL: a name, which a type or a default may follow.
// One text may hold several.
func (n *Node) Parameters() []string { return n.Config.Strings("parameters") }

// Unmade says that elt does not make a model, and what to do; nil for all that it makes.
func (n *Node) Unmade() *diag.Diagnostic {
	if !n.IsPython() {
		return nil
	}
	d := diag.New(diag.Unsupported, n.Place, "the model %q is written in Python, which elt does not run", n.Name).
		WithHint("write it in SQL; or let Python write a file or a table, and declare that as a source; or list %s in .dbtignore", n.OriginalPath)
	d.Node = n.UniqueID
	return d
}

// AsTable is what a property file says of a Python model, which dbt takes for a table where
// the property file, and not the project file, says nothing else.
func AsTable(patch *Config) *Config {
	out := NewConfig()
	if patch != nil {
		for _, key := range patch.Keys() {
			v, _ := patch.Get(key)
			out.Set(key, v)
		}
	}
	if _, said := out.Get("materialized"); !said {
		out.Set("materialized", ConfigValue{Value: "table"})
	}
	return out
}

var (
	pythonToken = regex.Lazy(`(?s)"""(?:\\.|[^\\])*?"""|'''(?:\\.|[^\\])*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|#[^\n]*|\bdbt\.(?:ref|source|config)\(|[()]`)
	pythonName  = regex.Lazy(`[A-Za-z_]\w*`)
)

// PythonReferences turns what a Python model says of itself, by calls of dbt.ref, dbt.source and
// dbt.config with literals as dbt reads them, into a template of the same length, in which
// all else is blank: `dbt.ref("a")` becomes `{{ref("a")}}` at the same place.
func PythonReferences(source *diag.Source) *diag.Source {
	text := source.Text
	out := []byte(text)
	for i, c := range out {
		if c != '\n' {
			out[i] = ' '
		}
	}
	start, depth, bare := -1, 0, ""
	last := 0
	for _, at := range pythonToken().FindAllStringIndex(text, -1) {
		token := text[at[0]:at[1]]
		if start >= 0 {
			bare += text[last:at[0]]
		}
		last = at[1]
		switch {
		case start >= 0 && (token[0] == '#' || len(token) > 5 && (token[:3] == `"""` || token[:3] == "'''")):
			bare += "#" // which a template cannot say
		case start < 0 && strings.HasPrefix(token, "dbt."):
			start, depth, bare = at[0], 1, ""
		case start >= 0 && strings.HasSuffix(token, "("):
			depth++
			bare += token
		case start >= 0 && token == ")":
			if depth--; depth == 0 {
				if isLiteral(bare) {
					copy(out[start:], "{{"+text[start+len("dbt."):at[1]]+"}}")
				}
				start = -1
			}
		}
	}
	return diag.NewSource(source.Path, string(out))
}

// isLiteral reports whether arguments are literals: bare is what they are without strings.
func isLiteral(bare string) bool {
	for _, at := range pythonName().FindAllStringIndex(bare, -1) {
		name, after := bare[at[0]:at[1]], strings.TrimLeft(bare[at[1]:], " \n")
		keyword := strings.HasPrefix(after, "=") && !strings.HasPrefix(after, "==")
		if !keyword && name != "True" && name != "False" && name != "None" {
			return false
		}
	}
	return !strings.ContainsAny(bare, "()%#")
}
