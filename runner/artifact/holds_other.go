//go:build !unix

package artifact

import "os"

// holds reports whether a file has a text and nothing else.
func holds(path, text string) bool {
	have, err := os.ReadFile(path)
	return err == nil && string(have) == text
}
