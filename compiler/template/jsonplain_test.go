package template

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestPlainLength looks at each byte in each place of the eight that are looked at together,
// after each byte that could disturb it.
func TestPlainLength(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		want := c < ' ' || c >= 0x7f || c == '"' || c == '\\'
		for before := range 17 {
			text := strings.Repeat("a", before) + string([]byte{byte(c)}) + "#!\x00\xff\"zzzzzzzzzz"
			expected := before
			if !want {
				expected += 3
			}
			if got := plainLength(text); got != expected {
				t.Errorf("of %q, %d bytes need no escape, want %d", text, got, expected)
			}
		}
	}
	if got := plainLength(""); got != 0 {
		t.Errorf("of nothing, %d bytes need no escape", got)
	}
}

func FuzzAppendJSONString(f *testing.F) {
	for _, seed := range []string{"", "plain", "a \"quoted\" \\ text\n\t\r\b\f", "é\u2028\U0001F600", "eight by\x7fte", "\x00\x1f !#[]^~", "\xff\xfe"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		out := AppendJSONString(nil, text)
		var back string
		if err := json.Unmarshal(out, &back); err != nil {
			t.Fatalf("%q is written as %s: %v", text, out, err)
		}
		if want := strings.ToValidUTF8(text, "\ufffd"); back != want && strings.ToValidUTF8(text, "") == text {
			t.Errorf("%q is read back as %q", text, back)
		}
		for _, c := range out {
			if c < ' ' || c >= 0x7f {
				t.Errorf("%q is written as %q, which has the byte %#x", text, out, c)
			}
		}
	})
}
