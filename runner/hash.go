package runner

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"

	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/compiler/template"
)

// hashes says in short what a node is made of: its SQL, comments and white space
// aside, and its config with its hooks.
func hashes(node *project.Node) (sql, config string) {
	text := nodeText(node)
	if node.Unit != nil {
		text = unitText(node.Unit)
	}
	h := sha256.New()
	if node.Config != nil {
		keys := slices.Clone(node.Config.Keys())
		slices.Sort(keys)
		for _, key := range keys {
			v, _ := node.Config.Get(key)
			io.WriteString(h, key+"="+template.Repr(v.Value)+"\n")
		}
	}
	if node.Pointer.Identifier != "" {
		io.WriteString(h, "pointer="+node.Pointer.String()+"\n")
	}
	if node.Compiled != nil {
		for _, hook := range slices.Concat(node.Compiled.PreHooks, node.Compiled.PostHooks) {
			io.WriteString(h, hook.SQL+hook.Late+"\n")
		}
	}
	return textHash(text), hex.EncodeToString(h.Sum(nil)[:12])
}

// nodeText is a node's SQL, comments and white space aside; as it was written where it is not
// rendered.
func nodeText(node *project.Node) string {
	if node.Compiled != nil && !node.Compiled.Deferred {
		return sqltoken.Normalize(node.Compiled.SQL)
	}
	return node.RawCode
}

// textHash is a short hash of a text.
func textHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:12])
}
