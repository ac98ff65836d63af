package materialize

import "elt/runner/engine"

func checkContract(spec *Spec, columns []engine.Column) error { return nil }

func uniqueChecks(spec *Spec) []Check { return nil }
