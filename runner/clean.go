package runner

import (
	"context"
	"slices"
	"strings"

	"elt/compiler"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner/engine"
	"elt/runner/state"
)

// Cleaned is what [Clean] has dropped.
type Cleaned struct {
	Relations []project.Relation
	Files     []string // of external models and of replicas; relative to the project where they are inside
}

// Clean drops what dead runs have left and returns what it dropped. Whoever
// can open the database for writing knows that every other run is dead.
func Clean(ctx context.Context, plan *compiler.Plan, opts CleanOptions) (Cleaned, error) {
	var done Cleaned
	r := newRun(plan, Options{Command: "clean", Wait: opts.Wait}, opts.Observer)
	r.giveUp = opts.GiveUp
	if missing(plan.Project.Target) {
		return done, nil
	}
	if err := r.open(ctx); err != nil {
		return done, diagnostics(err)
	}
	defer r.close()
	for _, file := range r.halfReplicas {
		done.Files = append(done.Files, r.shownPath(file))
	}
	there, err := r.inventory(ctx)
	if err != nil {
		return done, diagnostics(err)
	}
	version := there.version
	if err := state.Check(version); err != nil {
		return done, err
	}
	if version > 0 {
		before, err := r.runBefore(ctx, version)
		if err != nil {
			return done, diagnostics(err)
		}
		for _, file := range r.dropHiddenFiles(r.fileFolders(before)) {
			done.Files = append(done.Files, r.shownPath(file))
		}
	}
	if done.Relations, err = r.dropLeftovers(ctx, version, nil); err != nil {
		return done, diagnostics(err)
	}
	if err := checkpoint(ctx, r.db, []string{r.database}); err != nil {
		return done, logStays(err, diag.Error)
	}
	return done, nil
}

// leftovers lists hidden relations in all databases that can be written.
func leftovers(ctx context.Context, s engine.Session) ([]project.Relation, error) {
	found, err := hiddenRelations(ctx, s)
	if err != nil {
		return nil, err
	}
	return writableOf(ctx, s, found)
}

// writableOf are the relations among some that are in databases which can be written.
func writableOf(ctx context.Context, s engine.Session, found []project.Relation) ([]project.Relation, error) {
	if len(found) == 0 {
		return nil, nil
	}
	writable, err := attachedDatabases(ctx, s)
	return slices.DeleteFunc(found, func(rel project.Relation) bool {
		_, ok := writable[strings.ToLower(rel.Database)]
		return !ok
	}), err
}

// hiddenRelations lists hidden relations in all databases.
func hiddenRelations(ctx context.Context, s engine.Session) ([]project.Relation, error) {
	t, err := s.Query(ctx, `from (
		select database_name, schema_name, table_name as name, 'table' from duckdb_tables() where not temporary
		union all
		select database_name, schema_name, view_name, 'view' from duckdb_views() where not internal and not temporary
	) where name like '\_elt\_%' escape '\' order by all`)
	if err != nil {
		return nil, err
	}
	var out []project.Relation
	for _, row := range t.Rows {
		rel := project.Relation{
			Database: row[0].(string), Schema: row[1].(string), Identifier: row[2].(string), Type: row[3].(string),
		}
		if hiddenName().MatchString(rel.Identifier) {
			out = append(out, rel)
		}
	}
	return out, nil
}

// dropLeftovers drops hidden relations but those to keep, and forgets the candidates
// of earlier runs, where elt's own tables are there in some version.
func (r *run) dropLeftovers(ctx context.Context, version int, keep []project.Relation) ([]project.Relation, error) {
	there, err := r.inventory(ctx)
	if err != nil {
		return nil, err
	}
	r.lookAgain()
	found, err := writableOf(ctx, r.main, slices.Clone(there.hidden))
	if err != nil {
		return nil, err
	}
	promised, err := r.promisedElsewhere(ctx)
	if err != nil {
		return nil, err
	}
	var dropped []project.Relation
	for _, rel := range found {
		if promised[runOf(rel)] {
			continue
		}
		if slices.ContainsFunc(keep, func(k project.Relation) bool { return k.Key() == rel.Key() }) {
			continue
		}
		if _, err := r.main.Exec(ctx, "drop "+rel.Type+" "+rel.String()); err != nil {
			return dropped, err
		}
		dropped = append(dropped, rel)
	}
	if version == 0 || !there.filled[state.CandidatesTable] {
		return dropped, nil
	}
	_, err = r.main.Exec(ctx, state.DeleteCandidates(r.database))
	return dropped, err
}
