package project

import (
	"os"
	"strings"
	"sync"
	"testing"

	"go.yaml.in/yaml/v3"

	"elt/compiler/diag"
)

// keeper keeps texts in memory.
type keeper struct{ texts sync.Map }

func (k *keeper) Text(key string) (string, bool) {
	text, ok := k.texts.Load(key)
	if !ok {
		return "", false
	}
	return text.(string), true
}

func (k *keeper) Keep(key, text string) { k.texts.Store(key, text) }

// checkTree checks that the tree of a YAML text that is kept is the one that comes back, but for
// its comments, and that it is a text of one line.
func checkTree(t *testing.T, text string) {
	t.Helper()
	var diags report
	top, ok := parseDocument(diag.NewSource("a.yml", text), &diags)
	if !ok || top.node == nil {
		return
	}
	kept, ok := writeTree(top.node)
	if !ok {
		return
	}
	if strings.Contains(kept, "\n") {
		t.Errorf("%q has several lines", kept)
	}
	back, ok := readTree(kept)
	if !ok {
		t.Fatalf("%q does not come back from %q", text, kept)
	}
	if !sameTree(top.node, back) {
		t.Errorf("%q comes back as another tree: %q", text, kept)
	}
}

// sameTree compares two trees, but for comments. (cmp takes exponential time for nested lists.)
func sameTree(a, b *yaml.Node) bool {
	if a.Kind != b.Kind || a.Style != b.Style || a.Tag != b.Tag || a.Value != b.Value ||
		a.Line != b.Line || a.Column != b.Column || len(a.Content) != len(b.Content) {
		return false
	}
	for i := range a.Content {
		if !sameTree(a.Content[i], b.Content[i]) {
			return false
		}
	}
	return true
}

func TestTreesComeBack(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"a", "''", "a:", "[]", "{}", "- a\n- [b, {c: d}]\n", "a: |\n  two\n  lines\nb: >-\n  x\n  y\n",
		"a: \"tab\\tand \\\\ and\\nline\"\nb: 'it''s'\n", "? \"\"\n: 1\n", "# first\na: !mine 1 # here\n", "\ufeffa: \u00fc\r\nb: 1\r\n",
		strings.Repeat("[", 150) + strings.Repeat("]", 150),
	} {
		checkTree(t, text)
	}
}

func TestTreesWithAnchorsAreNotKept(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"a: &x 1", "a: &x 1\nb: *x"} {
		var n yaml.Node
		if err := yaml.Unmarshal([]byte(text), &n); err != nil {
			t.Fatal(err)
		}
		if kept, ok := writeTree(&n); ok {
			t.Errorf("%q is kept as %q", text, kept)
		}
	}
}

func TestTextsThatAreNoTrees(t *testing.T) {
	t.Parallel()
	good, ok := writeTree(&yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: []*yaml.Node{
		{Kind: yaml.ScalarNode, Tag: "!!str", Value: "a", Line: 1, Column: 1},
	}})
	if _, back := readTree(good); !ok || !back {
		t.Fatalf("%q", good)
	}
	for end := range len(good) {
		if _, ok := readTree(good[:end]); ok {
			t.Errorf("%q is taken for a tree", good[:end])
		}
	}
	for _, text := range []string{"", "0", "-1\t", "99999999999\t", "x", good + "more", strings.Replace(good, "2\t", "3\t", 1), strings.Replace(good, "2\t", "1\t", 1)} {
		if _, ok := readTree(text); ok {
			t.Errorf("%q is taken for a tree", text)
		}
	}
}

// What was kept is read by an elt with the same rules only.
func TestTreesAreOfTheLinkedLibrary(t *testing.T) {
	t.Parallel()
	mod, err := os.ReadFile("../../go.mod")
	if err != nil || !strings.Contains(string(mod), "go.yaml.in/yaml/v3 "+yamlVersion+"\n") {
		t.Errorf("go.mod names another version than %s: %v", yamlVersion, err)
	}
}
