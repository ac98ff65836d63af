package materialize

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

// SpecOf reads a node's config into a specification. candidate may be zero at compile
// time, when only the diagnostics matter: whatever is wrong with the config is reported
// at the place of the key, for all keys at once and before anything runs. fullRefresh
// is the answer for this node, its own full_refresh config considered.
func SpecOf(node *project.Node, candidate project.Relation, fullRefresh bool) (*Spec, diag.List) {
	r := &reader{node: node, places: map[string]project.KeyPlace{}}
	spec := &Spec{
		Node: node.UniqueID, Place: node.Place, Materialized: node.Materialized(),
		Published: node.Relation, Candidate: candidate, FullRefresh: fullRefresh,
		places: r.places,
	}
	if node.Compiled != nil {
		spec.SQL = node.Compiled.SQL
	}
	if spec.Materialized != Ephemeral {
		spec.Docs = r.docs()
		r.pointer(spec)
	}
	if d := node.Unmade(); d != nil {
		return spec, diag.List{d}
	}
	if node.Maker != "" { // also where it bears the name of one that elt knows
		spec.Custom, spec.Materialized = true, node.Maker
		return spec, r.problems
	}
	switch spec.Materialized {
	case Ephemeral:
		spec.Contract = r.contract()
		return spec, r.problems
	case Seed:
		spec.Seed = &SeedSpec{SeedOptions: r.seedOptions()}
		spec.Indexes = r.indexes()
		return spec, r.problems
	case Table, Incremental:
		spec.Indexes = r.indexes()
	case Snapshot:
		spec.Header, spec.Indexes = r.text("sql_header"), r.indexes()
		r.snapshot(spec)
		return spec, r.problems
	case External:
		r.external(spec)
	case View:
	case Function:
		spec.Parameters = r.texts("parameters")
		if r.dict("contract") != nil && r.contract() != nil {
			r.warn("contract", "%q has no effect on a table function", "contract")
		}
		return spec, r.problems
	default:
		spec.places["materialized"] = project.KeyPlace{Place: r.place("materialized")}
		return spec, diag.From(unknownMaterialization(spec), diag.Unsupported)
	}
	spec.Header = r.text("sql_header")
	spec.Contract = r.contract()
	if spec.Materialized == Incremental {
		r.incremental(spec)
	}
	r.keep(spec)
	return spec, r.problems
}

// contract reads an enforced contract; nil where none is.
func (r *reader) contract() *Contract {
	d := r.dict("contract")
	if d == nil {
		return nil
	}
	v, _ := d.Get("enforced")
	enforced, ok := v.(bool)
	if v != nil && !ok {
		r.wrong("contract", "%q must be true or false", "enforced")
	}
	if !enforced {
		return nil
	}
	c := &Contract{}
	for _, col := range r.node.Columns {
		if col.DataType == "" {
			r.add(diag.New(diag.Contract, col.Place, "column %q has no data_type", col.Name)).
				WithHint("an enforced contract needs the type of every column")
			continue
		}
		c.Columns = append(c.Columns, ContractColumn{Name: col.Name, Type: col.DataType, Constraints: col.Constraints, Place: col.Place})
		for _, constraint := range col.Constraints {
			r.constraint(constraint, false)
		}
	}
	for _, constraint := range r.node.Constraints {
		r.constraint(constraint, true)
	}
	c.Constraints = r.node.Constraints
	if len(c.Columns) == 0 {
		r.add(diag.New(diag.Contract, r.place("contract"), "the contract of %q declares no columns", r.node.Name)).
			WithHint("list its columns with their data_type in a property file")
		return nil
	}
	return c
}

// indexes reads the indexes config.
func (r *reader) indexes() []Index {
	v, ok := r.get("indexes")
	if !ok {
		return nil
	}
	elems, ok := elements(v)
	if !ok {
		r.wrong("indexes", "%q must be a list of mappings", "indexes")
		return nil
	}
	var out []Index
	for _, e := range elems {
		d, ok := e.(*template.Dict)
		if !ok {
			r.wrong("indexes", "%q must be a list of mappings", "indexes").WithHint("write - {columns: [id], unique: true}")
			return nil
		}
		r.unknownKeys("indexes", "indexes", d, "columns", "unique")
		var ix Index
		if columns, _ := d.Get("columns"); columns != nil && columns != "" {
			ix.Columns = r.textsOf("indexes", "columns", columns)
		}
		if u, ok := d.Get("unique"); ok && u != nil {
			if ix.Unique, ok = u.(bool); !ok {
				r.wrong("indexes", "%q must be true or false", "unique")
			}
		}
		if len(ix.Columns) == 0 {
			r.wrong("indexes", "an index names no columns").WithHint("write - {columns: [id], unique: true}")
			continue
		}
		out = append(out, ix)
	}
	return out
}

// SeedOptionsOf reads how the file of a seed is to be read.
func SeedOptionsOf(node *project.Node) (SeedOptions, diag.List) {
	r := &reader{node: node, places: map[string]project.KeyPlace{}}
	return r.seedOptions(), r.problems
}

// seedOptions reads the config of a seed.
func (r *reader) seedOptions() SeedOptions {
	o := SeedOptions{Delimiter: r.text("delimiter")}
	if o.Delimiter != "" && (utf8.RuneCountInString(o.Delimiter) != 1 || strings.ContainsAny(o.Delimiter, "\"\r\n")) {
		r.wrong("delimiter", "%q must be one character, it is %q", "delimiter", o.Delimiter)
		o.Delimiter = ""
	}
	if v, ok := r.get("quote_columns"); ok {
		if _, ok := v.(bool); !ok {
			r.wrong("quote_columns", "%q must be true or false", "quote_columns")
		}
	}
	if v, ok := r.get("column_types"); ok {
		o.TypesPlace = r.place("column_types")
		for _, p := range r.pairs("column_types", "column_types", v) {
			o.ColumnTypes = append(o.ColumnTypes, ColumnType{Column: p.Column, Type: p.Expression})
		}
	}
	return o
}

// incremental reads what only incremental models have.
func (r *reader) incremental(spec *Spec) {
	if spec.Macro = r.node.Strategy != ""; spec.Macro {
		spec.Strategy = "macro " + r.node.Strategy // also where it bears the name of one that elt knows
	} else {
		spec.Strategy = r.strategy()
	}
	spec.UniqueKey = r.texts("unique_key")
	if len(spec.UniqueKey) == 1 {
		spec.UniqueKey = splitKeys(spec.UniqueKey[0])
	}
	spec.OnSchemaChange = r.choice("on_schema_change", IgnoreChanges, IgnoreChanges, FailOnChange, AppendNew, SyncAll)
	if spec.Contract != nil && spec.OnSchemaChange != AppendNew && spec.OnSchemaChange != FailOnChange {
		r.refuse("on_schema_change", "an enforced contract does not go with on_schema_change: %s", spec.OnSchemaChange).
			WithHint("set on_schema_change to append_new_columns or fail")
	}
	spec.Predicates = r.texts("predicates")
	if len(spec.Predicates) == 0 {
		spec.Predicates = r.texts("incremental_predicates")
	}
	spec.OnDuplicateKey = r.choice("on_duplicate_key", "", FailOnDuplicate, KeepLatest)
	spec.OrderBy = r.texts("order_by")
	if spec.Macro {
		spec.FullCopy = true
		if spec.OnDuplicateKey != "" {
			r.refuse("on_duplicate_key", "%q goes with the strategy merge only", "on_duplicate_key")
		}
		return
	}
	r.merge(spec)
	r.partitions(spec)
	r.keys(spec)
	r.changeKey(spec)
	if spec.Strategy == DeleteInsert && len(spec.UniqueKey)+len(spec.Predicates) == 0 && len(r.problems.Errors()) == 0 {
		r.onlyInserts()
	}
}

// strategy reads incremental_strategy; dbt-duckdb's default is delete+insert.
func (r *reader) strategy() string {
	s := r.text("incremental_strategy")
	known := []string{Append, DeleteInsert, MergeInto, Microbatch, InsertOverwrite, ByFile}
	switch {
	case s == "" || s == "default":
		return DeleteInsert
	case slices.Contains(known, s):
		return s
	}
	d := r.refuse("incremental_strategy", "the incremental strategy %q is not known", s)
	r.unsure = true
	if near := diag.Suggest(s, known); near != "" {
		d.WithHint("did you mean %q?", near)
	} else {
		d.WithHint("use append, delete+insert, merge, microbatch, insert_overwrite or by_file; or write a macro get_incremental_%s_sql", strings.ReplaceAll(s, "+", "_"))
	}
	return DeleteInsert
}

// partitions reads what only insert_overwrite and by_file have.
func (r *reader) partitions(spec *Spec) {
	switch spec.Strategy {
	case InsertOverwrite:
		spec.PartitionBy = r.partitionBy()
		if len(spec.PartitionBy) == 0 && len(r.problems.Errors()) == 0 {
			r.refuse("incremental_strategy", "insert_overwrite does not know what a partition is").
				WithHint("name the column or expression that tells, as in partition_by: flight_date")
		}
	case ByFile:
		spec.Files = &Files{Column: r.node.FileColumn()}
	case Microbatch:
		r.microbatch(spec)
		return
	default:
		return
	}
	if len(spec.UniqueKey) > 0 {
		r.warn("unique_key", "%q has no effect under %s", "unique_key", spec.Strategy)
	}
}

// partitionBy reads a column, an expression, a list of them, or dbt's mapping of field
// and granularity.
func (r *reader) partitionBy() []string {
	v, ok := r.get("partition_by")
	if !ok {
		return nil
	}
	d, ok := v.(*template.Dict)
	if !ok {
		return r.textsOf("partition_by", "partition_by", v)
	}
	r.unknownKeys("partition_by", "partition_by", d, "field", "granularity", "data_type")
	text := func(key string) string {
		v, _ := d.Get(key)
		s, _ := v.(string)
		return s
	}
	field, granularity := text("field"), text("granularity")
	switch {
	case field == "":
		r.wrong("partition_by", "%q names no %q", "partition_by", "field").WithHint("write {field: flown_at, granularity: month}")
		return nil
	case granularity == "":
		return []string{field}
	}
	if units := []string{"hour", "day", "month", "year"}; !slices.Contains(units, granularity) {
		r.wrong("partition_by", "%q is no granularity", granularity).WithHint("use %s", strings.Join(units, ", "))
		return nil
	}
	return []string{fmt.Sprintf("date_trunc('%s', %s)", granularity, expression(field, nil))}
}

// keys checks how keys, predicates and strategy go together.
func (r *reader) keys(spec *Spec) {
	predicates := "incremental_predicates"
	if _, ok := r.places["predicates"]; ok {
		predicates = "predicates"
	}
	noKey := len(spec.UniqueKey) == 0
	if len(spec.Predicates) > 0 && spec.Strategy == ByFile {
		r.warn(predicates, "%q has no effect under %s", predicates, spec.Strategy)
	}
	if len(spec.Predicates) > 0 && (spec.Strategy == Append || spec.Strategy == DeleteInsert && noKey) {
		r.warn(predicates, "%q has no effect: nothing is deleted", predicates).
			WithHint("predicates narrow down which rows delete+insert deletes and merge matches; set a unique_key")
	}
	if spec.Strategy != MergeInto {
		if spec.OnDuplicateKey != "" {
			r.refuse("on_duplicate_key", "%q goes with the strategy merge only", "on_duplicate_key").
				WithHint("under %s a key may occur more than once", spec.Strategy)
		}
		return
	}
	if len(spec.mergeKeys()) == 0 {
		r.onlyInserts()
	}
	for _, k := range spec.UniqueKey {
		if !isPlainName(k) && !isQuoted(k) && strings.ContainsAny(k, "()+*/|:,") {
			r.refuse("unique_key", "merge needs column names, %q is an expression", k).
				WithHint("make it a column of the query and name that")
		}
	}
	switch {
	case spec.OnDuplicateKey == KeepLatest && len(spec.OrderBy) == 0:
		r.refuse("on_duplicate_key", "on_duplicate_key: latest does not say which row is the latest").
			WithHint("name the column that orders them, as in order_by: updated_at")
	case spec.OnDuplicateKey == KeepLatest && len(spec.mergeKeys()) == 0:
		r.refuse("on_duplicate_key", "on_duplicate_key: latest needs a unique_key")
	case spec.OnDuplicateKey != KeepLatest && len(spec.OrderBy) > 0:
		r.warn("order_by", "%q has no effect", "order_by").WithHint("it goes with on_duplicate_key: latest")
	}
}

// changeKey reads what the keys are in a model whose changes are read.
func (r *reader) changeKey(spec *Spec) {
	spec.ChangeKey = r.texts("change_key")
	switch {
	case len(spec.ChangeKey) == 0:
	case len(spec.replacedBy()) == 0:
		r.warn("change_key", "%q has no effect: the model replaces nothing by a key", "change_key")
	case len(spec.ChangeKey) != len(spec.replacedBy()):
		r.refuse("change_key", "%q has to say each of the %d keys of the model", "change_key", len(spec.replacedBy())).
			WithHint("one column or expression for each of %s, in that order", strings.Join(spec.replacedBy(), ", "))
	}
}

// onlyInserts warns that a strategy which replaces rows by their key has none, as dbt's
// do: run twice, it adds its rows twice.
func (r *reader) onlyInserts() {
	key := "incremental_strategy"
	what := r.text(key)
	switch what {
	case "":
		key, what = "materialized", "an incremental model"
	case "default":
		what = "an incremental model"
	}
	r.warn(key, "without a unique_key %s only inserts", what).
		WithHint("set unique_key, or use incremental_strategy: append")
}
