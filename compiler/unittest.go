package compiler

import (
	"slices"

	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

// checkUnitTest reports what is wrong with a unit test as it is written: inputs that name
// nothing or nothing of the model, doubles, and options that do not go with the model. It
// notes what each input names.
func (p *parser) checkUnitTest(node *project.Node) {
	if node.Unit == nil || len(node.DependsOn) == 0 {
		return
	}
	model := p.plan.Nodes[node.DependsOn[0]]
	if model.Type != project.Model {
		p.unitMistake(node, diag.New(diag.WrongType, node.Refs[0].Place, "%q is a %s; unit tests are of models", model.Name, model.Type))
		return
	}
	for i := range node.Unit.Given {
		p.checkInput(node, model, &node.Unit.Given[i])
	}
	p.checkDoubles(node)
	p.checkIncremental(node, model)
	p.checkOverrides(node, model)
}

func (p *parser) unitMistake(node *project.Node, d *diag.Diagnostic) {
	if d != nil {
		d.Node = node.UniqueID
		p.report(d)
	}
}

// checkInput resolves one input. A given that the model does not read is ignored by dbt;
// elt says so.
func (p *parser) checkInput(node, model *project.Node, input *project.UnitInput) {
	if input.IsThis() {
		input.Node = model.UniqueID
		p.inputMistake(node, input, withoutRows(input, model))
		return
	}
	ref, source, ok := project.ParseReference(project.Located{Text: input.Input, Place: input.Place})
	var named *project.Node
	var d *diag.Diagnostic
	switch {
	case !ok:
		d = diag.New(diag.WrongType, input.Place, "%q is no input of a unit test", input.Input).
			WithHint("write ref('orders'), source('shop', 'orders') or this")
	case source.Table != "":
		if named, d = p.plan.names.source(source, node.Package); p.lost.explainsSource(source.Source, source.Table) {
			p.lacks(node)
			return
		}
	default:
		if named, d = p.plan.names.ref(ref, node.Package); p.lost.explainsRef(ref.Name) {
			p.lacks(node)
			return
		}
	}
	if d != nil {
		p.inputMistake(node, input, d)
		return
	}
	input.Node = named.UniqueID
	if named != model && !slices.Contains(model.DependsOn, named.UniqueID) {
		p.inputMistake(node, input, p.unread(model, input))
	}
	p.inputMistake(node, input, withoutRows(input, named))
}

// inputMistake reports a mistake in an input. The other rows of the unit test can be looked at all
// the same.
func (p *parser) inputMistake(node *project.Node, input *project.UnitInput, d *diag.Diagnostic) {
	if d == nil {
		return
	}
	d.Node = node.UniqueID
	p.reportOf(d)
	input.Wrong = input.Wrong || d.Severity == diag.Error
}

// unread says that a model does not read an input. In a dbt project it is a warning,
// since dbt takes such tests.
func (p *parser) unread(model *project.Node, input *project.UnitInput) *diag.Diagnostic {
	if p.hasErrors(model) {
		return nil // what it reads is not known
	}
	d := diag.New(diag.UnitTest, input.Place, "the model %q does not read %s", model.Name, input.Input)
	if !p.plan.Project.OwnDefaults() {
		d.Severity = diag.Warning
	}
	var reads []string
	for _, id := range model.DependsOn {
		reads = append(reads, refText(p.plan.Nodes[id]))
	}
	if near := diag.Suggest(input.Input, reads); near != "" {
		return d.WithHint("did you mean %s?", near)
	}
	return d.WithHint("take it out, or look at what the model reads")
}

// hasErrors reports whether something wrong has been found in a node.
func (p *parser) hasErrors(node *project.Node) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.diags, func(d *diag.Diagnostic) bool {
		return d.Node == node.UniqueID && d.Severity == diag.Error
	})
}

// withoutRows reports an input that has no rows; of a seed they are in its file.
func withoutRows(input *project.UnitInput, named *project.Node) *diag.Diagnostic {
	if input.Rows.Given || input.Rows.Fixture != "" || named.Type == project.Seed {
		return nil
	}
	return diag.New(diag.WrongType, input.Place, "the input %s has no rows", input.Input).
		WithHint("list them under rows:; an empty table is rows: []")
}

// checkDoubles reports inputs that are given twice.
func (p *parser) checkDoubles(node *project.Node) {
	first := map[string]*project.UnitInput{}
	for i := range node.Unit.Given {
		input := &node.Unit.Given[i]
		if input.Node == "" {
			continue
		}
		if other, ok := first[input.Node]; ok {
			p.inputMistake(node, input, diag.New(diag.UnitTest, input.Place, "the input %s is given twice", input.Input).
				WithNote(other.Place, "first here").WithHint("put all of its rows under one of them"))
			continue
		}
		first[input.Node] = input
	}
}

// checkIncremental holds a unit test of an incremental model to dbt's rules: what
// is_incremental() answers is said in words that can be understood, and where it is true
// there is a table that it is true of.
func (p *parser) checkIncremental(node, model *project.Node) {
	unit := node.Unit
	if unit.ExpectFinal && model.Materialized() != "incremental" {
		p.unitMistake(node, diag.New(diag.UnitTest, unit.FinalPlace, "%q goes with incremental models only; %q is a %s", "expect_final", model.Name, model.Materialized()).
			WithHint("take it out: expect holds the whole table"))
	}
	override, overridden := unit.Override("macros", "is_incremental")
	if !overridden {
		return
	}
	incremental, ok := override.(bool)
	place := unit.Keys["macros.is_incremental"]
	switch {
	case !ok:
		p.unitMistake(node, diag.New(diag.WrongType, place, "%q must be true or false, not %s", "is_incremental", template.Repr(override)))
	case incremental && !givesThis(unit) && slices.Contains(model.Macros, "macro.dbt.is_incremental"):
		p.unitMistake(node, diag.New(diag.UnitTest, place, "the unit test says that the model is incremental, but gives no rows of %q", "this").
			WithHint("give the rows the table has before: {input: this, rows: [...]}"))
	}
}

// givesThis reports whether a unit test says what is in the model's own table.
func givesThis(unit *project.UnitTestInfo) bool {
	return slices.ContainsFunc(unit.Given, func(i project.UnitInput) bool { return i.IsThis() })
}

// checkOverrides reports overrides of macros that do not exist. dbt takes no notice of
// them, so in a dbt project it is a warning.
func (p *parser) checkOverrides(node, model *project.Node) {
	unit := node.Unit
	scope := p.plan.dbt.Scope(p.host(model), model.Package)
	for _, item := range unit.OverridesOf("macros").Items() {
		name := template.Str(item.Key)
		if scope.Override(name, item.Value) {
			continue
		}
		d := diag.New(diag.UnitTest, unit.Keys["macros."+name], "no macro is named %q", name)
		if !p.plan.Project.OwnDefaults() {
			d.Severity = diag.Warning
		}
		if near := diag.Suggest(name, scope.Names()); near != "" {
			d.WithHint("did you mean %q?", near)
		} else {
			d.WithHint("a macro of a package is package.macro")
		}
		p.unitMistake(node, d)
	}
}

// versionsMistake reports versions: of a unit test that fit none of the model's versions.
func versionsMistake(node *project.Node, models []*project.Node, wanted int) *diag.Diagnostic {
	_, asked := node.Unit.Versions.(*template.Dict)
	if !asked || len(models) == 0 || wanted > 0 {
		return nil
	}
	d := diag.New(diag.UnitTest, node.Place, "the model %q has none of the versions that the unit test %q is for", node.Unit.Model, node.Name)
	d.Node = node.UniqueID
	var have []string
	for _, model := range models {
		have = append(have, model.Version)
	}
	if slices.Sort(have); have[0] == "" {
		return d.WithHint("the model has no versions; take %q out", "versions")
	}
	return d.WithHint("it has %v", have)
}

// overridden puts the overrides of a unit test into a scope.
func overridden(scope *dbtcontext.Scope, unit *project.UnitTestInfo) *dbtcontext.Scope {
	if vars := unit.OverridesOf("vars"); vars.Len() > 0 {
		scope.OverrideVars(vars)
	}
	if env := unit.OverridesOf("env_vars"); env.Len() > 0 {
		scope.OverrideEnv(env)
	}
	for _, item := range unit.OverridesOf("macros").Items() {
		scope.Override(template.Str(item.Key), item.Value) // unknown ones were reported
	}
	return scope
}
