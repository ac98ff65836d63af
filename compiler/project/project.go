// Package project turns the files of a dbt or elt project into resources and
// config: elt.yml or dbt_project.yml, profiles, property files, seeds and the
// paths of templates. It renders only what YAML needs (native Jinja in values) and
// decides nothing about dependencies. Every key keeps its place for messages.
package project

// Project is a loaded project.
type Project struct {
	Name string
	Root string // absolute path
}
