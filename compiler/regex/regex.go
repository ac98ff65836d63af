// Package regex has regular expressions that are compiled when they are first used.
//
// To compile those of all packages takes some six milliseconds, half of what a command needs to
// start, and most are for messages that a command never prints. It does nothing else; start
// reading at [Lazy].
package regex

import (
	"regexp"
	"sync"
)

// Lazy returns the regular expression of a text: it is compiled at the first call, and the same
// one at each. That one panics where the text is none, as [regexp.MustCompile] does. What is
// returned may be called by several goroutines.
func Lazy(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}
