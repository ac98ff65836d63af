// Package report keeps results and shows them: a JSON file for each case, so that a case
// can be measured again alone, and from all of them one Markdown page, plots, and the
// parts of README.md and docs that hold figures.
//
// Start at Folder: Save a case, then Write the rest.
package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"elt/bench/internal/peers"
	"elt/bench/internal/suite"
)

// Setting is where and with what a case was measured.
type Setting struct {
	Machine Machine      `json:"machine"`
	Elt     string       `json:"elt"`   // the commit of this repository
	Quick   bool         `json:"quick"` // small sizes: the figures say nothing
	Command string       `json:"command"`
	Tools   []peers.Tool `json:"tools"`
}

// Result is a measured case and its setting: what a JSON file holds.
type Result struct {
	Setting
	suite.CaseResult
}

// Folder holds results.
type Folder string

// Save writes the JSON of one case.
func (f Folder) Save(r Result) error {
	if err := os.MkdirAll(string(f), 0o755); err != nil {
		return err
	}
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(string(f), r.Name+".json"), append(text, '\n'), 0o644)
}

// Load reads the results of the cases named, in that order; a case that has none is left out.
func (f Folder) Load(names []string) ([]Result, error) {
	var out []Result
	for _, name := range names {
		path := filepath.Join(string(f), name+".json")
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		var r Result
		if err := json.Unmarshal(text, &r); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		out = append(out, r)
	}
	return out, nil
}

// Write writes README.md and the plots of all results that there are.
func (f Folder) Write(names []string) error {
	results, err := f.Load(names)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(string(f), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(string(f), "README.md"), []byte(Markdown(results)), 0o644); err != nil {
		return err
	}
	return f.plots(results)
}
