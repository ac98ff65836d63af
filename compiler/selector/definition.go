package selector

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"elt/compiler/diag"
)

// root reads the definition of a selector. It returns nil when it has complained.
func (p *definitionParser) root(n *yaml.Node) *Spec {
	if m, ok := asMapping(n); ok && len(m.pairs) > 1 {
		for _, key := range []string{"union", "intersection"} {
			if m.value(key) != nil {
				p.add(diag.BadSelector, n, "%q stands beside other keys", key).
					WithHint("a definition has a single union: or intersection:; put exclude: into its list")
				return nil
			}
		}
	}
	return p.spec(n)
}

// spec reads a definition: a text, union, intersection or criterion.
func (p *definitionParser) spec(n *yaml.Node) *Spec {
	n = resolve(n)
	if n.Kind == yaml.ScalarNode {
		return p.cliStyle(n)
	}
	m, ok := p.mapping(n, "a definition")
	if !ok {
		return nil
	}
	if list := m.value("union"); list != nil {
		return p.group(n, Union, list)
	}
	if list := m.value("intersection"); list != nil {
		return p.group(n, Intersection, list)
	}
	return p.criterion(n, m)
}

// cliStyle reads a text, which is a single criterion here: dbt does not split it.
func (p *definitionParser) cliStyle(n *yaml.Node) *Spec {
	text, ok := p.text(n, "definition")
	if !ok {
		return nil
	}
	spec, d := parseCriterion(text)
	if d != nil {
		d.Place = p.place(n)
		p.diags = append(p.diags, d)
		return nil
	}
	if strings.ContainsAny(text, ", ") {
		p.diags = append(p.diags, diag.Warn(diag.BadSelector, p.place(n), "the definition %q is one criterion", text).
			WithHint("commas and spaces do not combine criteria here; write union: or intersection:"))
	}
	spec.at = p.place(n)
	return spec
}

// group reads the list of a union or intersection. An entry with exclude: takes away
// from the rest, and there can be one of them; what else such an entry says does not
// count in dbt, so it is warned about.
func (p *definitionParser) group(n *yaml.Node, op Op, list *yaml.Node) *Spec {
	entries, ok := p.sequence(list, opNames[op])
	spec := &Spec{Op: op, Indirect: Eager, at: p.place(n), raw: opNames[op]}
	var excluded *Spec
	for _, entry := range entries {
		m, isMap := asMapping(resolve(entry))
		exclusions := m.value("exclude")
		if !isMap || exclusions == nil {
			part := p.spec(entry)
			ok = ok && part != nil
			spec.Parts = append(spec.Parts, part)
			continue
		}
		if excluded != nil {
			p.add(diag.BadSelector, entry, "a second exclude: stands in one %s", opNames[op]).
				WithHint("put all that is excluded into one list")
			return nil
		}
		if len(m.pairs) > 1 {
			p.warn(entry, "only exclude: counts in this entry of the %s, as in dbt", opNames[op]).
				WithHint("make the rest an entry of its own")
		}
		if excluded = p.exclusions(exclusions); excluded == nil {
			ok = false
		}
	}
	if !ok {
		return nil
	}
	return except(spec, excluded)
}

var opNames = [...]string{Union: "union", Intersection: "intersection"}

// except takes what is excluded, if anything, from a spec.
func except(spec, excluded *Spec) *Spec {
	if excluded == nil {
		return spec
	}
	return &Spec{Op: Difference, Parts: []*Spec{spec, excluded}, Indirect: Eager, at: spec.at, raw: spec.raw}
}

// exclusions reads the list of an exclude:, as a union.
func (p *definitionParser) exclusions(list *yaml.Node) *Spec {
	entries, ok := p.sequence(list, "exclude")
	spec := &Spec{Op: Union, Indirect: Eager, at: p.place(list), raw: "exclude"}
	for _, entry := range entries {
		part := p.spec(entry)
		ok = ok && part != nil
		spec.Parts = append(spec.Parts, part)
	}
	if !ok {
		return nil
	}
	return spec
}

// criterion reads {method: value} or {method: ..., value: ..., parents: ...}.
func (p *definitionParser) criterion(n *yaml.Node, m mapping) *Spec {
	if len(m.pairs) == 1 {
		return p.build(n, m.pairs[0].key, m.pairs[0].value, mapping{})
	}
	method, value := m.value("method"), m.value("value")
	if method == nil || value == nil {
		p.add(diag.BadSelector, n, "a definition has neither one key nor method: and value:").
			WithHint(`write "tag: nightly", or method: and value: with what else it needs`)
		return nil
	}
	p.knownKeys(m, "a definition", "method", "value", "parents", "parents_depth", "children",
		"children_depth", "childrens_parents", "indirect_selection", "exclude")
	name, ok := p.text(method, "method")
	if !ok {
		return nil
	}
	spec := p.build(n, name, value, m)
	if spec == nil || name == "selector" {
		return spec
	}
	if list := m.value("exclude"); list != nil {
		excluded := p.exclusions(list)
		if excluded == nil {
			return nil
		}
		return except(spec, excluded)
	}
	return spec
}

// build makes the criterion of a method and a value with what m adds.
func (p *definitionParser) build(n *yaml.Node, method string, value *yaml.Node, m mapping) *Spec {
	c := &Criterion{ParentsDepth: -1, ChildrenDepth: -1}
	c.Method, c.Args = splitMethod(method)
	ok := p.value(value, c)
	raw := method + ":" + c.Value
	spec := &Spec{Op: Match, Criterion: c, raw: raw, at: p.place(n)}
	if !ok {
		return nil
	}
	if method == "selector" {
		return p.inherit(n, c.Value, m)
	}
	if !p.neighbours(m, c) || !p.indirect(m, spec) {
		return nil
	}
	if d := c.check(raw, p.place(value)); d != nil {
		p.diags = append(p.diags, d)
		return nil
	}
	return spec
}

// inherit returns what an earlier selector is defined as. As in dbt nothing can be
// added to it in the same entry.
func (p *definitionParser) inherit(n *yaml.Node, name string, m mapping) *Spec {
	def := p.out.Lookup(name)
	if def == nil {
		d := p.out.unknown(name, p.place(n))
		p.diags = append(p.diags, d.WithHint("%s; a selector can only name one that stands above it", d.Hint))
		return nil
	}
	if len(m.pairs) > 2 {
		p.warn(n, "only method: and value: count beside the method \"selector\", as in dbt").
			WithHint("put the selector into a union: with an exclude: of its own")
	}
	return def.Spec
}

// neighbours reads parents:, children: and their depths.
func (p *definitionParser) neighbours(m mapping, c *Criterion) bool {
	return p.flag(m, "parents", &c.Parents) && p.flag(m, "children", &c.Children) &&
		p.flag(m, "childrens_parents", &c.ChildrensParents) &&
		p.levels(m, "parents_depth", &c.ParentsDepth) && p.levels(m, "children_depth", &c.ChildrenDepth)
}

// indirect reads indirect_selection:.
func (p *definitionParser) indirect(m mapping, spec *Spec) bool {
	n := m.value("indirect_selection")
	if n == nil {
		return true
	}
	text, ok := p.text(n, "indirect_selection")
	if ok && !Indirect(text).valid() {
		p.add(diag.BadSelector, n, "indirect selection %q does not exist", text).WithHint("it can be %s", indirectModes)
		return false
	}
	spec.Indirect = Indirect(text)
	return ok
}

// value reads the value of a criterion, keeping YAML's type for config.
func (p *definitionParser) value(n *yaml.Node, c *Criterion) bool {
	v, ok := p.scalar(n, "value")
	if !ok {
		return false
	}
	if s, isText := v.(string); isText {
		c.Value = s
		return true
	}
	c.Typed = v
	c.Value = fmt.Sprint(v)
	return true
}
