package template

import "math/big"

// toText is Str with the errors that printing can have.
func toText(v Value) (string, error) {
	switch x := v.(type) {
	case string:
		return x, nil
	case *big.Int:
		return intString(x)
	case *List, Tuple, *Dict, *Set, *dictView:
		var p reprPrinter
		if p.print(v); p.b.Len() > maxPrinted {
			return "", errTooLarge
		}
		return p.b.String(), nil
	}
	return Str(v), nil
}
