package project

import (
	"encoding/json"
	"os"
	"testing"

	"elt/compiler/template"
)

func TestPlainScalarsAreReadAsByDbt(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/dbt/scalars.json")
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]*string
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	for text, repr := range want {
		if repr == nil {
			continue // PyYAML fails on it; any reading is better
		}
		if got := template.Repr(plain(text)); got != *repr {
			t.Errorf("%s: got %s, dbt reads %s", text, got, *repr)
		}
	}
}
