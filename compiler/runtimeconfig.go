package compiler

import (
	"strings"

	"elt/compiler/dbtcontext"
	"elt/compiler/project"
	"elt/compiler/template"
)

// runtimeConfig is what templates find as the config of the project: dbt's RuntimeConfig, as far as it says
// what a project is and not how dbt works.
func (p *parser) runtimeConfig() map[string]template.Value {
	root := p.plan.Project
	known := template.NewDict()
	for _, proj := range root.All() {
		_ = known.Set(proj.Name, dbtcontext.RuntimeObject("RuntimeConfig", p.configOf(proj, template.NewDict())))
	}
	return p.configOf(root, known)
}

func (p *parser) configOf(proj *project.Project, dependencies *template.Dict) map[string]template.Value {
	target := p.plan.Project.Target
	credentials := map[string]template.Value{}
	for _, item := range target.Raw.Items() {
		credentials[template.Str(item.Key)] = item.Value
	}
	var version template.Value
	if proj.Version != "" {
		version = proj.Version
	}
	threads, _ := target.Raw.Get("threads")
	return map[string]template.Value{
		"project_name": proj.Name, "version": version, "project_root": proj.Root, "profile_name": target.ProfileName,
		"target_name": target.Name, "threads": threads, "config_version": int64(2), "restrict_access": proj.RestrictAccess,
		"vars": dbtcontext.RuntimeVars(proj.Vars.Project), "cli_vars": proj.Vars.CLI, "dependencies": dependencies,
		"args":        dbtcontext.RuntimeObject("Flags", p.argsOf()),
		"credentials": dbtcontext.RuntimeObject("DuckDBCredentials", credentials),
		"quoting":     quotingOf(proj.Quoting),
		"model_paths": textList(proj.ModelPaths), "seed_paths": textList(proj.SeedPaths), "test_paths": textList(proj.TestPaths),
		"snapshot_paths": textList(proj.SnapshotPaths), "macro_paths": textList(proj.MacroPaths), "analysis_paths": textList(proj.AnalysisPaths),
		"docs_paths": textList(proj.DocsPaths), "clean_targets": textList(proj.CleanTargets),
		"target_path": proj.TargetPath, "packages_install_path": proj.PackagesPath,
	}
}

// argsOf are the arguments of the command, by their own names and by those of flags.
func (p *parser) argsOf() map[string]template.Value {
	opts := p.plan.options
	out := map[string]template.Value{"which": opts.Command, "WHICH": opts.Command, "select": template.Tuple{}, "exclude": template.Tuple{}}
	for _, name := range []string{"selector", "selector_name", "target", "profile", "full_refresh", "vars"} {
		out[name] = nil
	}
	if opts.Args == nil {
		return out
	}
	for _, item := range opts.Args.Items() {
		name := template.Str(item.Key)
		out[name], out[strings.ToUpper(name)] = item.Value, item.Value
	}
	return out
}

// quotingOf is a project's quoting, all of it said.
func quotingOf(set *template.Dict) *template.Dict {
	out := template.NewRecord(template.Item{Key: "database", Value: true}, template.Item{Key: "schema", Value: true}, template.Item{Key: "identifier", Value: true})
	out.Update(set)
	return out
}

func textList(texts []string) *template.List {
	out := template.NewList()
	for _, text := range texts {
		out.Elems = append(out.Elems, text)
	}
	return out
}
