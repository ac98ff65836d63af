package project

import "elt/compiler/template"

// SnapshotParts is what a snapshot takes from macros of the project or of dbt: texts of
// SQL. RowChanged, UniqueKey and HardDeletes are set by a strategy that is not dbt's
// own; the others always.
type SnapshotParts struct {
	Strategy  string // the config of this name
	Now       string // snapshot_get_time()
	UpdatedAt string // when a row was changed: a column, or Now
	ScdID     string // the hash of a version, over the columns of the query
	DeletedID string // the hash of the record of a deletion, over those of the table

	RowChanged  string // of snapshotted_data and source_data
	UniqueKey   []string
	HardDeletes string
}

// SnapshotColumnNames are the columns that a snapshot adds.
type SnapshotColumnNames struct{ ScdID, UpdatedAt, ValidFrom, ValidTo, IsDeleted string }

// SnapshotColumns reads snapshot_meta_column_names; what it does not name is called as
// in dbt.
func SnapshotColumns(config *Config) SnapshotColumnNames {
	v, _ := config.Get("snapshot_meta_column_names")
	names, _ := v.Value.(*template.Dict)
	read := func(key string) string {
		if v, ok := names.Get(key); ok && v != nil {
			if text, ok := v.(string); ok && text != "" {
				return text
			}
		}
		return key
	}
	return SnapshotColumnNames{
		ScdID: read("dbt_scd_id"), UpdatedAt: read("dbt_updated_at"), ValidFrom: read("dbt_valid_from"),
		ValidTo: read("dbt_valid_to"), IsDeleted: read("dbt_is_deleted"),
	}
}
