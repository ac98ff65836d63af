package compiler

import (
	"context"
	"maps"
	"slices"
	"strings"

	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/regex"
	"elt/compiler/template"
)

// docs are the texts of the {% docs %} blocks: of the root project and of each package,
// in that order, by name.
type docs struct {
	packages []string
	texts    map[string]map[string]string
	all      []Doc // without their texts
}

// find returns the text of a block that is named in package pkg: the package's own, else
// that of the root project, else that of any package, as dbt searches.
func (d docs) find(pkg, name string) (string, bool) {
	for _, from := range append([]string{pkg}, d.packages...) {
		if text, ok := d.texts[from][name]; ok {
			return text, true
		}
	}
	return "", false
}

// docCall finds the calls of doc() in a description.
var docCall = regex.Lazy(`\bdoc\(\s*['"](\w+)['"]\s*(?:,\s*['"](\w+)['"]\s*)?\)`)

// named returns the unique_ids of the blocks that a description in a package names.
func (d docs) named(text, pkg string) []string {
	var out []string
	for _, m := range docCall().FindAllStringSubmatch(text, -1) {
		from, name := pkg, m[1]
		if m[2] != "" {
			from, name = m[1], m[2]
		}
		for _, holder := range append([]string{from}, d.packages...) {
			if _, ok := d.texts[holder][name]; ok {
				out = appendNew(out, "doc."+holder+"."+name)
				break
			}
		}
	}
	return out
}

func (d docs) names() []string {
	var out []string
	for _, texts := range d.texts {
		out = slices.AppendSeq(out, maps.Keys(texts))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// docsTag finds docs blocks in Markdown, which is no template: what looks like Jinja
// between the blocks means nothing. Comments and raw blocks may hold a block that is
// none.
var docsTag = regex.Lazy(`(?s)\{#.*?#\}|\{%[-+]?\s*raw\s*[-+]?%\}.*?\{%[-+]?\s*endraw\s*[-+]?%\}` +
	`|\{%[-+]?\s*docs\s+(\w+)\s*[-+]?%\}(.*?)\{%[-+]?\s*enddocs\s*[-+]?%\}`)

// readDocs makes the docs blocks of all .md files known, rendered without names and
// trimmed as dbt does.
func (p *parser) readDocs() docs {
	out := docs{texts: map[string]map[string]string{}}
	for _, proj := range p.plan.Project.All() {
		out.packages = append(out.packages, proj.Name)
		out.texts[proj.Name] = p.docsOf(proj, &out.all)
	}
	return out
}

func (p *parser) docsOf(proj *project.Project, all *[]Doc) map[string]string {
	out := map[string]string{}
	places := map[string]diag.Place{}
	for _, file := range proj.FilesOf(project.DocsFile) {
		for _, m := range docsTag().FindAllStringSubmatchIndex(file.Source.Text, -1) {
			if m[2] < 0 {
				continue
			}
			name, body := file.Source.Text[m[2]:m[3]], file.Source.Text[m[4]:m[5]]
			place := diag.Place{Source: file.Source, Span: diag.Span{Start: m[2], End: m[3]}}
			if first, ok := places[name]; ok {
				p.report(diag.New(diag.DuplicateNode, place, "two docs blocks are named %q", name).
					WithNote(first, "the first one is here").WithHint("give one of them another name"))
				continue
			}
			places[name] = place
			text, err := renderDocs(body)
			if err != nil {
				p.reportAll(at(err, place), nil)
			}
			out[name] = strings.TrimSpace(text)
			*all = append(*all, Doc{UniqueID: "doc." + proj.Name + "." + name, Name: name, Package: proj.Name,
				Path: file.Path, OriginalPath: file.OriginalPath})
		}
	}
	return out
}

func renderDocs(body string) (string, error) {
	if !hasTags(body) {
		return strings.ReplaceAll(body, "\r\n", "\n"), nil
	}
	t, err := template.Parse(diag.NewSource("", body))
	if err != nil {
		return "", err
	}
	out, err := t.Render(pass{ctx: context.Background(), lax: true}.thread(), noNames{})
	return out.Text, err
}

// noNames is the scope of docs blocks.
type noNames struct{}

// Lookup finds nothing.
func (noNames) Lookup(string) (template.Value, bool) { return nil, false }

// Names is empty.
func (noNames) Names() []string { return nil }

// describe renders the descriptions of nodes, columns and macros, which may name docs
// blocks, and warns of macros that are described but do not exist.
func (p *parser) describe(ctx context.Context) {
	how := pass{ctx: ctx}
	scopes := map[string]template.Scope{}
	for _, proj := range p.plan.Project.All() {
		scopes[proj.Name] = p.plan.dbt.YAMLScope(dbtcontext.YAMLOptions{Package: proj.Name})
	}
	render := func(text *string, place diag.Place, pkg string, node *project.Node) (blocks []string) {
		if !hasTags(*text) {
			return nil
		}
		blocks = p.docs.named(*text, pkg)
		t, err := p.plan.templates.parse(*text)
		if err == nil {
			var out template.Output
			if out, err = t.Render(how.thread(), scopes[pkg]); err == nil {
				*text = out.Text
				return blocks
			}
		}
		p.reportAll(at(err, place), node)
		return blocks
	}
	for _, node := range p.ordered() {
		place := node.PatchPlace
		if place.IsZero() {
			place = node.Place
		}
		node.DocBlocks = render(&node.Description, place, node.Package, node)
		for _, column := range node.Columns {
			column.DocBlocks = render(&column.Description, column.Place, node.Package, node)
		}
		if node.Semantic != nil {
			describeElements(node.Semantic.Body, func(text *string) { render(text, place, node.Package, node) })
		}
		if node.Table != nil {
			render(&node.Table.SourceDescription, place, node.Package, node)
		}
	}
	for _, proj := range p.plan.Project.All() {
		p.describeMacros(proj, func(text *string, place diag.Place) { render(text, place, proj.Name, nil) })
	}
}

// describeElements renders the descriptions of what a semantic model is made of.
func describeElements(body *template.Dict, render func(text *string)) {
	for _, part := range []string{"dimensions", "measures", "entities"} {
		v, _ := body.Get(part)
		list, ok := v.(*template.List)
		if !ok {
			continue
		}
		for _, e := range list.Elems {
			element, _ := e.(*template.Dict)
			v, _ := element.Get("description")
			if text, ok := v.(string); ok {
				render(&text)
				_ = element.Set("description", text) // a text is always a key
			}
		}
	}
}

func (p *parser) describeMacros(proj *project.Project, render func(text *string, place diag.Place)) {
	names := map[string]bool{}
	for _, macro := range p.plan.dbt.OwnMacros() {
		if macro.Package == proj.Name {
			names[macro.Name] = true
		}
	}
	for _, patch := range proj.Patches.Macros {
		render(&patch.Description, patch.Place)
		if list, ok := patch.Arguments.(*template.List); ok {
			for _, argument := range list.Elems {
				describeArgument(argument, patch.Place, render)
			}
		}
		if names[patch.Name] || proj.IsPackage() || p.lost.macros[strings.TrimPrefix(patch.Name, "test_")] {
			continue
		}
		d := diag.Warn(diag.UnknownNode, patch.Place, "no macro is named %q", patch.Name).WithEvent("MacroNotFoundForPatch")
		if near := diag.Suggest(patch.Name, slices.Sorted(maps.Keys(names))); near != "" {
			d.WithHint("did you mean %q?", near)
		} else {
			d.WithHint("this entry does nothing: remove it, or add the macro it describes")
		}
		p.report(d)
	}
}

func describeArgument(argument template.Value, place diag.Place, render func(text *string, place diag.Place)) {
	d, ok := argument.(*template.Dict)
	if !ok {
		return
	}
	v, _ := d.Get("description")
	if text, ok := v.(string); ok && hasTags(text) {
		render(&text, place)
		_ = d.Set("description", text) // a text is always a key
	}
}
