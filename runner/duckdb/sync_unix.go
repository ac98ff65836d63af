//go:build !windows

package duckdb

import (
	"errors"
	"os"
)

// syncFolder makes a rename in a folder lasting.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
