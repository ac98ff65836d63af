package compiler

import (
	"context"
	"slices"
	"strings"

	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

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

// render is the parse pass: it renders every template with execute false, in
// parallel, and so learns its references and config.
func (p *parser) render(ctx context.Context) {
	how := pass{ctx: ctx, lax: true}
	where, ok := p.plan.dbt.Macro("get_where_subquery")
	p.usualWhere = ok && isBuiltin(&where)
	forEach(p.found, func(node *project.Node) {
		if ctx.Err() == nil {
			p.renderNode(how, node)
		}
	})
}

// renderNode parses and renders one node and resolves its config.
func (p *parser) renderNode(how pass, node *project.Node) {
	switch {
	case node.Type == project.Source, node.Type == project.Exposure, node.Type == project.UnitTest, node.Type.IsSemantic():
		return
	case isGeneric(node):
		p.renderGenericTest(how, node)
		return
	}
	host := p.host(node)
	if node.Type == project.Seed {
		scope := p.plan.dbt.Scope(host, node.Package)
		p.hookReferences(how, scope, node, host)
		node.Macros = scope.Called()
		node.Refs, node.Sources, node.Metrics = host.refs, host.sources, host.metrics
		return
	}
	if node.Template == nil {
		source := node.Source
		if node.IsPython() {
			source = project.PythonReferences(source)
		}
		t, err := template.Parse(source)
		if err != nil {
			p.reportAll(at(err, node.Place), node)
			return
		}
		node.Template = t
		if node.RawCode == "" {
			node.RawCode = strings.TrimSpace(node.Source.Text)
		}
	}
	node.Static = node.Type == project.Model && !node.IsPython() && node.Template.IsLiteral() && !p.redefines(node.Package)
	scope := p.plan.dbt.Scope(host, node.Package)
	out, err := renderTemplate(how, scope, node)
	if err != nil {
		p.reportAll(at(err, node.Place), node)
		return
	}
	p.configure(node, host.calls)
	p.hookReferences(how, scope, node, host)
	node.Macros = scope.Called()
	host.moveTo(0, 0, node.Place)
	p.changeReferences(node, host)
	if node.IsPython() { // the template has every byte at its place
		for i := range host.refs {
			host.refs[i].Place.Source = node.Source
		}
		for i := range host.sources {
			host.sources[i].Place.Source = node.Source
		}
	}
	node.Refs, node.Sources, node.Metrics = host.refs, host.sources, host.metrics
	p.keyReferences(node)
	if p.plan.sqlFirst() && !node.IsPython() {
		p.rendered.Store(node, out)
	}
	p.keepTexts(node, node.Template)
}

// redefines reports whether a macro of the project takes the place of what dbt reads in a model
// without rendering it.
func (p *parser) redefines(pkg string) bool {
	return slices.ContainsFunc([]string{"ref", "source", "config"}, func(name string) bool {
		_, ok := p.plan.dbt.ResolveMacro(name, pkg)
		return ok
	})
}

// isGeneric reports whether a node is a generic data test.
func isGeneric(node *project.Node) bool { return node.Type == project.Test && node.Test.Generic != "" }

// host makes the parse host of a node, which sees the config known before its file.
func (p *parser) host(node *project.Node) *parseHost {
	if node.Relation.Identifier == "" {
		target := p.plan.Project.Target
		node.Relation = project.Relation{Database: target.Database, Schema: target.Schema, Identifier: node.Name}
	}
	base := node.Config
	if base == nil {
		base, _ = project.ResolveConfig(p.plan.ProjectOf(node), p.configInput(node, nil))
	}
	return &parseHost{node: node, base: base}
}

func (p *parser) configInput(node *project.Node, calls []project.ConfigCall) project.ResolveInput {
	in := project.ResolveInput{Type: node.Type, Package: node.Package, FQN: node.FQN, InFile: calls}
	if isGeneric(node) {
		if !node.IsUnrenderedTest() {
			in.InFile = append(node.Test.TagsTwice(), calls...)
		}
		return in
	}
	patch := p.plan.ProjectOf(node).Patches.Find(node.Type, node.Name)
	if patch == nil {
		return in
	}
	for _, one := range patch.ByVersion() {
		if one.Version == node.Version {
			in.Patch = one.Config
		}
	}
	return in
}

// configure sets a node's final config and what follows from it. Of the node's own
// tags those of the property file come last, as in dbt, though config has them earlier.
func (p *parser) configure(node *project.Node, calls []project.ConfigCall) {
	in := p.configInput(node, calls)
	if node.IsPython() {
		in.Patch = project.AsTable(in.Patch)
	}
	config, diags := project.ResolveConfig(p.plan.ProjectOf(node), in)
	for _, d := range diags {
		if d.Node == "" {
			d.Node = node.UniqueID
		}
		p.report(d)
	}
	if _, tagged := in.Patch.Get("tags"); tagged && len(calls) > 0 {
		in.Patch = nil
		before, _ := project.ResolveConfig(p.plan.ProjectOf(node), in)
		node.Tags = slices.Clone(before.Strings("tags"))
	}
	node.SetConfig(config)
	node.Tags = once(node.Tags)
}

// once returns texts in the order of their first occurrence, each once.
func once(texts []string) []string {
	var out []string
	for _, text := range texts {
		out = appendNew(out, text)
	}
	return out
}

func appendNew(list []string, item string) []string {
	for _, have := range list {
		if have == item {
			return list
		}
	}
	return append(list, item)
}

// hookReferences renders the pre- and post-hooks of a node for what they read.
func (p *parser) hookReferences(how pass, scope template.Scope, node *project.Node, host *parseHost) {
	for _, key := range hookKeys {
		for _, hook := range node.Config.Hooks(key) {
			refs, sources := len(host.refs), len(host.sources)
			t, text, err := p.plan.renderHook(how, scope, hook)
			if err != nil {
				p.reportAll(err, node)
				continue
			}
			p.keepTexts(node, t, rendering{text, wholeMap(hook.Place)})
			host.moveTo(refs, sources, hook.Place)
		}
	}
}

// renderGenericTest learns what a generic test reads: what its arguments name, and,
// if its macro is not elt's own, what the macro itself names and configures.
func (p *parser) renderGenericTest(how pass, node *project.Node) {
	plan, info := p.plan, node.Test
	macro := plan.dbt.GenericTest(info.Namespace, info.Generic, node.Package)
	if macro == nil {
		p.unknownTest(node)
		return
	}
	if d := argumentMistake(node); isBuiltin(macro) && d != nil {
		p.report(d)
		return
	}
	t, err := plan.templates.parse(node.RawCode)
	if err != nil {
		p.reportAll(at(err, node.Place), node)
		return
	}
	node.Template = t
	node.Macros = []string{macro.UniqueID, whereMacro}
	if id, ok := plan.dbt.OwnTest(info.Generic, node.Package); ok && id != macro.UniqueID {
		node.Macros = []string{id, macro.UniqueID, whereMacro} // dbt takes it for the test, whatever the namespace
	}
	host := p.host(node)
	scope := plan.dbt.Scope(host, node.Package)
	if isBuiltin(macro) && p.usualWhere {
		err = p.argumentReferences(how, scope, node, host)
	} else {
		err = p.renderTestMacro(how, scope, node)
		p.configure(node, host.calls)
	}
	if err != nil {
		p.reportAll(at(err, node.Place), node)
		return
	}
	for _, id := range append(p.ownReferences(node, host), scope.Called()...) {
		node.Macros = appendNew(node.Macros, id)
	}
	host.takeFromMacros(node.Place)
	node.Refs, node.Sources, node.Metrics = host.refs, host.sources, host.metrics
}

// ownReferences are the project's own macros that take the place of ref and source, where what a
// test is declared on is named by one of them.
func (p *parser) ownReferences(node *project.Node, host *parseHost) []string {
	var out []string
	for name, used := range map[string]bool{"ref": len(host.refs) > 0, "source": len(host.sources) > 0} {
		if id, ok := p.plan.dbt.ResolveMacro(name, node.Package); ok && used {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// argumentReferences learns what the arguments of one of elt's own generic tests name.
// What it is declared on needs no rendering; that saves half the work of a project that
// has many tests.
func (p *parser) argumentReferences(how pass, scope *dbtcontext.Scope, node *project.Node, host *parseHost) error {
	for _, item := range node.Test.Kwargs.Items() {
		switch item.Key {
		case "column_name":
		case "model":
			host.refs = append(host.refs, node.Refs...)
			host.sources = append(host.sources, node.Sources...)
		default:
			if _, err := p.plan.renderArgument(how, scope, node, item.Value); err != nil {
				return err
			}
		}
	}
	return nil
}

// renderTestMacro renders a generic test whose macro may itself read and configure.
func (p *parser) renderTestMacro(how pass, scope *dbtcontext.Scope, node *project.Node) error {
	kwargs, err := p.plan.testKwargs(how, scope, node)
	if err != nil {
		return err
	}
	_, err = node.Template.Render(how.thread(), scope.With(kwargsName, kwargs))
	return err
}

// whereMacro is what every generic test calls to apply its config "where".
const whereMacro = "macro.dbt.get_where_subquery"

func (p *parser) unknownTest(node *project.Node) {
	info := node.Test
	if p.lost.macros[info.Generic] {
		return
	}
	name := info.Generic
	if info.Namespace != "" {
		name = info.Namespace + "." + name
	}
	d := diag.New(diag.UnknownTest, node.Place, "no generic test is named %q", name)
	if s := diag.Suggest(info.Generic, p.plan.dbt.GenericTestNames()); s != "" {
		d.WithHint("did you mean %q?", s)
	} else {
		d.WithHint("define it as {%% test %s(model, column_name) %%} in tests/generic/ or macros/", info.Generic)
	}
	d.Node = node.UniqueID
	p.report(d)
}

// isBuiltinID is isBuiltin for a unique_id.
func isBuiltinID(id string) bool {
	for _, pkg := range []string{"dbt", "dbt_duckdb", "elt"} {
		if strings.HasPrefix(id, "macro."+pkg+".") {
			return true
		}
	}
	return false
}

// isBuiltin reports whether a macro is one of those that come with elt.
func isBuiltin(m *dbtcontext.MacroInfo) bool {
	return m.Package == "dbt" || m.Package == "dbt_duckdb" || m.Package == "elt"
}
