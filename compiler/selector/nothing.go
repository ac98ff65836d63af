package selector

import (
	"path"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
)

// nothing is the warning about a selector that matches no node.
func (e *evaluation) nothing(s *Spec, results []result) *diag.Diagnostic {
	d := diag.Warn(diag.EmptySelection, s.at, "the selector %q matches no node", s.raw).WithEvent("NoNodesForSelectionCriteria")
	for i, p := range s.Parts {
		if p.Op == Match && !slices.Contains(results[i].direct, true) {
			if hint := e.hint(p.Criterion); hint != "" {
				return d.WithHint("%s", hint)
			}
			return d
		}
	}
	if s.Op == Intersection && len(s.Parts) > 1 {
		return d.WithHint("each of its parts matches some node, but no node matches all of them")
	}
	return d
}

// hint guesses what was meant by a criterion that matches nothing.
func (e *evaluation) hint(c *Criterion) string {
	switch c.Method {
	case "selector":
		return ""
	}
	matches := e.matcher(c)
	for _, n := range e.off {
		if matches(n) {
			return "\"" + n.UniqueID + "\" is disabled"
		}
	}
	prefix := c.prefix()
	if c.Method == "fqn" {
		prefix = ""
	}
	if near := diag.Suggest(c.Value, e.candidates(c)); near != "" {
		return "did you mean \"" + prefix + near + "\"?"
	}
	if c.Method == "fqn" {
		return e.otherMethod(c.Value)
	}
	return ""
}

// otherMethod looks whether a bare name is a tag, a source or a file.
func (e *evaluation) otherMethod(value string) string {
	for _, method := range []string{"tag", "source", "group", "exposure", "file", "test_name"} {
		c := &Criterion{Method: method, Value: value}
		if slices.Contains(e.candidates(c), value) {
			return "did you mean \"" + method + ":" + value + "\"?"
		}
	}
	return ""
}

// candidates are the values that a criterion's method could have here, sorted.
func (e *evaluation) candidates(c *Criterion) []string {
	var out []string
	for _, n := range e.nodes {
		if n != nil {
			out = append(out, candidatesOf(n, c)...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func candidatesOf(n *project.Node, c *Criterion) []string {
	switch c.Method {
	case "fqn":
		return fqnCandidates(n, strings.Contains(c.Value, "."))
	case "tag":
		return n.Tags
	case "group":
		return nonEmpty(group(n))
	case "source":
		return sourceCandidates(n, strings.Count(c.Value, "."))
	case "exposure", "unit_test", "metric", "semantic_model", "saved_query":
		if string(n.Type) == c.Method {
			return []string{n.Name}
		}
	case "path":
		return pathCandidates(n)
	case "file":
		return []string{path.Base(n.OriginalPath), stem(path.Base(n.OriginalPath))}
	case "package":
		return []string{n.Package}
	case "test_name":
		return nonEmpty(testName(n))
	case "config":
		return configCandidates(n, c)
	}
	return nil
}

func nonEmpty(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

func fqnCandidates(n *project.Node, dotted bool) []string {
	if n.Type == project.Source || len(n.FQN) == 0 {
		return nil
	}
	if !dotted {
		return []string{n.Name}
	}
	return []string{strings.Join(n.FQN, "."), strings.Join(n.FQN[1:], ".")}
}

func sourceCandidates(n *project.Node, dots int) []string {
	if n.Type != project.Source || n.Table == nil {
		return nil
	}
	switch dots {
	case 0:
		return []string{n.Table.SourceName}
	case 1:
		return []string{n.Table.SourceName + "." + n.Name}
	}
	return []string{n.Package + "." + n.Table.SourceName + "." + n.Name}
}

// pathCandidates are the node's files and folders.
func pathCandidates(n *project.Node) []string {
	var out []string
	for name := range paths(n) {
		out = append(out, strings.TrimSuffix(name, "/"))
	}
	return out
}

// configCandidates are the texts the node has at the criterion's key.
func configCandidates(n *project.Node, c *Criterion) []string {
	var out []string
	value, _ := configAt(n, c.Args)
	for _, v := range elements(value) {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}
