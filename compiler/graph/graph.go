// Package graph is the directed acyclic graph of a project's nodes, by unique_id.
package graph

// Graph is filled in by the package's own implementation.
type Graph struct{}
