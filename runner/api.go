// Package runner carries a compiled [compiler.Plan] out on a database.
//
// It keeps one promise above all: nothing is visible until it is green. Every node
// is written as a candidate, a table under a hidden name; tests read the candidates;
// and what passed is published in one transaction, together with the run's history.
// A failing test, a crash, a kill or a full disk leaves what was published as it was.
//
// [Run] does all of it: it opens the target's database, compiles what still has to be
// compiled, runs, publishes and closes. [Retry] takes up the last run that failed.
// [Show], [CompileAll], [History] and [Debug] only read. What happens is told to an
// [Observer] as typed events; the package prints nothing and knows no terminal.
//
// Start reading at [Run]; the protocol is in run.go, the names it replaces in
// rewrite.go, what is held back in hold.go and the publish in publish.go.
package runner

import (
	"context"
	"time"

	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner/duckdb"
)

// Options say what a run does.
type Options struct {
	Command  string   // "build", "run", "test", "seed", "snapshot" or "clone"
	Selected []string // unique_ids to do; nil for all nodes the command is about

	FullRefresh   bool
	FailFast      bool          // after the first failure no node is started any more
	AllOrNothing  bool          // publish only if everything is green
	StoreFailures bool          // --store-failures: keep the failing rows of every test
	Warnings      diag.Warnings // what becomes of warnings, of tests too
	Adopt         bool          // relations may be replaced that elt has not made
	Changed       bool          // leave out what is up to date
	Expire        bool          // remove what is older than models keep it; else it is only told
	Empty         bool          // seeds are loaded without rows
	Sampled       bool          // only a part of the data is read: --sample, --empty
	NoPublish     bool          // stop before the publish; candidates stay until the next run
	Threads       int           // nodes at a time; 0 for the target's, else the default
	// EventTimeStart and EventTimeEnd say which batches of microbatch models are done; zero
	// for those that are due. Both or none are set.
	EventTimeStart, EventTimeEnd time.Time
	Wait                         time.Duration // how long to wait for a database that another process holds
	Version                      string        // elt's own version, for the history
	SampleRows                   int           // failing rows a test result carries; 0 for 5
	Now                          func() time.Time

	// Compiler renders nodes; nil for the plan itself.
	Compiler Compiler

	// Spare is a database in memory for the check ahead, which may be opening still; nil
	// opens one when it is needed. It is closed when the check is over.
	Spare *duckdb.Spare

	// Ending says that the process ends after the run, so that it need not give back the memory
	// of the database.
	Ending bool

	// Settled is called at most once, in a goroutine of its own, when all that was built is
	// published and what came of the nodes is certain: while the log is written into the file.
	// It must not change what it is given. It returns before the run does.
	Settled func(results []*NodeResult)

	// Point is called with the name of every step of the protocol as it is reached. It
	// exists for tests that kill the process or look at the database there; it must
	// return before the run goes on. See [Points].
	Point func(name string)

	retry bool // set by Retry
}

// Compiler renders nodes against a database: what *[compiler.Plan] does.
type Compiler interface {
	// Compile fills Compiled of the given nodes.
	Compile(ctx context.Context, db dbtcontext.Database, ids []string) diag.List
	// CompileNode fills Compiled of one node.
	CompileNode(ctx context.Context, db dbtcontext.Database, id string) error
	// CompileBatch renders one batch of a microbatch model.
	CompileBatch(ctx context.Context, db dbtcontext.Database, node *project.Node, batch project.Batch, incremental bool) (*project.Compiled, error)
	// CompileInline renders a text in the project's context.
	CompileInline(ctx context.Context, db dbtcontext.Database, text string) (*project.Compiled, error)
}

// Error is a sentinel error of this package.
type Error string

// Error returns the message.
func (e Error) Error() string { return string(e) }

const (
	// ErrInterrupted says that the context ended before the run did: nothing was
	// published. The command's exit code is 130.
	ErrInterrupted Error = "interrupted"
	// ErrNothingToRetry says that the last run left nothing to be done again.
	ErrNothingToRetry Error = "the last run left nothing to retry"
	// errUnchanged ends a run that has nothing to do.
	errUnchanged Error = "nothing has changed"
)

// Points lists the names [Options.Point] is called with, in the order of the
// protocol. Node steps occur once a node, or once for
// all tests that share a query, those of a publish once a database; "rolled-forward"
// comes between "opened" and "compiled" where an earlier run was stopped while it
// published. What was made is recorded only every now and then. The last three are those of [Compact],
// once a model.
func Points() []string {
	return []string{
		"opened", "compiled", "cleaned", "run-recorded",
		"candidate-started", "candidate-created", "candidate-recorded", "test-done",
		"built", "publish-marked", "publish-begun", "publish-swapped", "publish-indexes", "publish-views",
		"publish-recorded", "own-published", "attached-published", "promise-kept",
		"published", "checkpointed", "closing", "closed", "replica-copied", "rolled-forward",
		"compact-written", "compact-promised", "compacted",
	}
}

// ShowOptions say which rows [Show] reads. One of Node and Inline is set.
type ShowOptions struct {
	Node      string // unique_id
	Inline    string // a template
	Limit     int    // at most so many rows; below zero for all
	Candidate bool   // what the last run made of the node, though it was not published
	Compiler  Compiler
	Wait      time.Duration
}

// CompileOptions say how [CompileAll] reaches the database.
type CompileOptions struct {
	Compiler Compiler
	Wait     time.Duration
	Spare    *duckdb.Spare // as in [Options]
	// Rendered is called at most once, while queries are bound: all nodes hold what they
	// were rendered to. It must not change the plan. What it was given to returns after it.
	Rendered func()
}

// CleanOptions say what [Clean] drops.
type CleanOptions struct {
	Wait time.Duration
	// GiveUp drops also what a run had promised to publish in an attached database and
	// what cannot be published there.
	GiveUp   bool
	Observer Observer // is told what happens to a publish that was not finished; may be nil
}

// HistoryOptions say how much [History] reads.
type HistoryOptions struct {
	Node        string // only runs that had this node (unique_id), with its results
	Runs        int    // at most so many runs, newest first; 0 for 20
	LastFailure bool   // the incident of the newest run that failed
	Intervals   string // a microbatch model (unique_id) whose intervals are read, and nothing else
	Wait        time.Duration
}

// HistoryReport is what the database knows of runs.
type HistoryReport struct {
	Runs     []PastRun // newest first
	Incident *Incident // with LastFailure, where a run has failed
	Calendar *Calendar // with Intervals
}

// PastRun is one run as it was recorded.
type PastRun struct {
	RunID      string
	Command    string
	Target     string
	Version    string
	StartedAt  time.Time
	FinishedAt time.Time // zero of a run that was killed
	Outcome    string    // "success", "failed", "interrupted" or "killed"
	Nodes      []PastNode
}

// PastNode is one node's result in a past run.
type PastNode struct {
	UniqueID   string
	Status     Status
	StartedAt  time.Time
	Duration   time.Duration
	Rows       int64 // -1 if not known
	Failures   int64
	Message    string
	SkippedFor string
	HeldFor    string
	Published  bool
}

// Incident tells the story of the newest run that failed.
type Incident struct {
	Run      PastRun
	Failures []IncidentNode
	Stale    []StaleNode // what shows older data than it should, in plan order
}

// IncidentNode is a node that failed: since when, and what is different.
type IncidentNode struct {
	PastNode
	LastSuccess time.Time // zero if it never worked
	LastRunID   string
	Changed     []string // in words: "its SQL", "model.shop.orders: config", ...

	WorksAgain      time.Time // when it has first worked since; zero if it has not
	WorksAgainRunID string
}

// StaleNode is a relation that was not brought up to date because of a failure, nor by a run after that.
type StaleNode struct {
	UniqueID    string
	Because     string    // unique_id of the root cause
	PublishedAt time.Time // of the data it shows; zero if it was never published
}

// DebugFacts is what `elt debug` shows of a target.
type DebugFacts struct {
	EngineVersion string
	Path          string // of the database file
	Exists        bool
	Size          int64 // bytes
	StateVersion  int   // 0 where elt has not written yet
	Relations     int
	Threads       int
	Workers       int
	MemoryLimit   string
	LastRun       *PastRun
	Problem       *diag.Diagnostic // why the database cannot be opened, else nil
}
