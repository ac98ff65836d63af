package template

// pos is a span of the source, in bytes.
type pos struct{ start, end int32 }

// expr is a parsed expression.
type expr interface {
	eval(f *frame) (Value, error)
	span() pos
}

type (
	constExpr struct {
		v   Value
		pos pos
	}
	// nameExpr is a name; where says what the resolver found.
	nameExpr struct {
		name string
		pos  pos
		ref  ref
	}
	listExpr struct {
		elems []expr
		pos   pos
	}
	tupleExpr struct {
		elems []expr
		pos   pos
	}
	dictExpr struct {
		pairs []expr // key, value, key, value, ...
		pos   pos
	}
	unaryExpr struct {
		op  string
		x   expr
		pos pos
	}
	notExpr struct {
		x   expr
		pos pos
	}
	binaryExpr struct {
		op   string
		a, b expr
	}
	logicExpr struct {
		or   bool
		a, b expr
	}
	concatExpr  struct{ parts []expr }
	compareExpr struct {
		first expr
		ops   []comparison
	}
	comparison struct {
		op string
		x  expr
	}
	condExpr struct {
		test, a, b expr // b may be nil
	}
	attrExpr struct {
		x    expr
		name string
		pos  pos
	}
	indexExpr struct {
		x, key expr
		pos    pos
	}
	sliceExpr struct {
		x                 expr // nil inside a tuple of subscripts
		start, stop, step expr // each may be nil
		pos               pos

		quiet, quietText bool // undefined instead of a TypeError: always, or where it is printed as text; see folder
	}
	callExpr struct {
		fn   expr
		args *callArgs // nil without arguments
		pos  pos
	}
	filterExpr struct {
		x    expr // nil for the text of a filter block
		name string
		fn   filterFunc // nil where no filter has the name
		args *callArgs
		pos  pos
	}
	testExpr struct {
		x    expr
		name string
		fn   testFunc
		args *callArgs
		pos  pos
	}
	// callArgs are the arguments of a call, a filter or a test.
	callArgs struct {
		args       []expr
		names      []string
		places     []pos // of names
		values     []expr
		star, kwds expr // *star, **kwds; each may be nil
	}
)

func (e *constExpr) span() pos   { return e.pos }
func (e *nameExpr) span() pos    { return e.pos }
func (e *listExpr) span() pos    { return e.pos }
func (e *tupleExpr) span() pos   { return e.pos }
func (e *dictExpr) span() pos    { return e.pos }
func (e *unaryExpr) span() pos   { return e.pos }
func (e *notExpr) span() pos     { return e.pos }
func (e *binaryExpr) span() pos  { return join(e.a, e.b) }
func (e *logicExpr) span() pos   { return join(e.a, e.b) }
func (e *concatExpr) span() pos  { return join(e.parts[0], e.parts[len(e.parts)-1]) }
func (e *compareExpr) span() pos { return join(e.first, e.ops[len(e.ops)-1].x) }
func (e *attrExpr) span() pos    { return e.pos }
func (e *indexExpr) span() pos   { return e.pos }
func (e *sliceExpr) span() pos   { return e.pos }
func (e *callExpr) span() pos    { return e.pos }
func (e *filterExpr) span() pos  { return e.pos }
func (e *testExpr) span() pos    { return e.pos }

func (e *condExpr) span() pos {
	if e.b == nil {
		return join(e.a, e.test)
	}
	return join(e.a, e.b)
}

func join(a, b expr) pos { return pos{a.span().start, b.span().end} }

// children calls visit for the direct parts of e, in the order in which Jinja visits
// them.
func children(e expr, visit func(expr)) {
	some := func(es ...expr) {
		for _, x := range es {
			if x != nil {
				visit(x)
			}
		}
	}
	switch x := e.(type) {
	case *listExpr:
		some(x.elems...)
	case *tupleExpr:
		some(x.elems...)
	case *dictExpr:
		some(x.pairs...)
	case *unaryExpr:
		visit(x.x)
	case *notExpr:
		visit(x.x)
	case *binaryExpr:
		some(x.a, x.b)
	case *logicExpr:
		some(x.a, x.b)
	case *concatExpr:
		some(x.parts...)
	case *compareExpr:
		visit(x.first)
		for _, op := range x.ops {
			visit(op.x)
		}
	case *condExpr:
		some(x.test, x.a, x.b)
	case *attrExpr:
		visit(x.x)
	case *indexExpr:
		some(x.x, x.key)
	case *sliceExpr:
		some(x.x, x.start, x.stop, x.step)
	case *callExpr:
		visit(x.fn)
		x.args.each(visit)
	case *filterExpr:
		some(x.x)
		x.args.each(visit)
	case *testExpr:
		visit(x.x)
		x.args.each(visit)
	}
}

func (a *callArgs) each(visit func(expr)) {
	if a == nil {
		return
	}
	for _, x := range a.args {
		visit(x)
	}
	for _, x := range a.values {
		visit(x)
	}
	if a.star != nil {
		visit(a.star)
	}
	if a.kwds != nil {
		visit(a.kwds)
	}
}

// target is what a value is assigned to: a name, an attribute of a namespace, or a
// tuple of targets.
type target struct {
	name  *nameExpr // the namespace, where attr is set
	attr  string
	tuple []target // where name is nil
	pos   pos
}

// The statements of a template, as a tree. Leaves are executed by us in runs;
// the others become tags of the document that pongo2 runs.
type (
	stmt interface{}

	textStmt struct {
		text string // line ends normalized
		pos  pos
	}
	printStmt struct {
		e expr
	}
	setStmt struct {
		target target
		e      expr
	}
	doStmt   struct{ e expr }
	loopCtrl struct {
		brk bool
		pos pos
	}
	ifStmt struct {
		clauses []ifClause
		els     []stmt
	}
	ifClause struct {
		cond expr
		body []stmt
	}
	forStmt struct {
		target    target
		iter      expr
		test      expr // may be nil
		body      []stmt
		els       []stmt
		hasElse   bool
		pos       pos
		with      bool // it is a with block: one round, without a loop variable
		recursive bool // the loop variable can be called

		loopSlot  int32 // of the loop variable, -1 where the body does not use it
		entry     []slotInit
		testEntry []slotInit
		elseEntry []slotInit
		testTo    target // the target, as the test sees it
	}
	setBlockStmt struct {
		target target
		filter *filterExpr // innermost filter last applied; nil without filter
		body   []stmt
		entry  []slotInit
	}
	filterStmt struct {
		filter *filterExpr
		body   []stmt
		pos    pos
		entry  []slotInit
	}
	callStmt struct {
		call *callExpr
		body *macroStmt // the block as a macro without a name
		pos  pos
	}
	macroStmt struct {
		kind   string // "macro", "call" or the kind of a [Block]
		name   string
		params []param
		body   []stmt
		pos    pos // of the opening tag
		self   ref // where the macro is stored

		slots                    int32 // number of slots of a call
		entry                    []slotInit
		varargs, kwargs, caller  int32 // slots, -1 where not used
		explicitCaller, isolated bool
	}
	param struct {
		name string
		def  expr // nil without default
		slot int32
		pos  pos
	}
)
