package template

import (
	"errors"
	"regexp"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/regex"
)

// wording says a message of Jinja or Python in elt's manner. $1, $2 are the pieces of the
// pattern in parentheses; an article before a piece makes a type of it.
type wording struct {
	pattern func() *regexp.Regexp
	message string
	hint    string
}

// wordings are the messages that a template's author may see. Jinja's own words stay in
// the diagnostic's Err.
var wordings = []wording{
	say(`^Encountered unknown tag '(.+)'\. The innermost block that needs to be closed is '(.+)'\.$`, `unexpected tag "$1" inside of "$2"`, ``),
	say(`^Encountered unknown tag '(.+)'\.$`, `unexpected tag "$1"`, ``),
	say(`^Unexpected end of template\. The innermost block that needs to be closed is '(.+)'\.$`, `the block "$1" is not closed`, ``),
	say(`^unexpected end of template, expected token '.+'$`, `the tag is not closed`, ``),
	say(`^Missing end of (\w+) tag$`, `the $1 is not closed`, ``),
	say(`^No (filter|test) named '(.+?)'(?: found)?\.$`, `no $1 is named "$2"`, ``),
	say(`^expected token '(.+)', got '(.+)'$`, `expected "$1", got "$2"`, ``),
	say(`^Expected an expression, got '(.+)'$`, `expected an expression, got "$1"`, ``),
	say(`^unexpected '(.+)', expected '(.+)'$`, `expected "$2", got "$1"`, `close what was opened before`),
	say(`^unexpected '(.+)'$`, `unexpected "$1"`, ``),
	say(`^unexpected char (?:"'"|'"') at \d+$`, `a string is not closed`, ``),
	say(`^unexpected char ['"](.+)['"] at \d+$`, `unexpected character $1`, ``),
	say(`^'(.+)' outside loop$`, `"$1" outside of a loop`, ``),
	say(`^can't assign to '(.+)'$`, `"$1" cannot be assigned to`, ``),
	say(`^keyword argument repeated: (.+)$`, `argument "$1" is given twice`, ``),
	say(`^'(\w+)' is undefined$`, `"$1" is not defined`, ``),
	say(`^'(\w+) object' has no attribute '(.+)'$`, `a $1 has no attribute "$2"`, ``),
	say(`^'None' has no attribute '(.+)'$`, `none has no attribute "$1"`, ``),
	say(`^(\w+) object has no element (.+)$`, `a $1 has no element $2`, ``),
	say(`^can only concatenate str \(not "(\w+)"\) to str$`, `a string and a $1 cannot be joined by "+"`, `"~" joins values of any type as text`),
	say(`^unsupported operand type\(s\) for (.+): '(\w+)' and '(\w+)'$`, `"$1" does not go with a $2 and a $3`, ``),
	say(`^'(.+)' not supported between instances of '(\w+)' and '(\w+)'$`, `"$1" does not compare a $2 with a $3`, ``),
	say(`^'(\w+)' object is not iterable$`, `a $1 cannot be looped over`, ``),
	say(`^'(\w+)' object is not callable$`, `a $1 cannot be called`, ``),
	say(`^cannot unpack non-iterable (\w+) object$`, `a $1 cannot be unpacked into several names`, ``),
	say(`^macro '(.+)' takes not more than 1 argument\(s\)$`, `macro "$1" takes at most 1 argument`, ``),
	say(`^macro '(.+)' takes not more than (\d+) argument\(s\)$`, `macro "$1" takes at most $2 arguments`, ``),
	say(`^macro '(.+)' takes no keyword argument '(.+)'$`, `macro "$1" takes no argument "$2"`, ``),
	say(`^Range too big\. The sandbox blocks ranges larger than MAX_RANGE \((\d+)\)\.$`, `a range has at most $1 numbers, as under dbt`, `for more rows write SQL: from range(...)`),
	say(`^the inline if-expression evaluated to false and no else section was defined\.$`, `the condition is false, and there is no else`, `add what it is then: {{ x if condition else y }}`),
	say(`(?s)^Could not convert value '(.*)' into type 'bool'$`, `the text "$1" cannot be read as a boolean`, `it has to be True or False, as Python writes them`),
	say(`(?s)^Could not convert value '(.*)' into type 'number'$`, `the text "$1" cannot be read as a number`, ``),
	say(`^parameter '(.+)' was not provided$`, `argument "$1" was not given`, ``),
}

func say(pattern, message, hint string) wording {
	return wording{regex.Lazy(pattern), message, hint}
}

// reworded puts a diagnostic into elt's words. What Jinja says stays in Err.
func reworded(d *diag.Diagnostic) *diag.Diagnostic {
	for _, w := range wordings {
		pieces := w.pattern().FindStringSubmatch(d.Message)
		if pieces == nil {
			continue
		}
		if d.Err == nil {
			d.Err = errors.New(d.Message)
		}
		d.Message = w.with(pieces)
		if d.Hint == "" {
			d.Hint = w.hint
		}
		break
	}
	return d
}

// with puts the pieces into the message.
func (w wording) with(pieces []string) string {
	var pairs []string
	for i, p := range pieces[1:] {
		number := string(rune('1' + i))
		pairs = append(pairs, "a $"+number, article(p), "$"+number, tagEnds.Replace(p))
	}
	return strings.NewReplacer(pairs...).Replace(w.message)
}

// tagEnds are the ends of tags as they are written.
var tagEnds = strings.NewReplacer("end of print statement", "}}", "end of statement block", "%}")

// article is a type of Python with its article, by the names that templates have.
func article(typ string) string {
	switch typ {
	case "str":
		return "a string"
	case "int":
		return "an integer"
	case "bool":
		return "a boolean"
	case "NoneType":
		return "none"
	}
	return "a " + typ
}
