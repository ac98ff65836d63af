package compiler

import (
	"slices"
	"strconv"

	"elt/compiler/diag"
	"elt/compiler/project"
)

// patchKey names what an entry of a property file describes.
type patchKey struct {
	kind project.ResourceType
	name string
}

// nodes makes the nodes of all files and property files; templates are parsed later.
func (p *parser) nodes() {
	proj := p.plan.Project
	p.indexPatches()
	for _, file := range proj.Files {
		switch file.Kind {
		case project.ModelFile:
			p.add(p.fileNode(file, project.Model))
		case project.TestFile:
			p.add(p.fileNode(file, project.Test))
		case project.AnalysisFile:
			p.add(p.fileNode(file, project.Analysis))
		case project.SnapshotFile:
			p.addSnapshots(file)
		}
	}
	for _, build := range []func(*project.Project) ([]*project.Node, diag.List){
		project.BuildSeeds, project.BuildSources, project.BuildExposures, project.BuildUnitTests, project.SourceTests,
	} {
		made, diags := build(proj)
		p.diags = append(p.diags, diags...)
		for _, node := range made {
			p.add(node)
		}
	}
	p.addImplicitSources()
	p.addHooks()
	p.addGenericTests()
}

// indexPatches finds property file entries by what they describe; an entry that
// describes what another one does is reported.
func (p *parser) indexPatches() {
	p.patches = map[patchKey]*project.Patch{}
	patches := p.plan.Project.Patches
	for _, patch := range slices.Concat(patches.Resources, patches.SingularTests) {
		key := patchKey{patch.Type, patch.Name}
		if first, ok := p.patches[key]; ok {
			p.report(diag.New(diag.DuplicateNode, patch.Place, "%s %q is described twice", patch.Type, patch.Name).
				WithNote(first.Place, "first described here").
				WithHint("merge the two entries"))
			continue
		}
		p.patches[key] = patch
	}
}

// fileNode makes the node of a file: a model, singular test or analysis.
func (p *parser) fileNode(file project.File, kind project.ResourceType) *project.Node {
	proj := p.plan.Project
	node := &project.Node{
		UniqueID: string(kind) + "." + proj.Name + "." + file.Name,
		Type:     kind, Name: file.Name, Package: proj.Name,
		Path: file.Path, OriginalPath: file.OriginalPath,
		FQN:    proj.FQN(file.Path, file.Name),
		Source: file.Source,
		Place:  diag.Place{Source: file.Source},
	}
	if kind == project.Test {
		node.Test = &project.TestInfo{}
	}
	if patch := p.patches[patchKey{kind, file.Name}]; patch != nil {
		patch.Apply(node)
	}
	return node
}

// addHooks makes an operation of each on-run-start and on-run-end hook, as dbt does.
func (p *parser) addHooks() {
	proj := p.plan.Project
	add := func(when string, hooks []project.HookText) {
		for i, hook := range hooks {
			name := proj.Name + "-" + when + "-" + strconv.Itoa(i)
			p.add(&project.Node{
				UniqueID: "operation." + proj.Name + "." + name,
				Type:     project.Operation, Name: name, Package: proj.Name,
				Path: "hooks/" + name + ".sql", OriginalPath: "./" + proj.FileName,
				FQN:     []string{proj.Name, "hooks", name},
				Source:  diag.NewSource("", hook.SQL),
				RawCode: hook.SQL, Place: hook.Place,
				Hook: &project.HookInfo{When: when, Index: i},
			})
		}
	}
	add("on-run-start", proj.OnRunStart)
	add("on-run-end", proj.OnRunEnd)
}

// addGenericTests makes the data tests that property files declare on models, seeds
// and snapshots, and warns of entries that describe nothing.
func (p *parser) addGenericTests() {
	proj := p.plan.Project
	for _, patch := range proj.Patches.Resources {
		id := string(patch.Type) + "." + proj.Name + "." + patch.Name
		node := p.plan.Nodes[id]
		if node == nil {
			p.unknownPatch(patch)
			continue
		}
		tests, diags := project.GenericTests(proj, patch, id)
		p.diags = append(p.diags, diags...)
		for _, test := range tests {
			p.add(test)
		}
	}
	for _, patch := range proj.Patches.SingularTests {
		if p.plan.Nodes["test."+proj.Name+"."+patch.Name] == nil {
			p.unknownPatch(patch)
		}
	}
}

func (p *parser) unknownPatch(patch *project.Patch) {
	d := diag.Warn(diag.UnknownNode, patch.Place, "no %s is named %q", patch.Type, patch.Name)
	if s := diag.Suggest(patch.Name, p.nodeNames(patch.Type)); s != "" {
		d.WithHint("did you mean %q?", s)
	} else {
		d.WithHint("this entry does nothing: remove it, or add the file it describes")
	}
	p.report(d)
}

func (p *parser) nodeNames(kind project.ResourceType) []string {
	var out []string
	for _, node := range p.plan.Nodes {
		if node.Type == kind {
			out = append(out, node.Name)
		}
	}
	slices.Sort(out)
	return out
}

// add makes a node part of the plan; of two of one name the second is reported.
func (p *parser) add(node *project.Node) {
	if first, ok := p.plan.Nodes[node.UniqueID]; ok {
		if node.Type == project.Test && node.Test.Generic != "" {
			return // the same test declared twice is one test, as in dbt
		}
		p.report(duplicate(node, first, string(node.Type), node.Name))
		return
	}
	if d := p.plan.names.add(node); d != nil {
		p.report(d)
		return
	}
	p.plan.Nodes[node.UniqueID] = node
}
