package dbtcontext

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

// adapter is dbt's adapter object, as dbt-duckdb fills it. What asks the database
// answers empty while the project is parsed, as dbt does.
type adapter struct {
	s *Scope
	// plain says that macros of the project take no part.
	plain bool
}

// TypeName is the Python type name.
func (a *adapter) TypeName() string {
	if a.s.host.Execute() {
		return "RuntimeDatabaseWrapper"
	}
	return "ParseDatabaseWrapper"
}

// Attr returns a method or a property.
func (a *adapter) Attr(name string) (template.Value, bool) {
	switch name {
	case "Relation":
		return relationClass{a.s.p}, true
	case "Column":
		return columnClass{}, true
	case "behavior":
		return behavior{}, true
	case "config":
		return a.config(), true
	}
	if v, ok := adapterConstants[name]; ok {
		return bind("adapter."+name, func(*template.Call) (template.Value, error) { return v, nil })
	}
	for _, find := range []func(string) method{a.replaced, a.naming, a.asking, a.changing, a.files, a.ddl} {
		if m := find(name); m != nil {
			return bind("adapter."+name, m)
		}
	}
	return nil, false
}

// adapterConstants are methods whose answer is always the same.
var adapterConstants = map[string]template.Value{
	"type":                           "duckdb",
	"is_motherduck":                  false,
	"is_ducklake":                    false,
	"disable_transactions":           false,
	"commit":                         nil,
	"ensure_transaction":             nil,
	"cache_added":                    "",
	"cache_dropped":                  "",
	"cache_renamed":                  "",
	"expand_target_column_types":     nil,
	"build_catalog_relation":         nil,
	"get_catalog_integration":        nil,
	"get_binding_char":               "?",
	"use_ducklake_table_workarounds": false,
	"catalog_supports_foreign_keys":  true,
	"valid_snapshot_target":          nil,

	"assert_valid_snapshot_target_given_strategy": nil,
	"date_function": "now()",
}

// behavior are dbt-adapters' behaviour flags: each is off.
type behavior struct{}

// TypeName is the Python type name.
func (behavior) TypeName() string { return "Behavior" }

// Attr returns a flag.
func (behavior) Attr(string) (template.Value, bool) { return behaviorFlag{}, true }

type behaviorFlag struct{}

// TypeName is the Python type name.
func (behaviorFlag) TypeName() string { return "BehaviorFlagRendered" }

// Truth is false.
func (behaviorFlag) Truth() bool { return false }

// Attr returns the flag's own properties.
func (behaviorFlag) Attr(name string) (template.Value, bool) {
	return false, name == "no_warn" || name == "setting"
}

func (a *adapter) config() template.Value {
	if whole, ok := a.s.p.runtimeConfig(); ok {
		return whole
	}
	return attributes{"RuntimeConfig", map[string]template.Value{
		"project_name": a.s.p.set.Name, "version": a.s.p.set.Version,
		"credentials": dictOrEmpty(a.s.p.set.Target), "args": dictOrEmpty(a.s.p.set.Args),
	}}
}

// naming are the methods that need no database.
func (a *adapter) naming(name string) method {
	switch name {
	case "dispatch":
		return a.dispatch
	case "quote":
		return func(c *template.Call) (template.Value, error) {
			var v template.Value
			if err := c.Unpack("quote", "identifier", &v); err != nil {
				return nil, err
			}
			return project.QuoteIdent(template.Str(v)), nil
		}
	case "quote_as_configured":
		return a.quoteAsConfigured
	case "quote_seed_column":
		return quoteSeedColumn
	case "escape_sql_string":
		return func(c *template.Call) (template.Value, error) {
			var v template.Value
			if err := c.Unpack("escape_sql_string", "value", &v); err != nil {
				return nil, err
			}
			return strings.ReplaceAll(template.Str(v), "'", "''"), nil
		}
	case "get_hard_deletes_behavior":
		return a.hardDeletes
	case "convert_type":
		return convertType
	case "valid_incremental_strategies":
		return answers(func() template.Value {
			return template.NewList("append", "delete+insert", "merge", "microbatch", "insert_overwrite", "by_file")
		})
	case "get_incremental_strategy_macro":
		return a.strategyMacro
	case "standardize_grants_dict":
		return grantsDict
	case "warn_once":
		return exceptions{p: a.s.p, quiet: a.s.quiet}.warn
	}
	return nil
}

func (a *adapter) quoteAsConfigured(c *template.Call) (template.Value, error) {
	var name, key string
	if err := c.Unpack("quote_as_configured", "identifier", &name, "quote_key", &key); err != nil {
		return nil, err
	}
	quote := a.s.p.relation(project.Relation{}).quote
	if on := quote.flag(key); on == nil || !*on {
		return name, nil
	}
	return project.QuoteIdent(name), nil
}

func quoteSeedColumn(c *template.Call) (template.Value, error) {
	var name string
	var config template.Value
	if err := c.Unpack("quote_seed_column", "column", &name, "quote_config?", &config); err != nil {
		return nil, err
	}
	if config == false {
		return name, nil
	}
	return project.QuoteIdent(name), nil
}

// convertType is the SQL type of a column of a result.
func convertType(c *template.Call) (template.Value, error) {
	var table template.Value
	var n int64
	if err := c.Unpack("convert_type", "agate_table", &table, "col_idx", &n); err != nil {
		return nil, err
	}
	t, ok := table.(*tableObject)
	if !ok || n < 0 || int(n) >= len(t.names) {
		return nil, fmt.Errorf("convert_type() takes a table and the number of a column")
	}
	if t.types[n] == "Number" && !slices.ContainsFunc(t.rows, func(row *sequence) bool { return hasFraction(row.values[n]) }) {
		return "integer", nil
	}
	return map[string]string{
		"Integer": "integer", "Number": "float8", "Boolean": "boolean", "Date": "date",
		"DateTime": "timestamp without time zone", "Text": "text",
	}[t.types[n]], nil
}

// hasFraction reports whether a number is not whole.
func hasFraction(v template.Value) bool {
	switch x := v.(type) {
	case *decimalValue:
		return x.scale > 0 && new(big.Int).Rem(x.digits, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(x.scale)), nil)).Sign() != 0
	case float64:
		return x != math.Trunc(x)
	}
	return false
}

// strategyMacro finds get_incremental_<name>_sql.
func (a *adapter) strategyMacro(c *template.Call) (template.Value, error) {
	var context, strategy template.Value
	if err := c.Unpack("get_incremental_strategy_macro", "model_context", &context, "strategy", &strategy); err != nil {
		return nil, err
	}
	name := "get_incremental_" + strings.ReplaceAll(template.Str(strategy), "+", "_") + "_sql"
	if v, ok := a.s.Lookup(name); ok {
		return v, nil
	}
	return nil, diag.New(diag.IncrementalConfig, c.Place, "there is no incremental strategy %q", template.Str(strategy)).
		WithHint("define a macro %q", name)
}

// dispatch is adapter.dispatch(name, namespace): the first of duckdb__name and
// default__name in the packages of the search order.
func (a *adapter) dispatch(c *template.Call) (template.Value, error) {
	var name string
	var namespace, packages template.Value
	if err := c.Unpack("dispatch", "macro_name", &name, "macro_namespace?", &namespace, "packages?", &packages); err != nil {
		return nil, err
	}
	if before, after, ok := strings.Cut(name, "."); ok {
		return nil, diag.New(diag.TemplateError, c.Place, "adapter.dispatch() got %q, which is not the name of a macro", name).
			WithHint("write adapter.dispatch(%s, %s)", template.Repr(after), template.Repr(before))
	}
	if packages != nil {
		return nil, diag.New(diag.TemplateError, c.Place, "adapter.dispatch() no longer takes packages").
			WithHint("name the namespace instead: adapter.dispatch(%s, 'package')", template.Repr(name))
	}
	var attempts []string
	for _, pkg := range a.s.p.searchOrder(stringOrEmpty(namespace)) {
		for _, prefix := range []string{"duckdb__", "default__"} {
			if v, ok := a.s.from(pkg, prefix+name); ok {
				return v, nil
			}
			attempts = append(attempts, strings.TrimPrefix(pkg+"."+prefix+name, "."))
		}
	}
	return nil, diag.New(diag.UndefinedName, c.Place, "no macro for adapter.dispatch(%s) exists", template.Repr(name)).
		WithHint("define one of: %s", strings.Join(attempts, ", "))
}

// searchOrder lists the packages dispatch looks in; "" stands for all of them, by
// the usual order.
func (p *Project) searchOrder(namespace string) []string {
	if namespace == "" {
		return []string{""}
	}
	for _, d := range p.set.Dispatch {
		if d.Namespace == namespace && len(d.SearchOrder) > 0 {
			return d.SearchOrder
		}
	}
	if p.isNamespace(namespace) {
		return []string{p.set.Name, namespace}
	}
	return []string{""}
}

// from looks a macro up in one package, or with "" as a plain name is.
func (s *Scope) from(pkg, name string) (template.Value, bool) {
	if pkg == "" {
		m := s.p.resolve(name, s.pkg)
		if m == nil {
			return nil, false
		}
		return s.macro(m), true
	}
	if v, ok := s.overrides[pkg+"."+name]; ok {
		return v, true
	}
	if m := s.p.inNamespace(pkg, name); m != nil {
		return s.macro(m), true
	}
	return nil, false
}

// relationArg reads an argument that must be a relation.
func relationArg(v template.Value, fn string) (*Relation, error) {
	if r, ok := v.(*Relation); ok {
		return r, nil
	}
	if _, ok := v.(*template.Undefined); ok || v == nil {
		return nil, fmt.Errorf("%s() takes a relation, such as ref('model') or this, not nothing", fn)
	}
	return nil, fmt.Errorf("%s() takes a relation, such as ref('model') or this, not %s", fn, template.TypeName(v))
}

// namesOf are the lower-case names of columns.
func namesOf(cols []Column) []string {
	out := make([]string, len(cols))
	for i, c := range cols {
		out[i] = c.Name
	}
	return out
}

func missingColumns(from, to []Column) *template.List {
	have := namesOf(to)
	out := template.NewList()
	for _, c := range from {
		if !slices.Contains(have, c.Name) {
			out.Elems = append(out.Elems, newColumn(c.Name, c.Type))
		}
	}
	return out
}
