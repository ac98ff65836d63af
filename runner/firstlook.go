package runner

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"

	"elt/compiler/diag"
	"elt/compiler/project"
)

// A first look is taken at text files before DuckDB reads them, for three things that it does
// not tell: a packed file that was cut off, which it reads to where it ends; an empty file,
// which would have a column of its own; and lines that end in another way than those of the
// first file, of which it may see none.

// lookFirst leaves out packed files that are not whole, and notes which files are empty and
// whether their lines end alike.
func (w *worker) lookFirst(ctx context.Context, n *nodeRun, si *sourceIntake) error {
	if si.src.node.Table.Format == "parquet" {
		return nil
	}
	broken := brokenPacks(ctx, lakeFiles(si.take))
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var bad []fileFailure
	for i := range si.take {
		f := &si.take[i]
		if err := broken[f.path]; err != nil {
			d := diag.New(diag.LakeFile, si.src.node.Place, "file %q is not whole: %v", f.name, err).
				WithHint("send it again; what DuckDB would read of it ends where the file was cut off")
			d.Node = si.src.node.UniqueID
			bad = append(bad, fileFailure{file: *f, source: si.src.node.UniqueID, why: diag.List{d}})
			continue
		}
		f.empty = f.isEmpty()
	}
	if _, ok := si.sample(); !ok && !si.learned && len(bad) < len(si.take) {
		bad = append(bad, si.withoutColumns()...)
	}
	if len(bad) > 0 && !n.intake.leaveOut(bad) {
		return n.intake.whys()
	}
	files := lakeFiles(si.readable())
	if si.src.node.Table.Format == "csv" && !si.src.formatted() && !si.src.allPlain(files) { // of plain ones the headers tell
		si.unlikeEnds = endsDiffer(files)
	}
	return nil
}

// withoutColumns is the error about empty files where no other file says what columns there are.
func (si *sourceIntake) withoutColumns() []fileFailure {
	var bad []fileFailure
	for _, f := range si.take {
		if f.empty {
			d := diag.New(diag.LakeFile, si.src.node.Place, "file %q is empty, and no file before it tells the columns", f.name).
				WithHint("build when there is a file with columns")
			d.Node = si.src.node.UniqueID
			bad = append(bad, fileFailure{file: f, source: si.src.node.UniqueID, why: diag.List{d}})
		}
	}
	return bad
}

// brokenPacks are the packed files of a list that are not whole, by path, each with what is
// wrong with it.
func brokenPacks(ctx context.Context, files []lakeFile) map[string]error {
	var mu sync.Mutex
	var wg sync.WaitGroup
	out := map[string]error{}
	next := make(chan lakeFile)
	for range compileWorkers {
		wg.Go(func() {
			for f := range next {
				if err := f.checkPack(ctx); err != nil {
					mu.Lock()
					out[f.path] = err
					mu.Unlock()
				}
			}
		})
	}
	for _, f := range files {
		if !f.remote && f.packing() != "" && ctx.Err() == nil {
			next <- f
		}
	}
	close(next)
	wg.Wait()
	return out
}

// packing is how a file is packed, by its name as DuckDB tells it: "gz", "zst" or "".
func (f lakeFile) packing() string {
	name := strings.ToLower(f.path)
	for _, end := range []string{"gz", "zst"} {
		if strings.HasSuffix(name, "."+end) {
			return end
		}
	}
	return ""
}

// checkPack says why a packed file cannot be unpacked to its end. One that cannot be opened
// is left to the load.
func (f lakeFile) checkPack(ctx context.Context) error {
	in, err := os.Open(filepath.FromSlash(f.path))
	if err != nil {
		return nil //nolint:nilerr // the load says so, with its place
	}
	defer in.Close()
	err = unpackAll(ctx, in, f.packing())
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it ends in the middle of what is packed")
	}
	return err
}

// unpackAll unpacks to the end. What is behind the end is left, as gzip leaves it, and so are
// files that are not packed as their names say: the load tells what they are.
func unpackAll(ctx context.Context, in io.Reader, packing string) error {
	unpacked, err := unpacker(in, packing)
	if err == io.EOF {
		return nil // it is empty
	}
	if err != nil {
		return err
	}
	defer unpacked.Close()
	for read := int64(0); ctx.Err() == nil; {
		n, err := io.CopyN(io.Discard, unpacked, 16<<20)
		read += n
		switch {
		case err == io.EOF, err == gzip.ErrHeader && read > 0,
			errors.Is(err, zstd.ErrMagicMismatch), errors.Is(err, zstd.ErrUnknownDictionary), errors.Is(err, zstd.ErrWindowSizeExceeded):
			return nil
		case err != nil:
			return err
		}
	}
	return ctx.Err()
}

// unpacker unpacks what is packed as packing says; whoever asks for it closes it.
func unpacker(in io.Reader, packing string) (io.ReadCloser, error) {
	if packing == "gz" {
		return gzip.NewReader(in)
	}
	d, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, err
	}
	return d.IOReadCloser(), nil
}

// longestEmpty is how many bytes a file may have that is looked at for whether it has none but
// white space.
const longestEmpty = 128

// isEmpty reports whether a local file holds no text: no bytes, or a byte order mark and white
// space at most. It then has no columns either.
func (f lakeFile) isEmpty() bool {
	if f.remote || f.size > longestEmpty {
		return f.remote && !f.unseen && f.size == 0
	}
	in, err := openText(f)
	if err != nil || in == nil {
		return f.size == 0
	}
	defer in.Close()
	text, err := io.ReadAll(io.LimitReader(in, longestEmpty))
	return err == nil && len(text) < longestEmpty && len(bytes.TrimSpace(bytes.TrimPrefix(text, []byte("\ufeff")))) == 0
}

// readable are the files that have something to read.
func (si *sourceIntake) readable() []intakeFile {
	if !slices.ContainsFunc(si.take, func(f intakeFile) bool { return f.empty }) {
		return si.take
	}
	return slices.DeleteFunc(slices.Clone(si.take), func(f intakeFile) bool { return f.empty })
}

// endsDiffer reports whether the lines of some of the files end in another way than those of
// others, or may do so, since the files cannot be looked at. DuckDB 1.5.5 takes the line ends
// of the first file for those of all where a column tells the file or folder of a row, and
// then finds no rows in the others, or no columns.
func endsDiffer(files []lakeFile) bool {
	first := ""
	for _, f := range files {
		if len(files) == 1 {
			return false
		}
		_, end, ok := f.firstLine()
		if !ok || first != "" && end != first {
			return true
		}
		first = end
	}
	return false
}

// readApart has the CSV files of a source that is read whole each looked at by itself where
// their lines end in different ways and a column tells the file or folder of a row. All must
// begin with the same line, for a column that one of them lacks would no longer be missed.
func (l *lake) readApart(src *lakeSource) {
	line, end, differs := "", "", false
	for i, f := range src.files {
		text, ends, ok := f.firstLine()
		if !ok || i > 0 && text != line {
			return
		}
		differs = differs || i > 0 && ends != end
		line, end = text, ends
	}
	if !differs {
		return
	}
	src.apart = true
	src.pinned = src.read(src.files, nil, nil)
	globs := make([]string, len(src.node.Table.Paths))
	for i, p := range src.node.Table.Paths {
		globs[i] = l.absolute(p.Text)
	}
	src.live = src.node.Table.FromWith(globs, []project.Setting{readAlone()})
}

// allPlain reports whether all of some files are plain CSV files, see isPlain.
func (src *lakeSource) allPlain(files []lakeFile) bool {
	return !slices.ContainsFunc(files, func(f lakeFile) bool { return !src.isPlain(f) })
}

// inFolderColumn reports whether a folder of the file's path may be a column.
func (f lakeFile) inFolderColumn() bool { return strings.Contains(path.Dir(f.path), "=") }

// tellsFiles reports whether a source over CSV files has a column that
// tells the file or folder of a row.
func (src *lakeSource) tellsFiles() bool {
	if src.node.Table.Format != "csv" || src.formatted() || src.hasOption("union_by_name") {
		return false
	}
	return src.fileOption() != "" || slices.ContainsFunc(src.files, lakeFile.inFolderColumn)
}

// readAlone has DuckDB look at each file by itself.
func readAlone() project.Setting { return project.Setting{Name: "union_by_name", Value: true} }

// firstLine is the first line of a text file and how it ends, "\n" where it has no end, as
// DuckDB has it; ok is false where the file cannot be looked at.
func (f lakeFile) firstLine() (line, end string, ok bool) {
	in, err := openText(f)
	if err != nil || in == nil {
		return "", "", false
	}
	defer in.Close()
	var text []byte
	for chunk := make([]byte, 4096); len(text) < mostRead; {
		n, err := in.Read(chunk)
		text = append(text, chunk[:n]...)
		if at := bytes.IndexByte(chunk[:n], '\n'); at >= 0 {
			text = bytes.TrimRight(text[:len(text)-n+at], "\x00")
			if line, isCR := bytes.CutSuffix(text, []byte("\r")); isCR {
				return string(line), "\r\n", true
			}
			return string(text), "\n", true
		}
		if err != nil {
			break
		}
	}
	if at := bytes.IndexByte(text, '\r'); at >= 0 {
		return string(text[:at]), "\r", true
	}
	return string(text), "\n", true
}

// readWhole reports whether one of some nodes reads all files of a source, through ephemeral
// models too.
func (r *run) readWhole(source string, ids []string) bool {
	g, seen := r.planGraph(), map[string]bool{}
	for todo := g.Children(source); len(todo) > 0; todo = todo[1:] {
		id := todo[0]
		node := r.plan.Nodes[id]
		switch {
		case seen[id] || node == nil:
		case node.IsEphemeral():
			todo = append(slices.Clone(todo), g.Children(id)...)
		case slices.Contains(ids, id) && !node.TakenByFile(r.plan.Nodes[source]):
			return true
		}
		seen[id] = true
	}
	return false
}
