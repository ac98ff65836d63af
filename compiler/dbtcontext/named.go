package dbtcontext

import (
	"maps"
	"slices"

	"elt/compiler/template"
)

// fewNames is how many names are looked for one after the other.
const fewNames = 8

// named are values by name. Most renderings ask for a handful, for which a list takes less
// than a map: of these there would be two for each of tens of thousands of renderings.
type named struct {
	few  []namedValue
	many map[string]template.Value // all of them, where they are more than fewNames
}

type namedValue struct {
	name  string
	value template.Value
}

func (n *named) get(name string) (template.Value, bool) {
	if n.many != nil {
		v, ok := n.many[name]
		return v, ok
	}
	for i := range n.few {
		if n.few[i].name == name {
			return n.few[i].value, true
		}
	}
	return nil, false
}

func (n *named) set(name string, v template.Value) {
	if n.many != nil {
		n.many[name] = v
		return
	}
	for i := range n.few {
		if n.few[i].name == name {
			n.few[i].value = v
			return
		}
	}
	if len(n.few) < fewNames {
		n.few = append(n.few, namedValue{name, v})
		return
	}
	n.many = map[string]template.Value{name: v}
	for _, one := range n.few {
		n.many[one.name] = one.value
	}
}

// names are the names, in no order.
func (n *named) names() []string {
	if n.many != nil {
		return slices.Collect(maps.Keys(n.many))
	}
	var out []string
	for _, one := range n.few {
		out = append(out, one.name)
	}
	return out
}
