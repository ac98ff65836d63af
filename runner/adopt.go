package runner

import (
	"context"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
	"elt/runner/state"
)

// adopt looks whether nodes of the run would replace, or add to, relations that elt has
// never published: somebody's own. That is refused, unless it is wanted: by --adopt, by the
// node's config, or because the project is dbt's and goes on with the tables that dbt has made.
func (r *run) adopt(ctx context.Context) error {
	foreign, err := r.foreign(ctx)
	if err != nil || len(foreign) == 0 || r.opts.Adopt {
		return err
	}
	var refused diag.List
	var taken []string
	for _, f := range foreign {
		n := f.nodeRun
		if v, ok := n.node.Config.Get("adopt"); ok && template.Truth(v.Value) {
			continue
		}
		if !r.plan.Project.OwnDefaults() {
			taken = append(taken, r.plainName(f.relation))
			continue
		}
		info := r.published.find(f.relation)
		d := diag.New(diag.ForeignRelation, n.node.Place, "%s %s is there already, and elt has not made it: %s %q would replace it",
			info.Type, r.plainName(f.relation), n.node.Type, n.node.Name)
		d.Node = n.node.UniqueID
		refused = append(refused, d.WithHint("rename one of them, or let elt have it with --adopt (once) or the config adopt: true"))
	}
	if len(taken) > 0 {
		d := diag.Warn(diag.ForeignRelation, diag.Place{}, "elt takes over what it has not made: %s", strings.Join(taken, ", "))
		d = d.WithHint("this is said once; under elt.yml it would have to be asked for with --adopt")
		if list := r.opts.Warnings.Apply(diag.List{d}); list.HasErrors() {
			return list
		}
		r.notice(d)
	}
	return refused.Sorted().Err()
}

// foreignRelation is a relation that is there and that a node of the run would replace or add to.
type foreignRelation struct {
	*nodeRun
	relation project.Relation
}

// foreign returns the relations of the run's nodes that exist and were never published by
// elt, under whatever node.
func (r *run) foreign(ctx context.Context) ([]foreignRelation, error) {
	var found []foreignRelation
	for _, n := range r.nodes {
		if n.node.Type == project.Test {
			continue
		}
		for _, rel := range []project.Relation{n.node.Relation, n.node.Pointer} {
			if rel.Identifier != "" && r.published.find(rel) != nil {
				found = append(found, foreignRelation{n, rel})
			}
		}
	}
	if len(found) == 0 || r.stateVersion == 0 {
		return found, nil
	}
	made, err := r.publishedStates(ctx, r.stateVersion)
	if err != nil {
		return nil, err
	}
	attached := map[string]attached{strings.ToLower(r.database): {}}
	if !r.isAlone() {
		if attached, err = attachedDatabases(ctx, r.main); err != nil {
			return nil, err
		}
	}
	keys := make(map[string]bool, len(made))
	for _, was := range made {
		rel := was.Relation
		if _, ok := attached[strings.ToLower(rel.Database)]; !ok {
			rel.Database = r.database // the file may be a copy, or have another name now
		}
		keys[rel.Key()] = true
	}
	return slices.DeleteFunc(found, func(f foreignRelation) bool { return keys[r.names.full(f.relation).Key()] }), nil
}

// publishedStates are the states of what was published when the run began. version is that of elt's own
// tables, and not 0.
func (r *run) publishedStates(ctx context.Context, version int) (map[string]state.NodeState, error) {
	var err error
	if recent := r.asked(); r.states == nil && recent != nil {
		r.states = recent.States
	}
	if r.states == nil {
		r.states, err = state.Fingerprints(ctx, r.main, r.database, version)
	}
	return r.states, err
}
