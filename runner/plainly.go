package runner

import (
	"bytes"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"elt/compiler/project"
	"elt/compiler/template"
	"elt/runner/engine"
)

// plainly is how the CSV files of a source are written whose next file can be read without a search:
// DuckDB tries separators, quotes and types on each file, twice, which takes it far longer than to
// read some hundred kilobytes. A file of which one look shows that it has the columns that
// the source is known to have, and nothing in it that could be read in two ways, is read as that.
// Whatever is not clear at once is left to DuckDB.
type plainly struct {
	known []engine.Column
	delim string   // "" where it is not said: the only separator in the file
	never string   // bytes that make a file unclear
	nulls []string // texts that mean NULL
}

// plainOptions are the reader options that leave no doubt about a file beside what is looked at.
var plainOptions = []string{"header", "delim", "sep", "quote", "escape", "nullstr", "hive_partitioning"}

// plainly returns how the files of a source are written, nil where only DuckDB can tell.
func (si *sourceIntake) plainly() *plainly {
	src := si.src
	declared := slices.ContainsFunc(src.node.Columns, func(c *project.Column) bool { return c.DataType != "" })
	if !si.closely() || declared || src.formatted() || src.apart || !src.saysHeader() || len(si.known) < 2 {
		return nil
	}
	p := &plainly{known: si.known, nulls: []string{""}}
	settings := slices.Clone(src.dialect)
	for _, item := range src.node.Table.Options.Items() {
		name, _ := item.Key.(string)
		if !slices.Contains(plainOptions, strings.ToLower(name)) {
			return nil
		}
		settings = append(settings, project.Setting{Name: strings.ToLower(name), Value: item.Value})
	}
	quote, escape := `"'`, `\`
	for _, s := range settings {
		text, isText := s.Value.(string)
		list, isList := s.Value.(*template.List)
		switch {
		case s.Name == "nullstr" && isList:
			for _, one := range list.Elems {
				p.nulls = append(p.nulls, template.Str(one))
			}
		case s.Name == "header" || s.Name == "hive_partitioning":
		case !isText:
			return nil
		case s.Name == "nullstr":
			p.nulls = append(p.nulls, text)
		case s.Name == "quote":
			quote = text
		case s.Name == "escape":
			escape = text
		default:
			p.delim = text
		}
	}
	p.never = quote + escape + "\r\x00#" // DuckDB looks for comments, too
	return p
}

// plainDelim is the separator of all that is taken in, where that can be read without a search.
func (si *sourceIntake) plainDelim() string {
	p := si.plainly()
	if p == nil || si.searched {
		return ""
	}
	delim := ""
	for _, f := range si.readable() {
		one, ok := p.fits(f)
		if !ok || delim != "" && one != delim || !si.src.isPlain(f.lakeFile) {
			return ""
		}
		delim = one
	}
	return delim
}

// separators are those that DuckDB tries.
const separators = ",|;\t"

// fits reports whether a file is as the source is known, and by which separator.
func (p *plainly) fits(f intakeFile) (delim string, ok bool) {
	if f.remote || f.size > hashLimit {
		return "", false
	}
	text, err := os.ReadFile(filepath.FromSlash(f.path))
	if err != nil || !utf8.Valid(text) || bytes.ContainsAny(text, p.never) {
		return "", false
	}
	if delim = p.delim; delim == "" {
		for _, one := range separators {
			if bytes.ContainsRune(text, one) {
				delim += string(one)
			}
		}
	}
	if len(delim) != 1 {
		return "", false
	}
	header, rows, _ := bytes.Cut(text, []byte("\n"))
	names := strings.Split(string(header), delim)
	if len(names) < 2 || len(names) > len(p.known) || !p.partitioned(f.path, p.known[len(names):]) {
		return "", false
	}
	for i, name := range names {
		if name != p.known[i].Name || !plainType(p.known[i].Type) {
			return "", false
		}
	}
	return delim, p.rowsFit(rows, delim[0], p.known[:len(names)])
}

// rowsFit looks at each value of a file.
func (p *plainly) rowsFit(rows []byte, delim byte, columns []engine.Column) bool {
	for len(rows) > 0 {
		line := rows
		if at := bytes.IndexByte(rows, '\n'); at >= 0 {
			line, rows = rows[:at], rows[at+1:]
		} else {
			rows = nil
		}
		for i := range columns {
			at := bytes.IndexByte(line, delim)
			if last := i == len(columns)-1; last != (at < 0) {
				return false
			}
			value := line
			if at >= 0 {
				value, line = line[:at], line[at+1:]
			}
			if !plainValue(columns[i].Type, value) && !p.isNull(value) {
				return false
			}
		}
	}
	return true
}

func (p *plainly) isNull(value []byte) bool {
	return slices.ContainsFunc(p.nulls, func(null string) bool { return null == string(value) })
}

// partitioned reports whether some columns are those of the folders of a path.
func (p *plainly) partitioned(file string, columns []engine.Column) bool {
	folders := 0
	for folder := range strings.SplitSeq(path.Dir(file), "/") {
		name, value, ok := strings.Cut(folder, "=")
		if !ok {
			continue
		}
		folders++
		at := slices.IndexFunc(columns, func(c engine.Column) bool { return c.Name == name })
		if at < 0 || columns[at].Type != "DATE" && columns[at].Type != "BIGINT" || !plainValue(columns[at].Type, []byte(value)) {
			return false
		}
		if _, err := time.Parse(time.DateOnly, value); err != nil && columns[at].Type == "DATE" {
			return false
		}
	}
	return folders == len(columns)
}

// plainType reports whether values of a type can be told by looking at them.
func plainType(kind string) bool {
	switch kind {
	case "VARCHAR", "DOUBLE", "DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIME":
		return true
	}
	return isInteger(kind)
}

// plainValue reports whether DuckDB takes a text for a value of a type, whatever else it looks at: a
// whole number that is surely short enough, a date or a time as ISO 8601 has them.
func plainValue(kind string, value []byte) bool {
	const date, clock = "0000-00-00", "00:00:00"
	switch kind {
	case "VARCHAR":
		return true
	case "DATE":
		return hasShape(value, date)
	case "TIME":
		return hasShape(value, clock)
	case "TIMESTAMP":
		return hasShape(value, date+" "+clock) || hasShape(value, date+"T"+clock)
	case "TIMESTAMP WITH TIME ZONE":
		return hasShape(value, date+" "+clock+"Z") || hasShape(value, date+"T"+clock+"Z")
	case "DOUBLE":
		whole, rest, _ := bytes.Cut(unsigned(value), []byte("."))
		return isDigits(whole) && (len(rest) == 0 || isDigits(rest))
	}
	return isDigits(unsigned(value))
}

func unsigned(value []byte) []byte { return bytes.TrimPrefix(value, []byte("-")) }

func isDigits(value []byte) bool {
	for _, c := range value {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(value) > 0 && len(value) <= 18
}

// hasShape reports whether a text has digits where the shape has 0, else the shape's bytes.
func hasShape(value []byte, shape string) bool {
	if len(value) != len(shape) {
		return false
	}
	for i, c := range value {
		if digit := c >= '0' && c <= '9'; shape[i] == '0' != digit || !digit && c != shape[i] {
			return false
		}
	}
	return true
}
