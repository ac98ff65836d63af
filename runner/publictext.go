package runner

import (
	"strings"

	"elt/compiler/project"
	"elt/compiler/regex"
	"elt/runner/duckdb"
	"elt/runner/state"
)

var (
	shadowWord = regex.Lazy(`"?\b` + duckdb.ShadowDatabase + `\b"?`)
	hiddenWord = regex.Lazy(`\b` + hidden + `\b`)
)

// notPublished stands for a hidden name that is nobody's in this run.
const notPublished = "(a table that is not published)"

// publicText takes hidden names out of a text of the database: the shadows' database
// becomes the target's, and a candidate's table gets the name it will have.
func (r *run) publicText(text string) string {
	if !strings.Contains(text, "_elt_") {
		return text
	}
	text = shadowWord().ReplaceAllStringFunc(text, func(found string) string {
		if strings.HasPrefix(found, `"`) {
			return project.QuoteIdent(r.database)
		}
		return r.database
	})
	return hiddenWord().ReplaceAllStringFunc(text, func(found string) string {
		m := hiddenWord().FindStringSubmatch(found)
		base := state.CandidatePrefix + m[1] + "_" + m[2]
		for _, n := range r.nodes {
			if n.hidden == base {
				return n.node.Relation.Identifier
			}
		}
		return notPublished
	})
}

// replaceWord replaces a name where no digit follows it: _elt_x_1 is not _elt_x_12.
func replaceWord(text, old, instead string) string {
	var b strings.Builder
	for {
		i := strings.Index(text, old)
		if i < 0 {
			return b.String() + text
		}
		end := i + len(old)
		b.WriteString(text[:i])
		if end < len(text) && text[end] >= '0' && text[end] <= '9' {
			b.WriteString(old)
		} else {
			b.WriteString(instead)
		}
		text = text[end:]
	}
}
