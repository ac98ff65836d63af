package sieve

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// Dialect says how the records of a text file are written, in the words of DuckDB's
// read_csv.
type Dialect struct {
	Delim   string
	Quote   byte // 0 for none
	Escape  byte // 0 for none; usually the quote
	Comment byte // 0 for none
	Skip    int  // lines before the header
	Header  bool
}

// Record is a record of a text file.
type Record struct {
	Number int64 // of the record, from 1, the header not counted
	Line   int64 // on which it begins, from 1
	Offset int64 // of its first byte
}

// ErrUncountable says that the lines of a file end in a way that is not known here.
var ErrUncountable = errors.New("the lines of the file end with a carriage return alone")

// Records reads the records of a text file and hands each to fn, with its text without
// the end of the line; the text is fn's only until it returns. Lines without anything are
// no records, and neither is the header. It knows quotes as DuckDB does: one opens a value
// only at the value's start, spaces aside, and what follows a closing one does not open it
// again. A quote that is never closed runs to the end of the file. Errors are those of the
// reader and of fn, and [ErrUncountable].
func Records(in io.Reader, d Dialect, fn func(Record, []byte) error) error {
	s := scanner{in: bufio.NewReaderSize(in, 1<<18), dialect: d}
	if head, _ := s.in.Peek(3); bytes.Equal(head, []byte("\xef\xbb\xbf")) {
		s.offset, _ = io.CopyN(io.Discard, s.in, 3)
	}
	if head, _ := s.in.Peek(1 << 16); !bytes.ContainsRune(head, '\n') && bytes.ContainsRune(bytes.TrimRight(head, "\r"), '\r') {
		return ErrUncountable
	}
	header := d.Header
	for {
		rec, text, err := s.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if header {
			header = false
			continue
		}
		s.number++
		rec.Number = s.number
		if err := fn(rec, text); err != nil {
			return err
		}
	}
}

type scanner struct {
	in      *bufio.Reader
	dialect Dialect
	buf     []byte
	offset  int64 // of the next line
	line    int64 // of the last line
	number  int64
}

// next reads the next record; io.EOF after the last.
func (s *scanner) next() (Record, []byte, error) {
	for {
		s.buf = s.buf[:0]
		rec := Record{Offset: s.offset, Line: s.line + 1}
		if err := s.readLine(); err != nil {
			return rec, nil, err
		}
		text := bytes.TrimRight(s.buf, "\r\n")
		if s.line <= int64(s.dialect.Skip) || len(text) == 0 || s.dialect.Comment != 0 && text[0] == s.dialect.Comment {
			continue
		}
		for st, at := s.walk(fieldStart, 0), len(s.buf); st == quoted; at = len(s.buf) {
			if err := s.readLine(); err == io.EOF {
				break
			} else if err != nil {
				return rec, nil, err
			}
			st = s.walk(st, at)
		}
		return rec, bytes.TrimRight(s.buf, "\r\n"), nil
	}
}

// readLine reads one line more into the buffer, with its end.
func (s *scanner) readLine() error {
	read := 0
	for {
		part, err := s.in.ReadSlice('\n')
		s.buf = append(s.buf, part...)
		read += len(part)
		if err == bufio.ErrBufferFull {
			continue
		}
		s.offset += int64(read)
		if read > 0 {
			s.line++
			if err == io.EOF {
				return nil
			}
		}
		return err
	}
}

// state is where in a record a place is.
type state int

const (
	fieldStart state = iota
	plain
	quoted
)

// walk goes through the buffer from an offset on and returns in what it ends.
func (s *scanner) walk(st state, from int) state {
	d := s.dialect
	rest := s.buf[from:]
	if d.Quote == 0 || st != quoted && bytes.IndexByte(rest, d.Quote) < 0 {
		return plain
	}
	for i := 0; i < len(rest); i++ {
		c := rest[i]
		switch {
		case st == quoted && c == d.Escape && i+1 < len(rest) && (rest[i+1] == d.Quote || rest[i+1] == d.Escape):
			i++
		case st == quoted && c == d.Quote:
			st = plain
		case st == quoted:
		case d.Delim != "" && c == d.Delim[0] && bytes.HasPrefix(rest[i:], []byte(d.Delim)):
			st = fieldStart
			i += len(d.Delim) - 1
		case st == fieldStart && c == d.Quote:
			st = quoted
		case st == fieldStart && c == ' ':
		default:
			st = plain
		}
	}
	return st
}
