package main

import (
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// secrets are texts that must not reach a log, a message or an artifact: the values
// of secret environment variables that were read, and what the connection holds under
// secrets:. It is safe for concurrent use.
type secrets struct {
	mu     sync.Mutex
	values []string // longest first, so that one within another hides nothing of it
}

// masked stands where a secret was, as in dbt.
const masked = "*****"

// shortest is the length below which a value is not hidden: to replace every "on" or
// "1" would garble everything and protect nothing.
const shortest = 4

// add makes values known.
func (s *secrets) add(values ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range values {
		if len(v) >= shortest && !slices.Contains(s.values, v) {
			s.values = append(s.values, v)
		}
	}
	slices.SortFunc(s.values, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
}

// mask hides what is known in a text.
func (s *secrets) mask(text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range s.values {
		text = strings.ReplaceAll(text, v, masked)
	}
	return text
}

// masker is mask, or nil where there is nothing to hide so far.
func (s *secrets) masker() func(string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.values) == 0 {
		return nil
	}
	return s.mask
}

// env is an environment that remembers the secret variables read from it.
func (s *secrets) env(lookup func(string) (string, bool)) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, ok := lookup(name)
		if ok && isSecretName(name) {
			s.add(value)
		}
		return value, ok
	}
}

// isSecretName reports whether a variable is secret by its name: dbt's prefix, or elt's.
func isSecretName(name string) bool {
	return strings.HasPrefix(name, "DBT_ENV_SECRET_") || strings.HasPrefix(name, "ELT_SECRET_")
}

// writer hides secrets in what is written to w. A text is masked as it is written, and
// reports write whole lines.
func (s *secrets) writer(w io.Writer) io.Writer { return &maskedWriter{Writer: w, secrets: s} }

type maskedWriter struct {
	io.Writer
	secrets *secrets
	fault   atomic.Pointer[error] // of the first write that failed
}

// Write writes the text without its secrets.
func (w *maskedWriter) Write(text []byte) (int, error) {
	hidden := w.secrets.mask(string(text))
	if _, err := io.WriteString(w.Writer, hidden); err != nil {
		w.fault.CompareAndSwap(nil, &err)
		return 0, err
	}
	return len(text), nil
}

// behind is the writer that is really written to.
func behind(w io.Writer) io.Writer {
	if m, ok := w.(*maskedWriter); ok {
		return m.Writer
	}
	return w
}

// unwritten is why a part of the result did not reach standard output, nil where all did.
func (in *invocation) unwritten() error {
	if m, ok := in.stdout.(*maskedWriter); ok {
		if fault := m.fault.Load(); fault != nil {
			return *fault
		}
	}
	return nil
}
