package selector

import (
	"strconv"
	"strings"

	"elt/compiler/project"
)

// versionMatcher compares a model's version with the latest of its name.
func versionMatcher(kind string) matcher {
	return func(n *project.Node) bool {
		if n.Type != project.Model {
			return false
		}
		if kind == "none" || n.Version == "" || n.LatestVersion == "" {
			return kind == "none" && n.Version == ""
		}
		order := compareVersions(n.Version, n.LatestVersion)
		switch kind {
		case "latest":
			return order == 0
		case "prerelease":
			return order > 0
		}
		return order < 0
	}
}

// compareVersions orders numbers by value and everything else as text.
func compareVersions(a, b string) int {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	switch {
	case errX != nil || errY != nil:
		return strings.Compare(a, b)
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}
