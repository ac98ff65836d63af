// Package materialize says, for each materialization, which statements make a
// node's relation: as a candidate that is tested first, and as the published
// relation afterwards.
//
// Everything here is a pure function from a specification and what exists now to
// statements; nothing is executed and nothing is read. The runner goes through these
// steps for a node:
//
//  1. [SpecOf] reads the node's config. Its diagnostics belong to compile time.
//  2. [Begin] answers with the statements that make the candidate. Each statement is
//     committed as it is made.
//  3. The runner describes [Write.Made], where [Spec.NeedsColumns] says so, and hands
//     its columns to [End], which settles schema changes, says which statements still
//     act on the candidate, how readers inside the run see the relation
//     ([Finish.AsView]), and what the one publish transaction does for this node.
//
// Statements name published relations by their published names and hidden ones by
// [Spec.Candidate]. Replacing the names of other nodes' relations by their candidates
// is the runner's business; the node's own published name always means what is
// published now, so it must not be replaced in what this package returns.
// Start reading at [Begin].
package materialize

import (
	"fmt"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner/engine"
)

// The materializations this package knows, by dbt's names.
const (
	Table       = "table"
	View        = "view"
	Incremental = "incremental"
	Seed        = "seed"
	Ephemeral   = "ephemeral"
	Snapshot    = "snapshot"
	External    = "external"
	Function    = "table_function" // of dbt-duckdb: a macro that yields rows
	Nothing     = "nothing"        // what a materialization block that makes no relation has made
)

// Spec is everything about a node that decides its statements.
type Spec struct {
	Node         string     // unique_id, for messages
	Place        diag.Place // where the node is declared, for messages
	Materialized string
	Published    project.Relation // the name readers know
	Candidate    project.Relation // the hidden name: same database and schema
	SQL          string           // the compiled query, published names; empty for a seed
	Header       string           // sql_header: statements that run before the query, on the same session

	// FullRefresh says that an incremental model is made anew.
	FullRefresh bool
	// FullCopy says that an incremental run must work on a whole copy of the
	// published table, because what it does cannot be said as a view. SpecOf sets it
	// for merge_clauses; a caller sets it where hooks write the model's own table.
	FullCopy bool

	// Macro says that macros of the project say what becomes of the delta: the caller runs
	// them on the copy. Strategy is then its name, and means nothing else here.
	Macro          bool
	Strategy       string   // append, delete+insert, merge, insert_overwrite, by_file or microbatch; of an external model "" or the first or fourth
	UniqueKey      []string // column names or SQL expressions
	OnSchemaChange string   // ignore, append_new_columns, sync_all_columns or fail
	Predicates     []string // incremental_predicates
	OnDuplicateKey string   // merge: fail or latest
	OrderBy        []string // merge with latest: columns or expressions; the greatest is the latest
	Merge          Merge    // options of merge
	PartitionBy    []string // insert_overwrite: columns or expressions
	Keep           *Keep    // how long rows stay; nil for ever
	Parameters     []string // of a table function, as SQL: a name, a type or a default may follow
	Files          *Files   // by_file: the files whose rows the delta holds; set by the caller
	Batches        *Batches // microbatch: the intervals that are replaced
	// ChangeKey says in terms of the columns of a model whose changes are read which keys of
	// this one they touch; nil where the keys are called the same there.
	ChangeKey []string
	// Touched is the relation of those keys, set by the caller of [Spec.TouchedKeys]; no
	// identifier where no changes are read. Rows of them go even where the delta has none.
	Touched project.Relation

	// AsDBT says that keys are compared and checked as dbt does: a NULL equals nothing, and
	// a key that occurs twice is no error. [Spec.LikeDBT] sets it.
	AsDBT bool

	Pointer  project.Relation // of the latest version of a model: the view that shows it under a name without a version
	Docs     *Docs            // nil where persist_docs asks for nothing
	Indexes  []Index
	Contract *Contract     // nil where no contract is enforced
	Seed     *SeedSpec     // seeds only
	Snapshot *SnapshotSpec // snapshots only
	External *ExternalSpec // external models only

	// Custom says that a materialization block of the project makes the relation. Materialized
	// is then what it has turned out to be, a table or a view, once it has been made.
	Custom bool

	places map[string]project.KeyPlace // of config keys
}

// LikeDBT has keys compared and checked as dbt does.
func (s *Spec) LikeDBT() {
	s.AsDBT = true
	if s.Grows() { // dbt-duckdb takes no notice of the strategy
		s.Strategy, s.External.Folder, s.Keep = "", s.External.isTree(), nil
	}
	if s.Strategy == MergeInto && s.OnDuplicateKey == "" {
		s.FullCopy = true // which of two rows with one key MERGE takes, no view can say
	}
}

// equals is the operator that compares keys of rows. Partitions are elt's own, and always
// NULL-safe.
func (s *Spec) equals() string {
	if s.AsDBT && s.Strategy != InsertOverwrite {
		return "="
	}
	return "is not distinct from"
}

// place returns where a config key was set, or where the node is declared.
func (s *Spec) place(key string) diag.Place {
	if p, ok := s.places[key]; ok && !p.IsZero() {
		return p.Place
	}
	return s.Place
}

// placeIn returns where the one of several values of a config key stands, or else the key.
func (s *Spec) placeIn(key string, i, of int) diag.Place {
	if each := s.places[key].Each; len(each) == of && !each[i].IsZero() {
		return each[i]
	}
	return s.place(key)
}

// ExistingIndex is an index of a relation that exists.
type ExistingIndex struct {
	Name string
	SQL  string // the CREATE INDEX statement, as duckdb_indexes() has it
}

// Files is what a by_file model takes in: the delta holds the rows of new and changed
// files, and the rows of changed and vanished ones go.
type Files struct {
	// Column is the column by which each row carries its file.
	Column string
	// Table is a relation of path and change: "new", "changed", "gone" or "touched".
	Table project.Relation
	// Replaces says that the published table may hold rows of these files.
	Replaces bool
	// Taken are the paths of the files that are taken in, where there is no table of them yet.
	Taken []string
}

// State is what exists now under the published name.
type State struct {
	Existing *engine.RelationInfo // nil where nothing exists
	Indexes  []ExistingIndex      // of Existing, by name
	Pointer  *engine.RelationInfo // what has the name of the pointer, or nil
}

// IsTable reports whether a table is published.
func (s State) IsTable() bool { return s.Existing != nil && s.Existing.Type != "view" }

// Statement is one SQL statement.
type Statement struct {
	SQL string
	// Query is the byte offset in SQL at which Spec.SQL begins, so that an error of
	// the database can be led back to the model; -1 where it is not in there.
	Query int
}

// String returns the SQL.
func (s Statement) String() string { return s.SQL }

// Check is a query that must return no rows. Rows it returns are shown as a sample and
// make the node fail with the check's diagnostic.
type Check struct {
	SQL     string // ordered; may return many rows, see [Check.Head]
	Code    diag.Code
	Message string
	Hint    string
	Place   diag.Place
}

// Diagnostic returns what to report when the check found rows.
func (c Check) Diagnostic(node string) *diag.Diagnostic {
	d := diag.New(c.Code, c.Place, "%s", c.Message)
	d.Hint, d.Node = c.Hint, node
	return d
}

// Head is the check's query cut to its first n rows.
func (c Check) Head(n int) string { return fmt.Sprintf("%s\nlimit %d", c.SQL, n) }

// Write is what makes a candidate.
type Write struct {
	// Header is text of the user's (sql_header) that runs on the session before the
	// statements; it may hold several statements.
	Header string
	// Contract is set where a contract is enforced: the runner describes both queries
	// before anything else and hands the columns to [Spec.CheckContract].
	Contract *ContractProbe
	// Probe is set where the columns of the query are needed first: the runner describes it
	// when the pre-hooks are done. Those of a snapshot it hands to [Write.Snapshot], which
	// says what Statements are; those of an external model are its [ExternalSpec.Columns].
	Probe *Statement
	// Before is run before pre-hooks: a full copy exists when they act on it.
	Before []Statement
	// Statements make the candidate, in order, each committed by itself.
	Statements []Statement
	// Made is the relation whose columns End wants to know: the candidate, or the
	// delta beside a full copy. It is zero where nothing was made (views).
	Made project.Relation
	// Delta says that Made holds only the rows that are new.
	Delta bool
}

// Finish is what comes after the candidate was made.
type Finish struct {
	// Checks look at what was made; they run first.
	Checks []Check
	// Apply is run next, each statement committed by itself, before post-hooks.
	Apply []Statement
	// Expiry is what becomes of rows that are too old, after Apply; nil where rows are kept for ever.
	Expiry *Expiry
	// Audit looks at what Apply has done, and at AsView.
	Audit []Check
	// AsView is the SELECT that shows the relation as it will be once published, over
	// published names and the candidate; "" means: the candidate itself.
	AsView string
	// Publish is run inside the one publish transaction, in order.
	Publish []string
	// Indexes are created in the same transaction after the relations of all nodes
	// have been swapped.
	Indexes []string
	// Discard holds statements that drop what the publish leaves behind; they are run
	// at the end of the publish transaction.
	Discard []string
	// Columns are the columns of the relation as it will be; nil for views, and where
	// End was given none.
	Columns []engine.Column
	// CountRows is a query for the number of rows that are new, where what was made holds
	// other rows too; "" where it does not.
	CountRows string
	// Changes are the rows that come to and go from the published relation; nil where it is
	// made anew.
	Changes *Changes
	// Incremental says that the published relation was changed, not replaced.
	Incremental bool
	// Warnings are worth telling and stop nothing.
	Warnings diag.List
}

// Begin returns what makes the candidate of a node.
func Begin(spec *Spec, state State) (Write, error) {
	w := Write{Header: spec.Header}
	if spec.Custom {
		return w, nil
	}
	switch spec.Materialized {
	case Table:
		w.Made = spec.Candidate
		w.Contract = spec.probe()
		w.Statements = createRows(spec, spec.Candidate)
	case View:
		w.Contract = spec.probe()
	case Function: // DuckDB checks the query as it makes the function
	case Ephemeral:
		w.Header = ""
	case Seed:
		w.Made = spec.Candidate
		var err error
		if w.Statements, err = beginSeed(spec); err != nil {
			return Write{}, err
		}
	case Incremental:
		return beginIncremental(spec, state)
	case Snapshot:
		return beginSnapshot(spec, state)
	case External:
		return beginExternal(spec), nil
	default:
		return Write{}, unknownMaterialization(spec)
	}
	return w, nil
}

// NeedsColumns reports whether [End] wants to know the columns of what was made. The
// most frequent of all nodes, a table without indexes, does without.
func (s *Spec) NeedsColumns() bool {
	return s.Materialized == Incremental || s.Materialized == Snapshot || len(s.Indexes) > 0
}

// Columns are those of the relation that is made of a query: those of [Finish], which for the
// most frequent of all nodes is found without the statements. An error is a diag.List.
func Columns(spec *Spec, state State, query []engine.Column) ([]engine.Column, error) {
	if spec.Materialized == Table && len(spec.Indexes) == 0 {
		return query, nil // as endTable
	}
	finish, err := End(spec, state, query)
	return finish.Columns, err
}

// End returns what comes after the candidate was made. columns are those of
// Write.Made; nil is enough where [Spec.NeedsColumns] says so. An error is a diag.List.
func End(spec *Spec, state State, columns []engine.Column) (Finish, error) {
	finish, err := end(spec, state, columns)
	if err == nil {
		finish.Indexes = append(finish.Indexes, spec.point(state)...)
	}
	return finish, err
}

func end(spec *Spec, state State, columns []engine.Column) (Finish, error) {
	switch spec.Materialized {
	case Table, Seed:
		return endTable(spec, state, columns)
	case View:
		return endView(spec, state), nil
	case Function:
		return endFunction(spec, state), nil
	case Ephemeral:
		return Finish{}, nil
	case Incremental:
		return endIncremental(spec, state, columns)
	case Snapshot:
		return endSnapshot(spec, state, columns)
	case External:
		return endExternal(spec, state, columns), nil
	}
	return Finish{}, unknownMaterialization(spec)
}

func unknownMaterialization(spec *Spec) error {
	known := []string{Ephemeral, External, Incremental, Table, Function, View}
	d := diag.New(diag.Unsupported, spec.place("materialized"),
		"materialization %q is not known", spec.Materialized)
	d.Node = spec.Node
	if s := diag.Suggest(spec.Materialized, known); s != "" {
		d.Hint = fmt.Sprintf("did you mean %q?", s)
	} else {
		d.Hint = "use table, view, incremental, external, table_function or ephemeral"
	}
	return diag.List{d}
}
