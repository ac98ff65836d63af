package main

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// testHTTPFS is the environment variable that names DuckDB's extension httpfs,
// httpfs.duckdb_extension; .ci/run gets it. Scenarios of object storage need it.
const testHTTPFS = "ELT_TEST_HTTPFS"

// scriptS3 keeps objects on loopback until the scenario ends, as an S3 server does, in the
// bucket "lake":
//
//	s3                starts it; S3_ENDPOINT is its address
//	s3 put KEY FILE   makes an object of a file
//	s3 rm KEY         removes one
//	s3 ls [PREFIX]    lists the keys
//	s3 damage PREFIX  cuts objects off after three bytes whose keys begin so
//	s3 refuse END     from now on writing keys that end so is refused; "" refuses nothing
//	s3 undated        from now on no time is told when one object is asked for, and no ETag;
//	s3 undated tagged no time, but an ETag
//	s3 at TIME        from now on objects get this time, as RFC 3339 has it; "now" is that of this moment, and
//	                  a key that of its object
//	s3 asked          lists what has been asked for since it was asked last: method and key
func scriptS3(ts *testscript.TestScript, neg bool, args []string) {
	store, _ := ts.Value("s3").(*objects)
	switch {
	case neg || store == nil:
		ts.Fatalf("usage: s3 [put KEY FILE | rm KEY | ls [PREFIX] | damage PREFIX | refuse END | undated [tagged] | at TIME | asked]")
	case len(args) == 0:
		server := httptest.NewServer(store)
		ts.Defer(server.Close)
		ts.Setenv("S3_ENDPOINT", strings.TrimPrefix(server.URL, "http://"))
	case args[0] == "put" && len(args) == 3:
		data, err := os.ReadFile(ts.MkAbs(args[2]))
		ts.Check(err)
		store.put(args[1], data)
	case args[0] == "rm" && len(args) == 2:
		store.mu.Lock()
		delete(store.all, args[1])
		store.mu.Unlock()
	case args[0] == "ls" && len(args) < 3:
		for _, key := range store.keys(strings.Join(args[1:], "")) {
			fmt.Fprintln(ts.Stdout(), key)
		}
	case args[0] == "damage" && len(args) == 2:
		for _, key := range store.keys(args[1]) {
			o, _ := store.get(key)
			store.put(key, o.data[:min(len(o.data), 3)])
		}
	case args[0] == "refuse" && len(args) == 2:
		store.mu.Lock()
		store.refused = args[1]
		store.mu.Unlock()
	case args[0] == "asked" && len(args) == 1:
		store.mu.Lock()
		fmt.Fprint(ts.Stdout(), strings.Join(store.asked, ""))
		store.asked = nil
		store.mu.Unlock()
	case args[0] == "undated":
		store.mu.Lock()
		store.undated, store.tagged = true, len(args) > 1
		store.mu.Unlock()
	case args[0] == "at" && len(args) == 2:
		at, err := time.Now().UTC().Truncate(time.Second), error(nil)
		if o, is := store.get(args[1]); is {
			at = o.modified
		} else if args[1] != "now" {
			at, err = time.Parse(time.RFC3339, args[1])
		}
		ts.Check(err)
		store.mu.Lock()
		store.stands = at
		store.mu.Unlock()
	default:
		ts.Fatalf("s3 cannot %q", args)
	}
}

// objects is what an S3 server keeps, as far as DuckDB asks: GET with ranges, HEAD, PUT, uploads
// in parts, ListObjectsV2 (with names encoded as in URLs, as DuckDB asks) and DeleteObjects. Nobody is asked who they are. Each object is a
// second younger than the one before.
type objects struct {
	mu      sync.Mutex
	all     map[string]object
	parts   map[string]map[string][]byte // of uploads that have begun
	refused string
	undated bool
	tagged  bool     // all the same
	asked   []string // a line each
	clock   int
	stands  time.Time // the time of all that is put, unless it is zero
}

type object struct {
	data     []byte
	modified time.Time
}

func (s *objects) put(key string, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all, s.parts = map[string]object{}, map[string]map[string][]byte{}
	}
	s.clock++
	at := s.stands
	if at.IsZero() {
		at = time.Date(2026, 1, 1, 0, 0, s.clock, 0, time.UTC)
	}
	s.all[key] = object{data, at}
}

func (s *objects) keys(prefix string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for key := range s.all {
		if strings.HasPrefix(key, prefix) {
			out = append(out, key)
		}
	}
	slices.Sort(out)
	return out
}

func (s *objects) get(key string) (object, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.all[key]
	return o, ok
}

func etag(data []byte) string {
	sum := md5.Sum(data)
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

// ServeHTTP answers one request.
func (s *objects) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key, query := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/lake"), "/"), r.URL.Query()
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	s.asked = append(s.asked, r.Method+" "+key+"\n")
	s.mu.Unlock()
	switch {
	case r.Method == http.MethodGet && key == "" && query.Get("list-type") == "2":
		s.list(w, query.Get("prefix"))
	case r.Method == http.MethodGet, r.Method == http.MethodHead:
		s.read(w, r, key)
	case s.refuses(key) && r.Method != http.MethodDelete:
		http.Error(w, "<Error><Code>AccessDenied</Code></Error>", http.StatusForbidden)
	case r.Method == http.MethodPost && query.Has("delete"):
		s.remove(w, body)
	case r.Method == http.MethodPost && query.Has("uploads"):
		s.mu.Lock()
		if s.parts == nil {
			s.parts = map[string]map[string][]byte{}
		}
		s.parts[key] = map[string][]byte{}
		s.mu.Unlock()
		fmt.Fprintf(w, "<InitiateMultipartUploadResult><Bucket>lake</Bucket><Key>%s</Key><UploadId>1</UploadId></InitiateMultipartUploadResult>", key)
	case r.Method == http.MethodPost && query.Has("uploadId"):
		s.put(key, s.joined(key))
		fmt.Fprintf(w, "<CompleteMultipartUploadResult><Key>%s</Key></CompleteMultipartUploadResult>", key)
	case r.Method == http.MethodPut && query.Has("partNumber"):
		s.mu.Lock()
		s.parts[key][fmt.Sprintf("%6s", query.Get("partNumber"))] = body
		s.mu.Unlock()
		w.Header().Set("ETag", etag(body))
	case r.Method == http.MethodPut:
		s.put(key, body)
		w.Header().Set("ETag", etag(body))
	default:
		http.Error(w, "not here", http.StatusNotImplemented)
	}
}

func (s *objects) refuses(key string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refused != "" && strings.HasSuffix(key, s.refused)
}

// joined is what was uploaded in parts.
func (s *objects) joined(key string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	var numbers []string
	for n := range s.parts[key] {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	var out []byte
	for _, n := range numbers {
		out = append(out, s.parts[key][n]...)
	}
	return out
}

func (s *objects) read(w http.ResponseWriter, r *http.Request, key string) {
	o, ok := s.get(key)
	if !ok {
		http.Error(w, "<Error><Code>NoSuchKey</Code></Error>", http.StatusNotFound)
		return
	}
	s.mu.Lock()
	if s.undated {
		o.modified = time.Time{}
	}
	if !s.undated || s.tagged {
		w.Header().Set("ETag", etag(o.data))
	}
	s.mu.Unlock()
	http.ServeContent(w, r, key, o.modified, bytes.NewReader(o.data))
}

func (s *objects) list(w http.ResponseWriter, prefix string) {
	type content struct {
		Key, LastModified, ETag string
		Size                    int
	}
	result := struct {
		XMLName     xml.Name `xml:"ListBucketResult"`
		Name        string
		KeyCount    int
		IsTruncated bool
		Contents    []content
	}{Name: "lake"}
	for _, key := range s.keys(prefix) {
		o, _ := s.get(key)
		result.Contents = append(result.Contents, content{strings.ReplaceAll(url.QueryEscape(key), "%2F", "/"), o.modified.Format("2006-01-02T15:04:05.000Z"), etag(o.data), len(o.data)})
	}
	result.KeyCount = len(result.Contents)
	_ = xml.NewEncoder(w).Encode(result)
}

func (s *objects) remove(w http.ResponseWriter, body []byte) {
	var asked struct {
		Objects []struct{ Key string } `xml:"Object"`
	}
	if err := xml.Unmarshal(body, &asked); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	for _, o := range asked.Objects {
		delete(s.all, o.Key)
	}
	s.mu.Unlock()
	fmt.Fprint(w, "<DeleteResult></DeleteResult>")
}
