package compiler

import (
	"context"
	"slices"
	"sync"

	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/graph"
	"elt/compiler/project"
	"elt/compiler/template"
)

// Parse reads a project and renders every template once with execute false: it
// learns references and config, names relations and builds the graph. It opens no
// database.
//
// It goes on after a mistake, so that one run reports all of them; what only follows
// from an earlier mistake is left out. The error is a [diag.List]; warnings are in
// [Plan.Diagnostics].
func Parse(ctx context.Context, opts Options) (*Plan, error) {
	proj, diags := project.Load(ctx, project.LoadOptions{
		FS: opts.FS, Root: opts.Root,
		Profile: opts.Profile, Target: opts.Target, ProfilesDir: opts.ProfilesDir,
		TargetPath: opts.TargetPath, Vars: opts.Vars, Env: opts.Env, Home: opts.Home,
	})
	if proj == nil || ctx.Err() != nil {
		return nil, firstError(ctx, diags)
	}
	p := &parser{
		plan: &Plan{
			Project: proj, Nodes: map[string]*project.Node{}, options: opts,
			names: newNames(), templates: newTemplates(),
		},
		diags: diags,
	}
	p.readDocs()
	p.context()
	p.macros()
	p.nodes()
	p.render(ctx)
	p.link()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	all := p.diags.Sorted()
	if err := all.Err(); err != nil {
		return nil, err
	}
	p.plan.Diagnostics = all
	return p.plan, nil
}

func firstError(ctx context.Context, diags diag.List) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return diags.Sorted()
}

// parser is the state of one Parse.
type parser struct {
	plan     *Plan
	mu       sync.Mutex // guards diags while templates are parsed in parallel
	diags    diag.List
	patches  map[patchKey]*project.Patch
	docs     docs
	rendered sync.Map // unique_id → template.Output of the parse pass
}

func (p *parser) report(d *diag.Diagnostic) {
	if d == nil {
		return
	}
	p.mu.Lock()
	p.diags = append(p.diags, d)
	p.mu.Unlock()
}

func (p *parser) reportAll(err error, node *project.Node) {
	if err == nil {
		return
	}
	for _, d := range diag.From(err, diag.TemplateError) {
		if node != nil && d.Node == "" {
			d.Node = node.UniqueID
		}
		if node != nil && d.Place.IsZero() {
			d.Place = node.Place
		}
		p.report(d)
	}
}

// macros makes the macros of the project known, those of generic tests included.
func (p *parser) macros() {
	proj := p.plan.Project
	files := append(proj.FilesOf(project.MacroFile), proj.FilesOf(project.GenericTestFile)...)
	type parsed struct {
		file project.File
		t    *template.Template
	}
	all := make([]parsed, len(files))
	forEach(indexes(len(files)), func(i int) {
		t, err := template.Parse(files[i].Source)
		p.reportAll(err, nil)
		all[i] = parsed{files[i], t}
	})
	for _, one := range all {
		if one.t == nil {
			continue
		}
		for _, d := range p.plan.dbt.AddMacros(proj.Name, one.t.Blocks(), one.file.OriginalPath) {
			p.report(d)
		}
	}
}

func indexes(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// link resolves references and builds the graph.
func (p *parser) link() {
	plan := p.plan
	for _, node := range p.ordered() {
		p.resolve(node)
	}
	ids := make([]string, 0, len(plan.Nodes))
	parents := make(map[string][]string, len(plan.Nodes))
	for _, node := range p.ordered() {
		ids = append(ids, node.UniqueID)
		parents[node.UniqueID] = node.DependsOn
	}
	plan.Graph = graph.New(ids, parents)
	cycles := plan.Graph.Cycles()
	for _, c := range cycles {
		p.report(p.cycle(c))
	}
	if len(cycles) == 0 {
		plan.Order = plan.Graph.Order()
	}
	for _, node := range plan.Nodes {
		plan.hasEphemeral = plan.hasEphemeral || node.IsEphemeral()
	}
}

// ordered returns all nodes sorted by unique_id.
func (p *parser) ordered() []*project.Node {
	out := make([]*project.Node, 0, len(p.plan.Nodes))
	for _, node := range p.plan.Nodes {
		out = append(out, node)
	}
	slices.SortFunc(out, func(a, b *project.Node) int {
		if a.UniqueID < b.UniqueID {
			return -1
		}
		return 1
	})
	return out
}

// resolve turns the references of a node into edges.
func (p *parser) resolve(node *project.Node) {
	for _, call := range node.Refs {
		parent, d := p.plan.names.ref(call, node.Package)
		p.edge(node, parent, d)
	}
	for _, call := range node.Sources {
		parent, d := p.plan.names.source(call)
		p.edge(node, parent, d)
	}
}

func (p *parser) edge(node, parent *project.Node, d *diag.Diagnostic) {
	if d != nil {
		d.Node = node.UniqueID
		if d.Place.IsZero() || d.Place.Source.Path == "" {
			d.Place = node.Place
		}
		p.report(d)
		return
	}
	if !slices.Contains(node.DependsOn, parent.UniqueID) {
		node.DependsOn = append(node.DependsOn, parent.UniqueID)
	}
}

// cycle says which nodes depend on each other, with the place of each reference.
func (p *parser) cycle(c graph.Cycle) *diag.Diagnostic {
	first := p.plan.Nodes[c[0]]
	if len(c) == 1 {
		return diag.New(diag.Cycle, p.refPlace(first, first), "%s %q depends on itself", first.Type, first.Name).
			WithHint("read the table as it is published with {{ this }}, inside {%% if is_incremental() %%}")
	}
	d := diag.New(diag.Cycle, p.refPlace(first, p.plan.Nodes[c[1]]), "these models depend on each other")
	for i, id := range c {
		reader, read := p.plan.Nodes[id], p.plan.Nodes[c[(i+1)%len(c)]]
		d.WithNote(p.refPlace(reader, read), "%s reads %s", reader.Name, read.Name)
	}
	return d.WithHint("take one of these references out")
}

func (p *parser) refPlace(reader, read *project.Node) diag.Place {
	for _, call := range reader.Refs {
		if found, d := p.plan.names.ref(call, reader.Package); d == nil && found == read {
			return call.Place
		}
	}
	return reader.Place
}

// context makes what templates can call.
func (p *parser) context() {
	proj, opts := p.plan.Project, p.plan.options
	settings := dbtcontext.Settings{
		Name: proj.Name, Version: proj.Version, Target: proj.Target.Raw,
		Vars: proj.Vars.Lookup, VarNames: func(string) []string { return varNames(proj.Vars) }, Env: proj.Env,
		Now: opts.Now, InvocationID: opts.InvocationID,
		Command: opts.Command, Threads: opts.Threads, Log: opts.Log,
		Flags: map[string]template.Value{"FULL_REFRESH": opts.FullRefresh},
		Graph: p.plan.graphValue,
		Doc:   p.docs.find,
	}
	for _, d := range proj.Dispatch {
		settings.Dispatch = append(settings.Dispatch, dbtcontext.Dispatch{Namespace: d.Namespace, SearchOrder: d.SearchOrder})
	}
	if target := proj.Target; target != nil {
		settings.ExternalRoot = target.ExternalRoot
	}
	p.plan.dbt = dbtcontext.New(settings)
}

// varNames lists the variables a project knows, for messages.
func varNames(vars *project.Vars) []string {
	var out []string
	for _, dict := range []*template.Dict{vars.CLI, vars.Project} {
		if dict == nil {
			continue
		}
		for _, key := range dict.Keys() {
			if name, ok := key.(string); ok {
				out = append(out, name)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
