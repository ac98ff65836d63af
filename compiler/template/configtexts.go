package template

import (
	"slices"
	"strings"
)

// ConfigTexts are the arguments of the first config() call that is written in a template, by
// name, as texts: a string as it is, every other expression as it is written, with dbt's
// spacing. It is what dbt (since 1.12) compares of a config() call from one run to the next,
// since it does not change with what the expressions come to. It is nil where there is no
// such call, or where the call names no arguments.
//
// dbt reads the simplest templates without rendering them, and then keeps values: for these,
// which [Template.IsLiteral] tells, the caller has to do the same.
func (t *Template) ConfigTexts() *Dict {
	var first *callExpr
	find := callFinder{t: t, call: func(name string, call *callExpr) {
		if name == "config" && (first == nil || call.pos.start < first.pos.start) {
			first = call
		}
	}}
	find.all()
	if first == nil || first.args == nil || len(first.args.names) == 0 {
		return nil
	}
	out := NewDict()
	for i, name := range first.args.names {
		value := first.args.values[i]
		text := written(value)
		if c, ok := value.(*constExpr); ok {
			text = Str(c.v) // without quotes
		}
		_ = out.Set(name, text) // a text is always a key
	}
	return out
}

// written is an expression as dbt writes it down. One that dbt has no form for is Jinja's
// picture of it.
func written(e expr) string {
	switch x := e.(type) {
	case *constExpr:
		return Repr(x.v)
	case *nameExpr:
		return x.name
	case *callExpr:
		return written(x.fn) + "(" + writtenArgs(x.args) + ")"
	case *listExpr:
		return "[" + writtenAll(x.elems, ", ") + "]"
	case *tupleExpr:
		if len(x.elems) == 1 {
			return "(" + written(x.elems[0]) + ",)"
		}
		return "(" + writtenAll(x.elems, ", ") + ")"
	case *dictExpr:
		var pairs []string
		for pair := range slices.Chunk(x.pairs, 2) {
			pairs = append(pairs, written(pair[0])+": "+written(pair[1]))
		}
		return "{" + strings.Join(pairs, ", ") + "}"
	case *attrExpr:
		return written(x.x) + "." + x.name
	case *indexExpr:
		return written(x.x) + "[" + written(x.key) + "]"
	case *concatExpr:
		return writtenAll(x.parts, " ~ ")
	case *compareExpr:
		text := written(x.first)
		for _, op := range x.ops {
			text += " " + op.op + " " + written(op.x)
		}
		return text
	case *notExpr:
		return "not " + written(x.x)
	case *unaryExpr:
		if x.op == "-" {
			return "-" + written(x.x)
		}
	case *logicExpr:
		word := " and "
		if x.or {
			word = " or "
		}
		return written(x.a) + word + written(x.b)
	}
	return pictured(e)
}

func writtenAll(list []expr, between string) string {
	texts := make([]string, len(list))
	for i, e := range list {
		texts[i] = written(e)
	}
	return strings.Join(texts, between)
}

func writtenArgs(a *callArgs) string {
	if a == nil {
		return ""
	}
	var parts []string
	for _, e := range a.args {
		parts = append(parts, written(e))
	}
	for i, name := range a.names {
		parts = append(parts, name+"="+written(a.values[i]))
	}
	if a.star != nil {
		parts = append(parts, "*"+written(a.star))
	}
	if a.kwds != nil {
		parts = append(parts, "**"+written(a.kwds))
	}
	return strings.Join(parts, ", ")
}

// IsLiteral reports whether dbt reads a template without rendering it: nothing is in it but
// text and calls of ref(), source() and config() with literal texts, True and False, and
// lists and mappings of them (as its dbt_extractor has it).
func (t *Template) IsLiteral() bool {
	if t.prog != nil {
		return false
	}
	for _, s := range t.leaves {
		switch x := s.(type) {
		case *textStmt:
		case *printStmt:
			if !t.extractable(x.e) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

func (t *Template) extractable(e expr) bool {
	call, ok := e.(*callExpr)
	if !ok {
		return t.isLiteral(e) || isLiteralNumber(e)
	}
	name, ok := call.fn.(*nameExpr)
	if !ok || call.args == nil || call.args.star != nil || call.args.kwds != nil || t.trims(call.pos) {
		return false
	}
	args := call.args
	for _, e := range slices.Concat(args.args, args.values) {
		if !t.isLiteral(e) && !(name.name == "ref" && isLiteralNumber(e)) {
			return false
		}
	}
	switch name.name {
	case "ref":
		return (len(args.args) == 1 || len(args.args) == 2) &&
			!slices.ContainsFunc(args.names, func(key string) bool { return key != "v" && key != "version" })
	case "source":
		return len(args.args)+len(args.names) == 2
	case "config":
		return len(args.args) == 0 && len(args.names) > 0 &&
			!slices.ContainsFunc(args.names, func(key string) bool { return key == "pre_hook" || key == "post_hook" })
	}
	return false
}

// trims reports whether the tag around an expression takes white space away.
func (t *Template) trims(at pos) bool {
	before := strings.TrimRight(t.src.Text[:at.start], " \t\r\n")
	after := strings.TrimLeft(t.src.Text[at.end:], " \t\r\n")
	return !strings.HasSuffix(before, "{{") || !strings.HasPrefix(after, "}}")
}

// isLiteral reports whether an expression is a text, True or False, or a list or a mapping
// of such.
func (t *Template) isLiteral(e expr) bool {
	switch x := e.(type) {
	case *constExpr:
		switch x.v.(type) {
		case string:
			return true
		case bool:
			word := t.src.Text[x.pos.start:x.pos.end]
			return word == "True" || word == "False"
		}
	case *listExpr:
		return !slices.ContainsFunc(x.elems, func(e expr) bool { return !t.isLiteral(e) })
	case *dictExpr:
		return !slices.ContainsFunc(x.pairs, func(e expr) bool { return !t.isLiteral(e) })
	}
	return false
}

func isLiteralNumber(e expr) bool {
	c, ok := e.(*constExpr)
	if !ok {
		return false
	}
	_, isBool := c.v.(bool)
	return !isBool && isNumber(c.v)
}
