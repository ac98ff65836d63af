package compiler

import (
	"slices"
	"strconv"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
)

// nodes finds the nodes of all files and property files, those of packages included,
// enabled or not; templates are parsed later.
func (p *parser) nodes() {
	all := p.plan.Project.All()
	own := make([][]*project.Node, len(all))
	for i, proj := range all {
		first := len(p.found)
		p.nodesOf(proj)
		own[i] = slices.Clone(p.found[first:])
	}
	others := map[string]*project.Node{}
	for _, node := range slices.Concat(own...) {
		if key := describedKey(node.Type, node.Name, node.Version); others[key] == nil {
			others[key] = node
		}
	}
	for i, proj := range all {
		p.addGenericTests(proj, own[i], others)
	}
}

// describedKey is by what an entry of a property file names a node.
func describedKey(kind project.ResourceType, name, version string) string {
	return string(kind) + "." + name + "." + version
}

func (p *parser) nodesOf(proj *project.Project) {
	files := modelFiles(proj)
	models := make([]*project.Node, len(proj.Files))
	forEach(indexes(len(models)), func(i int) {
		if file := proj.Files[i]; file.Kind == project.ModelFile {
			models[i] = p.fileNode(proj, file, project.Model, files[file.Name])
		}
	})
	for i, file := range proj.Files {
		switch file.Kind {
		case project.ModelFile:
			p.add(models[i])
		case project.TestFile:
			p.add(p.fileNode(proj, file, project.Test, proj.Patches.Find(project.Test, file.Name)))
		case project.AnalysisFile:
			p.add(p.analysis(proj, file))
		case project.SnapshotFile:
			p.addSnapshots(proj, file)
		}
	}
	p.addYAMLSnapshots(proj)
	for _, build := range []func(*project.Project) ([]*project.Node, diag.List){
		project.BuildSeeds, project.BuildSources, project.BuildExposures, project.BuildSemantics, project.BuildUnitTests, project.SourceTests,
	} {
		made, diags := build(proj)
		p.diags = append(p.diags, diags...)
		p.add(made...)
	}
	if proj == p.plan.Project {
		p.addImplicitSources()
	}
	p.addHooks(proj)
}

func (p *parser) add(nodes ...*project.Node) { p.found = append(p.found, nodes...) }

// modelFiles returns the patch that describes each model file, by the file's name. The
// latest version of a model may be in a file that is named like the model.
func modelFiles(proj *project.Project) map[string]*project.Patch {
	exists := make(map[string]bool, len(proj.Files))
	for _, file := range proj.Files {
		if file.Kind == project.ModelFile {
			exists[file.Name] = true
		}
	}
	out := make(map[string]*project.Patch, len(proj.Patches.Resources))
	for _, patch := range slices.Concat(proj.Patches.Resources, proj.Patches.Borrowed) {
		if patch.Type != project.Model {
			continue
		}
		for _, one := range patch.ByVersion() {
			name := one.FileName()
			if !exists[name] && one.Version != "" && one.Version == one.LatestVersion {
				name = one.Name
			}
			if _, taken := out[name]; !taken {
				out[name] = one
			}
		}
	}
	return out
}

// fileNode makes the node of a file: a model, a singular test or an analysis. patch is
// what a property file says of it, or nil.
func (p *parser) fileNode(proj *project.Project, file project.File, kind project.ResourceType, patch *project.Patch) *project.Node {
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
	if patch == nil {
		return node
	}
	patch.Apply(node)
	if v := patch.Version; v != "" {
		node.Name = patch.Name
		node.UniqueID = string(kind) + "." + proj.Name + "." + patch.Name + ".v" + v
		node.FQN = append(proj.FQN(file.Path, patch.Name), "v"+v)
	}
	return node
}

// analysis makes the node of an analysis, which dbt puts into a folder "analysis" that
// is not there.
func (p *parser) analysis(proj *project.Project, file project.File) *project.Node {
	file.Path = "analysis/" + file.Path
	return p.fileNode(proj, file, project.Analysis, proj.Patches.Find(project.Analysis, file.Name))
}

// addHooks makes an operation of each on-run-start and on-run-end hook, as dbt does.
func (p *parser) addHooks(proj *project.Project) {
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
				Tags: []string{when},
				Hook: &project.HookInfo{When: when, Index: i},
			})
		}
	}
	add("on-run-start", proj.OnRunStart)
	add("on-run-end", proj.OnRunEnd)
}

// addGenericTests makes the data tests that property files declare on the models, seeds
// and snapshots among nodes, which are those of one project, or among those of the others that it does not have, and
// warns of entries that describe nothing.
func (p *parser) addGenericTests(proj *project.Project, nodes []*project.Node, others map[string]*project.Node) {
	described := make(map[string]*project.Node, len(nodes))
	for _, node := range nodes {
		described[describedKey(node.Type, node.Name, node.Version)] = node
	}
	var patches []*describedTests
	for _, patch := range proj.Patches.Resources {
		for _, one := range patch.ByVersion() {
			key := describedKey(one.Type, one.Name, one.Version)
			node := described[key]
			if node == nil && (one.Type == project.Model || one.Type == project.Seed) {
				node = others[key]
			}
			if node == nil {
				p.unknownPatch(proj, one)
				if p.keepsLost(one) {
					patches = append(patches, &describedTests{patch: one})
				}
				continue
			}
			if one.Type != project.Analysis {
				patches = append(patches, &describedTests{patch: one, of: node})
			}
		}
	}
	forEach(patches, func(d *describedTests) { d.tests, d.diags = project.GenericTests(proj, d.patch, d.attached()) })
	for _, d := range patches {
		if d.of == nil { // which has been told: what is wrong with its tests follows from that
			d.tests = slices.DeleteFunc(d.tests, func(test *project.Node) bool {
				return p.plan.dbt.GenericTest(test.Test.Namespace, test.Test.Generic, test.Package) == nil
			})
			d.diags = nil
		}
		p.diags = append(p.diags, d.diags...)
		p.add(d.tests...)
	}
	for _, patch := range proj.Patches.SingularTests {
		if described[describedKey(project.Test, patch.Name, "")] == nil {
			p.unknownPatch(proj, patch)
		}
	}
}

// describedTests are the data tests that an entry of a property file declares on a node.
type describedTests struct {
	patch *project.Patch
	of    *project.Node // nil where there is none
	tests []*project.Node
	diags diag.List
}

func (d *describedTests) attached() string {
	if d.of == nil {
		return ""
	}
	return d.of.UniqueID
}

// keepsLost reports whether tests of something that does not exist are nodes, though not enabled, as
// they are under dbt.
func (p *parser) keepsLost(patch *project.Patch) bool {
	return !p.plan.Project.OwnDefaults() && !p.lost.files[patch.FileName()] && patch.Version == "" &&
		(patch.Type == project.Model || patch.Type == project.Seed || patch.Type == project.Snapshot)
}

// unknownPatch warns of an entry of a property file that describes nothing; packages
// are not warned of.
func (p *parser) unknownPatch(proj *project.Project, patch *project.Patch) {
	name := patch.FileName()
	if p.lost.files[name] || proj.IsPackage() {
		return
	}
	kind := strings.ReplaceAll(string(patch.Type), "_", " ")
	d := diag.Warn(diag.UnknownNode, patch.Place, "no %s is named %q", kind, name).WithEvent("NoNodeForYamlKey")
	switch near := diag.Suggest(name, p.fileNames(patch.Type)); {
	case patch.Version != "":
		d.Message = "no file " + strconv.Quote(name+".sql") + " holds version " + strconv.Quote(patch.Version) + " of the model " + strconv.Quote(patch.Name)
		d.WithHint("add it, or name its file with defined_in")
	case near != "":
		d.WithHint("did you mean %q?", near)
	default:
		d.WithHint("this entry does nothing: remove it, or add the file it describes")
	}
	p.report(d)
}

// fileNames are the names of the nodes of a type, as their files have them.
func (p *parser) fileNames(kind project.ResourceType) []string {
	var out []string
	for _, node := range p.found {
		if node.Type == kind {
			out = append(out, node.Name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// findTwins marks the generic tests of one name: dbt makes a name of the values of a test's
// arguments without their keys, so that {equals: 3} and {min: 3} have the same.
func (p *parser) findTwins() {
	first := make(map[string]*project.Node, len(p.plan.Nodes)/2)
	for _, node := range p.plan.Nodes {
		if !isGeneric(node) {
			continue
		}
		other, isTwin := first[node.Name]
		node.Test.Twin = isTwin
		if isTwin {
			other.Test.Twin = true
		} else {
			first[node.Name] = node
		}
	}
}
