package artifact

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"

	"elt/compiler/project"
	"elt/runner"
)

type catalogFile struct {
	Metadata metadata                `json:"metadata"`
	Nodes    map[string]catalogTable `json:"nodes"`
	Sources  map[string]catalogTable `json:"sources"`
	Errors   *[]string               `json:"errors"`
}

type catalogTable struct {
	Metadata tableMetadata            `json:"metadata"`
	Columns  map[string]catalogColumn `json:"columns"`
	Stats    map[string]tableStat     `json:"stats"`
	UniqueID string                   `json:"unique_id"`
}

type tableMetadata struct {
	Type     string  `json:"type"`
	Schema   string  `json:"schema"`
	Name     string  `json:"name"`
	Database string  `json:"database"`
	Comment  *string `json:"comment"`
	Owner    *string `json:"owner"` // DuckDB has no users
}

type catalogColumn struct {
	Type    string  `json:"type"`
	Index   int64   `json:"index"`
	Name    string  `json:"name"`
	Comment *string `json:"comment"`
}

type tableStat struct {
	ID          string `json:"id"`
	Label       string `json:"label"`
	Value       bool   `json:"value"`
	Include     bool   `json:"include"`
	Description string `json:"description"`
}

// noStats is what dbt writes where an adapter has no statistics, as dbt-duckdb has none.
func noStats() map[string]tableStat {
	return map[string]tableStat{"has_stats": {
		ID: "has_stats", Label: "Has Stats?", Description: "Indicates whether there are statistics for this table",
	}}
}

// WriteCatalog writes catalog.json, version 1, into a folder, which is made if need be.
func WriteCatalog(dir string, tables []runner.CatalogTable, meta Meta) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return replaceFile(filepath.Join(dir, "catalog.json"), func(w io.Writer) error { return Catalog(w, tables, meta) })
}

// Catalog writes catalog.json, version 1.
func Catalog(w io.Writer, tables []runner.CatalogTable, meta Meta) error {
	out := catalogFile{Metadata: newMetadata("catalog/v1", meta), Nodes: map[string]catalogTable{}, Sources: map[string]catalogTable{}}
	for _, t := range tables {
		columns := make(map[string]catalogColumn, len(t.Columns))
		for _, c := range t.Columns {
			columns[c.Name] = catalogColumn{Type: c.Type, Index: c.Index, Name: c.Name, Comment: c.Comment}
		}
		for _, node := range t.Nodes {
			into := out.Nodes
			if node.Type == project.Source {
				into = out.Sources
			}
			into[node.UniqueID] = catalogTable{
				Metadata: tableMetadata{Type: t.Type, Schema: t.Relation.Schema, Name: t.Relation.Identifier, Database: t.Relation.Database, Comment: t.Comment},
				Columns:  columns, Stats: noStats(), UniqueID: node.UniqueID,
			}
		}
	}
	var text strings.Builder
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(out); err != nil {
		return err
	}
	_, err := io.WriteString(w, meta.hidden(text.String()))
	return err
}
