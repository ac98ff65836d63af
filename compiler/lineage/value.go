package lineage

import "strings"

// value is what is known about one column or expression.
type value struct {
	uses uses
	// parts are what a struct or a list was made of, as long as that is known: the fields
	// by their names in lower case, the elements of a list under element. So the field of
	// a struct comes from what was put into it and not from its neighbours.
	parts map[string]value
	// outer is the number of the join that a correlated column was handed down by, or 0.
	// DuckDB adds such columns to groups, windows and conditions when it takes subqueries
	// apart; these additions are no part of the query.
	outer int
	// fixed is a list whose length is written in the query.
	fixed bool
}

// element names the elements of a list; no field of a struct can be called so.
const element = "\x00[]"

// position names the field of a struct without names.
func position(number string) string { return "\x00" + number }

// over applies a change to a value and what it is made of.
func (v value) over(change func(uses) uses) value {
	out := value{uses: change(v.uses)}
	if v.parts != nil {
		out.parts = make(map[string]value, len(v.parts))
		for name, part := range v.parts {
			out.parts[name] = part.over(change)
		}
	}
	return out
}

// transformed is a value computed from v.
func (v value) transformed() value {
	return value{uses: v.uses.raised(transformed)}
}

// adding is v with further uses, also in its parts.
func (v value) adding(more uses) value {
	if len(more) == 0 {
		return v
	}
	return v.over(func(u uses) uses { return u.with(more) })
}

// or is a value that comes from either.
func (v value) or(other value) value {
	out := value{uses: v.uses.with(other.uses)}
	if v.outer == other.outer {
		out.outer = v.outer
	}
	if len(v.parts) == len(other.parts) && len(v.parts) > 0 {
		out.parts = map[string]value{}
		for name, part := range v.parts {
			other, ok := other.parts[name]
			if !ok {
				out.parts = nil
				break
			}
			out.parts[name] = part.or(other)
		}
	}
	return out
}

// part is a field or the elements of a value: what was put there where that is known,
// else something computed from the whole.
func (v value) part(name string) value {
	if part, ok := v.parts[strings.ToLower(name)]; ok {
		return part
	}
	return v.transformed()
}

func merge(values []value) uses {
	var all uses
	for _, v := range values {
		all = all.with(v.uses)
	}
	return all
}
