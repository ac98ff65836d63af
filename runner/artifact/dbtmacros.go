package artifact

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// keptMacros is the file beside manifest.json in which dbt's own macros are kept.
const keptMacros = "dbt_macros.json"

// headSize is how many bytes of a manifest are looked at to see who wrote it: the metadata
// stands first.
const headSize = 4096

// dbtMacros returns what dbt says of the macros that come with it, by unique_id, as it stands
// in a manifest that dbt has left in the folder: now, in which case they are kept in a file
// beside it, or before elt wrote over it. None where dbt has never written there.
//
// elt's macros of the same names have texts of their own. dbt compares texts, so that without
// this, all that calls such a macro, each test above all, would count as changed for a dbt
// that is given elt's manifest as --state.
func dbtMacros(dir string) (map[string]json.RawMessage, error) {
	kept := filepath.Join(dir, keptMacros)
	by, err := writtenByDBT(filepath.Join(dir, "manifest.json"))
	if err != nil || by == nil {
		return readKept(kept, err)
	}
	out := map[string]json.RawMessage{}
	for id, macro := range by {
		if isDBTs(id) {
			out[id] = macro
		}
	}
	return out, replaceFile(kept, func(w io.Writer) error { return json.NewEncoder(w).Encode(out) })
}

func readKept(path string, err error) (map[string]json.RawMessage, error) {
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var out map[string]json.RawMessage
	if err == nil && json.Unmarshal(data, &out) != nil {
		return nil, nil // not what was written there: as if there were none
	}
	return out, err
}

// writtenByDBT reads the macros of a manifest that dbt wrote; nil where elt did, or where
// there is none that can be read.
func writtenByDBT(path string) (map[string]json.RawMessage, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	head := make([]byte, headSize)
	n, err := io.ReadFull(file, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if bytes.Contains(head[:n], []byte(`"ELT_VERSION"`)) || !bytes.Contains(head[:n], []byte(`"dbt_schema_version"`)) {
		return nil, nil
	}
	var manifest struct {
		Macros map[string]json.RawMessage `json:"macros"`
	}
	if json.NewDecoder(io.MultiReader(bytes.NewReader(head[:n]), file)).Decode(&manifest) != nil {
		return nil, nil // half a file is written over, as any other
	}
	return manifest.Macros, nil
}

// isDBTs reports whether a macro comes with dbt or dbt-duckdb.
func isDBTs(id string) bool {
	return strings.HasPrefix(id, "macro.dbt.") || strings.HasPrefix(id, "macro.dbt_duckdb.")
}
