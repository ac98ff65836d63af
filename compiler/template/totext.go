package template

import "math/big"

// toText is Str with the errors that printing can have.
func toText(v Value) (string, error) {
	switch x := v.(type) {
	case string:
		return x, nil
	case *big.Int:
		return intString(x)
	}
	return Str(v), nil
}
