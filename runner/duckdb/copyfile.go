package duckdb

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// replicaMode lets everybody read a replica and nobody open it for writing.
const replicaMode = 0o444

// CopyFile makes to a copy of the database file from, all at once: a process that has
// the old copy open keeps it, one that opens it later sees the new one, and a crash
// leaves either. The copy can be read by everybody and written by nobody. A
// write-ahead log that an earlier copy has left beside it is removed, for DuckDB would
// apply it to the new one. Blocks are shared or copied inside the system where it can.
// The copy has the modification time of the original.
// Where prepare is not nil, it may change the copy, a database file of some other name, before
// anybody sees it; nothing of it may be open when it returns.
//
// It must be called when this process does not have from open in DuckDB: closing a
// second descriptor of a file drops all locks the process holds on it, and another
// process could then write. So: checkpoint, close the database, copy.
func CopyFile(ctx context.Context, from, to string, prepare func(path string) error) (err error) {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	if _, err := RemoveAbandoned(to); err != nil {
		return err
	}
	temp, release, err := createCopy(filepath.Dir(to), "."+filepath.Base(to)+".*"+tempSuffix)
	if err != nil {
		return err
	}
	defer release()
	defer func() {
		if err != nil {
			temp.Close()
			err = errors.Join(err, removeCopy(temp.Name()))
		}
	}()
	original, err := source.Stat()
	if err != nil {
		return err
	}
	if err = copyContent(ctx, temp, source); err != nil {
		return err
	}
	if prepare != nil {
		if err = prepare(temp.Name()); err != nil {
			return err
		}
	}
	return putInPlace(temp, to, original.ModTime())
}

// putInPlace gives a copy that is done its name.
func putInPlace(temp *os.File, to string, modified time.Time) error {
	if err := temp.Chmod(replicaMode); err != nil {
		return err
	}
	if err := temp.Sync(); err != nil {
		return err
	}
	if err := temp.Close(); err != nil {
		return err
	}
	if err := os.Chtimes(temp.Name(), time.Time{}, modified); err != nil {
		return err
	}
	if err := ignoreMissing(os.Remove(to + ".wal")); err != nil {
		return err
	}
	if err := os.Rename(temp.Name(), to); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(to))
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// copyContent copies the whole file, by the system's own means where there are any.
func copyContent(ctx context.Context, to, from *os.File) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if clone(to, from) == nil {
		return nil
	}
	// io.Copy between two files uses copy_file_range where the system has it.
	_, err := io.Copy(to, &contextReader{ctx, from})
	return err
}

// chunkSize is how much is copied between two looks at the context.
const chunkSize = 64 << 20

// contextReader hands its file to the copy piece by piece until its context ends.
type contextReader struct {
	ctx  context.Context
	file *os.File
}

// Read is what io.Copy falls back on.
func (r *contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.file.Read(p)
}

// WriteTo copies in pieces that the system can copy itself.
func (r *contextReader) WriteTo(w io.Writer) (int64, error) {
	var total int64
	for {
		if err := r.ctx.Err(); err != nil {
			return total, err
		}
		n, err := io.CopyN(w, r.file, chunkSize)
		total += n
		if errors.Is(err, io.EOF) {
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
}
