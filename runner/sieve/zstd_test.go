package sieve_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"

	"elt/runner/sieve"
)

// zstdFrame is a frame of blocks: 5 bytes as they are, one byte 70,000 times, and an empty last one.
func zstdFrame(descriptor byte, header ...byte) []byte {
	out := append(binary.LittleEndian.AppendUint32(nil, 0xFD2FB528), descriptor)
	out = append(append(out, header...), 5<<3, 0, 0, 'h', 'e', 'l', 'l', 'o')
	run := 70000<<3 | 1<<1
	out = append(out, byte(run&0xFF), byte(run>>8&0xFF), byte(run>>16), 'x', 1, 0, 0)
	if descriptor&4 != 0 {
		out = append(out, 1, 2, 3, 4)
	}
	return out
}

func skippableFrame(content string) []byte {
	out := binary.LittleEndian.AppendUint32(nil, 0x184D2A53)
	return append(binary.LittleEndian.AppendUint32(out, uint32(len(content))), content...)
}

func TestCheckZstd(t *testing.T) {
	t.Parallel()
	for name, file := range map[string][]byte{
		"a window":                       zstdFrame(0, 0),
		"one segment, its size":          zstdFrame(0x20, 5),
		"sizes in two bytes, a checksum": zstdFrame(0x64, 1, 0),
		"a dictionary, sizes in eight":   zstdFrame(0xC3, 0, 1, 2, 3, 4, 1, 0, 0, 0, 0, 0, 0, 0),
		"two frames":                     append(zstdFrame(0, 0), zstdFrame(0x24, 5)...),
		"a frame to be skipped":          append(skippableFrame("of somebody else"), zstdFrame(0, 0)...),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := sieve.CheckZstd(bytes.NewReader(file), int64(len(file))); err != nil {
				t.Errorf("whole: %v", err)
			}
			whole := map[int]bool{0: true, len(zstdFrame(0, 0)): name == "two frames", len(skippableFrame("of somebody else")): name == "a frame to be skipped"}
			for n := range len(file) {
				err := sieve.CheckZstd(bytes.NewReader(file[:n]), int64(n))
				if whole[n] != (err == nil) || err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("the first %d of %d bytes: %v", n, len(file), err)
				}
			}
		})
	}
}

func TestCheckZstdLeavesWhatIsNoFrame(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "id,name\n1,Delft\n", string(zstdFrame(0, 0)) + "and more"} {
		if err := sieve.CheckZstd(bytes.NewReader([]byte(text)), int64(len(text))); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzCheckZstd(f *testing.F) {
	f.Add(zstdFrame(0x24, 5))
	f.Add(skippableFrame("x"))
	f.Fuzz(func(t *testing.T, file []byte) {
		err := sieve.CheckZstd(bytes.NewReader(file), int64(len(file)))
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%x: %v", file, err)
		}
	})
}
