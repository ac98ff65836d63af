package main

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/regex"

	"github.com/urfave/cli/v2"
)

// starter is the project that `elt init` writes. Files whose names begin with a dot
// are stored with "dot-" in front, since go:embed leaves them out of a folder.
//
//go:embed starter
var starter embed.FS

// starterName stands in the starter where the project's name belongs.
const starterName = "my_project"

func initCommand(in *invocation) *cli.Command {
	return &cli.Command{
		Name:      "init",
		Usage:     "write a small project that builds green at once",
		ArgsUsage: "NAME",
		Flags:     []cli.Flag{&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Category: groupOutput, Usage: "report only what goes wrong"}},
		Action: func(c *cli.Context) error {
			in.begin(c)
			return in.init(c)
		},
	}
}

var projectName = regex.Lazy(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (in *invocation) init(c *cli.Context) error {
	if c.NArg() != 1 {
		return usagef("elt init needs the name of the project").withHint("for example: elt init shop")
	}
	dir := c.Args().First()
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	name := filepath.Base(absolute)
	if !projectName().MatchString(name) {
		return usagef("%q cannot be the name of a project", name).
			withHint("letters, digits and underscores: elt init %s", suggestName(name))
	}
	if err := mustBeEmpty(absolute, dir); err != nil {
		return err
	}
	written, err := writeStarter(absolute, name)
	if err != nil || c.Bool("quiet") {
		return err
	}
	for _, path := range written {
		fmt.Fprintln(in.stdout, "wrote "+filepath.ToSlash(filepath.Join(dir, path)))
	}
	_, err = fmt.Fprintf(in.stderr, "\nnow: cd %s && elt build\n", shellQuote(dir))
	return err
}

func suggestName(name string) string {
	clean := regexp.MustCompile(`[^A-Za-z0-9_]+`).ReplaceAllString(name, "_")
	if clean = strings.Trim(clean, "_"); clean == "" || clean[0] >= '0' && clean[0] <= '9' {
		clean = "project_" + clean
	}
	return clean
}

// mustBeEmpty refuses to write among files that are there already.
func mustBeEmpty(absolute, dir string) error {
	entries, err := os.ReadDir(absolute)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return usagef("%q is in the way: %v", dir, err)
	case len(entries) > 0:
		return usagef("folder %q is not empty, nothing was written", dir).
			withHint("choose another name, or remove what is in it")
	}
	return nil
}

// writeStarter writes the starter's files and returns their paths.
func writeStarter(root, name string) ([]string, error) {
	var written []string
	err := fs.WalkDir(starter, "starter", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := starter.ReadFile(path)
		if err != nil {
			return err
		}
		relative := strings.ReplaceAll(strings.TrimPrefix(path, "starter/"), "dot-", ".")
		target := filepath.Join(root, filepath.FromSlash(relative))
		if err := os.MkdirAll(filepath.Dir(target), 0o777); err != nil {
			return cannotWrite(err)
		}
		content := strings.ReplaceAll(string(text), starterName, name)
		if err := os.WriteFile(target, []byte(content), 0o666); err != nil {
			return cannotWrite(err)
		}
		written = append(written, filepath.FromSlash(relative))
		return nil
	})
	return written, err
}

func cannotWrite(err error) error {
	return &diag.Diagnostic{Code: diag.NoProject, Message: "the project cannot be written: " + err.Error(), Err: err}
}
