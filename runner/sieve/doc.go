// Package sieve tells good rows of raw files from bad ones, for sources that keep bad rows
// apart (on_bad_rows: quarantine).
//
// What a row must be like is a [Contract]: the declared columns with their types, and rules
// about their values. The package writes the statements that read files into a table and
// find the rows that break the contract, and it counts the records of a text file by itself
// ([Records]), so that a run can see that none was lost, and on which line each stands. It
// is pure but for the reader it is given: it runs no statement and opens no file.
//
// Start reading at [Contract]; the order in which the statements are run is in
// runner/quarantine.go.
package sieve
