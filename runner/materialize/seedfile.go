package materialize

import "elt/runner/engine"

// SeedOptions are the config of a seed.
type SeedOptions struct {
	Delimiter    string            // one character; "" means a comma
	QuoteColumns *bool             // quote_columns; nil where it is not set
	ColumnTypes  map[string]string // column_types
}

// SeedTable is what a seed file holds, without its values.
type SeedTable struct {
	Columns []engine.Column
	Rows    int64
}
