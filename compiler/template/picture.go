package template

import (
	"slices"
	"strings"
)

// operatorNode is Jinja's name of the node that an operator makes.
func operatorNode(op string) string {
	switch op {
	case "+":
		return "Add"
	case "-":
		return "Sub"
	case "*":
		return "Mul"
	case "/":
		return "Div"
	case "//":
		return "FloorDiv"
	case "%":
		return "Mod"
	case "**":
		return "Pow"
	}
	return op
}

// comparisonNode is Jinja's name of a comparison.
func comparisonNode(op string) string {
	switch op {
	case "==":
		return "eq"
	case "!=":
		return "ne"
	case ">":
		return "gt"
	case ">=":
		return "gteq"
	case "<":
		return "lt"
	case "<=":
		return "lteq"
	case "not in":
		return "notin"
	}
	return op
}

// pictured is an expression as Python's repr() shows Jinja's tree of it.
func pictured(e expr) string {
	switch x := e.(type) {
	case nil:
		return "None"
	case *constExpr:
		return node("Const", "value", Repr(x.v))
	case *nameExpr:
		return node("Name", "name", Repr(x.name), "ctx", "'load'")
	case *listExpr:
		return node("List", "items", picturedAll(x.elems))
	case *tupleExpr:
		return node("Tuple", "items", picturedAll(x.elems), "ctx", "'load'")
	case *dictExpr:
		var pairs []string
		for pair := range slices.Chunk(x.pairs, 2) {
			pairs = append(pairs, node("Pair", "key", pictured(pair[0]), "value", pictured(pair[1])))
		}
		return node("Dict", "items", "["+strings.Join(pairs, ", ")+"]")
	case *attrExpr:
		return node("Getattr", "node", pictured(x.x), "attr", Repr(x.name), "ctx", "'load'")
	case *indexExpr:
		return node("Getitem", "node", pictured(x.x), "arg", pictured(x.key), "ctx", "'load'")
	case *sliceExpr:
		slice := node("Slice", "start", pictured(x.start), "stop", pictured(x.stop), "step", pictured(x.step))
		if x.x == nil {
			return slice
		}
		return node("Getitem", "node", pictured(x.x), "arg", slice, "ctx", "'load'")
	case *callExpr:
		return node("Call", append([]string{"node", pictured(x.fn)}, picturedArgs(x.args)...)...)
	case *filterExpr:
		return node("Filter", append([]string{"node", pictured(x.x), "name", Repr(x.name)}, picturedArgs(x.args)...)...)
	case *testExpr:
		return node("Test", append([]string{"node", pictured(x.x), "name", Repr(x.name)}, picturedArgs(x.args)...)...)
	}
	return picturedOperator(e)
}

func picturedOperator(e expr) string {
	switch x := e.(type) {
	case *unaryExpr:
		if x.op == "+" {
			return node("Pos", "node", pictured(x.x))
		}
		return node("Neg", "node", pictured(x.x))
	case *notExpr:
		return node("Not", "node", pictured(x.x))
	case *binaryExpr:
		return node(operatorNode(x.op), "left", pictured(x.a), "right", pictured(x.b))
	case *logicExpr:
		name := "And"
		if x.or {
			name = "Or"
		}
		return node(name, "left", pictured(x.a), "right", pictured(x.b))
	case *concatExpr:
		return node("Concat", "nodes", picturedAll(x.parts))
	case *compareExpr:
		var ops []string
		for _, op := range x.ops {
			ops = append(ops, node("Operand", "op", Repr(comparisonNode(op.op)), "expr", pictured(op.x)))
		}
		return node("Compare", "expr", pictured(x.first), "ops", "["+strings.Join(ops, ", ")+"]")
	case *condExpr:
		return node("CondExpr", "test", pictured(x.test), "expr1", pictured(x.a), "expr2", pictured(x.b))
	}
	return ""
}

// node is a node of Jinja's tree with its fields: names and pictures in turn.
func node(name string, fields ...string) string {
	var parts []string
	for field := range slices.Chunk(fields, 2) {
		parts = append(parts, field[0]+"="+field[1])
	}
	return name + "(" + strings.Join(parts, ", ") + ")"
}

func picturedAll(list []expr) string {
	parts := make([]string, len(list))
	for i, e := range list {
		parts[i] = pictured(e)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func picturedArgs(a *callArgs) []string {
	if a == nil {
		return []string{"args", "[]", "kwargs", "[]", "dyn_args", "None", "dyn_kwargs", "None"}
	}
	var named []string
	for i, name := range a.names {
		named = append(named, node("Keyword", "key", Repr(name), "value", pictured(a.values[i])))
	}
	return []string{"args", picturedAll(a.args), "kwargs", "[" + strings.Join(named, ", ") + "]",
		"dyn_args", pictured(a.star), "dyn_kwargs", pictured(a.kwds)}
}
