package compiler

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
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
//
// Where every error is about single nodes, there is a plan beside the error, without these
// nodes and all below them ([Plan.IsPartial]): whoever goes on to look for mistakes in it finds
// none that follows from what is told already.
func Parse(ctx context.Context, opts Options) (*Plan, error) {
	proj, diags := project.Load(ctx, project.LoadOptions{
		FS: opts.FS, Root: opts.Root,
		Profile: opts.Profile, Target: opts.Target, ProfilesDir: opts.ProfilesDir,
		TargetPath: opts.TargetPath, Uninstalled: opts.Uninstalled, Vars: opts.Vars, Env: opts.Env, Home: opts.Home,
		Keep:  opts.Keep,
		Names: dbtcontext.BaseNames(invocation(opts)),
	})
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if proj == nil {
		return nil, project.WithoutFollowing(diags).Sorted()
	}
	p := &parser{
		plan: &Plan{
			Project: proj, Nodes: map[string]*project.Node{}, options: opts,
			names: newNames(proj.Name), templates: newTemplates(),
		},
		diags: diags,
		lost:  lostIn(diags),

		lacking: map[string]*project.Node{}, concerned: map[*diag.Diagnostic][]*project.Node{},
	}
	p.plan.names.files = p.plan.fileMeant
	if parser, ok := opts.SQLParser.(Rememberer); ok && proj.SQLFirst {
		p.report(parser.Remember(proj))
	}
	p.docs = p.readDocs()
	p.plan.docs = p.docs
	p.plan.dbt = dbtcontext.New(p.settings())
	p.macros()
	p.nodes()
	p.render(ctx)
	p.settle()
	p.findTwins()
	p.nameRelations(ctx)
	p.plainReferences(ctx)
	p.describe(ctx)
	p.link(ctx)
	p.unseen(ctx)
	p.findMakers()
	p.makeByMacros()
	p.findStrategies()
	p.warnIneffective()
	p.checkQuarantines()
	p.checkFormats()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !p.diags.HasErrors() {
		p.diags = append(p.diags, proj.UnusedConfig()...)
	}
	all := project.WithoutFollowing(p.diags).Sorted()
	if err := all.Err(); err != nil {
		return p.whole(), err
	}
	p.plan.Diagnostics = all
	return p.plan, nil
}

// parser is the state of one Parse.
type parser struct {
	plan  *Plan
	found []*project.Node // all nodes, disabled ones and doubles included, in the order of files
	docs  docs
	lost  lost
	// sorted is what ordered has returned last.
	sorted []*project.Node
	// usualWhere says that the project has no get_where_subquery of its own.
	usualWhere bool

	mu        sync.Mutex // guards the next three while templates are rendered in parallel
	diags     diag.List
	lacking   map[string]*project.Node             // nodes that read what a mistake elsewhere has cost
	concerned map[*diag.Diagnostic][]*project.Node // the nodes of errors that are about several
	rendered  sync.Map                             // *project.Node → rendering of the parse pass, where SQL first needs it
	texts     sync.Map                             // *project.Node → []rendering: its hooks and its run_query() of literals, likewise
}

func (p *parser) report(d *diag.Diagnostic) {
	if d == nil || p.lost.explains(d) {
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

// flagTime is a flag that is a point in time, without a zone as dbt has it.
func flagTime(t time.Time) template.Value {
	if t.IsZero() {
		return nil
	}
	return dbtcontext.NaiveDateTime(t)
}

// sampleFlag is flags.SAMPLE: None, or the window of --sample.
func sampleFlag(opts Options) template.Value {
	if opts.SampleStart.IsZero() {
		return nil
	}
	return template.NewDict(template.Item{Key: "start", Value: dbtcontext.DateTime(opts.SampleStart)},
		template.Item{Key: "end", Value: dbtcontext.DateTime(opts.SampleEnd)})
}

// invocation is what templates can ask of the command, whatever the project.
func invocation(opts Options) dbtcontext.Settings {
	return dbtcontext.Settings{
		Now: opts.Now, InvocationID: opts.InvocationID,
		Command: opts.Command, Threads: opts.Threads, Log: opts.Log, Print: opts.Print, Warn: opts.Warn,
		Flags: map[string]template.Value{"FULL_REFRESH": opts.FullRefresh, "EMPTY": opts.Empty,
			"EVENT_TIME_START": flagTime(opts.EventTimeStart), "EVENT_TIME_END": flagTime(opts.EventTimeEnd),
			"SAMPLE": sampleFlag(opts)},
		Args:         opts.Args,
		MetadataEnvs: opts.MetadataEnvs,
	}
}

// settings is what templates can ask of the project.
func (p *parser) settings() dbtcontext.Settings {
	proj := p.plan.Project
	settings := invocation(p.plan.options)
	settings.Name, settings.Version, settings.Target = proj.Name, proj.Version, proj.Target.Raw
	settings.Vars, settings.VarNames = proj.Vars.Lookup, func(string) []string { return proj.Vars.Names() }
	settings.Env = proj.Env
	settings.SelectedResources = func() []string { return p.plan.selected }
	settings.Graph, settings.HookGraph, settings.RuntimeConfig = p.plan.graphValue, p.plan.hookGraphValue, p.runtimeConfig
	settings.Doc, settings.DocNames = p.docs.find, p.docs.names
	settings.Quoting = quoting(proj.Quoting)
	settings.ExternalRoot = externalRoot(proj, p.plan.options.StartedThere)
	for _, pkg := range proj.Packages {
		settings.Packages = append(settings.Packages, pkg.Name)
	}
	for _, d := range proj.Dispatch {
		settings.Dispatch = append(settings.Dispatch, dbtcontext.Dispatch{Namespace: d.Namespace, SearchOrder: d.SearchOrder})
	}
	return settings
}

func quoting(set *template.Dict) dbtcontext.Quoting {
	read := func(key string) *bool {
		if v, ok := set.Get(key); ok {
			if b, ok := v.(bool); ok {
				return &b
			}
		}
		return nil
	}
	return dbtcontext.Quoting{Database: read("database"), Schema: read("schema"), Identifier: read("identifier")}
}

// macros makes the macros of the project and its packages known, those of generic tests
// included.
func (p *parser) macros() {
	for _, proj := range p.plan.Project.All() {
		p.macrosOf(proj)
	}
}

func (p *parser) macrosOf(proj *project.Project) {
	files := append(proj.FilesOf(project.MacroFile), proj.FilesOf(project.GenericTestFile)...)
	parsed := make([]*template.Template, len(files))
	forEach(indexes(len(files)), func(i int) {
		t, err := template.Parse(files[i].Source)
		if err != nil && !proj.OwnDefaults() {
			t, err = macrosAlone(files[i].Source, err)
		}
		p.reportAll(err, nil)
		parsed[i] = t
	})
	for i, t := range parsed {
		if t == nil {
			p.lost.macrosOf(files[i].Source.Text)
			continue
		}
		for _, d := range p.plan.dbt.AddMacros(proj.Name, t.Blocks(), files[i].OriginalPath) {
			p.report(d)
		}
	}
}

// macrosAlone parses the definitions in a file of macros that is no template as a whole, as dbt does, which reads
// nothing around them. What is wrong there is a warning then; else the error stays.
func macrosAlone(src *diag.Source, whole error) (*template.Template, error) {
	t, err := template.ParseBlocks(src, "macro", "materialization", "test")
	if err != nil {
		return nil, err
	}
	var list diag.List
	for _, d := range diag.From(whole, diag.TemplateError) {
		around := *d
		around.Severity = diag.Warning
		around.Hint = "it stands outside of macros, where nothing is read: write it as a comment {# ... #}"
		list = append(list, around.WithEvent("UnexpectedJinjaBlockDeprecation"))
	}
	return t, list
}

func indexes(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// ordered returns the nodes of the plan sorted by unique_id. Nodes may leave the plan
// between two calls, but none may join it. The caller must not change the list.
func (p *parser) ordered() []*project.Node {
	if p.sorted == nil {
		p.sorted = make([]*project.Node, 0, len(p.plan.Nodes))
		for _, node := range p.plan.Nodes {
			p.sorted = append(p.sorted, node)
		}
		slices.SortFunc(p.sorted, func(a, b *project.Node) int { return cmp.Compare(a.UniqueID, b.UniqueID) })
	}
	if len(p.sorted) != len(p.plan.Nodes) {
		left := func(node *project.Node) bool { return p.plan.Nodes[node.UniqueID] != node }
		p.sorted = slices.DeleteFunc(slices.Clone(p.sorted), left)
	}
	return p.sorted
}

// externalRoot is what adapter.external_root() answers: as in dbt what the profile says, "." by default, where
// that means the project's folder in SQL too, else the absolute path.
func externalRoot(proj *project.Project, startedThere bool) string {
	written, _ := proj.Target.Raw.Get("external_root")
	if text, ok := written.(string); ok && text != "" && startedThere {
		return text
	}
	return proj.Target.ExternalRoot
}
