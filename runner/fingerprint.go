package runner

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"elt/compiler/dbtcontext"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
	"elt/runner/materialize"
	"elt/runner/state"
)

// fingerprint is all that a published relation was made of. What it reads is named by the run
// that published it and not by what that was made of in turn: a table that was built twice of
// the same may hold other rows (an incremental model, `limit` without an order), and what was
// made of the first is then not what would be made of the second.
type fingerprint struct {
	Setup  string `json:"setup"`
	SQL    string `json:"sql"`
	Config string `json:"config"`
	// Inputs are, by unique_id, the run that published a relation, or a hash of a source's raw
	// files. Of a view they hold also what it reads: it shows that without being made again.
	Inputs map[string]string `json:"inputs"`
	// Calls are the functions that its queries call. Whether they always answer the same is asked by
	// who compares fingerprints, and not by each build.
	Calls []string `json:"calls,omitempty"`
}

// String is the form in which a fingerprint is kept. It is the same for the same.
func (f fingerprint) String() string {
	b, _ := json.Marshal(f) // strings always marshal
	return string(b)
}

// readFingerprint reads a kept fingerprint; ok is false where there is none.
func readFingerprint(text string) (f fingerprint, ok bool) {
	return f, text != "" && json.Unmarshal([]byte(text), &f) == nil && f.Setup != ""
}

// prints finds fingerprints: of what a run has made, or of what it would make.
type prints struct {
	run    *run
	unseen *unseen
	setup  string
	opaque string                     // why no fingerprint of this run means anything
	stored map[string]state.NodeState // by the key of the relation
	making func(id string) bool       // what the run publishes
	made   map[string]fingerprint     // of what the run publishes, parents first
	files  map[string]string          // by source
}

// newPrints reads what is known of what is published.
func newPrints(ctx context.Context, r *run, making func(id string) bool) (*prints, error) {
	p := &prints{run: r, unseen: &unseen{run: r}, making: making, made: map[string]fingerprint{}, files: map[string]string{}}
	if r.stateVersion > 0 {
		version := r.stateVersion
		if r.recorded {
			version = state.Version // brought up to date
		}
		var err error
		if p.stored, err = r.publishedStates(ctx, version); err != nil {
			return nil, err
		}
	}
	zone, err := r.main.Query(ctx, "select current_setting('TimeZone')")
	if err != nil {
		return nil, err
	}
	settings, opaque := r.hookSettings(ctx)
	p.opaque = opaque
	if r.opts.Sampled {
		p.opaque = "only a part of the data is read"
	}
	p.setup = textHash(fmt.Sprint(r.opts.Version, r.setup(), r.plan.Project.AsDBT, r.plan.Project.LakeViews, zone.Text(0, 0), settings))
	return p, nil
}

// harmlessStarts begin statements of hooks after which a query that reads only what elt makes and
// calls only what is DuckDB's own answers as before.
var harmlessStarts = []string{
	"INSERT", "UPDATE", "DELETE", "MERGE", "COPY", "TRUNCATE", "SELECT", "WITH", "FROM", "VALUES", "CREATE", "DROP", "ALTER", "COMMENT",
	"ANALYZE", "VACUUM", "CHECKPOINT", "EXPLAIN",
}

// hookSettings are the statements of on-run-start hooks that may change what queries answer. The
// hooks are rendered. opaque says why that could not be told.
func (r *run) hookSettings(ctx context.Context) (settings []string, opaque string) {
	for _, id := range r.plan.Order {
		node := r.plan.Nodes[id]
		if node.Type != project.Operation || node.Hook == nil || node.Hook.When != "on-run-start" {
			continue
		}
		if node.Compiled == nil && r.compiler.CompileNode(ctx, aheadView{view{run: r}}, id) != nil || node.Compiled == nil || node.Compiled.Deferred {
			return nil, "what an on-run-start hook does is known only when it runs"
		}
		for _, at := range sqltoken.SplitStatements(node.Compiled.SQL) {
			sql := node.Compiled.SQL[at.Start:at.End]
			if !slices.Contains(harmlessStarts, sqltoken.FirstKeyword(sql)) || makesType(sql) {
				settings = append(settings, sqltoken.Normalize(sql))
			}
		}
	}
	return settings, ""
}

// makesType reports whether a statement makes or drops a type, which queries then name. Macros need no
// such look: who calls one that is not DuckDB's own is always made anew.
func makesType(sql string) bool {
	for tok := range sqltoken.Tokens(sql) {
		if tok.Kind == sqltoken.Comment {
			continue
		}
		switch word := strings.ToUpper(tok.Text(sql)); word {
		case "CREATE", "OR", "REPLACE", "TEMP", "TEMPORARY", "PERSISTENT", "DROP":
		default:
			return word == "TYPE"
		}
	}
	return false
}

// formCompiler renders an incremental model with is_incremental() as asked for, whatever exists.
type formCompiler interface {
	CompileForm(ctx context.Context, db dbtcontext.Database, node *project.Node, incremental bool) (*project.Compiled, error)
}

// compileForms renders both forms of an incremental model, so that its first build and all
// further ones have one hash; none where that cannot be done before its turn.
func (r *run) compileForms(ctx context.Context, n *nodeRun) []string {
	c, ok := r.compiler.(formCompiler)
	if !ok || r.started || n.spec.Materialized != materialize.Incremental || n.spec.Batches != nil {
		return nil
	}
	var forms []string
	for _, incremental := range []bool{false, true} {
		compiled, err := c.CompileForm(ctx, r.view(n), n.node, incremental)
		if err != nil || compiled == nil || compiled.Deferred {
			return nil
		}
		forms = append(forms, compiled.SQL)
	}
	return forms
}

// own is what of a node's fingerprint is the node's own, its inputs left out; or it says in words
// why elt cannot know what the node is made of.
func (p *prints) own(n *nodeRun) (f fingerprint, unknown string) {
	switch {
	case p.opaque != "":
		return f, p.opaque
	case n.spec == nil || len(n.doomed) > 0 || n.node.Type != project.Seed && (n.node.Compiled == nil || n.node.Compiled.Deferred):
		return f, "its template asks what only the build of a parent can answer"
	case n.batches != nil:
		return f, "which batches are missing is looked up anew"
	case p.run.elsewhere(n.node.Relation):
		return f, "it is in another database"
	}
	if why := p.unseen.ofKind(n); why != "" {
		return f, why
	}
	calls, why := n.functions(p.unseen)
	if why != "" {
		return f, why
	}
	f = fingerprint{Calls: calls, Setup: p.setup, SQL: n.sqlHash, Config: textHash(n.confHash + declared(n.node, n.spec.Docs != nil))}
	if n.spec.Materialized == materialize.Incremental {
		if f.SQL = ""; len(n.formTexts) == 0 {
			return f, "its template asks what only its build can answer"
		}
		for _, sql := range n.formTexts {
			f.SQL = textHash(f.SQL + sqltoken.Normalize(sql))
			if limits(sql) {
				return f, "its LIMIT may leave rows for the next run"
			}
		}
	}
	return f, ""
}

// limits reports whether a query has a LIMIT of its own, and not in a subquery. An incremental model
// with one may take more of the same input with every run.
func limits(sql string) bool {
	depth := 0
	for tok := range sqltoken.Tokens(sql) {
		switch text := tok.Text(sql); {
		case text == "(":
			depth++
		case text == ")":
			depth--
		case depth == 0 && tok.Kind == sqltoken.Word && strings.EqualFold(text, "limit"):
			return true
		}
	}
	return false
}

// functions are those that a node may call when it is built; or it says in words what else it
// depends on that elt cannot see.
func (n *nodeRun) functions(u *unseen) (called []string, why string) {
	add := func(text, where string) {
		more, unknown := functionsOf(text)
		called = append(called, more...)
		if why == "" && unknown != "" {
			why = where + unknown
		}
	}
	for _, text := range n.spec.ConfigTexts() {
		add(text.Text, "in its config: ")
	}
	for _, sql := range n.texts() {
		add(u.withoutLake(sql), "")
	}
	slices.Sort(called)
	return slices.Compact(called), why
}

// texts are all the queries that a node may be built by.
func (n *nodeRun) texts() []string {
	if n.node.Compiled == nil || n.node.Type == project.Seed {
		return nil
	}
	return append([]string{n.node.Compiled.SQL}, n.formTexts...)
}

// ofKind is what the way in which a node is built depends on that elt cannot see.
func (u *unseen) ofKind(n *nodeRun) string {
	if n.spec.Materialized != materialize.Snapshot || n.spec.Custom {
		return u.ofBuild(n, "", materialize.Append, materialize.DeleteInsert, materialize.MergeInto, materialize.InsertOverwrite, materialize.ByFile)
	}
	if parts := n.node.Compiled.Snapshot; parts == nil || parts.Strategy != "check" && parts.Strategy != "timestamp" {
		return "its strategy may look at more than its query"
	}
	return u.aroundBuild(n)
}

// declared is what a property file says of a node's columns; with docs also its descriptions, which
// are then part of what is published.
func declared(node *project.Node, docs bool) string {
	var b strings.Builder
	write := func(place string, all []project.Constraint) {
		for _, c := range all {
			fmt.Fprintf(&b, "%s %q %q %q %q %q %q\n", place, c.Type, c.Expression, c.Name, c.Columns, c.To, c.ToColumns)
		}
	}
	for _, c := range node.Columns {
		fmt.Fprintf(&b, "%q %q %t\n", c.Name, c.DataType, c.Quote)
		if docs {
			fmt.Fprintf(&b, "%q\n", c.Description)
		}
		write(c.Name, c.Constraints)
	}
	write("", node.Constraints)
	if docs {
		b.WriteString(node.Description)
	}
	return b.String()
}

// inputs are what a node reads, by the fingerprint's rules; or they say in words why that is not
// known. sources are those that it reads itself, or through ephemeral models.
func (p *prints) inputs(node *project.Node, byFile func(source string) bool) (in map[string]string, sources []*project.Node, unknown string) {
	in = map[string]string{}
	r := p.run
	parents, sources := r.inputNodes(node)
	for _, parent := range parents {
		if why := p.add(in, parent.UniqueID); why != "" {
			return nil, sources, why
		}
	}
	for _, source := range sources {
		if byFile(source.UniqueID) {
			in[source.UniqueID] = "taken in by file"
			continue
		}
		if maker := p.maker(source); maker != nil {
			if p.making(maker.UniqueID) && !r.planGraph().Ancestors([]string{node.UniqueID}, -1).Has(maker.UniqueID) {
				return nil, sources, fmt.Sprintf("it did not wait for %q, which the same run made", maker.Name)
			}
			if why := p.add(in, maker.UniqueID); why != "" {
				return nil, sources, why
			}
			continue
		}
		hash, why := p.filesOf(source)
		if why != "" {
			return nil, sources, why
		}
		in[source.UniqueID] = hash
	}
	return in, sources, ""
}

// inputNodes are the relations and the sources that a node reads itself, or through ephemeral
// models.
func (r *run) inputNodes(node *project.Node) (relations, sources []*project.Node) {
	seen := map[string]bool{}
	for todo := slices.Clone(node.DependsOn); len(todo) > 0; todo = todo[1:] {
		parent := r.plan.Nodes[todo[0]]
		if parent == nil || seen[parent.UniqueID] {
			continue
		}
		seen[parent.UniqueID] = true
		switch {
		case parent.IsEphemeral():
			todo = append(todo, parent.DependsOn...)
		case parent.Type == project.Source:
			sources = append(sources, parent)
		case parent.Type.IsSemantic(): // metric() prints a name
		default:
			relations = append(relations, parent)
		}
	}
	return relations, sources
}

// maker is the node that makes the table which a source names, nil where none does.
func (p *prints) maker(source *project.Node) *project.Node {
	if source.Table == nil || len(source.Table.Paths) > 0 || source.Table.Expression != "" {
		return nil
	}
	r := p.run
	maker := r.plan.Nodes[r.net.relations().makers[r.names.full(source.Relation).Key()]]
	if maker == nil || maker.Type == project.Source {
		return nil
	}
	return maker
}

// add adds what is read: a relation, and what it shows where it is a view; or a source that a view
// shows. What a view reads is asked of each view as it is now, since one below it may have been made
// anew of other relations.
func (p *prints) add(in map[string]string, id string) (unknown string) {
	if _, seen := in[id]; seen {
		return ""
	}
	node := p.run.plan.Nodes[id]
	switch {
	case node == nil:
		return "a view that it reads, reads what is no longer a part of the project"
	case node.Type == project.Source:
		hash, why := p.filesOf(node)
		in[id] = hash
		return why
	}
	f, ok := p.made[id]
	isView, runID := node.Materialized() == materialize.View, p.run.id
	if !p.making(id) {
		key := p.run.names.full(node.Relation).Key()
		if p.run.published.relations[key] == nil {
			return fmt.Sprintf("%q is gone", node.Name)
		}
		st := p.stored[key]
		f, ok = readFingerprint(st.Fingerprint)
		ok = ok && st.UniqueID == id
		isView, runID = st.Materialized == materialize.View, st.RunID
	}
	if !ok {
		return fmt.Sprintf("what %q was made of is not known", node.Name)
	}
	in[id] = runID
	if !isView {
		return ""
	}
	if why := p.unseen.functionsVary(f.Calls); why != "" { // while a run is published nobody asks
		return fmt.Sprintf("of view %q: %s", node.Name, why)
	}
	for _, read := range slices.Sorted(maps.Keys(f.Inputs)) {
		if why := p.add(in, read); why != "" {
			return why
		}
	}
	return ""
}

// filesOf is a hash of a source's raw files: where they are, how long they are and when they
// were written, and how the source says that they are read.
func (p *prints) filesOf(source *project.Node) (hash, unknown string) {
	if hash, ok := p.files[source.UniqueID]; ok {
		return hash, ""
	}
	src := p.run.lake.sources[source.UniqueID]
	if src == nil {
		return "", fmt.Sprintf("it reads source %q, which elt did not make", sourceName(source))
	}
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %v\n", src.text, src.pinned, src.dialect)
	if source.Quarantines() {
		fmt.Fprintf(h, "%+v\n", p.run.contractOf(source))
		if limit := source.Table.MaxRejects; limit != nil {
			fmt.Fprintf(h, "%q\n", limit.Text)
		}
	}
	for _, f := range src.files {
		if f.remote {
			return "", fmt.Sprintf("files of source %q are not on this machine", source.Name)
		}
		fmt.Fprintf(h, "%q %d %s\n", f.path, f.size, f.modified.UTC().Format(time.RFC3339Nano))
	}
	_, _ = io.WriteString(h, declared(source, false))
	hash = hex.EncodeToString(h.Sum(nil)[:12])
	p.files[source.UniqueID] = hash
	return hash, ""
}

// fingerprints returns those of what a run publishes, by unique_id. A node that elt cannot know all
// the inputs of has none.
func (r *run) fingerprints(ctx context.Context, published []*nodeRun) (map[string]fingerprint, error) {
	ids := make(map[string]bool, len(published))
	for _, n := range published {
		ids[n.node.UniqueID] = true
	}
	p, err := newPrints(ctx, r, func(id string) bool { return ids[id] })
	if err != nil || p.opaque != "" {
		return nil, err
	}
	for _, n := range published { // in plan order
		f, unknown := p.own(n)
		if unknown != "" || n.result.Status != Success {
			continue
		}
		if f.Inputs, _, unknown = p.inputs(n.node, n.takesByFile); unknown != "" {
			continue
		}
		if p.unseen.beyond(n.node, n.texts()...) == "" {
			p.made[n.node.UniqueID] = f
		}
	}
	return p.made, nil
}
