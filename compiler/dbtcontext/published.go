package dbtcontext

import (
	"strings"

	"elt/compiler/project"
	"elt/compiler/template"
)

// AsPublished follows a name in the SQL of a data test that means the relation as it is
// published, and not what the run is about to publish.
const AsPublished = "/* as published */"

// PublishedHost is what a Host may have beside its methods, for data tests that compare a
// relation with what is published under its name.
type PublishedHost interface {
	// TestedRelation is the relation that the test is declared on, and whether it is published
	// already. A test of something that elt does not build is an error.
	TestedRelation() (rel project.Relation, published bool, err error)
}

// asPublished is _elt.as_published(model): the FROM item of what is published under the name of what is
// tested, None where nothing is.
func (s *Scope) asPublished(c *template.Call) (template.Value, error) {
	var model template.Value
	if err := c.Unpack("as_published", "model", &model); err != nil {
		return nil, err
	}
	host, ok := s.host.(PublishedHost)
	if !ok || !s.host.Execute() {
		return nil, nil
	}
	rel, published, err := host.TestedRelation()
	if err != nil || !published {
		return nil, err
	}
	name := s.p.relation(rel).render()
	return strings.ReplaceAll(template.Str(model), name, name+" "+AsPublished), nil
}
