package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptHub runs a package hub on loopback until the scenario ends: `hub DIR`. A request for
// api/v1/NAMESPACE/NAME.json gives that file of the folder, with HUB in it replaced by the
// server's address; one for tar/NAME.tar.gz an archive of the folder NAME.
func scriptHub(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: hub DIR")
	}
	dir := ts.MkAbs(args[0])
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := path.Clean("/" + r.URL.Path)
		if packed, ok := strings.CutPrefix(name, "/tar/"); ok {
			data, err := archiveOf(filepath.Join(dir, strings.TrimSuffix(packed, ".tar.gz")))
			if err != nil {
				http.NotFound(w, r)
				return
			}
			_, _ = w.Write(data)
			return
		}
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(bytes.ReplaceAll(data, []byte("HUB"), []byte(server.URL)))
	}))
	ts.Defer(server.Close)
	ts.Setenv("DBT_PACKAGE_HUB_URL", server.URL+"/")
}

// archiveOf makes a compressed archive of a folder, the folder's name included.
func archiveOf(dir string) ([]byte, error) {
	var out bytes.Buffer
	packed := gzip.NewWriter(&out)
	archive := tar.NewWriter(packed)
	err := filepath.WalkDir(dir, func(file string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		relative, err := filepath.Rel(filepath.Dir(dir), file)
		if err != nil {
			return err
		}
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return err
		}
		if err := archive.WriteHeader(&tar.Header{Name: filepath.ToSlash(relative), Mode: 0o644, Size: info.Size(), Typeflag: tar.TypeReg}); err != nil {
			return err
		}
		_, err = io.Copy(archive, f)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	if err := packed.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
