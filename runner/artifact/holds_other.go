//go:build !unix

package artifact

import "os"

// marked reports whether a file has a length and was given a mark as the nanoseconds of its time.
func marked(path string, length int, mark int64) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode().IsRegular() && info.Size() == int64(length) && int64(info.ModTime().Nanosecond()) == mark
}

// holds reports whether a file has a text and nothing else.
func holds(path, text string) bool {
	have, err := os.ReadFile(path)
	return err == nil && string(have) == text
}
