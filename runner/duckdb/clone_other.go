//go:build !linux

package duckdb

import (
	"errors"
	"os"
)

// clone is only there on Linux.
func clone(to, from *os.File) error { return errors.ErrUnsupported }
