package project

import (
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"elt/compiler/regex"
	"elt/compiler/template"
)

// yamlTimestamp is YAML 1.1's form of a timestamp with a time of day.
var yamlTimestamp = regex.Lazy(
	`^(\d{4})-(\d\d?)-(\d\d?)(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d)(?:\.(\d*))?(?:[ \t]*(Z|([-+])(\d\d?)(?::?(\d\d))?))?$`)

// rowValue is a value of a unit test's row: what value says, but a timestamp without
// quotes is written as Python's isoformat writes it, since that is what dbt makes of it.
func (c cursor) rowValue(r *renderer) template.Value {
	v := c.value(r)
	n := c.resolve()
	if n == nil || n.Kind != yaml.ScalarNode || !isPlain(n) || n.Style&yaml.TaggedStyle != 0 {
		return v
	}
	m := yamlTimestamp().FindStringSubmatch(n.Value)
	if m == nil {
		return v
	}
	part := func(i int) int { n, _ := strconv.Atoi(m[i]); return n } // digits only, as the pattern says
	out := fmt.Sprintf("%s-%02d-%02dT%02d:%s:%s", m[1], part(2), part(3), part(4), m[5], m[6])
	if fraction := (m[7] + "000000")[:6]; fraction != "000000" {
		out += "." + fraction
	}
	switch {
	case m[8] == "":
	case strings.HasPrefix(m[8], "Z"):
		out += "+00:00"
	default:
		out += fmt.Sprintf("%s%02d:%02d", m[9], part(10), part(11))
	}
	return out
}
