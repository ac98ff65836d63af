package main

import (
	"io/fs"
	"os"
)

// folder is the folder of a project: os.DirFS, but for how it reads files. A project may have
// tens of thousands of small ones.
type folder struct {
	dirFS
	root string
}

// dirFS is what os.DirFS can do.
type dirFS interface {
	fs.StatFS
	fs.ReadFileFS
	fs.ReadDirFS
	fs.ReadLinkFS
}

func newFolder(root string) fs.FS {
	dir, ok := os.DirFS(root).(dirFS)
	if !ok {
		return os.DirFS(root)
	}
	return folder{dir, root}
}

// ReadFile reads a file, with the errors of os.DirFS.
func (f folder) ReadFile(name string) ([]byte, error) {
	if fs.ValidPath(name) {
		if text, ok := readSmall(f.root + "/" + name); ok {
			return text, nil
		}
	}
	return f.dirFS.ReadFile(name)
}
