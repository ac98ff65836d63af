//go:build !linux

package runner

import "errors"

// exchange is only there on Linux.
func exchange(string, string) error { return errors.ErrUnsupported }
