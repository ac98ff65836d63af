package packages

import (
	"os"
	"path/filepath"
	"strings"

	"elt/compiler/project"
	"elt/compiler/regex"
)

// writeLock writes package-lock.yml as dbt does: keys in order, names of environment variables rather
// than what is in them.
func (in *installer) writeLock(packages []*pinned, hash string) error {
	var b strings.Builder
	b.WriteString("packages:\n")
	for _, p := range packages {
		lead := "  - "
		for _, field := range lockFields(p.spec) {
			if field[1] == "" {
				continue
			}
			b.WriteString(lead + field[0] + ": " + scalar(field[1]) + "\n")
			lead = "    "
		}
	}
	b.WriteString("sha1_hash: " + scalar(hash) + "\n")
	path := filepath.Join(in.root, "package-lock.yml")
	temporary := path + ".new"
	if err := os.WriteFile(temporary, []byte(b.String()), 0o644); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}

// lockFields are the keys of one entry, sorted.
func lockFields(s project.PackageSpec) [][2]string {
	switch s.Kind {
	case project.HubPackage:
		return [][2]string{{"name", s.Project}, {"package", s.Source}, {"version", s.Versions[0]}}
	case project.GitPackage:
		return [][2]string{{"git", s.Unrendered}, {"name", s.Project}, {"revision", s.Revision}, {"subdirectory", s.Subdirectory}}
	case project.TarballPackage:
		return [][2]string{{"name", s.Project}, {"tarball", s.Unrendered}}
	}
	return [][2]string{{"local", s.Source}, {"name", s.Project}}
}

// plainScalar is a text that YAML reads as that text without quotes.
var plainScalar = regex.Lazy(`^[A-Za-z_./][\w./@+~-]*(?::[\w./@+~-]+)*$|^\d+\.\d+\.\d[\w.+-]*$|^[0-9a-f]*[a-f][0-9a-f]*$`)

// numberLike is a text that YAML would read as a number or another plain value.
var numberLike = regex.Lazy(`^(?i:true|false|yes|no|on|off|null|~|\d[\d_]*e\d+)$`)

// scalar writes a text as YAML.
func scalar(text string) string {
	if plainScalar().MatchString(text) && !numberLike().MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}
