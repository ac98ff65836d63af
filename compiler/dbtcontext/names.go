package dbtcontext

import (
	"errors"
	"fmt"
	"slices"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/template"
)

// hostNames are the names that depend on the node that is rendered, sorted.
var hostNames = []string{
	"adapter", "builtins", "changes", "compiled_code", "config", "context", "database", "defer_relation",
	"doc", "execute", "function", "graph", "load_agate_table", "load_result", "metric", "model",
	"post_hooks", "pre_hooks", "ref", "render", "schema", "selected_resources", "source",
	"sql", "store_raw_result", "store_result", "this", "try_or_compiler_error", "var", "write",
}

// builtin makes a name of the context that is not a macro.
func (s *Scope) builtin(name string) (template.Value, bool) {
	if v, ok := s.p.staticNames()[name]; ok {
		if silent := s.silent(name); s.quiet && silent != nil {
			return silent, true
		}
		return v, true
	}
	if name == ownName {
		return s.own(), true
	}
	if _, ok := slices.BinarySearch(hostNames, name); !ok {
		return nil, false
	}
	if fn := s.function(name); fn != nil {
		if name == "ref" || name == "source" {
			return resolver{template.NewFunc(name, fn), s}, true
		}
		return template.NewFunc(name, fn), true
	}
	switch name {
	case "execute":
		return s.host.Execute(), true
	case "this":
		return s.this(), true
	case "var":
		return variable{p: s.p, pkg: s.pkg, scope: s, required: s.host.Execute()}, true
	case "config":
		return &configObject{s}, true
	case "adapter":
		return &adapter{s: s}, true
	case "context":
		return contextObject{s}, true
	case "builtins":
		return builtinsObject{s}, true
	case "model":
		return s.model(), true
	case "graph":
		return s.graph(), true
	case "selected_resources":
		return s.selected(), true
	case "database":
		return noneIfEmpty(s.home().Database), true
	case "schema":
		return noneIfEmpty(s.home().Schema), true
	case "pre_hooks", "post_hooks":
		return s.hooks(name[:len(name)-1]), true
	case "sql", "compiled_code":
		return s.compiled(), true
	}
	return nil, true // defer_relation
}

// ownName is what the built-in macros know and templates of projects do not: it is
// listed nowhere.
const ownName = "_elt"

func (s *Scope) own() template.Value {
	return attributes{"dict", map[string]template.Value{
		"is_incremental": template.NewFunc("is_incremental", func(*template.Call) (template.Value, error) {
			return s.host.IsIncremental(), nil
		}),
		"adapter":      &adapter{s: s, plain: true},
		"as_published": template.NewFunc("as_published", s.asPublished),
	}}
}

// function returns the functions that ask the host.
func (s *Scope) function(name string) method {
	switch name {
	case "ref":
		return s.ref
	case "source":
		return s.source
	case "changes":
		return s.changes
	case "metric":
		return s.metric
	case "doc":
		return s.doc
	case "render":
		return s.render
	case "write":
		return func(*template.Call) (template.Value, error) { return "", nil }
	case "load_result":
		return s.loadResult
	case "store_result":
		return s.storeResult
	case "store_raw_result":
		return s.storeRawResult
	case "try_or_compiler_error":
		return tryOrCompilerError
	case "load_agate_table":
		return s.seedRows
	case "function":
		return func(c *template.Call) (template.Value, error) {
			return nil, diag.New(diag.Unsupported, c.Place, "%s() is not supported", name)
		}
	}
	return nil
}

// this is the node's relation; a hook of the project has none.
func (s *Scope) this() template.Value {
	rel := s.host.This()
	if rel.Identifier == "" {
		return nil
	}
	return s.p.relation(rel)
}

// home is where the node's relation lives, or the target where it has none.
func (s *Scope) home() project.Relation {
	if rel := s.host.This(); rel.Schema != "" {
		return rel
	}
	database, _ := s.p.set.Target.Get("database")
	schema, _ := s.p.set.Target.Get("schema")
	return project.Relation{Database: stringOrEmpty(database), Schema: stringOrEmpty(schema)}
}

func (s *Scope) model() template.Value {
	n := s.host.Node()
	if n == nil {
		return template.NewDict()
	}
	model := withoutNone(NodeValue(n))
	if host, ok := s.host.(EventTimeHost); ok {
		if batch := host.Batch(); batch != nil {
			_ = model.Set("batch", batchValue(batch))
		}
	}
	return model
}

// withoutNone is the dict of a node without the keys that are None, in it and in the parts of it that have keys of
// dbt's: so model is, other than what graph holds.
func withoutNone(d *template.Dict) *template.Dict {
	out := template.NewDict()
	for _, it := range d.Items() {
		value := it.Value
		inner, ok := value.(*template.Dict)
		switch {
		case value == nil:
			continue
		case ok && (it.Key == "config" || it.Key == "docs" || it.Key == "contract"):
			value = withoutNone(inner)
		case ok && it.Key == "columns":
			columns := template.NewDict()
			for _, column := range inner.Items() {
				if c, ok := column.Value.(*template.Dict); ok {
					column.Value = withoutNone(c)
				}
				_ = columns.Set(column.Key, column.Value)
			}
			value = columns
		}
		_ = out.Set(it.Key, value)
	}
	return out
}

func (s *Scope) graph() template.Value {
	if s.p.set.Graph == nil {
		return EmptyGraph()
	}
	if node := s.host.Node(); node == nil || node.Type != project.Operation || s.p.set.HookGraph == nil || !s.host.Execute() {
		return s.p.set.Graph()
	}
	if s.hookGraph == nil {
		at := s.host.Node().Hook
		s.hookGraph = s.p.set.HookGraph(at != nil && at.When == "on-run-end")
	}
	return s.hookGraph
}

// EmptyGraph is the graph of a project that has nothing in it yet.
func EmptyGraph() *template.Dict {
	d := template.NewDict()
	for _, name := range []string{"exposures", "functions", "groups", "metrics", "nodes", "sources", "semantic_models", "saved_queries", "unit_tests"} {
		_ = d.Set(name, template.NewDict())
	}
	return d
}

func (s *Scope) selected() template.Value {
	if s.p.set.SelectedResources == nil {
		return template.NewList()
	}
	return listOf(s.p.set.SelectedResources())
}

// hooks are the hooks of the node, by the config key that holds them.
func (s *Scope) hooks(key string) template.Value {
	if n := s.host.Node(); n != nil && n.Config != nil {
		return hooksValue(n.Config.Hooks(key))
	}
	return template.NewList()
}

func (s *Scope) compiled() template.Value {
	if n := s.host.Node(); n != nil && n.Compiled != nil {
		return n.Compiled.SQL
	}
	return nil
}

// ref is ref([package,] name, v=...).
func (s *Scope) ref(c *template.Call) (template.Value, error) {
	call := project.RefCall{Place: c.Place}
	for _, kw := range c.Kwargs {
		if kw.Name != "v" && kw.Name != "version" {
			return nil, template.TypeErrorf("ref() got an unexpected keyword argument '%s'", kw.Name)
		}
		if kw.Value != nil {
			call.Version = template.Str(kw.Value)
			_, call.VersionIsText = kw.Value.(string)
		}
	}
	args := c.Args
	if len(args) < 1 || len(args) > 2 {
		return nil, fmt.Errorf("ref() takes a name, or a package and a name, not %d arguments", len(args))
	}
	for i, v := range args {
		if _, ok := v.(string); !ok && (v != nil || i == len(args)-1) {
			return nil, fmt.Errorf("the name given to ref() must be a string, not %s", template.TypeName(v))
		}
	}
	call.Name = args[len(args)-1].(string)
	if len(args) == 2 {
		call.Package = stringOrEmpty(args[0])
	}
	rel, err := s.host.Ref(call)
	if err != nil {
		return nil, err
	}
	if host, ok := s.host.(FunctionHost); ok && host.IsFunction(call) {
		return s.p.relation(rel), nil // arguments follow, and what is read is read by it
	}
	return s.filtered(s.limited(s.p.relation(rel)), func(h EventTimeHost) EventTimeFilter { return h.RefTimes(call) }), nil
}

// limited makes a relation read no rows where --empty asks for that.
func (s *Scope) limited(r *Relation) *Relation {
	if s.host.Execute() && template.Truth(s.p.flag("EMPTY")) {
		r.limit = 0
	}
	return r
}

// source is source(source, table). Its quoting is the source's own affair: the
// project's does not count, as in dbt.
func (s *Scope) source(c *template.Call) (template.Value, error) {
	if len(c.Args) != 2 || len(c.Kwargs) > 0 {
		return nil, fmt.Errorf("source() takes the name of a source and of a table")
	}
	name, ok := c.Args[0].(string)
	table, ok2 := c.Args[1].(string)
	if !ok || !ok2 {
		return nil, fmt.Errorf("the names given to source() must be strings")
	}
	rel, expression, err := s.host.Source(project.SourceCall{Source: name, Table: table, Place: c.Place})
	if err != nil {
		return nil, err
	}
	return s.filtered(s.limited(NewSourceRelation(rel, expression)), func(h EventTimeHost) EventTimeFilter {
		return h.SourceTimes(project.SourceCall{Source: name, Table: table, Place: c.Place})
	}), nil
}

func (s *Scope) doc(c *template.Call) (template.Value, error) { return s.p.doc(c, s.pkg) }

// doc is doc([package,] name).
func (p *Project) doc(c *template.Call, pkg string) (template.Value, error) {
	if len(c.Args) < 1 || len(c.Args) > 2 {
		return nil, fmt.Errorf("doc() takes a name, or a package and a name")
	}
	name := template.Str(c.Args[len(c.Args)-1])
	if len(c.Args) == 2 {
		pkg = template.Str(c.Args[0])
	}
	if p.set.Doc != nil {
		if text, ok := p.set.Doc(pkg, name); ok {
			return text, nil
		}
	}
	d := diag.New(diag.UndefinedName, c.Place, "docs block %q does not exist", name)
	if p.set.DocNames != nil {
		if near := diag.Suggest(name, p.set.DocNames()); near != "" {
			return nil, d.WithHint("did you mean %q?", near)
		}
	}
	return nil, d.
		WithHint("write {%% docs %s %%}...{%% enddocs %%} in a .md file of the project", name)
}

// tryOrCompilerError is try_or_compiler_error(message, function, ...).
func tryOrCompilerError(c *template.Call) (template.Value, error) {
	if len(c.Args) < 2 {
		return nil, fmt.Errorf("try_or_compiler_error() takes a message and a function")
	}
	fn, ok := c.Args[1].(template.Callable)
	if !ok {
		return nil, template.TypeErrorf("'%s' object is not callable", template.TypeName(c.Args[1]))
	}
	v, err := fn.Call(&template.Call{Args: c.Args[2:], Kwargs: c.Kwargs, Place: c.Place, Thread: c.Thread})
	if err != nil && !errors.Is(err, ErrDeferred) {
		d := diag.New(diag.RaisedError, c.Place, "%s", template.Str(c.Args[0]))
		d.Err = err
		return nil, d
	}
	return v, err
}

// contextObject is context: every name, by attribute or by key. It can be written to, as a dict
// can: macros that are called later, and context itself, see what was written.
type contextObject struct{ s *Scope }

// TypeName is the Python type name.
func (contextObject) TypeName() string { return "dict" }

// Mapping is every name with its value.
func (o contextObject) Mapping() *template.Dict { return lookedUp(o.s.contextNames(), o.s.inContext) }

// Attr returns a method of dict.
func (o contextObject) Attr(name string) (template.Value, bool) {
	switch name {
	case "get":
		return bind(name, getFrom(o.s.inContext))
	case "update":
		return bind(name, o.update)
	case "setdefault":
		return bind(name, o.setDefault)
	case "pop":
		return bind(name, o.pop)
	case "keys", "items", "values", "copy":
		return o.Mapping().Method(name)
	}
	return nil, false
}

// update is dict.update.
func (o contextObject) update(c *template.Call) (template.Value, error) {
	given := template.NewDict()
	method, _ := given.Method("update")
	if _, err := method.(template.Callable).Call(c); err != nil {
		return nil, err
	}
	for _, item := range given.Items() {
		o.s.write(stringOrEmpty(item.Key), item.Value)
	}
	return nil, nil
}

// setDefault is dict.setdefault.
func (o contextObject) setDefault(c *template.Call) (template.Value, error) {
	var key, def template.Value
	if err := c.Unpack("setdefault", "key", &key, "default?", &def); err != nil {
		return nil, err
	}
	if v, ok := o.s.inContext(stringOrEmpty(key)); ok {
		return v, nil
	}
	o.s.write(stringOrEmpty(key), def)
	return def, nil
}

// pop is dict.pop.
func (o contextObject) pop(c *template.Call) (template.Value, error) {
	var key, def template.Value
	if err := c.Unpack("pop", "key", &key, "default?", &def); err != nil {
		return nil, err
	}
	v, ok := o.s.inContext(stringOrEmpty(key))
	switch {
	case ok:
		o.s.write(stringOrEmpty(key), removed{})
		return v, nil
	case len(c.Args)+len(c.Kwargs) < 2:
		return nil, fmt.Errorf("context has no %s", template.Repr(key))
	}
	return def, nil
}

// Index returns the value of a name.
func (o contextObject) Index(key template.Value) (template.Value, bool, error) {
	v, ok := o.s.inContext(stringOrEmpty(key))
	return v, ok, nil
}

// Iterate returns all names.
func (o contextObject) Iterate() ([]template.Value, error) {
	return listOf(o.s.contextNames()).Elems, nil
}

// Contains is name in context.
func (o contextObject) Contains(v template.Value) (bool, error) {
	_, ok := o.s.inContext(stringOrEmpty(v))
	return ok, nil
}

// getFrom is dict.get over a lookup.
func getFrom(lookup func(string) (template.Value, bool)) method {
	return func(c *template.Call) (template.Value, error) {
		var key, def template.Value
		if err := c.Unpack("get", "key", &key, "default?", &def); err != nil {
			return nil, err
		}
		if v, ok := lookup(stringOrEmpty(key)); ok {
			return v, nil
		}
		return def, nil
	}
}

// lookedUp is a dict of names.
func lookedUp(names []string, lookup func(string) (template.Value, bool)) *template.Dict {
	d := template.NewDict()
	for _, name := range names {
		if v, ok := lookup(name); ok {
			_ = d.Set(name, v)
		}
	}
	return d
}

// builtinsObject is builtins: the context's own names, macros aside, so that a
// macro named ref can call builtins.ref.
type builtinsObject struct{ s *Scope }

// TypeName is the Python type name.
func (builtinsObject) TypeName() string { return "dict" }

// Mapping is every name with its value.
func (o builtinsObject) Mapping() *template.Dict { return lookedUp(hostNames, o.s.builtin) }

// Attr returns a method of dict.
func (o builtinsObject) Attr(name string) (template.Value, bool) {
	switch name {
	case "get":
		return bind(name, getFrom(o.s.builtin))
	case "keys", "items", "values", "copy":
		return o.Mapping().Method(name)
	}
	return nil, false
}

// Index returns the value of a name.
func (o builtinsObject) Index(key template.Value) (template.Value, bool, error) {
	v, ok := o.s.builtin(stringOrEmpty(key))
	return v, ok, nil
}

// Contains is name in builtins.
func (o builtinsObject) Contains(v template.Value) (bool, error) {
	_, ok := o.s.builtin(stringOrEmpty(v))
	return ok, nil
}
