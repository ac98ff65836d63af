package compiler

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"

	"elt/compiler/dbtcontext"
	"elt/compiler/diag"
	"elt/compiler/project"
)

// Compile renders the nodes named by ids with execute true and sets their Compiled,
// in parallel. Ephemeral parents are rendered too. A node that asks db something
// only a parent's build can answer gets Compiled.Deferred; [Plan.CompileNode] renders
// it again later. db may be nil: then queries of templates answer empty and no
// incremental model is incremental.
//
// It returns what is wrong with all of the nodes, not just the first; a node that only
// suffers from an ephemeral parent's mistake is left out.
func (p *Plan) Compile(ctx context.Context, db dbtcontext.Database, ids []string) diag.List {
	var mu sync.Mutex
	var diags diag.List
	failed := map[string]bool{}
	compile := func(id string) {
		if ctx.Err() != nil || p.readsFailed(id, failed) {
			return
		}
		if err := p.CompileNode(ctx, db, id); err != nil {
			mu.Lock()
			defer mu.Unlock()
			diags = append(diags, diag.From(err, diag.TemplateError)...)
			if p.Nodes[id].IsEphemeral() {
				failed[id] = true
			}
		}
	}
	ephemeral, rest := p.compileOrder(ids)
	for _, id := range ephemeral { // parents first: each may be injected into the next
		compile(id)
	}
	forEach(rest, compile)
	if err := ctx.Err(); err != nil {
		diags = append(diags, &diag.Diagnostic{Code: diag.TemplateError, Message: "compiling was stopped", Err: err})
	}
	return diags.Sorted()
}

// readsFailed reports whether a node has an ephemeral ancestor that could not be
// compiled and would be injected into it. failed is not written while nodes that are
// not ephemeral are compiled.
func (p *Plan) readsFailed(id string, failed map[string]bool) bool {
	if len(failed) == 0 || p.Nodes[id] == nil {
		return false
	}
	return slices.ContainsFunc(p.Nodes[id].DependsOn, func(parent string) bool {
		return failed[parent] || p.Nodes[parent].IsEphemeral() && p.readsFailed(parent, failed)
	})
}

// compileOrder splits ids into their ephemeral nodes (with all ephemeral ancestors,
// parents first) and the others.
func (p *Plan) compileOrder(ids []string) (ephemeral, rest []string) {
	chosen := map[string]bool{}
	for _, id := range ids {
		switch node := p.Nodes[id]; {
		case node == nil:
		case node.IsEphemeral():
			chosen[id] = true
		default:
			rest = append(rest, id)
		}
	}
	if !p.hasEphemeral {
		return nil, rest
	}
	ancestors := p.Graph.Ancestors(ids, -1)
	for _, id := range p.Order {
		if chosen[id] || p.Nodes[id].IsEphemeral() && ancestors.Has(id) {
			ephemeral = append(ephemeral, id)
		}
	}
	return ephemeral, rest
}

// CompileNode renders one node with execute true and sets its Compiled. Nodes that
// have no SQL are left alone, unless they have hooks, as a seed may. An ephemeral parent that was deferred is
// rendered again. Only one goroutine may compile a node at a time.
func (p *Plan) CompileNode(ctx context.Context, db dbtcontext.Database, id string) error {
	node := p.Nodes[id]
	if node == nil {
		return nil
	}
	if node.IsEphemeral() {
		p.ephemeral.Lock()
		defer p.ephemeral.Unlock()
	}
	return p.compileNode(ctx, db, node)
}

// compileNode is CompileNode; of an ephemeral node, with the lock held.
func (p *Plan) compileNode(ctx context.Context, db dbtcontext.Database, node *project.Node) error {
	if node.Template == nil && !hasHooks(node) {
		return nil
	}
	host := &compileHost{
		ctx: ctx, plan: p, node: node, pkg: node.Package, db: db, this: node.Relation,
		locked: node.IsEphemeral(),
	}
	compiled, err := p.compiled(host, node)
	if host.called != nil {
		node.LateMacros = host.called
	}
	if errors.Is(err, dbtcontext.ErrDeferred) {
		node.Compiled = &project.Compiled{Deferred: true, Map: wholeMap(node.Place)}
		return nil
	}
	if err != nil {
		return named(err, node)
	}
	node.Compiled = compiled
	return nil
}

// named puts the node's id on the diagnostics of an error.
func named(err error, node *project.Node) error {
	list := diag.From(err, diag.TemplateError)
	for _, d := range list {
		if d.Node == "" {
			d.Node = node.UniqueID
		}
		d.Place = placeIn(d.Place, node.Place)
	}
	return list
}

func (p *Plan) compiled(host *compileHost, node *project.Node) (*project.Compiled, error) {
	looks := host.looks()
	if host.batch == nil {
		host.batch, host.whole = exampleBatch(node), true
	}
	how := pass{ctx: host.ctx}
	scope := p.dbt.Scope(host, node.Package)
	if looks {
		scope.Quiet()
	}
	compiled := &project.Compiled{Map: wholeMap(node.Place)}
	if named, ok := host.db.(dbtcontext.HookNames); ok && node.Type == project.Operation {
		for name, value := range named.HookNames() {
			scope.With(name, value)
		}
	}
	if node.Template != nil && !node.IsPython() {
		err := p.compileQuery(how, host, scope, compiled)
		if !looks && !errors.Is(err, dbtcontext.ErrDeferred) {
			host.called = scope.Called()
		}
		if err != nil {
			return nil, err
		}
	}
	if node.Type == project.Model && node.Materialized() == external {
		if err := p.externalParts(how, host, scope, compiled); err != nil {
			return nil, err
		}
	}
	if node.Type == project.Snapshot {
		if err := p.snapshotParts(how, host, scope, compiled); err != nil {
			return nil, err
		}
	}
	if looks {
		return compiled, host.err // hooks are those of the form that runs
	}
	var err error
	if compiled.PreHooks, err = p.renderHooks(how, host, scope, node, "pre_hook"); err != nil {
		return nil, err
	}
	if compiled.PostHooks, err = p.renderHooks(how, host, scope, node, "post_hook"); err != nil {
		return nil, err
	}
	return compiled, host.err
}

// compileQuery renders the query of a node.
func (p *Plan) compileQuery(how pass, host *compileHost, scope *dbtcontext.Scope, compiled *project.Compiled) error {
	node := host.node
	if isGeneric(node) {
		kwargs, err := p.testKwargs(how, scope, node)
		if err != nil {
			return err
		}
		compiled.Kwargs = kwargs
		scope = scope.With(kwargsName, kwargs)
	}
	query, err := renderTemplate(how, scope, node)
	if err == nil {
		err = host.err
	}
	if err == nil {
		query, err = p.resolvePlainNames(host, query)
	}
	if err != nil {
		return err
	}
	if node.IsEphemeral() {
		compiled.Own, compiled.OwnMap = query.text, query.origin
	}
	query, compiled.CTEs, err = p.injectCTEs(host, query)
	compiled.SQL, compiled.Map = query.text, query.origin
	return err
}

// kwargsName is dbt's hidden name for the arguments of a generic test.
const kwargsName = "_dbt_generic_test_kwargs"

// forEach runs work for each id on all cores.
func forEach[T any](items []T, work func(T)) {
	workers := min(runtime.GOMAXPROCS(0), len(items))
	if workers <= 1 {
		for _, item := range items {
			work(item)
		}
		return
	}
	const most = 16 // few channel operations, and no worker idle while another has much left
	batch := min(most, max(1, len(items)/(4*workers)))
	next := make(chan []T, workers)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for some := range next {
				for _, item := range some {
					work(item)
				}
			}
		})
	}
	for len(items) > 0 {
		n := min(batch, len(items))
		next <- items[:n]
		items = items[n:]
	}
	close(next)
	wg.Wait()
}
