package main

import (
	"embed"
	"fmt"
	"strings"
	"text/template"

	"elt/compiler/diag"

	"github.com/urfave/cli/v2"
)

//go:embed completion
var completionScripts embed.FS

func completionCommand(in *invocation) *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "print the completion script for bash, zsh or fish",
		ArgsUsage: "bash|zsh|fish",
		Action: func(c *cli.Context) error {
			in.begin(c)
			return in.completion(c)
		},
	}
}

// completion prints a script made from the tree of commands. Names of nodes are asked
// of `elt ls` when the person presses Tab.
func (in *invocation) completion(c *cli.Context) error {
	shells := []string{"bash", "zsh", "fish"}
	if c.NArg() != 1 {
		return usagef("elt completion needs the name of a shell").withHint("it is one of %s", strings.Join(shells, ", "))
	}
	shell := c.Args().First()
	script, err := template.New(shell+".tmpl").Funcs(template.FuncMap{"quote": singleQuoted}).ParseFS(completionScripts, "completion/"+shell+".tmpl")
	if err != nil {
		err := usagef("there is no completion for %q", shell)
		if s := diag.Suggest(shell, shells); s != "" {
			return err.withHint("did you mean %s?", s)
		}
		return err.withHint("it is one of %s", strings.Join(shells, ", "))
	}
	return script.Execute(in.stdout, completionTree(newApp(in)))
}

// completable is a command as the scripts need it.
type completable struct {
	Name  string
	Usage string
	Flags []completableFlag
	// Seconds are the words that may follow the name, as "files" follows "source".
	Seconds []string
}

// completableFlag is a flag as the scripts need it.
type completableFlag struct {
	Long, Short string // without dashes
	Usage       string
	TakesValue  bool
	TakesNodes  bool     // values are names of nodes
	TakesFolder bool     // the value is a folder
	Words       []string // the value is one of these
}

// Words of a flag as one string, and whether there are any, for the scripts.
func (f completableFlag) OneOf() string { return strings.Join(f.Words, " ") }

func completionTree(app *cli.App) []completable {
	var tree []completable
	for _, c := range app.Commands {
		name, second, two := strings.Cut(c.Name, " ")
		if two && len(tree) > 0 && tree[len(tree)-1].Name == name {
			tree[len(tree)-1].Seconds = append(tree[len(tree)-1].Seconds, second)
			continue // they have the same flags
		}
		one := completable{Name: name, Usage: c.Usage}
		if two {
			one.Seconds = []string{second}
		}
		for _, f := range c.Flags {
			if visible, ok := f.(cli.VisibleFlag); ok && visible.IsVisible() {
				one.Flags = append(one.Flags, completableOf(f))
			}
		}
		tree = append(tree, one)
	}
	return tree
}

func completableOf(f cli.Flag) completableFlag {
	o := option{Flag: f}
	usage := f.(cli.DocGenerationFlag).GetUsage()
	out := completableFlag{TakesValue: o.takesValue(), Usage: strings.ReplaceAll(usage, "`", "")}
	for _, name := range namesOf(f) {
		if len(name) == 1 && out.Short == "" {
			out.Short = name
		}
		if len(name) > 1 && out.Long == "" {
			out.Long = name
		}
	}
	switch out.Long {
	case "select", "exclude", "node":
		out.TakesNodes = true
	case "project-dir", "profiles-dir", "target-path":
		out.TakesFolder = true
	}
	if parts := strings.Split(usage, "`"); len(parts) == 3 && strings.Contains(parts[1], "|") {
		out.Words = strings.Split(parts[1], "|")
	}
	return out
}

// singleQuoted quotes a text for a shell, always.
func singleQuoted(text string) string {
	return fmt.Sprintf("'%s'", strings.ReplaceAll(text, "'", `'\''`))
}
