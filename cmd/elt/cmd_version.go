package main

import (
	"runtime"
	"runtime/debug"
	"strings"

	"elt/cmd/elt/internal/report"

	"github.com/urfave/cli/v2"
)

// duckdbVersion is the version of the DuckDB that is linked in. It stands here so
// that `elt version` does not have to open one; a test compares it with the library.
const duckdbVersion = "1.5.5"

func versionCommand(in *invocation) *cli.Command {
	return &cli.Command{
		Name:  "version",
		Usage: "print the version of elt and of the DuckDB in it",
		Flags: outputFlags("text", "json"),
		Action: func(c *cli.Context) error {
			in.begin(c)
			if c.String("output") == "json" {
				return report.WriteJSON(in.stdout, ordered{
					{"elt", version()}, {"duckdb", duckdbVersion},
					{"go", runtime.Version()}, {"platform", runtime.GOOS + "/" + runtime.GOARCH},
				})
			}
			return in.print(versionLine())
		},
	}
}

// versionLine is "elt v1.2.3, DuckDB 1.5.5, linux/amd64".
func versionLine() string {
	return "elt " + version() + ", DuckDB " + duckdbVersion + ", " + runtime.GOOS + "/" + runtime.GOARCH
}

// version is the version the module was built at, or "dev" for one built from a
// working tree, with the commit where it is known.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "dev"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" && !strings.HasPrefix(v, "v0.0.0-") {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return "dev-" + s.Value[:12]
		}
	}
	return "dev"
}
