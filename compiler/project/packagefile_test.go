package project

import (
	"testing"
	"testing/fstest"
)

// TestPackagesHash compares with what dbt 1.11 writes into package-lock.yml.
func TestPackagesHash(t *testing.T) {
	t.Parallel()
	text := `packages:
  - package: dbt-labs/dbt_utils
    version: [">=1.0.0", "<2.0.0"]
  - package: a/b
    version: 1.3.3
  - package: a/c
    version: 1.5
    install_prerelease: true
  - package: a/d
    version: ">=1.0.0,<2.0.0"
  - git: "{{ env_var('X', 'https://x/é.git') }}"
    revision: 1.0
    subdirectory: sub
    warn-unpinned: false
  - git: https://y
  - local: ../x
  - tarball: https://z.tgz
    name: zed
`
	fsys := fstest.MapFS{"elt.yml": {Data: []byte("name: shop\n")}, "packages.yml": {Data: []byte(text)}}
	p, diags := Load(t.Context(), LoadOptions{FS: fsys, Root: "/shop", Uninstalled: true})
	if err := diags.Err(); err != nil {
		t.Fatal(err)
	}
	specs, diags := p.WantedPackages(t.Context())
	if err := diags.Err(); err != nil {
		t.Fatal(err)
	}
	if got, want := PackagesHash(specs), "03a53dc50e41e06f3ee799670c5a87f039dd738f"; got != want {
		t.Errorf("the hash is %s, dbt's is %s", got, want)
	}
}
