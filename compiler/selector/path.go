package selector

import (
	"iter"
	"strings"

	"elt/compiler/project"
)

// pathPattern is a value of the method path: a glob relative to the project, in which
// no wildcard but ** crosses a slash. It means the files it names and all that lies in
// the folders it names.
type pathPattern struct {
	segments []pattern
	deep     []bool // segments that are **
}

// newPathPattern reads a glob. An absolute one is taken relative to root.
func newPathPattern(glob, root string) pathPattern {
	if root != "" {
		if rel, ok := strings.CutPrefix(glob, strings.TrimSuffix(root, "/")+"/"); ok {
			glob = rel
		}
	}
	var p pathPattern
	for s := range strings.SplitSeq(glob, "/") {
		if s == "" || s == "." {
			continue
		}
		p.segments = append(p.segments, newPattern(s))
		p.deep = append(p.deep, s == "**")
	}
	return p
}

// matcher compares with the files of nodes. The glob is one over the project's own
// folder, so a node of a package is meant only by a path that exists there too.
func (p pathPattern) matcher(own func(name string) bool) matcher {
	return func(n *project.Node) bool {
		for name := range paths(n) {
			if p.matchFile(name) && own(name) {
				return true
			}
		}
		return len(p.segments) == 0 // the project's folder itself
	}
}

// paths are the node's file, the folders it is in, and the property file that
// describes it. Folders have a slash behind them.
func paths(n *project.Node) iter.Seq[string] {
	return func(yield func(string) bool) {
		if n.PatchPath != "" && !yield(n.PatchPath) || !yield(n.OriginalPath) {
			return
		}
		for at := n.OriginalPath; ; {
			slash := strings.LastIndexByte(at, '/')
			if slash <= 0 || !yield(at[:slash+1]) {
				return
			}
			at = at[:slash]
		}
	}
}

// matchFile compares with a file, or a folder that has a slash behind it. A ** at the
// end stands for folders only.
func (p pathPattern) matchFile(name string) bool {
	folder := strings.HasSuffix(name, "/")
	if last := len(p.deep) - 1; last >= 0 && p.deep[last] && !folder {
		return false
	}
	return p.matchFrom(0, strings.TrimSuffix(name, "/"))
}

// matchFrom compares the segments from at on with what is left of a path.
func (p pathPattern) matchFrom(at int, name string) bool {
	for ; at < len(p.segments); at++ {
		if p.deep[at] {
			return p.matchDeep(at, name)
		}
		if name == "" {
			return false
		}
		var first string
		first, name, _ = strings.Cut(name, "/")
		if !p.segments[at].match(first) {
			return false
		}
	}
	return name == ""
}

// matchDeep lets ** stand for none, one or more folders.
func (p pathPattern) matchDeep(at int, name string) bool {
	for at+1 < len(p.segments) && p.deep[at+1] {
		at++
	}
	for {
		if p.matchFrom(at+1, name) {
			return true
		}
		if name == "" {
			return false
		}
		_, name, _ = strings.Cut(name, "/")
	}
}
