package project

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"elt/compiler/diag"
	"elt/compiler/regex"
	"elt/compiler/template"
)

// FileFormat is one of several formats in which the files of a source come: which files
// have it, how they are read, and how their columns become those of the source.
type FileFormat struct {
	Name        string // as it is written, else by its days or patterns
	From, Until string // first and last day, as 2026-03-31; "" for no bound
	Files       []Located
	Columns     []FormatColumn
	Ignore      []string // columns of the files that the source has not
	Place       diag.Place

	options *template.Dict
}

// FormatColumn says where a declared column of the source comes from in the files of a
// format.
type FormatColumn struct {
	Name string // of the source's column
	From string // of the column in the files; "" where it is called the same
	Type string // as which it is read from the files, before it becomes the declared type; ""
	// Constant is what the column is where the files have none, as SQL; "" where they do.
	Constant string
	Place    diag.Place
}

var (
	formatKeys       = keySet("name", "from", "until", "files", "options", "columns", "ignore")
	formatColumnKeys = keySet("name", "from", "data_type", "default")
)

// formats reads formats: of a source or a table.
func (f *propertyFile) formats(c cursor) []*FileFormat {
	out := []*FileFormat{}
	for _, e := range f.entries(c, "formats") {
		f.knownKeys(e, formatKeys, "a format")
		rd := f.rendered()
		format := &FileFormat{Name: rd.str(e.get("name"), "name"), Place: e.place(), Files: rd.located(e.get("files"), "files"),
			Ignore: rd.strs(e.get("ignore"), "ignore"), options: rd.mapping(e.get("options"), "options")}
		format.From, format.Until = f.day(e, "from", false), f.day(e, "until", true)
		if format.Until != "" && format.Until < format.From {
			f.add(diag.New(diag.WrongType, e.get("until").place(), "the format ends on %s, before it begins on %s", format.Until, format.From))
		}
		for _, col := range f.entries(e, "columns") {
			if column, ok := f.formatColumn(col); ok {
				format.Columns = append(format.Columns, column)
			}
		}
		if format.Name == "" {
			format.Name = format.when()
		}
		out = append(out, format)
	}
	return out
}

// day reads a day, or a month for its first or last day.
func (f *propertyFile) day(c cursor, key string, last bool) string {
	at := c.get(key)
	text := f.rendered().str(at, key)
	if text == "" {
		return ""
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day.Format(time.DateOnly)
	}
	month, err := time.Parse("2006-01", text)
	if err != nil {
		f.add(diag.New(diag.WrongType, at.place(), "%q must be a day, not %q", key, text).WithHint("as in %s: 2026-03-31", key))
		return ""
	}
	if last {
		month = month.AddDate(0, 1, -1)
	}
	return month.Format(time.DateOnly)
}

func (f *propertyFile) formatColumn(c cursor) (FormatColumn, bool) {
	f.knownKeys(c, formatColumnKeys, "a column of a format")
	rd := f.rendered()
	name, ok := rd.name(c, "name", "a column of a format")
	if !ok {
		return FormatColumn{}, false
	}
	col := FormatColumn{Name: name, Place: c.get("name").place(), From: rd.str(c.get("from"), "from"), Type: rd.str(c.get("data_type"), "data_type")}
	if v := c.get("default"); v.exists() {
		col.Constant = optionLiteral(v.value(f.yaml))
		if col.From != "" || col.Type != "" {
			f.add(diag.New(diag.WrongType, v.place(), "column %q has a default, so it is not read from the files", name).
				WithHint("a default is for files that have no such column; take from and data_type out"))
		}
	}
	return col, true
}

// when is a name for a format without one.
func (f *FileFormat) when() string {
	var parts []string
	if f.From != "" {
		parts = append(parts, "from "+f.From)
	}
	if f.Until != "" {
		parts = append(parts, "until "+f.Until)
	}
	for _, l := range f.Files {
		parts = append(parts, l.Text)
	}
	return orElse(strings.Join(parts, " "), "any other")
}

// General reports whether a format is for all files that have no other.
func (f *FileFormat) General() bool { return f.From == "" && f.Until == "" && len(f.Files) == 0 }

// fits reports whether a file has the format.
func (f *FileFormat) fits(path, day string) bool {
	if (f.From != "" || f.Until != "") && (day == "" || day < f.From || f.Until != "" && day > f.Until) {
		return false
	}
	return len(f.Files) == 0 || slices.ContainsFunc(f.Files, func(l Located) bool {
		ok, err := doublestar.Match(strings.TrimPrefix(l.Text, "./"), path)
		return ok && err == nil
	})
}

// FormatFor returns the formats of a source that a file fits: one where all is well. path
// is the file's, relative to the project where it is inside, with slashes. day is the day
// that its name tells, "" for none. A format without days and patterns is for files that
// fit no other.
func (t *SourceTable) FormatFor(path string) (formats []*FileFormat, day string) {
	day = t.FileDay(path)
	var rest []*FileFormat
	for _, f := range t.Formats {
		switch {
		case f.General():
			rest = append(rest, f)
		case f.fits(path, day):
			formats = append(formats, f)
		}
	}
	if len(formats) == 0 {
		formats = rest
	}
	return formats, day
}

const (
	dayPattern   = `(\d{4})([-_.]?)(\d{2})[-_.]?(\d{2})`
	monthPattern = `(\d{4})([-_.])(\d{2})`
)

var (
	dayInName   = regex.Lazy(`(?:^|\D)` + dayPattern + `(?:\D|$)`)
	dayFolders  = regex.Lazy(`(?:^|/)(?:\w+=)?(\d{4})(/)(?:\w+=)?(\d{1,2})/(?:\w+=)?(\d{1,2})(?:/|$)`)
	monthInName = regex.Lazy(`(?:^|\D)` + monthPattern + `[-_.]?(?:[^-_.\d]|$)`)
	monthFolder = regex.Lazy(`(?:^|/)(?:\w+=)?(\d{4})(/)(?:\w+=)?(\d{1,2})(?:/|$)`)
)

// FileDay is the day that a file's path tells, as 2026-03-31, or "": what stands for {date}
// in the source's file_date, else the first date of its name, else of its folders. A month
// is its first day.
func (t *SourceTable) FileDay(path string) string {
	if t.FileDate != "" {
		before, behind, _ := strings.Cut(t.FileDate, "{date}")
		for _, pattern := range []string{dayPattern, monthPattern} {
			at, err := regexp.Compile(regexp.QuoteMeta(before) + pattern + regexp.QuoteMeta(behind))
			if err != nil {
				return ""
			}
			if day := dayOf(at.FindStringSubmatch(path)); day != "" {
				return day
			}
		}
		return ""
	}
	name := path[strings.LastIndexByte(path, '/')+1:]
	folders := strings.TrimSuffix(path, name)
	for _, try := range []struct {
		pattern func() *regexp.Regexp
		text    string
	}{{dayInName, name}, {dayInName, folders}, {dayFolders, folders}, {monthInName, name}, {monthInName, folders}, {monthFolder, folders}} {
		if day := dayOf(try.pattern().FindStringSubmatch(try.text)); day != "" {
			return day
		}
	}
	return ""
}

// dayOf is the day of a match: year, what parts it, month and perhaps the day.
func dayOf(match []string) string {
	if match == nil {
		return ""
	}
	text, layout := match[1]+"-"+match[3], "2006-1"
	if len(match) > 4 {
		text, layout = text+"-"+match[4], "2006-1-2"
	}
	day, err := time.Parse(layout, text)
	if err != nil {
		return ""
	}
	return day.Format(time.DateOnly)
}

// fillFormats sets the formats of a source table: its own, else those of the source.
func (t *SourceTable) fillFormats(lake, above lakeKeys, diags *report) {
	t.Formats, t.FileDate = lake.formats, orElse(lake.fileDate.Text, above.fileDate.Text)
	if t.Formats == nil {
		t.Formats = above.formats
	}
	if t.FileDate != "" && strings.Count(t.FileDate, "{date}") != 1 {
		at := lake.fileDate.Place
		if lake.fileDate.Text == "" {
			at = above.fileDate.Place
		}
		diags.add(diag.New(diag.WrongType, at, "%q must hold {date} once, it is %q", "file_date", t.FileDate).
			WithHint("write what stands around the date in a file's path, as in file_date: \"exported_{date}\""))
		t.FileDate = ""
	}
}
