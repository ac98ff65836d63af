package sieve

import (
	"encoding/binary"
	"errors"
	"io"
)

// CheckZstd reports io.ErrUnexpectedEOF where a file of size bytes that is packed with zstd
// (RFC 8878) ends within a frame. It goes from block to block and unpacks nothing. What is no
// frame, at the beginning or behind one, is left to who unpacks it.
func CheckZstd(in io.ReaderAt, size int64) error {
	for at := int64(0); at < size; {
		next, err := endOfFrame(in, at)
		if err == errNoFrame {
			return nil
		}
		if err == io.EOF || err == nil && next > size {
			return io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
		at = next
	}
	return nil
}

// errNoFrame says that there is nothing of zstd at a place.
var errNoFrame = errors.New("no zstd frame")

const (
	zstdMagic = 0xFD2FB528
	skipMagic = 0x184D2A50 // and the 15 after it: a frame that holds other things
	maxHeader = 18         // bytes of the longest header of a frame, with its magic
)

// endOfFrame is where the frame that begins at a place ends; it may be behind the end of the
// file.
func endOfFrame(in io.ReaderAt, at int64) (int64, error) {
	var head [maxHeader]byte
	n, err := in.ReadAt(head[:], at)
	if err != nil && err != io.EOF {
		return 0, err
	}
	if n < 5 {
		return 0, io.EOF
	}
	magic := binary.LittleEndian.Uint32(head[:])
	if magic&^0xF == skipMagic {
		if n < 8 {
			return 0, io.EOF
		}
		return at + 8 + int64(binary.LittleEndian.Uint32(head[4:])), nil
	}
	if magic != zstdMagic {
		return 0, errNoFrame
	}
	end, err := endOfBlocks(in, at+headerLength(head[4]))
	if err == nil && head[4]&4 != 0 {
		end += 4 // the checksum
	}
	return end, err
}

// headerLength is how long the header of a frame is, by its descriptor.
func headerLength(descriptor byte) int64 {
	single := descriptor&0x20 != 0
	length := int64(5)
	if !single {
		length++ // the window
	}
	length += []int64{0, 1, 2, 4}[descriptor&3] // the dictionary
	length += []int64{0, 2, 4, 8}[descriptor>>6]
	if single && descriptor>>6 == 0 {
		length++ // the size of the content, in one byte
	}
	return length
}

// endOfBlocks is where the last of the blocks ends that begin at a place.
func endOfBlocks(in io.ReaderAt, at int64) (int64, error) {
	for {
		var b [3]byte
		if n, err := in.ReadAt(b[:], at); n < len(b) {
			if err == nil {
				err = io.EOF
			}
			return 0, err
		}
		block := int64(b[0]) | int64(b[1])<<8 | int64(b[2])<<16
		length := block >> 3
		if block>>1&3 == 1 { // one byte, so many times
			length = 1
		}
		at += 3 + length
		if block&1 != 0 {
			return at, nil
		}
	}
}
