package template

import "elt/compiler/diag"

// PairPlaces returns where the pairs of a dict stand that is written out as the first argument,
// each from its key to the end of its value; nil where none is.
func (c *Call) PairPlaces() []diag.Place {
	d := c.writtenDict()
	if d == nil {
		return nil
	}
	out := make([]diag.Place, 0, len(d.pairs)/2)
	for i := 0; i+1 < len(d.pairs); i += 2 {
		out = append(out, c.placeOf(pos{d.pairs[i].span().start, d.pairs[i+1].span().end}))
	}
	return out
}

// PairElements returns where the elements of a list stand that is written out as the value of a
// pair of the dict that [Call.PairPlaces] tells of; nil where none is.
func (c *Call) PairElements(pair int) []diag.Place {
	if d := c.writtenDict(); d != nil && 2*pair+1 < len(d.pairs) {
		return c.elements(d.pairs[2*pair+1])
	}
	return nil
}

// KwargElements returns where the elements of a list stand that is written out as the value of a
// keyword argument; nil where none is.
func (c *Call) KwargElements(kwarg int) []diag.Place {
	if c.text != nil && kwarg < len(c.text.values) {
		return c.elements(c.text.values[kwarg])
	}
	return nil
}

func (c *Call) writtenDict() *dictExpr {
	if c.text == nil || len(c.text.args) == 0 {
		return nil
	}
	d, _ := c.text.args[0].(*dictExpr)
	return d
}

func (c *Call) elements(e expr) []diag.Place {
	list, ok := e.(*listExpr)
	if !ok {
		return nil
	}
	out := make([]diag.Place, len(list.elems))
	for i, elem := range list.elems {
		out[i] = c.placeOf(elem.span())
	}
	return out
}

func (c *Call) placeOf(at pos) diag.Place {
	return diag.Place{Source: c.Place.Source, Span: diag.Span{Start: int(at.start), End: int(at.end)}}
}
