package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"elt/runner/duckdb"
)

// patience is how long a test waits for a build that does not come, or does not end.
const patience = 2 * time.Minute

// readerMain is the program "reader": somebody else's process that opens a database.
//
//	reader watch FILE QUERY LAST   reads batch numbers in a loop until it has seen LAST
//	reader try FILE                tries to open a file for writing
func readerMain() {
	var text string
	err := errors.New("usage: reader watch FILE QUERY LAST | reader try FILE")
	switch {
	case len(os.Args) == 5 && os.Args[1] == "watch":
		text, err = watch(os.Args[2], os.Args[3], os.Args[4])
	case len(os.Args) == 3 && os.Args[1] == "try":
		text, err = tryToWrite(os.Args[2])
	}
	fmt.Print(text)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// watch opens a file again and again, as a dashboard does, and reads the batch number
// of every table: they must agree, never go back, and be there each time. In turns the
// file is opened as it is and attached under another name, as "other".
func watch(path, query, last string) (string, error) {
	want, err := strconv.ParseInt(last, 10, 64)
	if err != nil {
		return "", err
	}
	seen := map[int64]int{}
	newest, checks := int64(0), 0
	for begun := time.Now(); newest < want; checks++ {
		if time.Since(begun) > patience {
			return "", fmt.Errorf("batch %d has not come; seen %v", want, seen)
		}
		batch, err := oneBatch(path, query, checks%2 == 1)
		if err != nil {
			return "", fmt.Errorf("check %d: %w", checks+1, err)
		}
		if batch < newest {
			return "", fmt.Errorf("check %d: batch %d after batch %d", checks+1, batch, newest)
		}
		newest = batch
		seen[batch]++
	}
	return fmt.Sprintf("%d checks, %d batches, the last one %d\n", checks, len(seen), newest), nil
}

// oneBatch returns the batch number that all rows of a query agree on. "{db}" in the
// query stands for the database.
func oneBatch(path, query string, attached bool) (int64, error) {
	options := duckdb.Options{Path: path, ReadOnly: true}
	sql := strings.ReplaceAll(query, "{db}.", "")
	if attached {
		options = duckdb.Options{Attach: []duckdb.Attachment{{Path: path, Alias: "other", ReadOnly: true}}}
		sql = strings.ReplaceAll(query, "{db}.", "other.")
	}
	table, err := queryFile(options, sql)
	if err != nil {
		return 0, err
	}
	var batches []int64
	for _, row := range table.Rows {
		batches = append(batches, row[0].(int64))
	}
	if len(batches) == 0 || slices.Min(batches) != slices.Max(batches) {
		return 0, fmt.Errorf("the tables are of batches %v", batches)
	}
	return batches[0], nil
}

// tryToWrite says whether a file can be opened for writing, or why not.
func tryToWrite(path string) (string, error) {
	db, err := duckdb.Open(context.Background(), duckdb.Options{Path: path})
	var open *duckdb.OpenError
	if errors.As(err, &open) {
		return string(open.Kind) + "\n", nil
	}
	if err != nil {
		return "", err
	}
	return "opened\n", db.Close()
}
