package packages

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"

	"go.yaml.in/yaml/v3"
)

// Addition is a package that a project is to ask for.
type Addition struct {
	Name    string // of the package on the hub, or its address, or its folder
	Version string // or several, with commas between; of git the revision; "" for none
	Kind    project.PackageKind
}

// Added says what [Add] has done.
type Added struct {
	File    string   // packages.yml or dependencies.yml
	Removed []string // packages of the same name that were asked for before
	// Undo writes back what the file was.
	Undo func() error
}

// Add writes a package into packages.yml, or into dependencies.yml where that is the file which asks
// for packages, in the place of one of the same name, wherever that came from: dbt-labs/dbt_utils
// takes the place of https://github.com/dbt-labs/dbt-utils.git. Comments stay.
func Add(ctx context.Context, p *project.Project, a Addition) (*Added, error) {
	if _, diags := p.WantedPackages(ctx); diags.HasErrors() {
		return nil, diags.Err()
	}
	file, list, err := askingFile(p.Root)
	if err != nil {
		return nil, err
	}
	added := &Added{File: file.name, Undo: file.undo}
	list.Content = slices.DeleteFunc(list.Content, func(entry *yaml.Node) bool {
		name := sourceOf(entry)
		same := name != "" && isSamePackage(name, a.Name)
		if same {
			added.Removed = append(added.Removed, name)
		}
		return same
	})
	list.Content = append(list.Content, a.entry())
	list.Style &^= yaml.FlowStyle
	var text bytes.Buffer
	enc := yaml.NewEncoder(&text)
	enc.SetIndent(2)
	if err := enc.Encode(&file.document); err != nil {
		return nil, err
	}
	if err := enc.Close(); err != nil {
		return nil, err
	}
	return added, replace(file.path, text.Bytes())
}

// packageFile is a file that asks for packages, as it is and as it was.
type packageFile struct {
	name, path string
	document   yaml.Node
	was        []byte
	existed    bool
}

// undo writes the file as it was.
func (f *packageFile) undo() error {
	if !f.existed {
		return os.Remove(f.path)
	}
	return replace(f.path, f.was)
}

// askingFile reads the file that asks for packages, and finds its list, which is made where there is none.
func askingFile(root string) (*packageFile, *yaml.Node, error) {
	for _, name := range []string{"dependencies.yml", "packages.yml"} {
		file, err := readPackageFile(root, name)
		if err != nil {
			return nil, nil, err
		}
		top := file.document.Content[0]
		if list := valueOf(top, "packages"); list != nil {
			if list.Kind == yaml.ScalarNode && list.Tag == "!!null" {
				*list = yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
			}
			if list.Kind != yaml.SequenceNode {
				return nil, nil, diag.New(diag.WrongType, diag.Place{}, "%s: packages is no list", name)
			}
			return file, list, nil
		}
		if name == "packages.yml" {
			list := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
			top.Content = append(top.Content, text("packages"), list)
			return file, list, nil
		}
	}
	return nil, nil, nil
}

// readPackageFile reads a file of which the top is a mapping, an empty one where there is no file.
func readPackageFile(root, name string) (*packageFile, error) {
	file := &packageFile{name: name, path: filepath.Join(root, name)}
	var err error
	if file.was, err = os.ReadFile(file.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	file.existed = err == nil
	if err := yaml.Unmarshal(file.was, &file.document); err != nil {
		return nil, diag.New(diag.YAMLSyntax, diag.Place{}, "%s is not YAML: %s", name, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(file.document.Content) == 0 || file.document.Content[0].Tag == "!!null" {
		file.document = yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{{Kind: yaml.MappingNode, Tag: "!!map"}}}
	}
	if file.document.Content[0].Kind != yaml.MappingNode {
		return nil, diag.New(diag.WrongType, diag.Place{}, "%s is no mapping with the key packages", name)
	}
	return file, nil
}

// valueOf finds the value of a key in a mapping.
func valueOf(mapping *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i+1]
		}
	}
	return nil
}

// sourceOf is where an entry says that its package comes from.
func sourceOf(entry *yaml.Node) string {
	for _, key := range []string{"package", "git", "local", "tarball", "private"} {
		if v := valueOf(entry, key); v != nil && v.Value != "" {
			return v.Value
		}
	}
	return ""
}

// isSamePackage reports whether an entry means the package that is added: its name, or the last part
// of it, stands in the entry's between slashes and dots, with hyphens for underscores or not.
func isSamePackage(entry, added string) bool {
	names := []string{added, added[strings.LastIndexByte(added, '/')+1:]}
	for _, name := range names {
		for _, form := range []string{name, strings.ReplaceAll(name, "_", "-"), strings.ReplaceAll(name, "-", "_")} {
			before, behind, found := strings.Cut(entry, form)
			if strings.Trim(form, "/.") != "" && found && strings.Trim(lastOf(before), "/.") == "" && strings.Trim(firstOf(behind), "/.") == "" {
				return true
			}
		}
	}
	return false
}

func firstOf(s string) string { return s[:min(1, len(s))] }

func lastOf(s string) string { return s[max(0, len(s)-1):] }

// entry is what is written for a package.
func (a Addition) entry() *yaml.Node {
	out := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: []*yaml.Node{text(string(a.Kind)), text(a.Name)}}
	if a.Version == "" {
		return out
	}
	key, value := "version", text(a.Version)
	if a.Kind == project.GitPackage {
		key = "revision"
	}
	if parts := strings.Split(a.Version, ","); len(parts) > 1 {
		value = &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		for _, part := range parts {
			value.Content = append(value.Content, text(strings.TrimSpace(part)))
		}
	}
	out.Content = append(out.Content, text(key), value)
	return out
}

// text is a scalar that is read as a text.
func text(s string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(s)
	return n
}

// replace writes a file as a whole.
func replace(path string, content []byte) error {
	temporary := path + ".new"
	if err := os.WriteFile(temporary, content, 0o644); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}
