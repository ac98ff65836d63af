package template

import "fmt"

// Exception is an error worded as Python words it, with the class Python gives it.
// The evaluator turns it into a diagnostic at the place of the expression.
type Exception struct {
	Kind    string // "TypeError", "ValueError", ...
	Message string
	Hint    string // what to do; Python has none
}

// Error returns the message.
func (e *Exception) Error() string { return e.Message }

// TypeErrorf returns an error of Python's class TypeError.
func TypeErrorf(format string, args ...any) error { return exceptionf("TypeError", format, args...) }

// ValueErrorf returns an error of Python's class ValueError.
func ValueErrorf(format string, args ...any) error { return exceptionf("ValueError", format, args...) }

func exceptionf(kind, format string, args ...any) error {
	return &Exception{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// isKind reports whether err is an exception of one of the given classes.
func isKind(err error, kinds ...string) bool {
	e, ok := err.(*Exception)
	if !ok {
		return false
	}
	for _, k := range kinds {
		if e.Kind == k {
			return true
		}
	}
	return false
}

// returnError carries the value of a return() up to the macro that called it.
type returnError struct{ value Value }

func (*returnError) Error() string { return "return() was called outside of a macro" }

// Return is the error by which a return() function makes the innermost macro
// return v.
func Return(v Value) error { return &returnError{value: v} }
