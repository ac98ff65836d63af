package runner

import (
	"context"
	"net/url"
	"strings"
	"sync"
	"time"

	"elt/compiler/project"
	"elt/runner/engine"
	"elt/runner/state"
)

// Servers say with an ETag whether a file is still the one it was: two states of it have two tags,
// even of one size and one second. DuckDB shows it to no query. But it writes each request to its
// log, where that is on, with what was answered; so the log is on while files are asked for, and
// is emptied after it: it holds signatures and tokens, too.

// etags are what servers have answered in this run. Models ask while they run beside each other,
// and the log is the instance's.
type etags struct {
	asking sync.Mutex
	known  map[string]answer // by path
}

// answer is what a server said about a file.
type answer struct {
	tag      string
	size     int64
	modified time.Time
}

// recorded asks for files while the log is on, and returns the ETags of the answers. It returns none
// where the project has turned the log on itself: that is then its own.
func (e *etags) recorded(ctx context.Context, s engine.Session, ask func() error) (tags answers, err error) {
	on, err := s.Query(ctx, "select current_setting('enable_logging')::boolean")
	if err != nil {
		return nil, err
	}
	if on.Rows[0][0] != false {
		return nil, ask()
	}
	if _, err := s.Exec(ctx, "call enable_logging('HTTP')"); err != nil {
		return nil, err
	}
	defer func() {
		after := context.WithoutCancel(ctx)
		for _, sql := range []string{"call disable_logging()", "call truncate_duckdb_logs()"} {
			if _, failed := s.Exec(after, sql); err == nil && failed != nil {
				err = failed
			}
		}
	}()
	if err := ask(); err != nil {
		return nil, err
	}
	t, err := s.Query(ctx, `select request.url, [e.value for e in map_entries(response.headers) if lower(e.key) = 'etag'][1] as tag
from duckdb_logs_parsed('HTTP') where tag <> '' order by request.start_time`)
	if err != nil {
		return nil, err
	}
	tags = answers{}
	for _, row := range t.Rows {
		at, _ := row[0].(string)
		tag, _ := row[1].(string)
		host, inside := parted(at)
		tags[inside] = append(tags[inside], hostTag{host, strings.TrimPrefix(tag, "W/")}) // weak are those of what a proxy has packed
	}
	return tags, nil
}

// answers are ETags by the path in the URL that was asked for, the first answer first: what is read later
// may be newer than its tag, never older.
type answers map[string][]hostTag

type hostTag struct{ host, tag string }

// parted is a URL without its scheme: its first part and the rest, without percent signs, so that two ways
// of writing one are the same.
func parted(at string) (host, inside string) {
	_, rest, _ := strings.Cut(at, "://")
	host, inside, _ = strings.Cut(rest, "/")
	if text, err := url.PathUnescape(inside); err == nil {
		inside = text
	}
	return host, inside
}

// of is the ETag of a file, "" where there is none. What is asked for an object has its bucket in the
// path or before the name of the server.
func (a answers) of(path string) string {
	if strings.HasPrefix(path, "http") {
		host, inside := parted(path)
		return a.from(inside, func(at string) bool { return at == host })
	}
	_, object, _ := strings.Cut(path, "://")
	if tag := a.from(object, func(string) bool { return true }); tag != "" {
		return tag
	}
	bucket, key, _ := strings.Cut(object, "/")
	return a.from(key, func(at string) bool { return strings.HasPrefix(at, bucket+".") })
}

func (a answers) from(inside string, host func(string) bool) string {
	for _, t := range a[inside] {
		if host(t.host) {
			return t.tag
		}
	}
	return ""
}

// isObject reports whether a file lies on object storage, whose listing tells no ETag.
func (f lakeFile) isObject() bool { return f.remote && !strings.HasPrefix(f.path, "http") }

// tagObjects asks for the ETags of objects, one request each. An object that is not as it was
// listed has none: whichever of its two states is read, the next build sees another time.
func (l *lake) tagObjects(ctx context.Context, s engine.Session, files []intakeFile) error {
	l.tags.asking.Lock()
	defer l.tags.asking.Unlock()
	var ask []string
	for _, f := range files {
		if _, known := l.tags.known[f.path]; !known {
			ask = append(ask, f.path)
		}
	}
	for len(ask) > 0 {
		some := ask[:min(len(ask), 500)]
		ask = ask[len(some):]
		if err := l.tags.lookUp(ctx, s, some); err != nil {
			return err
		}
	}
	for i, f := range files {
		if a := l.tags.known[f.path]; a.size == f.size && a.modified.Equal(f.modified) {
			files[i].tag = a.tag
		}
	}
	return nil
}

// lookUp asks for some objects. What cannot be asked for, such as one that is gone since it was listed, is
// told by who reads it.
func (e *etags) lookUp(ctx context.Context, s engine.Session, paths []string) error {
	quoted := make([]string, len(paths))
	for i, p := range paths {
		quoted[i] = project.QuoteString(p)
	}
	var files []lakeFile
	tags, err := e.recorded(ctx, s, func() (err error) {
		files, err = remoteFilesOf(ctx, s, "["+strings.Join(quoted, ", ")+"]")
		return err
	})
	if ctx.Err() != nil {
		return err
	}
	if e.known == nil {
		e.known = map[string]answer{}
	}
	for _, p := range paths {
		e.known[p] = answer{}
	}
	for _, f := range files {
		e.known[f.path] = answer{tags.of(f.path), f.size, f.modified}
	}
	return nil
}

// What the ledger keeps of a remote file in the place of a hash. The time of an object is that of
// the server's clock, in seconds: while that second may not be over, by a clock that is up to
// 15 minutes off (object storage refuses requests of one that is further off), another object may take its name,
// and its time. So such a file is asked for again, until it is old enough.
const (
	tagPrefix   = "etag:"
	youngPrefix = "etag?"
	young       = 16 * time.Minute
)

// tagText is what the ledger keeps of a remote file.
func (f lakeFile) tagText(now time.Time) string {
	switch {
	case f.tag == "":
		return ""
	case f.isObject() && now.Sub(f.modified) < young:
		return youngPrefix + f.tag
	}
	return tagPrefix + f.tag
}

// tagIn is the ETag that the ledger knows of a file.
func tagIn(had state.LedgerFile) (tag string, isYoung bool) {
	if tag, ok := strings.CutPrefix(had.Hash, youngPrefix); ok {
		return tag, true
	}
	if tag, ok := strings.CutPrefix(had.Hash, tagPrefix); ok {
		return tag, false
	}
	return "", false
}

// planObjects decides about objects whose ETags have to be known.
func (si *sourceIntake) planObjects(ctx context.Context, r *run, s engine.Session, objects []intakeFile, ledger map[string]state.LedgerFile) error {
	if err := r.lake.tagObjects(ctx, s, objects); err != nil {
		return err
	}
	for _, file := range objects {
		had, ok := ledger[file.name]
		tag, isYoung := tagIn(had)
		switch {
		case !ok:
			si.take = append(si.take, file)
		case had.Forgotten || tag == "" || file.tag == "" && !same(file.lakeFile, had) || file.tag != "" && file.tag != tag:
			file.status = state.FileChanged
			si.take = append(si.take, file)
		case file.tag != "" && (!isYoung || file.tagText(r.now()) != had.Hash):
			file.status = state.FileTouched
			si.touched = append(si.touched, file)
		}
	}
	return nil
}
