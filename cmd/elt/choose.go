package main

import (
	"slices"
	"strings"

	"elt/compiler"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/selector"

	"github.com/urfave/cli/v2"
)

// choose returns the unique_ids that a command's selection means, in plan order, and
// reports the selection's warnings. Of what is selected, only what the command is
// about is left: `elt run -s +orders` runs the models among the ancestors.
func (in *invocation) choose(c *cli.Context, plan *compiler.Plan) ([]string, error) {
	ids, list, err := in.selected(c, plan)
	if err != nil {
		return nil, err
	}
	if c.Command.Name != "show" { // which says itself that it needs a node
		in.reporter.Diagnostics(list)
	}
	in.saidEmpty = slices.ContainsFunc(list, func(d *diag.Diagnostic) bool { return d.Code == diag.EmptySelection })
	in.tellEphemeral(c.Command.Name, plan, ids)
	plan.Choose(ids)
	return ids, nil
}

// selected is choose without a word; the list is of warnings.
func (in *invocation) selected(c *cli.Context, plan *compiler.Plan) ([]string, diag.List, error) {
	request, err := selectionOf(c)
	if err != nil {
		return nil, nil, err
	}
	if err := in.useState(c, plan); err != nil {
		return nil, nil, err
	}
	selection, list := plan.Select(request)
	list = in.warnings.Apply(list)
	if err := list.Err(); err != nil {
		return nil, nil, err
	}
	var ids []string
	types := concernedTypes(c.Command.Name)
	for i, id := range selection.IDs {
		if types == nil || slices.Contains(types, selection.Nodes[i].Type) {
			ids = append(ids, id)
		}
	}
	return ids, list, nil
}

// selectionOf turns flags into a request.
func selectionOf(c *cli.Context) (selector.Request, error) {
	types, err := resourceTypes("--resource-type", c.StringSlice("resource-type"))
	if err != nil {
		return selector.Request{}, err
	}
	without, err := resourceTypes("--exclude-resource-type", c.StringSlice("exclude-resource-type"))
	if err != nil {
		return selector.Request{}, err
	}
	chosen := c.StringSlice("select")
	if models := c.StringSlice("models"); c.Command.Name == "ls" && len(models) > 0 { // an alias elsewhere
		chosen, types = models, []project.ResourceType{project.Model}
	}
	request := selector.Request{
		Select: chosen, Exclude: c.StringSlice("exclude"), Selector: c.String("selector"),
		ResourceTypes: types, ExcludeResourceTypes: without,
		Indirect: selector.Indirect(c.String("indirect-selection")),
	}
	if request.Indirect == "" && (c.Command.Name == "show" || c.Command.Name == "compile") {
		request.Indirect = selector.Empty // these are about the node itself
	}
	return request, nil
}

// resourceTypes reads the values of --resource-type. "default" are those that are taken without
// it, "all" those and analyses.
func resourceTypes(flag string, values []string) ([]project.ResourceType, error) {
	usual := []string{"model", "seed", "snapshot", "source", "test", "unit_test", "exposure", "metric", "semantic_model", "saved_query"}
	known := append(slices.Clone(usual), "analysis", "operation", "function")
	several := map[string][]string{"default": usual, "all": append(slices.Clone(usual), "analysis")}
	if flag != "--resource-type" {
		several = nil // dbt has no such words there: nothing would be left
	}
	var types []project.ResourceType
	for _, word := range words(values) {
		meant := several[word]
		if slices.Contains(known, word) {
			meant = []string{word}
		}
		if meant == nil {
			err := usagef("%s: there is no type of resources %q", flag, word)
			if s := diag.Suggest(word, known); s != "" {
				return nil, err.withHint("did you mean %s?", s)
			}
			return nil, err.withHint("it is one of %s", strings.Join(known, ", "))
		}
		for _, name := range meant {
			types = append(types, project.ResourceType(name))
		}
	}
	return types, nil
}

// concernedTypes are the types of the nodes that a command is about, nil for all.
func concernedTypes(command string) []project.ResourceType {
	return map[string][]project.ResourceType{
		"build":    {project.Seed, project.Snapshot, project.Model, project.UnitTest, project.Test, project.Exposure, project.SavedQuery},
		"run":      {project.Model},
		"clone":    {project.Seed, project.Snapshot, project.Model},
		"test":     {project.Test, project.UnitTest},
		"seed":     {project.Seed},
		"snapshot": {project.Snapshot},

		"source freshness": {project.Source},
		"compile":          {project.Model, project.Test, project.Snapshot, project.Analysis},
		"show":             {project.Model, project.Test, project.Snapshot, project.Analysis, project.Seed, project.Source},
	}[command]
}

// selects reports whether the command line says which nodes to take.
func selects(c *cli.Context) bool {
	for _, name := range []string{"select", "models", "exclude", "selector", "resource-type", "exclude-resource-type"} {
		if isGiven(c, name) {
			return true
		}
	}
	return false
}

// words splits values at spaces and commas: "model test" and "model,test" are lists.
func words(values []string) []string {
	var out []string
	for _, v := range values {
		out = append(out, strings.FieldsFunc(v, func(r rune) bool { return r == ' ' || r == ',' })...)
	}
	return out
}

// oneNode finds the unique_id of a node by its name or unique_id.
func (in *invocation) oneNode(plan *compiler.Plan, name string) (string, error) {
	if _, ok := plan.Nodes[name]; ok {
		return name, nil
	}
	var names []string
	for _, id := range plan.Order {
		if plan.Nodes[id].Name == name {
			return id, nil
		}
		names = append(names, plan.Nodes[id].Name)
	}
	err := usagef("there is no node %q", name)
	if s := diag.Suggest(name, names); s != "" {
		return "", err.withHint("did you mean %q?", s)
	}
	return "", err.withHint("elt ls --output name lists what there is")
}
