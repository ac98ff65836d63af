package compiler

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/regex"
)

// lost is what files that could not be read would have defined. A reference to such a
// thing is no mistake of its own: it follows from one that has been reported.
type lost struct {
	files  map[string]bool // names of models, seeds and the like, by their file's name
	macros map[string]bool
	yaml   []string // the text of property files in which something is wrong
	vars   []string // of those files the ones that variables are written in
}

// lostIn gathers what the mistakes of loading a project have cost.
func lostIn(diags diag.List) lost {
	l := lost{files: map[string]bool{}, macros: map[string]bool{}}
	seen := map[*diag.Source]bool{}
	for _, d := range diags.Errors() {
		src := d.Place.Source
		if src == nil || seen[src] {
			continue
		}
		seen[src] = true
		switch ext := path.Ext(src.Path); ext {
		case ".yml", ".yaml":
			l.yaml = append(l.yaml, src.Text)
			if slices.Contains([]string{"vars.yml", "elt.yml", "dbt_project.yml"}, src.Path) {
				l.vars = append(l.vars, src.Text)
			}
		default:
			name := strings.TrimSuffix(path.Base(src.Path), ext)
			l.files[name] = true
			if model, versioned := cutVersion(name); versioned {
				l.files[model] = true
			}
		}
	}
	return l
}

var macroTag = regex.Lazy(`\{%[-+]?\s*(?:macro|test|data_test)\s+([a-zA-Z_]\w*)`)

// macrosOf adds the macros of a file that is no template.
func (l *lost) macrosOf(text string) {
	for _, m := range macroTag().FindAllStringSubmatch(text, -1) {
		l.macros[m[1]] = true
	}
}

// named reports whether a property file in which something is wrong has an entry of a
// name, also where "name" is what is misspelt.
func (l *lost) named(name string) bool {
	entry := regexp.MustCompile(`(?m)\bn\w{1,4}:\s*["']?` + regexp.QuoteMeta(name) + `["']?\s*(?:[,}#]|$)`)
	for _, text := range l.yaml {
		if entry.MatchString(text) {
			return true
		}
	}
	return false
}

// explains reports whether a diagnostic only follows from what is lost.
func (l *lost) explains(d *diag.Diagnostic) bool {
	switch d.Code {
	case diag.UndefinedName:
		name := dottedName().FindString(d.Place.Text())
		return l.macros[name[strings.LastIndexByte(name, '.')+1:]]
	case diag.UnknownVar:
		if m := inQuotes().FindStringSubmatch(d.Message); m != nil {
			return l.variable(m[1])
		}
	}
	return false
}

var inQuotes = regex.Lazy(`"(\w+)"`)

// variable reports whether a file with variables, in which something is wrong, has one of a name.
func (l *lost) variable(name string) bool {
	entry := regexp.MustCompile(`\b` + regexp.QuoteMeta(name) + `["']?\s*:`)
	return slices.ContainsFunc(l.vars, entry.MatchString)
}

var dottedName = regex.Lazy(`^[\w.]*`)

// explainsRef reports whether a node is missing only because of what is lost.
func (l *lost) explainsRef(name string) bool { return l.files[name] || l.named(name) }

// explainsSource is explainsRef for a source table.
func (l *lost) explainsSource(source, table string) bool {
	return l.named(source) && l.named(table)
}

var snapshotTag = regex.Lazy(`\{%[-+]?\s*snapshot\s+([a-zA-Z_]\w*)`)

// snapshotsOf adds the snapshots of a file that is no template.
func (l *lost) snapshotsOf(text string) {
	for _, m := range snapshotTag().FindAllStringSubmatch(text, -1) {
		l.files[m[1]] = true
	}
}
