package compiler

import (
	"context"
	"strings"

	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

// render is the parse pass: it renders every template with execute false, in
// parallel, and so learns its references and config.
func (p *parser) render(ctx context.Context) {
	nodes := p.ordered()
	forEach(nodes, func(node *project.Node) {
		if ctx.Err() != nil {
			return
		}
		p.renderNode(ctx, node)
	})
	for _, node := range nodes {
		p.dropDisabled(node)
	}
	p.nameRelations(ctx, nodes)
	// References by plain name need to know which nodes are enabled, hence a second round.
	forEach(nodes, func(node *project.Node) {
		if node.Type == project.Test && node.Test.Generic != "" || node.Template == nil || ctx.Err() != nil {
			return
		}
		p.plainReferences(node)
	})
}

// renderNode parses and renders one node and resolves its config.
func (p *parser) renderNode(ctx context.Context, node *project.Node) {
	switch node.Type {
	case project.Source, project.Exposure, project.UnitTest:
		return
	case project.Test:
		if node.Test.Generic != "" {
			p.renderGenericTest(ctx, node)
			return
		}
	case project.Seed:
		p.configure(node, nil)
		return
	}
	if node.Template == nil {
		t, err := template.Parse(node.Source)
		if err != nil {
			p.reportAll(err, node)
			return
		}
		node.Template = t
		if node.RawCode == "" {
			node.RawCode = rawCode(node.Source.Text)
		}
	}
	how, host := pass{ctx, true}, p.host(node)
	scope := p.plan.dbt.Scope(host, node.Package)
	out, err := p.plan.renderTemplate(how, scope, node)
	if err != nil {
		p.reportAll(err, node)
		return
	}
	p.configure(node, host.calls)
	p.hookReferences(how, scope, node)
	node.Refs, node.Sources = host.refs, host.sources
	p.rendered.Store(node.UniqueID, out)
}

// rawCode is the text of a file as dbt keeps it: trimmed of white space around.
func rawCode(text string) string { return strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n")) }

// host makes the parse host of a node, which sees the config known before its file.
func (p *parser) host(node *project.Node) *parseHost {
	if node.Relation.Identifier == "" {
		target := p.plan.Project.Target
		node.Relation = project.Relation{Database: target.Database, Schema: target.Schema, Identifier: node.Name}
	}
	base, _ := project.ResolveConfig(p.plan.Project, p.configInput(node, nil))
	return &parseHost{node: node, base: base}
}

func (p *parser) configInput(node *project.Node, calls []project.ConfigCall) project.ResolveInput {
	in := project.ResolveInput{Type: node.Type, Package: node.Package, FQN: node.FQN, InFile: calls}
	if patch := p.patches[patchKey{node.Type, node.Name}]; patch != nil {
		in.Patch = patch.Config
	}
	return in
}

// configure sets a node's final config and what follows from it.
func (p *parser) configure(node *project.Node, calls []project.ConfigCall) {
	config, diags := project.ResolveConfig(p.plan.Project, p.configInput(node, calls))
	for _, d := range diags {
		if d.Node == "" {
			d.Node = node.UniqueID
		}
		p.report(d)
	}
	node.SetConfig(config)
}

// dropDisabled takes a node with enabled: false out of the plan, with its tests.
func (p *parser) dropDisabled(node *project.Node) {
	off := node.Config != nil && !node.Config.Bool("enabled", true)
	if node.Test != nil && node.Test.Attached != "" && !off {
		attached := p.plan.Nodes[node.Test.Attached]
		off = attached == nil
	}
	if !off {
		return
	}
	delete(p.plan.Nodes, node.UniqueID)
	p.plan.names.disable(node)
	p.plan.Disabled = append(p.plan.Disabled, node)
}

// renderGenericTest learns what a generic test reads: what its arguments name, and,
// if its macro is not elt's own, what the macro itself names.
func (p *parser) renderGenericTest(ctx context.Context, node *project.Node) {
	plan, info := p.plan, node.Test
	macro := plan.dbt.GenericTest(info.Namespace, info.Generic, node.Package)
	if macro == nil {
		d := diag.New(diag.UnknownTest, node.Place, "no generic test is named %q", testName(info))
		if s := diag.Suggest(info.Generic, plan.dbt.GenericTestNames()); s != "" {
			d.WithHint("did you mean %q?", s)
		} else {
			d.WithHint("define it as {%% test %s(model, column_name) %%} in tests/generic/ or macros/", info.Generic)
		}
		d.Node = node.UniqueID
		p.report(d)
		return
	}
	t, err := plan.templates.parse(node.RawCode)
	if err != nil {
		p.reportAll(at(err, node.Place), node)
		return
	}
	node.Template = t
	host := p.host(node)
	scope := plan.dbt.Scope(host, node.Package)
	kwargs, err := plan.testKwargs(pass{ctx, true}, scope, node)
	if err != nil {
		p.reportAll(at(err, node.Place), node)
		return
	}
	if !isBuiltin(macro) {
		if _, err := t.Render(pass{ctx, true}.thread(), scope.With(kwargsName, kwargs)); err != nil {
			p.reportAll(at(err, node.Place), node)
			return
		}
	}
	for i := range host.refs {
		host.refs[i].Place = node.Place
	}
	for i := range host.sources {
		host.sources[i].Place = node.Place
	}
	node.Refs, node.Sources = host.refs, host.sources
	calls := host.calls
	if info.Config != nil && len(calls) == 0 { // the macro was not rendered, nor config() behind it
		calls = []project.ConfigCall{{Values: info.Config, Place: node.Place}}
	}
	p.configure(node, calls)
}

// isBuiltin reports whether a macro is one of those that come with elt.
func isBuiltin(m *dbtcontext.MacroInfo) bool {
	return m.Package == "dbt" || m.Package == "dbt_duckdb" || m.Package == "elt"
}

func testName(info *project.TestInfo) string {
	if info.Namespace != "" {
		return info.Namespace + "." + info.Generic
	}
	return info.Generic
}

// plainReferences adds the references a query makes by plain names (SQL first).
func (p *parser) plainReferences(node *project.Node) {
	out, ok := p.rendered.LoadAndDelete(node.UniqueID)
	if !ok || p.plan.Nodes[node.UniqueID] == nil {
		return
	}
	text := out.(template.Output)
	for _, d := range p.plan.recordPlainNames(node, text.Text, text.Map) {
		d.Node = node.UniqueID
		p.report(d)
	}
}

// pass is one way to render: with execute false, undefined names are as dbt's parser
// has them.
type pass struct {
	ctx context.Context
	lax bool
}

// thread makes the state of one rendering.
func (p pass) thread() *template.Thread {
	th := template.NewThread(p.ctx)
	th.LaxUndefined = p.lax
	return th
}

var _ dbtcontext.Host = (*parseHost)(nil)
var _ dbtcontext.Host = (*compileHost)(nil)
