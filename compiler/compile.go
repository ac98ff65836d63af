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
	"elt/compiler/sqltoken"
	"elt/compiler/template"
)

// Compile renders the nodes named by ids with execute true and sets their Compiled,
// in parallel. Ephemeral parents are rendered too. A node that asks db something
// only a parent's build can answer gets Compiled.Deferred; [Plan.CompileNode] renders
// it again later. db may be nil: then queries of templates answer empty and no
// incremental model is incremental.
//
// It returns what is wrong with all of the nodes, not just the first.
func (p *Plan) Compile(ctx context.Context, db dbtcontext.Database, ids []string) diag.List {
	var diags diag.List
	ephemeral, rest := p.compileOrder(ids)
	for _, id := range ephemeral { // parents first: each may be injected into the next
		diags = append(diags, diag.From(p.CompileNode(ctx, db, id), diag.TemplateError)...)
	}
	if diags.HasErrors() {
		return diags.Sorted()
	}
	var mu sync.Mutex
	forEach(rest, func(id string) {
		if err := p.CompileNode(ctx, db, id); err != nil {
			mu.Lock()
			defer mu.Unlock()
			diags = append(diags, diag.From(err, diag.TemplateError)...)
		}
	})
	return diags.Sorted()
}

// compileOrder splits ids into their ephemeral nodes (with all ephemeral ancestors,
// parents first) and the others.
func (p *Plan) compileOrder(ids []string) (ephemeral, rest []string) {
	wanted := map[string]bool{}
	for _, id := range ids {
		if node := p.Nodes[id]; node == nil || node.IsEphemeral() {
			continue
		}
		rest = append(rest, id)
	}
	if !p.hasEphemeral {
		return nil, rest
	}
	for id := range p.Graph.Ancestors(ids, -1) {
		wanted[id] = true
	}
	for _, id := range ids {
		wanted[id] = true
	}
	for _, id := range p.Order {
		if wanted[id] && p.Nodes[id].IsEphemeral() {
			ephemeral = append(ephemeral, id)
		}
	}
	return ephemeral, rest
}

// CompileNode renders one node with execute true and sets its Compiled. Nodes that
// have no SQL are left alone. An ephemeral parent that was deferred is rendered
// again. Only one goroutine may compile a node at a time.
func (p *Plan) CompileNode(ctx context.Context, db dbtcontext.Database, id string) error {
	node := p.Nodes[id]
	if node == nil || node.Template == nil {
		return nil
	}
	host := &compileHost{ctx: ctx, plan: p, node: node, pkg: node.Package, db: db, this: node.Relation}
	compiled, err := p.render(ctx, host, node)
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
		if d.Place.IsZero() {
			d.Place = node.Place
		}
	}
	return list
}

func (p *Plan) render(ctx context.Context, host *compileHost, node *project.Node) (*project.Compiled, error) {
	how := pass{ctx: ctx}
	scope := p.dbt.Scope(host, node.Package)
	compiled := &project.Compiled{}
	if node.Type == project.Test && node.Test.Generic != "" {
		kwargs, err := p.testKwargs(how, scope, node)
		if err != nil {
			return nil, err
		}
		compiled.Kwargs = kwargs
		scope = scope.With(kwargsName, kwargs)
	}
	out, err := p.renderTemplate(how, scope, node)
	if err != nil {
		return nil, err
	}
	text, origin, err := p.resolvePlainNames(host, out.Text, out.Map)
	if err != nil {
		return nil, err
	}
	if node.IsEphemeral() {
		compiled.Own, compiled.OwnMap = text, origin
	}
	compiled.CTEs = p.allCTEs(host.ctes)
	compiled.SQL, compiled.Map, err = p.injectCTEs(ctx, host.db, text, origin, compiled.CTEs)
	if err != nil {
		return nil, err
	}
	if node.Type == project.Model || node.Type == project.Seed || node.Type == project.Snapshot {
		if compiled.PreHooks, err = p.renderHooks(how, scope, node, "pre_hook"); err != nil {
			return nil, err
		}
		compiled.PostHooks, err = p.renderHooks(how, scope, node, "post_hook")
	}
	return compiled, err
}

func (p *Plan) renderTemplate(how pass, scope template.Scope, node *project.Node) (template.Output, error) {
	if node.Block != nil {
		return node.Block.RenderBody(how.thread(), scope)
	}
	return node.Template.Render(how.thread(), scope)
}

// kwargsName is dbt's hidden name for the arguments of a generic test.
const kwargsName = "_dbt_generic_test_kwargs"

// allCTEs returns the ephemeral nodes to inject for direct ephemeral parents: each
// one's own first, as dbt orders them.
func (p *Plan) allCTEs(direct []string) []string {
	var all []string
	for _, id := range direct {
		if c := p.Nodes[id].Compiled; c != nil {
			for _, parent := range c.CTEs {
				if !slices.Contains(all, parent) {
					all = append(all, parent)
				}
			}
		}
		if !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	return all
}

// injectCTEs puts ephemeral models in front of a query as dbt does: into its WITH
// clause where it has one, else with a WITH of their own.
func (p *Plan) injectCTEs(ctx context.Context, db dbtcontext.Database, sql string, origin project.Origin, ids []string) (string, project.Origin, error) {
	if len(ids) == 0 {
		return sql, origin, nil
	}
	var ctes stitch
	for i, id := range ids {
		parent := p.Nodes[id]
		if parent.Compiled == nil || parent.Compiled.Deferred {
			if err := p.CompileNode(ctx, db, id); err != nil {
				return "", nil, err
			}
			if parent.Compiled.Deferred {
				return "", nil, dbtcontext.ErrDeferred
			}
		}
		if i > 0 {
			ctes.insert(", ", diag.Place{})
		}
		ctes.insert(" "+ctePrefix+parent.Relation.Identifier+" as (\n", parent.Place)
		ctes.copy(parent.Compiled.Own, 0, len(parent.Compiled.Own), parent.Compiled.OwnMap)
		ctes.insert("\n)", parent.Place)
	}
	cteText, cteMap := ctes.done()

	at, hasWith, _ := sqltoken.CTEInsertPoint(sql)
	var out stitch
	out.copy(sql, 0, at, origin)
	if !hasWith {
		out.insert("with", diag.Place{})
	}
	out.copy(cteText, 0, len(cteText), cteMap)
	if hasWith {
		out.insert(", ", diag.Place{})
	} else {
		out.insert(" ", diag.Place{})
	}
	out.copy(sql, at, len(sql), origin)
	text, m := out.done()
	return text, m, nil
}

// forEach runs work for each id on all cores.
func forEach[T any](items []T, work func(T)) {
	workers := min(runtime.GOMAXPROCS(0), len(items))
	if workers <= 1 {
		for _, item := range items {
			work(item)
		}
		return
	}
	const batch = 16
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
