package main

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"elt/cmd/elt/internal/report"

	"github.com/urfave/cli/v2"
)

//go:embed usage.txt
var usageText string

// exampleOf are one or two lines worth copying for each command.
func exampleOf(command string) string {
	return map[string]string{
		"build":         "elt build\nelt build -s +orders --full-refresh",
		"run":           "elt run -s orders+",
		"test":          "elt test -s orders\nelt test -s test_type:singular",
		"seed":          "elt seed -s airlines",
		"snapshot":      "elt snapshot\nelt snapshot -s tag:daily",
		"docs generate": "elt docs generate",
		"run-operation": "elt run-operation clean_up --args '{days: 30}'",
		"retry":         "elt retry",
		"clone":         "elt clone --state ../prod/target\nelt clone --state prod -s +orders",

		"ls":      "elt ls -s +orders --resource-type model\nelt ls --output json --output-keys name depends_on.nodes",
		"compile": "elt compile -s orders\nelt compile --inline \"select * from {{ ref('orders') }}\"",
		"show":    "elt show -s orders --limit 10\nelt show --inline \"select count(*) from {{ ref('orders') }}\" --output csv",
		"lineage": "elt lineage orders.amount\nelt lineage orders --downstream --output mermaid",
		"history": "elt history --node orders\nelt history --last-failure --output markdown",

		"source freshness": "elt source freshness\nelt source freshness -s source:shop",
		"source files":     "elt source files\nelt source files lake.flights --output json",
		"source rejects":   "elt source rejects\nelt source rejects --output json lake.sales",
		"source forget":    "elt source forget lake/flights/2013-01-17.csv\nelt source forget 'lake/flights/2013-01-*.csv'",
		"compact":          "elt compact --dry-run\nelt compact events --up-to 256",

		"init":       "elt init shop",
		"completion": "elt completion bash > /etc/bash_completion.d/elt\nsource <(elt completion zsh)\nelt completion fish > ~/.config/fish/completions/elt.fish",
	}[command]
}

// help prints the usage of the command that is named among the words, else of elt.
func (in *invocation) help(app *cli.App, words []string) error {
	words = slices.DeleteFunc(slices.Clone(words), func(word string) bool { return strings.HasPrefix(word, "-") })
	if len(words) > 0 {
		command, _ := commandAt(app, words)
		if command == nil {
			return unknownCommand(app, words[0], words[1:]...)
		}
		return in.print(commandUsage(command))
	}
	return in.print(usageText)
}

// commandUsage is the help of one command: what it does, examples, and its flags under
// the heading they belong to.
func commandUsage(c *cli.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "elt %s: %s\n\nusage: elt %s [flags]", c.Name, c.Usage, c.Name)
	if c.ArgsUsage != "" {
		b.WriteString(" " + c.ArgsUsage)
	}
	b.WriteString("\n")
	if c.Description != "" {
		b.WriteString("\n" + c.Description + "\n")
	}
	if examples := exampleOf(c.Name); examples != "" {
		b.WriteString("\nexamples\n  " + strings.ReplaceAll(examples, "\n", "\n  ") + "\n")
	}
	for _, group := range []string{groupSelection, groupRun, groupProject, groupOutput} {
		writeGroup(&b, group, c.Flags)
	}
	return b.String()
}

// flagColumn is where the explanations of flags begin.
const flagColumn = 34

func writeGroup(b *strings.Builder, group string, flags []cli.Flag) {
	var lines []string
	for _, f := range flags {
		doc, isDoc := f.(cli.DocGenerationFlag)
		inGroup, _ := f.(cli.CategorizableFlag)
		visible, _ := f.(cli.VisibleFlag)
		if !isDoc || inGroup.GetCategory() != group || !visible.IsVisible() {
			continue
		}
		lines = append(lines, flagLine(f, doc.GetUsage()))
	}
	if len(lines) > 0 {
		b.WriteString("\n" + group + "\n" + strings.Join(lines, ""))
	}
}

// flagLine is "  -t, --target NAME     NAME of the target to use". What stands between
// back quotes in the usage is the word for the value.
func flagLine(f cli.Flag, usage string) string {
	long, short := "", ""
	for _, name := range namesOf(f) {
		if len(name) == 1 && short == "" {
			short = "-" + name + ", "
		}
		if len(name) > 1 && long == "" {
			long = "--" + name
		}
	}
	parts := strings.SplitN(usage, "`", 3)
	value := ""
	if len(parts) == 3 {
		value, usage = " "+parts[1], parts[0]+parts[1]+parts[2]
	}
	left := "  " + fmt.Sprintf("%4s", short) + long + value
	if strings.Contains(value, "|") { // a choice: the words stand once
		usage = strings.TrimSuffix(strings.TrimSpace(parts[0]), ":")
	}
	if report.Width(left) >= flagColumn {
		left += "\n" + strings.Repeat(" ", flagColumn)
	}
	lines := wrap(usage, 80-flagColumn)
	return fmt.Sprintf("%-*s%s\n", flagColumn, left, strings.Join(lines, "\n"+strings.Repeat(" ", flagColumn)))
}

// wrap breaks a text into lines of at most width bytes, at spaces.
func wrap(text string, width int) []string {
	var lines []string
	for word := range strings.FieldsSeq(text) {
		last := len(lines) - 1
		if last >= 0 && len(lines[last])+1+len(word) <= width {
			lines[last] += " " + word
			continue
		}
		lines = append(lines, word)
	}
	return slices.Clip(lines)
}
