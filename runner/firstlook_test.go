package runner

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// packed is a text as both packings have it, written at once and in two members or frames.
func packed(t *testing.T, packing string, texts ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	for _, text := range texts {
		var w io.WriteCloser = gzip.NewWriter(&out)
		if packing == "zst" {
			out.Write([]byte{0x50, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 'o', 'w', 'n'}) // a frame to be skipped
			var err error
			if w, err = zstd.NewWriter(&out, zstd.WithEncoderCRC(true)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

func TestUnpackAllFindsWhereAFileWasCutOff(t *testing.T) {
	t.Parallel()
	for _, packing := range []string{"gz", "zst"} {
		first := packed(t, packing, "id,v\n1,a\n2,b\n")
		file := packed(t, packing, "id,v\n1,a\n2,b\n", "3,c\n")
		whole := map[int]bool{0: true, len(first): true, len(file): true}
		if packing == "zst" { // behind a frame that is skipped, too
			whole[11], whole[len(first)+11] = true, true
		}
		for n := range len(file) + 1 {
			err := unpackAll(context.Background(), bytes.NewReader(file[:n]), packing)
			if whole[n] != (err == nil) || err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%s: the first %d of %d bytes: %v", packing, n, len(file), err)
			}
		}
		if err := unpackAll(context.Background(), bytes.NewReader(append(file, "and more than a header has"...)), packing); err != nil {
			t.Errorf("%s: with something behind its end: %v", packing, err)
		}
		broken := bytes.Clone(first)
		broken[len(broken)-1] ^= 1
		if err := unpackAll(context.Background(), bytes.NewReader(broken), packing); err == nil {
			t.Errorf("%s: a wrong checksum is not seen", packing)
		}
	}
}

func TestUnpackAllLeavesWhatIsNotZstd(t *testing.T) {
	t.Parallel()
	if err := unpackAll(context.Background(), bytes.NewReader([]byte("id,name\n1,Delft\n")), "zst"); err != nil {
		t.Error(err)
	}
}
