package packages

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"elt/compiler/regex"
)

// version is a semantic version as dbt reads it: three numbers and perhaps a pre-release.
type version struct {
	major, minor, patch int
	pre                 string
	text                string // as it was written
}

// bound is a version with a comparison in front: ">=1.0.0"; without one, exactly that.
type bound struct {
	op string // ">", ">=", "<", "<=" or "="
	version
}

var versionText = regex.Lazy(`^(>=|>|<=|<|=)?((?:0|[1-9]\d*))\.((?:0|[1-9]\d*))\.((?:0|[1-9]\d*))(?:-?([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]*)?$`)

// parseBound reads one bound.
func parseBound(text string) (bound, error) {
	m := versionText().FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return bound{}, fmt.Errorf("%q is no version", text)
	}
	b := bound{op: cmp.Or(m[1], "="), version: version{pre: m[5], text: strings.TrimSpace(text)}}
	var err error
	for i, part := range []*int{&b.major, &b.minor, &b.patch} {
		if *part, err = strconv.Atoi(m[2+i]); err != nil {
			return bound{}, fmt.Errorf("%q is no version", text)
		}
	}
	return b, nil
}

// parseBounds reads several; one text may hold some with commas between.
func parseBounds(texts []string) ([]bound, error) {
	var out []bound
	for _, text := range texts {
		for part := range strings.SplitSeq(text, ",") {
			b, err := parseBound(part)
			if err != nil {
				return nil, err
			}
			out = append(out, b)
		}
	}
	return out, nil
}

// compare orders versions; a pre-release is before the version it leads to.
func (v version) compare(w version) int {
	return cmp.Or(cmp.Compare(v.major, w.major), cmp.Compare(v.minor, w.minor), cmp.Compare(v.patch, w.patch), comparePre(v.pre, w.pre))
}

func comparePre(a, b string) int {
	switch {
	case a == b:
		return 0
	case a == "":
		return 1
	case b == "":
		return -1
	}
	left, right := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(left), len(right)) {
		if c := comparePart(left[i], right[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(left), len(right))
}

// comparePart orders parts of a pre-release: numbers by value and before words.
func comparePart(a, b string) int {
	x, errX := strconv.Atoi(a)
	y, errY := strconv.Atoi(b)
	switch {
	case errX == nil && errY == nil:
		return cmp.Compare(x, y)
	case errX == nil:
		return -1
	case errY == nil:
		return 1
	}
	return strings.Compare(a, b)
}

// allows reports whether a version is within the bound. Below a version without
// pre-release there are none of its own pre-releases: "<2.0.0" has no 2.0.0-rc1.
func (b bound) allows(v version) bool {
	c := v.compare(b.version)
	switch b.op {
	case ">":
		return c > 0
	case ">=":
		return c >= 0
	case "<":
		same := v.major == b.major && v.minor == b.minor && v.patch == b.patch
		return c < 0 && !(same && b.pre == "")
	case "<=":
		return c <= 0
	}
	return c == 0
}

// allowsAll reports whether a version is within all bounds.
func allowsAll(bounds []bound, v version) bool {
	for _, b := range bounds {
		if !b.allows(v) {
			return false
		}
	}
	return true
}

// conflict reports whether no version at all can be within the bounds.
func conflict(bounds []bound) bool {
	for _, b := range bounds {
		if b.op == "=" {
			return !allowsAll(bounds, b.version)
		}
	}
	for _, low := range bounds {
		for _, high := range bounds {
			if low.op[0] != '>' || high.op[0] != '<' {
				continue
			}
			c := low.version.compare(high.version)
			if c > 0 || c == 0 && (low.op == ">" || high.op == "<") {
				return true
			}
		}
	}
	return false
}
