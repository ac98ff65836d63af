package main

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"elt/compiler"
	"elt/compiler/diag"
	"elt/compiler/template"
	"elt/runner"
	"elt/runner/artifact"

	"github.com/urfave/cli/v2"
)

// writeArtifacts writes what other tools read under the target path: manifest.json,
// compiled SQL and, after a run, run_results.json. summary is nil where nothing ran. With
// --no-write-json nothing is written.
func (in *invocation) writeArtifacts(c *cli.Context, plan *compiler.Plan, summary *runner.Summary) error {
	if !c.Bool("write-json") {
		return nil
	}
	if in.planWritten && summary != nil {
		return artifactFault(artifact.WriteRun(in.targetFolder(plan), summary, in.artifactMeta(c)))
	}
	return artifactFault(artifact.Write(in.targetFolder(plan), plan, summary, in.artifactMeta(c)))
}

// writesPlanEarly has the artifacts that say what the project is written while a run ends: the
// core that the database does not use then has nothing else to do.
func (in *invocation) writesPlanEarly(c *cli.Context, plan *compiler.Plan) func([]*runner.NodeResult) {
	if !c.Bool("write-json") {
		return nil
	}
	return func(results []*runner.NodeResult) {
		// Where it fails it is tried again, and told then.
		in.planWritten = artifact.WritePlan(in.targetFolder(plan), plan, results, in.artifactMeta(c)) == nil
	}
}

// targetFolder is where artifacts are written.
func (in *invocation) targetFolder(plan *compiler.Plan) string {
	dir := plan.Project.TargetPath
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(plan.Project.Root, dir)
	}
	return dir
}

// artifactMeta is what artifacts say of the invocation.
func (in *invocation) artifactMeta(c *cli.Context) artifact.Meta {
	args := givenFlags(c)
	which := cmp.Or(in.which, c.Command.Name)
	args["which"] = which
	return artifact.Meta{
		Version: version(), InvocationID: in.id, StartedAt: in.now, Now: time.Now(),
		Command: "elt " + strings.Join(in.words, " "), Which: which, Args: args,
		Mask: in.secrets.masker(), Env: customEnvs(),
	}
}

func artifactFault(err error) error {
	if err == nil {
		return nil
	}
	return &diag.Diagnostic{Code: diag.Database, Message: "artifacts cannot be written: " + err.Error(), Err: err}
}

// customEnvs are the variables that dbt copies into artifacts.
func customEnvs() map[string]string {
	out := map[string]string{}
	for _, item := range metadataEnvs(os.Environ()).Items() {
		out[template.Str(item.Key)] = template.Str(item.Value)
	}
	return out
}

// givenFlags are the flags that were set, by dbt's names for them.
func givenFlags(c *cli.Context) map[string]any {
	args := map[string]any{"which": c.Command.Name}
	given := c.FlagNames()
	if len(given) == 0 {
		return args
	}
	for _, f := range c.Command.Flags {
		name := namesOf(f)[0]
		if !slices.Contains(given, name) {
			continue
		}
		value := c.Value(name)
		if list, ok := value.(cli.StringSlice); ok {
			value = list.Value()
		}
		if d, ok := value.(time.Duration); ok {
			value = d.String()
		}
		args[strings.ReplaceAll(name, "-", "_")] = value
	}
	return args
}
