// Package check turns data tests into statements and their results into outcomes,
// with dbt's numbers and dbt's words.
//
// [Statement] wraps the query of one test as dbt does; [Check.Outcome] says what the
// one row it returns means; [SampleSQL] shows the first failing rows. [Fuse] groups
// simple tests of one relation so that one scan answers all of them; a test that the
// scan does not clear is run by itself afterwards, so that every test is reported
// with the numbers of its own statement.
//
// Nothing is executed here. Start reading at [Statement].
package check

import (
	"fmt"
	"strings"

	"elt/compiler/diag"
	"elt/compiler/project"
	"elt/compiler/sqltoken"
)

// Options are what a test's statement depends on beside the test.
type Options struct {
	// StoreFailures is --store-failures: what a test's own config does not say.
	StoreFailures bool
	// Store names the schema failures are stored in, for a test that stores them and
	// has no Relation of its own; dbt's schema is "<target schema>_dbt_test__audit". Its
	// identifier is not looked at: that is the test's alias.
	Store project.Relation
	// Existing is the type ("table", "view") of what exists now under the name of the
	// stored failures, or "". See [StoredRelation].
	Existing string
}

// Check is a data test ready to run.
type Check struct {
	Node   string // unique_id
	Config Config
	// Prepare are the statements that store the failing rows as a table; empty where
	// they are not. Each is committed by itself.
	Prepare []string
	// SQL returns one row: failures, should_warn, should_error.
	SQL string
	// Query is the byte offset at which the test's compiled query begins, in the last
	// statement of Prepare where there is one, else in SQL.
	Query int
	// Stored is the relation that holds, or shows, the failing rows; zero where they
	// are not stored.
	Stored project.Relation
	// AfterPublish are the statements that make Stored where it is a view. They run
	// after the publish and with published names as they are, because a view must not
	// name what exists during the run only.
	AfterPublish []string
}

// StoredRelation is where the failing rows of a test go; ok is false where they are
// not stored.
func StoredRelation(node *project.Node, opts Options) (rel project.Relation, ok bool) {
	config, _ := ConfigOf(node)
	if !config.stores(opts) {
		return project.Relation{}, false
	}
	return storeRelation(node, config, opts), true
}

// Statement returns what runs a data test. Diagnostics are about the test's config.
func Statement(node *project.Node, opts Options) (Check, diag.List) {
	c, problems := Inline(node)
	config := c.Config
	if !config.stores(opts) {
		return c, problems
	}
	limited := limitedQuery(node, config)
	c.Stored = storeRelation(node, config, opts)
	create := fmt.Sprintf("create %s %s as (\n", c.Stored.Type, c.Stored)
	statements := []string{fmt.Sprintf("create schema if not exists %s", schemaOf(c.Stored))}
	if opts.Existing != "" {
		statements = append(statements, fmt.Sprintf("drop %s if exists %s", opts.Existing, c.Stored))
	}
	statements = append(statements, create+limited+"\n)")
	if c.Stored.Type == "view" {
		c.AfterPublish = statements
		return c, problems
	}
	c.Prepare, c.Query = statements, len(create)
	c.SQL = config.count("select * from " + c.Stored.String())
	return c, problems
}

// Inline is [Statement] of a test whose failing rows are stored nowhere, whatever its
// config says.
func Inline(node *project.Node) (Check, diag.List) {
	config, problems := ConfigOf(node)
	c := Check{Node: node.UniqueID, Config: config}
	limited := limitedQuery(node, config)
	c.SQL = config.count(limited)
	c.Query = len(config.countHead())
	return c, problems
}

// count is the query that counts what a test's query finds.
func (c Config) count(query string) string {
	return c.countHead() + query + "\n) dbt_internal_test"
}

func (c Config) countHead() string {
	return fmt.Sprintf("select\n  %[1]s as failures,\n  %[1]s %[2]s as should_warn,\n  %[1]s %[3]s as should_error\nfrom (\n",
		c.FailCalc, c.WarnIf, c.ErrorIf)
}

// limitedQuery is the test's rendered query with its limit.
func limitedQuery(node *project.Node, config Config) string {
	query := trimQuery(compiledSQL(node))
	if config.Limit < 0 {
		return query
	}
	return fmt.Sprintf("%s\nlimit %d", query, config.Limit)
}

// compiledSQL is the test's rendered query.
func compiledSQL(node *project.Node) string {
	if node.Compiled == nil {
		return ""
	}
	return node.Compiled.SQL
}

// trimQuery removes semicolons and comments behind a query; its beginning stays as it
// is, so that offsets do.
func trimQuery(query string) string { return sqltoken.StripTrailing(query) }

// schemaOf names the schema of a relation.
func schemaOf(rel project.Relation) string {
	if rel.Database == "" {
		return project.QuoteIdent(rel.Schema)
	}
	return project.QuoteIdent(rel.Database) + "." + project.QuoteIdent(rel.Schema)
}

// storeRelation is where the failing rows of a test go. Of tests that have one name, each
// has a table of its own; under dbt the last would overwrite the others.
func storeRelation(node *project.Node, config Config, opts Options) project.Relation {
	rel := node.Relation
	if rel.Identifier == "" {
		rel = opts.Store
		rel.Identifier = node.Config.String("alias", node.Name)
	}
	if _, named := node.Config.Get("alias"); !named && node.Test != nil && node.Test.Twin {
		rel.Identifier += node.UniqueID[strings.LastIndex(node.UniqueID, "."):] // told apart as its unique_id is
		rel.Identifier = strings.ReplaceAll(rel.Identifier, ".", "_")
	}
	rel.Type = config.StoreAs
	return rel
}
