package materialize

// SeedSpec says how a seed's file is loaded.
type SeedSpec struct {
	// Path of the file, as DuckDB is to open it. The caller sets it.
	Path string
	// Table is the file as SeedFile read it. The caller sets it.
	Table *SeedTable
	SeedOptions
}

func beginSeed(spec *Spec) []Statement { return nil }
