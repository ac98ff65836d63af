package packages

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
)

// fetch brings a package onto this machine, unless that has been done, and sets its folder, the name
// of its project and, of a git repository, the commit.
func (in *installer) fetch(ctx context.Context, p *pinned) error {
	spec := &p.spec
	if p.folder != "" {
		return nil
	}
	if spec.Kind == project.LocalPackage {
		p.folder = filepath.FromSlash(spec.Source)
		if !filepath.IsAbs(p.folder) {
			p.folder = filepath.Join(in.root, p.folder)
		}
		if info, err := os.Stat(p.folder); err != nil || !info.IsDir() {
			return problem(spec.Place, "the local package %q is no folder", spec.Source).
				WithHint("the path is relative to the project's folder")
		}
		return in.name(p)
	}
	sum := sha256.Sum256([]byte(string(spec.Kind) + "\x00" + keyOf(*spec) + "\x00" + p.revision()))
	folder := filepath.Join(in.work, hex.EncodeToString(sum[:8]))
	if have, ok := in.fetched[folder]; ok {
		p.folder = have
		if spec.Kind == project.GitPackage {
			if err := in.commit(ctx, p, folder); err != nil {
				return err
			}
		}
		return in.name(p)
	}
	if err := os.Mkdir(folder, 0o755); err != nil {
		return err
	}
	var err error
	if spec.Kind == project.GitPackage {
		err = in.clone(ctx, p, folder)
	} else {
		err = in.unpack(ctx, p, folder)
	}
	if err != nil {
		return err
	}
	if in.fetched == nil {
		in.fetched = map[string]string{}
	}
	in.fetched[folder] = p.folder
	return in.name(p)
}

// revision is what tells two states of one package apart.
func (p *pinned) revision() string {
	if p.spec.Kind == project.HubPackage {
		return strings.Join(p.spec.Versions, ",")
	}
	return p.spec.Revision
}

// name reads the name of the project in a fetched package. A tar archive and the lock say it
// themselves.
func (in *installer) name(p *pinned) error {
	name, diags := project.ProjectName(os.DirFS(p.folder), p.spec.Source)
	if err := diags.Err(); err != nil {
		for _, d := range diags {
			if d.Place.IsZero() {
				d.Place = p.spec.Place
			}
		}
		return err
	}
	if p.spec.Project == "" {
		p.spec.Project = name
	}
	if strings.ContainsAny(p.spec.Project, `/\`) || strings.HasPrefix(p.spec.Project, ".") {
		return problem(p.spec.Place, "%q cannot be the name of a package", p.spec.Project)
	}
	return nil
}

// clone fetches one revision of a git repository, and nothing of its history where the server allows.
func (in *installer) clone(ctx context.Context, p *pinned, folder string) error {
	spec := &p.spec
	revision := orElse(spec.Revision, "HEAD")
	if strings.HasPrefix(revision, "-") || strings.HasPrefix(spec.Source, "-") {
		return problem(spec.Place, "%q cannot be fetched by git", spec.Source)
	}
	steps := [][]string{
		{"init", "-q"},
		{"remote", "add", "origin", in.address(spec.Source)},
	}
	for _, args := range steps {
		if err := in.git(ctx, folder, args...); err != nil {
			return because(problem(spec.Place, "git cannot prepare %q", spec.Source), err)
		}
	}
	if in.git(ctx, folder, "fetch", "-q", "--depth", "1", "origin", revision) != nil {
		// some servers give out commits only with all that leads to them
		if err := in.git(ctx, folder, "fetch", "-q", "--tags", "origin", "+refs/heads/*:refs/remotes/origin/*"); err != nil {
			return because(problem(spec.Place, "git cannot fetch %q", spec.Source), err)
		}
		if err := in.git(ctx, folder, "checkout", "-q", "--detach", revision); err != nil {
			return because(problem(spec.Place, "%q has no revision %q", spec.Source, revision), err)
		}
	} else if err := in.git(ctx, folder, "checkout", "-q", "--detach", "FETCH_HEAD"); err != nil {
		return because(problem(spec.Place, "%q has no revision %q", spec.Source, revision), err)
	}
	if moves := revision == "HEAD" || revision == "main" || revision == "master"; moves && spec.WarnUnpinned {
		in.warnings = append(in.warnings, diag.Warn(diag.MissingPackage, spec.Place, "%q is taken from %s, which moves", spec.Source, revision).WithEvent("DepsUnpinned").
			WithHint("name a tag or a commit with revision:, or say warn-unpinned: false"))
	}
	p.folder = filepath.Join(folder, filepath.FromSlash(path.Clean("/"+spec.Subdirectory)))
	return in.commit(ctx, p, folder)
}

// address is a repository as git is told: a path is relative to the project.
func (in *installer) address(source string) string {
	if strings.HasPrefix(source, "./") || strings.HasPrefix(source, "../") {
		return filepath.Join(in.root, filepath.FromSlash(source))
	}
	return source
}

// commit writes the commit that was checked out into the package's revision.
func (in *installer) commit(ctx context.Context, p *pinned, folder string) error {
	var out bytes.Buffer
	cmd := in.gitCommand(ctx, folder, "rev-parse", "HEAD")
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil {
		return because(problem(p.spec.Place, "git cannot tell the commit of %q", p.spec.Source), err)
	}
	p.spec.Revision = strings.TrimSpace(out.String())
	return nil
}

func (in *installer) gitCommand(ctx context.Context, folder string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-c", "protocol.ext.allow=never"}, args...)...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "GIT_TERMINAL_PROMPT=0")
	return cmd
}

// git runs git; its last line of complaint is the error.
func (in *installer) git(ctx context.Context, folder string, args ...string) error {
	cmd := in.gitCommand(ctx, folder, args...)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	err := cmd.Run()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, exec.ErrNotFound):
		return errors.New("the program git is not installed")
	}
	lines := strings.Split(strings.TrimSpace(complaint.String()), "\n")
	return errors.New(strings.TrimPrefix(lines[0], "fatal: "))
}

// unpack downloads and unpacks a tar archive: of a hub package, or one that is named.
func (in *installer) unpack(ctx context.Context, p *pinned, folder string) error {
	spec := &p.spec
	address := spec.Source
	if spec.Kind == project.HubPackage {
		answer, err := in.describe(ctx, *spec)
		if err != nil {
			return err
		}
		known, ok := answer.Versions[spec.Versions[0]]
		if !ok {
			return problem(spec.Place, "the hub has no version %q of %q any more", spec.Versions[0], spec.Source).
				WithHint("run \"elt deps --upgrade\"")
		}
		address = known.Downloads.Tarball
	}
	body, err := in.open(ctx, address)
	if err != nil {
		return because(problem(spec.Place, "the package %q cannot be downloaded", spec.Source), err)
	}
	defer body.Close()
	if err := untar(body, folder); err != nil {
		return because(problem(spec.Place, "the archive of %q cannot be unpacked", spec.Source), err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	if len(entries) != 1 || !entries[0].IsDir() {
		return problem(spec.Place, "the archive of %q does not hold one folder", spec.Source).
			WithHint("an archive is of the form NAME/dbt_project.yml")
	}
	p.folder = filepath.Join(folder, entries[0].Name())
	return nil
}

// largestPackage bounds what an archive may unpack to, in bytes.
const largestPackage = 1 << 30

// untar unpacks the files and folders of a compressed archive. Links and names that lead out of
// the folder are refused or left out: a package needs none.
func untar(r io.Reader, folder string) error {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer root.Close()
	plain, err := gzip.NewReader(r)
	if err != nil {
		return err
	}
	left := int64(largestPackage)
	for archive := tar.NewReader(plain); ; {
		head, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name := path.Clean(head.Name)
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			return errors.New("it holds the name " + head.Name + ", which leads out of it")
		}
		switch head.Typeflag {
		case tar.TypeDir:
			err = root.MkdirAll(name, 0o755)
		case tar.TypeReg:
			if left -= head.Size; left < 0 {
				return errors.New("it is too large")
			}
			err = writeFile(root, name, archive)
		}
		if err != nil {
			return err
		}
	}
}

func writeFile(root *os.Root, name string, from io.Reader) error {
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := root.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	return errors.Join(err, f.Close())
}
