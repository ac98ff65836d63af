package check

import (
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
)

// Config is a test's config as far as it concerns running it.
type Config struct {
	Severity string // "error" or "warn"
	WarnIf   string
	ErrorIf  string
	FailCalc string
	Limit    int64 // -1 for none
	// StoreFailures is nil where the config does not say.
	StoreFailures *bool
	StoreAs       string // "table", "view" or "ephemeral"
	Where         string
}

// dbt's defaults.
const (
	defaultCondition = "!= 0"
	defaultFailCalc  = "count(*)"
)

// FailCalc is what a data test counts by its config; "" where that is rows.
func FailCalc(node *project.Node) string {
	c, _ := ConfigOf(node)
	if strings.TrimSpace(c.FailCalc) == defaultFailCalc {
		return ""
	}
	return strings.TrimSpace(c.FailCalc)
}

// ConfigOf reads the config of a data test.
func ConfigOf(node *project.Node) (Config, diag.List) {
	r := reader{node: node}
	c := Config{
		Severity: strings.ToLower(r.text("severity", "error")),
		WarnIf:   r.text("warn_if", defaultCondition),
		ErrorIf:  r.text("error_if", defaultCondition),
		FailCalc: r.text("fail_calc", defaultFailCalc),
		Where:    r.text("where", ""),
		Limit:    r.limit(),
	}
	if c.Severity != "error" && c.Severity != "warn" {
		r.wrong("severity", "%q is not a severity", c.Severity).WithHint("use error or warn")
		c.Severity = "error"
	}
	c.StoreFailures, c.StoreAs = r.store()
	return c, r.problems
}

// stores reports whether the failing rows are kept.
func (c Config) stores(opts Options) bool {
	if c.StoreAs == "ephemeral" {
		return false
	}
	if c.StoreFailures != nil {
		return *c.StoreFailures
	}
	return opts.StoreFailures
}

// reader reads typed values and collects what is wrong with them.
type reader struct {
	node     *project.Node
	problems diag.List
}

func (r *reader) wrong(key, format string, args ...any) *diag.Diagnostic {
	place := r.node.Config.Place(key)
	if place.IsZero() {
		place = r.node.Place
	}
	d := diag.New(diag.WrongType, place, format, args...)
	d.Node = r.node.UniqueID
	r.problems = append(r.problems, d)
	return d
}

// get returns a value that is set and not None.
func (r *reader) get(key string) (any, bool) {
	v, ok := r.node.Config.Get(key)
	if !ok || v.Value == nil {
		return nil, false
	}
	return v.Value, true
}

func (r *reader) text(key, def string) string {
	v, ok := r.get(key)
	if !ok {
		return def
	}
	s, ok := v.(string)
	if !ok {
		r.wrong(key, "%q must be a text", key).WithHint("put it in quotes")
		return def
	}
	if strings.TrimSpace(s) == "" {
		return def
	}
	return s
}

func (r *reader) limit() int64 {
	v, ok := r.get("limit")
	if !ok {
		return -1
	}
	n, ok := v.(int64)
	if !ok || n < 0 {
		r.wrong("limit", "%q must be a whole number that is not negative", "limit")
		return -1
	}
	return n
}

// store reads store_failures and store_failures_as; the latter wins, as in dbt.
func (r *reader) store() (*bool, string) {
	as := strings.ToLower(r.text("store_failures_as", ""))
	switch as {
	case "table", "view":
		yes := true
		return &yes, as
	case "ephemeral":
		no := false
		return &no, as
	case "":
	default:
		r.wrong("store_failures_as", "%q is not a way to store failures", as).
			WithHint("use table, view or ephemeral")
	}
	v, ok := r.get("store_failures")
	if !ok {
		return nil, "table"
	}
	b, ok := v.(bool)
	if !ok {
		r.wrong("store_failures", "%q must be true or false", "store_failures")
		return nil, "table"
	}
	return &b, "table"
}

// IsPlain reports whether a test counts its rows and fails if there are any.
func (c Config) IsPlain() bool {
	return c.FailCalc == defaultFailCalc && c.WarnIf == defaultCondition && c.ErrorIf == defaultCondition
}
