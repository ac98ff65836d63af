package dbtcontext

import (
	"math/big"

	"elt/compiler/template"
)

// Attr returns an attribute or a method.
func (d *decimalValue) Attr(name string) (template.Value, bool) {
	switch name {
	case "real":
		return d, true
	case "imag":
		return &decimalValue{new(big.Int), 0}, true
	}
	return bind(name, d.method(name))
}

func (d *decimalValue) method(name string) method {
	switch name {
	case "is_zero":
		return answers(func() template.Value { return d.digits.Sign() == 0 })
	case "is_signed":
		return answers(func() template.Value { return d.digits.Sign() < 0 })
	case "is_finite":
		return answers(func() template.Value { return true })
	case "is_nan", "is_infinite", "is_qnan", "is_snan":
		return answers(func() template.Value { return false })
	case "conjugate":
		return answers(func() template.Value { return d })
	case "copy_abs":
		return answers(func() template.Value { return d.abs() })
	case "copy_negate":
		return answers(func() template.Value { return &decimalValue{new(big.Int).Neg(d.digits), d.scale} })
	case "normalize":
		return answers(func() template.Value { return d.trimmed(-1 << 30) })
	case "to_integral_value", "to_integral":
		return answers(func() template.Value { return &decimalValue{roundHalfEven(d.rat()), 0} })
	case "adjusted":
		return answers(func() template.Value { return int64(len(d.abs().digits.String()) - d.scale - 1) })
	case "as_integer_ratio":
		return answers(func() template.Value {
			r := d.rat()
			return template.Tuple{wholeNumber(r.Num()), wholeNumber(r.Denom())}
		})
	case "quantize":
		return d.quantize
	}
	return nil
}

func (d *decimalValue) abs() *decimalValue { return &decimalValue{new(big.Int).Abs(d.digits), d.scale} }

// wholeNumber is a big number as a value of templates.
func wholeNumber(n *big.Int) template.Value {
	if n.IsInt64() {
		return n.Int64()
	}
	return n
}

// quantize is d with as many digits behind the point as another decimal has.
func (d *decimalValue) quantize(c *template.Call) (template.Value, error) {
	var exp template.Value
	if err := c.Unpack("quantize", "exp", &exp); err != nil {
		return nil, err
	}
	to, ok := decimalOf(exp)
	if !ok {
		return nil, template.TypeErrorf("conversion from %s to Decimal is not supported", template.TypeName(exp))
	}
	out := d.scaled(to.scale)
	if len(out.abs().digits.String()) > decimalPrecision {
		return nil, &template.Exception{Kind: "InvalidOperation", Message: "[<class 'decimal.InvalidOperation'>]"}
	}
	return out, nil
}

// scaled has a number of digits behind the point, which may be negative.
func (d *decimalValue) scaled(places int) *decimalValue {
	by := new(big.Rat).SetInt(pow10(places))
	if places < 0 {
		by.Inv(new(big.Rat).SetInt(pow10(-places)))
	}
	return &decimalValue{roundHalfEven(by.Mul(by, d.rat())), places}
}

// Round is round(d, n).
func (d *decimalValue) Round(n int) (template.Value, error) {
	out := d.scaled(n)
	if len(out.abs().digits.String()) > decimalPrecision {
		return nil, &template.Exception{Kind: "InvalidOperation", Message: "[<class 'decimal.InvalidOperation'>]"}
	}
	return out, nil
}

// Whole is math.ceil(d), or math.floor(d).
func (d *decimalValue) Whole(up bool) template.Value {
	r := d.rat()
	floor, rest := floorDiv(r.Num(), r.Denom())
	if up && rest.Sign() != 0 {
		floor.Add(floor, big.NewInt(1))
	}
	return wholeNumber(floor)
}

func decimalPower(a, b *decimalValue) (template.Value, bool, error) {
	const most = 1000
	n := b.trimmed(0).digits
	if b.trimmed(0).scale != 0 || n.CmpAbs(big.NewInt(most)) > 0 {
		return nil, false, template.ValueErrorf("a decimal can be raised to whole numbers from -%d to %d only", most, most)
	}
	times := new(big.Int).Abs(n)
	power := &decimalValue{new(big.Int).Exp(a.digits, times, nil), a.scale * int(times.Int64())}
	switch {
	case n.Sign() >= 0:
		if n.Sign() == 0 && a.digits.Sign() == 0 {
			return nil, false, &template.Exception{Kind: "InvalidOperation", Message: "[<class 'decimal.InvalidOperation'>]"}
		}
		return power.rounded(), true, nil
	case a.digits.Sign() == 0:
		return nil, false, template.ValueErrorf("0 cannot be raised to a negative number")
	}
	return decimalQuotient(&decimalValue{big.NewInt(1), 0}, power), true, nil
}
