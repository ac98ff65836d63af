package report

import (
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner"
)

// ending is what stands below the lines of a run: each failure in full, what was
// skipped and held because of it, and the summary.
func (p *plain) ending(s runner.Summary) string {
	p.unpublished = map[string]bool{}
	for _, r := range s.Results {
		p.unpublished[r.Node.UniqueID] = !r.Published
	}
	var b strings.Builder
	p.shared = sharedOf(s.Results)
	for _, r := range s.Results {
		if text := p.failure(r); text != "" {
			b.WriteString("\n" + text)
		}
	}
	for _, text := range []string{p.anew(s), p.followed(s)} {
		if text != "" {
			b.WriteString("\n" + text)
		}
	}
	b.WriteString("\n" + p.summary(s) + "\n")
	return b.String()
}

// failure is the whole story of a node that failed or warns, else "".
func (p *plain) failure(r *runner.NodeResult) string {
	var b strings.Builder
	if r.Diff != nil {
		p.writeDifference(&b, r)
		return b.String()
	}
	found := r.Status == runner.Failed || r.Status == runner.Warned
	if found {
		p.writeFoundRows(&b, r)
		return b.String()
	}
	list := r.Diagnostics
	if r.Status == runner.Errored && len(list) == 0 {
		list = diag.List{{Message: label(r.Node) + ": " + r.Message, Place: r.Node.Place, Node: r.Node.UniqueID}}
	}
	rows := r.Sample
	for _, d := range list {
		if d, told := p.once(d, r.Node); !told {
			if b.Len() > 0 {
				b.WriteByte('\n')
			}
			writeDiagnostic(&b, named(d, r.Node), rows, p.opts.Width, p.style)
		}
		rows = nil
	}
	return b.String()
}

// named makes sure that a diagnostic without a place says which node it is about.
func named(d *diag.Diagnostic, n *project.Node) *diag.Diagnostic {
	if !d.Place.IsZero() {
		return d
	}
	c := *d
	c.Message = label(n) + ": " + d.Message
	return &c
}

// writeFoundRows writes the block of a data test that found something: where it is
// declared, how many rows, the first of them, and how to see more.
func (p *plain) writeFoundRows(b *strings.Builder, r *runner.NodeResult) {
	d := &diag.Diagnostic{Code: diag.DataTest, Place: r.Node.Place, Node: r.Node.UniqueID}
	if len(r.Diagnostics) > 0 {
		*d = *r.Diagnostics[0]
	}
	if d.Message == "" {
		d.Message = "test \"" + r.Node.Name + "\" found " + Plural(r.Failures, "failing row")
	}
	d.Severity = diag.Error
	if r.Status == runner.Warned {
		d.Severity = diag.Warning
	}
	if d.Place.IsZero() {
		d.Place = r.Node.Place
	}
	writeHeadline(b, d, p.style)
	verb := "shows the rows"
	if writeSample(b, r.Sample, p.opts.Width, p.style) {
		verb = "shows more"
	}
	writeNotes(b, d.Notes, p.style)
	if d.Hint == "" {
		d.Hint = "elt show -s " + selectorOf(r.Node) + p.showFlags(r) + " " + verb
	}
	writeLabelled(b, p.style.Blue("hint"), d.Hint)
}

// writeSample draws the first rows of a finding and reports whether there are more.
func writeSample(b *strings.Builder, s *runner.Sample, width int, style Style) (more bool) {
	if s == nil || len(s.Rows) == 0 {
		return false
	}
	b.WriteByte('\n')
	WriteTable(b, Grid{Columns: s.Columns, Rows: s.Rows}, "  ", width, style)
	left := s.Total - s.Shown
	if left > 0 {
		b.WriteString("  " + style.Dim("and "+Count(left)+" more") + "\n")
	}
	return left > 0
}

// selectorOf selects one test and no other, as a word of a shell.
func selectorOf(n *project.Node) string {
	name := n.Name
	if n.Test != nil && n.Test.Twin {
		name = n.UniqueID
	}
	if strings.ContainsAny(name, " \t,") {
		name = `"` + name + `"`
	}
	if strings.ContainsFunc(name, func(r rune) bool { return r < 0x80 && !isWord(r) }) {
		name = "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
	}
	return name
}

// isWord reports whether a shell takes an ASCII character as it is.
func isWord(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_.-:/+=@%", r)
}

// showFlags is what `elt show` needs to see the rows a test saw: where what it reads was
// made and is not published, they are in candidates.
func (p *plain) showFlags(r *runner.NodeResult) string {
	made := p.command == "build" || p.command == "retry"
	unpublished := func(id string) bool { return p.unpublished[id] }
	if made && (r.Status == runner.Failed && r.OfCandidates || slices.ContainsFunc(r.Node.DependsOn, unpublished)) {
		return " --candidate"
	}
	return ""
}

// anew says what a retry has made again that the run before had made, and why.
func (p *plain) anew(s runner.Summary) string {
	var b strings.Builder
	for _, r := range s.Results {
		if r.Anew == "" {
			continue
		}
		if b.Len() == 0 {
			b.WriteString("not taken over from the run before:\n")
		}
		b.WriteString("  " + label(r.Node) + ": " + clean(r.Anew) + "\n")
	}
	return b.String()
}

// followed says, for each root cause, what was skipped and what was held because of it.
func (p *plain) followed(s runner.Summary) string {
	names := map[string]string{}
	causes := newGroups()
	for _, r := range s.Results {
		names[r.Node.UniqueID] = label(r.Node)
		switch {
		case r.Status == runner.Skipped:
			g := causes.of(r.SkippedFor)
			if r.Stopped {
				g = causes.of(stopped)
			}
			g.skipped = append(g.skipped, r.Node)
		case r.HeldFor != "":
			g := causes.of(r.HeldFor)
			g.held = append(g.held, r.Node)
		}
	}
	var b strings.Builder
	for _, g := range causes.list {
		switch g.cause {
		case "":
			b.WriteString("not done:\n")
		case stopped:
			b.WriteString("not done: stopped after the first failure\n")
		default:
			b.WriteString("because of " + nameOf(g.cause, names) + ":\n")
		}
		if len(g.skipped) > 0 {
			b.WriteString("  " + p.style.Dim(pad("skip", statusWidth)) + "  " + nameSome(g.skipped, p.opts.Width-20) + "\n")
		}
		if len(g.held) > 0 {
			b.WriteString("  " + p.style.Yellow(pad("held", statusWidth)) + "  " + nameSome(g.held, p.opts.Width-44) + " (built, not published)\n")
		}
	}
	return b.String()
}

func nameOf(uniqueID string, names map[string]string) string {
	if n, ok := names[uniqueID]; ok {
		return n
	}
	return clean(lastPart(uniqueID))
}

// stopped stands for the cause of what --fail-fast did not start.
const stopped = "\x00stopped"

// group is what shares a root cause.
type group struct {
	cause         string
	skipped, held []*project.Node
}

// groups keeps groups in the order of their first node.
type groups struct {
	list  []*group
	index map[string]*group
}

func newGroups() *groups { return &groups{index: map[string]*group{}} }

func (g *groups) of(cause string) *group {
	if g.index[cause] == nil {
		g.index[cause] = &group{cause: cause}
		g.list = append(g.list, g.index[cause])
	}
	return g.index[cause]
}

// nameSome names nodes as far as there is room, at least one, and counts the rest.
// Relations come first; tests are counted only.
func nameSome(nodes []*project.Node, room int) string {
	nodes = slices.Clone(nodes)
	slices.SortStableFunc(nodes, func(a, b *project.Node) int { return rank(a) - rank(b) })
	text, shown := label(nodes[0]), 1
	for _, n := range nodes[1:] {
		next := text + ", " + label(n)
		if rank(n) > 0 || Width(next) > room {
			break
		}
		text, shown = next, shown+1
	}
	if more := len(nodes) - shown; more > 0 {
		text += " and " + Count(int64(more)) + " more"
	}
	return text
}

func rank(n *project.Node) int {
	if n.Type == project.Test || n.Type == project.UnitTest {
		return 1
	}
	return 0
}

// summary is the one line that says what a run came to.
func (p *plain) summary(s runner.Summary) string {
	verdict := p.style.Green("ok")
	switch {
	case s.Interrupted:
		verdict = p.style.Yellow("interrupted")
	case p.fault, s.Unpublished, s.Broken, s.Counts[runner.Failed]+s.Counts[runner.Errored]+s.Counts[runner.Skipped]+s.Counts[runner.PartialSuccess] > 0:
		verdict = p.style.Red("failed")
	}
	var parts []string
	add := func(n int, text string, paint func(string) string) {
		if n > 0 {
			parts = append(parts, paint(Count(int64(n))+" "+text))
		}
	}
	same := func(t string) string { return t }
	add(s.Built, "built", same)
	add(s.Counts[runner.Reused], "up to date", same)
	add(s.Counts[runner.Pass], "passed", same)
	add(s.Counts[runner.Warned], "warned", p.style.Yellow)
	add(s.Counts[runner.Failed], "failed", p.style.Red)
	if n := s.Counts[runner.Errored]; n > 0 {
		parts = append(parts, p.style.Red(Plural(int64(n), "error")))
	}
	add(s.Counts[runner.PartialSuccess], "in part", p.style.Red)
	add(s.Counts[runner.Skipped], "skipped", same)
	add(s.Held, "held", p.style.Yellow)
	add(int(s.Rejected), "rejected", p.style.Yellow)
	if text := p.published(s); text != "" {
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		parts = []string{"nothing to do"}
	}
	return verdict + ": " + strings.Join(parts, ", ") + " in " + Elapsed(s.Elapsed)
}

// published says how many relations are visible now, and when they were not tested.
func (p *plain) published(s runner.Summary) string {
	switch {
	case p.command == "test":
		return ""
	case s.Published == 0 && (s.Built > 0 || s.Interrupted):
		return "nothing published"
	case s.Published == 0:
		return ""
	case p.command == "run" || p.command == "seed" || p.command == "snapshot" || p.command == "clone":
		return Count(int64(s.Published)) + " published without tests"
	}
	return Count(int64(s.Published)) + " published"
}
