package duckdb

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"

	"elt/compiler/project"
	"elt/runner/engine"
)

// Parser finds the tables that a query reads, by DuckDB's own parser. The zero Parser
// is ready: it opens a database in memory when it is first used. It is safe for
// concurrent use. Close gives the memory back.
type Parser struct {
	mu     sync.Mutex
	db     *DB
	idle   []*Session
	slots  chan struct{} // one for each session that may exist
	closed bool
}

// TableRef is a table name in a query.
type TableRef struct {
	Catalog, Schema, Name string
	Start, End            int  // byte offsets of the whole dotted name
	Aliased               bool // an alias follows
}

// TableRefs returns every table name a SELECT reads, in the order of the text. A name
// that means a CTE is not returned, nor is a file in quotes ('x.csv'). What does not
// parse, and what is not one SELECT, gives an [*engine.Error] with its position. PIVOT
// without IN is not one SELECT to DuckDB; it is parsed as if it had one.
func (p *Parser) TableRefs(sql string) ([]TableRef, error) {
	session, err := p.take()
	if err != nil {
		return nil, err
	}
	defer p.give(session)
	edits := edited{sql: sql}
	root, err := serialize(session, sql)
	if err != nil && isNotSelect(err) {
		edits = fillPivots(sql)
		if edits.sql == sql {
			return nil, err
		}
		root, err = serialize(session, edits.sql)
		if err != nil {
			return nil, notSelect(sql)
		}
	}
	if err != nil {
		return nil, err
	}
	w := &walker{sql: edits.sql, tokens: lex(edits.sql)}
	w.walk(root, nil)
	refs := w.refs
	for i := range refs {
		refs[i].Start, refs[i].End = edits.origin(refs[i].Start), edits.origin(refs[i].End)
	}
	sort.Slice(refs, func(i, j int) bool { return refs[i].Start < refs[j].Start })
	return refs, nil
}

// Close closes the parser's database. It must not be in use.
func (p *Parser) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if p.db == nil {
		return nil
	}
	p.idle = nil
	return p.db.Close()
}

// take returns a session of the pool, waiting for one where all are in use.
func (p *Parser) take() (*Session, error) {
	p.mu.Lock()
	if p.db == nil && !p.closed {
		db, err := Open(context.Background(), Options{Threads: 1})
		if err != nil {
			p.mu.Unlock()
			return nil, err
		}
		p.db, p.slots = db, make(chan struct{}, runtime.GOMAXPROCS(0))
	}
	closed := p.closed
	p.mu.Unlock()
	if closed {
		return nil, ErrClosed
	}
	p.slots <- struct{}{}
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.idle); n > 0 {
		session := p.idle[n-1]
		p.idle = p.idle[:n-1]
		return session, nil
	}
	session, err := p.db.open(context.Background())
	if err != nil {
		<-p.slots
	}
	return session, err
}

func (p *Parser) give(session *Session) {
	p.mu.Lock()
	p.idle = append(p.idle, session)
	p.mu.Unlock()
	<-p.slots
}

// serialize asks DuckDB for the syntax tree of a single SELECT.
func serialize(session *Session, sql string) (any, error) {
	table, err := session.Query(context.Background(), "SELECT json_serialize_sql("+project.QuoteString(sql)+")")
	if err != nil {
		return nil, err
	}
	text, _ := table.Rows[0][0].(string)
	var answer struct {
		Error      bool   `json:"error"`
		Type       string `json:"error_type"`
		Message    string `json:"error_message"`
		Subtype    string `json:"error_subtype"`
		Position   string `json:"position"`
		Statements []any  `json:"statements"`
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&answer); err != nil {
		return nil, fmt.Errorf("duckdb: syntax tree: %w", err)
	}
	if answer.Error && answer.Type == "parser" {
		e := &engine.Error{Kind: engine.Parser, Message: answer.Message, Subtype: answer.Subtype, SQL: sql, Position: -1}
		if position, err := strconv.Atoi(answer.Position); err == nil {
			e.Position = placeIn(e, position, e.Message)
		}
		reword(e)
		e.Hint = cmp.Or(e.Hint, writtenHint(e))
		return nil, e
	}
	if answer.Error || len(answer.Statements) != 1 {
		return nil, notSelect(sql)
	}
	return answer.Statements[0], nil
}

// notSelectMessage tells the error of [notSelect] from a syntax error.
const notSelectMessage = "this is not one SELECT statement"

func notSelect(sql string) error {
	return &engine.Error{Kind: engine.Parser, Message: notSelectMessage, SQL: sql, Position: -1}
}

func isNotSelect(err error) bool {
	e, ok := err.(*engine.Error)
	return ok && e.Message == notSelectMessage
}
