package runner

import (
	"fmt"
	"path"
	"slices"

	"elt/compiler/diag"
)

// lookAtFoldersAgain fails the external models that add to a folder in which somebody else has
// changed files since the run looked: the folder that it has made is not what it should be any more.
func (r *run) lookAtFoldersAgain() {
	for _, n := range r.nodes {
		if !n.made || !n.addsToFolder() {
			continue
		}
		if err := n.folderAgain(); err != nil {
			list := diag.From(err, diag.LakeFile)
			n.made = false
			n.result.Status, n.result.Message, n.result.Diagnostics = Errored, list[0].Message, nil
			for _, d := range list {
				r.notice(d)
			}
		}
	}
}

// addsToFolder reports whether a node was made of the files that are in its folder already.
func (n *nodeRun) addsToFolder() bool {
	return hasHiddenFiles(n.spec) && n.spec.Grows() && n.spec.External.Known != nil
}

// folderAgain says what is different from when the run has looked first.
func (n *nodeRun) folderAgain() error {
	now, err := standingFiles(n)
	if err != nil {
		return err
	}
	if !slices.Equal(n.dataOf(now), n.dataOf(n.standing)) {
		return foreignFile(n, fmt.Sprintf("the files of %q have changed while it was built", n.node.Name))
	}
	return nil
}

// dataOf are the files that hold rows.
func (n *nodeRun) dataOf(files []manifestFile) []manifestFile {
	return slices.DeleteFunc(slices.Clone(files), func(f manifestFile) bool { return !n.isData(path.Base(f.Path)) })
}
