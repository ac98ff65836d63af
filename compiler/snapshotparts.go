package compiler

import (
	"fmt"
	"slices"
	"strings"

	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

// snapshotColumnsKey is dbt's name for the names of the columns that a snapshot adds, as
// macros read it from config.
const snapshotColumnsKey = "snapshot_table_column_names"

// snapshotParts renders what a snapshot takes from macros, so that a project that
// replaces one of dbt's is obeyed: the time of the snapshot, the hash of a version, and
// the whole strategy where it is not one of dbt's two. target says whether the
// snapshot's table exists. What is wrong with the config is told later, with that of all
// nodes; here it only leaves a part empty.
func (p *Plan) snapshotParts(how pass, host *compileHost, scope *dbtcontext.Scope, compiled *project.Compiled) error {
	node := host.node
	names := project.SnapshotColumns(node.Config)
	parts := &project.SnapshotParts{Strategy: node.Config.String("strategy", "")}
	compiled.Snapshot = parts
	var err error
	if parts.Now, err = p.callText(how, scope, "snapshot_get_time()"); err != nil {
		return err
	}
	keys := node.Config.Strings("unique_key")
	changed := node.Config.String("updated_at", "")
	if parts.Strategy == "check" && changed == "" {
		changed = parts.Now
	}
	parts.UpdatedAt = changed
	hash := func(args ...string) (string, error) {
		list := template.NewList()
		for _, arg := range args {
			list.Elems = append(list.Elems, arg)
		}
		scope.With("_elt_args", list)
		return p.callText(how, scope, "snapshot_hash_arguments(_elt_args)")
	}
	if parts.DeletedID, err = hash(names.ScdID, parts.Now); err != nil {
		return err
	}
	if parts.ScdID, err = hash(append(slices.Clone(keys), changed)...); err != nil {
		return err
	}
	if p.usualStrategy(parts.Strategy) {
		return nil
	}
	return p.customStrategy(how, host, compiled)
}

// usualStrategy reports whether a strategy is one of dbt's own, which elt makes itself;
// no strategy at all is one too, and reported elsewhere.
func (p *Plan) usualStrategy(name string) bool {
	if name == "" {
		return true
	}
	if name != "check" && name != "timestamp" {
		return false
	}
	m, ok := p.dbt.Macro("snapshot_" + name + "_strategy")
	return !ok || isBuiltin(&m)
}

// callText renders one call of a macro.
func (p *Plan) callText(how pass, scope *dbtcontext.Scope, call string) (string, error) {
	t, err := p.templates.parse("{{ " + call + " }}")
	if err != nil {
		return "", err
	}
	out, err := t.Render(how.thread(), scope)
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(out.Text), nil
}

// customStrategy calls the macro of a strategy and takes its answer.
func (p *Plan) customStrategy(how pass, host *compileHost, compiled *project.Compiled) error {
	node := host.node
	exists := false
	if host.db != nil {
		var err error
		if _, exists, err = host.db.Relation(host.ctx, node.Relation); err != nil {
			return err
		}
	}
	scope := p.dbt.Scope(host, node.Package) // one that has not looked at model yet
	before := node.Compiled
	node.Compiled = compiled // the macro reads the query from model
	defer func() { node.Compiled = before }()
	var answer template.Value
	scope.With("_elt_name", compiled.Snapshot.Strategy).With("_elt_exists", exists).
		With("_elt_keep", template.NewFunc("keep", func(c *template.Call) (template.Value, error) {
			err := c.Unpack("keep", "strategy", &answer)
			return "", err
		}))
	_, err := p.callText(how, scope, `_elt_keep(strategy_dispatch(_elt_name)(model, "snapshotted_data", "source_data", model['config'], _elt_exists))`)
	if err != nil {
		return err
	}
	strategy, ok := answer.(*template.Dict)
	if !ok {
		return diag.New(diag.SnapshotConfig, placeOf(node, "strategy"), "the strategy %q answers with %s, not with a dict", compiled.Snapshot.Strategy, template.TypeName(answer))
	}
	return takeStrategy(node, strategy, compiled.Snapshot)
}

// takeStrategy reads the answer of a strategy's macro: unique_key, updated_at,
// row_changed and scd_id are texts of SQL, as dbt has them.
func takeStrategy(node *project.Node, strategy *template.Dict, parts *project.SnapshotParts) error {
	read := func(key string) (string, error) {
		v, _ := strategy.Get(key)
		text, ok := v.(string)
		if text = strings.TrimSpace(text); !ok || text == "" {
			return "", diag.New(diag.SnapshotConfig, placeOf(node, "strategy"), "the strategy %q does not answer with %q", parts.Strategy, key).
				WithHint("a strategy returns a dict of unique_key, updated_at, row_changed and scd_id")
		}
		return text, nil
	}
	for key, into := range map[string]*string{"updated_at": &parts.UpdatedAt, "row_changed": &parts.RowChanged, "scd_id": &parts.ScdID} {
		text, err := read(key)
		if err != nil {
			return err
		}
		*into = text
	}
	if deletes, ok := strategy.Get("hard_deletes"); ok {
		parts.HardDeletes, _ = deletes.(string)
	} else if gone, _ := strategy.Get("invalidate_hard_deletes"); template.Truth(gone) {
		parts.HardDeletes = "invalidate"
	}
	if keys, ok := strategy.Get("unique_key"); ok {
		parts.UniqueKey = textsOf(keys)
	}
	return nil
}

// textsOf reads a text or a list of texts.
func textsOf(v template.Value) []string {
	var out []string
	switch x := v.(type) {
	case string:
		out = append(out, x)
	case *template.List:
		for _, e := range x.Elems {
			out = append(out, fmt.Sprint(e))
		}
	}
	return out
}

// snapshotColumns is the value of [snapshotColumnsKey].
func snapshotColumns(config *project.Config) template.Value {
	c := project.SnapshotColumns(config)
	return template.NewDict(
		template.Item{Key: "dbt_valid_from", Value: c.ValidFrom}, template.Item{Key: "dbt_valid_to", Value: c.ValidTo},
		template.Item{Key: "dbt_scd_id", Value: c.ScdID}, template.Item{Key: "dbt_updated_at", Value: c.UpdatedAt},
		template.Item{Key: "dbt_is_deleted", Value: c.IsDeleted},
	)
}
