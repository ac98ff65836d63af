package duckdb

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
)

// The journal of a checkpoint mends what DuckDB cannot.
//
// A DuckDB file begins with a main header and two database headers; the one with the
// higher count points at the metadata, 4 KiB pieces of blocks of 256 KiB. A checkpoint
// writes new metadata into free pieces of blocks whose other pieces the last state is
// made of, so whole blocks of it are written again in place (MetadataManager::Flush of
// DuckDB 1.5), and only then the header. A process killed, or a machine that loses
// power, while such a block is written leaves one whose checksum fits neither the old
// content nor the new, and no DuckDB opens the file again.
//
// So before a checkpoint these blocks are copied beside the file, with the headers.
// Where a journal is found when a file is opened, its process died: a block that is torn
// is put back, provided that the headers are those of the journal, for then the file's
// state is the one before the checkpoint, and the log still holds all that came later.
// Whole blocks are left alone: new pieces in them are of no account to old headers.
const (
	journalMagic = "elt checkpoint 1"
	headersSize  = 3 * 4096 // of the file, before its first block
	sumSize      = 8        // of the checksum that a block begins with
)

// writeJournal copies the blocks of a database that this process has open, as far as
// they are in the file, and makes the copy lasting.
func writeJournal(path string, blocks []int64) error {
	database, err := openTwin(path)
	if err != nil {
		return err
	}
	defer database.Close()
	headers := make([]byte, headersSize)
	if _, err := database.ReadAt(headers, 0); err != nil {
		return err
	}
	size := blockSize(headers)
	if size == 0 {
		return nil // no layout that is known here
	}
	journal := bytes.NewBufferString(journalMagic)
	journal.Write(headers)
	for _, id := range blocks {
		block := make([]byte, size)
		_, err := database.ReadAt(block, headersSize+id*size)
		if errors.Is(err, io.EOF) {
			continue // not written yet: there is nothing old in it
		}
		if err != nil {
			return err
		}
		if isWhole(block) { // an encrypted one is not, and cannot be mended
			journal.Write(binary.LittleEndian.AppendUint64(nil, uint64(id)))
			journal.Write(block)
		}
	}
	sum := sha256.Sum256(journal.Bytes())
	journal.Write(sum[:])
	return writeLasting(journalPath(path), journal.Bytes())
}

// countCheckpoints is how many checkpoints a database has had that this process has open.
func countCheckpoints(path string) (int64, error) {
	database, err := openTwin(path)
	if err != nil {
		return 0, err
	}
	defer database.Close()
	headers := make([]byte, headersSize)
	if _, err := database.ReadAt(headers, 0); err != nil {
		return 0, err
	}
	first, second := headers[headersSize/3:], headers[2*headersSize/3:]
	return int64(max(binary.LittleEndian.Uint64(first[8:]), binary.LittleEndian.Uint64(second[8:]))), nil
}

// writeLasting writes a file that outlives the loss of power.
func writeLasting(path string, content []byte) (err error) {
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = out.Write(content)
	if err = errors.Join(err, out.Sync(), out.Close()); err != nil {
		return errors.Join(err, ignoreMissing(os.Remove(path)))
	}
	return syncFolder(filepath.Dir(path))
}

// journalPath is the name of a database's journal. A link to a database has the journal
// of the database.
func journalPath(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	return path + ".journal"
}

func removeJournal(path string) error { return ignoreMissing(os.Remove(journalPath(path))) }

// mend puts back what a checkpoint that was killed has torn, if it was. It does nothing
// while the file is open, here or in another process.
func mend(path string) error {
	if !isLocal(path) {
		return nil
	}
	journal, err := os.ReadFile(journalPath(path))
	if err != nil || isOpenHere(path) {
		return nil // there is none, or nobody here may read it: DuckDB will say what it finds
	}
	database, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return removeJournal(path)
	}
	if err != nil {
		return nil // DuckDB will say what is the matter with the file
	}
	defer database.Close()
	if held, err := lock(database); held || err != nil {
		return err // that process has the journal
	}
	if err := putBack(database, journal); err != nil {
		return err
	}
	return removeJournal(path)
}

// putBack writes the blocks of a journal over those of a file that are torn.
func putBack(database *os.File, journal []byte) error {
	body := len(journal) - sha256.Size
	if body < len(journalMagic)+headersSize || string(journal[:len(journalMagic)]) != journalMagic {
		return nil // it was not finished: no checkpoint had begun
	}
	if sum := sha256.Sum256(journal[:body]); !bytes.Equal(sum[:], journal[body:]) {
		return nil
	}
	headers, rest := journal[len(journalMagic):len(journalMagic)+headersSize], journal[len(journalMagic)+headersSize:body]
	now := make([]byte, headersSize)
	if _, err := database.ReadAt(now, 0); err != nil {
		return err
	}
	if !bytes.Equal(now, headers) {
		return nil // that checkpoint was finished
	}
	size := blockSize(headers)
	for ; int64(len(rest)) >= 8+size; rest = rest[8+size:] {
		at := headersSize + int64(binary.LittleEndian.Uint64(rest))*size
		block := make([]byte, size)
		if _, err := database.ReadAt(block, at); err == nil && isWhole(block) {
			continue
		}
		if _, err := database.WriteAt(rest[8:8+size], at); err != nil {
			return err
		}
	}
	return database.Sync()
}

// blockSize reads the size of a file's blocks from its headers, or returns 0.
func blockSize(headers []byte) int64 {
	// A database header: checksum, count of checkpoints, metadata, free list, number of
	// blocks, size of a block; 8 bytes each. Both headers have the size, once written.
	for _, header := range [][]byte{headers[4096:8192], headers[8192:]} {
		size := int64(binary.LittleEndian.Uint64(header[5*8:]))
		if size >= 1<<14 && size <= 1<<18 && size&(size-1) == 0 {
			return size
		}
	}
	return 0
}

// isWhole reports whether a block's checksum is that of its content, as DuckDB reckons
// it (Checksum in checksum.cpp).
func isWhole(block []byte) bool {
	sum := uint64(5381)
	for at := sumSize; at < len(block); at += 8 {
		sum ^= binary.LittleEndian.Uint64(block[at:]) * 0xbf58476d1ce4e5b9
	}
	return sum == binary.LittleEndian.Uint64(block)
}
