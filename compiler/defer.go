package compiler

import (
	"context"

	"elt/compiler/dbtcontext"
	"elt/compiler/project"
)

// Deferral says how references to nodes that are not selected are resolved: dbt's --defer.
type Deferral struct {
	State *State // where those nodes are built: an earlier run, perhaps of another target
	// Favor takes the relation of the state also where the target has one of its own
	// (--favor-state).
	Favor bool
}

// Defer makes ref() of nodes that are not selected read what State has built, where the
// target does not hold them. It must be called before anything is compiled.
func (p *Plan) Defer(d *Deferral) { p.deferral = d }

// Choose tells the plan which nodes a command is about: what templates see as
// selected_resources, and what is not deferred. It must be called before anything is compiled.
func (p *Plan) Choose(ids []string) { p.selected = ids }

// deferred is the relation that stands for a node in the state, if it is to be read there.
func (p *Plan) deferred(ctx context.Context, db dbtcontext.Database, node *project.Node) (project.Relation, bool, error) {
	if p.deferral == nil || node.IsEphemeral() || !node.IsRefable() || p.isSelected(node.UniqueID) {
		return project.Relation{}, false, nil
	}
	old := p.deferral.State.nodes[node.UniqueID]
	if old == nil || old["relation_name"] == nil {
		return project.Relation{}, false, nil
	}
	if !p.deferral.Favor && db != nil {
		_, exists, err := db.Relation(ctx, node.Relation)
		if err != nil || exists {
			return project.Relation{}, false, err
		}
	}
	return p.deferral.State.relation(node.UniqueID), true, nil
}

// relation is the relation of a node in the state.
func (s *State) relation(id string) project.Relation {
	text := func(key string) string {
		name, _ := s.nodes[id][key].(string)
		return name
	}
	return project.Relation{Database: text("database"), Schema: text("schema"), Identifier: text("alias")}
}

func (p *Plan) isSelected(id string) bool {
	p.chosenOnce.Do(func() {
		p.chosen = make(map[string]bool, len(p.selected))
		for _, one := range p.selected {
			p.chosen[one] = true
		}
	})
	return p.chosen[id]
}
