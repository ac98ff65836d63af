package main

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"

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
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "profile", Category: groupProject, Usage: "`NAME` of a profile in profiles.yml that the project is to use"},
			&cli.StringFlag{Name: "profiles-dir", Category: groupProject, Usage: "`DIR` that holds profiles.yml"},
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Category: groupOutput, Usage: "report only what goes wrong"},
			&cli.BoolFlag{Name: "skip-profile-setup", Aliases: []string{"s"}, Hidden: true}, // elt asks nothing
			&cli.BoolFlag{Name: "skip-debug", Hidden: true},
		},
		Action: func(c *cli.Context) error {
			in.begin(c)
			return in.init(c)
		},
	}
}

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
	if !project.IsProjectName(name) {
		return usagef("%q cannot be the name of a project", name).
			withHint("letters, digits and underscores: elt init %s", shellQuote(project.NameFrom(name)))
	}
	if err := mustBeEmpty(absolute, dir); err != nil {
		return err
	}
	if err := in.knownProfile(c, filepath.Dir(absolute)); err != nil {
		return err
	}
	written, err := writeStarter(absolute, name, c.String("profile"))
	if err != nil || c.Bool("quiet") {
		return err
	}
	for _, path := range written {
		fmt.Fprintln(in.stdout, "wrote "+filepath.ToSlash(filepath.Join(dir, path)))
	}
	_, err = fmt.Fprintf(in.stderr, "\nnow: cd %s && elt build\n", shellQuote(dir))
	return err
}

// knownProfile refuses a profile that no profiles.yml has.
func (in *invocation) knownProfile(c *cli.Context, above string) error {
	name := c.String("profile")
	if name == "" {
		return nil
	}
	dir, err := in.absolute(c.String("profiles-dir"))
	if err != nil {
		return err
	}
	home, _ := in.env("HOME")
	at := project.LoadOptions{FS: os.DirFS(above), Root: above, ProfilesDir: dir, Env: in.env, Home: home}
	names, where, err := project.ProfileNames(in.ctx, at)
	if err != nil || slices.Contains(names, name) {
		return err
	}
	usage := usagef("there is no profile %q in %s", name, where)
	if s := diag.Suggest(name, names); s != "" {
		return usage.withHint("did you mean %s?", s)
	}
	return usage.withHint("write it there, or leave --profile out: the project then has a database of its own")
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

// starterTarget is what the starter says of its database, up to the next paragraph.
const starterTarget = "# Where the tables go"

// useProfile has the project file name a profile in the place of a database.
func useProfile(text, profile string) string {
	before, behind, found := strings.Cut(text, starterTarget)
	if _, after, ok := strings.Cut(behind, "\n\n"); found && ok {
		return before + "# The connection, of profiles.yml.\nprofile: " + strconv.Quote(profile) + "\n\n" + after
	}
	return text
}

// writeStarter writes the starter's files and returns their paths.
func writeStarter(root, name, profile string) ([]string, error) {
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
		if relative == "elt.yml" && profile != "" {
			content = useProfile(content, profile)
		}
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
