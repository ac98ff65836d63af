package runner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner/sieve"
)

// settle finds the rows that break rules and the lines of the rejects, and counts the rows
// of each file in another way than they were loaded.
func (w *sieving) settle(ctx context.Context) error {
	if err := w.applyRules(ctx); err != nil {
		return err
	}
	if err := w.countLoaded(ctx); err != nil {
		return err
	}
	rows, err := w.parquetRows(ctx)
	if err != nil {
		return err
	}
	byFile := map[string][]*reject{}
	for i := range w.sieved.rejects {
		rej := &w.sieved.rejects[i]
		byFile[rej.path] = append(byFile[rej.path], rej)
	}
	var lost []string
	for path, count := range w.sieved.files {
		count.rejected = int64(len(byFile[path]))
		count.read = count.loaded + count.rejected
		if n, ok := rows[path]; ok {
			count.read = n
		} else if err := w.countRecords(ctx, lakeFile{path: path, remote: isRemote(path)}, count, byFile[path]); err != nil {
			return err
		}
		if count.read != count.loaded+count.rejected {
			lost = append(lost, path)
		}
	}
	slices.Sort(lost)
	for _, path := range lost {
		if err := w.refuseLost(ctx, path); err != nil {
			return err
		}
	}
	slices.SortStableFunc(w.sieved.rejects, func(a, b reject) int {
		if c := strings.Compare(a.path, b.path); c != 0 {
			return c
		}
		return int(max(min(a.line-b.line, 1), -1))
	})
	return ctx.Err()
}

// applyRules takes the rows of CSV files that break rules out of the good ones; those of
// other formats were never put there.
func (w *sieving) applyRules(ctx context.Context) error {
	query := sieve.CSVBroken(w.sieved.table, w.contract)
	if query == "" || w.sieved.src.node.Table.Format != "csv" {
		return nil
	}
	t, err := w.session.Query(ctx, query)
	if err != nil {
		return w.declared(err)
	}
	if len(t.Rows) == 0 {
		return nil
	}
	for _, row := range t.Rows {
		rej := reject{path: textOrNone(row[0]), column: textOrNone(row[2]), reason: textOrNone(row[3]), text: textOrNone(row[4]), offset: -1}
		rej.number, _ = row[1].(int64)
		w.sieved.rejects = append(w.sieved.rejects, rej)
	}
	done, err := w.session.Exec(ctx, sieve.DeleteBroken(w.sieved.table, w.contract))
	if err == nil && done.Rows != int64(len(t.Rows)) {
		err = errors.New("a rule says one thing and then another of the same row")
	}
	if err != nil {
		return w.declared(err)
	}
	return nil
}

// countLoaded counts the good rows of each file.
func (w *sieving) countLoaded(ctx context.Context) error {
	t, err := w.session.Query(ctx, fmt.Sprintf("select %s, count(*) from %s group by all", sieve.FileColumn, w.sieved.table))
	if err != nil {
		return err
	}
	for _, row := range t.Rows {
		if count := w.sieved.files[textOrNone(row[0])]; count != nil {
			count.loaded, _ = row[1].(int64)
		}
	}
	return nil
}

// parquetRows are the rows that Parquet files say they have.
func (w *sieving) parquetRows(ctx context.Context) (map[string]int64, error) {
	if w.sieved.src.node.Table.Format != "parquet" || len(w.sieved.files) == 0 {
		return nil, nil
	}
	var paths []string
	for path := range w.sieved.files {
		paths = append(paths, project.QuoteString(lakeFile{path: path, remote: isRemote(path)}.glob()))
	}
	slices.Sort(paths)
	t, err := w.session.Query(ctx, "select file_name, num_rows from parquet_file_metadata(["+strings.Join(paths, ", ")+"])")
	if err != nil {
		return nil, err
	}
	out := map[string]int64{}
	for _, row := range t.Rows {
		out[textOrNone(row[0])], _ = row[1].(int64)
	}
	return out, nil
}

// countRecords counts the records of a text file and finds the line and the text of each
// reject: by the byte at which DuckDB says that it begins, or by its number among the rows
// that could be read, which stand in the order of the file. A file whose text cannot be read
// here is counted by what DuckDB has found.
func (w *sieving) countRecords(ctx context.Context, f lakeFile, count *sievedFile, rejects []*reject) error {
	dialect := sieve.Dialect{}
	src, format := w.sieved.src.formOf(f)
	if src == nil {
		return nil // it was refused
	}
	if w.sieved.src.node.Table.Format == "csv" {
		line, err := w.firstRecord(ctx, f, src.dialectOf())
		if err != nil {
			return err
		}
		dialect = w.dialectFor(line, src, format)
	}
	if v, ok := src.option("encoding"); ok && !strings.EqualFold(strings.ReplaceAll(fmt.Sprint(v), "-", ""), "utf8") ||
		w.sieved.src.node.Table.Format == "json" && !src.isLines(f) {
		return nil
	}
	in, err := openText(f)
	if err != nil || in == nil {
		return err
	}
	defer in.Close()
	at, number := map[int64]*reject{}, map[int64]*reject{}
	for _, rej := range rejects {
		if rej.offset >= 0 {
			at[rej.offset] = rej
		} else {
			number[rej.number] = rej
		}
	}
	read, readable := int64(0), int64(0)
	err = sieve.Records(in, dialect, func(rec sieve.Record, text []byte) error {
		if dialect.Delim == "" && len(bytes.TrimSpace(text)) == 0 {
			return nil
		}
		read++
		rej := at[rec.Offset]
		if rej == nil {
			rej = at[rec.Offset-1] // DuckDB may count the end of the line before
		}
		if rej == nil {
			readable++ // of JSON, every row
			rej = number[readable]
		}
		if rej != nil {
			rej.line, rej.text = rec.Line, strings.ToValidUTF8(string(text), "\ufffd")
		}
		return nil
	})
	if errors.Is(err, sieve.ErrUncountable) {
		return nil
	}
	count.read = read
	return err
}

// dialectFor is the dialect of a file by its first record.
func (w *sieving) dialectFor(line string, src *lakeSource, format *project.FileFormat) sieve.Dialect {
	d := src.dialectOf()
	if d.Delim == "" {
		d.Delim = likeliest(line, w.rawNames(format), d)
	}
	return d.Dialect
}

// refuseLost leaves out a file whose rows do not add up: what was loaded and what was kept
// apart is not what it holds.
func (w *sieving) refuseLost(ctx context.Context, path string) error {
	count := *w.sieved.files[path]
	_, err := w.session.Exec(ctx, fmt.Sprintf("delete from %s where %s = %s", w.sieved.table, sieve.FileColumn, project.QuoteString(path)))
	d := diag.New(diag.Rejects, w.sieved.src.node.Place, "the rows of file %q do not add up: %d were read, %d could be loaded and %d not", w.shownPath(path), count.read, count.loaded, count.rejected)
	w.refuse(lakeFile{path: path}, d.WithHint("a quote that is not closed hides where a row ends; mend the file, or say in options how it is quoted"))
	return err
}
