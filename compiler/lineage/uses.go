package lineage

// level says how a value uses a column. Higher wins.
type level uint8

const (
	rowsOnly level = iota // the column decides rows
	passed
	transformed
	aggregated
)

// roles are parts of a query, as bits in the order of the Via constants.
type roles uint8

const (
	asValue roles = 1 << iota
	asCondition
	asWindow
	asSort
	asFilter
	asJoin
	asGroup
)

var roleNames = [...]Via{ViaValue, ViaCondition, ViaWindow, ViaSort, ViaFilter, ViaJoin, ViaGroup}

// use is one source column and how it is used.
type use struct {
	column int // index into walker.columns
	level  level
	roles  roles
}

func (u use) kind() Kind {
	return [...]Kind{Indirect, Passthrough, Transformed, Aggregated}[u.level]
}

func (u use) via() []Via {
	var via []Via
	for i, name := range roleNames {
		if u.roles&(1<<i) != 0 {
			via = append(via, name)
		}
	}
	return via
}

// uses is a set of uses, ordered by column. It is never changed in place, so that values
// can share it.
type uses []use

// with is the union of two sets: of a column in both, the higher level and all roles.
func (a uses) with(b uses) uses {
	if len(a) == 0 {
		return b
	}
	if len(b) == 0 || &a[0] == &b[0] && len(a) == len(b) {
		return a
	}
	merged := make(uses, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch x, y := a[0], b[0]; {
		case x.column < y.column:
			merged, a = append(merged, x), a[1:]
		case x.column > y.column:
			merged, b = append(merged, y), b[1:]
		default:
			merged = append(merged, use{x.column, max(x.level, y.level), x.roles | y.roles})
			a, b = a[1:], b[1:]
		}
	}
	return append(append(merged, a...), b...)
}

// raised lifts every use of a value to a level at least.
func (a uses) raised(to level) uses {
	return a.mapped(func(u use) use { return use{u.column, max(u.level, to), u.roles} })
}

// in moves every use of a value into another part of the query: with level rowsOnly into
// one that decides rows, else into a part of an expression.
func (a uses) in(part roles, at level) uses {
	return a.mapped(func(u use) use {
		if at != rowsOnly {
			return use{u.column, max(u.level, at), part}
		}
		return use{u.column, rowsOnly, part}
	})
}

// mapped changes the uses of values; those that only decide rows stay.
func (a uses) mapped(change func(use) use) uses {
	if len(a) == 0 {
		return nil
	}
	out := make(uses, len(a))
	for i, u := range a {
		if u.level != rowsOnly {
			u = change(u)
		}
		out[i] = u
	}
	return out
}

// equal reports whether two sets hold the same.
func (a uses) equal(b uses) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// without removes a role from uses that only decide rows, for the columns of another set.
func (a uses) without(role roles, of uses) uses {
	drop := map[int]bool{}
	for _, u := range of {
		drop[u.column] = true
	}
	var out uses
	for _, u := range a {
		if drop[u.column] {
			u.roles &^= role
		}
		if u.roles != 0 {
			out = append(out, u)
		}
	}
	return out
}
