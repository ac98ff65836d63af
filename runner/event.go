package runner

import (
	"time"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/runner/unittest"
)

// Status is the outcome of a node.
type Status string

// The statuses, by dbt's words where dbt has one.
const (
	Success Status = "success" // a model, seed, snapshot or operation was made
	Pass    Status = "pass"    // a test found nothing
	Warned  Status = "warn"    // a test found something, severity warn
	Failed  Status = "fail"    // a test found something
	Errored Status = "error"   // a statement failed
	Skipped Status = "skipped" // an ancestor failed, or the run was stopped
	Reused  Status = "reused"  // unchanged, not rebuilt
	// PartialSuccess is a model that was made without some files or batches, which failed.
	PartialSuccess Status = "partial success"
	NoOp           Status = "no-op" // an exposure or a saved query: there is nothing to do
)

// Event is something that happened in a run. Events come from one goroutine, in
// the order they happened.
type Event interface{ event() }

// Observer receives the events of a run.
type Observer interface{ Observe(Event) }

// RunStarted is the first event.
type RunStarted struct {
	RunID   string
	Command string
	Target  string
	Nodes   []*project.Node // what will be done, in plan order
	Workers int
}

// LeftOut says what of the selection is up to date and not done: of a run with
// [Options.Changed]. It follows RunStarted, which does not name these nodes.
type LeftOut struct {
	Results []*NodeResult // in plan order, with the status Reused
}

// Unchanged is the only event of a run with [Options.Changed] that has nothing to do.
type Unchanged struct {
	Since   time.Time     // when the newest relation was published; zero where none was selected
	Results []*NodeResult // in plan order, with the status Reused
}

// NodeStarted says that work on a node begins.
type NodeStarted struct {
	Node *project.Node
	At   time.Time
}

// NodeFinished says how a node ended. There is exactly one for each node of RunStarted.
type NodeFinished struct{ Result *NodeResult }

// NodeResult is the outcome of one node.
type NodeResult struct {
	Node         *project.Node
	Status       Status
	StartedAt    time.Time
	CompileTime  time.Duration
	ExecuteTime  time.Duration
	Rows         int64  // rows of the relation after the run; of an incremental model the rows of the delta; -1 if not known
	Rejected     int64  // rows that were kept apart of the sources it reads
	FullRefresh  bool   // of a seed: it was asked for to be made anew
	Answer       string // of a model with a materialization of the project's own: what its statement "main" was answered
	Failures     int64  // of a test
	Message      string
	SkippedFor   string         // unique_id of the root cause of a skip
	Stopped      bool           // skipped though it has nothing to do with SkippedFor: fail-fast
	Diagnostics  diag.List      // why it failed or warns
	Sample       *Sample        // first failing rows of a test
	OfCandidates bool           // of a data test: the run made what it reads, or something above that
	Diff         *unittest.Diff // where a unit test's rows differ from those expected
	Published    bool           // the relation is visible now
	HeldFor      string         // unique_id of what holds back a node that was built and passed
	Worker       int
	Resumed      bool          // the candidate was taken over from an earlier run (retry)
	Anew         string        // of a retry: why the candidate of the run before was not taken over; with --changed: why it is not up to date
	Batches      *BatchOutcome // of a microbatch model that came so far as to do batches; else nil
	Statements   []string      // what made the relation, with published names: target/run
}

// BatchOutcome says which batches of a microbatch model this run has done, and which have failed, were left out
// for a test's sake or were not come to; each in the order of time.
type BatchOutcome struct{ Done, Failed []project.Batch }

// Sample is the head of a result, as text.
type Sample struct {
	Columns []string
	Rows    [][]string
	Total   int64 // failing rows there are; 0 where the test counts something else
	Shown   int64 // failing rows that Rows stands for: as many as it has, or more where they are counted
}

// Publishing says that all that is to be visible has been made and tested, and becomes so now.
type Publishing struct {
	Nodes int // how many become visible
}

// Published says that the transaction that makes relations visible was committed.
type Published struct {
	Nodes   []*project.Node
	Elapsed time.Duration
}

// Noticed is a warning or a note that belongs to the run as a whole.
type Noticed struct{ Diagnostic *diag.Diagnostic }

// RunFinished is the last event.
type RunFinished struct{ Summary Summary }

// Summary is what a run came to.
type Summary struct {
	RunID       string
	Command     string // of a retry that of the run it takes up
	Elapsed     time.Duration
	Counts      map[Status]int
	Built       int // models, seeds and snapshots made
	Published   int
	Held        int   // built and passed, but not published
	Rejected    int64 // rows of raw files that were kept apart
	Interrupted bool
	FailFast    bool          // the run was to end with the first failure
	Broken      bool          // something went wrong beside the nodes: an on-run-end hook, the replica
	Unchanged   bool          // nothing was done, since nothing has changed
	Unpublished bool          // the publish itself failed; what of it is visible, Results say
	Results     []*NodeResult // in plan order
	Idle        []*NodeResult // of a build: its exposures and saved queries, for which nothing is done
	Hooks       []*NodeResult // on-run-start and on-run-end hooks, as they were run; Counts leaves them out
}

func (RunStarted) event()   {}
func (LeftOut) event()      {}
func (Unchanged) event()    {}
func (NodeStarted) event()  {}
func (NodeFinished) event() {}
func (Published) event()    {}
func (Publishing) event()   {}
func (Noticed) event()      {}
func (RunFinished) event()  {}

// OK reports whether no node failed, was skipped or is held back, and what was to be
// published is.
func (s *Summary) OK() bool {
	return s != nil && !s.Interrupted && !s.Unpublished && !s.Broken && s.Held == 0 &&
		s.Counts[Failed]+s.Counts[Errored]+s.Counts[Skipped]+s.Counts[PartialSuccess] == 0
}
