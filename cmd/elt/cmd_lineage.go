package main

import (
	"path/filepath"
	"slices"
	"strings"
	"time"

	"elt/compiler"
	"elt/compiler/diag"
	"elt/compiler/lineage"
	"elt/compiler/project"
	"elt/runner"
	"elt/runner/artifact"

	"github.com/urfave/cli/v2"
)

func lineageCommand(in *invocation) *cli.Command {
	return &cli.Command{
		Name:      "lineage",
		Usage:     "where columns come from and where they go, to files and exposures",
		ArgsUsage: "[NODE[.COLUMN]...]",
		Action:    in.lineage,
		Flags: join(
			[]cli.Flag{
				&cli.BoolFlag{Name: "upstream", Category: groupSelection, Usage: "only what it is computed from"},
				&cli.BoolFlag{Name: "downstream", Category: groupSelection, Usage: "only what is computed from it"},
				waitFlag(),
			},
			projectFlags(), outputFlags("text", "json", "mermaid", "openlineage")),
	}
}

func (in *invocation) lineage(c *cli.Context) error {
	in.begin(c)
	plan, err := in.parse(c)
	if err != nil {
		return err
	}
	way := lineage.Up | lineage.Down
	if c.Bool("upstream") != c.Bool("downstream") {
		way = lineage.Up
		if c.Bool("downstream") {
			way = lineage.Down
		}
	}
	start, err := lineageStart(plan, c.Args().Slice())
	if err != nil {
		return err
	}
	ids := lineageScope(plan, start, way)
	bound, list := runner.Bind(in.ctx, plan, boundIDs(plan, ids), runner.CompileOptions{Wait: c.Duration("wait")})
	if bound != nil {
		defer bound.Close()
	}
	if err := list.Err(); err != nil {
		return err
	}
	in.reporter.Diagnostics(slices.DeleteFunc(list, func(d *diag.Diagnostic) bool {
		return d.Code == diag.Unchecked // which the lineage says itself
	}))
	graph, err := bound.Lineage(in.ctx, ids)
	told := graph
	if err == nil && c.String("output") == "openlineage" {
		told, err = bound.RelationLineage(in.ctx, ids) // an ephemeral model is no dataset
	}
	if err != nil {
		return err
	}
	if err := bound.SaveKept(); err != nil {
		in.warn(diag.Database, "what was found out cannot be kept for the next time: %v", err)
	}
	if len(start) == 0 {
		return in.writeWholeLineage(c, plan, graph, told)
	}
	if start, err = columnsExist(graph, start); err != nil {
		return err
	}
	if isText(c) {
		return in.print(lineageText(graph, start, way))
	}
	return in.writeLineage(c, plan, told.Reach(start, way))
}

// writeWholeLineage writes target/lineage.json, and what --output asks for: told, in its form.
func (in *invocation) writeWholeLineage(c *cli.Context, plan *compiler.Plan, graph, told *lineage.Graph) error {
	dir := plan.Project.TargetPath
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(plan.Project.Root, dir)
	}
	if err := artifact.WriteLineage(dir, plan, graph, in.lineageMeta()); err != nil {
		return &diag.Diagnostic{Code: diag.Database, Message: "lineage.json cannot be written: " + err.Error(), Err: err}
	}
	if !isText(c) {
		return in.writeLineage(c, plan, told)
	}
	return in.print(lineageCounts(graph, filepath.Join(plan.Project.TargetPath, "lineage.json")))
}

func isText(c *cli.Context) bool { return c.String("output") == "" || c.String("output") == "text" }

func (in *invocation) writeLineage(c *cli.Context, plan *compiler.Plan, graph *lineage.Graph) error {
	switch c.String("output") {
	case "mermaid":
		return in.print(lineageMermaid(graph))
	case "openlineage":
		return artifact.OpenLineage(in.stdout, plan, graph, in.lineageMeta())
	}
	return artifact.Lineage(in.stdout, plan, graph, in.lineageMeta())
}

func (in *invocation) lineageMeta() artifact.Meta {
	return artifact.Meta{Version: version(), InvocationID: in.id, StartedAt: in.now, Now: time.Now()}
}

// lineageScope are the nodes whose lineage is needed.
func lineageScope(plan *compiler.Plan, start []lineage.Ref, way lineage.Direction) []string {
	if len(start) == 0 {
		return plan.Order
	}
	var from []string
	for _, ref := range start {
		from = append(from, ref.Node)
	}
	wanted := map[string]bool{}
	for _, id := range from {
		wanted[id] = true
	}
	above, below := plan.Graph.Ancestors(from, -1), plan.Graph.Descendants(from, -1)
	for _, id := range plan.Order {
		if way&lineage.Up != 0 && above.Has(id) || way&lineage.Down != 0 && below.Has(id) {
			wanted[id] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(plan.Order), func(id string) bool { return !wanted[id] })
}

// boundIDs are those of the nodes that have a query of their own.
func boundIDs(plan *compiler.Plan, ids []string) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		t := plan.Nodes[id].Type
		return t != project.Model && t != project.Snapshot && t != project.Seed && t != project.Source
	})
}

// lineageStart reads NODE and NODE.COLUMN. A node is called by its name, a source table as
// source.table, each of them also by its unique_id; names may hold dots themselves.
func lineageStart(plan *compiler.Plan, words []string) ([]lineage.Ref, error) {
	byName := lineageNames(plan)
	var start []lineage.Ref
	for _, word := range words {
		ref, err := lineageRef(byName, word)
		if err != nil {
			return nil, err
		}
		start = append(start, ref)
	}
	return start, nil
}

// lineageNames are the unique_ids that each name means, in lower case.
func lineageNames(plan *compiler.Plan) map[string][]string {
	byName, tables := map[string][]string{}, map[string][]string{}
	add := func(names map[string][]string, name, id string) {
		names[strings.ToLower(name)] = append(names[strings.ToLower(name)], id)
	}
	for _, id := range plan.Order {
		switch node := plan.Nodes[id]; node.Type {
		case project.Source:
			add(byName, id, id)
			add(byName, node.Table.SourceName+"."+node.Name, id)
			add(tables, node.Name, id)
		case project.Model, project.Seed, project.Snapshot, project.Exposure:
			add(byName, id, id)
			if node.Version != "" {
				add(byName, node.Name+".v"+node.Version, id)
			}
			if node.Version == node.LatestVersion {
				add(byName, node.Name, id)
			}
		}
	}
	for name, ids := range tables { // a source's table goes by its bare name where nothing else does
		if byName[name] == nil {
			byName[name] = ids
		}
	}
	return byName
}

func lineageRef(byName map[string][]string, word string) (lineage.Ref, error) {
	name, column := word, ""
	ids := byName[strings.ToLower(word)]
	for at := strings.LastIndexByte(word, '.'); len(ids) == 0 && at > 0; at = strings.LastIndexByte(word[:at], '.') {
		name, column = word[:at], word[at+1:]
		ids = byName[strings.ToLower(name)]
	}
	switch {
	case len(ids) == 1:
		return lineage.Ref{Node: ids[0], Column: column}, nil
	case len(ids) > 1:
		return lineage.Ref{}, usagef("%q is the name of several nodes", name).withHint("say which: %s", strings.Join(ids, ", "))
	}
	var names []string
	for name := range byName {
		names = append(names, name)
	}
	slices.Sort(names)
	err := usagef("there is no model, seed, snapshot, source or exposure %q", word)
	first, _, _ := strings.Cut(word, ".")
	for _, try := range []string{word, word[:max(strings.LastIndexByte(word, '.'), 0)], first} {
		if s := diag.Suggest(try, names); s != "" {
			return lineage.Ref{}, err.withHint("did you mean %q?", s)
		}
	}
	return lineage.Ref{}, err.withHint("elt ls --output name lists what there is")
}

// columnsExist checks the columns that were asked for and gives them their own spelling.
func columnsExist(graph *lineage.Graph, start []lineage.Ref) ([]lineage.Ref, error) {
	out := slices.Clone(start)
	for i, ref := range start {
		n := graph.Node(ref.Node)
		if ref.Column == "" || n == nil {
			continue
		}
		if c := n.Column(ref.Column); c != nil {
			out[i].Column = c.Name
			continue
		}
		err := usagef("%s %q has no column %q", n.Type, n.Name, ref.Column)
		if len(n.Columns) == 0 {
			return nil, err.withHint("its columns are not known: %s", n.Note)
		}
		var names []string
		for _, c := range n.Columns {
			names = append(names, c.Name)
		}
		if s := diag.Suggest(ref.Column, names); s != "" {
			return nil, err.withHint("did you mean %q?", s)
		}
		return nil, err.withHint("it has %s", strings.Join(names, ", "))
	}
	return out, nil
}
